//! What a template asks for: its variables by place, and the media of its header.

use tisara_cloud_api::templates::{ButtonKind, ComponentKind, HeaderFormat, TemplateComponent};
use tisara_domain::template::variables;
use tisara_store::campaigns::Place;

/// A variable of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The part that holds it.
    pub(crate) place: Place,
    /// `1`, or `first_name`.
    pub(crate) name: String,
}

/// What a template asks for.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Shape {
    /// Each variable once a place, in order.
    pub(crate) slots: Vec<Slot>,
    /// `image`, `video` or `document`, where the header wants one.
    pub(crate) header_media: Option<&'static str>,
    /// What this program cannot fill yet, in words for a person.
    pub(crate) unsupported: Option<&'static str>,
    /// The text of the body.
    pub(crate) body: String,
    /// The buttons whose value is a code to copy.
    coupons: Vec<u8>,
}

impl Shape {
    /// The shape of components as Meta wrote them; `None` when they cannot be read.
    pub(crate) fn of(components: &str) -> Option<Self> {
        let components: Vec<TemplateComponent> = serde_json::from_str(components).ok()?;
        let mut shape = Self::default();
        for component in &components {
            let text = component.text.as_deref().unwrap_or_default();
            match &component.kind {
                ComponentKind::Header => shape.header(component.format.as_ref(), text),
                ComponentKind::Body => {
                    text.clone_into(&mut shape.body);
                    shape.slots(Place::Body, text);
                }
                ComponentKind::Buttons => shape.buttons(component),
                ComponentKind::Carousel => shape.unsupported = Some("a carousel"),
                ComponentKind::LimitedTimeOffer => shape.unsupported = Some("a limited-time offer"),
                ComponentKind::Footer | ComponentKind::CallPermissionRequest | ComponentKind::Other(_) => {}
            }
        }
        Some(shape)
    }

    /// Whether the value of this button is a code to copy and not the end of an address.
    pub(crate) fn is_coupon(&self, button: u64) -> bool {
        self.coupons.iter().any(|b| u64::from(*b) == button)
    }

    fn slots(&mut self, place: Place, text: &str) {
        self.slots.extend(variables(text).into_iter().map(|name| Slot { place, name: name.to_owned() }));
    }

    fn header(&mut self, format: Option<&HeaderFormat>, text: &str) {
        match format {
            None | Some(HeaderFormat::Text) => self.slots(Place::Header, text),
            Some(HeaderFormat::Image) => self.header_media = Some("image"),
            Some(HeaderFormat::Video) => self.header_media = Some("video"),
            Some(HeaderFormat::Document) => self.header_media = Some("document"),
            Some(_) => self.unsupported = Some("a header that shows a place, a product or an animation"),
        }
    }

    fn buttons(&mut self, component: &TemplateComponent) {
        for (index, button) in component.buttons.iter().enumerate() {
            let Ok(index) = u8::try_from(index) else { return };
            let place = Place::Button { index };
            match button.kind {
                ButtonKind::Url => self.slots(place, button.url.as_deref().unwrap_or_default()),
                ButtonKind::CopyCode => {
                    self.coupons.push(index);
                    self.slots.push(Slot { place, name: "1".to_owned() });
                }
                // Meta: the code itself is the value, once in the body and once in the button.
                ButtonKind::Otp => self.slots.push(Slot { place, name: "1".to_owned() }),
                ButtonKind::MultiProduct | ButtonKind::SingleProduct | ButtonKind::OrderDetails => {
                    self.unsupported = Some("a button that shows products or an order");
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_in_header_body_and_buttons() {
        let shape = Shape::of(
            r#"[{"type":"HEADER","format":"TEXT","text":"Hi {{1}}"},{"type":"BODY","text":"{{1}}, {{2}} and {{1}}"},
               {"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"No"},
               {"type":"URL","text":"See","url":"https://x.example/{{1}}"}]}]"#,
        )
        .unwrap();
        let slots: Vec<_> = shape.slots.iter().map(|s| (s.place, s.name.as_str())).collect();
        assert_eq!(
            slots,
            [(Place::Header, "1"), (Place::Body, "1"), (Place::Body, "2"), (Place::Button { index: 1 }, "1")]
        );
        assert_eq!((shape.header_media, shape.unsupported), (None, None));
    }

    #[test]
    fn media_headers_and_what_cannot_be_filled_are_told() {
        let shape = Shape::of(
            r#"[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"x"},{"type":"CAROUSEL"}]"#,
        );
        let shape = shape.unwrap();
        assert_eq!(shape.header_media, Some("image"));
        assert!(shape.unsupported.is_some());
        assert_eq!(Shape::of("not json"), None);
    }
}
