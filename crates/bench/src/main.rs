//! `bench`: what Tisara does on this machine, measured from outside: server, emulator and load are
//! processes of their own, and all that is known of the server is its API, its webhooks and its metrics.
//!
//! Speeds differ from machine to machine, so what has a target is mostly a ratio of two figures taken in
//! the same run. It must never look into the database: what no client can see is no result.

mod bare;
mod cases;
mod figures;
mod load;
mod made;
mod raw;
mod rig;
mod sink;
mod webhooks;
mod world;

use clap::Parser;
use figures::Figures;
use std::{io::Write as _, path::PathBuf, process::ExitCode};
use tisara_domain::Ambient;

/// Measures campaigns, webhooks, imports, reads, memory and start on SQLite and on PostgreSQL.
///
/// Prints a table with the targets and writes all figures as one JSON object. Exit code 1 when a case
/// failed; a target that is missed is marked in the table.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Cli {
    /// A tenth of the size: for a first look.
    #[arg(long)]
    quick: bool,

    /// Address of an empty PostgreSQL database; without it only SQLite is measured.
    #[arg(long, value_name = "URL", env = "TISARA_TEST_POSTGRES")]
    postgres: Option<String>,

    /// The process of that server, if it runs on this machine: its processor time is told then.
    #[arg(long, value_name = "PID", env = "TISARA_TEST_POSTGRES_PID")]
    postgres_pid: Option<u32>,

    /// Only these engines: sqlite, postgres.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    engine: Vec<String>,

    /// Only these parts: import, campaigns, reads, keys, ingest, numbers. The contacts that the others need are imported
    /// in any case.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,

    /// Where the figures go.
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    out: PathBuf,

    /// Figures of other programs, JSON objects, to be added to the table.
    #[arg(long, value_name = "FILE")]
    add: Vec<PathBuf>,

    /// The server's binary; without it `tisara` beside this one.
    #[arg(long, value_name = "FILE")]
    tisara: Option<PathBuf>,
}

fn main() -> ExitCode {
    // A second provider would only be refused.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match measure(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            say(&format!("bench: {e:#}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(cli: &Cli) -> anyhow::Result<()> {
    let tisara = match &cli.tisara {
        Some(file) => file.clone(),
        None => std::env::current_exe()?.with_file_name("tisara"),
    };
    let ambient = Ambient::real()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut figures = Figures::default();
    for file in &cli.add {
        figures.add_file(file)?;
    }
    let began_at = ambient.now();
    for engine in cases::engines(cli.postgres.as_deref(), cli.postgres_pid, &cli.engine)? {
        let sizes = if cli.quick { cases::Sizes::quick() } else { cases::Sizes::full() };
        let plan = cases::Plan { tisara: &tisara, sizes, engine, only: &cli.only, tell: say };
        let measured = runtime.block_on(cases::run(&plan, &ambient, &mut figures));
        // What was measured before a failure is worth keeping.
        figures.save(&cli.out)?;
        measured?;
    }
    runtime.shutdown_background();
    figures.set("seconds", ambient.now().since(began_at).as_secs_f64());
    figures.save(&cli.out)?;
    writeln!(std::io::stdout().lock(), "{}", figures.table())?;
    Ok(())
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
