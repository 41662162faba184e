//! `GET /{waba_id}/message_templates` and `GET /{template_id}`.

use super::Template;
use crate::{
    Inner,
    graph::{
        Call, Grant, Outcome, Permission, Reply,
        collection::{choose, page},
    },
    sync::read,
};
use serde_json::{Value, json};

const DEFAULT: &[&str] =
    &["name", "parameter_format", "components", "language", "status", "category", "sub_category", "id"];

/// One template.
pub(crate) fn get(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let directory = read(&e.directory);
    let grant = Grant::of(&directory, call, e.ambient.now())?;
    let t = directory.templates.get(&id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(Permission::Management, t.waba)?;
    let mut default = DEFAULT.to_vec();
    default.extend(["previous_category", "correct_category", "message_send_ttl_seconds"]);
    Ok(Reply::json(&choose(call, t.json(), &default, "WhatsAppMessageTemplate")?))
}

/// The account's templates, newest first, filtered as Meta filters.
pub(crate) fn list(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    let directory = read(&e.directory);
    Grant::of(&directory, call, e.ambient.now())?.may(Permission::Management, waba)?;
    let wanted = |name: &str, value: &str| {
        call.query(name).is_none_or(|q| {
            let list: Vec<String> =
                serde_json::from_str(q).unwrap_or_else(|_| q.split(',').map(str::to_owned).collect());
            list.is_empty() || list.iter().any(|w| w.eq_ignore_ascii_case(value))
        })
    };
    let has = |name: &str, text: &str| {
        call.query(name).is_none_or(|q| text.to_lowercase().contains(&q.to_lowercase()))
    };
    let mut found: Vec<&Template> = directory
        .templates_of(waba)
        .filter(|t| {
            wanted("status", &t.status)
                && wanted("category", t.category.name())
                && wanted("language", &t.language)
                && wanted("quality_score", &t.quality)
                && has("name", &t.name)
                && call.query("content").is_none_or(|q| t.shape.body_text.contains(q))
                && call
                    .query("name_or_content")
                    .is_none_or(|q| t.name.contains(q) || t.shape.body_text.contains(q))
        })
        .collect();
    found.sort_by_key(|t| std::cmp::Reverse(t.id));
    let count = found.len();
    let rows = found.into_iter().map(|t| choose(call, t.json(), DEFAULT, "WhatsAppMessageTemplate"));
    let mut answer = page(call, rows.collect::<Outcome<_>>()?)?;
    if let Some(summary) = call.query("summary") {
        let all = directory.templates_of(waba).count();
        let known = json!({
            "total_count": count,
            "message_template_count": all,
            "message_template_limit": 6_000,
            "are_translations_complete": true,
        });
        let asked = summary.split(',').map(str::trim);
        answer["summary"] =
            asked.filter_map(|n| Some((n.to_owned(), known.get(n)?.clone()))).collect::<Value>();
    }
    Ok(Reply::json(&answer))
}
