//! One group: a business number and up to eight users, who join by a link.

use crate::{chance::join, settings::GroupSettings};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};

/// What every id of a group begins with: `capi_group:` in base64.
pub(crate) const PREFIX: &str = "Y2FwaV9ncm91cDo";

/// Somebody who asks to be let in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct JoinRequest {
    pub(super) id: String,
    pub(super) user: u64,
    pub(super) at_s: i64,
}

/// A group.
#[derive(Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    /// Stands for the group where a user's phone number stands otherwise.
    pub(crate) serial: u64,
    /// The business number that made it.
    pub(crate) number: u64,
    pub(super) subject: String,
    pub(super) description: Option<String>,
    pub(super) approval_required: bool,
    created_s: i64,
    pub(crate) suspended: bool,
    pub(crate) participants: Vec<u64>,
    pub(super) requests: Vec<JoinRequest>,
    pub(super) link: String,
    links_made: u64,
    /// Until when everybody may be written to freely (unix seconds).
    window_until: AtomicI64,
    /// Pinned messages and until when (unix seconds), the oldest first.
    pub(crate) pins: Vec<(String, i64)>,
}

impl Group {
    pub(super) fn new(seed: u64, number: u64, digits: u64, made: u64, now_s: i64) -> Self {
        let serial = 120_363_000_000_000_000 + join(join(seed, number), made) % 1_000_000_000_000;
        let id = STANDARD_NO_PAD.encode(format!("capi_group:{digits}:{serial}"));
        let mut group = Self::of(number, &GroupSettings::default());
        (group.id, group.serial, group.created_s) = (format!("{id}ZD"), serial, now_s);
        group.new_link(seed);
        group
    }

    pub(crate) fn of(number: u64, s: &GroupSettings) -> Self {
        Self {
            id: s.id.clone(),
            serial: s.serial,
            number,
            subject: s.subject.clone(),
            description: s.description.clone(),
            approval_required: s.approval_required,
            created_s: s.created_at,
            suspended: s.suspended,
            participants: s.participants.iter().filter_map(|p| p.parse().ok()).collect(),
            requests: Vec::new(),
            link: s.link.clone(),
            links_made: 0,
            window_until: AtomicI64::new(0),
            pins: Vec::new(),
        }
    }

    /// Another invite link; those before stop working.
    pub(super) fn new_link(&mut self, seed: u64) {
        self.links_made += 1;
        let (a, b) = (join(seed ^ self.serial, self.links_made), join(!seed ^ self.serial, self.links_made));
        self.link = format!("{:011}{:011}", a % 100_000_000_000, b % 100_000_000_000);
    }

    pub(super) fn invite_link(&self) -> String {
        format!("https://chat.whatsapp.com/{}", self.link)
    }

    pub(super) fn join_approval_mode(&self) -> &'static str {
        if self.approval_required { "approval_required" } else { "auto_approve" }
    }

    /// Meta: what any of them says opens the window to all.
    pub(crate) fn open_window(&self, until_s: i64) {
        self.window_until.store(until_s, Ordering::Relaxed);
    }

    pub(crate) fn window_open(&self, now_s: i64) -> bool {
        self.window_until.load(Ordering::Relaxed) > now_s
    }

    /// Every field Meta shows; people come from the caller.
    pub(super) fn fields(&self, participants: Vec<Value>) -> Value {
        json!({
            "id": self.id,
            "messaging_product": "whatsapp",
            "subject": self.subject,
            "description": self.description,
            "suspended": self.suspended,
            "creation_timestamp": self.created_s,
            "total_participant_count": participants.len(),
            "participants": participants,
            "join_approval_mode": self.join_approval_mode(),
        })
    }

    pub(super) fn listed(&self) -> Value {
        json!({"id": self.id, "subject": self.subject, "created_at": self.created_s.to_string()})
    }
}
