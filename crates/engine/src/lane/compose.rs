//! Making the body of a send from what was frozen at plan time.

use bytes::Bytes;
use std::borrow::Cow;
use tisara_cloud_api::{
    send::{Component, Content, Media, OutgoingMessage, Parameter, Recipient, TemplateMessage},
    templates::{ButtonKind, ComponentKind, HeaderFormat, TemplateComponent},
};
use tisara_domain::{MessageId, RecipientRef, template::clean_value};
use tisara_store::{
    campaigns::{Binding, HeaderMedia, Place},
    ledger::{reserve::Reserved, values::values},
    outgoing::ReservedMessage,
    sending::RunningCampaign,
};

/// Makes the messages of one campaign.
#[derive(Clone, Debug)]
pub(crate) struct Composer {
    name: String,
    language: String,
    named: bool,
    bindings: Vec<Binding>,
    header_media: Option<Media>,
    header_format: Option<HeaderFormat>,
    /// By index: whether the button takes a coupon code and not the end of an address.
    coupon_buttons: Vec<bool>,
}

impl Composer {
    /// A composer for a campaign.
    ///
    /// # Errors
    /// A sentence for a person, when the stored template cannot be read.
    pub(crate) fn new(campaign: &RunningCampaign) -> Result<Self, String> {
        let components: Vec<TemplateComponent> = serde_json::from_str(&campaign.components).map_err(
            |_| "The stored template cannot be read; sync the templates and make the campaign again.",
        )?;
        let header = components.iter().find(|c| c.kind == ComponentKind::Header);
        let buttons = components.iter().find(|c| c.kind == ComponentKind::Buttons);
        let mut bindings = campaign.definition.bindings.clone();
        // Positional values go in the order of their numbers, whatever the order they were bound in.
        // The values of a row keep the order of the bindings, so each remembers its own place.
        bindings.iter_mut().for_each(|b| b.name = b.name.trim().to_owned());
        Ok(Self {
            name: campaign.template.clone(),
            language: campaign.language.clone(),
            named: campaign.parameter_format.eq_ignore_ascii_case("NAMED"),
            bindings,
            header_media: campaign.definition.header_media.as_ref().map(media),
            header_format: header.and_then(|h| h.format.clone()),
            coupon_buttons: buttons
                .map(|b| b.buttons.iter().map(|b| b.kind == ButtonKind::CopyCode).collect())
                .unwrap_or_default(),
        })
    }

    /// The body of one send.
    ///
    /// # Errors
    /// A sentence for a person, when the row's values do not make a message.
    pub(crate) fn body(&self, row: &Reserved) -> Result<Bytes, String> {
        let values = values(&self.bindings, row.variables.as_deref())
            .ok_or("The frozen values do not fit the template's variables.")?;
        let mut template = TemplateMessage::new(self.name.as_str(), self.language.as_str());
        if let Some(media) = &self.header_media {
            template = template.with(Component::header(self.media_parameter(media.clone())));
        }
        let header = self.parameters(Place::Header, &values)?;
        if let Some(parameter) = header.into_iter().next() {
            template = template.with(Component::header(parameter));
        }
        let body = self.parameters(Place::Body, &values)?;
        if !body.is_empty() {
            template = template.with(Component::body(body));
        }
        for (binding, value) in self.bindings.iter().zip(&values) {
            if let Place::Button { index } = binding.place {
                let value = clean(value)?;
                let is_coupon = self.coupon_buttons.get(usize::from(index)).copied().unwrap_or(false);
                template = template.with(if is_coupon {
                    Component::copy_code(u64::from(index), value)
                } else {
                    Component::url_suffix(u64::from(index), value)
                });
            }
        }
        let id = RecipientRef { campaign: row.campaign, seq: row.seq, attempt: row.attempt };
        let message = OutgoingMessage::new(recipient(&row.address), Content::Template(Box::new(template)))
            .with_callback_data(id.to_string());
        to_bytes(&message)
    }

