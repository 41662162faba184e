//! Making a message to one person: what may be said, and where it goes.

use super::view::WINDOW;
use crate::{
    campaigns::{MediaView, PlaceView, check_media},
    edge::{ApiError, Code, FieldProblem, Result},
    templates::{Shape, Slot},
    usage::require_messages,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use tisara_cloud_api::send::{
    Component, Content, Media, OutgoingMessage, Parameter, Recipient, TemplateMessage, Text,
};
use tisara_domain::{
    MessageId, TemplateId, Timestamp,
    consent::ConsentState,
    template::{clean_value, render},
};
use tisara_store::{
    OrgTx,
    campaigns::{HeaderMedia, Place},
    contacts::{Contact, IdentityKind},
    inbox::{NewMessage, Thread},
};
use utoipa::ToSchema;

/// A message to be sent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ReplyInput {
    /// Free text, within the window.
    Text {
        /// 1 to 4,096 characters.
        text: String,
        /// Id of the message that this one answers.
        #[schema(value_type = Option<String>)]
        reply_to: Option<MessageId>,
    },
    /// A picture, video, sound or document, within the window.
    Media {
        /// `kind` is `image`, `video`, `audio` or `document`.
        media: MediaView,
        /// Text below it; not for sounds.
        caption: Option<String>,
        /// Id of the message that this one answers.
        #[schema(value_type = Option<String>)]
        reply_to: Option<MessageId>,
    },
    /// A template, at any time.
    Template {
        /// The template.
        #[schema(value_type = String)]
        template: TemplateId,
        /// A value for each of its variables.
        #[serde(default)]
        values: Vec<ValueInput>,
        /// What its header wants, if anything.
        header_media: Option<MediaView>,
    },
}

/// The value of a variable.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueInput {
    place: PlaceView,
    /// `1`, or `first_name`.
    name: String,
    value: String,
}

/// The message to queue.
///
/// # Errors
/// When it may not be sent, or does not make a message.
pub(super) fn make(
    tx: &mut OrgTx<'_, '_>,
    thread: &Thread,
    input: &ReplyInput,
    id: MessageId,
    now: Timestamp,
) -> Result<NewMessage> {
    require_messages(tx, now)?;
    let contact = tx.find_contact(thread.contact_id)?.ok_or(ApiError::NotFound("contact"))?;
    let number = tx.get_number(thread.number_id)?;
    if let Some(reason) = &number.stopped_reason {
        return Err(ApiError::refused(
            Code::WrongState,
            format!("Nothing is sent from this number: {reason}"),
        ));
    }
    let portfolio = tx.find_waba(number.waba_id)?.map(|w| w.portfolio).unwrap_or_default();
    let address = address(&contact, &portfolio)?;
    let reply_to = match input {
        ReplyInput::Text { reply_to, .. } | ReplyInput::Media { reply_to, .. } => {
            within_window(thread, now)?;
            reply_to.map(|id| answered(tx, thread, id)).transpose()?
        }
        ReplyInput::Template { .. } => None,
    };
    let (content, text) = match input {
        ReplyInput::Text { text, .. } => (Content::Text(Text::new(text.as_str())), text.clone()),
        ReplyInput::Media { media, caption, .. } => media_content(media, caption.as_deref())?,
        ReplyInput::Template { template, values, header_media } => {
            let media = header_media.clone().map(HeaderMedia::from);
            template_content(tx, &contact, number.waba_id, *template, values, media.as_ref())?
        }
    };
    let kind = content.kind().to_owned();
    let to = if address.starts_with('+') {
        Recipient::Phone(address.clone())
    } else {
        Recipient::UserId(address.clone())
    };
    let mut message = OutgoingMessage::new(to, content);
    message.validate().map_err(|e| ApiError::field("message", e.to_string()))?;
    // The sender writes the recipient at the last moment.
    (message.to, message.recipient) = (None, None);
    Ok(NewMessage {
        id,
        thread_id: thread.id,
        kind,
        text,
        content: serde_json::to_string(&message).map_err(ApiError::internal)?,
        address,
        reply_to,
        now,
    })
}

fn address(contact: &Contact, portfolio: &str) -> Result<String> {
    let user_id = || {
        let known =
            contact.identities.iter().find(|i| i.kind == IdentityKind::Bsuid && i.portfolio == portfolio);
        known.map(|i| i.value.clone())
    };
    if !contact.reachable {
        return Err(ApiError::refused(
            Code::ContactUnreachable,
            "WhatsApp said that this contact cannot be reached.",
        ));
    }
    contact.phone.clone().or_else(user_id).ok_or_else(|| {
        ApiError::refused(Code::ContactUnreachable, "This contact has no number that WhatsApp could reach.")
    })
}

fn within_window(thread: &Thread, now: Timestamp) -> Result<()> {
    match thread.last_inbound_at {
        Some(at) if now < at.plus(WINDOW) => Ok(()),
        Some(at) => Err(ApiError::refused(
            Code::WindowClosed,
            format!(
                "This person last wrote at {at}. After 24 hours WhatsApp takes only templates: send one, and write \
                 freely when there is an answer."
            ),
        )),
        None => Err(ApiError::refused(
            Code::WindowClosed,
            "This person has not written yet. WhatsApp takes only templates then: send one, and write freely when there \
             is an answer.",
        )),
    }
}

fn answered(tx: &mut OrgTx<'_, '_>, thread: &Thread, id: MessageId) -> Result<String> {
    let message = tx.find_message(id)?.filter(|m| m.thread_id == thread.id);
    let message =
        message.ok_or_else(|| ApiError::field("reply_to", "there is no such message in this thread"))?;
    message.wamid.ok_or_else(|| ApiError::field("reply_to", "this message has not gone out yet"))
}

