//! The verdict: what the emulator saw, what people wrote, and what the API shows, held against each other.

use crate::{
    chats::{Reply, Written},
    script::Sent,
    stage::Stage,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use tisara_emulator::Control;
use tisara_stage::{count, text};

/// What became of everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// How often the server was killed.
    pub kills: u32,
    /// Recipients of all campaigns.
    pub recipients: u64,
    /// Answers sent through the API, each to one person.
    pub replies: u64,
    /// Messages that people wrote.
    pub inbound: u64,
    /// Recipients and answers that never reached their person, by the emulator's report.
    pub lost: u64,
    /// Messages that reached somebody more than once, by the emulator's report.
    pub doubled: u64,
    /// Recipients and answers of which the server does not say in the end that they arrived.
    pub uncertain: u64,
    /// Messages of people that are not in their thread.
    pub inbound_lost: u64,
    /// Messages that are in a thread more often than they were written.
    pub inbound_doubled: u64,
    /// Counters that differ from the rows they count, or from what the emulator saw.
    pub count_errors: u64,
    /// How long it all took.
    pub seconds: f64,
    /// The seed.
    pub seed: u64,
    /// `sqlite` or `postgres`.
    pub database: &'static str,
}

impl Outcome {
    /// Whether the promise was kept.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        let Self { lost, doubled, uncertain, inbound_lost, inbound_doubled, count_errors, .. } = self;
        [lost, doubled, uncertain, inbound_lost, inbound_doubled, count_errors].into_iter().all(|n| *n == 0)
    }
}

/// Whether a campaign's every recipient is decided and has been heard of to the end.
pub(crate) fn is_settled(campaign: &Value) -> bool {
    let open = ["planned", "uncertain", "accepted", "sent"];
    campaign["state"] == "completed" && open.iter().all(|state| campaign["progress"][state] == 0)
}

/// A message as a thread shows it.
pub(crate) struct Shown {
    thread: String,
    phone: String,
    number: String,
    direction: String,
    state: String,
    text: String,
    /// Our id of it.
    id: String,
}

impl Shown {
    /// Everything that all threads show, messages of campaigns left out.
    pub(crate) async fn all(stage: &Stage) -> anyhow::Result<Vec<Self>> {
        let mut all = Vec::new();
        for thread in stage.api.list("/threads").await? {
            let phone = text(&thread["contact_phone"])?;
            let number = text(&thread["number"])?;
            let id = text(&thread["id"])?;
            let path = format!("/threads/{id}/messages");
            for m in stage.api.list(&path).await? {
                if m["campaign"].is_string() {
                    continue;
                }
                all.push(Self {
                    thread: id.clone(),
                    phone: phone.clone(),
                    number: number.clone(),
                    direction: text(&m["direction"])?,
                    state: text(&m["state"])?,
                    text: text(&m["text"])?,
                    id: text(&m["id"])?,
                });
            }
        }
        Ok(all)
    }

    /// Whether a message to a person has arrived, as far as the server knows.
    pub(crate) fn has_arrived(&self) -> bool {
        self.direction == "inbound" || matches!(self.state.as_str(), "delivered" | "read")
    }
}

/// Who got which message, by the emulator's report.
struct Reached(HashMap<String, (u64, String)>);

impl Reached {
    fn by(emulator: &Control) -> anyhow::Result<Self> {
        let mut all = HashMap::new();
        for part in emulator.report_ids() {
            for line in part.lines() {
                let line: Value = serde_json::from_str(line)?;
                all.insert(text(&line["id"])?, (count(&line["reached"])?, text(&line["user"])?));
            }
        }
        Ok(Self(all))
    }

    /// People whom a campaign reached.
    fn people(&self, campaign: &str) -> u64 {
        let of_it = self.0.iter().filter(|(id, (reached, _))| {
            *reached > 0 && id.strip_prefix(campaign).is_some_and(|rest| rest.starts_with('.'))
        });
        of_it.map(|(_, (_, user))| user).collect::<HashSet<_>>().len() as u64
    }

    fn has(&self, message: &str) -> bool {
        self.0.get(&format!("{message}.0")).is_some_and(|(reached, _)| *reached > 0)
    }
}

