//! What all reads share: the choice of fields, and pages with cursors.

use super::{
    call::Call,
    error::{GraphError, Outcome},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// The names in `?fields=a,b{c}`, without what is in braces or after a dot; `None` without it.
pub(crate) fn fields(call: &Call) -> Option<Vec<String>> {
    let text = call.query("fields")?;
    let (mut names, mut name, mut depth) = (Vec::new(), String::new(), 0_u32);
    for c in text.chars() {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => names.push(std::mem::take(&mut name)),
            _ if depth == 0 => name.push(c),
            _ => {}
        }
    }
    names.push(name);
    let plain = |n: String| n.split('.').next().unwrap_or_default().trim().to_owned();
    Some(names.into_iter().map(plain).filter(|n| !n.is_empty()).collect())
}

/// `object` cut down to the fields asked for (or `default`); `id` is always in it.
///
/// Meta: an unknown field is refused with 100 "Tried accessing nonexisting field".
pub(crate) fn choose(call: &Call, object: Value, default: &[&str], kind: &str) -> Outcome<Value> {
    let Value::Object(mut all) = object else { return Ok(object) };
    let asked = fields(call);
    let names: Vec<&str> = match &asked {
        Some(names) => names.iter().map(String::as_str).collect(),
        None => default.to_vec(),
    };
    let mut chosen = Map::new();
    for name in names {
        match all.remove(name) {
            Some(Value::Null) => {}
            Some(v) => {
                chosen.insert(name.to_owned(), v);
            }
            None if name == "id" || chosen.contains_key(name) => {}
            None if asked.is_some() => {
                return Err(GraphError::new(100).message(format!(
                    "(#100) Tried accessing nonexisting field ({name}) on node type ({kind})"
                )));
            }
            None => {}
        }
    }
    if let Some(id) = all.remove("id") {
        chosen.insert("id".into(), id);
    }
    Ok(Value::Object(chosen))
}

/// One page of `rows`: 25 or `limit`, after or before a cursor, with links to the neighbours.
pub(crate) fn page(call: &Call, rows: Vec<Value>) -> Outcome<Value> {
    let limit = match call.query("limit") {
        None => 25,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| GraphError::invalid("limit must be a number above 0"))?,
    }
    .min(1_000);
    let position = |name| call.query(name).filter(|c| !c.is_empty()).map(read_cursor).transpose();
    let start = match (position("after")?, position("before")?) {
        (Some(after), _) => after.saturating_add(1),
        (None, Some(before)) => before.saturating_sub(limit),
        (None, None) => 0,
    };
    let end = match position("before")? {
        Some(before) if call.query("after").is_none() => before,
        _ => start.saturating_add(limit),
    }
    .min(rows.len());
    let total = rows.len();
    let data: Vec<Value> = rows.into_iter().take(end).skip(start).collect();
    if data.is_empty() {
        return Ok(json!({ "data": [] }));
    }
    let mut paging = json!({"cursors": {"before": cursor(start), "after": cursor(end - 1)}});
    if end < total {
        paging["next"] = json!(link(call, "after", &cursor(end - 1)));
    }
    if start > 0 {
        paging["previous"] = json!(link(call, "before", &cursor(start)));
    }
    Ok(json!({"data": data, "paging": paging}))
}

fn cursor(index: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("c:{index}"))
}

fn read_cursor(text: &str) -> Outcome<usize> {
    URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|b| String::from_utf8(b).ok())
        .and_then(|s| s.strip_prefix("c:")?.parse().ok())
        .ok_or_else(|| GraphError::new(131_059).details("The cursor is not one this collection gave."))
}

fn link(call: &Call, name: &str, cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (k, v) in call.query.iter().filter(|(k, _)| k != "after" && k != "before") {
        query.append_pair(k, v);
    }
    query.append_pair(name, cursor);
    let version = call.version.map(|v| format!("/v{v}.0")).unwrap_or_default();
    format!("{}{version}{}?{}", call.base, call.path, query.finish())
}
