//! Planning: freezing an audience into recipients, slice by slice.
//!
//! Each slice is one set-based statement and its own short transaction, so that a million rows never
//! hold SQLite's one writer for seconds. The campaign remembers the last contact that has its row:
//! a crash between slices resumes there, and no contact gets two rows.

use super::{
    CHUNK_ROWS,
    counts::{Deltas, Slot},
    values::shared,
};
use crate::{
    args,
    campaigns::{Audience, Binding, Campaign, Definition, Source},
    seam::{Arg, Engine, OrgTx, Result, ToArg as _},
    segments::Sets,
};
use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _};
use tisara_domain::{
    CampaignId, CampaignState, ContactId, Duration, RecipientState, SkipReason, Timestamp,
    consent::ConsentState, id::TypedId as _,
};

/// Rows that one slice plans: whole chunks.
pub const SLICE_ROWS: i64 = 20 * CHUNK_ROWS;
/// Contacts of a given list that one slice looks up.
const LISTED_CONTACTS: usize = 500;
/// Contacts of a segment that one slice looks up.
const CHOSEN_CONTACTS: usize = SLICE_ROWS as usize;

/// Whom a slice is for.
#[derive(Clone, Debug)]
pub struct Chosen {
    after: ContactId,
    contacts: Vec<ContactId>,
}

/// What the slice's statement must know beside the campaign.
#[derive(Clone, Debug)]
pub struct PlanRules {
    /// The template is a marketing one: Meta delivers none to US numbers.
    pub marketing: bool,
    /// The business portfolio of the sending number, in which its user ids hold.
    pub portfolio: String,
}

/// How a slice went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// There may be more.
    More,
    /// The audience is frozen.
    All,
    /// The campaign is not being planned (any more).
    NotPlanning,
}

/// How many of an audience would be planned and skipped, by reason (0: would be sent).
pub type Estimate = Vec<(i64, i64)>;

impl OrgTx<'_, '_> {
    /// Whom the next slice of a campaign is for, if its audience is a segment. Worked out beside the
    /// writer: it may take a while.
    ///
    /// # Errors
    /// As the database says.
    pub fn choose_slice(&mut self, id: CampaignId, sets: &Sets, now: Timestamp) -> Result<Option<Chosen>> {
        let Some((campaign, after)) = self.campaign_being_planned(id)? else { return Ok(None) };
        let Audience::Segment { rule, .. } = &campaign.definition.audience else { return Ok(None) };
        let contacts = self.find_by_rule(rule, sets, now)?.oldest(after, CHOSEN_CONTACTS);
        Ok(Some(Chosen { after: after.unwrap_or_else(|| ContactId::from_bytes([0; 16])), contacts }))
    }

    /// Plans the next slice of a campaign; of one to a segment, for those whom
    /// [`OrgTx::choose_slice`] named.
    ///
    /// # Errors
    /// As the database says; nothing of the slice is then written.
    pub fn plan_slice(
        &mut self,
        id: CampaignId,
        rules: &PlanRules,
        chosen: Option<&Chosen>,
        now: Timestamp,
    ) -> Result<Planned> {
        let Some((campaign, after)) = self.campaign_being_planned(id)? else {
            return Ok(Planned::NotPlanning);
        };
        let after = after.unwrap_or_else(|| ContactId::from_bytes([0; 16]));
        let part = match (&campaign.definition.audience, chosen) {
            (Audience::Contacts { contacts }, _) => Part::listed(contacts, after),
            // Chosen behind another place: somebody else has planned a slice since.
            (Audience::Segment { .. }, Some(chosen)) if chosen.after == after => {
                Part::Chosen(chosen.contacts.clone())
            }
            (Audience::Segment { .. }, _) => return Ok(Planned::More),
            (audience, _) => Part::of(audience, after),
        };
        let first = campaign.planned;
        let planned =
            if part.is_empty() { 0 } else { self.insert_slice(&campaign, first, &part, rules, now)? };
        self.add_chunks(&campaign, first, first + planned)?;
        self.count_slice(id, first, planned)?;
        let last = match &part {
            Part::Listed(ids) | Part::Chosen(ids) => ids.last().copied(),
            _ => self.last_planned(id)?,
        };
        self.tx.execute(
            "UPDATE campaign SET planned = $3, plan_after = coalesce($4, plan_after) WHERE org_id = $1 AND id = $2",
            args![self.org, id, first + planned, last],
        )?;
        let done = match &part {
            Part::Listed(ids) => ids.len() < LISTED_CONTACTS,
            Part::Chosen(ids) => ids.len() < CHOSEN_CONTACTS,
            _ => planned < SLICE_ROWS,
        };
        Ok(if done { Planned::All } else { Planned::More })
    }