fn media_content(media: &MediaView, caption: Option<&str>) -> Result<(Content, String)> {
    let stored = HeaderMedia::from(media.clone());
    // The rules of addresses and ids are those of headers.
    let problems = check_media(Some(&media.kind), Some(&stored));
    if !problems.is_empty() {
        let inner = |p: FieldProblem| FieldProblem { field: p.field.replace("header_media", "media"), ..p };
        return Err(ApiError::Invalid(problems.into_iter().map(inner).collect()));
    }
    let caption = caption.map(str::trim).filter(|c| !c.is_empty());
    let text = caption.map_or_else(|| format!("[{}]", media.kind), str::to_owned);
    let mut out = as_media(&stored);
    out.caption = caption.map(str::to_owned);
    let content = match media.kind.as_str() {
        "image" => Content::Image(out),
        "video" => Content::Video(out),
        "document" => Content::Document(out),
        "audio" => Content::Audio(out),
        _ => return Err(ApiError::field("media.kind", "must be image, video, audio or document")),
    };
    Ok((content, text))
}

fn as_media(m: &HeaderMedia) -> Media {
    Media { id: m.id.clone(), link: m.link.clone(), filename: m.filename.clone(), ..Media::default() }
}

fn template_content(
    tx: &mut OrgTx<'_, '_>,
    contact: &Contact,
    waba: tisara_domain::WabaId,
    id: TemplateId,
    values: &[ValueInput],
    media: Option<&HeaderMedia>,
) -> Result<(Content, String)> {
    let template =
        tx.find_template(id)?.ok_or_else(|| ApiError::field("template", "there is no such template"))?;
    let version = tx.get_template_version(id, template.version)?;
    let shape = Shape::of(&version.components).unwrap_or_default();
    let mut problems = check_media(shape.header_media, media);
    if template.status != "APPROVED" {
        problems.push(FieldProblem::new(
            "template",
            format!("is {} at Meta; only APPROVED ones can be sent", template.status),
        ));
    }
    if template.waba_id != waba {
        problems.push(FieldProblem::new("template", "belongs to another account than the number"));
    }
    if let Some(what) = shape.unsupported {
        problems
            .push(FieldProblem::new("template", format!("holds {what}, which cannot be sent from here yet")));
    }
    let slot = |v: &ValueInput| Slot { place: v.place.into(), name: v.name.trim().to_owned() };
    for (i, value) in values.iter().enumerate() {
        if !shape.slots.contains(&slot(value)) {
            problems.push(FieldProblem::new(format!("values[{i}]"), "the template has no such variable"));
        } else if clean_value(&value.value).is_none() {
            problems.push(FieldProblem::new(format!("values[{i}].value"), "must not be empty"));
        }
    }
    for wanted in shape.slots.iter().filter(|s| !values.iter().any(|v| slot(v) == **s)) {
        problems
            .push(FieldProblem::new("values", format!("the variable {{{{{}}}}} has no value", wanted.name)));
    }
    if !problems.is_empty() {
        return Err(ApiError::Invalid(problems));
    }
    if contact.consent == ConsentState::OptedOut && template.category.eq_ignore_ascii_case("MARKETING") {
        return Err(ApiError::refused(
            Code::ContactUnreachable,
            "This person asked not to get marketing messages, and this is a marketing template.",
        ));
    }
    let value = |place: Place, name: &str| {
        let found = values.iter().find(|v| Place::from(v.place) == place && v.name.trim() == name)?;
        clean_value(&found.value)
    };
    let named = version.parameter_format.eq_ignore_ascii_case("NAMED");
    let mut message = TemplateMessage::new(template.name.as_str(), template.language.as_str());
    for place in [Place::Header, Place::Body] {
        let mut slots: Vec<&Slot> = shape.slots.iter().filter(|s| s.place == place).collect();
        if !named {
            slots.sort_by_key(|s| s.name.parse::<u32>().unwrap_or(u32::MAX));
        }
        let parameters: Vec<Parameter> = slots
            .into_iter()
            .filter_map(|s| {
                let text = value(place, &s.name)?.into_owned();
                Some(if named { Parameter::named(s.name.as_str(), text) } else { Parameter::text(text) })
            })
            .collect();
        message = match (place, parameters) {
            (Place::Body, parameters) if !parameters.is_empty() => message.with(Component::body(parameters)),
            (Place::Header, parameters) => match (parameters.into_iter().next(), media) {
                (Some(parameter), _) => message.with(Component::header(parameter)),
                (None, Some(media)) => message.with(Component::header(media_parameter(media))),
                (None, None) => message,
            },
            _ => message,
        };
    }
    for slot in &shape.slots {
        if let Place::Button { index } = slot.place
            && let Some(text) = value(slot.place, &slot.name)
        {
            let index = u64::from(index);
            message = message.with(if shape.is_coupon(index) {
                Component::copy_code(index, text)
            } else {
                Component::url_suffix(index, text)
            });
        }
    }
    let text = render(&shape.body, |name| value(Place::Body, name).map(|v| Cow::Owned(v.into_owned())));
    Ok((Content::Template(Box::new(message)), text))
}

fn media_parameter(media: &HeaderMedia) -> Parameter {
    match media.kind.as_str() {
        "video" => Parameter::video(as_media(media)),
        "document" => Parameter::document(as_media(media)),
        _ => Parameter::image(as_media(media)),
    }
}
