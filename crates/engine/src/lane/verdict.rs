//! What Meta's answer to an attempt means for the message, the campaign and the number.

use tisara_cloud_api::{
    CallError,
    client::NotSent,
    codes::{self, Action},
    webhook::ErrorNotice,
};
use tisara_domain::{Duration, Rng, Timestamp, recipient::own_code, retry::Wait};

/// What became of the message itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Meta took it.
    Accepted { wamid: String },
    /// It will not be sent.
    Failed { code: i32, details: String },
    /// It surely did not go out, for a cause of its own; again then, and the attempt counts.
    Retry { due_at: Timestamp },
    /// It surely did not go out, for a cause that is not its own; again then, as if never tried.
    Return { due_at: Timestamp },
    /// It may have gone out.
    Uncertain,
}

/// What it means beyond the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// Nothing.
    None,
    /// The number goes too fast.
    SlowDown,
    /// Meta cannot be reached at present.
    Unreachable,
    /// The template is at fault: the campaign waits for a person.
    PauseCampaign(String),
    /// Nothing may leave this number until a person has acted.
    StopNumber { reason: String, token_is_dead: bool },
    /// The person asked for no more marketing.
    OptOut,
    /// WhatsApp does not reach the person.
    Unreached,
}

/// Judges a failed call.
pub(crate) fn judge(error: &CallError, attempt: u32, now: Timestamp, rng: &Rng) -> (Fate, Consequence) {
    let graph = match error {
        CallError::NotSent(NotSent::Connect(_)) => {
            return (again(Wait::Connection, attempt, now, None, rng), Consequence::Unreachable);
        }
        // The lease was about to end: whoever owns the number next sends it.
        CallError::NotSent(NotSent::Held) => return (Fate::Return { due_at: now }, Consequence::None),
        CallError::NotSent(NotSent::Request(why)) => {
            return (Fate::Failed { code: own_code::UNSENDABLE, details: why.clone() }, Consequence::None);
        }
        CallError::Unknown(_) => return (Fate::Uncertain, Consequence::None),
        CallError::Refused(graph) => graph,
    };
    let action = graph.action();
    if action == Action::MayHaveGoneOut {
        return (Fate::Uncertain, Consequence::None);
    }
    let said = Said { code: graph.code(), meaning: graph.meaning(), details: &graph.to_string() };
    refusal(action, &said, attempt, now, graph.retry_after, rng)
}

/// Judges a status `failed`: Meta had taken the message and now says that it will not arrive.
pub(crate) fn webhook_failure(
    error: Option<&ErrorNotice<'_>>,
    attempt: u32,
    now: Timestamp,
    rng: &Rng,
) -> (Option<Timestamp>, i32, String, Consequence) {
    let Some(error) = error else {
        return (None, 0, String::new(), Consequence::None);
    };
    let details = error.text().unwrap_or_default().to_owned();
    let (fate, consequence) = match error.action() {
        // Here these say that Meta failed after taking it, not that it never saw it.
        Action::Retry | Action::MayHaveGoneOut => {
            let fate = Wait::Fault
                .next_attempt(attempt, now, rng)
                .map_or(Fate::Uncertain, |due_at| Fate::Retry { due_at });
            (fate, Consequence::None)
        }
        action => {
            let said = Said { code: error.code, meaning: codes::meaning(error.code), details: &details };
            refusal(action, &said, attempt, now, None, rng)
        }
    };
    let retry_at = match fate {
        Fate::Retry { due_at } | Fate::Return { due_at } => Some(due_at),
        _ => None,
    };
    (retry_at, code(error.code), details, consequence)
}

/// What Meta said.
struct Said<'a> {
    code: i64,
    /// In plain words.
    meaning: &'static str,
    /// In Meta's.
    details: &'a str,
}

fn refusal(
    action: Action,
    said: &Said<'_>,
    attempt: u32,
    now: Timestamp,
    retry_after: Option<Duration>,
    rng: &Rng,
) -> (Fate, Consequence) {
    let failed = || Fate::Failed { code: code(said.code), details: said.details.to_owned() };
    let or_failed = |fate: Option<Fate>| fate.unwrap_or_else(failed);
    let reason = || format!("{} (Meta's code {})", said.meaning, said.code);
    // Refused for a cause that a person can remove: nothing is lost, it waits for that person.
    let waits = Fate::Return { due_at: now };
    match action {
        Action::Retry => (again(Wait::Connection, attempt, now, retry_after, rng), Consequence::None),
        Action::SlowDown(_) => (again(Wait::Pace, attempt, now, retry_after, rng), Consequence::SlowDown),
        Action::WaitPair => (or_failed(retry(Wait::Pair, attempt, now, retry_after, rng)), Consequence::None),
        Action::WaitDay => (or_failed(retry(Wait::Day, attempt, now, retry_after, rng)), Consequence::None),
        Action::FixTemplate | Action::FixMedia | Action::UseMarketingMessages => {
            (waits, Consequence::PauseCampaign(reason()))
        }
        Action::StopRecipient => (failed(), Consequence::Unreached),
        Action::RecordOptOut => (failed(), Consequence::OptOut),
        Action::PauseNumber | Action::RegisterNumber | Action::StopAccount => {
            (waits, Consequence::StopNumber { reason: reason(), token_is_dead: false })
        }
        Action::Reauthorise => (waits, Consequence::StopNumber { reason: reason(), token_is_dead: true }),
        Action::MayHaveGoneOut => (Fate::Uncertain, Consequence::None),
        Action::FixRequest
        | Action::UseTemplate
        | Action::UsePhone
        | Action::ConfirmIdentity
        | Action::AskSomeone => (failed(), Consequence::None),
    }
}

fn again(wait: Wait, attempt: u32, now: Timestamp, retry_after: Option<Duration>, rng: &Rng) -> Fate {
    match retry(wait, attempt, now, retry_after, rng) {
        Some(Fate::Retry { due_at }) => Fate::Return { due_at },
        _ => Fate::Return { due_at: now },
    }
}

fn retry(wait: Wait, attempt: u32, now: Timestamp, retry_after: Option<Duration>, rng: &Rng) -> Option<Fate> {
    let ours = wait.next_attempt(attempt.max(1), now, rng)?;
    // Meta's own wish counts where it is longer, but nobody may make us wait for ever.
    let metas = retry_after.map_or(ours, |d| now.plus(d.min(Duration::from_secs(24 * 3600))));
    Some(Fate::Retry { due_at: ours.max(metas) })
}

fn code(meta_code: i64) -> i32 {
    i32::try_from(meta_code).unwrap_or(i32::MAX)
}
