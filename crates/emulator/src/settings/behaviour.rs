//! What happens: rules, pace, timing, habits of users, webhooks. All of it may change while the
//! emulator runs.

use super::{CallBehaviour, CommerceBehaviour, Fault, FlowBehaviour, GroupBehaviour};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Everything that may be patched by `POST /_emulator/config`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// How long every Graph call takes, in milliseconds. Meta's guide plans with about 350.
    pub latency_ms: u64,
    /// Which of Meta's rules are enforced.
    pub rules: Rules,
    /// How fast numbers may send.
    pub pace: PaceSettings,
    /// What users do whom nobody described one by one.
    pub population: Population,
    /// How long statuses take.
    pub statuses: StatusSettings,
    /// How webhooks are delivered.
    pub webhooks: WebhookSettings,
    /// How flows and their endpoints are judged.
    pub flows: FlowBehaviour,
    /// How calls are made and taken.
    pub calling: CallBehaviour,
    /// Who may make groups, and how large.
    pub groups: GroupBehaviour,
    /// Whether products must be in a catalog.
    pub commerce: CommerceBehaviour,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What counts as the same message in the report.
    pub identity: Identity,
}

impl Behaviour {
    /// What makes no sense: parts outside 0 to 1, delays that end before they begin.
    pub(crate) fn check(&self) -> Result<(), String> {
        let p = &self.population;
        let parts = [
            ("population.not_on_whatsapp", p.not_on_whatsapp),
            ("population.offline", p.offline),
            ("population.reads", p.reads),
            ("population.read_only", p.read_only),
            ("population.opted_out", p.opted_out),
            ("population.username", p.username),
            ("population.phone_hidden", p.phone_hidden),
            ("population.replies", p.replies),
            ("population.stops", p.stops),
            ("rules.experiment", self.rules.experiment),
            ("statuses.failed_after_sent", self.statuses.failed_after_sent),
        ];
        if let Some((name, part)) = parts.iter().find(|(_, part)| !(0.0..=1.0).contains(part)) {
            return Err(format!("{name} is a part from 0 to 1, not {part}"));
        }
        let s = &self.statuses;
        let delays = [
            ("sent_ms", s.sent_ms),
            ("delivered_ms", s.delivered_ms),
            ("read_ms", s.read_ms),
            ("failed_ms", s.failed_ms),
        ];
        match delays.iter().find(|(_, (low, high))| low > high) {
            Some((name, _)) => Err(format!("statuses.{name} is the least and the most, in this order")),
            None => Ok(()),
        }
    }
}

