//! A stand-in for Meta's WhatsApp Cloud API: seeded, scriptable, on a real or a manual clock.
//!
//! It accepts and refuses what Meta accepts and refuses, tells of it in signed webhooks, and keeps
//! count, so that a promise such as "nobody gets a message twice" can be checked by someone who
//! does not know how the message was sent. Therefore this crate must never see the store, the
//! engine or the server, and it writes its own JSON instead of using the client's types.
//!
//! # Use from Rust
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use tisara_domain::Ambient;
//! use tisara_emulator::{Emulator, Settings};
//! use tokio_util::sync::CancellationToken;
//!
//! let emulator = Emulator::new(Settings::default(), Ambient::seeded(1));
//! let cancel = CancellationToken::new();
//! tokio::spawn(emulator.run_deliveries(cancel.clone()));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:4010").await?;
//! emulator.serve(listener, cancel).await
//! # }
//! ```
//! - [`Emulator::router`]: all endpoints as an axum router, for tests in one process. A broken
//!   connection is a response with the extension [`ConnectionReset`].
//! - [`Emulator::control`]: everything `/_emulator` offers, as Rust methods.
//! - [`Emulator::run_deliveries`] posts webhooks in the background; with a [`ManualClock`]
//!   ([`Emulator::manual`]) a test may call [`Emulator::deliver_due`] after each step instead, or
//!   [`Emulator::run_until_settled`] to let everything happen that is still to happen.
//! - [`Emulator::set_sink`]: webhooks go into a router of the same process ([`RouterSink`]) or
//!   anywhere else, instead of over HTTP.
//!
//! # The default world
//! App [`World::APP_ID`] (secret [`World::APP_SECRET`], verify token [`World::VERIFY_TOKEN`]), token
//! [`World::TOKEN`], account [`World::WABA_ID`], number [`World::NUMBER_ID`] (+1 555-078-3881, 80
//! messages a second), and templates `hello_world`, `seasonal_sale` (marketing, header and body
//! variables, quick replies; also in `si_LK`), `order_update` (utility, link with variable),
//! `login_code` (authentication), `new_arrival` (image header), `appointment_reminder` (named
//! variables), `coupon`, `invoice_ready` (document header), `tired_offer` (PAUSED) and
//! `refused_offer` (REJECTED). Every phone number on earth is a user with WhatsApp; habits follow
//! from seed and number ([`settings::Population`]) and cost no memory.
//!
//! # `/_emulator` over HTTP
//! | call | does |
//! |---|---|
//! | `GET`, `POST /config` | the [`settings::Behaviour`]; POST is a JSON merge patch of it |
//! | `GET`, `POST`, `DELETE /faults` | the faults; POST adds one [`settings::Fault`] |
//! | `POST /users` | describes one user or a list ([`Described`]) |
//! | `GET /users/{phone}` (also `/report/users/{phone}`) | traits, windows, thread |
//! | `POST /users/{phone}/write` `{"text","to"?}` | the user writes |
//! | `POST /users/{phone}/say` `{"message","to"?,"reply_to"?}` | the user sends any kind of message; a file comes as base64 in `data` |
//! | `POST /users/{phone}/tap` `{"wamid"?,"button"?}` | the user taps a button |
//! | `POST /users/{phone}/stop-marketing`, `/resume-marketing` `{"of"?}` | opts out, in again |
//! | `POST /templates/{id or name}` `{"status"?,"reason"?,"quality"?,"category"?,"correct_category"?}` | what Meta does to a template, with its webhooks |
//! | `POST /portfolios/{id}` ([`PortfolioChange`]) | what Meta does to a business portfolio |
//! | `GET /media/{id}` | a file, to look at |
//! | `POST /users/{phone}/flow` ([`FlowStep`]) | the user opens a flow, fills screens in, goes back, sends it |
//! | `POST /users/{phone}/call` ([`CallStep`]) | the user calls, picks up, refuses, hangs up, permits, forbids |
//! | `POST /users/{phone}/group` ([`GroupStep`]) | the user joins a group, asks to, takes that back, leaves |
//! | `POST /groups/{id}` ([`GroupChange`]) | what Meta does to a group |
//! | `POST /users/{phone}/order` ([`OrderStep`]) | the user sends a cart |
//! | `POST /users/{phone}/pay` ([`PaymentStep`]) | the user pays an order |
//! | `POST /users/{phone}/signup` ([`SignupStep`]) | the user follows a sign-up link |
//! | `POST /flows/{id or name}` ([`FlowChange`]) | what Meta does to a flow |
//! | `POST /numbers/{id}` `{"status"?,"quality"?,"messages_per_second"?,"name_decision"?}` | what Meta does to a number |
//! | `POST /users/{phone}/change-number` `{"to"}` | the user moves to another number |
//! | `GET /accounts` | accounts and numbers |
//! | `POST /signup` ([`Signup`]) | a customer finishes Embedded Signup: `code` and the browser's `message` |
//! | `POST /deauthorize` `{"waba","app"?}` | a customer removes the app |
//! | `POST /tell` `{"field","value","waba"?,"entry"?}` | any account-level webhook |
//! | `GET`, `POST /state` ([`State`]) | keeps and takes back everything |
//! | `GET /_emulator` itself | a phone for any user, for people |
//! | `GET /clock`, `POST /clock/advance` `{"ms"}` or `{"to"}` | the clock; advancing needs a manual one |
//! | `POST /webhooks` `{"app"?,"callback_url"?,"verify_token"?,"app_secret"?,"verify"?}` | where webhooks go |
//! | `GET /messages?to=&limit=` | the last accepted messages, whole |
//! | `GET`, `DELETE /report` | the [`Report`] |
//! | `GET /report/ids` | one line of JSON an identity: `id`, `accepted`, `reached`, `user` |
//!
//! # Behaviour worth knowing
//! A status is planned when its message is accepted, from seed, content and state at that moment;
//! what fails later (131026, 131047, 131049, 131050…) therefore reflects that moment. Identities of
//! the report are by [`settings::Identity`]; an identity is *doubled* when more than one of
//! its accepted sends did not fail: somebody got it twice.

