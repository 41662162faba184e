//! `tisara repair`: counts the rows of every campaign, and every organization's messages, and compares them
//! with the counters.

use crate::{
    campaign::standing::new_table,
    cli::Repair,
    data_dir::{self, DataDir},
    exit::{self, Failure},
    setup, terminal,
};
use std::path::Path;
use tisara_domain::{CampaignId, Day, OrgId};
use tisara_store::{Error, Store, ledger::recount::Difference, usage::UsageDifference};

/// Campaigns listed in one transaction.
const PAGE: u32 = 500;

/// Runs the command.
pub async fn run(file: Option<&Path>, args: &Repair) -> anyhow::Result<()> {
    let config = setup::config(file, &args.place)?;
    // A server that counts on meanwhile would make right counters look wrong, and be repaired wrongly.
    let _held = match args.check {
        true if data_dir::is_held(&config.storage.data_dir) => {
            return Err(Failure::surroundings("a server is at work on this data folder")
                .todo("Stop it first: counters are compared with rows that stand still.")
                .into());
        }
        true => None,
        false => Some(DataDir::open(&config.storage.data_dir)?),
    };
    let (store, url) = setup::open_store(&config)?;
    let found = Found::by_recount(&store).await.map_err(|e| exit::storage(&e, &url))?;
    if args.json {
        terminal::out(found.json());
    } else if found.is_right() {
        terminal::out(format_args!("{} campaigns counted; every counter is right", found.campaigns));
    } else {
        terminal::out(found.table());
    }
    if found.is_right() {
        return Ok(());
    }
    if args.check {
        return Err(Failure::failed("counters differ from the rows they count")
            .todo("`tisara repair` puts them right.")
            .into());
    }
    let today = Day::of(setup::ambient()?.now());
    found.repair(&store, today).await.map_err(|e| exit::storage(&e, &url))?;
    terminal::say("the counters are right again");
    Ok(())
}

/// What the recount found.
struct Found {
    campaigns: u64,
    differences: Vec<(OrgId, Difference)>,
    usage: Vec<(OrgId, UsageDifference)>,
}

impl Found {
    async fn by_recount(store: &Store) -> Result<Self, Error> {
        let mut found = Self { campaigns: 0, differences: Vec::new(), usage: Vec::new() };
        // Without tables there is nothing to count.
        if store.version().await? == 0 {
            return Ok(found);
        }
        let mut after: Option<(OrgId, CampaignId)> = None;
        loop {
            let page = store.read(move |tx| tx.list_all_campaigns(after, PAGE)).await?;
            for (org, campaign) in &page {
                let (org, campaign) = (*org, *campaign);
                let differences = store.read(move |tx| tx.org(org).recount_campaign(campaign)).await?;
                found.campaigns += 1;
                found.differences.extend(differences.into_iter().map(|d| (org, d)));
            }
            match page.last() {
                Some(last) => after = Some(*last),
                None => break,
            }
        }
        let mut after: Option<OrgId> = None;
        loop {
            let page = store.read(move |tx| tx.list_organizations(after, PAGE)).await?;
            for org in page.iter().map(|org| org.id) {
                let differences = store.read(move |tx| tx.org(org).recount_usage()).await?;
                found.usage.extend(differences.into_iter().map(|d| (org, d)));
            }
            match page.last() {
                Some(last) => after = Some(last.id),
                None => return Ok(found),
            }
        }
    }

    fn is_right(&self) -> bool {
        self.differences.is_empty() && self.usage.is_empty()
    }

    /// The campaigns first: usage is held against their counters.
    async fn repair(&self, store: &Store, today: Day) -> Result<(), Error> {
        let mut campaigns: Vec<(OrgId, CampaignId)> =
            self.differences.iter().map(|(org, d)| (*org, d.campaign)).collect();
        campaigns.dedup();
        for (org, campaign) in campaigns {
            store.write(move |tx| tx.org(org).repair_counts(campaign)).await?;
        }
        let mut orgs: Vec<OrgId> = self.differences.iter().map(|(org, _)| *org).collect();
        orgs.extend(self.usage.iter().map(|(org, _)| *org));
        orgs.sort_unstable();
        orgs.dedup();
        for org in orgs {
            store.write(move |tx| tx.org(org).repair_usage(today)).await?;
        }
        Ok(())
    }

    fn table(&self) -> String {
        let mut table = new_table();
        table.set_header(["campaign, or organization", "state, or usage", "reason", "rows", "counter"]);
        for (_, d) in &self.differences {
            table.add_row([
                d.campaign.to_string(),
                d.rows.state.to_string(),
                d.rows.reason.to_string(),
                d.rows.n.to_string(),
                d.counted.to_string(),
            ]);
        }
        for (org, d) in &self.usage {
            table.add_row([
                org.to_string(),
                d.kind.to_owned(),
                String::new(),
                d.rows.to_string(),
                d.counted.to_string(),
            ]);
        }
        table.to_string()
    }

    fn json(&self) -> serde_json::Value {
        let mut differences: Vec<_> = self
            .differences
            .iter()
            .map(|(org, d)| {
                serde_json::json!({
                    "organization": org.to_string(), "campaign": d.campaign.to_string(),
                    "state": d.rows.state.as_str(), "reason": d.rows.reason,
                    "rows": d.rows.n, "counter": d.counted,
                })
            })
            .collect();
        differences.extend(self.usage.iter().map(|(org, d)| {
            serde_json::json!({
                "organization": org.to_string(), "usage": d.kind, "rows": d.rows, "counter": d.counted,
            })
        }));
        serde_json::json!({ "campaigns": self.campaigns, "differences": differences })
    }
}
