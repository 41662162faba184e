//! What happens when: campaigns started, the server killed, the network throttled, each at a point of the
//! progress that the seed decides.

use crate::{
    chats::Chats,
    harm::Harm,
    judge::{Outcome, Shown, is_settled, judge},
    stage::Stage,
    world,
};
use anyhow::{bail, ensure};
use serde_json::{Value, json};
use std::path::PathBuf;
use tisara_domain::{Ambient, Duration, Rng};
use tisara_stage::{count, text};

const CAMPAIGNS: u32 = 4;
const POLL: Duration = Duration::from_millis(20);
const LOOK: Duration = Duration::from_millis(250);
/// Between two questions while nothing but doubt is left.
const PULSE: Duration = Duration::from_secs(1);
/// Longest time without any progress before it counts as stuck.
const STUCK: Duration = Duration::from_secs(240);

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How often it is done.
    pub kills: u32,
    /// What is done.
    pub harm: Harm,
    /// Recipients of all campaigns together; rounded up to the same for each.
    pub recipients: u32,
    /// Decides all that is left to chance.
    pub seed: u64,
    /// `sqlite`, or the address of an empty PostgreSQL database or schema.
    pub database: String,
    /// The server's binary.
    pub tisara: PathBuf,
    /// A folder to keep data and log in; a temporary one without it.
    pub dir: Option<PathBuf>,
    /// Takes a line about what happens.
    pub tell: fn(&str),
}

/// A campaign, and how many people must get it.
pub(crate) struct Sent {
    pub(crate) campaign: String,
    pub(crate) people: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Start(u32),
    Harm {
        /// Not at the very moment, but so much later.
        after_ms: u64,
    },
    Throttle(u64),
}

/// The acts with the number of accepted messages at which each is due, in order.
fn acts(kills: u32, total: u64, rng: &Rng) -> Vec<(u64, Act)> {
    let start_at = |n: u32| total * u64::from(n) / u64::from(2 * CAMPAIGNS);
    let mut acts: Vec<(u64, Act)> = (0..CAMPAIGNS).map(|n| (start_at(n), Act::Start(n))).collect();
    let mut last_at = 0;
    for kill in 0..kills {
        let (at, after_ms) = match kill % 8 {
            // While a campaign is being planned.
            3 => (start_at(u32::try_from(rng.below(CAMPAIGNS.into())).unwrap_or(0)), rng.below(400)),
            // Soon after the one before: while it recovers, waits for the lease, takes up again.
            5 | 7 => (last_at, rng.below(8_000)),
            // By then nearly all have been handed out; what the kills before left in doubt is sent again only
            // long after the last one, so a later mark would be waited for.
            _ => (rng.below(total * 80 / 100), rng.below(150)),
        };
        last_at = at;
        acts.push((at, Act::Harm { after_ms }));
    }
    for _ in 0..10 {
        acts.push((rng.below(total * 80 / 100), Act::Throttle(5 + rng.below(25))));
    }
    acts.sort_by_key(|(at, _)| *at);
    acts
}

/// Harm of any other kind lasts for seconds: one after the other over the campaigns, none near the end.
fn spread(times: u32, total: u64, rng: &Rng) -> Vec<(u64, Act)> {
    let mut acts: Vec<(u64, Act)> = (0..CAMPAIGNS).map(|n| (0, Act::Start(n))).collect();
    for n in 0..times {
        let part = total * 8 / 10 / u64::from(times);
        let at = total / 20 + part * u64::from(n) + rng.below(part / 4);
        acts.push((at, Act::Harm { after_ms: rng.below(150) }));
    }
    acts
}

/// Sets up, runs the plan, waits until everything is settled, and judges.
///
/// # Errors
/// When something could not be set up, the server ended by itself or refused what it must take, or
/// nothing moved any more.
pub async fn run(plan: Plan) -> anyhow::Result<Outcome> {
    let ambient = Ambient::seeded(plan.seed);
    let began_at = ambient.now();
    let mut stage = Stage::set(&plan, &ambient).await?;
    let judged = torture(&plan, &mut stage, &ambient).await;
    let mut outcome = match judged {
        Ok(outcome) => outcome,
        Err(e) => {
            return Err(e.context(format!("seed {}, see {}", plan.seed, stage.keep_folder().display())));
        }
    };
    outcome.seconds = (ambient.now().since(began_at).as_secs_f64() * 10.0).round() / 10.0;
    if !outcome.is_kept() {
        (plan.tell)(&format!("seed {}, see {}", plan.seed, stage.keep_folder().display()));
    }
    Ok(outcome)
}

