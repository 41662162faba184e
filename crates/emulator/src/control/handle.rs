//! The handle Rust tests hold; the same is offered over HTTP under `/_emulator`.

use super::{
    config::{self, ConfigError},
    users::{Described, Tap},
};
use crate::{
    Inner,
    graph::GraphError,
    report::{self, Report},
    settings::{Behaviour, Fault, ObjectId},
    sync::{lock, read, write},
    templates::{Category, category, life},
    users::Spoken,
    webhooks,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tisara_domain::Timestamp;

/// Drives an emulator: users, rules, faults, clock, report. Cheap to clone.
#[derive(Clone)]
pub struct Control(pub(super) Arc<Inner>);

/// What becomes of a template; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateChange {
    /// APPROVED, REJECTED, PAUSED, DISABLED, FLAGGED…
    pub status: Option<String>,
    /// The `rejected_reason`.
    pub reason: Option<String>,
    /// GREEN, YELLOW, RED or UNKNOWN.
    pub quality: Option<String>,
    /// MARKETING, UTILITY or AUTHENTICATION.
    pub category: Option<String>,
    /// The category it belongs in: it is moved there on the first of the next month.
    pub correct_category: Option<String>,
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Not a phone number in international digits.
    #[error("not a phone number: write it with country code, such as +94771234567")]
    Phone,
    /// No such business number, app, account, template or message.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// The message has no such button.
    #[error("the message has no such button; it has: {0}")]
    Button(String),
    /// The configuration does not fit.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The callback could not be verified.
    #[error("the callback was not verified: {0}")]
    Callback(String),
    /// A state that cannot be taken back.
    #[error("this state cannot be taken back: {0}")]
    State(String),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Invalid(String),
}

impl From<GraphError> for ControlError {
    fn from(e: GraphError) -> Self {
        Self::Callback(e.body("")["error"].to_string())
    }
}

