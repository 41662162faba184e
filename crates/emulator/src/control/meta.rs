//! What Meta does to accounts and numbers without being asked, and customers in the dialog.

use super::{Control, ControlError};
use crate::{
    accounts::{self, Signup},
    settings::{ObjectId, Throughput},
    sync::{read, write},
    users::Spoken,
    webhooks::{Metadata, Note, to_json},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What becomes of a number; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberChange {
    /// CONNECTED, BANNED, RESTRICTED, MAINTENANCE, DISCONNECTED, PENDING.
    pub status: Option<String>,
    /// GREEN, YELLOW, RED or UNKNOWN.
    pub quality: Option<String>,
    /// Its own pace; 1,000 or more is told as THROUGHPUT_UPGRADE.
    pub messages_per_second: Option<Throughput>,
    /// What the review of a new display name decides: APPROVED or REJECTED.
    pub name_decision: Option<String>,
}

/// What becomes of a portfolio; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortfolioChange {
    /// Unique users in 24 hours; 0 is no limit.
    pub limit: Option<u32>,
    /// Whether Meta has verified the business.
    pub verified: Option<bool>,
    /// Meta suspects it: it is paced whatever it has sent.
    pub suspected: Option<bool>,
    /// Users say bad things of its messages: what pacing holds will fail, and it is restricted.
    pub bad_signals: Option<bool>,
    /// Whether it may neither create nor send templates; false after a review.
    pub restricted: Option<bool>,
}

/// Any webhook of an account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct News {
    /// The account; the first when absent.
    #[serde(default)]
    pub waba: Option<ObjectId>,
    /// `entry.id`, where it is not the account.
    #[serde(default)]
    pub entry: Option<ObjectId>,
    /// Such as `account_update`.
    pub field: String,
    /// The change's `value`.
    pub value: Value,
}

