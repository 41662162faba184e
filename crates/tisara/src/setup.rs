//! What several commands do first: read the configuration, open the database.

use crate::{
    cli::Place,
    config::{self, Config, Secret},
    data_dir,
    exit::{self, Failure},
};
use std::path::Path;
use tisara_domain::Ambient;
use tisara_store::{Store, Url};

/// The real clock and the operating system's randomness.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn ambient() -> Result<Ambient, Failure> {
    Ambient::real()
        .map_err(|e| Failure::surroundings(format!("the operating system gives no randomness: {e}")))
}

/// The configuration with what the command line says instead, and nothing wrong with it.
///
/// # Errors
/// One failure that lists every mistake.
pub fn config(file: Option<&Path>, place: &Place) -> Result<Config, Failure> {
    let mut config = config::load(file, std::env::vars())?.checked()?;
    apply(&mut config, place)?;
    Ok(config)
}

/// Puts the command line's wishes over the configuration.
///
/// # Errors
/// When the database's address makes no sense.
pub fn apply(config: &mut Config, place: &Place) -> Result<(), Failure> {
    if let Some(dir) = &place.data_dir {
        config.storage.data_dir.clone_from(dir);
    }
    if let Some(url) = &place.database {
        url.parse::<Url>().map_err(|e| Failure::usage(format!("--database: {e}")))?;
        config.storage.database_url = Some(Secret::new(url.as_str()));
    }
    Ok(())
}

/// Opens the database without touching its tables.
///
/// # Errors
/// When it cannot be opened or reached.
pub fn open_store(config: &Config) -> Result<(Store, Url), Failure> {
    let url = config.database_url().map_err(|e| Failure::usage(e.to_string()))?;
    if let Url::Sqlite(path) = &url
        && let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty())
    {
        data_dir::create(folder)?;
    }
    let store = Store::open(&url, config.store_options()).map_err(|e| exit::storage(&e, &url))?;
    Ok((store, url))
}

/// Opens the database and brings it to this release.
///
/// # Errors
/// When it cannot be reached, is not ours, or is newer than this program.
pub async fn open_migrated(config: &Config, ambient: &Ambient) -> Result<(Store, Url), Failure> {
    let (store, url) = open_store(config)?;
    store.migrate(ambient.now()).await.map_err(|e| exit::storage(&e, &url))?;
    Ok((store, url))
}
