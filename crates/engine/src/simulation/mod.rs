//! A simulation of whole campaigns: the real engine, over a stand-in for Meta and a clock that are both
//! driven by a seed, each history on one thread, with a death of the program at any commit.
//!
//! One seed is one history. It ends when everything is settled, and then these must hold: everybody was
//! reached exactly once, nobody is in doubt, the counters say what the rows say, and no number was ever
//! faster than its pace. `SEEDS=10000 cargo test … simulation` runs as many; `SEED=7` runs one, exactly as
//! it was.
//!
//! So that the simulation can fail at all, a few tests run it with one rule of the engine broken.

pub(crate) mod broken;
mod graph;
mod world;

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tisara_store::{Engine, testing};
use world::{Broken, World};

/// Runs the seeds, a history to a core, and gives back how many it were, or the violation of the lowest seed
/// that was found.
fn run(seeds: Range<u64>, broken: Broken) -> Result<u64, String> {
    run_on(Engine::Sqlite, seeds, broken)
}

fn run_on(engine: Engine, seeds: Range<u64>, broken: Broken) -> Result<u64, String> {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while found.lock().unwrap().is_empty() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if seed.is_multiple_of(1_000) && seed > seeds.start {
                        println!("seed {seed}");
                    }
                    let schema = (engine == Engine::Postgres).then(testing::fresh_schema);
                    if let Err(violation) = World::new(seed, broken, schema.as_deref()).run() {
                        found.lock().unwrap().insert(seed, violation);
                    }
                }
            });
        }
    });
    match found.into_inner().unwrap().pop_first() {
        Some((seed, violation)) => Err(format!("seed {seed}: {violation}")),
        None => Ok(seeds.end - seeds.start),
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|v| v.parse().ok())
}

fn survive(engine: Engine, default: u64, part: u64) {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").map_or(default, |n| n.div_ceil(part)),
    };
    println!("{}: seeds {seeds:?}", engine.as_str());
    match run_on(engine, seeds, Broken::Nothing) {
        Ok(n) => println!("{}: {n} histories, 0 violations", engine.as_str()),
        Err(violation) => panic!("{violation}"),
    }
}

#[test]
fn campaigns_survive_every_history() {
    survive(Engine::Sqlite, 60, 1);
}

/// The same histories where a transaction is a conversation with a server: a hundredth of them.
#[test]
fn campaigns_survive_every_history_on_postgres() {
    survive(Engine::Postgres, 4, 100);
}

#[test]
fn a_seed_replays_exactly() {
    let history = |seed| World::new(seed, Broken::Nothing, None).run().unwrap();
    for seed in [3, 4] {
        assert_eq!(history(seed), history(seed));
    }
}

/// With one rule broken some seed must show it.
fn is_noticed(broken: Broken) {
    let noticed = run(0..300, broken);
    println!("{noticed:?}");
    assert!(noticed.is_err(), "{broken:?} was not noticed: the simulation cannot fail");
}

#[test]
fn sending_again_without_settling_is_noticed() {
    is_noticed(Broken::Settling);
}

#[test]
fn claiming_after_sending_is_noticed() {
    is_noticed(Broken::IntentFirst);
}

#[test]
fn ignoring_the_order_of_statuses_is_noticed() {
    is_noticed(Broken::StatusOrder);
}

#[test]
fn judging_news_by_their_arrival_is_noticed() {
    is_noticed(Broken::Arrival);
}