async fn torture(plan: &Plan, stage: &mut Stage, ambient: &Ambient) -> anyhow::Result<Outcome> {
    let rng = Rng::seeded(plan.seed);
    let people = plan.recipients.div_ceil(CAMPAIGNS).max(1);
    let is_killing = matches!(plan.harm, Harm::Kill);
    let (early, late) = if plan.kills > 1 && is_killing { (1, plan.kills - 1) } else { (0, plan.kills) };
    import(stage, ambient, people, early, &rng).await?;

    let chats = Chats::begin(stage.emulator.clone(), stage.api.clone(), people, ambient.clone(), rng.fork());
    let total = u64::from(people) * u64::from(CAMPAIGNS);
    let acts = if is_killing { acts(late, total, &rng) } else { spread(late, total, &rng) };
    let (mut sent, mut killed) = (Vec::new(), early);
    let began_at = ambient.now();
    let note = |what: &str, stage: &Stage, ambient: &Ambient| {
        let (accepted, seconds) =
            (stage.emulator.report().accepted, ambient.now().since(began_at).as_secs_f64());
        (plan.tell)(&format!("{what} after {accepted} messages, {seconds:.1} s"));
    };
    for (at, act) in acts {
        wait_until_accepted(stage, ambient, at).await?;
        match act {
            Act::Start(n) => sent.push(start(stage, n, people).await?),
            Act::Throttle(calls) => stage.emulator.add_fault(world::throttling(calls)),
            Act::Harm { after_ms } => {
                ambient.sleep(Duration::from_millis(after_ms)).await;
                note(&format!("harm {killed}"), stage, ambient);
                plan.harm.strike(stage, plan, ambient, &rng, killed).await?;
                killed += 1;
            }
        }
    }

    note("the script's end", stage, ambient);
    // Breaks in hearing that follow each other are one to the server, and what is in doubt waits for twice
    // their length: after a script full of them, for longer than the script took.
    let patience = STUCK + ambient.now().since(began_at) * 3;
    let (written, replies) = settle(plan, stage, ambient, patience, chats, &sent).await?;
    note("all settled", stage, ambient);
    let mut outcome = judge(stage, &sent, &written, &replies, plan.tell).await?;
    plan.harm.check_log(stage, killed)?;
    stage.server.stop().await?;
    if let Some(second) = &mut stage.second {
        second.stop().await?;
    }
    let (code, found) = stage.server.run(&["repair", "--check", "--json"]).await?;
    let differences = found["differences"].as_array().map_or(1, Vec::len) as u64;
    ensure!((code == 0) == (differences == 0), "repair --check ended with {code}: {found}");
    if differences > 0 {
        (plan.tell)(&format!("counters that are wrong: {found}"));
    }
    outcome.count_errors += differences;
    outcome.kills = killed;
    outcome.seed = plan.seed;
    outcome.database = if plan.database == "sqlite" { "sqlite" } else { "postgres" };
    Ok(outcome)
}

/// Imports the contacts, with a kill in the middle if one is wanted.
async fn import(
    stage: &mut Stage,
    ambient: &Ambient,
    people: u32,
    kills: u32,
    rng: &Rng,
) -> anyhow::Result<()> {
    let mut csv = String::from("Name,Phone\n");
    for n in 0..people {
        csv.push_str(&format!("Person {n},{}\n", world::contact(n)));
    }
    let consent = json!({ "everybody": true, "source": "torture", "wording": "I agree." });
    let import = stage.api.import(csv, &json!({ "consent": consent })).await?;
    let path = format!("/contacts/imports/{}", text(&import["id"])?);
    for _ in 0..kills {
        ambient.sleep(Duration::from_millis(rng.below(200))).await;
        stage.server.kill()?;
        stage.server.start().await?;
    }
    let until = ambient.now().plus(STUCK);
    loop {
        let import = stage.api.get_surely(&path).await?;
        match import["state"].as_str() {
            Some("done") => break,
            Some("failed" | "cancelled") => bail!("the import failed: {import}"),
            _ => ensure!(ambient.now() < until, "the import does not end: {import}"),
        }
        ambient.sleep(LOOK).await;
    }
    // Not by the import's own counts: contacts themselves.
    let contacts = stage.api.list("/contacts").await?.len();
    ensure!(contacts == people as usize, "{people} contacts were imported, there are {contacts}");
    Ok(())
}