/// Judges, while the server still runs; the recount comes on top of it.
pub(crate) async fn judge(
    stage: &Stage,
    sent: &[Sent],
    written: &[Written],
    replies: &[Reply],
    tell: fn(&str),
) -> anyhow::Result<Outcome> {
    let mut o =
        Outcome { replies: replies.len() as u64, inbound: written.len() as u64, ..Outcome::default() };
    let reached = Reached::by(&stage.emulator)?;
    let report = stage.emulator.report();
    // One message doubled is one identity and one content; either alone would be wrong as well.
    o.doubled = report.doubled.max(report.doubled_contents);
    if o.doubled > 0 {
        tell(&format!("doubled: {:?} {:?}", report.doubled_ids, report.repeated_contents));
    }
    for sent in sent {
        let campaign = stage.api.get_surely(&format!("/campaigns/{}", sent.campaign)).await?;
        campaign_of(&mut o, sent, &campaign, reached.people(&sent.campaign), tell)?;
    }
    let shown = Shown::all(stage).await?;
    replies_of(&mut o, replies, &shown, &reached, tell);
    inbound_of(&mut o, &stage.numbers, written, &shown, tell);
    let set_aside = stage.api.list("/journal?failed=true").await?;
    if !set_aside.is_empty() {
        tell(&format!("webhooks set aside: {set_aside:?}"));
        o.inbound_lost += set_aside.len() as u64;
    }
    Ok(o)
}

fn campaign_of(
    o: &mut Outcome,
    sent: &Sent,
    campaign: &Value,
    people: u64,
    tell: fn(&str),
) -> anyhow::Result<()> {
    let progress = &campaign["progress"];
    let n = |state: &str| count(&progress[state]);
    // People who wrote before they were contacts are planned for too, and skipped: they never agreed.
    let planned_for = n("recipients")? - n("skipped")?;
    let arrived = n("delivered")? + n("read")?;
    o.recipients += sent.people;
    let lost = sent.people.saturating_sub(people);
    let uncertain = sent.people.saturating_sub(arrived);
    let errors = u64::from(planned_for != sent.people) + u64::from(arrived != people);
    if lost + uncertain + errors > 0 || !is_settled(campaign) {
        tell(&format!("{people} people reached, {} expected: {campaign}", sent.people));
    }
    o.lost += lost;
    o.uncertain += uncertain;
    o.count_errors += errors;
    Ok(())
}

fn replies_of(o: &mut Outcome, replies: &[Reply], shown: &[Shown], reached: &Reached, tell: fn(&str)) {
    let mut by_text: HashMap<(&str, &str), Vec<&Shown>> = HashMap::new();
    for message in shown.iter().filter(|m| m.direction == "outbound") {
        by_text.entry((&message.thread, &message.text)).or_default().push(message);
    }
    for reply in replies {
        let found = by_text.get(&(reply.thread.as_str(), reply.text.as_str())).map_or(&[][..], Vec::as_slice);
        let arrived = found.iter().filter(|m| reached.has(&m.id)).count() as u64;
        let is_known = found.iter().any(|m| m.has_arrived());
        if arrived != 1 || found.len() != 1 || !is_known {
            let states: Vec<_> = found.iter().map(|m| (&m.id, &m.state)).collect();
            tell(&format!("{reply:?} is shown as {states:?} and arrived {arrived} times"));
        }
        o.lost += u64::from(arrived == 0);
        o.doubled += arrived.saturating_sub(1).max((found.len() as u64).saturating_sub(1));
        o.uncertain += u64::from(!is_known);
    }
}

fn inbound_of(o: &mut Outcome, numbers: &[String], written: &[Written], shown: &[Shown], tell: fn(&str)) {
    let mut times: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for m in shown.iter().filter(|m| m.direction == "inbound") {
        *times.entry((&m.phone, &m.number, &m.text)).or_default() += 1;
    }
    for w in written {
        match times.remove(&(w.phone.as_str(), numbers[w.number].as_str(), w.text.as_str())) {
            Some(1) => continue,
            Some(n) => o.inbound_doubled += n - 1,
            None => o.inbound_lost += 1,
        }
        tell(&format!("not once in its thread: {w:?}"));
    }
    // What is left nobody wrote, or somebody else, or to the other number.
    for ((phone, _, text), n) in times {
        tell(&format!("in a thread, but not written: {text} from {phone}"));
        o.inbound_doubled += n;
    }
}
