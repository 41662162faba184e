//! What an organization may use at most.

use super::kind;
use crate::{OrgTx, Result, args, ledger::counts::Slot, words::words};
use tisara_domain::{Day, Timestamp};

words! {
    /// What may be limited.
    UsageLimit, "limit" {
        "Messages that Meta takes in a month of the calendar (UTC), replies and templates among them."
        MessagesPerMonth = "messages_per_month",
        "Calls by API keys in a day (UTC)."
        ApiCallsPerDay = "api_calls_per_day",
        "Members and people who are invited."
        Seats = "seats",
    }
}

impl UsageLimit {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::MessagesPerMonth, Self::ApiCallsPerDay, Self::Seats];

    /// When it begins anew; `None` for what is freed only by using less.
    #[must_use]
    pub fn frees_at(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::MessagesPerMonth => Some(Day::of(now).month().1.plus(1).begins_at()),
            Self::ApiCallsPerDay => Some(Day::of(now).plus(1).begins_at()),
            Self::Seats => None,
        }
    }
}

/// How much of something is used, and how much of it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitState {
    /// Of what.
    pub limit: UsageLimit,
    /// At most; `None` without a limit.
    pub most: Option<i64>,
    /// So far.
    pub used: i64,
    /// When it begins anew.
    pub frees_at: Option<Timestamp>,
}

impl LimitState {
    /// Whether nothing more of it may be used.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.most.is_some_and(|most| self.used >= most)
    }
}

impl OrgTx<'_, '_> {
    /// Limits something; `None` lifts the limit.
    ///
    /// # Errors
    /// As the database says.
    pub fn put_limit(&mut self, limit: UsageLimit, most: Option<i64>, now: Timestamp) -> Result<()> {
        match most {
            Some(most) => self.tx.execute(
                "INSERT INTO usage_limit (org_id, name, most, set_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (org_id, name) DO UPDATE SET most = excluded.most, set_at = excluded.set_at",
                args![self.org, limit, most, now],
            )?,
            None => self
                .tx
                .execute("DELETE FROM usage_limit WHERE org_id = $1 AND name = $2", args![self.org, limit])?,
        };
        Ok(())
    }

    /// How much of something may be used at most.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_limit(&mut self, limit: UsageLimit) -> Result<Option<i64>> {
        self.tx.find(
            "SELECT most FROM usage_limit WHERE org_id = $1 AND name = $2",
            args![self.org, limit],
            |r| r.get(0),
        )
    }

    /// The limit of something and how much of it is used, if there is one.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_limit_state(&mut self, limit: UsageLimit, now: Timestamp) -> Result<Option<LimitState>> {
        match self.find_limit(limit)? {
            Some(most) => self.limit_state(limit, Some(most), now).map(Some),
            None => Ok(None),
        }
    }

    /// Everything that may be limited, with what is used of it.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_limit_states(&mut self, now: Timestamp) -> Result<Vec<LimitState>> {
        UsageLimit::ALL
            .into_iter()
            .map(|limit| {
                let most = self.find_limit(limit)?;
                self.limit_state(limit, most, now)
            })
            .collect()
    }

    fn limit_state(&mut self, limit: UsageLimit, most: Option<i64>, now: Timestamp) -> Result<LimitState> {
        let used = match limit {
            UsageLimit::MessagesPerMonth => self.count_messages_of_month(Day::of(now))?,
            UsageLimit::ApiCallsPerDay => self.count_api_calls(Day::of(now))?,
            UsageLimit::Seats => self.count_members()? + self.count_invitations(now)?,
        };
        Ok(LimitState { limit, most, used, frees_at: limit.frees_at(now) })
    }

    /// Invitations that wait; each holds a seat.
    fn count_invitations(&mut self, now: Timestamp) -> Result<i64> {
        self.tx.get(
            "SELECT count(*) FROM invitation WHERE org_id = $1 AND expires_at > $2",
            args![self.org, now],
            |r| r.get(0),
        )
    }

    /// Notes what goes away with a contact's threads, so that the sums still say what was.
    pub(crate) fn note_erased_messages(&mut self, contact: tisara_domain::ContactId) -> Result<()> {
        let erased = self.tx.list(
            "SELECT m.number_id, m.kind, m.state, count(*) FROM thread t \
             JOIN message m ON m.org_id = t.org_id AND m.thread_id = t.id \
             WHERE t.org_id = $1 AND t.contact_id = $2 AND m.state IN (3, 4, 6, 7, 8) \
             GROUP BY m.number_id, m.kind, m.state",
            args![self.org, contact],
            |r| Ok((r.get(0)?, r.get::<String>(1)?, r.get::<i64>(2)?, r.get::<i64>(3)?)),
        )?;
        for (number, message_kind, state, n) in erased {
            let kind = if state == 8 { kind::INBOUND } else { super::single(&message_kind).0 };
            self.note_usage_on(Day(0), Slot::Person, number, format!("{kind}_erased"), n);
        }
        Ok(())
    }
}
