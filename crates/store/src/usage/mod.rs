//! What an organization uses, by day, and what it may use at most.
//!
//! Messages are counted in the transaction that moves their row: outgoing ones when Meta has them for
//! certain, and those that Meta failed later once more under that name. A transaction notes what it counts
//! and writes the sums as its last statements, a row for each number and kind of writer, so that nobody waits
//! for a row that everybody writes. `recount` holds the sums against the rows. Calls of the API come from
//! the server's memory, in intervals; rows and people are measured now and then.
//!
//! Limits are rows that somebody sets: an operator, later a plan. Whoever refuses or stops because of one
//! does so where the use begins; here is only what is true.

mod limits;
mod recount;
mod under_way;

pub use limits::{LimitState, UsageLimit};
pub use recount::UsageDifference;

use crate::{OrgTx, Result, Tx, args, keys::first, ledger::counts::Slot};
use std::{borrow::Cow, collections::BTreeMap};
use tisara_domain::{Day, NumberId, OrgId, Timestamp};

/// What is counted, as stored.
pub mod kind {
    /// Messages that came in.
    pub const INBOUND: &str = "inbound";
    /// Single messages that Meta has, templates apart.
    pub const REPLY: &str = "reply";
    /// Single messages made of a template that Meta has.
    pub const TEMPLATE: &str = "template";
    /// Messages of campaigns that Meta has.
    pub const CAMPAIGN: &str = "campaign";
    /// Of [`REPLY`]: those that Meta failed later.
    pub const REPLY_FAILED: &str = "reply_failed";
    /// Of [`TEMPLATE`]: those that Meta failed later.
    pub const TEMPLATE_FAILED: &str = "template_failed";
    /// Of [`CAMPAIGN`]: those that Meta failed later. One that is then sent again counts again.
    pub const CAMPAIGN_FAILED: &str = "campaign_failed";
    /// Before Meta's price of a message, as `billed.marketing/regular`.
    pub const BILLED: &str = "billed.";
    /// Calls of the API by programs.
    pub const API_CALLS: &str = "api_calls";
    /// Contacts, when they were last counted that day.
    pub const CONTACTS: &str = "contacts";
    /// Single messages that are stored, likewise.
    pub const MESSAGES: &str = "messages";
    /// Rows of campaigns' ledgers, likewise.
    pub const RECIPIENTS: &str = "recipients";
    /// Members, likewise.
    pub const SEATS: &str = "seats";
}

/// The kind of a single message: by Meta's type of it.
pub(crate) fn single(message_kind: &str) -> (&'static str, &'static str) {
    if message_kind == "template" {
        (kind::TEMPLATE, kind::TEMPLATE_FAILED)
    } else {
        (kind::REPLY, kind::REPLY_FAILED)
    }
}

/// Where a count stands: organization, day, kind, number, slot.
type Key = (OrgId, Day, Cow<'static, str>, NumberId, i64);

/// What an open transaction has counted.
#[derive(Default)]
pub(crate) struct Counted(BTreeMap<Key, i64>);

impl Counted {
    /// What was counted of these kinds on those days.
    fn sum(&self, org: OrgId, (from, to): (Day, Day), kinds: &[&str]) -> i64 {
        let of = |key: &Key| key.0 == org && (from..=to).contains(&key.1) && kinds.contains(&&*key.2);
        self.0.iter().filter(|(key, _)| of(key)).map(|(_, n)| n).sum()
    }
}

/// What was used of one kind on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The day.
    pub day: Day,
    /// One of [`kind`], or [`kind::BILLED`] with Meta's price.
    pub kind: String,
    /// How much.
    pub n: i64,
}

impl Tx<'_> {
    /// Writes what was counted; at the end of the transaction, in one order.
    pub(crate) fn write_counted(&mut self, counted: Counted) -> Result<()> {
        for ((org, day, kind, number, slot), n) in counted.0 {
            if n == 0 {
                continue;
            }
            self.execute(
                "INSERT INTO usage_day (org_id, day, kind, number_id, slot, n) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (org_id, day, kind, number_id, slot) DO UPDATE SET n = usage_day.n + excluded.n",
                args![org, day.0, &*kind, number, slot, n],
            )?;
        }
        Ok(())
    }
}

impl OrgTx<'_, '_> {
    /// Counts something of a number that happened then.
    pub(crate) fn note_usage(
        &mut self,
        slot: Slot,
        number: NumberId,
        at: Timestamp,
        kind: impl Into<Cow<'static, str>>,
        n: i64,
    ) {
        self.note_usage_on(Day::of(at), slot, number, kind, n);
    }

