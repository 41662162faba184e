//! What a sender must know of a number, its account and its campaigns.

use crate::{
    args,
    campaigns::{Definition, from_json},
    seam::{OrgTx, Result},
    watermarks::{COLUMNS as WATERMARK, watermark},
};
use tisara_domain::{CampaignId, ContactId, NumberId, Timestamp, WabaId, watermark::Watermark};

/// A number with everything needed to send from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingAccount {
    /// Meta's id of the number.
    pub meta_id: String,
    /// The account it belongs to.
    pub waba_id: WabaId,
    /// The business portfolio in which its user ids hold.
    pub portfolio: String,
    /// The account's access token, sealed.
    pub token: Vec<u8>,
    /// The organization's data key, sealed.
    pub data_key: Vec<u8>,
    /// Messages a second.
    pub pace_per_second: u32,
    /// Why nothing may be sent from it at present.
    pub stopped_reason: Option<String>,
    /// When the newest webhook of its account came, applied or not.
    pub last_webhook_at: Option<Timestamp>,
    /// How far the account's news have come.
    pub news: Watermark,
}

/// A running campaign as its sender sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningCampaign {
    /// The campaign.
    pub id: CampaignId,
    /// What and to whom.
    pub definition: Definition,
    /// Meta's name of the template.
    pub template: String,
    /// Its language.
    pub language: String,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: String,
    /// The components as Meta gave them, JSON.
    pub components: String,
}

impl OrgTx<'_, '_> {
    /// The number with its account, if this organization has it.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_sending_account(&mut self, number: NumberId) -> Result<Option<SendingAccount>> {
        // The newest entry of the account: asked as a range, as PostgreSQL would otherwise go back through everybody's
        // entries until it meets one of this account.
        self.tx.find(
            &format!(
                "SELECT n.meta_id, n.waba_id, w.portfolio, w.token, o.data_key, n.pace_per_second, n.stopped_reason, \
                 (SELECT j.received_at FROM journal j WHERE j.waba >= w.meta_id AND j.waba <= w.meta_id \
                 ORDER BY j.waba DESC, j.id DESC LIMIT 1), \
                 {WATERMARK} \
                 FROM number n JOIN waba w ON w.org_id = n.org_id AND w.id = n.waba_id \
                 JOIN organization o ON o.id = n.org_id \
                 LEFT JOIN watermark f ON f.org_id = n.org_id AND f.waba_id = n.waba_id \
                 WHERE n.org_id = $1 AND n.id = $2"
            ),
            args![self.org, number],
            |r| {
                Ok(SendingAccount {
                    meta_id: r.get(0)?,
                    waba_id: r.get(1)?,
                    portfolio: r.get(2)?,
                    token: r.get(3)?,
                    data_key: r.get(4)?,
                    pace_per_second: r.get(5)?,
                    stopped_reason: r.get(6)?,
                    last_webhook_at: r.get(7)?,
                    news: watermark(r, 8)?,
                })
            },
        )
    }

    /// The running campaigns of a number.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_running_campaigns(&mut self, number: NumberId) -> Result<Vec<RunningCampaign>> {
        self.tx.list(
            "SELECT c.id, c.definition, t.name, t.language, v.parameter_format, v.components FROM campaign c \
             JOIN template t ON t.org_id = c.org_id AND t.id = c.template_id \
             JOIN template_version v ON v.org_id = c.org_id AND v.template_id = c.template_id AND v.version = c.template_version \
             WHERE c.org_id = $1 AND c.number_id = $2 AND c.finished_at IS NULL AND c.state = 'running' ORDER BY c.id",
            args![self.org, number],
            |r| {
                Ok(RunningCampaign {
                    id: r.get(0)?,
                    definition: from_json(r.get(1)?, 1)?,
                    template: r.get(2)?,
                    language: r.get(3)?,
                    parameter_format: r.get(4)?,
                    components: r.get(5)?,
                })
            },
        )
    }

    /// The person a row of the ledger is about.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_recipient_contact(&mut self, campaign: CampaignId, seq: i64) -> Result<Option<ContactId>> {
        self.tx.find(
            "SELECT contact_id FROM recipient WHERE org_id = $1 AND campaign_id = $2 AND seq = $3",
            args![self.org, campaign, seq],
            |r| r.get(0),
        )
    }

    /// Notes that WhatsApp cannot reach a person at their number (Meta: 131026).
    ///
    /// # Errors
    /// As the database says.
    pub fn note_unreachable(&mut self, contact: ContactId, now: Timestamp) -> Result<()> {
        self.tx.execute(
            "UPDATE contact SET reachable = 0, updated_at = $3 WHERE org_id = $1 AND id = $2",
            args![self.org, contact, now],
        )?;
        Ok(())
    }
}
