//! What of a month's messages campaigns may still send, when there is a limit: several numbers send at the same
//! time, and what each has handed out may be with Meta before it is counted as sent.

use super::UsageLimit;
use crate::{OrgTx, Result, args, seam::Engine};
use tisara_domain::{Day, NumberId};

/// With less room than this, numbers look for it one after the other: more than a hundred of them hand out at once.
const SCARCE: i64 = 60_000;

impl OrgTx<'_, '_> {
    /// Notes how many messages a number has handed out that have no outcome yet. Only while there is a limit.
    ///
    /// # Errors
    /// As the database says.
    pub fn put_under_way(&mut self, number: NumberId, n: i64) -> Result<()> {
        if n == 0 {
            self.tx.execute(
                "DELETE FROM under_way WHERE org_id = $1 AND number_id = $2",
                args![self.org, number],
            )?;
            return Ok(());
        }
        self.tx.execute(
            "INSERT INTO under_way (org_id, number_id, n) VALUES ($1, $2, $3) \
             ON CONFLICT (org_id, number_id) DO UPDATE SET n = excluded.n",
            args![self.org, number, n],
        )?;
        Ok(())
    }

    /// How many messages the month still has room for when `most` are allowed, beside what is in doubt and what
    /// other numbers have under way; below zero when more than that went out. Of several numbers that look at
    /// the same time, only one finds the last of it.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_room_of_month(&mut self, number: NumberId, most: i64, today: Day) -> Result<i64> {
        let room = self.look_for_room(number, most, today)?;
        if room <= 0 || room >= SCARCE || self.tx.engine() == Engine::Sqlite {
            return Ok(room);
        }
        // Held until the end of the transaction, which notes what it hands out.
        self.tx.find(
            "SELECT most FROM usage_limit WHERE org_id = $1 AND name = $2 FOR UPDATE",
            args![self.org, UsageLimit::MessagesPerMonth],
            |r| r.get::<i64>(0),
        )?;
        self.look_for_room(number, most, today)
    }

    /// Along the way of a message: one that goes a step further meanwhile is counted twice rather than not at all.
    fn look_for_room(&mut self, number: NumberId, most: i64, today: Day) -> Result<i64> {
        let elsewhere: i64 = self.tx.get(
            "SELECT CAST(COALESCE(sum(n), 0) AS BIGINT) FROM under_way WHERE org_id = $1 AND number_id <> $2",
            args![self.org, number],
            |r| r.get(0),
        )?;
        let in_doubt = self.count_in_doubt()?;
        Ok(most - elsewhere - in_doubt - self.count_messages_of_month(today)?)
    }
}