    /// What planning must know of a campaign's template and number.
    ///
    /// # Errors
    /// As the database says.
    pub fn get_plan_rules(&mut self, id: CampaignId) -> Result<PlanRules> {
        self.tx.get(
            "SELECT t.category, w.portfolio FROM campaign c \
             JOIN template t ON t.org_id = c.org_id AND t.id = c.template_id \
             JOIN number n ON n.org_id = c.org_id AND n.id = c.number_id \
             JOIN waba w ON w.org_id = n.org_id AND w.id = n.waba_id WHERE c.org_id = $1 AND c.id = $2",
            args![self.org, id],
            |r| {
                let category: &str = r.get(0)?;
                Ok(PlanRules { marketing: category.eq_ignore_ascii_case("MARKETING"), portfolio: r.get(1)? })
            },
        )
    }

    /// Counts what planning would do, without writing anything.
    ///
    /// # Errors
    /// As the database says.
    pub fn estimate_audience(
        &mut self,
        definition: &Definition,
        rules: &PlanRules,
        sets: &Sets,
        now: Timestamp,
    ) -> Result<Estimate> {
        let parts = match &definition.audience {
            Audience::Contacts { contacts } => vec![Part::Listed(contacts.clone())],
            Audience::Segment { rule, .. } => {
                let chosen = self.find_by_rule(rule, sets, now)?.oldest(None, usize::MAX);
                chosen.chunks(CHOSEN_CONTACTS).map(|ids| Part::Chosen(ids.to_vec())).collect()
            }
            audience => vec![Part::of(audience, ContactId::from_bytes([0; 16]))],
        };
        let mut reasons: BTreeMap<i64, i64> = BTreeMap::new();
        for part in parts.iter().filter(|part| !part.is_empty()) {
            let mut sql = Sql::new(self.tx.engine());
            let rows = sql.audience(self.org.to_bytes(), part, definition, rules, now, i64::MAX);
            let text = format!("SELECT reason, count(*) FROM ({rows}) a GROUP BY reason");
            self.tx.for_each(&text, &sql.args, |r| {
                *reasons.entry(r.get(0)?).or_default() += r.get::<i64>(1)?;
                Ok::<(), crate::Error>(())
            })?;
        }
        Ok(reasons.into_iter().collect())
    }

    fn campaign_being_planned(&mut self, id: CampaignId) -> Result<Option<(Campaign, Option<ContactId>)>> {
        let Some(campaign) = self.find_campaign(id)?.filter(|c| c.state == CampaignState::Planning) else {
            return Ok(None);
        };
        let after = self.tx.get(
            "SELECT plan_after FROM campaign WHERE org_id = $1 AND id = $2",
            args![self.org, id],
            |r| r.get(0),
        )?;
        Ok(Some((campaign, after)))
    }

