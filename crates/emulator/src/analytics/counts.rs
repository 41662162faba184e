//! Counters by half hour. There are as many as combinations that happened, however many messages.

use crate::{
    chance,
    saved::{self, Word},
    templates::Category,
    users,
    webhooks::Status,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const HALF_HOUR_S: i64 = 1_800;
const DAY_S: i64 = 86_400;

/// Which messages are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key {
    /// When it begins (unix seconds).
    pub(crate) start_s: i64,
    /// The number's place.
    pub(crate) number: u32,
    /// ISO 3166, of the user.
    #[serde(deserialize_with = "saved::word")]
    pub(crate) country: Word,
    pub(crate) category: Category,
    /// `REGULAR`, `FREE_CUSTOMER_SERVICE` or `FREE_ENTRY_POINT`.
    #[serde(deserialize_with = "saved::word")]
    pub(crate) pricing_type: Word,
    /// 0 for a free-form message.
    pub(crate) template: u64,
}

/// What happened to them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) sent: u64,
    /// Reached the phone, told by `delivered` or by `read` alone.
    pub(crate) delivered: u64,
    pub(crate) read: u64,
}

/// One status, as it is counted.
pub(crate) struct Counted {
    pub(crate) at_s: i64,
    pub(crate) number: u32,
    pub(crate) user: u64,
    pub(crate) category: Category,
    pub(crate) pricing_type: &'static str,
    pub(crate) template: u64,
    pub(crate) status: Status,
    /// It is the first to say that the message was delivered.
    pub(crate) is_delivery: bool,
}

/// Which taps on buttons of templates are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Clicked {
    /// When the day begins (unix seconds).
    pub(crate) day_s: i64,
    pub(crate) template: u64,
    /// `quick_reply_button` or `unique_url_button`.
    #[serde(deserialize_with = "saved::word")]
    pub(crate) kind: Word,
    /// The button's label.
    pub(crate) content: String,
}

/// All counters.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    #[serde(with = "saved::pairs")]
    pub(super) by_key: BTreeMap<Key, Totals>,
    #[serde(with = "saved::pairs")]
    pub(super) clicks: BTreeMap<Clicked, u64>,
    /// Links count once a user.
    clicked: BTreeSet<u64>,
}

impl Counts {
    pub(crate) fn count(&mut self, c: &Counted) {
        if !c.is_delivery && !matches!(c.status, Status::Sent | Status::Read) {
            return;
        }
        let key = Key {
            start_s: c.at_s - c.at_s.rem_euclid(HALF_HOUR_S),
            number: c.number,
            country: users::country(&c.user.to_string()).unwrap_or("ZZ"),
            category: c.category,
            pricing_type: c.pricing_type,
            template: c.template,
        };
        let totals = self.by_key.entry(key).or_default();
        totals.sent += u64::from(c.status == Status::Sent);
        totals.delivered += u64::from(c.is_delivery);
        totals.read += u64::from(c.status == Status::Read);
    }

    /// Everything counted.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (&Key, &Totals)> {
        self.by_key.iter()
    }

    /// A user tapped a button of a template.
    pub(crate) fn click(&mut self, at_s: i64, user: u64, template: u64, kind: &'static str, content: &str) {
        let day = at_s - at_s.rem_euclid(DAY_S);
        let once = chance::join(chance::join(user, template), chance::hash(0, content.as_bytes()));
        if kind == "unique_url_button" && !self.clicked.insert(once) {
            return;
        }
        let clicked = Clicked { day_s: day, template, kind, content: content.to_owned() };
        *self.clicks.entry(clicked).or_default() += 1;
    }
}
