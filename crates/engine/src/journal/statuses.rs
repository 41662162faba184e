//! What a status webhook says about our messages.

use crate::lane::{Consequence, message_ref, webhook_failure};
use tisara_cloud_api::webhook::{Status, StatusKind};
use tisara_domain::{MessageId, RecipientRef, RecipientState, Rng, Timestamp, message::MessageState};
use tisara_store::{ledger::statuses::StatusNews, outgoing::MessageNews};

/// News about one of our messages, and what it means beyond it.
#[derive(Debug, Default)]
pub(super) struct News {
    /// About rows of campaigns.
    pub(super) recipients: Vec<StatusNews>,
    /// About single messages.
    pub(super) messages: Vec<MessageNews>,
    /// What failures mean beyond their message.
    pub(super) consequences: Vec<(About, Consequence)>,
    /// Statuses of messages that are not ours: another program uses the number too.
    pub(super) foreign: u64,
}

/// Which of our messages something is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About {
    Recipient(RecipientRef),
    Message(MessageId),
}

impl News {
    /// How many pieces there are.
    pub(super) fn len(&self) -> usize {
        self.recipients.len() + self.messages.len()
    }

    /// Adds a status.
    pub(super) fn add(&mut self, status: &Status<'_>, now: Timestamp, rng: &Rng) {
        let state = match status.status {
            StatusKind::Sent => RecipientState::Sent,
            StatusKind::Delivered => RecipientState::Delivered,
            StatusKind::Read | StatusKind::Played => RecipientState::Read,
            StatusKind::Failed => RecipientState::Failed,
            // Seen in the past and without meaning for a send.
            _ => return,
        };
        let at = status.timestamp.micros().map_or(now, Timestamp);
        let ours = status.biz_opaque_callback_data.as_deref().unwrap_or_default();
        if let Ok(about) = ours.parse::<RecipientRef>() {
            self.add_recipient(about, status, state, at, now, rng);
        } else if let Some((id, attempt)) = message_ref(ours) {
            self.add_message(id, attempt, status, state, at, now, rng);
        } else {
            self.foreign += 1;
        }
    }

    fn add_recipient(
        &mut self,
        about: RecipientRef,
        status: &Status<'_>,
        state: RecipientState,
        at: Timestamp,
        now: Timestamp,
        rng: &Rng,
    ) {
        let (mut code, mut retry_at) = (0, None);
        if state == RecipientState::Failed {
            let (again, failure, _, consequence) =
                webhook_failure(status.errors.first(), about.attempt, now, rng);
            (code, retry_at) = (failure, again);
            if consequence != Consequence::None {
                self.consequences.push((About::Recipient(about), consequence));
            }
        }
        let wamid = status.id.as_str().to_owned();
        self.recipients.push(StatusNews {
            about,
            state,
            at,
            wamid,
            code,
            retry_at,
            billing: billing(status),
        });
    }

    #[expect(clippy::too_many_arguments, reason = "one status, taken apart once")]
    fn add_message(
        &mut self,
        id: MessageId,
        attempt: u32,
        status: &Status<'_>,
        state: RecipientState,
        at: Timestamp,
        now: Timestamp,
        rng: &Rng,
    ) {
        let (state, error) = match state {
            RecipientState::Sent => (MessageState::Sent, None),
            RecipientState::Delivered => (MessageState::Delivered, None),
            RecipientState::Failed => {
                let (_, code, details, consequence) =
                    webhook_failure(status.errors.first(), attempt, now, rng);
                if consequence != Consequence::None {
                    self.consequences.push((About::Message(id), consequence));
                }
                (MessageState::Failed, Some((code, details)))
            }
            _ => (MessageState::Read, None),
        };
        let wamid = status.id.as_str().to_owned();
        let billing = billing(status);
        self.messages.push(MessageNews { id, attempt, state, at, wamid, error, billing });
    }
}

/// Meta's pricing of the message, as `category/type`; it comes once a message, with one status or other.
fn billing(status: &Status<'_>) -> Option<String> {
    let pricing = status.pricing.as_ref()?;
    let category = pricing.category.as_ref()?.as_str();
    let kind = pricing.kind.as_ref().map_or("regular", |k| k.as_str());
    Some(format!("{category}/{kind}"))
}
