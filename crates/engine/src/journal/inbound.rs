//! What people write and want, from webhooks to threads and the consent ledger.

use serde_json::Value;
use tisara_cloud_api::webhook::{
    ContentRef, InboundMessage, PreferenceChange, PreferenceValue, WebhookContact,
};
use tisara_domain::{
    Ambient, NumberId, Phone, Timestamp,
    consent::{ConsentState, Keyword, keyword},
};
use tisara_store::{
    contacts::Sender,
    inbox::{Arrival, NewInbound, SaidConsent},
};

/// A message that came in, freed from the webhook's bytes.
#[derive(Clone, Debug)]
pub(super) struct Inbound {
    sender: Sender,
    wamid: String,
    kind: String,
    text: String,
    content: String,
    reply_to: Option<String>,
    at: Timestamp,
    keyword: Option<Keyword>,
    /// Set when the message says that the person has a new identity: who they were.
    before: Option<Sender>,
}

/// What a person wants of marketing, said through WhatsApp's own switch.
#[derive(Clone, Debug)]
pub(super) struct Preference {
    sender: Sender,
    state: ConsentState,
    at: Timestamp,
    wording: String,
}

impl Inbound {
    pub(super) fn read(
        message: &InboundMessage<'_>,
        contacts: &[WebhookContact<'_>],
        now: Timestamp,
    ) -> Self {
        let contact = person(message, contacts);
        let profile = contact.and_then(|c| c.profile.as_ref());
        let mut sender = Sender {
            phone: message
                .from
                .as_deref()
                .or_else(|| contact.and_then(|c| c.wa_id.as_deref()))
                .and_then(|digits| Phone::from_wa_id(digits).ok()),
            bsuid: text_of(
                message.from_user_id.as_deref().or_else(|| contact.and_then(|c| c.user_id.as_deref())),
            ),
            parent_bsuid: text_of(message.from_parent_user_id.as_deref()),
            username: text_of(profile.and_then(|p| p.username.as_deref())),
            name: text_of(profile.and_then(|p| p.name.as_deref())),
            portfolio: String::new(),
        };
        let before = changed_identity(message, &mut sender);
        let text = readable(message.content());
        let keyword = match message.content() {
            ContentRef::Text(t) => keyword(&t.body),
            ContentRef::Button(b) => keyword(&b.text).or_else(|| b.payload.as_deref().and_then(keyword)),
            _ => None,
        };
        Self {
            sender,
            wamid: message.id.as_str().to_owned(),
            kind: message.kind.as_str().to_owned(),
            text,
            content: serde_json::to_string(message).unwrap_or_else(|_| Value::Null.to_string()),
            reply_to: message.context.as_ref().and_then(|c| c.id.as_deref()).map(str::to_owned),
            at: message.timestamp.and_then(|t| t.micros()).map_or(now, Timestamp),
            keyword,
            before,
        }
    }

    /// The message as the store takes it in, with ids for whatever it may make.
    pub(super) fn arrival(&self, number: NumberId, portfolio: &str, ambient: &Ambient) -> Arrival {
        let of_portfolio = |sender: &Sender| Sender { portfolio: portfolio.to_owned(), ..sender.clone() };
        let sender = of_portfolio(&self.sender);
        let address = sender.phone.as_ref().map(|p| p.as_str().to_owned()).or_else(|| sender.bsuid.clone());
        Arrival {
            before: self.before.as_ref().map(of_portfolio),
            contact_id: ambient.id(),
            number_id: number,
            message: Some(NewInbound {
                id: ambient.id(),
                thread_id: ambient.id(),
                conversation_id: ambient.id(),
                wamid: self.wamid.clone(),
                kind: self.kind.clone(),
                text: self.text.clone(),
                content: self.content.clone(),
                address: address.unwrap_or_default(),
                reply_to: self.reply_to.clone(),
                at: self.at,
            }),
            consent: self.keyword.map(|keyword| SaidConsent {
                id: ambient.id(),
                at: self.at,
                state: match keyword {
                    Keyword::Stop => ConsentState::OptedOut,
                    Keyword::Start => ConsentState::OptedIn,
                },
                source: "whatsapp_keyword",
                wording: self.text.clone(),
            }),
            sender,
        }
    }
}

impl Preference {
    pub(super) fn read(change: &PreferenceChange<'_>, now: Timestamp) -> Option<Self> {
        let state = match change.value {
            PreferenceValue::Stop => ConsentState::OptedOut,
            PreferenceValue::Resume | PreferenceValue::Signup => ConsentState::OptedIn,
            // Newer than this program: better no entry than a wrong one.
            _ => return None,
        };
        Some(Self {
            sender: Sender {
                phone: change.wa_id.as_deref().and_then(|digits| Phone::from_wa_id(digits).ok()),
                bsuid: text_of(change.user_id.as_deref()),
                parent_bsuid: text_of(change.parent_user_id.as_deref()),
                ..Sender::default()
            },
            state,
            at: change.timestamp.micros().filter(|t| *t > 0).map_or(now, Timestamp),
            wording: change.detail.as_deref().unwrap_or("changed in WhatsApp").to_owned(),
        })
    }

