//! Making a restored copy harmless.
//!
//! Whatever had not gone out when the backup was made may have gone out since, from the installation that
//! the copy was taken of. The copy cannot know: the webhooks that told of it were acknowledged there. So
//! nothing of it is sent, and no silence is taken as proof, until a person says so. What comes by webhook
//! still settles it, since each message carries our own id.

use super::released::{RESTORED, RESTORED_PLANNING};
use crate::{
    args,
    ledger::recover::Doubt,
    seam::{Result, Tx},
};
use tisara_domain::{NumberId, OrgId, Timestamp};

/// The end of the year 9999: never looked at by itself.
pub(crate) const NEVER: Timestamp = Timestamp(253_402_300_799_000_000);
/// Chunks and follow-ups taken up at a time.
const BATCH: u32 = 500;

/// What a restored copy keeps back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Campaigns that wait for a person.
    pub campaigns: u64,
    /// Their recipients that had not been sent to.
    pub waiting: u64,
    /// Recipients that may or may not have been sent to.
    pub uncertain: u64,
    /// Replies and single messages that had not arrived at Meta for certain.
    pub messages: u64,
    /// Imports that were not done; their files are not in a backup.
    pub jobs: u64,
    /// E-mails that had not left. They are thrown away: they may have left since, and can be asked for again.
    pub mails: u64,
}

/// Holds back all that was not done.
pub(super) fn everything(tx: &mut Tx<'_>, now: Timestamp) -> Result<Held> {
    tx.end_all_leases()?;
    let numbers: Vec<(OrgId, NumberId)> =
        tx.list("SELECT org_id, id FROM number ORDER BY org_id, id", &[], |r| Ok((r.get(0)?, r.get(1)?)))?;
    // What was handed out at that moment may have gone out.
    for (org, number) in numbers {
        let mut org = tx.org(org);
        org.recover_messages(number, i64::MAX, now, NEVER)?;
        let doubt = Doubt { began_at: Timestamp(0), found_at: now, settle_at: NEVER };
        while org.recover_number(number, i64::MAX, doubt, BATCH)? {}
    }
    tx.execute("UPDATE follow_up SET due_at = $1 WHERE kind = 3", args![NEVER])?;
    tx.execute("UPDATE message SET due_at = $1 WHERE state = 2 AND state < 3", args![NEVER])?;
    // A queued message would have been its next attempt, and a status of it names that attempt.
    tx.execute(
        "UPDATE message SET state = 2, attempt = attempt + 1, began_at = coalesce(began_at, created_at), \
         attempted_at = $1, due_at = $2 WHERE state = 0 AND state < 3",
        args![now, NEVER],
    )?;
    let messages = tx.get("SELECT count(*) FROM message WHERE state = 2 AND state < 3", &[], |r| r.get(0))?;
    let mut campaigns = tx.execute(
        "UPDATE campaign SET state = 'paused', paused_reason = $1 WHERE state = 'planning' AND finished_at IS NULL",
        args![RESTORED_PLANNING],
    )?;
    // One that a person had paused may have been resumed since; one that was completed may have had
    // messages to try again.
    campaigns += tx.execute(
        "UPDATE campaign SET state = 'paused', paused_reason = $1, finished_at = NULL \
         WHERE state = 'running' OR state = 'paused' AND coalesce(paused_reason, '') NOT IN ($1, $2) \
         OR state = 'completed' AND 0 < (SELECT coalesce(sum(k.n), 0) FROM campaign_count k \
         WHERE k.org_id = campaign.org_id AND k.campaign_id = campaign.id AND k.state = 0)",
        args![RESTORED, RESTORED_PLANNING],
    )?;
    let jobs = tx.execute(
        "UPDATE job SET state = 'failed', finished_at = $1, \
         error = 'It was not done when the backup was made, and its file is not in the backup: import it again.' \
         WHERE finished_at IS NULL",
        args![now],
    )?;
    let mails = tx.execute("DELETE FROM mail", &[])?;
    let waiting = tx.get(
        "SELECT CAST(coalesce(sum(k.n), 0) AS BIGINT) FROM campaign c JOIN campaign_count k ON k.org_id = c.org_id \
         AND k.campaign_id = c.id AND k.state = 0 WHERE c.paused_reason IN ($1, $2)",
        args![RESTORED, RESTORED_PLANNING],
        |r| r.get(0),
    )?;
    let uncertain = tx.get("SELECT count(*) FROM follow_up WHERE kind = 3", &[], |r| r.get(0))?;
    Ok(Held { campaigns, waiting, uncertain, messages, jobs, mails })
}
