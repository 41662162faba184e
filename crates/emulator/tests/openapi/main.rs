//! The emulator against Meta's own OpenAPI file: every path and method of it is claimed or disclaimed in
//! `claims.toml`, the examples of what is claimed are sent, and every difference is listed there with its
//! reason.
//!
//! The file is of 2025 and partly machine-made; where Meta's pages say otherwise, they win. It says nothing of
//! webhooks that could be used. What is needed of it is kept in `meta-v23.0.json` (MIT, see `LICENSE-meta-openapi`):
//! a test that needed the whole megabyte from elsewhere would not run where it matters.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod answer;
mod file;
mod world;

use answer::Schemas;
use file::{Call, File};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};
use world::Stage;

/// The table. Every name is a path and method as the file has it, without the version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    /// What the emulator does not have, and why.
    unsupported: BTreeMap<String, String>,
    /// What it has: differences from the file, and why they are right.
    supported: BTreeMap<String, BTreeMap<String, String>>,
}

#[tokio::test]
async fn every_call_of_metas_file_is_answered_as_the_table_says() {
    let file = File::read();
    let claims: Claims = toml::from_str(include_str!("claims.toml")).unwrap();
    let reasons = claims.unsupported.values().chain(claims.supported.values().flat_map(BTreeMap::values));
    assert!(reasons.clone().all(|r| !r.trim().is_empty()), "a reason is empty");
    let schemas = Schemas::of(&file);
    let mut wrong = String::new();
    let mut known = BTreeSet::new();
    for call in file.calls() {
        let name = &call.name;
        known.insert(name.clone());
        match (claims.unsupported.contains_key(name), claims.supported.get(name)) {
            (true, None) => {
                if answers(&call).await {
                    let _ = writeln!(wrong, "{name}: is listed as unsupported, but answers");
                }
            }
            (false, Some(listed)) => {
                let found = differences(&schemas, &call).await;
                for (difference, more) in &found {
                    if !listed.contains_key(difference) {
                        let _ = writeln!(wrong, "{name}: unlisted: {difference:?} {more}");
                    }
                }
                for difference in listed.keys().filter(|d| !found.contains_key(*d)) {
                    let _ = writeln!(wrong, "{name}: listed, but no more: {difference:?}");
                }
            }
            (false, None) => {
                let _ = writeln!(wrong, "{name}: is not in the table");
            }
            (true, Some(_)) => {
                let _ = writeln!(wrong, "{name}: is in the table twice");
            }
        }
    }
    for name in claims.unsupported.keys().chain(claims.supported.keys()).filter(|n| !known.contains(*n)) {
        let _ = writeln!(wrong, "{name}: is in the table, but not in the file");
    }
    assert!(wrong.is_empty(), "tests/openapi/claims.toml and the emulator disagree:\n{wrong}");
}

/// Whether a call that is not supported gets any answer but that there is no such thing.
async fn answers(call: &Call) -> bool {
    let (_, body) = &call.examples[0];
    let stage = Stage::set(&call.name, None).await;
    let (_, answer) = stage.make(&call.name, "", body.clone()).await;
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    !(message.starts_with("Unsupported")
        || message.contains("nonexisting field")
        || message.starts_with("Unknown path"))
}

/// What is otherwise than in the file, and for people what the answer was.
async fn differences(schemas: &Schemas<'_>, call: &Call) -> BTreeMap<String, String> {
    let validator = call.schema.as_deref().map(|pointer| (pointer, schemas.validator(pointer)));
    let mut found = BTreeMap::new();
    let fields = call.fields.iter().map(|f| (format!("fields={f}"), format!("?fields={f}"), None));
    let examples = call.examples.iter().map(|(name, body)| (name.clone(), String::new(), body.clone()));
    for (name, query, body) in examples.chain(fields) {
        let stage = Stage::set(&call.name, body.as_ref()).await;
        let body = match &body {
            Some(body) => Some(stage.fill(body).await),
            None => None,
        };
        let (status, answer) = stage.make(&call.name, &query, body).await;
        if status != 200 {
            found.insert(format!("{name}: refused with {}", answer["error"]["code"]), answer.to_string());
        } else if let Some((pointer, validator)) = &validator {
            let mut all = schemas.differences(validator, pointer, &answer);
            // Who asks for one field does not get the required ones.
            all.retain(|d| query.is_empty() || !d.ends_with("breaks required"));
            found.extend(all.into_iter().map(|d| (d, format!("({name}) {answer}"))));
        }
    }
    found
}