impl Control {
    /// Changes a number as Meta would, with the webhooks that tell of it.
    ///
    /// # Errors
    /// When there is no such number.
    pub fn change_number(&self, id: ObjectId, to: NumberChange) -> Result<(), ControlError> {
        let e = &self.0;
        let mut d = write(&e.directory);
        let n = d.number_mut(id.0).ok_or(ControlError::Unknown("phone number id"))?;
        n.status = to.status.map_or_else(|| n.status.clone(), |s| s.to_ascii_uppercase());
        n.quality = to.quality.map_or_else(|| n.quality.clone(), |q| q.to_ascii_uppercase());
        let digits = n.digits.to_string();
        let mut news: Vec<(&'static str, Value)> = Vec::new();
        if let Some(pace) = to.messages_per_second {
            n.messages_per_second = Some(pace);
            if !matches!(pace, Throughput::PerSecond(rate) if rate < 1_000) {
                news.push(("phone_number_quality_update", json!({"display_phone_number": digits, "event": "THROUGHPUT_UPGRADE", "current_limit": "TIER_UNLIMITED"})));
            }
        }
        if let Some(decision) = to.name_decision {
            let name = n.asked_name.take().unwrap_or_else(|| n.verified_name.clone());
            if decision == "APPROVED" {
                n.verified_name.clone_from(&name);
            }
            news.push(("phone_number_name_update", json!({"display_phone_number": digits, "decision": decision, "requested_verified_name": name, "rejection_reason": if decision == "REJECTED" { json!("NAME_NOT_CONSISTENT") } else { Value::Null }})));
        }
        let waba = n.waba;
        let now_s = e.ambient.now().seconds();
        for (field, value) in news {
            e.outbox.note(&d, Note::account(waba, field, to_json(&value), now_s));
        }
        Ok(())
    }

    /// Changes a portfolio as Meta would.
    ///
    /// # Errors
    /// When there is no such portfolio.
    pub fn change_portfolio(&self, id: ObjectId, to: &PortfolioChange) -> Result<(), ControlError> {
        let mut d = write(&self.0.directory);
        let p = d.portfolios.get_mut(&id.0).ok_or(ControlError::Unknown("business portfolio"))?;
        p.limit = to.limit.unwrap_or(p.limit);
        p.verified = to.verified.unwrap_or(p.verified);
        p.suspected = to.suspected.unwrap_or(p.suspected);
        p.bad_signals = to.bad_signals.unwrap_or(p.bad_signals);
        p.restricted = to.restricted.unwrap_or(p.restricted);
        Ok(())
    }

    /// Sends any account-level webhook, such as `account_update` with a restriction.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn tell(&self, news: News) -> Result<(), ControlError> {
        let e = &self.0;
        if news.field.is_empty() || !news.field.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err(ControlError::Invalid("a field is a word such as account_update".into()));
        }
        let d = read(&e.directory);
        let waba = match news.waba {
            Some(id) => d.wabas.get(&id.0),
            None => d.wabas.values().next(),
        };
        let waba = waba.ok_or(ControlError::Unknown("account"))?.id;
        let note = Note::account(waba, news.field, to_json(&news.value), e.ambient.now().seconds());
        e.outbox.note(&d, Note { entry: news.entry.map_or(waba, |id| id.0), ..note });
        Ok(())
    }

    /// A user moves to another phone number: the old one has no WhatsApp from then on, the user id
    /// changes, and every business the user talked to is told (`user_changed_number`).
    ///
    /// # Errors
    /// When one of the phone numbers is none.
    pub fn change_user_number(&self, from: &str, to: &str) -> Result<(), ControlError> {
        let e = &self.0;
        let (old, new) = (super::users::phone(from)?, super::users::phone(to)?);
        let d = read(&e.directory);
        let name = e.users.name(old);
        let mut places: Vec<u32> = e.users.change(old, |r| {
            r.on_whatsapp = Some(false);
            r.thread
                .iter()
                .map(|s| match s {
                    Spoken::Out(s) => s.number,
                    Spoken::In { number, .. } => *number,
                })
                .collect()
        });
        places.extend(e.recent.to(old).iter().map(|s| s.number));
        places.sort_unstable();
        places.dedup();
        e.users.change(new, |r| {
            r.on_whatsapp = Some(true);
            r.name = Some(name.clone());
        });
        let now = e.ambient.now();
        for place in places {
            let Some(n) = d.numbers.get(place as usize) else { continue };
            let portfolio = d.wabas.get(&n.waba).map_or(0, |w| w.portfolio);
            let id = |user| {
                let generation = e.users.peek(user, |r| r.generation).unwrap_or_default();
                crate::users::bsuid(e.seed, portfolio, user, generation)
            };
            let serial = e.serial.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let message = json!({
                "from": old.to_string(), "id": crate::messages::wamid::inbound(e.seed, old, serial), "timestamp": now.seconds().to_string(), "type": "system",
                "system": {"type": "user_changed_number", "body": format!("User {name} changed from {old} to {new}"),
                    "wa_id": new.to_string(), "user_id": id(new), "previous_user_id": id(old)},
            });
            e.users.change(old, |r| r.say(Spoken::In { number: place, message: Arc::new(message.clone()) }));
            let value =
                json!({"messaging_product": "whatsapp", "metadata": Metadata::of(n), "messages": [message]});
            let note = Note::account(n.waba, "messages", to_json(&value), now.seconds());
            e.outbox.note(&d, Note { number: Some(place), ..note });
        }
        Ok(())
    }

    /// A customer finishes Embedded Signup: gives `code` (30 seconds, once) and `message`, which
    /// the dialog posts to the page that opened it. PARTNER_ADDED goes out.
    ///
    /// # Errors
    /// When app or account are unknown.
    pub fn finish_signup(&self, signup: &Signup) -> Result<Value, ControlError> {
        accounts::finish_signup(&self.0, signup).map_err(ControlError::Unknown)
    }

    /// A customer removes the app: its tokens for the account die, webhooks and the deauthorise
    /// callback tell of it.
    ///
    /// # Errors
    /// When app or account are unknown.
    pub async fn deauthorize(&self, app: Option<ObjectId>, waba: ObjectId) -> Result<(), ControlError> {
        accounts::deauthorize(&self.0, app.map(|a| a.0), waba.0).await.map_err(ControlError::Unknown)
    }

    /// Accounts with their portfolio, numbers and names.
    #[must_use]
    pub fn accounts(&self) -> Value {
        let d = read(&self.0.directory);
        let rows = d.wabas.values().map(|w| {
            let numbers = d.numbers_of(w.id).map(|n| json!({"id": n.id.to_string(), "display_phone_number": n.display, "verified_name": n.verified_name}));
            json!({"id": w.id.to_string(), "name": w.name, "business_id": w.portfolio.to_string(), "numbers": numbers.collect::<Vec<_>>(),
                "limit": d.portfolios.get(&w.portfolio).map(|p| p.tier())})
        });
        json!({"data": rows.collect::<Vec<_>>()})
    }
}
