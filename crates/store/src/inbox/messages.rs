//! What stands in a thread: single messages, and the contact's messages of campaigns in between.
//!
//! Those of campaigns are read from the ledger, where they are anyway; no second copy is written.

use crate::{
    OrgTx, Result, args,
    keys::{first, last},
    seam::Row,
};
use serde::{Deserialize, Serialize};
use tisara_domain::{
    CampaignId, ContactId, MessageId, NumberId, RecipientState, TemplateId, ThreadId, Timestamp,
    message::{Direction, MessageState},
};

/// A single message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// Our number.
    pub number_id: NumberId,
    /// Where it is.
    pub state: MessageState,
    /// Meta's type: `text`, `image`, …
    pub kind: String,
    /// What a person reads of it.
    pub text: String,
    /// The whole of it as JSON, in Meta's shape.
    pub content: String,
    /// The contact's number or user id.
    pub address: String,
    /// Meta's id, once known.
    pub wamid: Option<String>,
    /// Meta's id of the message it answers.
    pub reply_to: Option<String>,
    /// Why it failed: Meta's code.
    pub error_code: Option<i32>,
    /// Why it failed: Meta's words.
    pub error_details: Option<String>,
    /// When it was written, for one that came in by Meta's clock.
    pub created_at: Timestamp,
    /// When Meta says it was on its way.
    pub sent_at: Option<Timestamp>,
    /// When it was on the person's phone.
    pub delivered_at: Option<Timestamp>,
    /// When the person saw it.
    pub read_at: Option<Timestamp>,
    /// When it failed.
    pub failed_at: Option<Timestamp>,
}

impl Message {
    /// Which way it went.
    #[must_use]
    pub fn direction(&self) -> Direction {
        if self.state == MessageState::Received { Direction::Inbound } else { Direction::Outbound }
    }
}

/// What a campaign sent to the contact of a thread. Its text is that version of the template with
/// these variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignMessage {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its row in the ledger.
    pub seq: i64,
    /// The template.
    pub template_id: TemplateId,
    /// Its version.
    pub template_version: u32,
    /// The frozen values of its variables, as [`values`](crate::ledger::values::values) reads them.
    pub variables: Option<String>,
    /// Where it is.
    pub state: RecipientState,
    /// With `failed`: Meta's code.
    pub reason: i32,
    /// Meta's id, once known.
    pub wamid: Option<String>,
    /// When it went out or failed.
    pub at: Timestamp,
    /// When Meta says it was on its way.
    pub sent_at: Option<Timestamp>,
    /// When it was on the person's phone.
    pub delivered_at: Option<Timestamp>,
    /// When the person saw it.
    pub read_at: Option<Timestamp>,
    /// When it failed.
    pub failed_at: Option<Timestamp>,
}

/// One thing in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A single message.
    Message(Box<Message>),
    /// A message of a campaign.
    Campaign(Box<CampaignMessage>),
}

/// Where a page of a thread ended. The order is by time; at the same moment messages of campaigns
/// come before single ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MessageCursor {
    /// At a message of a campaign.
    Campaign {
        /// Its time.
        at: Timestamp,
        /// Its campaign.
        campaign: CampaignId,
        /// Its row.
        seq: i64,
    },
    /// At a single message.
    Message {
        /// Its time.
        at: Timestamp,
        /// The message.
        id: MessageId,
    },
}

impl Entry {
    /// The cursor at this entry.
    #[must_use]
    pub fn cursor(&self) -> MessageCursor {
        match self {
            Self::Message(m) => MessageCursor::Message { at: m.created_at, id: m.id },
            Self::Campaign(c) => MessageCursor::Campaign { at: c.at, campaign: c.campaign_id, seq: c.seq },
        }
    }

    /// When it came or went.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Message(m) => m.created_at,
            Self::Campaign(c) => c.at,
        }
    }
}

impl Message {
    /// The columns that [`Message::read`] reads, of `message m`.
    pub(crate) const COLUMNS: &str = "m.id, m.thread_id, m.number_id, m.state, m.kind, m.text, m.content, m.address, \
                                      m.wamid, m.reply_to, m.error_code, m.error_details, m.created_at, m.sent_at, \
                                      m.delivered_at, m.read_at, m.failed_at";
    /// How many they are.
    pub(crate) const COLUMN_COUNT: usize = 17;

