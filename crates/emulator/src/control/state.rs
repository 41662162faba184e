//! Saving an emulator's state and starting another one from it, so that a demonstration survives a
//! restart. What was said and counted is not kept, nor is what is still to be told.

use super::{Control, ControlError, Described};
use crate::{
    directory::{App, Directory, Number, Portfolio, Subscription, Token, Waba},
    flows::Flow,
    groups::Group,
    settings::{
        AppSettings, Behaviour, CallPermissionSettings, NumberSettings, ObjectId, PortfolioSettings,
        TemplateSettings, TokenSettings, WabaSettings, World,
    },
    sync::{lock, read, write},
    templates::Template,
};
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;

/// What is kept: who exists, how it behaves, which users differ from their habits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Apps, tokens, portfolios, accounts, numbers, templates.
    pub world: World,
    /// Rules, pace, timing, faults.
    pub behaviour: Behaviour,
    /// Users, with windows by number.
    pub users: Vec<SavedUser>,
    /// Who may be called.
    #[serde(default)]
    pub call_permissions: Vec<CallPermissionSettings>,
    /// Portfolio and phone: whose numbers are known though they hide them.
    #[serde(default)]
    pub contact_book: Vec<(ObjectId, ObjectId)>,
    /// How many messages were numbered, so that ids stay unique.
    pub serial: u64,
}

/// One user and what no description holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedUser {
    /// As `POST /_emulator/users` takes it.
    pub described: Described,
    /// Until when (unix seconds) the window is open, by phone number id.
    pub windows: Vec<(ObjectId, i64)>,
    /// Accounts whose marketing the user has stopped.
    pub stopped: Vec<ObjectId>,
    /// Accounts whose marketing the user wants again.
    pub resumed: Vec<ObjectId>,
}

impl Control {
    /// The state to keep.
    #[must_use]
    pub fn save(&self) -> State {
        let e = &self.0;
        let behaviour = self.behaviour();
        let d = read(&e.directory);
        let user = |phone: u64| {
            e.users.peek(phone, |r| SavedUser {
                described: Described {
                    phone: phone.to_string(),
                    on_whatsapp: r.on_whatsapp,
                    online: r.online,
                    reads: r.reads,
                    opted_out: r.opted_out,
                    blocked: Some(r.blocked),
                    name: r.name.clone(),
                    username: r.username.clone().map(Option::unwrap_or_default),
                    phone_hidden: r.phone_hidden,
                    identity_hash: r.identity_hash.clone(),
                    ..Described::default()
                },
                windows: d
                    .numbers
                    .iter()
                    .zip(0_u32..)
                    .map(|(n, place)| (ObjectId(n.id), r.window_until(place)))
                    .filter(|(_, until)| *until > 0)
                    .collect(),
                stopped: r.stopped.iter().copied().map(ObjectId).collect(),
                resumed: r.resumed.iter().copied().map(ObjectId).collect(),
            })
        };
        State {
            world: world(&d),
            behaviour,
            users: e.users.known().into_iter().filter_map(user).collect(),
            call_permissions: lock(&e.lines).permissions(),
            contact_book: e.contact_book.all().into_iter().map(|(p, u)| (ObjectId(p), ObjectId(u))).collect(),
            serial: e.serial.load(Ordering::Relaxed),
        }
    }

    /// Takes over a kept state in place of the present one. Messages under way are not touched; do
    /// this on a fresh emulator.
    ///
    /// # Errors
    /// When a user's phone number is none.
    pub fn load(&self, state: State) -> Result<(), ControlError> {
        let e = &self.0;
        for user in &state.users {
            super::users::phone(&user.described.phone)?;
        }
        *write(&e.directory) = Directory::of(&state.world);
        self.set_behaviour(state.behaviour);
        lock(&e.lines).permit(&state.call_permissions);
        e.serial.fetch_max(state.serial, Ordering::Relaxed);
        e.contact_book.load(state.contact_book.iter().map(|(p, u)| (p.0, u.0)));
        for user in state.users {
            let phone = super::users::phone(&user.described.phone)?;
            self.describe(user.described)?;
            let d = read(&e.directory);
            e.users.change(phone, |r| {
                for (number, until) in &user.windows {
                    if let Some(place) = d.number_place(number.0) {
                        r.open_window(place, *until);
                    }
                }
                r.stopped = user.stopped.iter().map(|w| w.0).collect();
                r.resumed = user.resumed.iter().map(|w| w.0).collect();
            });
        }
        Ok(())
    }
}