    fn insert_slice(
        &mut self,
        campaign: &Campaign,
        first: i64,
        part: &Part,
        rules: &PlanRules,
        now: Timestamp,
    ) -> Result<i64> {
        let mut sql = Sql::new(self.tx.engine());
        let rows = sql.audience(self.org.to_bytes(), part, &campaign.definition, rules, now, SLICE_ROWS);
        let (org, id, first) =
            (sql.bind(self.org.to_arg()), sql.bind(campaign.id.to_arg()), sql.bind(first.to_arg()));
        // PostgreSQL takes the type of a bare placeholder in a SELECT list for text. SQLite gives the rows of a SELECT with
        // a limit in its order and would sort them once more.
        let (org, id, order) = match self.tx.engine() {
            Engine::Sqlite => (org, id, ""),
            Engine::Postgres => {
                (format!("CAST({org} AS UUID)"), format!("CAST({id} AS UUID)"), "ORDER BY a.id")
            }
        };
        let text = format!(
            "INSERT INTO recipient (org_id, campaign_id, seq, contact_id, address, variables, state, reason, attempt) \
             SELECT {org}, {id}, CAST({first} AS BIGINT) + row_number() OVER ({order}) - 1, a.id, \
             coalesce(a.address, ''), CASE WHEN a.reason = 0 THEN a.variables END, \
             CASE WHEN a.reason = 0 THEN {planned} ELSE {skipped} END, a.reason, 0 FROM ({rows}) a",
            planned = RecipientState::Planned.code(),
            skipped = RecipientState::Skipped.code(),
        );
        Ok(i64::try_from(self.tx.execute(&text, &sql.args)?).unwrap_or(i64::MAX))
    }

    fn add_chunks(&mut self, campaign: &Campaign, first: i64, end: i64) -> Result<()> {
        // A slice of listed contacts may begin in the middle of a chunk; a chunk is just a range.
        let mut from = first;
        while from < end {
            let to = end.min((from / CHUNK_ROWS + 1) * CHUNK_ROWS);
            self.tx.execute(
                "INSERT INTO chunk (org_id, campaign_id, no, number_id, next_seq, end_seq, state, lease, leased_from) \
                 VALUES ($1, $2, $3, $4, $3, $5, $6, 0, $3)",
                args![self.org, campaign.id, from, campaign.number_id, to, super::chunk_state::OPEN],
            )?;
            from = to;
        }
        Ok(())
    }

    fn count_slice(&mut self, id: CampaignId, first: i64, planned: i64) -> Result<()> {
        // Who is skipped has a reason, and an index holds nobody else.
        let skipped: Vec<(i64, i64)> = self.tx.list(
            "SELECT reason, count(*) FROM recipient \
             WHERE org_id = $1 AND campaign_id = $2 AND seq >= $3 AND reason <> 0 GROUP BY reason",
            args![self.org, id, first],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        let mut deltas = Deltas::default();
        let mut others = planned;
        for (reason, n) in skipped {
            deltas.added(id, (RecipientState::Skipped, reason), n);
            others -= n;
        }
        deltas.added(id, (RecipientState::Planned, 0), others);
        self.bump_counts(Slot::Sender, &deltas)
    }

    fn last_planned(&mut self, id: CampaignId) -> Result<Option<ContactId>> {
        self.tx.find(
            "SELECT contact_id FROM recipient WHERE org_id = $1 AND campaign_id = $2 ORDER BY seq DESC LIMIT 1",
            args![self.org, id],
            |r| r.get(0),
        )
    }
}

/// The part of an audience that one slice looks at.
enum Part {
    /// Contacts after this one, by id.
    All { after: ContactId },
    /// The same, among those with the label.
    Label { label: tisara_domain::LabelId, after: ContactId },
    /// Just these, sorted.
    Listed(Vec<ContactId>),
    /// Those whom a segment means, sorted, some thousands.
    Chosen(Vec<ContactId>),
}

impl Part {
    fn of(audience: &Audience, after: ContactId) -> Self {
        match audience {
            Audience::Label { label } => Self::Label { label: *label, after },
            _ => Self::All { after },
        }
    }

    fn listed(contacts: &[ContactId], after: ContactId) -> Self {
        let mut ids: Vec<ContactId> = contacts.iter().copied().filter(|id| *id > after).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(LISTED_CONTACTS);
        Self::Listed(ids)
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Listed(ids) | Self::Chosen(ids) if ids.is_empty())
    }
}

