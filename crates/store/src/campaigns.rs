//! Campaigns: what is to be sent to whom, and where it stands. Their rows are in `ledger`.

use crate::{
    args,
    seam::{Engine, Error, IsTransient, OrgTx, Result, Row},
    segments::Rule,
};
use serde::{Deserialize, Serialize};
use tisara_domain::{
    CampaignId, CampaignState, ContactId, FieldId, LabelId, NumberId, RecipientState, SegmentId, TemplateId,
    Timestamp,
    campaign::{CampaignConflict, CampaignEvent},
    settle::SettlePolicy,
};

/// What a campaign says and to whom; frozen when it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Who is to get it.
    pub audience: Audience,
    /// A value for each variable of the template.
    pub bindings: Vec<Binding>,
    /// The picture, video or document of a template whose header wants one.
    #[serde(default)]
    pub header_media: Option<HeaderMedia>,
    /// Skip people without a recorded consent to marketing.
    pub require_consent: bool,
    /// Skip people who got a campaign message within this many hours.
    #[serde(default)]
    pub frequency_cap_hours: Option<u32>,
    /// What becomes of messages that may or may not have gone out.
    #[serde(default)]
    pub settle: SettlePolicy,
}

/// Who is to get a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Audience {
    /// Every contact.
    All,
    /// The contacts with a label.
    Label {
        /// The label.
        label: LabelId,
    },
    /// The contacts of a segment.
    Segment {
        /// The segment.
        segment: SegmentId,
        /// Its rule: as it was when the campaign was started, until then when it was made.
        rule: Rule,
    },
    /// These contacts.
    Contacts {
        /// Their ids; the order does not matter.
        contacts: Vec<ContactId>,
    },
}

/// Where one variable's value comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// The part of the template that holds the variable.
    pub place: Place,
    /// The variable: `1`, or `first_name`.
    pub name: String,
    /// Its source.
    pub source: Source,
    /// The value where the source has none; without one the person is skipped.
    #[serde(default)]
    pub fallback: Option<String>,
}

/// A part of a template that can hold variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The text header.
    Header,
    /// The body.
    Body,
    /// The button at this index: the end of its URL, or its coupon code.
    Button {
        /// From 0, as Meta counts.
        index: u8,
    },
}

/// What a variable's value is taken from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// The contact's name.
    Name,
    /// The contact's phone number.
    Phone,
    /// A custom field.
    Field {
        /// The field.
        field: FieldId,
    },
    /// The same text for everyone.
    Text {
        /// The text.
        text: String,
    },
}

/// The media of a template's header: one of `link` and `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderMedia {
    /// `image`, `video` or `document`.
    pub kind: String,
    /// A public https address.
    #[serde(default)]
    pub link: Option<String>,
    /// An id that Meta gave for an upload.
    #[serde(default)]
    pub id: Option<String>,
    /// The name a document shows.
    #[serde(default)]
    pub filename: Option<String>,
}

/// A campaign as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// What people call it.
    pub name: String,
    /// The number it is sent from.
    pub number_id: NumberId,
    /// The template it sends.
    pub template_id: TemplateId,
    /// The version of the template that was current when the campaign was made.
    pub template_version: i64,
    /// Where it stands.
    pub state: CampaignState,
    /// Why it is paused, in words for a person, when the engine paused it.
    pub paused_reason: Option<String>,
    /// What and to whom.
    pub definition: Definition,
    /// Rows in its ledger.
    pub planned: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

/// A campaign to be stored, as a draft.
#[derive(Clone, Debug)]
pub struct NewCampaign {
    /// Its id.
    pub id: CampaignId,
    /// What people call it.
    pub name: String,
    /// The number it is sent from.
    pub number_id: NumberId,
    /// The template it sends.
    pub template_id: TemplateId,
    /// The template's current version.
    pub template_version: i64,
    /// What and to whom.
    pub definition: Definition,
    /// Now.
    pub created_at: Timestamp,
}

