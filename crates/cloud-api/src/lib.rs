//! Meta's WhatsApp Cloud API: wire types, typed client, webhook parsing and signature.
//!
//! It knows nothing of Tisara and depends on none of its crates. The engine sends with it, the server
//! receives with it, and the emulator answers with the same types, so that both ends share one truth.
//! Hence every type reads and writes, and what it has no name for survives the way there and back
//! (`extra` fields, `Other` words, raw JSON).
//!
//! # Sending
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use tisara_cloud_api::{AccessToken, Client, Graph};
//! use tisara_cloud_api::send::{Component, Content, OutgoingMessage, Parameter, Recipient, TemplateMessage};
//!
//! let client = Client::new(Graph::default())?;          // once a process; cheap to clone
//! let token = AccessToken::new("EAAJ…")?;               // Debug prints nothing of it
//! let template = TemplateMessage::new("order_update", "en_US")
//!     .with(Component::body(vec![Parameter::text("Pablo")]))
//!     .with(Component::quick_reply(0, "STOP"));
//! let message = OutgoingMessage::new(Recipient::Phone("+16505551234".into()), Content::Template(Box::new(template)))
//!     .with_callback_data("message_01h…");
//! message.validate()?;                                   // Meta's limits, before a call is spent
//! let number = client.number("106540352242922")?;        // keep it: the address is parsed once
//! match number.send_message(&token, &message).await {    // or send_body(&token, Bytes)
//!     Ok(receipt) => println!("{}", receipt.message_id),
//!     Err(error) if error.may_have_gone_out() => { /* wait for a status webhook */ }
//!     Err(error) => println!("{:?}", error.action()),    // codes::Action: what to do
//! }
//! # Ok(()) }
//! ```
//!
//! [`CallError`] parts three cases: `NotSent` (surely never reached Meta), `Unknown` (may have been
//! carried out), `Refused` (Meta said no; the code decides, see [`codes`]). A refusal with code 1, 2,
//! 131000, 131016, or an unknown code under HTTP 5xx, has the action
//! [`MayHaveGoneOut`](codes::Action::MayHaveGoneOut). One call is at most one HTTP request.
//!
//! All other calls hang off [`Client::with_token`], each defined in the folder of its topic:
//!
//! | folder | what is in it |
//! |---|---|
//! | [`send`] | messages of every type with `validate()`, Marketing Messages, read receipts and typing |
//! | [`media`] | upload, look-up, download (token to trusted hosts only), resumable upload, limits |
//! | [`templates`] | list, make (`validate()`), edit, delete, unpause, library, previews, archive |
//! | [`numbers`] | create, verify, register, settings, profile, block list, username, QR codes, prompts, shop |
//! | [`waba`] | accounts, health, subscriptions and overrides, people, app callback, analytics |
//! | [`signup`] | code exchange, `debug_token`, browser event, signed requests, credit lines, sign-up links |
//! | [`flows`], [`calling`], [`groups`], [`catalog`] | forms and the encryption of the server behind them, calls, groups, catalogues |
//!
//! Where the app requires a proof of its secret, use [`AccessToken::with_app_secret`].
//!
//! # Receiving
//!
//! [`webhook::signature::verify`] over the raw bytes, [`webhook::verification::Handshake`] for the GET,
//! [`webhook::parse`] for the body:
//!
//! ```
//! use tisara_cloud_api::webhook::{self, Payload};
//!
//! let body = br#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{"statuses":
//!     [{"id":"wamid.X","status":"delivered","timestamp":"1750030073","biz_opaque_callback_data":"message_01h"}]},
//!     "field":"messages"}]}]}"#;
//! let envelope = webhook::parse(body)?;
//! for (entry, change) in envelope.changes() {
//!     if let Payload::Messages(value) = &change.payload {
//!         for status in &value.statuses {
//!             assert_eq!(status.biz_opaque_callback_data.as_deref(), Some("message_01h"));
//!             assert_eq!((entry.id.as_str(), status.id.as_str()), ("1", "wamid.X"));
//!         }
//!     }
//! }
//! assert!(envelope.malformed.is_empty());               // elements that could not be read, set aside
//! # Ok::<(), webhook::WebhookError>(())
//! ```
//!
//! Whoever plays Meta builds the same types, writes them with serde, signs with
//! [`webhook::signature::sign`], and answers refusals with [`ErrorEnvelope`] and [`ErrorBody::new`].

pub mod calling;
pub mod catalog;
pub mod client;
pub mod codes;
pub mod config;
pub mod flows;
pub mod groups;
pub mod media;
pub mod numbers;
pub mod send;
pub mod signup;
pub mod templates;
pub mod token;
pub mod waba;
pub mod webhook;
pub mod wire;

pub use client::{
    CallError, Calls, Client, ClientError, ErrorBody, ErrorEnvelope, GraphError, NumberRoute, Page,
    PageRequest, SendReceipt,
};
pub use config::Graph;
pub use token::{AccessToken, InvalidToken};
