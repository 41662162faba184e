//! Sending a template: its name, its language and the values that fill it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::simple::{Location, Media};
use crate::wire::{Extra, lenient, open_enum};

/// Which template, and what fills it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateMessage {
    /// Name of the template.
    pub name: String,
    /// Which of its languages.
    pub language: Language,
    /// Values, part by part. Absent for a template without variables.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl TemplateMessage {
    /// A template without values.
    #[must_use]
    pub fn new(name: impl Into<String>, language: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            language: Language { code: language.into(), policy: None, extra: Extra::new() },
            components: Vec::new(),
            extra: Extra::new(),
        }
    }

    /// The same with one more part filled.
    #[must_use]
    pub fn with(mut self, component: Component) -> Self {
        self.components.push(component);
        self
    }
}

/// A language such as `en_US`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Language {
    /// The code.
    pub code: String,
    /// `deterministic`; without meaning today, accepted still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

open_enum! {
    /// Which part of the template is filled.
    pub enum ComponentKind {
        /// Header.
        Header = "header",
        /// Body.
        Body = "body",
        /// One button.
        Button = "button",
        /// Cards.
        Carousel = "carousel",
        /// When the offer ends.
        LimitedTimeOffer = "limited_time_offer",
    }
}

open_enum! {
    /// Which kind of button is filled.
    pub enum ButtonSubType {
        /// Its payload comes back in the `button` webhook.
        QuickReply = "quick_reply",
        /// The end of its address; also the code of an authentication template.
        Url = "url",
        /// The code to copy.
        CopyCode = "copy_code",
        /// The form to open.
        Flow = "flow",
        /// The catalogue to open.
        Catalog = "catalog",
        /// The products to show.
        MultiProduct = "mpm",
        /// The order to pay.
        OrderDetails = "order_details",
        /// The call to make.
        VoiceCall = "voice_call",
    }
}

/// The values of one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Which part.
    #[serde(rename = "type")]
    pub kind: ComponentKind,
    /// Which kind of button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_type: Option<ButtonSubType>,
    /// Which button, counted from 0.
    #[serde(
        default,
        deserialize_with = "lenient::opt_u64",
        serialize_with = "index_as_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub index: Option<u64>,
    /// The values: in order for positional variables, by name for named ones.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// Of a carousel: its cards, as many as were approved.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Card>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
fn index_as_text<S: serde::Serializer>(index: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    index.map(|index| index.to_string()).serialize(serializer)
}

/// One card of a carousel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Which card, counted from 0.
    #[serde(deserialize_with = "lenient::u64")]
    pub card_index: u64,
    /// Its values.
    #[serde(default, deserialize_with = "lenient::list")]
    pub components: Vec<Component>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Component {
    fn of(kind: ComponentKind, parameters: Vec<Parameter>) -> Self {
        Self { kind, sub_type: None, index: None, parameters, cards: Vec::new(), extra: Extra::new() }
    }

    /// Values of the header.
    #[must_use]
    pub fn header(parameter: Parameter) -> Self {
        Self::of(ComponentKind::Header, vec![parameter])
    }

    /// Values of the body.
    #[must_use]
    pub fn body(parameters: Vec<Parameter>) -> Self {
        Self::of(ComponentKind::Body, parameters)
    }

    fn button(sub_type: ButtonSubType, index: u64, parameter: Parameter) -> Self {
        Self {
            sub_type: Some(sub_type),
            index: Some(index),
            ..Self::of(ComponentKind::Button, vec![parameter])
        }
    }

    /// What a quick reply button reports when it is tapped.
    #[must_use]
    pub fn quick_reply(index: u64, payload: impl Into<String>) -> Self {
        Self::button(ButtonSubType::QuickReply, index, Parameter::payload(payload))
    }

    /// The end of a URL button's address; for an authentication template, the code.
    #[must_use]
    pub fn url_suffix(index: u64, suffix: impl Into<String>) -> Self {
        Self::button(ButtonSubType::Url, index, Parameter::text(suffix))
    }

    /// The code of a copy-code button.
    #[must_use]
    pub fn copy_code(index: u64, code: impl Into<String>) -> Self {
        Self::button(ButtonSubType::CopyCode, index, Parameter::coupon_code(code))
    }

    /// Action data of a flow, catalogue, multi-product or order button.
    #[must_use]
    pub fn button_action(sub_type: ButtonSubType, index: u64, action: Value) -> Self {
        let parameter = Parameter { action: Some(action), ..Parameter::of(ParameterKind::Action) };
        Self::button(sub_type, index, parameter)
    }

    /// The cards of a carousel, in order.
    #[must_use]
    pub fn carousel(cards: Vec<Vec<Self>>) -> Self {
        let cards = (0..)
            .zip(cards)
            .map(|(card_index, components)| Card { card_index, components, extra: Extra::new() })
            .collect();
        Self { cards, ..Self::of(ComponentKind::Carousel, Vec::new()) }
    }

    /// When a limited-time offer ends, in Unix milliseconds.
    #[must_use]
    pub fn offer_ends(expiration_time_ms: u64) -> Self {
        let offer = LimitedTimeOffer { expiration_time_ms, extra: Extra::new() };
        let parameter =
            Parameter { limited_time_offer: Some(offer), ..Parameter::of(ParameterKind::LimitedTimeOffer) };
        Self::of(ComponentKind::LimitedTimeOffer, vec![parameter])
    }
}

