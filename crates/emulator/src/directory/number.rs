//! Business phone numbers and how fast each may send.

use crate::{
    chance::HashedMap,
    saved::{self, Word},
    settings::{NumberSettings, PaceSettings, PairPace, Throughput},
    sync::lock,
    users::{calling_code, country},
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Mutex};
use tisara_domain::{Timestamp, pace::Bucket};

/// A business phone number.
#[derive(Serialize, Deserialize)]
pub(crate) struct Number {
    pub(crate) id: u64,
    pub(crate) waba: u64,
    pub(crate) digits: u64,
    /// As people read it, such as `+1 555-078-3881`.
    pub(crate) display: String,
    #[serde(deserialize_with = "saved::word")]
    pub(crate) country: Word,
    pub(crate) calling_code: String,
    pub(crate) verified_name: String,
    pub(crate) messages_per_second: Option<Throughput>,
    pub(crate) status: String,
    pub(crate) registered: bool,
    pub(crate) verified: bool,
    pub(crate) pin: Option<String>,
    pub(crate) pin_failures: VecDeque<i64>,
    pub(crate) register_calls: VecDeque<i64>,
    pub(crate) deregister_calls: VecDeque<i64>,
    pub(crate) quality: String,
    pub(crate) test_recipients: Vec<u64>,
    pub(crate) on_business_app: bool,
    pub(crate) override_url: Option<String>,
    pub(crate) onboarded_at: i64,
    pub(crate) profile: serde_json::Map<String, serde_json::Value>,
    pub(crate) settings: serde_json::Map<String, serde_json::Value>,
    /// The display name asked for, until Meta has decided.
    pub(crate) asked_name: Option<String>,
    pub(crate) username: Option<Username>,
    pub(crate) qr_codes: Vec<QrCode>,
    /// How many codes it ever had, so that none comes back.
    pub(crate) qr_codes_made: u64,
    /// Prompts and commands, as they were set.
    pub(crate) automation: Option<serde_json::Value>,
    pub(crate) cart_enabled: bool,
    pub(crate) catalog_visible: bool,
    /// The key flows with an endpoint are sealed with (PEM).
    pub(crate) flow_public_key: Option<String>,
    /// Kinds of coexistence sync already asked for.
    pub(crate) synced: Vec<String>,
    pub(crate) pace: Mutex<NumberPace>,
}

impl Number {
    pub(crate) fn of(waba: u64, s: &NumberSettings) -> Self {
        let digits: String = s.phone.chars().filter(char::is_ascii_digit).collect();
        Self {
            id: s.id.0,
            waba,
            digits: digits.parse().unwrap_or(0),
            display: s.phone.clone(),
            country: country(&digits).unwrap_or("ZZ"),
            calling_code: calling_code(&digits).unwrap_or("1").to_owned(),
            verified_name: s.verified_name.clone(),
            messages_per_second: s.messages_per_second,
            status: s.status.clone(),
            registered: s.registered,
            verified: s.verified,
            pin: s.pin.clone(),
            pin_failures: VecDeque::new(),
            register_calls: VecDeque::new(),
            deregister_calls: VecDeque::new(),
            quality: s.quality.clone(),
            test_recipients: s
                .test_recipients
                .iter()
                .filter_map(|p| p.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok())
                .collect(),
            on_business_app: s.on_business_app,
            override_url: s.override_url.clone(),
            onboarded_at: s.onboarded_at,
            profile: serde_json::Map::new(),
            settings: s.settings.clone(),
            asked_name: None,
            username: None,
            qr_codes: Vec::new(),
            qr_codes_made: 0,
            automation: None,
            cart_enabled: true,
            catalog_visible: false,
            flow_public_key: s.flow_public_key.clone(),
            synced: Vec::new(),
            pace: Mutex::default(),
        }
    }

    /// What it may send in a second, by its own setting, coexistence or the general one.
    pub(crate) fn throughput(&self, general: Throughput) -> Throughput {
        match self.messages_per_second {
            Some(own) => own,
            None if self.on_business_app => Throughput::PerSecond(20),
            None => general,
        }
    }

