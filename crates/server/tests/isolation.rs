//! One organization sees nothing of another's, by whatever route; and a permission opens its routes and no
//! others. Both go through every operation of the API's description.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

mod common;
use common::{
    TestApp,
    authenticator::Authenticator,
    device::Device,
    operations::{described, described_with},
    person::Person,
    staff::{staff, visit},
    until,
};
use reqwest::{Method, multipart};
use serde_json::json;
use std::collections::BTreeMap;
use tisara_emulator::World;
use tisara_store::Engine;

/// An organization with one of everything that has an id; gives the ids by kind.
async fn furnished(nimal: &mut Person<'_>) -> BTreeMap<&'static str, String> {
    let id = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    nimal.post("/organizations", json!({ "name": "Ceylon Tea", "default_region": "LK" })).await.ok();
    let mut ids = BTreeMap::new();
    let waba = json!({ "waba_id": World::WABA_ID.to_string(), "token": World::TOKEN });
    ids.insert("number", id(&nimal.post("/numbers/connect", waba).await.ok()["items"][0]["id"]));
    nimal.post("/templates/sync", json!({})).await.ok();
    let templates = nimal.get("/templates?limit=200").await.ok();
    let hello = templates["items"].as_array().unwrap().iter().find(|t| t["name"] == "hello_world").unwrap();
    ids.insert("template", id(&hello["id"]));
    ids.insert("contact", id(&nimal.post("/contacts", json!({ "phone": "0771234567" })).await.ok()["id"]));
    ids.insert("label", id(&nimal.post("/labels", json!({ "name": "Friends" })).await.ok()["id"]));
    ids.insert(
        "field",
        id(&nimal.post("/fields", json!({ "name": "city", "kind": "text" })).await.ok()["id"]),
    );
    nimal
        .call(Method::PUT, &format!("/contacts/{}/labels/{}", ids["contact"], ids["label"]), json!({}))
        .await
        .ok();
    let rule = json!({ "kind": "label", "label": ids["label"] });
    let segment = nimal.post("/segments", json!({ "name": "Here", "rule": rule })).await;
    ids.insert("segment", id(&segment.ok()["id"]));
    let thread = json!({ "contact": ids["contact"], "number": ids["number"] });
    ids.insert("thread", id(&nimal.post("/threads", thread).await.ok()["id"]));
    let campaign = json!({ "name": "Hello", "number": ids["number"], "template": ids["template"], "audience": { "kind": "all" } });
    let campaign = nimal.post("/campaigns", campaign).await;
    ids.insert("campaign", id(&campaign.ok()["id"]));
    let part = multipart::Part::bytes(b"phone\n0777654321\n".to_vec()).file_name("list.csv");
    let form = multipart::Form::new().text("options", "{}").part("file", part);
    let upload = nimal.request(Method::POST, "/contacts/imports").multipart(form);
    ids.insert("job", id(&nimal.send(upload).await.ok()["id"]));
    let asked = nimal.post("/user/passkeys/ask", json!({})).await.ok();
    let credential = Authenticator::new(1).create(&asked["options"]);
    let passkey = json!({ "token": asked["token"], "name": "Phone", "credential": credential });
    ids.insert("passkey", id(&nimal.post("/user/passkeys", passkey).await.ok()["id"]));
    ids.insert("user", id(&nimal.get("/user").await.ok()["id"]));
    ids.insert("session", id(&nimal.get("/sessions").await.ok()["items"][0]["id"]));
    let invitation = json!({ "email": "friend@example.org", "role": "agent" });
    let org = nimal.get("/organization").await.ok()["id"].as_str().unwrap().to_owned();
    ids.insert("visit", visit(&mut staff(nimal.app, "staff@example.org").await, &org).await);
    ids.insert("invitation", id(&nimal.post("/invitations", invitation).await.ok()["id"]));
    let role = json!({ "name": "Own", "permissions": [], "visibility": "own" });
    ids.insert("role", id(&nimal.post("/roles", role).await.ok()["id"]));
    ids.insert("team", id(&nimal.post("/teams", json!({ "name": "Day" })).await.ok()["id"]));
    ids.insert("key", id(&nimal.post("/api-keys", json!({ "name": "k" })).await.ok()["key"]["id"]));
    let text = json!({ "kind": "template", "template": ids["template"] });
    let message = nimal.post(&format!("/threads/{}/messages", ids["thread"]), text).await.ok();
    ids.insert("message", id(&message["id"]));
    let looker = nimal.clone();
    let entry = until("a webhook has come", async || {
        looker.clone().get("/journal").await.ok()["items"][0]["id"].as_i64()
    });
    ids.insert("journal", entry.await.to_string());
    ids
}

async fn crawl(app: &TestApp) {
    let mut nimal = Person::new(app, "nimal@example.org").await;
    let ids = furnished(&mut nimal).await;
    let org = nimal.get("/organization").await.ok()["id"].as_str().unwrap().to_owned();
    let mut kamala = Person::new(app, "kamala@example.org").await;
    kamala.post("/organizations", json!({ "name": "Kandy Spice", "default_region": "LK" })).await.ok();
    let key =
        kamala.post("/api-keys", json!({ "name": "k" })).await.ok()["secret"].as_str().unwrap().to_owned();

    let device = Device::new(app, "kamala@example.org").await;

    for operation in described_with(&ids) {
        let has = |way: &str| operation.by.iter().any(|by| by == way);
        let by_key =
            || app.request(operation.method.clone(), &format!("/api/v1{}", operation.path)).bearer_auth(&key);
        // Another organization, named by somebody who does not belong to it.
        if operation.permission.is_some() && has("session") {
            let named =
                kamala.request(operation.method.clone(), &operation.path).header("tisara-organization", &org);
            kamala.send(named.json(&operation.body())).await.problem(404, "not_found");
            let named =
                device.request(operation.method.clone(), &operation.path).header("tisara-organization", &org);
            common::answer(named.json(&operation.body())).await.problem(404, "not_found");
        }
        if operation.pattern.contains('{') && !operation.takes_a_label_off() {
            // What belongs to somebody else is simply not there, by session and by key.
            if has("session") {
                kamala
                    .call(operation.method.clone(), &operation.path, operation.body())
                    .await
                    .problem(404, "not_found");
            }
            if has("token") {
                device
                    .call(operation.method.clone(), &operation.path, operation.body())
                    .await
                    .problem(404, "not_found");
            }
            if has("api_key") {
                common::answer(by_key().json(&operation.body())).await.problem(404, "not_found");
            }
        } else if operation.method == Method::GET && !operation.by.is_empty() {
            // A list holds nothing of others.
            let mut texts = vec![kamala.get(&operation.path).await.text];
            if has("token") {
                texts.push(device.get(&operation.path).await.text);
            }
            if has("api_key") {
                texts.push(common::answer(by_key()).await.text);
            }
            if operation.pattern == "/journal" {
                assert!(texts.iter().all(|text| text.contains("\"items\":[]")), "{texts:?}");
            }
            for (kind, id) in ids.iter().filter(|(kind, _)| **kind != "journal") {
                assert!(texts.iter().all(|text| !text.contains(id)), "{operation:?} shows another's {kind}");
            }
        }
    }
    // Ids in bodies are no way in either.
    let (contact, number, template) = (&ids["contact"], &ids["number"], &ids["template"]);
    for (method, path, body) in [
        (Method::POST, "/threads".to_owned(), json!({ "contact": contact, "number": number })),
        (
            Method::POST,
            "/campaigns".to_owned(),
            json!({ "name": "x", "number": number, "template": template, "audience": { "kind": "all" } }),
        ),
        (
            Method::POST,
            "/campaigns/estimate".to_owned(),
            json!({ "name": "x", "number": number, "template": template, "audience": { "kind": "all" } }),
        ),
        (Method::POST, "/organization/transfer".to_owned(), json!({ "user": ids["user"] })),
        (Method::POST, "/invitations".to_owned(), json!({ "email": "a@example.org", "role": ids["role"] })),
        (Method::PUT, "/sessions/current/organization".to_owned(), json!({ "organization": org })),
    ] {
        let answer = kamala.call(method, &path, body).await;
        assert!(matches!(answer.status.as_u16(), 404 | 422), "{path}: {} {}", answer.status, answer.text);
    }
    // Nothing of it is harmed.
    for (kind, path) in [
        ("contact", "contacts"),
        ("number", "numbers"),
        ("campaign", "campaigns"),
        ("thread", "threads"),
        ("user", "members"),
    ] {
        nimal.get(&format!("/{path}/{}", ids[kind])).await.ok();
    }
    assert_eq!(nimal.get("/api-keys").await.ok()["items"][0]["revoked_at"], json!(null));
    assert_eq!(nimal.get("/invitations").await.ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(nimal.get(&format!("/contacts/{contact}")).await.ok()["labels"].as_array().unwrap().len(), 1);
}

mod no_route_leads_to_another_organization {
    use super::*;

    #[tokio::test]
    async fn sqlite() {
        crawl(&TestApp::on(Engine::Sqlite).await).await;
    }

    #[tokio::test]
    async fn postgres() {
        crawl(&TestApp::on(Engine::Postgres).await).await;
    }
}

/// Every permission against every route: it opens those that name it, and no others.
async fn matrix(app: &TestApp) {
    let mut nimal = Person::new(app, "nimal@example.org").await;
    nimal.post("/organizations", json!({ "name": "Ceylon Tea", "default_region": "LK" })).await.ok();
    let form =
        |permissions: &[&str]| json!({ "name": "One", "permissions": permissions, "visibility": "all" });
    let role = nimal.post("/roles", form(&[])).await.ok()["id"].as_str().unwrap().to_owned();
    nimal.post("/invitations", json!({ "email": "one@example.org", "role": role })).await.ok();
    let token = app.mailed("one@example.org", "You are invited").await;
    let mut one = Person::new(app, "one@example.org").await;
    one.post("/invitations/accept", json!({ "token": token })).await.ok();

    let all = nimal.get("/permissions").await.ok();
    let permissions: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|p| p["permission"].as_str().unwrap()).collect();
    let operations: Vec<_> =
        described().into_iter().filter(|operation| operation.permission.is_some()).collect();
    let mut wrong = Vec::new();
    for permission in &permissions {
        assert!(
            operations.iter().any(|operation| operation.permission.as_deref() == Some(permission)),
            "no route takes {permission}"
        );
        nimal.call(Method::PUT, &format!("/roles/{role}"), form(&[permission])).await.ok();
        for operation in &operations {
            let answer = one.call(operation.method.clone(), &operation.path, operation.body()).await;
            let refused = answer.status == 403
                && answer.json["detail"].as_str().is_some_and(|d| d.starts_with("You need the permission"));
            if refused == (operation.permission.as_deref() == Some(permission)) {
                wrong.push(format!(
                    "{permission}: {} {} answered {}",
                    operation.method, operation.pattern, answer.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

mod a_permission_opens_its_routes_and_no_others {
    use super::*;

    #[tokio::test]
    async fn sqlite() {
        matrix(&TestApp::on(Engine::Sqlite).await).await;
    }

    #[tokio::test]
    async fn postgres() {
        matrix(&TestApp::on(Engine::Postgres).await).await;
    }
}
