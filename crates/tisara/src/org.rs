//! `tisara org`: organizations, straight in the database of this installation.

use crate::{cli::Place, config::Config, data_dir, exit, exit::Failure, setup, terminal};
use clap::{Args, Subcommand};
use std::path::Path;
use tisara_domain::{Ambient, ApiKeyId, OrgId, Region};
use tisara_engine::Vault;
use tisara_server::auth::NewKey;
use tisara_store::{Store, api_keys::NewApiKey, organizations::NewOrganization};

/// The longest name of an organization, in characters.
const NAME_MAX: usize = 200;

/// `tisara org …`.
#[derive(Debug, Subcommand)]
pub enum Org {
    /// Create an organization and print an API key to it, once.
    ///
    /// Example: tisara org create "Jasper's Market" --region LK
    Create(OrgCreate),
}

/// `tisara org create`.
#[derive(Debug, Args)]
pub struct OrgCreate {
    /// The organization's name.
    pub name: String,

    /// The country whose numbers its people write without country code, as two letters.
    #[arg(long, value_name = "CC", default_value = "LK")]
    pub region: String,

    #[command(flatten)]
    pub place: Place,

    /// Print id and key as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub async fn run(file: Option<&Path>, command: &Org) -> anyhow::Result<()> {
    match command {
        Org::Create(args) => run_create(file, args).await,
    }
}

async fn run_create(file: Option<&Path>, args: &OrgCreate) -> anyhow::Result<()> {
    let region = region(&args.region)?;
    let name = args.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        return Err(Failure::usage(format!("the name must have 1 to {NAME_MAX} characters")).into());
    }
    let (config, ambient, store, vault) = open(file, &args.place).await?;
    let (org, token) = create(&store, &ambient, &vault, name, region).await.map_err(|e| match e {
        Refused::Storage(e) => match config.database_url() {
            Ok(url) => exit::storage(&e, &url),
            Err(_) => Failure::failed(e.to_string()),
        },
        Refused::Seal(e) => Failure::failed(e.to_string()),
    })?;
    if args.json {
        terminal::out(serde_json::json!({ "organization": org.to_string(), "name": name, "key": token }));
    } else {
        terminal::out(format_args!("organization  {org}  {name}"));
        terminal::out(format_args!("API key       {token}"));
        terminal::say(
            "Keep the key: it is not shown again. Use it as TISARA_KEY, or Authorization: Bearer …",
        );
    }
    Ok(())
}

/// The database of this installation, brought up to date, and the keys of its secrets.
///
/// # Errors
/// When configuration, folder, key or database will not do.
pub async fn open(file: Option<&Path>, place: &Place) -> Result<(Config, Ambient, Store, Vault), Failure> {
    let config = setup::config(file, place)?;
    let ambient = setup::ambient()?;
    // The server may be running: its lock is not ours to take.
    data_dir::create(&config.storage.data_dir)?;
    let key = data_dir::open_key(&config.key_file(), ambient.rng())?;
    let vault = Vault::new(key, ambient.rng().clone());
    let (store, _) = setup::open_migrated(&config, &ambient).await?;
    Ok((config, ambient, store, vault))
}

/// Why an organization could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The database.
    #[error(transparent)]
    Storage(#[from] tisara_store::Error),
    /// The key of keys.
    #[error(transparent)]
    Seal(#[from] tisara_domain::seal::SealError),
}

/// Makes an organization with a first API key, which is given back and kept nowhere.
///
/// # Errors
/// As the database says.
pub async fn create(
    store: &Store,
    ambient: &Ambient,
    vault: &Vault,
    name: &str,
    region: Region,
) -> Result<(OrgId, String), Refused> {
    let now = ambient.now();
    let (org, key_id) = (ambient.id::<OrgId>(), ambient.id::<ApiKeyId>());
    let key = NewKey::generate(ambient.rng(), true);
    let new = NewOrganization {
        id: org,
        name: name.to_owned(),
        default_region: region,
        data_key: vault.new_data_key()?,
        created_at: now,
    };
    let hash = key.hash;
    let first =
        NewApiKey { hint: key.hint().to_owned(), ..NewApiKey::unbounded(org, key_id, "first key", now) };
    store
        .write(move |tx| {
            tx.create_organization(&new)?;
            tx.org(org).create_api_key(&first, &hash)
        })
        .await?;
    Ok((org, key.token))
}

/// A country of the command line.
///
/// # Errors
/// When it is none.
pub fn region(text: &str) -> Result<Region, Failure> {
    text.parse()
        .map_err(|e: tisara_domain::phone::RegionError| Failure::usage(format!("--region {text}: {e}")))
}
