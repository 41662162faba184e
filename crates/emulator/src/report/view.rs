//! The report as people and tests read it.

use super::ledger::Ledger;
use crate::{
    Inner,
    sync::{lock, read},
    webhooks::Status,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Doubled messages listed one by one; the rest is only counted.
const LISTED: usize = 100;

/// What happened since the start or the last `DELETE /_emulator/report`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Sends accepted, doubles included.
    pub accepted: u64,
    /// Different identities among them.
    pub distinct: u64,
    /// Sends accepted without `biz_opaque_callback_data`, which have no identity.
    pub without_id: u64,
    /// Identities accepted more than once, failed ones included.
    pub repeated: u64,
    /// Identities that reached their user more than once: what must never happen.
    pub doubled: u64,
    /// The first of those, in order.
    pub doubled_ids: Vec<Doubled>,
    /// Pairs of number and user that the very same content reached more than once.
    pub doubled_contents: u64,
    /// The first of those, in order.
    pub repeated_contents: Vec<Repeated>,
    /// Calls refused, by Meta's code.
    pub refused: BTreeMap<i64, u64>,
    /// Read receipts and typing indicators accepted.
    pub receipts: u64,
    /// By status: how many happened and how many of those were told.
    pub statuses: BTreeMap<&'static str, StatusCount>,
    /// Updates waiting to be posted or posted again.
    pub pending_webhooks: usize,
    /// Messages with statuses still to come or to be told.
    pub under_way: usize,
    /// Webhook posts.
    pub webhooks: WebhookCount,
    /// Messages to users offline that were dropped without a word when their time to live was over.
    pub expired: u64,
    /// By phone number id: the most messages accepted within one second of the clock.
    pub peak_per_second: BTreeMap<String, u64>,
    /// By business portfolio: users reached outside windows within 24 hours.
    pub reached_in_24_hours: BTreeMap<String, usize>,
}

/// An identity that reached its user more than once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Doubled {
    /// The identity.
    pub id: String,
    /// How often it was accepted.
    pub accepted: u32,
    /// How often of those it did not fail.
    pub reached: u32,
    /// The user it went to first.
    pub user: String,
}

/// A user whom the same content reached more than once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Repeated {
    /// The number it came from.
    pub phone_number_id: String,
    /// The user.
    pub user: String,
    /// A hash of sender, user and content.
    pub content: String,
    /// How often.
    pub reached: u32,
}

/// How often a status happened, and how often it was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StatusCount {
    /// Happened.
    pub generated: u64,
    /// Told with an answer of 200, duplicates included.
    pub delivered: u64,
}

/// What became of webhook posts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WebhookCount {
    /// Posts answered with 200.
    pub posted: u64,
    /// Posts answered otherwise or not at all.
    pub refused: u64,
    /// Updates given up after seven days.
    pub given_up: u64,
    /// Updates no app wanted or had a callback for.
    pub unrouted: u64,
    /// Updates a fault has lost.
    pub lost: u64,
    /// Updates sent a second time, by a fault or because another app has refused them.
    pub duplicated: u64,
}

/// Adds everything up.
pub(crate) fn report(e: &Inner) -> Report {
    let directory = read(&e.directory);
    let state = e.outbox.lock();
    let told = state.told;
    let (pending_webhooks, under_way) = state.pending();
    drop(state);
    let mut r = Report {
        accepted: e.ledger.total(),
        receipts: e.ledger.receipts(),
        refused: lock(&e.ledger.refused).clone(),
        pending_webhooks,
        under_way,
        expired: told.expired,
        webhooks: WebhookCount {
            posted: told.posted,
            refused: told.refused,
            given_up: told.given_up,
            unrouted: told.unrouted,
            lost: told.lost,
            duplicated: told.duplicated,
        },
        ..Report::default()
    };
    for s in Status::ALL {
        let count =
            StatusCount { generated: told.generated[s as usize], delivered: told.delivered[s as usize] };
        r.statuses.insert(s.name(), count);
    }
    for n in &directory.numbers {
        r.peak_per_second.insert(n.id.to_string(), lock(&n.pace).peak_per_second);
    }
    for p in directory.portfolios.values() {
        r.reached_in_24_hours.insert(p.id.to_string(), lock(&p.reached).count());
    }
    count(&e.ledger, &mut r);
    r
}

fn count(ledger: &Ledger, r: &mut Report) {
    let mut contents = Vec::new();
    for shard in &ledger.shards {
        let shard = lock(shard);
        r.distinct += shard.ids.len() as u64;
        r.without_id += shard.without_id;
        r.doubled_contents += shard.doubled.len() as u64;
        contents.extend(shard.doubled.iter().map(|(hash, who)| (*hash, *who)));
        for (place, count) in shard.ids.unusual().filter(|(_, count)| count.accepted > 1) {
            r.repeated += 1;
            if count.reached() > 1 {
                let (user, id) = shard.texts.get(*place);
                r.doubled += 1;
                r.doubled_ids.push(Doubled {
                    id,
                    accepted: count.accepted,
                    reached: count.reached(),
                    user: user.to_string(),
                });
            }
        }
    }
    r.doubled_ids.sort();
    r.doubled_ids.truncate(LISTED);
    contents.sort_unstable_by_key(|(hash, who)| (*who, *hash));
    contents.truncate(LISTED);
    r.repeated_contents = contents
        .into_iter()
        .map(|(hash, (number, user))| Repeated {
            phone_number_id: number.to_string(),
            user: user.to_string(),
            content: format!("{hash:016x}"),
            reached: ledger.content_count(hash).reached(),
        })
        .collect();
}

/// Every identity as a line of JSON, one shard at a time so that no lock is held long.
pub(crate) fn ids(e: &Inner, shard: usize) -> Option<String> {
    use std::fmt::Write as _;
    let shard = lock(e.ledger.shards.get(shard)?);
    let mut lines: Vec<(String, String)> = shard
        .ids
        .iter()
        .map(|(_, place, count)| {
            let (user, id) = shard.texts.get(*place);
            let mut line = String::with_capacity(id.len() + 80);
            let quoted = serde_json::Value::from(id.as_str());
            // Writing to memory does not fail.
            let _ = writeln!(
                line,
                r#"{{"id":{quoted},"accepted":{},"reached":{},"user":"{user}"}}"#,
                count.accepted,
                count.reached(),
            );
            (id, line)
        })
        .collect();
    lines.sort_unstable();
    Some(lines.into_iter().map(|(_, line)| line).collect())
}
