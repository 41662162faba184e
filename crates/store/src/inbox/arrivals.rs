//! What people sent us, many at a time: who they are, their threads, what they wrote and what it says about
//! their consent.
//!
//! The rows are the same as if one arrival after the other had been worked off by itself. Most come from people
//! of whom nothing changes, or who are plainly new: those are gathered into a run, and each table is read and
//! written once for it. An arrival whose sender is not plain ends the run: what was gathered is written, then
//! the sender is resolved alone, on rows as they would have been.

use super::{NewInbound, threads::NewThread};
use crate::{
    OrgTx, Result,
    consents::{MARKETING, NewConsent},
    contacts::{Met, People, Sender},
};
use tisara_domain::{ConsentId, ContactId, NumberId, ThreadId, Timestamp, consent::ConsentState};

/// One thing that came from a person.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who.
    pub sender: Sender,
    /// Who they were, when this says that they have a new number or user id.
    pub before: Option<Sender>,
    /// The id that the contact gets if it is new.
    pub contact_id: ContactId,
    /// To which of our numbers.
    pub number_id: NumberId,
    /// What they wrote. Its thread is the one that is made if the contact has none with that number.
    pub message: Option<NewInbound>,
    /// What they want of marketing. With a message only when that is new.
    pub consent: Option<SaidConsent>,
}

/// What a person says about their consent.
#[derive(Clone, Debug)]
pub struct SaidConsent {
    /// The id of the entry.
    pub id: ConsentId,
    /// When it was said.
    pub at: Timestamp,
    /// What.
    pub state: ConsentState,
    /// How it reached us.
    pub source: &'static str,
    /// In which words.
    pub wording: String,
}

/// What became of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// Whose it is.
    pub contact: ContactId,
    /// The thread of its message, if that is new: Meta sends a webhook again when in doubt.
    pub new_in: Option<ThreadId>,
}

/// Arrivals whose senders are plain, not written yet: where they stand in the batch, and whose they are.
type Run<'a> = Vec<(usize, &'a Arrival, ContactId)>;

impl OrgTx<'_, '_> {
    /// Takes in what people sent, in its order; for each what became of it, or `None` when its sender has
    /// neither a number nor a user id.
    ///
    /// # Errors
    /// As the database says.
    pub fn take_in(&mut self, arrivals: &[Arrival], now: Timestamp) -> Result<Vec<Option<TakenIn>>> {
        let mut taken = vec![None; arrivals.len()];
        let mut people = People::default();
        self.look_up_people(&mut people, arrivals.iter().map(|a| &a.sender))?;
        let mut run = Run::new();
        for (i, arrival) in arrivals.iter().enumerate() {
            let contact = match people.meet(&arrival.sender, arrival.before.as_ref(), arrival.contact_id) {
                Met::Nobody => continue,
                Met::Contact(contact) => contact,
                Met::Unclear => {
                    self.write_run(&mut people, &mut run, &mut taken, now)?;
                    let (before, new_id) = (arrival.before.as_ref(), arrival.contact_id);
                    match self.resolve_unclear(&mut people, &arrival.sender, before, now, new_id)? {
                        Some(contact) => contact,
                        None => continue,
                    }
                }
            };
            if arrival.consent.is_some() {
                people.hold(contact);
            }
            run.push((i, arrival, contact));
        }
        self.write_run(&mut people, &mut run, &mut taken, now)?;
        Ok(taken)
    }

    fn write_run(
        &mut self,
        people: &mut People,
        run: &mut Run<'_>,
        taken: &mut [Option<TakenIn>],
        now: Timestamp,
    ) -> Result<()> {
        self.write_people(people, now)?;
        let run = std::mem::take(run);
        let written = || run.iter().filter_map(|(_, a, contact)| Some((a, a.message.as_ref()?, *contact)));
        let threads: Vec<NewThread> = written()
            .map(|(a, m, contact)| NewThread { id: m.thread_id, contact, number: a.number_id, now: m.at })
            .collect();
        let threads = self.upsert_threads(&threads)?;
        let messages: Vec<NewInbound> = written()
            .zip(&threads)
            .map(|((_, m, _), thread)| NewInbound { thread_id: *thread, ..m.clone() })
            .collect();
        let is_new = self.record_inbound(&messages)?;

        let mut told = threads.into_iter().zip(is_new).map(|(thread, new)| new.then_some(thread));
        for (i, arrival, contact) in run {
            let new_in = if arrival.message.is_some() { told.next().flatten() } else { None };
            taken[i] = Some(TakenIn { contact, new_in });
            if let Some(said) = &arrival.consent
                && (arrival.message.is_none() || new_in.is_some())
            {
                self.record_consent(&NewConsent {
                    id: said.id,
                    contact_id: contact,
                    at: said.at,
                    state: said.state,
                    purpose: MARKETING.to_owned(),
                    source: said.source.to_owned(),
                    wording: said.wording.clone(),
                })?;
            }
        }
        Ok(())
    }
}
