//! Keeping an emulator whole and going on from there: who exists, what was said, what was counted, and what is still
//! to happen. Only calls that wait for their answer are not kept.

use super::{Control, ControlError};
use crate::{
    accounts::Codes,
    blocks::Blocks,
    calling::Lines,
    directory::Directory,
    faults::Active,
    flows::Sessions,
    graph::Hour,
    media::Media,
    messages::Sent,
    payments::Orders,
    report::SavedLedger,
    settings::Behaviour,
    sync::{lock, write},
    users::{Pages, SavedUsers},
    webhooks::OutboxState,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};
use tisara_domain::{Clock as _, Timestamp};

/// How the parts are written. Another release may write them otherwise.
const VERSION: u32 = 1;

/// An emulator as it stood. Its parts are the emulator's own affair: keep it, and give it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// How the parts are written.
    pub version: u32,
    /// Ids and fates follow from it: another emulator needs the same.
    pub seed: u64,
    /// When it was kept, by the emulator's clock.
    pub at: Timestamp,
    /// Rules, pace, timing, faults.
    pub behaviour: Behaviour,
    /// Apps, tokens, portfolios, accounts, numbers, templates, flows, groups, catalogs.
    pub directory: Value,
    /// Who differs from their habits, and what was said with them.
    pub users: Value,
    /// Messages of businesses that are kept whole.
    pub sent: Value,
    /// Everything else.
    pub rest: Value,
}

/// What is kept beside the directory and the users.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rest<O, B, M, C, L, F, P> {
    outbox: O,
    ledger: SavedLedger,
    recent: Vec<u64>,
    blocks: B,
    media: M,
    codes: C,
    call_rates: Vec<((u64, u64), Hour)>,
    contact_book: Pages,
    faults: Active,
    lines: L,
    flow_sessions: F,
    orders: P,
    serial: u64,
    calls: u64,
}

type OwnRest = Rest<OutboxState, Blocks, Media, Codes, Lines, Sessions, Orders>;

impl Control {
    /// Everything, at one moment.
    ///
    /// # Errors
    /// When something cannot be written as JSON, which is a mistake of the emulator.
    pub fn save(&self) -> Result<State, ControlError> {
        let e = &self.0;
        let behaviour = self.behaviour();
        // Who changes anything reads the directory meanwhile: now nobody does.
        let directory = write(&e.directory);
        let mut sent: BTreeMap<u64, Arc<Sent>> = BTreeMap::new();
        let recent = e.recent.save(&mut sent);
        let users = e.users.save(&mut sent, |all| value(&all))?;
        let rest = Rest {
            outbox: &*e.outbox.lock(),
            ledger: e.ledger.save(),
            recent,
            blocks: &e.blocks,
            media: &*lock(&e.media),
            codes: &*lock(&e.codes),
            call_rates: e.call_rates.save(),
            contact_book: e.contact_book.save(),
            faults: e.faults.save(),
            lines: &*lock(&e.lines),
            flow_sessions: &*lock(&e.flow_sessions),
            orders: &*lock(&e.orders),
            serial: e.serial.load(Ordering::Relaxed),
            calls: e.calls.load(Ordering::Relaxed),
        };
        Ok(State {
            version: VERSION,
            seed: e.seed,
            at: e.ambient.now(),
            behaviour,
            directory: value(&*directory)?,
            users,
            sent: value(&sent.values().map(|s| &**s).collect::<Vec<_>>())?,
            rest: value(&rest)?,
        })
    }

    /// Goes on from a kept state, in place of the present one; a clock that stands still is moved to when it was kept,
    /// unless it is later there. Either all of it is taken or nothing.
    ///
    /// # Errors
    /// When it is of another release or seed, or does not hold together.
    pub fn load(&self, state: State) -> Result<(), ControlError> {
        let e = &self.0;
        if state.version != VERSION {
            let why = format!("it was written in form {}, this release reads form {VERSION}", state.version);
            return Err(ControlError::State(why));
        }
        if state.seed != e.seed {
            let why = format!("it was kept with --seed {0}; start the emulator with --seed {0}", state.seed);
            return Err(ControlError::State(why));
        }
        let directory: Directory = read("directory", state.directory)?;
        if !directory.holds_together() {
            return Err(ControlError::State("directory: it does not hold together".into()));
        }
        let sent: Vec<Sent> = read("sent", state.sent)?;
        let sent: BTreeMap<u64, Arc<Sent>> = sent.into_iter().map(|s| (s.serial, Arc::new(s))).collect();
        let users: SavedUsers = read("users", state.users)?;
        let rest: OwnRest = read("rest", state.rest)?;

        let mut present = write(&e.directory);
        if let Some(clock) = &e.manual
            && clock.now() < state.at
        {
            clock.set(state.at);
        }
        *present = directory;
        e.users.load(users, &sent);
        e.recent.load(&rest.recent, &sent);
        e.ledger.load(rest.ledger);
        e.blocks.load(rest.blocks);
        lock(&e.media).load(rest.media);
        *lock(&e.codes) = rest.codes;
        e.call_rates.load(rest.call_rates);
        e.contact_book.load(rest.contact_book);
        *lock(&e.lines) = rest.lines;
        *lock(&e.flow_sessions) = rest.flow_sessions;
        *lock(&e.orders) = rest.orders;
        e.serial.store(rest.serial, Ordering::Relaxed);
        e.calls.store(rest.calls, Ordering::Relaxed);
        e.outbox.load(rest.outbox);
        drop(present);
        self.set_behaviour(state.behaviour);
        e.faults.load(rest.faults);
        Ok(())
    }
}

fn value(part: &impl Serialize) -> Result<Value, ControlError> {
    serde_json::to_value(part).map_err(|e| ControlError::State(e.to_string()))
}

fn read<T: DeserializeOwned>(name: &str, part: Value) -> Result<T, ControlError> {
    serde_json::from_value(part).map_err(|e| ControlError::State(format!("{name}: {e}")))
}