    pub(crate) fn note_usage_on(
        &mut self,
        day: Day,
        slot: Slot,
        number: NumberId,
        kind: impl Into<Cow<'static, str>>,
        n: i64,
    ) {
        let key = (self.org, day, kind.into(), number, slot as i64);
        *self.tx.1.counted.0.entry(key).or_default() += n;
    }

    /// Adds calls of the API.
    ///
    /// # Errors
    /// None by itself; the sum is written with the transaction.
    pub fn add_api_calls(&mut self, day: Day, n: i64) -> Result<()> {
        self.note_usage_on(day, Slot::Person, first(), kind::API_CALLS, n);
        Ok(())
    }

    /// What was used on these days, both among them, by day and kind.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_usage(&mut self, from: Day, to: Day) -> Result<Vec<Used>> {
        self.tx.list(
            "SELECT day, kind, CAST(sum(n) AS BIGINT) FROM usage_day WHERE org_id = $1 AND day >= $2 AND day <= $3 \
             GROUP BY day, kind ORDER BY day, kind",
            args![self.org, from.0, to.0],
            |r| Ok(Used { day: Day(r.get(0)?), kind: r.get(1)?, n: r.get(2)? }),
        )
    }

    /// How many messages Meta took in the month of that day, what this transaction counted among them.
    ///
    /// # Errors
    /// As the database says.
    pub fn count_messages_of_month(&mut self, day: Day) -> Result<i64> {
        let (from, to) = day.month();
        let written: i64 = self.tx.get(
            "SELECT CAST(COALESCE(sum(n), 0) AS BIGINT) FROM usage_day WHERE org_id = $1 AND day >= $2 AND day <= $3 \
             AND kind IN ('reply', 'template', 'campaign')",
            args![self.org, from.0, to.0],
            |r| r.get(0),
        )?;
        let kinds = [kind::REPLY, kind::TEMPLATE, kind::CAMPAIGN];
        Ok(written + self.tx.1.counted.sum(self.org, (from, to), &kinds))
    }

    /// How many calls of the API were written down for that day.
    ///
    /// # Errors
    /// As the database says.
    pub fn count_api_calls(&mut self, day: Day) -> Result<i64> {
        self.tx.get(
            "SELECT CAST(COALESCE(sum(n), 0) AS BIGINT) FROM usage_day WHERE org_id = $1 AND day = $2 AND kind = $3",
            args![self.org, day.0, kind::API_CALLS],
            |r| r.get(0),
        )
    }

    /// How many members there are.
    ///
    /// # Errors
    /// As the database says.
    pub fn count_members(&mut self) -> Result<i64> {
        self.tx.get("SELECT count(*) FROM member WHERE org_id = $1", args![self.org], |r| r.get(0))
    }

    /// Counts what is stored. It reads along an index from one end of the organization to the other: once in
    /// a while, by a transaction that only reads.
    ///
    /// # Errors
    /// As the database says.
    pub fn measure_storage(&mut self) -> Result<Vec<(&'static str, i64)>> {
        [
            (kind::CONTACTS, "SELECT count(*) FROM contact WHERE org_id = $1"),
            (kind::MESSAGES, "SELECT count(*) FROM message WHERE org_id = $1"),
            (
                kind::RECIPIENTS,
                "SELECT CAST(COALESCE(sum(planned), 0) AS BIGINT) FROM campaign WHERE org_id = $1",
            ),
            (kind::SEATS, "SELECT count(*) FROM member WHERE org_id = $1"),
        ]
        .into_iter()
        .map(|(kind, sql)| Ok((kind, self.tx.get(sql, args![self.org], |r| r.get(0))?)))
        .collect()
    }

    /// Writes what was measured on a day, instead of what was measured before.
    ///
    /// # Errors
    /// As the database says.
    pub fn put_storage(&mut self, day: Day, measured: &[(&'static str, i64)]) -> Result<()> {
        for (kind, n) in measured {
            self.tx.execute(
                "INSERT INTO usage_day (org_id, day, kind, number_id, slot, n) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (org_id, day, kind, number_id, slot) DO UPDATE SET n = excluded.n",
                args![self.org, day.0, *kind, first::<NumberId>(), Slot::Person as i64, *n],
            )?;
        }
        Ok(())
    }
}
