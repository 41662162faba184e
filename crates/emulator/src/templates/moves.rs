//! What is done to many templates at once: compared, put away, taken over from another account, made in several
//! languages.

use super::{Template, change, life};
use crate::{
    Inner,
    directory::Directory,
    graph::{Call, Grant, GraphError, Outcome, Permission, Reply, call::text, collection::page},
    sync::{read, write},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const DAY_S: i64 = 86_400;
/// Meta: how far back a comparison goes, and how many templates a page of a migration has.
const PERIODS_DAYS: [i64; 4] = [7, 30, 60, 90];
const MIGRATED_A_PAGE: usize = 500;

/// `GET /{template_id}/compare?template_ids=&start=&end=`. How often people blocked the business is not known here: the
/// order follows quality.
pub(crate) fn compare(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let own = d.templates.get(&id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(Permission::Management, own.waba)?;
    let others = call.query("template_ids").ok_or_else(|| GraphError::required("template_ids"))?;
    let others: Vec<u64> =
        others.split(|c: char| !c.is_ascii_digit()).filter_map(|id| id.parse().ok()).collect();
    let [other] = others[..] else {
        return Err(GraphError::invalid("template_ids takes one template to compare with"));
    };
    let other = d.templates.get(&other).filter(|t| t.waba == own.waba);
    let other = other.ok_or_else(|| GraphError::invalid("template_ids: no such template in this account"))?;
    let moment = |name: &str| {
        let given = call.query(name).ok_or_else(|| GraphError::required(name))?;
        given.parse::<i64>().map_err(|_| GraphError::invalid(format!("{name} must be unix seconds")))
    };
    let (start, end) = (moment("start")?, moment("end")?);
    if !PERIODS_DAYS.iter().any(|days| (end.saturating_sub(start) - days * DAY_S).abs() < DAY_S) {
        return Err(GraphError::invalid("start and end must be 7, 30, 60 or 90 days apart"));
    }
    let sent = |t: &Template| {
        let state = e.outbox.lock();
        let of = |k: &&crate::analytics::Key| k.template == t.id && (start..end).contains(&k.start_s);
        state.counts.totals().filter(|(k, _)| of(k)).map(|(_, totals)| totals.sent).sum::<u64>()
    };
    let rank = |t: &Template| match t.quality.as_str() {
        "RED" => 0,
        "YELLOW" => 1,
        _ => 2,
    };
    let mut both = [own, other];
    both.sort_by_key(|t| (rank(t), t.id));
    let key = |t: &Template| t.id.to_string();
    let sends = [own, other].map(|t| json!({"key": key(t), "value": sent(t)}));
    let reasons = [own, other].map(|t| json!({"key": key(t), "value": "UNKNOWN_BLOCK_REASON"}));
    let rows = vec![
        json!({"metric": "BLOCK_RATE", "type": "RELATIVE", "order_by_relative_metric": both.map(key)}),
        json!({"metric": "MESSAGE_SENDS", "type": "NUMBER_VALUES", "number_values": sends}),
        json!({"metric": "TOP_BLOCK_REASON", "type": "STRING_VALUES", "string_values": reasons}),
    ];
    Ok(Reply::json(&page(call, rows)?))
}

/// `POST /{waba_id}/message_templates/archive` and `/unarchive`.
pub(crate) async fn put_away(e: &Inner, call: &Call, waba: u64, away: bool) -> Outcome<Reply> {
    change::allowed(e, call, waba)?;
    let p = call.parameters().await?;
    let ids =
        text(&p, "hsm_ids").filter(|ids| !ids.is_empty()).ok_or_else(|| GraphError::required("hsm_ids"))?;
    let now = e.ambient.now();
    let mut d = write(&e.directory);
    let (mut done, mut failed) = (Vec::new(), Map::new());
    for id in ids.split(',').map(str::trim) {
        let found = id.parse().ok().and_then(|id| d.templates.get_mut(&id)).filter(|t| t.waba == waba);
        let (from, to) = if away { ("APPROVED", "ARCHIVED") } else { ("ARCHIVED", "APPROVED") };
        match found {
            None => drop(failed.insert(id.to_owned(), json!("Template not found."))),
            Some(t) if t.status != from => {
                failed.insert(id.to_owned(), json!(format!("The template is {}.", t.status)));
            }
            Some(t) => {
                t.status = to.into();
                t.revision += 1;
                done.push(t.id);
            }
        }
    }
    for id in &done {
        if let Some(t) = d.templates.get(id) {
            life::tell_status(e, &d, t, &t.status, None, now);
        }
    }
    let name = if away { "archived_templates" } else { "unarchived_templates" };
    let done: Vec<String> = done.iter().map(u64::to_string).collect();
    Ok(Reply::json(&json!({ name: done, "failed_templates": failed })))
}

/// `POST /{waba_id}/migrate_message_templates?source_waba_id=&page_number=`: approved templates of another account of
/// the same portfolio are made here as well.
pub(crate) async fn migrate(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    change::allowed(e, call, waba)?;
    let p = call.parameters().await?;
    let source: u64 = text(&p, "source_waba_id")
        .ok_or_else(|| GraphError::required("source_waba_id"))?
        .parse()
        .map_err(|_| GraphError::invalid("source_waba_id is no id"))?;
    let number: usize = text(&p, "page_number").and_then(|n| n.parse().ok()).unwrap_or(0);
    change::allowed(e, call, source)?;
    let now = e.ambient.now();
    let mut d = write(&e.directory);
    let portfolio = |d: &Directory, waba| d.wabas.get(&waba).map(|w| w.portfolio);
    if source == waba || portfolio(&d, source) != portfolio(&d, waba) {
        return Err(GraphError::invalid("source_waba_id must be another account of the same business"));
    }
    let all: Vec<u64> = d.templates_of(source).filter(|t| t.status == "APPROVED").map(|t| t.id).collect();
    let (mut migrated, mut failed) = (Vec::new(), Map::new());
    for id in all.into_iter().skip(number.saturating_mul(MIGRATED_A_PAGE)).take(MIGRATED_A_PAGE) {
        let Some((name, language)) = d.templates.get(&id).map(|t| (t.name.clone(), t.language.clone()))
        else {
            continue;
        };
        if let Err(refused) = change::room(&mut d, waba, &name, &language, now) {
            failed.insert(id.to_string(), json!(refused.reason()));
            continue;
        }
        let Some(mut copy) = d.templates.get(&id).map(Template::copy) else { continue };
        copy.id = d.new_id();
        copy.waba = waba;
        migrated.push(copy.id.to_string());
        d.put_template(copy);
    }
    Ok(Reply::json(&json!({"migrated_templates": migrated, "failed_templates": failed})))
}

/// `POST /{waba_id}/upsert_message_templates`: an authentication template in several languages; those that exist are
/// changed.
pub(crate) async fn upsert(e: &Arc<Inner>, call: &Call, waba: u64) -> Outcome<Reply> {
    change::allowed(e, call, waba)?;
    let mut p = call.parameters().await?;
    if !text(&p, "category").is_some_and(|c| c.eq_ignore_ascii_case("AUTHENTICATION")) {
        return Err(GraphError::invalid("category must be AUTHENTICATION"));
    }
    let languages: Vec<String> = match p.remove("languages") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(all)) => all.split(',').map(|l| l.trim().to_owned()).collect(),
        _ => Vec::new(),
    };
    if languages.is_empty() {
        return Err(GraphError::required("languages"));
    }
    let name = text(&p, "name").unwrap_or_default();
    let mut rows = Vec::new();
    for language in languages {
        p.insert("language".into(), json!(language));
        let known = read(&e.directory).template(waba, &name, &language).map(|t| t.id);
        let made = match known {
            // Meta's own text: what an edit can change is approved at once.
            Some(id) => change::edit_as(e, call, id, &p).map(|_| id),
            None => change::create_as(e, waba, &p).and_then(|made| {
                made["id"].as_str().and_then(|id| id.parse().ok()).ok_or_else(|| GraphError::new(1))
            }),
        };
        rows.push(match made {
            Ok(id) => {
                let status = read(&e.directory).templates.get(&id).map(|t| t.status.clone());
                json!({"id": id.to_string(), "status": status, "language": language})
            }
            Err(refused) => json!({"language": language, "error": refused.body("")["error"]}),
        });
    }
    Ok(Reply::json(&json!({ "data": rows })))
}
