//! What is done to the server, and what it must say about it: once when trouble begins, once when it is
//! over, unready meanwhile, ready again by itself.

use crate::{script::Plan, stage::Stage};
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::{path::PathBuf, sync::Arc};
use tisara_domain::{Ambient, Duration, Rng};
use tisara_stage::{Bystander, Postgres};
use tokio::process::Command;

const POLL: Duration = Duration::from_millis(50);
/// Longest wait for the server to see what was done to it, and to get over it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The lease of a number in this world.
pub(crate) const LEASE_MS: u64 = 5_000;
/// Requests that press for an answer at once.
const PRESSING: usize = 40;
/// A file may not grow beyond this: the log has room, the database has not.
const FILE_MAX: u64 = 256 * 1024;

/// What is done, each time in the same way at another moment.
#[derive(Clone, Debug)]
pub enum Harm {
    /// The server is killed and started again.
    Kill,
    /// This PostgreSQL is stopped as by a crash, and started again.
    StopDatabase(Arc<Postgres>),
    /// Somebody else holds locks that the engine needs, in a transaction that does nothing more.
    HoldLocks,
    /// Somebody else locks a table that only requests need, and requests for it take every connection.
    TakeConnections,
    /// The server's files may not grow any more (`ulimit -f`), as on a full disk or over a quota.
    LimitFiles,
    /// The disk of this folder, which holds the data, is filled to the last byte.
    FillDisk(PathBuf),
    /// Of two nodes the one that sends is killed, or stands still for a while and then goes on.
    Nodes,
}

impl Harm {
    /// Whether it is the database that suffers.
    pub(crate) const fn is_to_the_database(&self) -> bool {
        !matches!(self, Self::Kill | Self::Nodes)
    }

    /// Messages a second that each number may send: there must be something left to send in the end.
    pub(crate) const fn pace_per_second(&self) -> u32 {
        match self {
            Self::Kill => crate::world::PACE_PER_SECOND,
            Self::Nodes => 50,
            // Sending goes on meanwhile.
            Self::TakeConnections => 25,
            _ => 60,
        }
    }

    /// Does it once, the `n`th time, and waits until it is over.
    pub(crate) async fn strike(
        &self,
        stage: &mut Stage,
        plan: &Plan,
        ambient: &Ambient,
        rng: &Rng,
        n: u32,
    ) -> anyhow::Result<()> {
        let lasts = Duration::from_millis(2_000 + rng.below(5_000));
        match self {
            Self::Kill => {
                stage.server.kill()?;
                // Mostly as a supervisor restarts it; sometimes long enough for webhooks to pile up.
                let dead_ms = if rng.chance(0.1) { 3_000 } else { rng.below(300) };
                ambient.sleep(Duration::from_millis(dead_ms)).await;
                stage.server.start().await
            }
            Self::StopDatabase(postgres) => {
                postgres.stop_at_once()?;
                let seen = unready(stage, ambient).await;
                let refused = refusal(stage).await;
                ambient.sleep(lasts).await;
                postgres.start_again()?;
                seen.and(refused)?;
                ready(stage, ambient).await?;
                let not_stored =
                    stage.server.metric("tisara_webhooks_refused_total{reason=\"not_stored\"}").await?;
                ensure!(not_stored > 0.0, "no webhook was refused while there was no database");
                Ok(())
            }
            Self::HoldLocks => {
                let locks = "LOCK TABLE lease IN EXCLUSIVE MODE";
                let held = Bystander::begin(&plan.database, locks, ambient).await?;
                unready(stage, ambient).await?;
                ambient.sleep(lasts).await;
                drop(held);
                ready(stage, ambient).await
            }
            Self::TakeConnections => {
                let lock = "LOCK TABLE label IN ACCESS EXCLUSIVE MODE";
                let held = Bystander::begin(&plan.database, lock, ambient).await?;
                let before = stage.emulator.report().accepted;
                let pressing = press(stage, ambient, lasts).await;
                let sent = stage.emulator.report().accepted - before;
                let seen = unready(stage, ambient).await;
                drop(held);
                pressing.and(seen)?;
                ensure!(sent > 0, "nothing was sent while requests held every connection");
                ready(stage, ambient).await
            }
            Self::LimitFiles => {
                let pid = stage.server.pid().context("the server does not run")?;
                limit_files(pid, Some(FILE_MAX)).await?;
                let seen = unready(stage, ambient).await;
                ambient.sleep(lasts).await;
                limit_files(pid, None).await?;
                seen?;
                ready(stage, ambient).await
            }
            Self::FillDisk(folder) => {
                let ballast = folder.join("ballast");
                // It ends with "no space left on device".
                let _ = std::io::copy(&mut std::io::repeat(0), &mut std::fs::File::create(&ballast)?);
                let seen = unready(stage, ambient).await;
                ambient.sleep(lasts).await;
                std::fs::remove_file(&ballast)?;
                ensure!(seen?.contains("full"), "a full disk is not called so");
                ready(stage, ambient).await
            }
            Self::Nodes => strike_a_node(stage, plan, ambient, rng, n).await,
        }
    }

