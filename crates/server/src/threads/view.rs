//! Threads and messages as the API shows them.

use crate::templates::Shape;
use serde::Serialize;
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
};
use tisara_domain::{
    CampaignId, ContactId, ConversationId, Duration, MessageId, NumberId, TemplateId, ThreadId, Timestamp,
    UserId, message::Direction, template::render,
};
use tisara_store::{
    OrgTx,
    campaigns::Place,
    inbox::{CampaignMessage, Entry as ThreadEntry, Message, Thread},
    ledger::values::values,
};
use utoipa::ToSchema;

/// Meta: so long after the person last wrote may free text be sent.
pub(super) const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// All messages between a contact and a number.
#[derive(Serialize, ToSchema)]
pub(super) struct ThreadView {
    #[schema(value_type = String)]
    id: ThreadId,
    #[schema(value_type = String)]
    contact: ContactId,
    /// The member who sees to it.
    #[schema(value_type = Option<String>)]
    assigned_to: Option<UserId>,
    /// The contact's name; may be empty.
    contact_name: String,
    contact_phone: Option<String>,
    #[schema(value_type = String)]
    number: NumberId,
    #[schema(value_type = String, format = DateTime)]
    last_message_at: Timestamp,
    /// The beginning of the newest message.
    last_line: String,
    /// Messages of the contact that nobody has seen.
    unread: i64,
    /// The conversation that is open, if one is.
    #[schema(value_type = Option<String>)]
    conversation: Option<ConversationId>,
    /// Until when free text may be sent; after that only templates.
    #[schema(value_type = Option<String>, format = DateTime)]
    window_until: Option<Timestamp>,
}

impl From<Thread> for ThreadView {
    fn from(t: Thread) -> Self {
        Self {
            id: t.id,
            contact: t.contact_id,
            assigned_to: t.assigned_to,
            contact_name: t.contact_name,
            contact_phone: t.contact_phone,
            number: t.number_id,
            last_message_at: t.last_message_at,
            last_line: t.last_line,
            unread: t.unread,
            conversation: t.conversation_id,
            window_until: t.last_inbound_at.map(|at| at.plus(WINDOW)),
        }
    }
}

/// One message of a thread.
#[derive(Serialize, ToSchema)]
pub(super) struct MessageView {
    /// Absent for messages of campaigns.
    #[schema(value_type = Option<String>)]
    id: Option<MessageId>,
    /// The campaign it belongs to, if any.
    #[schema(value_type = Option<String>)]
    campaign: Option<CampaignId>,
    /// `inbound` or `outbound`.
    #[schema(value_type = String)]
    direction: Direction,
    /// `queued`, `sending`, `uncertain`, `accepted`, `sent`, `failed`, `delivered`, `read` or `received`.
    state: String,
    /// Meta's type: `text`, `image`, `template`, …
    kind: String,
    /// What a person reads of it.
    text: String,
    /// The whole of it in Meta's shape; absent for messages of campaigns.
    #[schema(value_type = Option<Object>)]
    content: Option<Value>,
    /// Meta's id of it.
    wamid: Option<String>,
    /// Meta's id of the message it answers.
    reply_to: Option<String>,
    /// Why it failed: Meta's code.
    error_code: Option<i32>,
    /// Why it failed, in words.
    error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    failed_at: Option<Timestamp>,
}

impl From<Message> for MessageView {
    fn from(m: Message) -> Self {
        Self {
            direction: m.direction(),
            id: Some(m.id),
            campaign: None,
            state: m.state.as_str().to_owned(),
            kind: m.kind,
            text: m.text,
            content: serde_json::from_str(&m.content).ok(),
            wamid: m.wamid,
            reply_to: m.reply_to,
            error_code: m.error_code,
            error: m.error_details,
            at: m.created_at,
            sent_at: m.sent_at,
            delivered_at: m.delivered_at,
            read_at: m.read_at,
            failed_at: m.failed_at,
        }
    }
}

/// The texts of templates, read once a page.
#[derive(Default)]
pub(super) struct Texts(HashMap<(TemplateId, u32), Shape>);

impl Texts {
    /// The view of an entry of a thread.
    pub(super) fn view(
        &mut self,
        tx: &mut OrgTx<'_, '_>,
        entry: ThreadEntry,
    ) -> tisara_store::Result<MessageView> {
        match entry {
            ThreadEntry::Message(m) => Ok((*m).into()),
            ThreadEntry::Campaign(c) => self.campaign(tx, *c),
        }
    }

    fn campaign(&mut self, tx: &mut OrgTx<'_, '_>, m: CampaignMessage) -> tisara_store::Result<MessageView> {
        let key = (m.template_id, m.template_version);
        let shape = match self.0.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let version = tx.get_template_version(m.template_id, m.template_version)?;
                place.insert(Shape::of(&version.components).unwrap_or_default())
            }
        };
        let bindings = tx.find_campaign(m.campaign_id)?.map(|c| c.definition.bindings).unwrap_or_default();
        let values = values(&bindings, m.variables.as_deref()).unwrap_or_default();
        let text = render(&shape.body, |name| {
            let at = bindings.iter().position(|b| b.place == Place::Body && b.name == name)?;
            values.get(at).map(|v| Cow::Borrowed(v.as_ref()))
        });
        Ok(MessageView {
            id: None,
            campaign: Some(m.campaign_id),
            direction: Direction::Outbound,
            state: m.state.as_str().to_owned(),
            kind: "template".to_owned(),
            text,
            content: None,
            wamid: m.wamid,
            reply_to: None,
            error_code: (m.reason != 0).then_some(m.reason),
            error: (m.reason != 0).then(|| crate::campaigns::explanation(m.reason)),
            at: m.at,
            sent_at: m.sent_at,
            delivered_at: m.delivered_at,
            read_at: m.read_at,
            failed_at: m.failed_at,
        })
    }
}