    pub(crate) fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            thread_id: row.get(1)?,
            number_id: row.get(2)?,
            state: row.get(3)?,
            kind: row.get(4)?,
            text: row.get(5)?,
            content: row.get(6)?,
            address: row.get(7)?,
            wamid: row.get(8)?,
            reply_to: row.get(9)?,
            error_code: row.get(10)?,
            error_details: row.get(11)?,
            created_at: row.get(12)?,
            sent_at: row.get(13)?,
            delivered_at: row.get(14)?,
            read_at: row.get(15)?,
            failed_at: row.get(16)?,
        })
    }
}

/// When a recipient's message went out, or failed to.
const WENT_AT: &str = "COALESCE(r.accepted_at, r.sent_at, r.delivered_at, r.read_at, r.failed_at)";

impl OrgTx<'_, '_> {
    /// The message of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_message(&mut self, id: MessageId) -> Result<Option<Message>> {
        let sql = format!("SELECT {} FROM message m WHERE m.org_id = $1 AND m.id = $2", Message::COLUMNS);
        self.tx.find(&sql, args![self.org, id], Message::read)
    }

    /// The message that Meta calls `wamid`.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_message_by_wamid(&mut self, wamid: &str) -> Result<Option<Message>> {
        let sql = format!("SELECT {} FROM message m WHERE m.org_id = $1 AND m.wamid = $2", Message::COLUMNS);
        self.tx.find(&sql, args![self.org, wamid], Message::read)
    }

    /// Up to `limit` entries of a thread, newest first, from before `before` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_messages(
        &mut self,
        thread: ThreadId,
        before: Option<MessageCursor>,
        limit: u32,
    ) -> Result<Vec<Entry>> {
        let key = self.tx.find(
            "SELECT contact_id, number_id FROM thread WHERE org_id = $1 AND id = $2",
            args![self.org, thread],
            |row| Ok((row.get::<ContactId>(0)?, row.get::<NumberId>(1)?)),
        )?;
        let Some((contact, number)) = key else { return Ok(Vec::new()) };
        // Where each of the two lists goes on.
        let (single, campaign) = match before {
            None => ((Timestamp(i64::MAX), last()), (Timestamp(i64::MAX), last(), i64::MAX)),
            Some(MessageCursor::Message { at, id }) => ((at, id), (at, last(), i64::MAX)),
            Some(MessageCursor::Campaign { at, campaign, seq }) => ((at, first()), (at, campaign, seq)),
        };
        let mut entries = self.tx.list(
            &format!(
                "SELECT {} FROM message m WHERE m.org_id = $1 AND m.thread_id = $2 AND (m.created_at, m.id) < ($3, $4) \
                 ORDER BY m.created_at DESC, m.id DESC LIMIT $5",
                Message::COLUMNS
            ),
            args![self.org, thread, single.0, single.1, limit],
            |row| Ok(Entry::Message(Box::new(Message::read(row)?))),
        )?;
        entries.extend(self.tx.list(
            &format!(
                "SELECT r.campaign_id, r.seq, c.template_id, c.template_version, r.variables, r.state, r.reason, \
                 r.wamid, {WENT_AT}, r.sent_at, r.delivered_at, r.read_at, r.failed_at \
                 FROM recipient r JOIN campaign c ON c.org_id = r.org_id AND c.id = r.campaign_id \
                 WHERE r.org_id = $1 AND r.contact_id = $2 AND c.number_id = $3 AND r.state >= $4 \
                 AND ({WENT_AT}, r.campaign_id, r.seq) < ($5, $6, $7) \
                 ORDER BY {WENT_AT} DESC, r.campaign_id DESC, r.seq DESC LIMIT $8"
            ),
            args![
                self.org,
                contact,
                number,
                RecipientState::Uncertain,
                campaign.0,
                campaign.1,
                campaign.2,
                limit
            ],
            |row| {
                Ok(Entry::Campaign(Box::new(CampaignMessage {
                    campaign_id: row.get(0)?,
                    seq: row.get(1)?,
                    template_id: row.get(2)?,
                    template_version: row.get(3)?,
                    variables: row.get(4)?,
                    state: row.get(5)?,
                    reason: row.get(6)?,
                    wamid: row.get(7)?,
                    at: row.get(8)?,
                    sent_at: row.get(9)?,
                    delivered_at: row.get(10)?,
                    read_at: row.get(11)?,
                    failed_at: row.get(12)?,
                })))
            },
        )?);
        // By time, then campaigns before single messages: the order of `MessageCursor` within a moment.
        entries.sort_by_key(|e| std::cmp::Reverse((e.at(), e.cursor())));
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(entries)
    }
}