impl Control {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self(inner)
    }

    /// The behaviour at present.
    #[must_use]
    pub fn behaviour(&self) -> Behaviour {
        let mut b = (*self.0.behaviour()).clone();
        b.faults = self.0.faults.left();
        b
    }

    /// Replaces the behaviour.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        self.0.faults.set(&behaviour.faults);
        *write(&self.0.behaviour) = Arc::new(behaviour);
        self.0.outbox.wake.notify_one();
    }

    /// Changes the behaviour in place.
    pub fn change(&self, f: impl FnOnce(&mut Behaviour)) {
        let mut b = self.behaviour();
        f(&mut b);
        self.set_behaviour(b);
    }

    /// Changes what a JSON merge patch names.
    ///
    /// # Errors
    /// When the patch names something unknown or has a wrong type; nothing is changed then.
    pub fn patch(&self, patch: Value) -> Result<Behaviour, ControlError> {
        let b = config::patched(&self.behaviour(), patch)?;
        self.set_behaviour(b.clone());
        Ok(b)
    }

    /// Adds one fault to those that are set.
    pub fn add_fault(&self, fault: Fault) {
        self.0.faults.add(fault);
    }

    /// What happened so far.
    #[must_use]
    pub fn report(&self) -> Report {
        report::report(&self.0)
    }

    /// Every identity as lines of JSON `{"id","accepted","reached","user"}`, in parts of about a
    /// sixteenth.
    pub fn report_ids(&self) -> impl Iterator<Item = String> + use<> {
        let e = self.0.clone();
        (0..).map_while(move |shard| report::ids(&e, shard))
    }

    /// Forgets counts, kept messages and what was said; windows, opt-outs and queues stay.
    pub fn clear_report(&self) {
        self.0.ledger.clear();
        self.0.recent.clear();
        self.0.users.forget_threads();
        self.0.outbox.lock().reset_counts();
        for n in &read(&self.0.directory).numbers {
            lock(&n.pace).peak_per_second = 0;
        }
    }

    /// Whether anything is still to be told or to happen to a message.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.0.outbox.lock().pending() == (0, 0)
    }

    /// When something happens next without a call; for moving a manual clock.
    #[must_use]
    pub fn next_moment(&self) -> Option<Timestamp> {
        let behaviour = self.0.behaviour();
        self.0.outbox.lock().next_moment(&behaviour.webhooks)
    }

    /// Moves a manual clock on to `until`, from moment to moment: whatever is due happens and is
    /// posted before this returns.
    ///
    /// # Errors
    /// When the emulator runs on the real clock.
    pub async fn advance(&self, until: Timestamp) -> Result<(), ControlError> {
        let clock = self.0.manual.as_ref().ok_or_else(|| {
            ControlError::Invalid(
                "the emulator runs on the real clock; only a manual one can be advanced".into(),
            )
        })?;
        webhooks::deliver_due(&self.0).await;
        while let Some(next) = self.next_moment().filter(|t| *t <= until) {
            clock.set(next);
            webhooks::deliver_due(&self.0).await;
        }
        clock.set(until);
        // A task beside this one may have slept until some moment on the way.
        self.0.outbox.wake.notify_one();
        Ok(())
    }

    /// Sets where an app's webhooks go, without asking the callback. `None` for the app means the
    /// first; what is `None` stays as it is.
    ///
    /// # Errors
    /// When there is no such app.
    pub fn set_webhooks(
        &self,
        app: Option<ObjectId>,
        callback_url: Option<String>,
        verify_token: Option<String>,
        app_secret: Option<String>,
    ) -> Result<(), ControlError> {
        {
            let mut d = write(&self.0.directory);
            let app = match app {
                Some(id) => d.apps.get_mut(&id.0),
                None => d.apps.values_mut().next(),
            };
            let app = app.ok_or(ControlError::Unknown("app"))?;
            app.callback_url = callback_url.filter(|u| !u.is_empty()).or(app.callback_url.take());
            app.verify_token = verify_token.unwrap_or(std::mem::take(&mut app.verify_token));
            app.secret = app_secret.unwrap_or(std::mem::take(&mut app.secret));
        }
        self.0.outbox.wake.notify_one();
        Ok(())
    }

    /// Asks an app's callback for its challenge, as Meta does when a callback is set.
    ///
    /// # Errors
    /// When it does not answer as it should.
    pub async fn verify_webhooks(&self, app: Option<ObjectId>) -> Result<(), ControlError> {
        let (url, token) = {
            let d = read(&self.0.directory);
            let app = app.map_or_else(|| d.apps.values().next(), |id| d.apps.get(&id.0));
            let app = app.ok_or(ControlError::Unknown("app"))?;
            (app.callback_url.clone().ok_or(ControlError::Unknown("callback"))?, app.verify_token.clone())
        };
        Ok(webhooks::verify(&self.0, &url, &token).await?)
    }

    /// Changes a template (by id, or by name in every language) as Meta would, with the webhooks
    /// that tell of it. RED quality pauses: 3 hours, 6 hours, then for good.
    ///
    /// # Errors
    /// When there is no such template, or a word is not one of Meta's.
    pub fn change_template(&self, which: &str, to: &TemplateChange) -> Result<(), ControlError> {
        let e = &self.0;
        let found = life::find(e, which);
        if found.is_empty() {
            return Err(ControlError::Unknown("template"));
        }
        let quality = to.quality.as_deref().map(str::to_ascii_uppercase);
        if quality.as_ref().is_some_and(|q| !["GREEN", "YELLOW", "RED", "UNKNOWN"].contains(&q.as_str())) {
            return Err(ControlError::Invalid("quality is GREEN, YELLOW, RED or UNKNOWN".into()));
        }
        let parse = |c: &String| {
            Category::parse(c).ok_or_else(|| {
                ControlError::Invalid("a category is MARKETING, UTILITY or AUTHENTICATION".into())
            })
        };
        let category = to.category.as_ref().map(parse).transpose()?;
        let correct = to.correct_category.as_ref().map(parse).transpose()?;
        let now = e.ambient.now();
        let mut d = write(&e.directory);
        for id in found {
            if let Some(quality) = &quality {
                life::set_quality(e, &mut d, id, quality, now);
            }
            if let Some(category) = category {
                life::set_category(e, &mut d, id, category, now);
            }
            if let Some(correct) = correct {
                category::misfiled(e, &mut d, id, correct, now);
            }
            if let Some(status) = &to.status {
                life::set_status(e, &mut d, id, &status.to_ascii_uppercase(), to.reason.as_deref(), now);
            }
        }
        Ok(())
    }

    /// Describes a user; only what is given changes.
    ///
    /// # Errors
    /// When the phone number is none, or a number id is unknown.
    pub fn describe(&self, user: Described) -> Result<(), ControlError> {
        super::users::describe(&self.0, user)
    }

    /// The user writes a text to a business number (the first when `None`): the window opens, the
    /// webhook goes out. Gives the message's id.
    ///
    /// # Errors
    /// When the phone number is none or the business number unknown.
    pub fn write(&self, phone: &str, to: Option<ObjectId>, text: &str) -> Result<String, ControlError> {
        self.say(phone, to, json!({"type": "text", "text": {"body": text}}), None)
    }

    /// The user sends any message; `message` holds `type` and the object named like it.
    ///
    /// # Errors
    /// As [`Control::write`].
    pub fn say(
        &self,
        phone: &str,
        to: Option<ObjectId>,
        message: Value,
        reply_to: Option<&str>,
    ) -> Result<String, ControlError> {
        let user = super::users::phone(phone)?;
        super::users::say(&self.0, user, to.map(|t| t.0), message, reply_to)
    }

    /// The user taps a button of a message (the last that has buttons). Gives the id of the message
    /// this sends; empty for a button that opens a link or a call, or copies a code.
    ///
    /// # Errors
    /// When there is no such message or button.
    pub fn tap(&self, phone: &str, tap: Tap) -> Result<String, ControlError> {
        super::users::tap(&self.0, super::users::phone(phone)?, tap)
    }

    /// The user stops (or resumes) marketing of the account a number belongs to.
    ///
    /// # Errors
    /// As [`Control::write`].
    pub fn stop_marketing(&self, phone: &str, of: Option<ObjectId>, stop: bool) -> Result<(), ControlError> {
        super::users::stop(&self.0, super::users::phone(phone)?, of.map(|n| n.0), stop)
    }

    /// A file that was uploaded or received: its type and bytes.
    ///
    /// # Errors
    /// When there is no such file any more.
    pub fn media(&self, id: ObjectId) -> Result<(String, bytes::Bytes), ControlError> {
        let now_s = self.0.ambient.now().seconds();
        let media = lock(&self.0.media);
        let file = media.get(id.0, now_s).ok_or(ControlError::Unknown("file"))?;
        Ok((file.mime.clone(), file.bytes.clone()))
    }

    /// A user's traits, windows, and what was said, oldest first.
    ///
    /// # Errors
    /// When the phone number is none.
    pub fn user(&self, phone: &str) -> Result<Value, ControlError> {
        super::users::view(&self.0, super::users::phone(phone)?)
    }

    /// The last `most` accepted messages, to one user or to all, oldest first.
    ///
    /// # Errors
    /// When the phone number is none.
    pub fn messages(&self, to: Option<&str>, most: usize) -> Result<Vec<Value>, ControlError> {
        let e = &self.0;
        let sent = match to {
            None => e.recent.last(most),
            Some(phone) => {
                let user = super::users::phone(phone)?;
                let thread = e.users.peek(user, |r| {
                    r.thread
                        .iter()
                        .filter_map(|s| if let Spoken::Out(s) = s { Some(s.clone()) } else { None })
                        .collect::<Vec<_>>()
                });
                let mut all = e.recent.to(user);
                all.extend(thread.unwrap_or_default());
                all.sort_by_key(|s| s.serial);
                all.dedup_by_key(|s| s.serial);
                all.split_off(all.len().saturating_sub(most))
            }
        };
        let directory = read(&e.directory);
        let now = e.ambient.now();
        Ok(sent.iter().map(|s| s.json(e, &directory, now)).collect())
    }
}
