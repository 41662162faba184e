//! `tisara campaign uncertain`: who may or may not have got it, and a decision about them.

use super::{checked, path};
use crate::{
    cli::{CampaignUncertain, Decide},
    remote::Api,
    terminal,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Deserialize, Serialize)]
struct Uncertain {
    items: Vec<Row>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(default)]
    statuses_until: Option<String>,
    #[serde(default)]
    last_webhook_at: Option<String>,
    #[serde(default)]
    lag_seconds: u64,
}

#[derive(Debug, Deserialize, Serialize)]
struct Row {
    seq: i64,
    contact: String,
    address: String,
    attempts: u32,
    uncertain_since: String,
    next_look_at: String,
    #[serde(default)]
    explanation: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Decided {
    decided: u64,
    left: u64,
}

pub(super) async fn run(args: &CampaignUncertain) -> anyhow::Result<()> {
    let (api, id) = (Api::new(&args.one.remote)?, checked(&args.one.campaign)?);
    match args.decide {
        None => list(&api, &id, args.one.json).await,
        Some(decision) => decide(&api, &id, decision, &args.seq, args.one.json).await,
    }
}

async fn list(api: &Api, id: &str, json: bool) -> anyhow::Result<()> {
    let (mut after, mut n) = (String::new(), 0);
    loop {
        let page: Uncertain = api.get(&format!("{}/uncertain?limit=200{after}", path(id))).await?;
        if json {
            terminal::out(serde_json::to_string(&page)?);
        } else {
            for row in &page.items {
                terminal::out(format_args!(
                    "{}  {}  {}  uncertain since {}, attempt {}. {}",
                    row.seq,
                    row.contact,
                    row.address,
                    row.uncertain_since,
                    row.attempts,
                    row.explanation.as_deref().unwrap_or_default()
                ));
            }
        }
        n += page.items.len();
        let Some(next) = page.next.clone() else {
            if !json {
                say_what_is_known(n, &page);
            }
            return Ok(());
        };
        after = format!("&after={next}");
    }
}

fn say_what_is_known(n: usize, page: &Uncertain) {
    if n == 0 {
        terminal::say("Nobody is uncertain.");
        return;
    }
    let moment = |m: &Option<String>| m.clone().unwrap_or_else(|| "never".to_owned());
    terminal::say(format_args!(
        "Meta last told something at {}; statuses have come for what happened until {}, {} s late.",
        moment(&page.last_webhook_at),
        moment(&page.statuses_until),
        page.lag_seconds
    ));
    terminal::say(
        "They settle by themselves once news have come past them. To decide: --decide send-again | give-up | mark-sent.",
    );
}

async fn decide(api: &Api, id: &str, decision: Decide, seqs: &[i64], json: bool) -> anyhow::Result<()> {
    let decision = match decision {
        Decide::SendAgain => "send_again",
        Decide::GiveUp => "give_up",
        Decide::MarkSent => "mark_sent",
    };
    let mut sum = Decided::default();
    loop {
        let body = if seqs.is_empty() {
            json!({ "decision": decision })
        } else {
            json!({ "decision": decision, "recipients": seqs })
        };
        let done: Decided = api.post(&format!("{}/uncertain/decide", path(id)), &body).await?;
        sum = Decided { decided: sum.decided + done.decided, left: done.left };
        // More than one request decides are decided by the next ones.
        if !seqs.is_empty() || done.decided == 0 || done.left == 0 {
            break;
        }
    }
    if json {
        terminal::out(serde_json::to_string(&sum)?);
    } else {
        terminal::out(format_args!("{} decided, {} still uncertain", sum.decided, sum.left));
    }
    Ok(())
}