mod accounts;
mod analytics;
mod blocks;
mod calendar;
mod callback;
mod calling;
mod chance;
mod commerce;
mod control;
mod directory;
mod faults;
mod flows;
mod graph;
mod groups;
mod media;
mod messages;
mod page;
mod payments;
mod report;
mod saved;
mod serve;
pub mod settings;
mod sync;
mod tasks;
mod templates;
mod users;
mod webhooks;

pub use accounts::{Signup, SignupStep};
pub use calling::CallStep;
pub use commerce::{OrderStep, OrderedItem};
pub use control::{
    ConfigError, Control, ControlError, Described, News, NumberChange, PortfolioChange, State, Tap,
    TemplateChange,
};
pub use flows::{FlowChange, FlowStep};
pub use graph::{CODES, Code, ConnectionReset};
pub use groups::{GroupChange, GroupStep};
pub use payments::PaymentStep;
pub use report::{Doubled, Repeated, Report, StatusCount, WebhookCount};
pub use settings::{Settings, World};
pub use tisara_domain::ManualClock;
pub use webhooks::{RouterSink, Sink};

use axum::{Router, extract::Request};
use settings::Behaviour;
use std::sync::{Arc, Mutex, RwLock, atomic::AtomicU64};
use sync::{read, write};
use tisara_domain::{Ambient, Rng, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The emulator. Cloning shares it.
#[derive(Clone)]
pub struct Emulator(Arc<Inner>);

/// All state.
pub(crate) struct Inner {
    pub(crate) ambient: Ambient,
    pub(crate) manual: Option<ManualClock>,
    pub(crate) seed: u64,
    pub(crate) public_url: String,
    pub(crate) behaviour: RwLock<Arc<Behaviour>>,
    pub(crate) directory: RwLock<directory::Directory>,
    pub(crate) users: users::Users,
    /// What ids of messages under way begin with.
    pub(crate) beginnings: callback::Beginnings,
    pub(crate) blocks: blocks::Blocks,
    pub(crate) media: Mutex<media::Media>,
    pub(crate) codes: Mutex<accounts::Codes>,
    pub(crate) rates: analytics::RateCard,
    pub(crate) call_rates: graph::CallRates,
    pub(crate) contact_book: users::ContactBook,
    pub(crate) faults: faults::Faults,
    pub(crate) lines: Mutex<calling::Lines>,
    pub(crate) flow_sessions: Mutex<flows::Sessions>,
    pub(crate) orders: Mutex<payments::Orders>,
    pub(crate) outbox: webhooks::Outbox,
    pub(crate) ledger: report::Ledger,
    pub(crate) recent: messages::Recent,
    pub(crate) sink: RwLock<Arc<dyn Sink>>,
    /// Numbers every message, in and out.
    pub(crate) serial: AtomicU64,
    /// Numbers every call.
    pub(crate) calls: AtomicU64,
}

impl Inner {
    pub(crate) fn behaviour(&self) -> Arc<Behaviour> {
        read(&self.behaviour).clone()
    }
}

impl Emulator {
    /// An emulator on the given clock. Chance comes from `settings.seed` alone.
    #[must_use]
    pub fn new(settings: Settings, ambient: Ambient) -> Self {
        Self::build(settings, ambient, None)
    }

    /// An emulator whose clock stands still until it is moved, by the test or by
    /// `POST /_emulator/clock/advance`.
    #[must_use]
    pub fn manual(settings: Settings, clock: ManualClock) -> Self {
        let ambient = Ambient::new(Arc::new(clock.clone()), Rng::seeded(settings.seed));
        Self::build(settings, ambient, Some(clock))
    }

    fn build(settings: Settings, ambient: Ambient, manual: Option<ManualClock>) -> Self {
        Self(Arc::new(Inner {
            ambient,
            manual,
            seed: settings.seed,
            public_url: settings.public_url.trim_end_matches('/').to_owned(),
            directory: RwLock::new(directory::Directory::of(&settings.world)),
            users: users::Users::new(settings.seed),
            beginnings: callback::Beginnings::default(),
            blocks: blocks::Blocks::default(),
            media: Mutex::new(media::Media::new(settings.keep_media_bytes)),
            codes: Mutex::default(),
            lines: Mutex::default(),
            flow_sessions: Mutex::default(),
            orders: Mutex::default(),
            rates: analytics::RateCard::read(&settings.rate_card).unwrap_or_else(|error| {
                tracing::warn!(error, "the sample rate card is used instead");
                analytics::RateCard::sample()
            }),
            call_rates: graph::CallRates::default(),
            contact_book: users::ContactBook::default(),
            faults: faults::Faults::new(settings.seed, &settings.behaviour.faults),
            behaviour: RwLock::new(Arc::new(settings.behaviour)),
            outbox: webhooks::Outbox::default(),
            ledger: report::Ledger::new(),
            recent: messages::Recent::new(settings.keep_messages),
            sink: RwLock::new(Arc::new(webhooks::HttpSink::new())),
            serial: AtomicU64::new(1),
            calls: AtomicU64::new(0),
        }))
    }

    /// All endpoints: the Graph API at any path, control under `/_emulator`.
    pub fn router(&self) -> Router {
        let inner = self.0.clone();
        control::router(self.control())
            .fallback(move |request: Request| graph::answer(inner.clone(), request))
    }

    /// The handle that drives users, rules, faults and reads the report.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(self.0.clone())
    }

    /// Sends webhooks somewhere else than over HTTP.
    pub fn set_sink(&self, sink: impl Sink) {
        *write(&self.0.sink) = Arc::new(sink);
    }

    /// Lets time-bound things happen and posts webhooks until `cancel`. Run it once.
    pub fn run_deliveries(&self, cancel: CancellationToken) -> impl Future<Output = ()> + Send + use<> {
        webhooks::run(self.0.clone(), cancel)
    }

    /// Everything due at the present moment happens and is posted; gives the number of posts. For
    /// tests on a manual clock, instead of [`Emulator::run_deliveries`].
    pub async fn deliver_due(&self) -> usize {
        webhooks::deliver_due(&self.0).await
    }

    /// Moves `clock` from moment to moment until nothing is left to happen or `until` is reached;
    /// gives the number of posts.
    pub async fn run_until_settled(&self, clock: &ManualClock, until: Timestamp) -> usize {
        let mut posts = self.deliver_due().await;
        while let Some(next) = self.control().next_moment().filter(|t| *t <= until) {
            clock.set(next);
            posts += self.deliver_due().await;
        }
        posts
    }

    /// Serves over TCP until `cancel`; faults can break connections here.
    ///
    /// # Errors
    /// When the listener fails for good.
    pub async fn serve(&self, listener: TcpListener, cancel: CancellationToken) -> std::io::Result<()> {
        serve::serve(self.0.clone(), self.router(), listener, cancel).await
    }
}
