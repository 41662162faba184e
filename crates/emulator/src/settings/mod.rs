//! What an emulator is started with: a world (who exists) and a behaviour (what happens).
//!
//! Everything has a default, so `Settings::default()` is a working installation: one app, one
//! account, one number, eleven templates, and every phone number on earth on WhatsApp.

mod behaviour;
mod calling;
mod commerce;
mod default_world;
mod faults;
mod flows;
mod groups;
mod id;
mod world;

pub use behaviour::{
    Behaviour, Between, Identity, PaceSettings, PairPace, Population, Rules, StatusSettings, Throughput,
    UserCap, WebhookSettings,
};
pub use calling::CallBehaviour;
pub use commerce::{CatalogSettings, CommerceBehaviour, ProductSettings};
pub use faults::{Fault, FaultKind, When};
pub use flows::{FlowBehaviour, FlowSettings};
pub use groups::{GroupBehaviour, GroupSettings};
pub use id::ObjectId;
pub use world::{
    AppSettings, NumberSettings, PortfolioSettings, TemplateRecord, TemplateSettings, TokenSettings,
    WabaSettings, World,
};

use serde::{Deserialize, Serialize};

/// All an emulator starts from. The same settings and the same script give the same run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Decides every user's habits, every delay and every fault that has a probability.
    pub seed: u64,
    /// Whole messages kept for looking at (`GET /_emulator/messages`), over all users.
    pub keep_messages: usize,
    /// Bytes of uploaded media kept; the oldest go first.
    pub keep_media_bytes: usize,
    /// Under which address others reach this emulator; stands in the links of webhooks.
    pub public_url: String,
    /// What templates cost, as CSV: `effective_from,currency,market,category,rate`. A sample at first.
    pub rate_card: String,
    /// Apps, tokens, portfolios with their accounts, numbers and templates.
    pub world: World,
    /// Rules, pace, timing, faults: what may be changed while it runs.
    pub behaviour: Behaviour,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            keep_messages: 4_000,
            keep_media_bytes: 256 << 20,
            public_url: "http://127.0.0.1:4010".into(),
            rate_card: crate::analytics::SAMPLE_RATES.into(),
            world: World::default(),
            behaviour: Behaviour::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_and_read_back() {
        let text = serde_json::to_string(&Settings::default()).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), Settings::default());
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        assert!(serde_json::from_str::<Settings>(r#"{"sede":1}"#).is_err());
    }
}