/// How many recipients are in one state for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// The state.
    pub state: RecipientState,
    /// For skipped rows the code of the reason, for failed ones Meta's code (or one of ours), else 0.
    pub reason: i32,
    /// How many.
    pub n: i64,
}

/// Why a campaign could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// There is none with this id in this organization.
    #[error("there is no such campaign")]
    NotFound,
    /// It is not in a state for that.
    #[error(transparent)]
    Conflict(#[from] CampaignConflict),
    /// It came out of a backup: what waits in it may have been sent since.
    #[error("this campaign was restored from a backup, and what waits in it may have been sent since")]
    Restored,
    /// It is not held because of a restore.
    #[error("this campaign is not held since a restore")]
    NotRestored,
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

impl IsTransient for CampaignError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Store(e) if e.is_transient())
    }

    fn storage(&self) -> Option<&Error> {
        if let Self::Store(e) = self { Some(e) } else { None }
    }
}

const COLUMNS: &str = "id, name, number_id, template_id, template_version, state, paused_reason, definition, \
                       planned, created_at, started_at, finished_at";

impl OrgTx<'_, '_> {
    /// Stores a draft.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_campaign(&mut self, new: &NewCampaign) -> Result<()> {
        self.tx.execute(
            "INSERT INTO campaign (org_id, id, name, number_id, template_id, template_version, state, definition, \
             planned, created_at) VALUES ($1, $2, $3, $4, $5, $6, 'draft', $7, 0, $8)",
            args![
                self.org,
                new.id,
                new.name,
                new.number_id,
                new.template_id,
                new.template_version,
                to_json(&new.definition)?,
                new.created_at,
            ],
        )?;
        Ok(())
    }

    /// The campaign, if this organization has it.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_campaign(&mut self, id: CampaignId) -> Result<Option<Campaign>> {
        let sql = format!("SELECT {COLUMNS} FROM campaign WHERE org_id = $1 AND id = $2");
        self.tx.find(&sql, args![self.org, id], campaign)
    }

    /// A page of campaigns, newest first, of those older than `before`.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_campaigns(&mut self, before: Option<CampaignId>, limit: u32) -> Result<Vec<Campaign>> {
        match before {
            None => {
                let sql =
                    format!("SELECT {COLUMNS} FROM campaign WHERE org_id = $1 ORDER BY id DESC LIMIT $2");
                self.tx.list(&sql, args![self.org, limit], campaign)
            }
            Some(before) => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM campaign WHERE org_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
                );
                self.tx.list(&sql, args![self.org, before, limit], campaign)
            }
        }
    }

    /// Moves a campaign by an event and says where it then is.
    ///
    /// # Errors
    /// When there is none, or it cannot do that now.
    pub fn move_campaign(
        &mut self,
        id: CampaignId,
        event: CampaignEvent,
        now: Timestamp,
    ) -> Result<CampaignState, CampaignError> {
        self.move_campaign_because(id, event, None, now)
    }

    /// As [`OrgTx::move_campaign`], with the reason in words when the engine pauses it.
    ///
    /// # Errors
    /// When there is none, or it cannot do that now.
    pub fn move_campaign_because(
        &mut self,
        id: CampaignId,
        event: CampaignEvent,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<CampaignState, CampaignError> {
        let (from, held): (CampaignState, Option<String>) = self
            .tx
            .find(
                "SELECT state, paused_reason FROM campaign WHERE org_id = $1 AND id = $2",
                args![self.org, id],
                |r| Ok((r.get(0)?, r.get(1)?)),
            )?
            .ok_or(CampaignError::NotFound)?;
        let to = from.after(event)?;
        if event == CampaignEvent::Resume && crate::backup::is_restored(held.as_deref()) {
            return Err(CampaignError::Restored);
        }
        if event == CampaignEvent::Start {
            self.freeze_rule(id)?;
        }
        let started = (event == CampaignEvent::Start).then_some(now);
        // A cancelled campaign is over once what waited has been skipped, see `skip_cancelled`.
        let finished =
            (event == CampaignEvent::Finish || from == CampaignState::Draft && to.is_over()).then_some(now);
        let moved = self.tx.execute(
            "UPDATE campaign SET state = $3, paused_reason = $4, started_at = coalesce(started_at, $5), \
             finished_at = coalesce(finished_at, $6) WHERE org_id = $1 AND id = $2 AND state = $7",
            args![self.org, id, to, reason, started, finished, from],
        )?;
        if moved == 0 {
            // Somebody moved it since the line above; on PostgreSQL the row was not locked.
            return Err(
                Error::Conflict("the campaign was being changed at the same moment".to_owned()).into()
            );
        }
        Ok(to)
    }

    /// Whom a segment means is decided when the campaign starts, by the rule it has then; one that is gone
    /// leaves the rule that the campaign was made with.
    fn freeze_rule(&mut self, id: CampaignId) -> Result<()> {
        let Some(mut campaign) = self.find_campaign(id)? else { return Ok(()) };
        let Audience::Segment { segment, rule } = &mut campaign.definition.audience else { return Ok(()) };
        let Some(now) = self.find_segment(*segment)?.map(|s| s.rule).filter(|now| now != rule) else {
            return Ok(());
        };
        *rule = now;
        self.tx.execute(
            "UPDATE campaign SET definition = $3 WHERE org_id = $1 AND id = $2",
            args![self.org, id, to_json(&campaign.definition)?],
        )?;
        Ok(())
    }

    /// The state of a campaign, which nobody else changes until this transaction ends.
    pub(crate) fn lock_campaign(&mut self, id: CampaignId) -> Result<Option<CampaignState>> {
        let sql = match self.tx.engine() {
            Engine::Sqlite => "SELECT state FROM campaign WHERE org_id = $1 AND id = $2",
            Engine::Postgres => "SELECT state FROM campaign WHERE org_id = $1 AND id = $2 FOR UPDATE",
        };
        self.tx.find(sql, args![self.org, id], |r| r.get(0))
    }

    /// Lets a completed campaign run again, because a row of it waits again; any other stays as it is.
    /// Lock it before the row is changed.
    pub(crate) fn reopen_campaign(&mut self, id: CampaignId) -> Result<()> {
        self.tx.execute(
            "UPDATE campaign SET state = 'running', finished_at = NULL \
             WHERE org_id = $1 AND id = $2 AND state = 'completed'",
            args![self.org, id],
        )?;
        Ok(())
    }

    /// The counts of a campaign's rows by state and reason, from its counters.
    ///
    /// # Errors
    /// As the database says.
    pub fn campaign_counts(&mut self, id: CampaignId) -> Result<Vec<Count>> {
        self.tx.list(
            "SELECT state, reason, CAST(sum(n) AS BIGINT) FROM campaign_count WHERE org_id = $1 AND campaign_id = $2 \
             GROUP BY state, reason HAVING sum(n) <> 0 ORDER BY state, reason",
            args![self.org, id],
            |r| Ok(Count { state: r.get(0)?, reason: r.get(1)?, n: r.get(2)? }),
        )
    }
}

pub(crate) fn campaign(row: &Row<'_>) -> Result<Campaign> {
    Ok(Campaign {
        id: row.get(0)?,
        name: row.get(1)?,
        number_id: row.get(2)?,
        template_id: row.get(3)?,
        template_version: row.get(4)?,
        state: row.get(5)?,
        paused_reason: row.get(6)?,
        definition: from_json(row.get(7)?, 7)?,
        planned: row.get(8)?,
        created_at: row.get(9)?,
        started_at: row.get(10)?,
        finished_at: row.get(11)?,
    })
}

/// JSON for a column that SQL never reads.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Sql(format!("a value cannot be written as JSON: {e}")))
}

/// The value of such a column.
pub(crate) fn from_json<'r, T: Deserialize<'r>>(text: &'r str, column: usize) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::Decode { column, wanted: "JSON of the expected shape" })
}