fn world(d: &Directory) -> World {
    World {
        apps: d.apps.values().map(app).collect(),
        tokens: d.all_tokens().filter(|t| !t.revoked).map(token).collect(),
        portfolios: d.portfolios.values().map(|p| portfolio(d, p)).collect(),
    }
}

fn app(a: &App) -> AppSettings {
    AppSettings {
        id: ObjectId(a.id),
        name: a.name.clone(),
        secret: a.secret.clone(),
        verify_token: a.verify_token.clone(),
        callback_url: a.callback_url.clone(),
        fields: a.fields.clone(),
        webhook_version: a.webhook_version,
        deauthorize_url: a.deauthorize_url.clone(),
    }
}

fn token(t: &Token) -> TokenSettings {
    TokenSettings {
        token: t.token.clone(),
        app: ObjectId(t.app),
        wabas: t.wabas.iter().copied().map(ObjectId).collect(),
        scopes: t.scopes.clone(),
        expires_at: t.expires_at,
    }
}

fn portfolio(d: &Directory, p: &Portfolio) -> PortfolioSettings {
    PortfolioSettings {
        id: ObjectId(p.id),
        name: p.name.clone(),
        limit: p.limit,
        verified: p.verified,
        template_messages: p.template_messages.load(Ordering::Relaxed),
        suspected: p.suspected,
        restricted: p.restricted,
        catalogs: d.catalogs.values().filter(|c| c.portfolio == p.id).map(|c| c.settings.clone()).collect(),
        wabas: d.wabas.values().filter(|w| w.portfolio == p.id).map(|w| waba(d, w)).collect(),
    }
}

fn waba(d: &Directory, w: &Waba) -> WabaSettings {
    let override_urls = |s: &Subscription| s.override_url.clone();
    WabaSettings {
        id: ObjectId(w.id),
        name: w.name.clone(),
        currency: w.currency.clone(),
        country: w.country.clone(),
        subscribed_apps: w.subscriptions.keys().copied().map(ObjectId).collect(),
        override_url: w.subscriptions.values().find_map(override_urls),
        payment_method: w.payment_method,
        marketing_disabled: w.marketing_disabled,
        insights: w.insights,
        record: w.record.clone(),
        numbers: d.numbers_of(w.id).map(|n| number(d, n)).collect(),
        templates: d.templates_of(w.id).map(template).collect(),
        flows: d.flows.values().filter(|f| f.waba == w.id).map(Flow::settings).collect(),
    }
}

fn number(d: &Directory, n: &Number) -> NumberSettings {
    NumberSettings {
        id: ObjectId(n.id),
        phone: n.display.clone(),
        verified_name: n.verified_name.clone(),
        messages_per_second: n.messages_per_second,
        status: n.status.clone(),
        registered: n.registered,
        verified: n.verified,
        pin: n.pin.clone(),
        quality: n.quality.clone(),
        test_recipients: n.test_recipients.iter().map(u64::to_string).collect(),
        on_business_app: n.on_business_app,
        override_url: n.override_url.clone(),
        onboarded_at: n.onboarded_at,
        groups: d.groups.values().filter(|g| g.number == n.id).map(Group::settings).collect(),
        settings: n.settings.clone(),
        flow_public_key: n.flow_public_key.clone(),
    }
}

fn template(t: &Template) -> TemplateSettings {
    TemplateSettings {
        id: ObjectId(t.id),
        name: t.name.clone(),
        language: t.language.clone(),
        category: t.category.name().to_ascii_uppercase(),
        // A review under way would never end after a restart.
        status: if t.status == "PENDING" { "APPROVED".into() } else { t.status.clone() },
        parameter_format: t.parameter_format().into(),
        components: t.components.clone(),
        rejected_reason: t.rejected_reason.clone(),
        quality: t.quality.clone(),
        message_send_ttl_seconds: t.ttl_s,
        previous_category: t.previous_category.map(|c| c.name().to_ascii_uppercase()),
        correct_category: t.correct_category.map(|c| c.name().to_ascii_uppercase()),
        pauses: t.pauses,
    }
}
