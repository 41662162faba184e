//! `tisara backup` and `tisara restore`: everything in one file, and back.

use crate::{
    cli::{Backup, Restore},
    config::Config,
    data_dir::{self, DataDir},
    exit::{self, Failure},
    setup, terminal,
};
use serde_json::json;
use std::path::Path;
use tisara_domain::seal::Key;
use tisara_store::{
    Url,
    backup::{About, BackupError, Summary, inspect, key_id},
};

/// Runs `tisara backup`.
pub async fn run_backup(file: Option<&Path>, args: &Backup) -> anyhow::Result<()> {
    let config = setup::config(file, &args.place)?;
    let ambient = setup::ambient()?;
    let key = data_dir::find_key(&config.key_file())?.ok_or_else(|| {
        Failure::usage(format!("there is no key file {}", config.key_file().display()))
            .todo("Name the data folder of the installation (--data-dir): without its key a backup is worth little.")
    })?;
    let (store, url) = setup::open_store(&config)?;
    let about = About {
        now: ambient.now(),
        version: env!("CARGO_PKG_VERSION"),
        key_id: key_id(&key.to_bytes()),
        key: args.include_key.then(|| key.to_bytes().to_vec()),
    };
    let made = store.back_up(&args.file, about).await.map_err(|e| failure(&e, &url))?;
    if args.json {
        terminal::out(summary(&made));
    } else {
        terminal::out(format_args!(
            "{} holds {} rows, sha256 {}",
            args.file.display(),
            made.rows(),
            made.sha256
        ));
    }
    terminal::say(if args.include_key {
        "The key is in the backup: whoever has the file can read the access tokens in it. Keep it safe."
            .to_owned()
    } else {
        format!(
            "The key ({}) is not in the backup. Keep a copy of it elsewhere: without it every number must be \
             connected again.",
            config.key_file().display()
        )
    });
    Ok(())
}

/// Runs `tisara restore`.
pub async fn run_restore(file: Option<&Path>, args: &Restore) -> anyhow::Result<()> {
    let config = setup::config(file, &args.place)?;
    let ambient = setup::ambient()?;
    let url = config.database_url().map_err(|e| Failure::usage(e.to_string()))?;
    let read = args.file.clone();
    let found = tokio::task::spawn_blocking(move || inspect(&read)).await?.map_err(|e| failure(&e, &url))?;
    if args.check {
        if args.json {
            terminal::out(summary(&found));
        } else {
            terminal::out(format_args!("{} is whole: {} rows", args.file.display(), found.rows()));
        }
        return Ok(());
    }
    // No server may run on this folder meanwhile.
    let _held = DataDir::open(&config.storage.data_dir)?;
    let key = key_for(&config, &found, args.without_key)?;
    let (store, url) = setup::open_store(&config)?;
    let (restored, held) =
        store.restore(&args.file, args.replace, ambient.now()).await.map_err(|e| failure(&e, &url))?;
    // Last: a restore that was refused leaves no key behind.
    if let Some(key) = key {
        data_dir::keep_key(&config.key_file(), &key)?;
    }
    if args.json {
        let mut said = summary(&restored);
        said["held"] = json!({
            "campaigns": held.campaigns, "waiting": held.waiting, "uncertain": held.uncertain,
            "messages": held.messages, "imports": held.jobs, "emails": held.mails,
        });
        terminal::out(said);
    } else {
        terminal::out(format_args!("restored {} rows into {url:?}", restored.rows()));
        terminal::out(format_args!(
            "held: {} campaigns with {} waiting recipients, {} uncertain recipients, {} messages",
            held.campaigns, held.waiting, held.uncertain, held.messages
        ));
    }
    if held.campaigns + held.messages > 0 {
        terminal::say(
            "What was waiting may have been sent since the backup, so nothing of it is sent before you say so:\n\
             tisara campaign resume CAMPAIGN --after-restore, or the API under /api/v1/restored",
        );
    }
    Ok(())
}

/// The key to be put into the key file: the backup's, where there is none yet. A key that is there must be
/// the right one.
fn key_for(config: &Config, found: &Summary, without: bool) -> Result<Option<Key>, Failure> {
    let wanted = &found.header.key_id;
    let path = config.key_file();
    let in_backup = found.key.as_deref().and_then(|bytes| Some(Key::from_bytes(bytes.try_into().ok()?)));
    let of_backup = |key: &Key| key_id(&key.to_bytes()) == *wanted;
    match (data_dir::find_key(&path)?, in_backup) {
        (Some(key), _) if of_backup(&key) => Ok(None),
        (None, Some(key)) if of_backup(&key) => Ok(Some(key)),
        _ if without => Ok(None),
        (Some(_), _) => Err(Failure::usage(format!(
            "the key file {} is not the one this backup was made with ({wanted})",
            path.display()
        ))
        .todo("Put the right one there, or restore all the same with --without-key and connect every number again.")),
        (None, _) => Err(Failure::usage(format!(
            "the backup does not hold its key ({wanted}), and there is no key file {}",
            path.display()
        ))
        .todo("Put your copy of it there, or restore all the same with --without-key and connect every number again.")),
    }
}

fn summary(of: &Summary) -> serde_json::Value {
    let tables: serde_json::Map<_, _> =
        of.tables.iter().map(|(name, rows)| (name.clone(), json!(rows))).collect();
    json!({
        "format": of.header.format, "schema": of.header.schema, "made_at": of.header.made_at,
        "engine": of.header.engine, "version": of.header.version, "key_id": of.header.key_id,
        "has_key": of.key.is_some(), "rows": of.rows(), "tables": tables, "sha256": of.sha256,
    })
}

fn failure(error: &BackupError, at: &Url) -> Failure {
    match error {
        BackupError::Store(e) => exit::storage(e, at),
        BackupError::File { .. } => Failure::surroundings(error.to_string()),
        BackupError::Damaged { .. } => Failure::usage(error.to_string())
            .todo("Take another copy of the backup, or an earlier one. Nothing was changed."),
        BackupError::Unfit(_) => Failure::usage(error.to_string()).todo("Nothing was changed."),
    }
}