    /// Holds the server's log against what was done: `times` troubles, each with one line when it began and
    /// one when it was over, and nothing that goes on and on.
    pub(crate) fn check_log(&self, stage: &Stage, times: u32) -> anyhow::Result<()> {
        if !self.is_to_the_database() {
            return Ok(());
        }
        let log = std::fs::read_to_string(stage.server.log_file())?;
        let lines = |words: &str| log.lines().filter(|line| line.contains(words)).count();
        let (began, ended) = (lines("the database is in trouble"), lines("the database works again"));
        let all = lines(" WARN ") + lines(" ERROR ");
        let times = times as usize;
        ensure!(
            (began, ended) == (times, times) && all <= 10 * times + 20,
            "{times} troubles: {began} lines said that one began, {ended} that it was over, of {all} in all"
        );
        Ok(())
    }
}

/// What `/readyz` says of the database: nothing while it is well.
async fn trouble(stage: &Stage) -> anyhow::Result<Option<String>> {
    let (status, text) = stage.server.page("/readyz").await?;
    let answer: Value = serde_json::from_str(&text)?;
    let checks = answer["checks"].as_array().context("/readyz has no checks")?;
    let database = checks.iter().find(|c| c["name"] == "database").context("no check of the database")?;
    match (status, database["ok"].as_bool()) {
        (200, Some(true)) => Ok(None),
        (503, Some(false)) => Ok(Some(database["detail"].as_str().unwrap_or_default().to_owned())),
        // Another check may fail on a full disk; the database is what is waited for.
        _ => Ok(Some(String::new())),
    }
}

/// Waits until the server says that the database is in trouble, with the reason.
async fn unready(stage: &Stage, ambient: &Ambient) -> anyhow::Result<String> {
    let until = ambient.now().plus(PATIENCE);
    while ambient.now() < until {
        if let Ok(Some(why)) = trouble(stage).await
            && !why.is_empty()
        {
            let up = stage.server.metric("tisara_database_up").await?;
            ensure!(up == 0.0 || why.contains("does not answer"), "unready ({why}), and yet up: {up}");
            return Ok(why);
        }
        ambient.sleep(POLL).await;
    }
    bail!("the server does not notice that its database is in trouble")
}

/// Waits until the server is ready again.
async fn ready(stage: &Stage, ambient: &Ambient) -> anyhow::Result<()> {
    let until = ambient.now().plus(PATIENCE);
    while !matches!(trouble(stage).await, Ok(None)) {
        ensure!(ambient.now() < until, "the server does not get over it: {:?}", trouble(stage).await);
        ambient.sleep(POLL).await;
    }
    let up = stage.server.metric("tisara_database_up").await?;
    ensure!(up == 1.0, "ready, and yet tisara_database_up is {up}");
    Ok(())
}

