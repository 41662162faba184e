//! The one binary. It alone reads the configuration and picks the concrete parts; what the parts do is
//! in the libraries below it.

#![expect(unreachable_pub, reason = "a program has no callers outside; `pub` marks what a module offers")]

mod backup;
mod campaign;
mod cli;
mod config;
mod contacts;
mod data_dir;
mod demo;
mod doctor;
mod emulate;
mod exit;
mod listen;
mod logging;
mod migrate;
mod org;
mod poll;
mod progress;
mod remote;
mod repair;
mod running;
mod serve;
mod setup;
mod staff;
mod stop;
mod terminal;
mod user;

use clap::Parser as _;
use cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One TLS provider for the process; a second call (there is none) would only be refused.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers(&cli.command))
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(e) => return end(&anyhow::anyhow!("the system gives no threads: {e}")),
    };
    let done = runtime.block_on(run(cli));
    // Detached tasks (a poll, a file being read) must not hold the end up.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => end(&error),
    }
}

/// Threads of the runtime: half of the cores, because the other half is for the database, which has threads or
/// processes of its own. One thread more than there are cores for costs its switches and gives nothing. The emulator
/// has no database.
fn workers(command: &Command) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if matches!(command, Command::Emulate(_)) { cores } else { cores.div_ceil(2) }
}

fn end(error: &anyhow::Error) -> ExitCode {
    let (code, text) = exit::describe(error);
    terminal::say(format_args!("tisara: {text}"));
    ExitCode::from(code as u8)
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Serve(args) => serve::run(file, &args).await,
        Command::Emulate(args) => emulate::run(&args).await,
        Command::Demo(args) => demo::run(&args).await,
        Command::Campaign(command) => campaign::run(&command).await,
        Command::Contacts(command) => contacts::run(&command).await,
        Command::Org(command) => org::run(file, &command).await,
        Command::Staff(command) => staff::run(file, &command).await,
        Command::User(command) => user::run(file, &command).await,
        Command::Migrate(place) => migrate::run(file, &place).await,
        Command::Backup(args) => backup::run_backup(file, &args).await,
        Command::Restore(args) => backup::run_restore(file, &args).await,
        Command::Repair(args) => repair::run(file, &args).await,
        Command::Doctor(args) => doctor::run(file, &args).await,
    }
}