/// Makes a campaign to everybody and starts it.
async fn start(stage: &Stage, n: u32, people: u32) -> anyhow::Result<Sent> {
    let value = |place: &str, name: &str, text: &str| json!({ "place": place, "name": name, "source": { "kind": "text", "text": text } });
    let number = &stage.numbers[n as usize % stage.numbers.len()];
    let made = stage
        .api
        .post(
            "/campaigns",
            &json!({
                "name": format!("Campaign {n}"), "number": number, "template": stage.template,
                "audience": { "kind": "all" },
                "bindings": [
                    // The content tells campaigns apart: the emulator looks for equal ones.
                    value("header", "1", &format!("Sale {n}")),
                    { "place": "body", "name": "1", "source": { "kind": "name" } },
                    value("body", "2", "CODE"), value("body", "3", "25%"),
                ],
            }),
        )
        .await?;
    let campaign = text(&made["id"])?;
    stage.api.post(&format!("/campaigns/{campaign}/start"), &json!({})).await?;
    Ok(Sent { campaign, people: people.into() })
}

/// Waits until the emulator has accepted so many messages.
async fn wait_until_accepted(stage: &Stage, ambient: &Ambient, wanted: u64) -> anyhow::Result<()> {
    let (mut last, mut moved_at) = (0, ambient.now());
    loop {
        let asked_at = ambient.now();
        let accepted = stage.emulator.report().accepted;
        if accepted >= wanted {
            return Ok(());
        }
        if accepted > last {
            (last, moved_at) = (accepted, asked_at);
        }
        ensure!(asked_at.since(moved_at) < STUCK, "stuck at {accepted} of {wanted} messages");
        // A report goes through all messages: it must not take the machine from the server.
        ambient.sleep(POLL.max(ambient.now().since(asked_at) * 10)).await;
    }
}

/// Waits until nothing is left to happen; when that never comes, the judge will say what is missing.
async fn settle(
    plan: &Plan,
    stage: &Stage,
    ambient: &Ambient,
    patience: Duration,
    chats: Chats,
    sent: &[Sent],
) -> anyhow::Result<(Vec<crate::chats::Written>, Vec<crate::chats::Reply>)> {
    let told = |what: &str| (plan.tell)(&format!("{what} are not settled after {} s", patience.as_secs()));
    let until = ambient.now().plus(patience);
    while !campaigns_are_settled(stage, sent).await? {
        if ambient.now() > until {
            told("campaigns");
            break;
        }
        ambient.sleep(LOOK).await;
    }
    chats.stop_writing();
    let until = ambient.now().plus(patience);
    while !chats.have_failed() {
        if stage.emulator.is_settled() && everybody_is_answered(stage).await? {
            if Shown::all(stage).await?.iter().all(Shown::has_arrived) {
                break;
            }
            chats.write_once_more();
            ambient.sleep(PULSE).await;
        }
        if ambient.now() > until {
            told("chats");
            break;
        }
        ambient.sleep(LOOK).await;
    }
    let said = chats.end().await?;
    Ok(said)
}

async fn campaigns_are_settled(stage: &Stage, sent: &[Sent]) -> anyhow::Result<bool> {
    for sent in sent {
        if !is_settled(&stage.api.get_surely(&format!("/campaigns/{}", sent.campaign)).await?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Every webhook is applied, and no thread has a message that nobody has seen.
async fn everybody_is_answered(stage: &Stage) -> anyhow::Result<bool> {
    let journal = stage.api.get_surely("/journal?limit=200").await?;
    let waits = |e: &Value| e["state"] == "waiting";
    if journal["items"].as_array().into_iter().flatten().any(waits) {
        return Ok(false);
    }
    let unread = stage.api.list("/threads?unread=true").await?;
    unread.iter().try_fold(true, |seen, t| Ok(seen && count(&t["unread"])? == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_writes_the_same_script() {
        let script = |seed| acts(20, 10_000, &Rng::seeded(seed));
        assert_eq!(script(7), script(7));
        assert_ne!(script(7), script(8));
    }

    #[test]
    fn every_act_is_due_when_enough_messages_can_have_been_sent() {
        for seed in 0..50 {
            let total = 10_000;
            let acts = acts(30, total, &Rng::seeded(seed));
            assert_eq!(acts.iter().filter(|(_, act)| matches!(act, Act::Harm { .. })).count(), 30);
            let mut started = 0;
            for (at, act) in acts {
                started += u64::from(matches!(act, Act::Start(_)));
                assert!(at < total * started.max(1) / u64::from(CAMPAIGNS), "seed {seed}: {act:?} at {at}");
            }
        }
    }
}
