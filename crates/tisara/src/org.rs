//! `tisara org`: organizations, straight in the database of this installation.

use crate::{
    campaign::standing::new_table, cli::Place, config::Config, data_dir, exit, exit::Failure, setup, terminal,
};
use clap::{Args, Subcommand};
use std::path::Path;
use tisara_domain::{Ambient, ApiKeyId, OrgId, Region};
use tisara_engine::Vault;
use tisara_server::auth::NewKey;
use tisara_store::{Store, api_keys::NewApiKey, organizations::NewOrganization, usage::UsageLimit};

/// The longest name of an organization, in characters.
const NAME_MAX: usize = 200;

/// `tisara org …`.
#[derive(Debug, Subcommand)]
pub enum Org {
    /// Create an organization and print an API key to it, once.
    ///
    /// Example: tisara org create "Jasper's Market" --region LK
    Create(OrgCreate),
    /// Print what an organization uses and may use, or limit it.
    ///
    /// A limit holds within ten seconds, also on a running server. Whoever is over it gets `limit_reached` with
    /// the limit and when it begins anew; a campaign pauses. Months and days are of the calendar, in UTC.
    ///
    /// Examples: tisara org limit org_01h455vb4pex5vsknk084sn02q
    ///           tisara org limit org_01h455vb4pex5vsknk084sn02q --messages-per-month 50000 --seats none
    #[command(verbatim_doc_comment)]
    Limit(OrgLimit),
    /// Print the organizations with their ids.
    List(OrgList),
}

/// `tisara org list`.
#[derive(Debug, Args)]
pub struct OrgList {
    #[command(flatten)]
    pub place: Place,
}

/// `tisara org limit`.
#[derive(Debug, Args)]
pub struct OrgLimit {
    /// Its id, as org_01h….
    pub organization: String,

    /// At most so many messages that Meta takes in a month, of campaigns, replies and templates; or none.
    #[arg(long, value_name = "N", value_parser = most)]
    pub messages_per_month: Option<Most>,

    /// At most so many calls by API keys in a day; or none.
    #[arg(long, value_name = "N", value_parser = most)]
    pub api_calls_per_day: Option<Most>,

    /// At most so many members, people who are invited among them; or none.
    #[arg(long, value_name = "N", value_parser = most)]
    pub seats: Option<Most>,

    #[command(flatten)]
    pub place: Place,

    /// Print the limits as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// How much at most; `None` lifts the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most(Option<i64>);

/// Reads a number or `none`.
fn most(text: &str) -> Result<Most, String> {
    match text {
        "none" => Ok(Most(None)),
        _ => match text.parse::<u32>() {
            Ok(n) => Ok(Most(Some(i64::from(n)))),
            Err(_) => Err("write a number, or none to lift the limit".to_owned()),
        },
    }
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
        Org::Limit(args) => run_limit(file, args).await,
        Org::List(args) => run_list(file, args).await,
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
        Refused::Storage(e) => storage(&config, &e),
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

async fn run_limit(file: Option<&Path>, args: &OrgLimit) -> anyhow::Result<()> {
    let org: OrgId = args
        .organization
        .parse()
        .map_err(|_| Failure::usage(format!("{}: not the id of an organization", args.organization)))?;
    let wanted: Vec<(UsageLimit, Option<i64>)> = [
        (UsageLimit::MessagesPerMonth, args.messages_per_month),
        (UsageLimit::ApiCallsPerDay, args.api_calls_per_day),
        (UsageLimit::Seats, args.seats),
    ]
    .into_iter()
    .filter_map(|(limit, most)| Some((limit, most?.0)))
    .collect();
    let (config, ambient, store, _) = open(file, &args.place).await?;
    let now = ambient.now();
    let done = store.write(move |tx| {
        if tx.find_organization(org)?.is_none() {
            return Ok(None);
        }
        let mut tenant = tx.org(org);
        for (limit, most) in &wanted {
            tenant.put_limit(*limit, *most, now)?;
        }
        tenant.list_limit_states(now).map(Some)
    });
    let states = done.await.map_err(|e| storage(&config, &e))?;
    let states = states.ok_or_else(|| {
        Failure::usage(format!("there is no organization {org}")).todo("`tisara org list` prints them.")
    })?;
    if args.json {
        let limits: Vec<_> = states
            .iter()
            .map(|s| {
                let frees_at = s.frees_at.map(|at| at.to_string());
                serde_json::json!({ "limit": s.limit.as_str(), "most": s.most, "used": s.used, "frees_at": frees_at })
            })
            .collect();
        terminal::out(serde_json::json!({ "organization": org.to_string(), "limits": limits }));
        return Ok(());
    }
    let mut table = new_table();
    table.set_header(["limit", "at most", "used", "begins anew"]);
    for s in states {
        table.add_row([
            s.limit.to_string(),
            s.most.map_or_else(|| "none".to_owned(), |n| n.to_string()),
            s.used.to_string(),
            s.frees_at.map(|at| at.to_string()).unwrap_or_default(),
        ]);
    }
    terminal::out(table);
    Ok(())
}

async fn run_list(file: Option<&Path>, args: &OrgList) -> anyhow::Result<()> {
    /// Organizations of one page.
    const PAGE: u32 = 200;
    let (config, _, store, _) = open(file, &args.place).await?;
    let mut after = None;
    loop {
        let page = store.read(move |tx| tx.list_organizations(after, PAGE)).await;
        let page = page.map_err(|e| storage(&config, &e))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for org in &page {
            terminal::out(format_args!("{}  {}", org.id, org.name));
        }
    }
}

/// What a fault of the database is to whoever runs the command.
pub fn storage(config: &Config, e: &tisara_store::Error) -> Failure {
    match config.database_url() {
        Ok(url) => exit::storage(e, &url),
        Err(_) => Failure::failed(e.to_string()),
    }
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