/// A request that needs the database is refused with 503, and told when to come again.
async fn refusal(stage: &Stage) -> anyhow::Result<()> {
    let (status, retry_after) = stage.api.status_of("/campaigns").await?;
    ensure!(status == 503 && retry_after.is_some(), "refused with {status}, Retry-After {retry_after:?}");
    Ok(())
}

/// Many requests at once that wait for a lock, so long: each is answered in time, and refused with 503.
async fn press(stage: &Stage, ambient: &Ambient, for_: Duration) -> anyhow::Result<()> {
    let until = ambient.now().plus(for_);
    let mut pressing = tokio::task::JoinSet::new();
    for _ in 0..PRESSING {
        let (api, ambient) = (stage.api.clone(), ambient.clone());
        pressing.spawn(async move {
            while ambient.now() < until {
                let asked = ambient.now();
                let (status, retry_after) = api.status_of("/labels").await?;
                let took = ambient.now().since(asked);
                ensure!(
                    status == 503 && retry_after.is_some() && took < Duration::from_secs(10),
                    "answered {status} after {took:?}, Retry-After {retry_after:?}"
                );
            }
            Ok(())
        });
    }
    while let Some(ended) = pressing.join_next().await {
        ended??;
    }
    Ok(())
}

async fn limit_files(pid: u32, bytes: Option<u64>) -> anyhow::Result<()> {
    let soft = bytes.map_or_else(|| "unlimited".to_owned(), |n| n.to_string());
    let set = Command::new("prlimit").args(["--pid", &pid.to_string(), &format!("--fsize={soft}:")]).status();
    ensure!(set.await.context("prlimit")?.success(), "the limit could not be set");
    Ok(())
}

/// The node that sends is killed, or stopped for longer than its lease, or for so long that the other has
/// even sent again what it had left in doubt.
async fn strike_a_node(
    stage: &mut Stage,
    plan: &Plan,
    ambient: &Ambient,
    rng: &Rng,
    n: u32,
) -> anyhow::Result<()> {
    let mut second = stage.second.take().context("there is one node only")?;
    let lanes_of_second = second.metric("tisara_lanes").await.unwrap_or_default();
    let front = stage.front.as_ref().context("there is nothing before the nodes")?;
    let (victim, other) = if lanes_of_second > 0.0 && (rng.chance(0.5) || lanes(stage).await == 0.0) {
        (&mut second, &stage.server)
    } else {
        (&mut stage.server, &second)
    };
    front.turn_to(other.address);
    let grace = Duration::from_millis(crate::world::GRACE_MS);
    let lease = Duration::from_millis(LEASE_MS);
    let began = stage.emulator.report().accepted;
    match n % 3 {
        0 => {
            (plan.tell)("stopped until the other has sent again what was in doubt");
            victim.signal("STOP")?;
            ambient.sleep(lease + grace * 2 + Duration::from_millis(rng.below(2_000))).await;
        }
        1 => {
            (plan.tell)("killed");
            victim.kill()?;
            ambient.sleep(lease * 2).await;
        }
        _ => {
            (plan.tell)("stopped a little longer than its lease");
            victim.signal("STOP")?;
            ambient.sleep(lease + Duration::from_millis(1_000 + rng.below(3_000))).await;
        }
    }
    let sent = stage.emulator.report().accepted - began;
    if n % 3 == 1 {
        victim.start().await?;
    } else {
        victim.signal("CONT")?;
    }
    stage.second = Some(second);
    (plan.tell)(&format!("{sent} messages were sent meanwhile"));
    ensure!(sent > 0, "the other node did not go on");
    Ok(())
}

async fn lanes(stage: &Stage) -> f64 {
    stage.server.metric("tisara_lanes").await.unwrap_or_default()
}
