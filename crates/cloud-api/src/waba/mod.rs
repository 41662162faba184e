//! WhatsApp Business Accounts.

mod account;
mod health;
mod subscription;

pub use account::{WABA_FIELDS, Waba, WabaOwner};
pub use health::{CanSend, HealthEntity, HealthError, HealthStatus};
pub use subscription::{CallbackOverride, SubscribedApp, SubscribedAppData};
