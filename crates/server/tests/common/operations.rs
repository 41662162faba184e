//! Every operation of the API's description, with ids filled in.

use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// As described, below `/api/v1`: `/contacts/{id}`.
    pub(crate) pattern: String,
    /// With ids.
    pub(crate) path: String,
    /// By what one may call it: `api_key`, `session`, `token`; nothing at all when anyone may.
    pub(crate) by: Vec<String>,
    /// The permission that it takes.
    pub(crate) permission: Option<String>,
}

/// Which kind of thing the ids below a folder are.
const KINDS: &[(&str, &str)] = &[
    ("contacts/imports", "job"),
    ("contacts", "contact"),
    ("labels", "label"),
    ("fields", "field"),
    ("segments", "segment"),
    ("numbers", "number"),
    ("templates", "template"),
    ("campaigns", "campaign"),
    ("threads", "thread"),
    ("messages", "message"),
    ("jobs", "job"),
    ("user/passkeys", "passkey"),
    ("sessions", "session"),
    ("members", "user"),
    ("invitations", "invitation"),
    ("staff/visits", "visit"),
    ("visits", "visit"),
    ("roles", "role"),
    ("teams", "team"),
    ("api-keys", "key"),
    ("journal", "journal"),
];

/// Every operation, with ids of nothing.
pub(crate) fn described() -> Vec<Operation> {
    let kinds = KINDS.iter().map(|(_, kind)| *kind).chain(["user", "label"]);
    let mut ids: BTreeMap<&str, String> =
        kinds.map(|kind| (kind, format!("{kind}_01h455vb4pex5vsknk084sn02q"))).collect();
    ids.insert("journal", "4711".to_owned());
    described_with(&ids)
}

/// Every operation, with these ids by kind. A path whose kind of id is not known here fails the test.
pub(crate) fn described_with(ids: &BTreeMap<&str, String>) -> Vec<Operation> {
    let document = serde_json::to_value(tisara_server::openapi()).unwrap();
    let mut operations = Vec::new();
    for (described, item) in document["paths"].as_object().unwrap() {
        let pattern = described.trim_start_matches("/api/v1").to_owned();
        let mut path = pattern.clone();
        for (folder, kind) in KINDS {
            if path.contains(&format!("/{folder}/{{id}}")) {
                path = path.replace(&format!("/{folder}/{{id}}"), &format!("/{folder}/{}", ids[kind]));
            }
        }
        path = path.replace("{label}", &ids["label"]).replace("{user}", &ids["user"]);
        assert!(!path.contains('{'), "say in this file which id {pattern} takes");
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let by = operation["security"].as_array().unwrap().iter();
            operations.push(Operation {
                method,
                pattern: pattern.clone(),
                path: path.clone(),
                by: by.flat_map(|way| way.as_object().unwrap().keys().cloned()).collect(),
                permission: operation["x-permission"].as_str().map(str::to_owned),
            });
        }
    }
    assert!(operations.len() > 90, "{}", operations.len());
    operations
}

impl Operation {
    /// A body that can be read by whoever takes one.
    pub(crate) fn body(&self) -> Value {
        match (self.method.as_str(), self.pattern.rsplit('/').next().unwrap()) {
            (_, "consents") => json!({ "state": "opted_in", "source": "a", "wording": "b" }),
            (_, "decide") => json!({ "decision": "give_up" }),
            (_, "messages") => json!({ "kind": "text", "text": "hello" }),
            (_, "assignee") => json!({ "user": null }),
            _ if self.pattern == "/members/{id}" => json!({ "role": "agent" }),
            _ if self.pattern == "/roles/{id}" => {
                json!({ "name": "a", "permissions": [], "visibility": "all" })
            }
            _ => json!({}),
        }
    }

    /// Taking a label off where it is not is no error.
    pub(crate) fn takes_a_label_off(&self) -> bool {
        self.method == Method::DELETE && self.pattern == "/contacts/{id}/labels/{label}"
    }
}
