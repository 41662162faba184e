//! The JSON of webhooks, made when a batch is posted.

use super::{
    escape::write_json,
    outbox::State,
    plan::Status,
    update::{Batch, Item, Message, Note},
};
use crate::{
    Inner,
    callback::Callback,
    chance,
    directory::{App, Directory, Number},
    graph::find_code,
    messages::wamid,
    templates::Category,
    users,
};
use serde::Serialize;
use std::sync::Arc;

const ERRORS_PAGE: &str = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

/// What a batch needs from the outbox, copied so that its lock is held briefly.
pub(crate) enum Update {
    Status { message: Message, status: Status, at_s: i64, error: u32 },
    Note(Arc<Note>),
}

/// Copies what the batch tells.
pub(crate) fn updates(state: &State, batch: &Batch) -> Vec<Update> {
    batch
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Note { note, .. } => Some(Update::Note(note.clone())),
            Item::Status { message, status, at_s, error, .. } => Some(Update::Status {
                message: state.message(*message)?.clone(),
                status: *status,
                at_s: *at_s,
                error: *error,
            }),
        })
        .collect()
}

/// The whole body of a POST: one entry for each run of updates of the same account.
pub(crate) fn body(e: &Inner, directory: &Directory, app: &App, updates: &[Update]) -> Vec<u8> {
    let mut out = Vec::with_capacity(updates.len() * 900 + 100);
    out.extend_from_slice(br#"{"object":"whatsapp_business_account","entry":["#);
    let mut open: Option<(u64, Option<i64>)> = None;
    for update in updates {
        let (entry, time, number) = match update {
            Update::Note(n) => (n.entry, (n.field != "messages").then_some(n.at_s), None),
            Update::Status { message, .. } => {
                let Some(number) = directory.numbers.get(message.number as usize) else { continue };
                (number.waba, None, Some(number))
            }
        };
        if open == Some((entry, time)) {
            out.push(b',');
        } else {
            if open.is_some() {
                out.extend_from_slice(b"]},");
            }
            out.extend_from_slice(format!(r#"{{"id":"{entry}","#).as_bytes());
            if let Some(time) = time {
                out.extend_from_slice(format!(r#""time":{time},"#).as_bytes());
            }
            out.extend_from_slice(br#""changes":["#);
            open = Some((entry, time));
        }
        out.extend_from_slice(br#"{"value":"#);
        let field = match (update, number) {
            (Update::Note(n), _) => {
                out.extend_from_slice(n.value.as_bytes());
                &*n.field
            }
            (Update::Status { message, status, at_s, error }, Some(number)) => {
                write_json(
                    &mut out,
                    &status_value(e, directory, app, number, message, *status, *at_s, *error),
                );
                "messages"
            }
            (Update::Status { .. }, None) => "messages",
        };
        out.extend_from_slice(format!(r#","field":"{field}"}}"#).as_bytes());
    }
    if open.is_some() {
        out.extend_from_slice(b"]}");
    }
    out.extend_from_slice(b"]}");
    out
}

/// Which number a `messages` update concerns.
#[derive(Serialize)]
pub(crate) struct Metadata {
    display_phone_number: String,
    phone_number_id: String,
}

impl Metadata {
    pub(crate) fn of(number: &Number) -> Self {
        Self { display_phone_number: number.digits.to_string(), phone_number_id: number.id.to_string() }
    }
}

#[derive(Serialize)]
struct StatusValue<'m> {
    messaging_product: &'static str,
    metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    contacts: Option<[StatusContact; 1]>,
    statuses: [StatusRow<'m>; 1],
}

/// Whom a status is about. Meta's pages say that `failed` has no contacts; in the field it names the
/// phone number and nothing else, as nobody may be behind it.
#[derive(Serialize)]
#[serde(untagged)]
enum StatusContact {
    Reached(Contact),
    Failed { wa_id: String },
}

/// One of `value.contacts`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Contact {
    profile: Profile,
    #[serde(skip_serializing_if = "Option::is_none")]
    wa_id: Option<String>,
    user_id: String,
}

impl Contact {
    /// The phone number, unless the user hides it.
    pub(crate) fn wa_id(&self) -> Option<&str> {
        self.wa_id.as_deref()
    }

    pub(crate) fn user_id(&self) -> &str {
        &self.user_id
    }
}

#[derive(Clone, Debug, Serialize)]
struct Profile {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
}

#[derive(Serialize)]
struct StatusRow<'m> {
    id: String,
    status: &'static str,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_opaque_callback_data: Option<&'m Callback>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<Conversation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<Pricing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[ErrorRow; 1]>,
}

#[derive(Serialize)]
struct Conversation {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_timestamp: Option<String>,
    origin: Origin,
}

#[derive(Serialize)]
struct Origin {
    r#type: &'static str,
}

#[derive(Serialize)]
struct Pricing {
    billable: bool,
    pricing_model: &'static str,
    category: &'static str,
    r#type: &'static str,
}

#[derive(Serialize)]
struct ErrorRow {
    code: u32,
    title: &'static str,
    message: &'static str,
    error_data: ErrorData,
    href: &'static str,
}

#[derive(Serialize)]
struct ErrorData {
    details: &'static str,
}

/// Meta: per message; free inside a free entry point, for utility inside the window, and for all
/// that is no template.
pub(super) fn pricing_type(m: &Message) -> &'static str {
    match m.category {
        _ if m.free_entry => "free_entry_point",
        Category::Service => "free_customer_service",
        Category::Utility if m.in_window => "free_customer_service",
        _ => "regular",
    }
}

fn category(m: &Message) -> &'static str {
    match m.category {
        _ if m.free_entry => "referral_conversion",
        Category::Marketing if m.lite => "marketing_lite",
        other => other.name(),
    }
}

fn pricing(m: &Message) -> Pricing {
    let kind = pricing_type(m);
    let category = category(m);
    Pricing { billable: kind == "regular", pricing_model: "PMP", category, r#type: kind }
}

#[expect(clippy::too_many_arguments, reason = "one caller, every part needed")]
fn status_value<'m>(
    e: &Inner,
    directory: &Directory,
    app: &App,
    number: &Number,
    m: &'m Message,
    status: Status,
    at_s: i64,
    error: u32,
) -> StatusValue<'m> {
    let failed = status == Status::Failed;
    let contact = contact(e, directory, number, m.number, m.user);
    let phone_shown = !m.to_bsuid || contact.wa_id.is_some();
    let priced = m.plan.priced(status);
    let with_conversation = priced && (app.webhook_version < 24 || m.free_entry);
    let user_id = contact.user_id.clone();
    let recipient_id = phone_shown.then(|| m.user.to_string());
    let about = if failed {
        recipient_id.clone().map(|wa_id| StatusContact::Failed { wa_id })
    } else {
        let username = matches!(status, Status::Delivered | Status::Read | Status::Played);
        let profile = Profile { username: contact.profile.username.filter(|_| username), ..contact.profile };
        Some(StatusContact::Reached(Contact { profile, ..contact }))
    };
    StatusValue {
        messaging_product: "whatsapp",
        metadata: Metadata::of(number),
        contacts: about.map(|contact| [contact]),
        statuses: [StatusRow {
            id: wamid::outbound(e.seed, m.user, m.serial),
            status: status.name(),
            timestamp: at_s.to_string(),
            recipient_id,
            recipient_user_id: (!failed || m.to_bsuid).then_some(user_id),
            biz_opaque_callback_data: m.callback.as_ref(),
            conversation: with_conversation.then(|| Conversation {
                id: format!(
                    "{:016x}{:016x}",
                    chance::join(e.seed, m.serial),
                    chance::join(!e.seed, m.serial)
                ),
                expiration_timestamp: (status == Status::Sent)
                    .then(|| (m.accepted.seconds() + 86_400).to_string()),
                origin: Origin { r#type: category(m) },
            }),
            pricing: priced.then(|| pricing(m)),
            errors: failed.then(|| {
                let title = find_code(i64::from(error)).title;
                [ErrorRow {
                    code: error,
                    title,
                    message: title,
                    error_data: ErrorData { details: details(error, title) },
                    href: ERRORS_PAGE,
                }]
            }),
        }],
    }
}

/// The contact as a number of `directory` sees the user.
pub(crate) fn contact(e: &Inner, directory: &Directory, number: &Number, place: u32, user: u64) -> Contact {
    let behaviour = e.behaviour();
    let t = e.users.traits(&behaviour.population, user, number.waba, place);
    let portfolio = directory.wabas.get(&number.waba).map_or(0, |w| w.portfolio);
    let now_s = e.ambient.now().seconds();
    let is_shown = !t.phone_hidden || e.contact_book.knows(portfolio, number.id, user, now_s);
    Contact {
        profile: Profile {
            name: e.users.name(user),
            username: t.has_username.then(|| e.users.username(user)),
        },
        wa_id: is_shown.then(|| user.to_string()),
        user_id: users::bsuid(e.seed, portfolio, user, t.generation),
    }
}

fn details(code: u32, title: &'static str) -> &'static str {
    match code {
        131_026 => {
            "Message Undeliverable. The recipient may not have WhatsApp, may run an old version, or has not accepted the terms."
        }
        131_047 => {
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
        }
        131_049 => "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
        131_050 => "The recipient has stopped marketing messages from this business.",
        131_042 => {
            "Message failed to send because there were one or more errors related to your payment method."
        }
        131_053 => "The media file could not be fetched from the link that was given.",
        131_048 => "The messaging limit of the portfolio for the last 24 hours is used up.",
        130_472 => "Failed to send message because this user's phone number is part of an experiment.",
        131_009 => "The message reacted to is unknown, deleted, older than 30 days or a reaction itself.",
        137_000 => "The recipient's identity key is not the one that was given.",
        132_015 => {
            "Template is paused because of low quality; messages held for its assessment are not delivered."
        }
        _ => title,
    }
}