/// A statement being put together, with its values.
struct Sql<'a> {
    engine: Engine,
    args: Vec<Arg<'a>>,
}

impl<'a> Sql<'a> {
    fn new(engine: Engine) -> Self {
        Self { engine, args: Vec::new() }
    }

    fn bind(&mut self, arg: Arg<'a>) -> String {
        self.args.push(arg);
        format!("${}", self.args.len())
    }

    fn text(&mut self, value: &'a str) -> String {
        let placeholder = self.bind(Arg::Text(Some(Cow::Borrowed(value))));
        format!("CAST({placeholder} AS TEXT)")
    }

    /// `SELECT id, address, variables, reason` of the part's contacts, by id.
    fn audience(
        &mut self,
        org: [u8; 16],
        part: &Part,
        definition: &'a Definition,
        rules: &'a PlanRules,
        now: Timestamp,
        limit: i64,
    ) -> String {
        let org = self.bind(Arg::Id(Some(org)));
        let (from, filter) = match part {
            Part::All { after } => {
                let after = self.bind(Arg::Id(Some(after.to_bytes())));
                ("contact c".to_owned(), format!("c.org_id = {org} AND c.id > {after}"))
            }
            Part::Label { label, after } => {
                let label = self.bind(Arg::Id(Some(label.to_bytes())));
                let after = self.bind(Arg::Id(Some(after.to_bytes())));
                // PostgreSQL, where it walks through both side by side, would begin with the first of all contacts.
                let beside = match self.engine {
                    Engine::Sqlite => String::new(),
                    Engine::Postgres => format!(" AND c.id > {after}"),
                };
                (
                    "contact_label cl JOIN contact c ON c.org_id = cl.org_id AND c.id = cl.contact_id"
                        .to_owned(),
                    format!(
                        "cl.org_id = {org} AND cl.label_id = {label} AND cl.contact_id > {after}{beside}"
                    ),
                )
            }
            Part::Listed(ids) => {
                let ids: Vec<String> = ids.iter().map(|id| self.bind(Arg::Id(Some(id.to_bytes())))).collect();
                ("contact c".to_owned(), format!("c.org_id = {org} AND c.id IN ({})", ids.join(", ")))
            }
            // One value for all ids: as long as the list may be, there is one statement.
            Part::Chosen(ids) => {
                let hex =
                    |id: &ContactId| id.to_bytes().iter().map(|b| format!("{b:02x}")).collect::<String>();
                let ids: Vec<String> = ids.iter().map(hex).collect();
                match self.engine {
                    Engine::Sqlite => {
                        let ids =
                            self.bind(Arg::Text(Some(Cow::Owned(format!("[\"{}\"]", ids.join("\",\""))))));
                        let list = format!("SELECT unhex(value) FROM json_each({ids})");
                        ("contact c".to_owned(), format!("c.org_id = {org} AND c.id IN ({list})"))
                    }
                    Engine::Postgres => {
                        let ids = self.bind(Arg::Text(Some(Cow::Owned(ids.join(",")))));
                        (
                            format!(
                                "(SELECT DISTINCT unnest(string_to_array(CAST({ids} AS TEXT), ','))::uuid AS id) k \
                                 CROSS JOIN LATERAL (SELECT c.* FROM contact c WHERE c.org_id = {org} AND c.id = k.id OFFSET 0) c"
                            ),
                            "TRUE".to_owned(),
                        )
                    }
                }
            }
        };
        let order = if matches!(part, Part::Label { .. }) { "cl.contact_id" } else { "c.id" };
        let portfolio = self.text(&rules.portfolio);
        let mut fields = String::new();
        let bindings = definition.bindings.iter().enumerate();
        let values: Vec<String> =
            bindings.filter_map(|(i, binding)| self.value(i, binding, &mut fields)).collect();
        let reason = self.reason(definition, rules, now, &values);
        let variables = if definition.bindings.is_empty() {
            "CAST(NULL AS TEXT)".to_owned()
        } else {
            self.json_array(&values)
        };
        let limit = self.bind(Arg::Int(Some(limit)));
        // The inner SELECT picks the slice by key and looks up what is its people's; values and rules are worked out for it only.
        format!(
            "SELECT c.id, c.address, {variables} AS variables, {reason} AS reason FROM (\
             SELECT c.org_id, c.id, c.name, c.phone, c.region, c.consent, \
             coalesce(c.phone, (SELECT min(i.value) FROM contact_identity i WHERE i.org_id = c.org_id \
             AND i.contact_id = c.id AND i.portfolio = {portfolio} AND i.kind = 'bsuid')) AS address{fields} \
             FROM {from} WHERE {filter} ORDER BY {order} LIMIT {limit}) c"
        )
    }

