//! Connecting a business by Embedded Signup: the calls our server makes.

mod debug_token;

pub use debug_token::{GranularScope, TokenInfo};