/// Which of Meta's rules are enforced; all but the rare ones are on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Users without WhatsApp fail with 131026.
    pub not_on_whatsapp: bool,
    /// Free-form messages outside the 24-hour window fail with 131047.
    pub closed_window: bool,
    /// Marketing to users who stopped it fails with 131050.
    pub opted_out: bool,
    /// Marketing to +1 US numbers fails with 131049.
    pub us_marketing: bool,
    /// Marketing to one user from all businesses: beyond the cap it fails with 131049. Off at first.
    pub user_cap: Option<UserCap>,
    /// Unique users outside windows per portfolio and 24 hours: beyond the limit it fails with
    /// 131048 (Meta names no code).
    pub messaging_limit: bool,
    /// A portfolio that has used half its limit gets the next one six hours later.
    pub limit_upgrades: bool,
    /// Numbers on the block list are refused with 130403.
    pub block_list: bool,
    /// Countries (ISO) that may not be written to: refused with 130497.
    pub forbidden_countries: Vec<String>,
    /// The part of users in one of Meta's experiments, whose marketing fails with 130472.
    pub experiment: f64,
    /// A user whom the cap has refused gets no marketing for so many hours, retried or not. 0 is off.
    pub user_cap_rest_hours: u32,
    /// Templates of an account without payment method fail with 131042.
    pub payment: bool,
    /// Media links that end in `/missing` or `.invalid` fail with 131053.
    pub media_fetch: bool,
    /// Media ids must have been uploaded here.
    pub media_ids: bool,
    /// Lengths, counts and kinds of fields are checked.
    pub field_limits: bool,
    /// Parameters of templates are checked against the template.
    pub template_parameters: bool,
    /// A recipient of at most ten digits without `+` gets the country code of the business.
    pub country_code_without_plus: bool,
    /// `wa_id` of Brazilian and Mexican numbers differs from the number written to.
    pub rewrite_br_mx: bool,
    /// New marketing templates are paced: the first so many go out, the rest is held until they
    /// were judged. 0 is off.
    pub pacing_after: u32,
    /// Portfolios with fewer than 500,000 template messages, or under suspicion, are paced: so many
    /// template messages go out, the rest waits in batches of that size. 0 is off.
    pub portfolio_pacing_after: u32,
    /// How long pacing holds messages, in milliseconds.
    pub pacing_hold_ms: u64,
    /// What cannot be delivered within its template's time to live is dropped without a word.
    pub template_ttl: bool,
    /// Templates in the wrong category are moved, or refused, on the first of the next month.
    pub recategorise: bool,
    /// Management calls have their rate for each app and account: 80007 above it.
    pub management_rate: bool,
    /// How many calls an app may make in an hour: 4 above it. 0 is no limit.
    pub app_calls_per_hour: u64,
    /// Meta keeps the phone numbers a portfolio has written to, so that users who hide theirs are
    /// known to it all the same.
    pub contact_book: bool,
    /// How long a template is in review, in milliseconds.
    pub review_ms: u64,
    /// Whether created templates are checked as Meta's format rules say.
    pub template_format: bool,
    /// A template whose quality turns RED is paused (3 h, 6 h, then disabled).
    pub quality_pauses: bool,
    /// Codes of Embedded Signup work once and for 30 seconds.
    pub signup_code_life: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            not_on_whatsapp: true,
            closed_window: true,
            opted_out: true,
            us_marketing: true,
            user_cap: None,
            user_cap_rest_hours: 24,
            messaging_limit: true,
            limit_upgrades: true,
            block_list: true,
            forbidden_countries: Vec::new(),
            experiment: 0.0,
            payment: true,
            media_fetch: true,
            media_ids: true,
            field_limits: true,
            template_parameters: true,
            country_code_without_plus: true,
            rewrite_br_mx: false,
            pacing_after: 0,
            portfolio_pacing_after: 0,
            pacing_hold_ms: 600_000,
            template_ttl: true,
            recategorise: true,
            management_rate: true,
            app_calls_per_hour: 0,
            contact_book: true,
            review_ms: 5_000,
            template_format: true,
            quality_pauses: true,
            signup_code_life: true,
        }
    }
}

/// Meta's cap of marketing templates for one user.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserCap {
    /// So many…
    pub messages: u32,
    /// …within so many hours.
    pub hours: u32,
}

/// How fast a number may send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaceSettings {
    /// Of every number that has no pace of its own: 80, 1000, 20 (coexistence) or `"max"`.
    pub messages_per_second: Throughput,
    /// How much of a second's messages may come at once, in milliseconds.
    pub burst_ms: u64,
    /// Per recipient (131056); `null` switches it off.
    pub pair: Option<PairPace>,
}

impl Default for PaceSettings {
    fn default() -> Self {
        Self {
            messages_per_second: Throughput::PerSecond(80),
            burst_ms: 1_000,
            pair: Some(PairPace { interval_ms: 6_000, burst: 45 }),
        }
    }
}

/// The pace towards one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairPace {
    /// One message in so many milliseconds…
    pub interval_ms: u64,
    /// …and so many at once, borrowed from the future.
    pub burst: u32,
}

/// Messages a second, or no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Throughput {
    /// That many.
    PerSecond(u32),
    /// As fast as it can; written `"max"`.
    Max,
}

impl Serialize for Throughput {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::PerSecond(n) => s.serialize_u32(*n),
            Self::Max => s.serialize_str("max"),
        }
    }
}

