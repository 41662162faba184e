//! Who exists: apps, tokens, portfolios, accounts, numbers, templates.

use super::{CatalogSettings, FlowSettings, GroupSettings, ObjectId, Throughput, default_world};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything an installation of Meta's would know before the first call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct World {
    /// Developer apps.
    pub apps: Vec<AppSettings>,
    /// Access tokens.
    pub tokens: Vec<TokenSettings>,
    /// Business portfolios, each with its WhatsApp Business Accounts.
    pub portfolios: Vec<PortfolioSettings>,
}

impl Default for World {
    fn default() -> Self {
        default_world::world()
    }
}

impl World {
    /// Id of the app of the default world.
    pub const APP_ID: ObjectId = ObjectId(670_843_887_433_847);
    /// Secret of that app.
    pub const APP_SECRET: &str = "emulator-app-secret";
    /// Word that app expects back when its callback is verified.
    pub const VERIFY_TOKEN: &str = "emulator-verify-token";
    /// Token of the default world, good for everything and for ever.
    pub const TOKEN: &str = "EAAemulator";
    /// Portfolio of the default world.
    pub const PORTFOLIO_ID: ObjectId = ObjectId(2_729_063_490_586_005);
    /// WhatsApp Business Account of the default world.
    pub const WABA_ID: ObjectId = ObjectId(102_290_129_340_398);
    /// Phone number id of the default world.
    pub const NUMBER_ID: ObjectId = ObjectId(106_540_352_242_922);
    /// Catalog of the default world, connected to its account: `sku-1` and `sku-2`.
    pub const CATALOG_ID: ObjectId = ObjectId(194_836_987_003_835);
    /// Published flow of the default world, named `book_a_visit`: screens `WELCOME` and `DETAILS`.
    pub const FLOW_ID: ObjectId = ObjectId(884_127_190_345_671);
}

/// A developer app.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppSettings {
    /// Its id.
    pub id: ObjectId,
    /// Its name.
    pub name: String,
    /// Signs webhooks and proves the app.
    pub secret: String,
    /// Sent as `hub.verify_token` when the callback is set.
    pub verify_token: String,
    /// Where webhooks go; nowhere while empty.
    pub callback_url: Option<String>,
    /// Webhook fields the app listens to; empty means all.
    pub fields: Vec<String>,
    /// Version of its webhooks: up to 23 statuses carry `conversation`.
    pub webhook_version: u32,
    /// Where `signed_request` is posted when a customer removes the app.
    pub deauthorize_url: Option<String>,
}

/// An access token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenSettings {
    /// The token itself.
    pub token: String,
    /// The app it was made for.
    pub app: ObjectId,
    /// Accounts it may use; empty means all.
    pub wabas: Vec<ObjectId>,
    /// Permissions; empty means all of WhatsApp's.
    pub scopes: Vec<String>,
    /// Unix seconds after which it is refused with 190; 0 is never.
    pub expires_at: i64,
}

/// A business portfolio: messaging limits and user ids belong to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortfolioSettings {
    /// Its id.
    pub id: ObjectId,
    /// Its name.
    pub name: String,
    /// Unique users reachable outside windows in 24 hours: 250, 2000, 10000, 100000, or 0 for no
    /// limit.
    pub limit: u32,
    /// Whether Meta has verified the business.
    pub verified: bool,
    /// Template messages it has sent so far; below 500,000 it may be paced.
    pub template_messages: u64,
    /// Meta suspects it: it may be paced whatever it has sent.
    pub suspected: bool,
    /// Pacing saw bad signals: it creates and sends no templates until it was reviewed.
    pub restricted: bool,
    /// Its accounts.
    pub wabas: Vec<WabaSettings>,
    /// Its catalogs.
    pub catalogs: Vec<CatalogSettings>,
}

impl Default for PortfolioSettings {
    fn default() -> Self {
        Self {
            id: ObjectId(0),
            name: String::new(),
            limit: 0,
            verified: true,
            template_messages: 0,
            suspected: false,
            restricted: false,
            wabas: Vec::new(),
            catalogs: Vec::new(),
        }
    }
}

/// A WhatsApp Business Account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WabaSettings {
    /// Its id.
    pub id: ObjectId,
    /// Its name.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// ISO 3166.
    pub country: String,
    /// Apps subscribed to its webhooks from the start.
    pub subscribed_apps: Vec<ObjectId>,
    /// Where message webhooks of the account go instead of the app's callback.
    pub override_url: Option<String>,
    /// False: no payment method, so templates fail with 131042.
    pub payment_method: bool,
    /// False: the terms of payments were not accepted, so orders to pay are refused with 134011.
    pub payment_terms: bool,
    /// True: marketing templates are refused with 131063.
    pub marketing_disabled: bool,
    /// Template insights were switched on, which cannot be undone.
    pub insights: bool,
    /// What Meta remembers of its templates.
    pub record: TemplateRecord,
    /// Its phone numbers.
    pub numbers: Vec<NumberSettings>,
    /// Its templates.
    pub templates: Vec<TemplateSettings>,
    /// Its flows.
    pub flows: Vec<FlowSettings>,
}

