//! A short torture of the binary on both databases; `make torture` does it longer.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and prints its seed")]

use tisara_domain::Rng;
use tisara_store::{Engine, Url, testing::TestStore};
use tisara_torture::{Harm, Plan, run};

/// Another script each time; the seed is printed.
async fn nothing_is_lost_or_doubled_on(database: String) {
    let seed = Rng::from_os().unwrap().below(1_000_000_000);
    eprintln!("seed {seed} on {database}");
    let plan = Plan {
        kills: 3,
        harm: Harm::Kill,
        recipients: 1_500,
        seed,
        database,
        tisara: env!("CARGO_BIN_EXE_tisara").into(),
        dir: None,
        tell: |line| eprintln!("{line}"),
    };
    let outcome = run(plan).await.unwrap();
    assert!(outcome.is_kept(), "{outcome:#?}");
    assert_eq!((outcome.kills, outcome.recipients), (3, 1_500), "{outcome:#?}");
    assert!(outcome.inbound > 10 && outcome.replies > 10, "{outcome:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_kills_lose_and_double_nothing_on_sqlite() {
    nothing_is_lost_or_doubled_on("sqlite".to_owned()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_kills_lose_and_double_nothing_on_postgres() {
    let test = TestStore::new(Engine::Postgres).await;
    let Url::Postgres(url) = test.url.clone() else { unreachable!("asked for PostgreSQL") };
    nothing_is_lost_or_doubled_on(url).await;
}
