//! Webhooks: what will be told of each message, when, to whom, and how it looks.

mod escape;
mod moment;
mod outbox;
mod payload;
mod plan;
mod post;
mod queue;
mod signature;
mod sink;
mod update;
mod verify;

pub(crate) use escape::to_json;
pub(crate) use moment::Task;
pub(crate) use outbox::{HeldBy, Outbox, State as OutboxState};
pub(crate) use payload::{Contact, Metadata, contact};
pub(crate) use plan::{Facts, Plan, Status};
pub(crate) use post::{deliver_due, run};
pub(crate) use signature::{mac, sign};
pub(crate) use sink::HttpSink;
pub use sink::{RouterSink, Sink};
pub(crate) use update::{Held, Message, Note};
pub(crate) use verify::{LONGEST_URL, verify};
