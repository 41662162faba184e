//! `torture`: see the library.

use clap::Parser;
use std::{io::Write as _, path::PathBuf, process::ExitCode};
use tisara_domain::Rng;
use tisara_torture::{Harm, Plan, run};

/// Kills a server over and over while it sends and receives, and judges what became of every message.
///
/// Prints the seed on stderr first and one JSON object on stdout last. Exit code 0 only when nothing was
/// lost, doubled, left uncertain or miscounted.
#[derive(Debug, Parser)]
#[command(name = "torture", version)]
struct Cli {
    /// How often the server is killed.
    #[arg(long, env = "KILLS", default_value_t = 10)]
    kills: u32,

    /// Recipients of all campaigns together.
    #[arg(long, env = "RECIPIENTS", default_value_t = 4_000)]
    recipients: u32,

    /// Decides all that is left to chance; without it a new one each time.
    #[arg(long, env = "SEED")]
    seed: Option<u64>,

    /// `sqlite`, or the address of an empty PostgreSQL database: postgres://…
    #[arg(long, env = "DATABASE", default_value = "sqlite")]
    database: String,

    /// The server's binary; without it `tisara` beside this one.
    #[arg(long, value_name = "FILE")]
    tisara: Option<PathBuf>,

    /// A folder for the data and the server's log, which is kept; without it a temporary one, which is
    /// kept only when something went wrong.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    match torture(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            say(&format!("torture: {e:#}"));
            ExitCode::FAILURE
        }
    }
}

fn torture(cli: Cli) -> anyhow::Result<bool> {
    // A seed that a person can type again.
    let seed = match cli.seed {
        Some(seed) => seed,
        None => Rng::from_os()?.below(1_000_000_000),
    };
    say(&format!("seed {seed}"));
    let beside = || -> anyhow::Result<PathBuf> { Ok(std::env::current_exe()?.with_file_name("tisara")) };
    let plan = Plan {
        kills: cli.kills,
        harm: Harm::Kill,
        recipients: cli.recipients,
        seed,
        database: cli.database,
        tisara: cli.tisara.map_or_else(beside, Ok)?,
        dir: cli.dir,
        tell: say,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run(plan));
    runtime.shutdown_background();
    let outcome = outcome?;
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&outcome)?)?;
    Ok(outcome.is_kept())
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
