//! Connecting a business by Embedded Signup: what the browser says, the calls our server makes, and the
//! callbacks for leaving.

mod browser;
mod credit;
mod debug_token;
mod exchange;
mod in_app;
mod signed_request;

pub use browser::{SessionData, SessionEvent, SessionEventKind};
pub use credit::{CreditAllocation, CreditLine};
pub use debug_token::{GranularScope, TokenInfo};
pub use exchange::BusinessToken;
pub use in_app::{InAppSignup, SignupCreated, SignupPolicy, SignupStatus};
pub use signed_request::{DeletionAnswer, SignedRequest, SignedRequestError, sign, verify};
