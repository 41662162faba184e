//! The documentation says what is, and all of it.

mod support;

use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::Bench;
use tisara_emulator::{CODES, World};

const DOCS: &str = include_str!("../../../docs/emulator.md");

/// The cells of the table rows under a heading.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let section = DOCS.split("\n## ").find(|s| s.starts_with(heading)).unwrap_or_default();
    section
        .lines()
        .filter(|l| {
            l.starts_with("| ")
                && !l.starts_with("| call")
                && !l.starts_with("| code")
                && !l.starts_with("| field")
        })
        .map(|l| l.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect())
        .collect()
}

fn calls(heading: &str) -> Vec<(String, String)> {
    let call = |row: Vec<String>| {
        let (method, path) = row.first()?.trim_matches('`').split_once(' ')?;
        Some((method.to_owned(), path.to_owned()))
    };
    rows(heading).into_iter().filter_map(call).collect()
}

#[test]
fn every_code_is_in_the_tables_and_no_other() {
    let section = DOCS.split("\n## ").find(|s| s.starts_with("Codes")).unwrap();
    let provoked: BTreeSet<i64> = rows("Codes").iter().filter_map(|r| r[0].parse().ok()).collect();
    let only = section.split("Only by a fault:").nth(1).unwrap();
    let by_fault: BTreeSet<i64> =
        only.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    let known: BTreeSet<i64> = CODES.iter().map(|c| c.code).collect();
    assert!(provoked.is_disjoint(&by_fault));
    let listed: BTreeSet<i64> = provoked.union(&by_fault).copied().collect();
    assert_eq!(listed, known);
    // Whatever the client has a word for can be had here.
    let unheard: Vec<i64> =
        tisara_cloud_api::codes::all().iter().map(|c| c.code).filter(|c| !known.contains(c)).collect();
    assert_eq!(unheard, Vec::<i64>::new());
}

/// A webhook field that the client reads is in the table, or among those that are told as they are given.
#[test]
fn every_webhook_field_is_named() {
    let section = DOCS.split("\n## ").find(|s| s.starts_with("Webhooks")).unwrap();
    let unnamed: Vec<&&str> = tisara_cloud_api::webhook::Payload::FIELDS
        .iter()
        .filter(|f| !section.contains(&format!("`{f}`")))
        .collect();
    assert_eq!(unnamed, Vec::<&&str>::new());
}

/// A documented path answers: not with "unknown path", "no such edge" or 404.
#[tokio::test]
async fn every_documented_endpoint_answers() {
    let mut b = Bench::new();
    let (_, list) = b.get(&format!("/v25.0/{}/message_templates?limit=1", World::WABA_ID)).await;
    let template = list["data"][0]["id"].as_str().unwrap().to_owned();
    let said = json!({"message": {"type": "image", "image": {"data": "cGl4", "mime_type": "image/png"}}});
    b.post("/_emulator/users/94771234567/say", said).await;
    b.emulator.deliver_due().await;
    let media = b.receiver.messages()[0]["image"]["id"].as_str().unwrap().to_owned();
    let codes = format!("/v25.0/{}/message_qrdls", World::NUMBER_ID);
    let qr_code = b.post(&codes, json!({"prefilled_message": "Hello"})).await.1["code"].clone();
    let groups = format!("/v25.0/{}/template_groups", World::WABA_ID);
    let template_group = b
        .post(&groups, json!({"name": "Documented", "whatsapp_business_templates": [template]}))
        .await
        .1["id"]
        .clone();
    let template_group = template_group.as_str().unwrap().to_owned();
    b.post(&format!("/v25.0/{}/username", World::NUMBER_ID), json!({"username": "jaspers"})).await;
    let new = json!({"messaging_product": "whatsapp", "subject": "Trip"});
    b.post(&format!("/v25.0/{}/groups", World::NUMBER_ID), new).await;
    b.emulator.deliver_due().await;
    let group = b.receiver.values("group_lifecycle_update")[0]["groups"][0]["group_id"].clone();
    let documented = calls("Endpoints of the Graph API").into_iter().chain(calls("Control"));
    let mut seen = 0;
    for (method, path) in documented {
        // What deletes its object would take it from the calls that follow.
        let filled = path
            .replace("{phone_number_id}", &World::NUMBER_ID.to_string())
            .replace("{waba_id}", &World::WABA_ID.to_string())
            .replace("{business_id}", &World::PORTFOLIO_ID.to_string())
            .replace("{app_id}", &World::APP_ID.to_string())
            .replace("{template_id}", &template)
            .replace("{template_group_id}", &template_group)
            .replace("{media_id}", &media)
            .replace("{flow_id}", &World::FLOW_ID.to_string())
            .replace("{catalog_id}", &World::CATALOG_ID.to_string())
            .replace("{product_id}", "255000000000001")
            .replace("{group_id}", group.as_str().unwrap())
            .replace("groups/{id}", &format!("groups/{}", group.as_str().unwrap()))
            .replace("{signup_id}", "1")
            .replace("{qr_code}", qr_code.as_str().unwrap())
            .replace("{phone}", "94771234567")
            .replace("flows/{which}", "flows/book_a_visit")
            .replace("{which}", "order_update")
            .replace("{id}", &World::NUMBER_ID.to_string());
        let last = filled.rsplit('/').next().unwrap_or_default().to_owned();
        if method == "DELETE" && (last.parse::<u64>().is_ok() || last == group) {
            seen += 1;
            continue;
        }
        b.token = if last == "subscriptions" {
            format!("{}|{}", World::APP_ID, World::APP_SECRET)
        } else {
            World::TOKEN.into()
        };
        let body = (method == "POST").then(|| json!({}));
        let (status, answer) = b.call(&method, &filled, body).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        let unknown = message.starts_with("Unsupported")
            || message.starts_with("Unknown path")
            || message.contains("nonexisting field")
            || answer["error"].as_str().is_some_and(|e| e.contains("no such control"));
        assert!(!unknown, "{method} {path}: {status} {answer}");
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn every_message_type_field_and_fault_is_named() {
    let source =
        |text: &str| -> BTreeSet<String> { text.split('"').skip(1).step_by(2).map(str::to_owned).collect() };
    let body = include_str!("../src/messages/body.rs");
    let names = body.split("fn name(self)").nth(1).and_then(|s| s.split("fn parse").next()).unwrap();
    for kind in source(names) {
        assert!(DOCS.contains(&format!("`{kind}`")), "message type {kind}");
    }
    let faults = serde_json::to_value(tisara_emulator::settings::Fault {
        kind: tisara_emulator::settings::FaultKind::WebhookLost,
        when: tisara_emulator::settings::When::Next(1),
    })
    .unwrap();
    assert_eq!(faults, json!({"kind": "webhook_lost", "when": {"next": 1}}));
    for row in rows("Webhooks") {
        for field in row[0].split(',').map(|f| f.trim().trim_matches('`')) {
            let value: &Value = &json!(field);
            assert!(
                value.as_str().is_some_and(|f| tisara_cloud_api::webhook::Payload::FIELDS.contains(&f)),
                "{field}"
            );
        }
    }
}