impl Default for WabaSettings {
    fn default() -> Self {
        Self {
            id: ObjectId(0),
            name: String::new(),
            currency: "USD".into(),
            country: "US".into(),
            subscribed_apps: Vec::new(),
            override_url: None,
            payment_method: true,
            payment_terms: true,
            marketing_disabled: false,
            insights: false,
            record: TemplateRecord::default(),
            numbers: Vec::new(),
            templates: Vec::new(),
            flows: Vec::new(),
        }
    }
}

/// What Meta remembers of an account's templates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateRecord {
    /// It was told once that a template is in the wrong category: the next is moved without notice.
    pub warned: bool,
    /// How many templates were moved.
    pub misuses: u32,
    /// Until when (unix seconds) it may create no utility templates.
    pub no_utility_until: i64,
    /// When one of its utility templates was paused last (unix seconds).
    pub utility_paused_at: i64,
}

/// A business phone number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberSettings {
    /// Its id.
    pub id: ObjectId,
    /// The number, international digits; `+`, spaces and dashes are shown as written.
    pub phone: String,
    /// Display name.
    pub verified_name: String,
    /// Its own pace; the behaviour's when absent.
    pub messages_per_second: Option<Throughput>,
    /// `CONNECTED` sends; `PENDING`, `DISCONNECTED`, `BANNED`, `RESTRICTED`, `MAINTENANCE` do not.
    pub status: String,
    /// False: sends fail with 133010 until `register`.
    pub registered: bool,
    /// False: `register` fails with 133006 until `verify_code`.
    pub verified: bool,
    /// Two-step PIN, six digits; none set when absent.
    pub pin: Option<String>,
    /// GREEN, YELLOW, RED or UNKNOWN.
    pub quality: String,
    /// When not empty this is a test number that reaches only these (131030).
    pub test_recipients: Vec<String>,
    /// Also used in the WhatsApp Business app (coexistence).
    pub on_business_app: bool,
    /// Where its message webhooks go instead of the account's or app's callback.
    pub override_url: Option<String>,
    /// When it was onboarded (unix seconds).
    pub onboarded_at: i64,
    /// Its groups.
    pub groups: Vec<GroupSettings>,
    /// Its settings, as `GET /{phone_number_id}/settings` answers them.
    pub settings: serde_json::Map<String, Value>,
    /// The public key (PEM) that flows with an endpoint are sealed with.
    pub flow_public_key: Option<String>,
}

impl Default for NumberSettings {
    fn default() -> Self {
        Self {
            id: ObjectId(0),
            phone: String::new(),
            verified_name: "Test Business".into(),
            messages_per_second: None,
            status: "CONNECTED".into(),
            registered: true,
            verified: true,
            pin: None,
            quality: "GREEN".into(),
            test_recipients: Vec::new(),
            on_business_app: false,
            override_url: None,
            onboarded_at: 0,
            groups: Vec::new(),
            settings: serde_json::Map::new(),
            flow_public_key: None,
        }
    }
}

/// A message template, as Meta lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateSettings {
    /// Its id; made up when 0.
    pub id: ObjectId,
    /// Lower-case letters, digits and `_`.
    pub name: String,
    /// Such as `en_US`.
    pub language: String,
    /// MARKETING, UTILITY or AUTHENTICATION.
    pub category: String,
    /// APPROVED, PENDING, REJECTED, PAUSED, DISABLED…
    pub status: String,
    /// POSITIONAL or NAMED.
    pub parameter_format: String,
    /// Header, body, footer, buttons… as in Meta's create call.
    pub components: Value,
    /// Why it was refused, when it was.
    pub rejected_reason: String,
    /// GREEN, YELLOW, RED or UNKNOWN.
    pub quality: String,
    /// Its time to live in seconds (−1 is 30 days); the category's when absent.
    pub message_send_ttl_seconds: Option<i64>,
    /// The category before it was moved.
    pub previous_category: Option<String>,
    /// The category it will be moved to on the first of the next month.
    pub correct_category: Option<String>,
    /// How often quality has paused it.
    pub pauses: u32,
}

impl Default for TemplateSettings {
    fn default() -> Self {
        Self {
            id: ObjectId(0),
            name: String::new(),
            language: "en_US".into(),
            category: "MARKETING".into(),
            status: "APPROVED".into(),
            parameter_format: "POSITIONAL".into(),
            components: Value::Array(Vec::new()),
            rejected_reason: "NONE".into(),
            quality: "UNKNOWN".into(),
            message_send_ttl_seconds: None,
            previous_category: None,
            correct_category: None,
            pauses: 0,
        }
    }
}