    /// The wish as the store takes it in.
    pub(super) fn arrival(&self, number: NumberId, portfolio: &str, ambient: &Ambient) -> Arrival {
        Arrival {
            sender: Sender { portfolio: portfolio.to_owned(), ..self.sender.clone() },
            before: None,
            contact_id: ambient.id(),
            number_id: number,
            message: None,
            consent: Some(SaidConsent {
                id: ambient.id(),
                at: self.at,
                state: self.state,
                source: "whatsapp_preferences",
                wording: self.wording.clone(),
            }),
        }
    }
}

/// The person of the webhook's list who wrote this message.
fn person<'c, 'a>(
    message: &InboundMessage<'_>,
    contacts: &'c [WebhookContact<'a>],
) -> Option<&'c WebhookContact<'a>> {
    contacts
        .iter()
        .find(|c| {
            c.user_id.is_some() && c.user_id.as_deref() == message.from_user_id.as_deref()
                || c.wa_id.is_some() && c.wa_id.as_deref() == message.from.as_deref()
        })
        .or_else(|| contacts.first().filter(|_| contacts.len() == 1))
}

/// Meta tells a change of number or user id by a message of type `system`. Turns `sender` into who they
/// are now and gives back who they were.
fn changed_identity(message: &InboundMessage<'_>, sender: &mut Sender) -> Option<Sender> {
    let ContentRef::System(change) = message.content() else { return None };
    if !matches!(change.kind.as_str(), "user_changed_number" | "user_changed_user_id") {
        return None;
    }
    let before = Sender {
        phone: sender.phone.clone(),
        bsuid: text_of(change.previous_user_id.as_deref()).or_else(|| sender.bsuid.clone()),
        parent_bsuid: text_of(change.previous_parent_user_id.as_deref()),
        ..Sender::default()
    };
    if let Some(phone) = change.wa_id.as_deref().and_then(|digits| Phone::from_wa_id(digits).ok()) {
        sender.phone = Some(phone);
    }
    if let Some(bsuid) = text_of(change.user_id.as_deref()) {
        sender.bsuid = Some(bsuid);
    }
    sender.parent_bsuid = text_of(change.parent_user_id.as_deref());
    Some(before)
}

fn text_of(text: Option<&str>) -> Option<String> {
    text.filter(|t| !t.is_empty()).map(str::to_owned)
}

/// The line a person reads in the inbox.
fn readable(content: ContentRef<'_, '_>) -> String {
    let media = |word: &str, caption: Option<&str>| {
        caption.filter(|c| !c.is_empty()).map_or_else(|| format!("[{word}]"), str::to_owned)
    };
    match content {
        ContentRef::Text(t) => t.body.as_str().to_owned(),
        ContentRef::Image(m) => media("image", m.caption.as_deref()),
        ContentRef::Video(m) => media("video", m.caption.as_deref()),
        ContentRef::Audio(_) => "[audio]".to_owned(),
        ContentRef::Document(m) => media("document", m.caption.as_deref().or(m.filename.as_deref())),
        ContentRef::Sticker(_) => "[sticker]".to_owned(),
        ContentRef::Location(_) => "[location]".to_owned(),
        ContentRef::Contacts(_) => "[contact]".to_owned(),
        ContentRef::Reaction(r) => r.emoji.as_deref().unwrap_or("[reaction removed]").to_owned(),
        ContentRef::Button(b) => b.text.as_str().to_owned(),
        ContentRef::Interactive(i) => i
            .button_reply
            .as_ref()
            .map(|b| b.title.as_str())
            .or_else(|| i.list_reply.as_ref().map(|l| l.title.as_str()))
            .unwrap_or("[answer]")
            .to_owned(),
        ContentRef::Order(_) => "[order]".to_owned(),
        ContentRef::System(s) => s.body.as_deref().unwrap_or("[change of number]").to_owned(),
        _ => "[message]".to_owned(),
    }
}