open_enum! {
    /// What kind of value a parameter is.
    pub enum ParameterKind {
        /// Text.
        Text = "text",
        /// A picture.
        Image = "image",
        /// A video.
        Video = "video",
        /// A file.
        Document = "document",
        /// A short film that repeats (Marketing Messages only).
        Gif = "gif",
        /// A place.
        Location = "location",
        /// A product.
        Product = "product",
        /// What a quick reply reports.
        Payload = "payload",
        /// The code to copy.
        CouponCode = "coupon_code",
        /// An amount; no longer recommended.
        Currency = "currency",
        /// A time; no longer recommended.
        DateTime = "date_time",
        /// Data of an action button.
        Action = "action",
        /// When an offer ends.
        LimitedTimeOffer = "limited_time_offer",
    }
}

/// One value. Only the member named by `kind` is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Which of the members below is set.
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    /// For named variables: which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_name: Option<String>,
    /// Text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Media>,
    /// A video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Media>,
    /// A file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Media>,
    /// A short film.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gif: Option<Media>,
    /// A place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// `{product_retailer_id, catalog_id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductRef>,
    /// What a quick reply reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// The code to copy, at most 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<String>,
    /// An amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// A time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_time: Option<DateTime>,
    /// Data of an action button; its shape depends on the button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Value>,
    /// When an offer ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_time_offer: Option<LimitedTimeOffer>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Parameter {
    /// An empty value of a kind, to be filled.
    #[must_use]
    pub fn of(kind: ParameterKind) -> Self {
        Self {
            kind,
            parameter_name: None,
            text: None,
            image: None,
            video: None,
            document: None,
            gif: None,
            location: None,
            product: None,
            payload: None,
            coupon_code: None,
            currency: None,
            date_time: None,
            action: None,
            limited_time_offer: None,
            extra: Extra::new(),
        }
    }

    /// The value of a positional variable.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::of(ParameterKind::Text) }
    }

    /// The value of a named variable.
    #[must_use]
    pub fn named(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { parameter_name: Some(name.into()), ..Self::text(text) }
    }

    /// A picture for the header.
    #[must_use]
    pub fn image(media: Media) -> Self {
        Self { image: Some(media), ..Self::of(ParameterKind::Image) }
    }

    /// A video for the header.
    #[must_use]
    pub fn video(media: Media) -> Self {
        Self { video: Some(media), ..Self::of(ParameterKind::Video) }
    }

    /// A file for the header; its `filename` is shown.
    #[must_use]
    pub fn document(media: Media) -> Self {
        Self { document: Some(media), ..Self::of(ParameterKind::Document) }
    }

    /// A place for the header.
    #[must_use]
    pub fn location(location: Location) -> Self {
        Self { location: Some(location), ..Self::of(ParameterKind::Location) }
    }

    /// A product for the header.
    #[must_use]
    pub fn product(catalog_id: impl Into<String>, product_retailer_id: impl Into<String>) -> Self {
        let product = ProductRef {
            catalog_id: catalog_id.into(),
            product_retailer_id: product_retailer_id.into(),
            extra: Extra::new(),
        };
        Self { product: Some(product), ..Self::of(ParameterKind::Product) }
    }

    /// What a quick reply reports.
    #[must_use]
    pub fn payload(payload: impl Into<String>) -> Self {
        Self { payload: Some(payload.into()), ..Self::of(ParameterKind::Payload) }
    }

    /// The code to copy.
    #[must_use]
    pub fn coupon_code(code: impl Into<String>) -> Self {
        Self { coupon_code: Some(code.into()), ..Self::of(ParameterKind::CouponCode) }
    }
}

/// An amount as older templates want it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Currency {
    /// Shown where the amount cannot be formatted.
    pub fallback_value: String,
    /// ISO 4217.
    pub code: String,
    /// The amount times 1000.
    #[serde(deserialize_with = "lenient::i64")]
    pub amount_1000: i64,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A time as older templates want it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DateTime {
    /// What is shown.
    pub fallback_value: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A product of a catalogue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProductRef {
    /// The catalogue.
    #[serde(default)]
    pub catalog_id: String,
    /// The seller's id of the product.
    pub product_retailer_id: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// When an offer ends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LimitedTimeOffer {
    /// Unix milliseconds.
    #[serde(deserialize_with = "lenient::u64")]
    pub expiration_time_ms: u64,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