    fn parameters(&self, place: Place, values: &[Cow<'_, str>]) -> Result<Vec<Parameter>, String> {
        let mut bound: Vec<(&Binding, &Cow<'_, str>)> =
            self.bindings.iter().zip(values).filter(|(b, _)| b.place == place).collect();
        if !self.named {
            bound.sort_by_key(|(b, _)| b.name.parse::<u32>().unwrap_or(u32::MAX));
        }
        bound
            .into_iter()
            .map(|(binding, value)| {
                let value = clean(value)?;
                Ok(if self.named {
                    Parameter::named(binding.name.as_str(), value)
                } else {
                    Parameter::text(value)
                })
            })
            .collect()
    }

    fn media_parameter(&self, media: Media) -> Parameter {
        match self.header_format {
            Some(HeaderFormat::Video) => Parameter::video(media),
            Some(HeaderFormat::Document) => Parameter::document(media),
            _ => Parameter::image(media),
        }
    }
}

/// The body of a single message.
///
/// # Errors
/// A sentence for a person, when what is stored does not make a message.
pub(crate) fn message_body(message: &ReservedMessage) -> Result<Bytes, String> {
    let mut out: OutgoingMessage =
        serde_json::from_str(&message.content).map_err(|_| "The stored message cannot be read.")?;
    let addressed =
        OutgoingMessage::new(recipient(&message.address), Content::Other { kind: String::new(), body: None });
    out.messaging_product = addressed.messaging_product;
    out.recipient_type = addressed.recipient_type;
    out.to = addressed.to;
    out.recipient = addressed.recipient;
    if let Some(answered) = &message.reply_to {
        out = out.replying_to(answered.as_str());
    }
    out.biz_opaque_callback_data = Some(message_callback(message.id, message.attempt));
    to_bytes(&out)
}

/// A number in E.164 begins with `+`; anything else is a user id of the number's portfolio.
fn recipient(address: &str) -> Recipient {
    if address.starts_with('+') {
        Recipient::Phone(address.to_owned())
    } else {
        Recipient::UserId(address.to_owned())
    }
}

fn clean(value: &str) -> Result<String, String> {
    clean_value(value).map(Cow::into_owned).ok_or_else(|| "A variable has no text in it.".to_owned())
}

fn to_bytes(message: &OutgoingMessage) -> Result<Bytes, String> {
    serde_json::to_vec(message).map(Bytes::from).map_err(|e| format!("The message cannot be written: {e}"))
}

fn media(media: &HeaderMedia) -> Media {
    let mut out = match (&media.id, &media.link) {
        (Some(id), _) => Media::id(id.as_str()),
        (None, Some(link)) => Media::link(link.as_str()),
        (None, None) => Media::default(),
    };
    out.filename.clone_from(&media.filename);
    out
}

/// What a single message carries: id, 0 and attempt, in the shape of a campaign's `id.seq.attempt`, so
/// that whoever counts by everything but the attempt counts both alike.
fn message_callback(id: MessageId, attempt: u32) -> String {
    format!("{id}.0.{attempt}")
}

/// Reads the callback data of a single message: its id and attempt.
pub(crate) fn message_ref(data: &str) -> Option<(MessageId, u32)> {
    let (id, attempt) = data.split_once(".0.")?;
    Some((id.parse().ok()?, attempt.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use tisara_domain::{CampaignId, id::TypedId as _};
    use tisara_store::campaigns::{Audience, Definition, Source};

    fn campaign(format: &str, names: &[&str]) -> RunningCampaign {
        let binding = |name: &&str| Binding {
            place: Place::Body,
            name: (*name).to_owned(),
            source: Source::Name,
            fallback: None,
        };
        RunningCampaign {
            id: CampaignId::from_bytes([1; 16]),
            definition: Definition {
                audience: Audience::All,
                bindings: names.iter().map(binding).collect(),
                header_media: None,
                require_consent: true,
                frequency_cap_hours: None,
                settle: tisara_domain::settle::SettlePolicy::Resend,
            },
            template: "order_update".to_owned(),
            language: "en_US".to_owned(),
            parameter_format: format.to_owned(),
            components: r#"[{"type":"BODY","text":"Hi {{1}}, {{2}}"}]"#.to_owned(),
        }
    }

    fn row(variables: &str) -> Reserved {
        Reserved {
            campaign: CampaignId::from_bytes([1; 16]),
            seq: 7,
            attempt: 2,
            address: "+94771234567".to_owned(),
            variables: Some(variables.to_owned()),
            chunk: Some(0),
        }
    }

    fn composed(campaign: &RunningCampaign, variables: &str) -> Value {
        let body = Composer::new(campaign).unwrap().body(&row(variables)).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn a_send_carries_our_id_and_the_values_in_their_order() {
        let body = composed(&campaign("POSITIONAL", &["2", "1"]), r#"["second","fi\nrst"]"#);
        assert_eq!(body["to"], "+94771234567");
        assert_eq!(
            body["biz_opaque_callback_data"].as_str().unwrap().parse::<RecipientRef>().unwrap(),
            RecipientRef { campaign: CampaignId::from_bytes([1; 16]), seq: 7, attempt: 2 }
        );
        let parameters = &body["template"]["components"][0]["parameters"];
        assert_eq!((&parameters[0]["text"], &parameters[1]["text"]), (&"fi rst".into(), &"second".into()));
    }

    #[test]
    fn a_single_messages_id_comes_back() {
        let id = MessageId::from_bytes([9; 16]);
        assert_eq!(message_ref(&message_callback(id, 3)), Some((id, 3)));
        assert_eq!(message_ref("somebody else's"), None);
    }

    #[test]
    fn named_variables_keep_their_names() {
        let body = composed(&campaign("NAMED", &["first_name", "order"]), r#"["Nimal","17"]"#);
        let parameters = &body["template"]["components"][0]["parameters"];
        assert_eq!(parameters[0]["parameter_name"], "first_name");
        assert_eq!(parameters[1]["text"], "17");
    }

    #[test]
    fn values_that_do_not_fit_are_refused_and_not_sent() {
        let composer = Composer::new(&campaign("POSITIONAL", &["1", "2"])).unwrap();
        assert!(composer.body(&row(r#"["only one"]"#)).is_err());
        assert!(composer.body(&row(r#"["one"," "]"#)).is_err());
        assert!(composer.body(&row("no json")).is_err());
    }
}