    /// The SQL of one variable's value, NULL where there is none; `None` for a text that everybody gets. A field's value is a
    /// column of the slice, added to `fields`.
    fn value(&mut self, i: usize, binding: &'a Binding, fields: &mut String) -> Option<String> {
        let source = match &binding.source {
            Source::Name => "nullif(trim(c.name), '')".to_owned(),
            Source::Phone => "c.phone".to_owned(),
            Source::Field { field } => {
                let field = self.bind(Arg::Id(Some(field.to_bytes())));
                // Looked up for each, as the address is. Joined, PostgreSQL would read everybody's values for each slice.
                let _ = write!(
                    fields,
                    ", (SELECT f.value FROM contact_field f WHERE f.org_id = c.org_id AND f.contact_id = c.id \
                     AND f.field_id = {field}) AS field_{i}"
                );
                format!("nullif(trim(c.field_{i}), '')")
            }
            Source::Text { .. } => return None,
        };
        Some(match &binding.fallback {
            Some(fallback) => {
                let fallback = self.text(fallback);
                format!("coalesce({source}, nullif(trim({fallback}), ''))")
            }
            None => source,
        })
    }

    /// The SQL of the code of the first rule that excludes a person; 0 for none.
    fn reason(
        &mut self,
        definition: &Definition,
        rules: &PlanRules,
        now: Timestamp,
        values: &[String],
    ) -> String {
        let mut sql = format!("CASE WHEN c.address IS NULL THEN {}", SkipReason::NoIdentity.code());
        let mut rule = |condition: &str, reason: SkipReason| {
            let _ = write!(sql, " WHEN {condition} THEN {}", reason.code());
        };
        rule(&format!("c.consent = {}", ConsentState::OptedOut.code()), SkipReason::OptedOut);
        if definition.require_consent {
            rule(&format!("c.consent <> {}", ConsentState::OptedIn.code()), SkipReason::NoConsent);
        }
        if rules.marketing {
            rule("c.region = 'US'", SkipReason::UsMarketing);
        }
        if let Some(hours) = definition.frequency_cap_hours {
            let since = now.minus(Duration::from_secs(u64::from(hours) * 3600)).0;
            rule(
                &format!(
                    "EXISTS (SELECT 1 FROM recipient r WHERE r.org_id = c.org_id AND r.contact_id = c.id \
                     AND r.accepted_at > {since})"
                ),
                SkipReason::FrequencyCap,
            );
        }
        if definition.bindings.iter().any(|binding| shared(binding) == Some("")) {
            rule("1 = 1", SkipReason::InvalidValue);
        }
        for value in values {
            rule(&format!("{value} IS NULL"), SkipReason::InvalidValue);
        }
        sql.push_str(" ELSE 0 END");
        sql
    }

    fn json_array(&self, values: &[String]) -> String {
        let function = match self.engine {
            Engine::Sqlite => "json_array",
            Engine::Postgres => "json_build_array",
        };
        format!("CAST({function}({}) AS TEXT)", values.join(", "))
    }
}
