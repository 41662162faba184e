//! `tisara migrate`: the database brought to this release, and nothing else.

use crate::{cli::Place, exit, setup, terminal};
use std::path::Path;

/// Runs the command.
pub async fn run(file: Option<&Path>, place: &Place) -> anyhow::Result<()> {
    let config = setup::config(file, place)?;
    let ambient = setup::ambient()?;
    let (store, url) = setup::open_store(&config)?;
    let done = store.migrate(ambient.now()).await.map_err(|e| exit::storage(&e, &url))?;
    for name in &done.applied {
        terminal::out(format_args!("applied {name}"));
    }
    terminal::out(match done.applied.len() {
        0 => format!("{url:?} is up to date (schema {})", done.version),
        _ => format!("{url:?} is now at schema {}", done.version),
    });
    Ok(())
}