    /// Counts one message to `user`, or says which pace refuses it.
    pub(crate) fn take(&self, settings: &PaceSettings, user: u64, now: Timestamp) -> Result<(), Refused> {
        let mut pace = lock(&self.pace);
        if let Throughput::PerSecond(rate) = self.throughput(settings.messages_per_second) {
            let burst = u64::from(rate) * settings.burst_ms / 1_000;
            let burst = u32::try_from(burst).unwrap_or(u32::MAX).max(1);
            let bucket = match &mut pace.bucket {
                Some((r, b, bucket)) if (*r, *b) == (rate, burst) => bucket,
                other => &mut other.insert((rate, burst, Bucket::per_second(rate, burst))).2,
            };
            if bucket.take_up_to(now, 1) == 0 {
                return Err(Refused::Number);
            }
        }
        if let Some(pair) = settings.pair
            && !pace.pairs.take(pair, user, now)
        {
            return Err(Refused::Pair);
        }
        pace.count(now);
        Ok(())
    }
}

/// By what people find the number.
#[derive(Serialize, Deserialize)]
pub(crate) struct Username {
    pub(crate) name: String,
    /// `approved` or `reserved`.
    #[serde(deserialize_with = "saved::word")]
    pub(crate) status: Word,
}

/// A code that opens the chat with a message to be sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct QrCode {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) made_s: i64,
}

/// Which pace a send was above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The number's: 130429.
    Number,
    /// The recipient's: 131056.
    Pair,
}

/// The buckets of a number, and the busiest second seen.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct NumberPace {
    bucket: Option<(u32, u32, Bucket)>,
    pairs: Pairs,
    second: i64,
    in_second: u64,
    pub(crate) peak_per_second: u64,
}

impl NumberPace {
    fn count(&mut self, now: Timestamp) {
        if self.second == now.seconds() {
            self.in_second += 1;
        } else {
            (self.second, self.in_second) = (now.seconds(), 1);
        }
        self.peak_per_second = self.peak_per_second.max(self.in_second);
    }
}

/// One moment a recipient: when its bucket will be full again. Full buckets are forgotten.
#[derive(Default, Serialize, Deserialize)]
struct Pairs {
    full_at_us: HashedMap<i64>,
    sweep_at: usize,
}

impl Pairs {
    fn take(&mut self, pace: PairPace, user: u64, now: Timestamp) -> bool {
        let interval = i64::try_from(pace.interval_ms).unwrap_or(i64::MAX / 1_000_000).saturating_mul(1_000);
        if self.full_at_us.len() > self.sweep_at {
            self.full_at_us.retain(|_, at| *at > now.0);
            self.sweep_at = (self.full_at_us.len() * 2).max(1_024);
        }
        let full_at = self.full_at_us.entry(user).or_insert(now.0);
        let next = (*full_at).max(now.0).saturating_add(interval);
        if next - now.0 > interval.saturating_mul(i64::from(pace.burst.max(1))) {
            return false;
        }
        *full_at = next;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tisara_domain::Duration;

    #[test]
    fn a_number_gets_its_second_and_no_more() {
        let n = Number::of(1, &NumberSettings::default());
        let settings = PaceSettings { pair: None, ..PaceSettings::default() };
        let t = Timestamp::from_seconds(100);
        assert_eq!((0..100).filter(|u| n.take(&settings, *u, t).is_ok()).count(), 80);
        assert_eq!(n.take(&settings, 7, t), Err(Refused::Number));
        assert!(n.take(&settings, 7, t.plus(Duration::from_millis(13))).is_ok());
        assert_eq!(lock(&n.pace).peak_per_second, 81);
    }

    #[test]
    fn a_pair_gets_45_at_once_and_then_one_in_six_seconds() {
        let mut p = Pairs::default();
        let pace = PairPace { interval_ms: 6_000, burst: 45 };
        let t = Timestamp::from_seconds(100);
        assert_eq!((0..60).filter(|_| p.take(pace, 7, t)).count(), 45);
        assert!(p.take(pace, 8, t));
        assert!(!p.take(pace, 7, t.plus(Duration::from_secs(5))));
        assert!(p.take(pace, 7, t.plus(Duration::from_secs(6))));
    }

    #[test]
    fn recipients_whose_bucket_is_full_again_are_forgotten() {
        let mut p = Pairs::default();
        let pace = PairPace { interval_ms: 6_000, burst: 45 };
        for i in 0..100_000_i64 {
            p.take(pace, i as u64, Timestamp::from_millis(i * 10));
        }
        assert!(p.full_at_us.len() < 3_000, "{}", p.full_at_us.len());
    }
}