impl<'de> Deserialize<'de> for Throughput {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u32),
            Word(String),
        }
        match Written::deserialize(d)? {
            Written::Number(n) if n > 0 => Ok(Self::PerSecond(n)),
            Written::Word(w) if w == "max" => Ok(Self::Max),
            _ => Err(de::Error::custom("messages a second: a number above 0, or \"max\"")),
        }
    }
}

/// The habits of users nobody described one by one: parts from 0 to 1. Whether a given user is one
/// of them follows from the seed and the phone number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Population {
    /// Have no WhatsApp.
    pub not_on_whatsapp: f64,
    /// Are offline: `sent`, never `delivered`.
    pub offline: f64,
    /// Read what they get and let it be known.
    pub reads: f64,
    /// Of the messages read: those with the chat open, where `delivered` is left out.
    pub read_only: f64,
    /// Have stopped marketing from the start.
    pub opted_out: f64,
    /// Have a username.
    pub username: f64,
    /// Of those with a username: hide their phone number until they share it.
    pub phone_hidden: f64,
    /// Answer a message they have read.
    pub replies: f64,
    /// Stop marketing after a marketing message they have read.
    pub stops: f64,
}

impl Default for Population {
    fn default() -> Self {
        Self {
            not_on_whatsapp: 0.0,
            offline: 0.0,
            reads: 0.6,
            read_only: 0.0,
            opted_out: 0.0,
            username: 0.0,
            phone_hidden: 0.0,
            replies: 0.0,
            stops: 0.0,
        }
    }
}

/// The least and the most of a delay, in milliseconds, both included.
pub type Between = (u64, u64);

/// How long each status takes after the one before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatusSettings {
    /// From accepting to `sent`.
    pub sent_ms: Between,
    /// From `sent` to `delivered`.
    pub delivered_ms: Between,
    /// From `delivered` to `read`.
    pub read_ms: Between,
    /// From accepting to `failed`.
    pub failed_ms: Between,
    /// The part of failures that come after a `sent`.
    pub failed_after_sent: f64,
}

impl Default for StatusSettings {
    fn default() -> Self {
        Self {
            sent_ms: (100, 1_000),
            delivered_ms: (200, 3_000),
            read_ms: (1_000, 60_000),
            failed_ms: (100, 2_000),
            failed_after_sent: 0.0,
        }
    }
}

/// How webhooks are delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Nothing is posted while this is true; everything waits.
    pub held: bool,
    /// Updates in one POST, at most 1,000.
    pub batch: usize,
    /// How long to gather a batch, in milliseconds.
    pub linger_ms: u64,
    /// POSTs under way at once, for each app.
    pub parallel: usize,
    /// An answer later than this is a failure.
    pub timeout_ms: u64,
    /// First wait after a failure; doubles each time.
    pub retry_first_ms: u64,
    /// Longest wait between two tries.
    pub retry_most_ms: u64,
    /// After this an update is given up. Meta: 7 days.
    pub retry_for_ms: u64,
    /// What one app has refused goes again to every app that is subscribed, as Meta's retries do.
    pub retry_to_all: bool,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            held: false,
            batch: 100,
            linger_ms: 0,
            parallel: 4,
            timeout_ms: 20_000,
            retry_first_ms: 1_000,
            retry_most_ms: 3_600_000,
            retry_for_ms: 7 * 86_400_000,
            retry_to_all: true,
        }
    }
}

/// What makes two accepted sends the same message in the report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Identity {
    /// Equal `biz_opaque_callback_data`.
    #[default]
    CallbackData,
    /// `biz_opaque_callback_data` equal in its first parts: `{"callback_data_up_to":{"separator":".","parts":2}}`
    /// takes `job.7.1` and `job.7.2` for two attempts at one message.
    CallbackDataUpTo {
        /// Parts the data.
        separator: char,
        /// How many parts count.
        parts: usize,
    },
    /// Same sender, user, template and values.
    UserAndTemplate,
}
