//! placeholder
use tisara_domain::Ambient;
use std::sync::Arc;
/// a
#[derive(Clone)]
pub struct App { pub ambient: Ambient, pub settings: Arc<Settings> }
/// s
pub struct Settings { pub request_timeout_ms: u64 }
impl Settings { pub fn is_https(&self) -> bool { true } }
