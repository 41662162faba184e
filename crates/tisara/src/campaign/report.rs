//! `tisara campaign report`: what became of everybody, and who is behind each line.

use super::{checked, path, print, standing::Standing};
use crate::{cli::CampaignReport, remote::Api, terminal};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// What the API's report adds to where a campaign stands.
#[derive(Debug, Deserialize, Serialize)]
struct Report {
    recipients: u64,
    adds_up: bool,
    pricing: Vec<Priced>,
    not_priced: u64,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Priced {
    category: String,
    #[serde(rename = "type")]
    kind: String,
    count: u64,
}

pub(super) async fn run(args: &CampaignReport) -> anyhow::Result<()> {
    let (api, id) = (Api::new(&args.one.remote)?, checked(&args.one.campaign)?);
    if args.csv {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("state", &args.state), ("reason", &args.reason)] {
            query.extend_pairs(value.iter().map(|v| (name, v)));
        }
        let list = format!("{}/recipients.csv?{}", path(&id), query.finish());
        return Ok(api.stream(&list, &mut std::io::stdout().lock()).await?);
    }
    let report: Report = api.get(&format!("{}/report", path(&id))).await?;
    if args.one.json {
        terminal::out(serde_json::to_string(&report)?);
        return Ok(());
    }
    let standing: Standing = api.get(&path(&id)).await?;
    print(&standing, false)?;
    for priced in &report.pricing {
        let n = terminal::grouped(priced.count);
        terminal::out(format_args!("{n} priced by Meta as {} ({})", priced.category, priced.kind));
    }
    if report.not_priced > 0 {
        terminal::out(format_args!("{} taken by Meta and not priced", terminal::grouped(report.not_priced)));
    }
    if !report.adds_up {
        terminal::say("The counts do not add up: that is a fault. `tisara repair` counts anew.");
    }
    Ok(())
}
