//! Importing files as shops send them.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

mod common;
use common::{TestApp, answer, until};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;
use tisara_store::Engine as Database;

fn messy() -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/contacts-messy.csv");
    std::fs::read(&path).unwrap_or_else(|e| panic!("the test data is missing: {}: {e}", path.display()))
}

fn counts(import: &Value) -> [i64; 4] {
    ["rows", "unique_valid", "duplicate_valid", "invalid_phone"]
        .map(|name| import["progress"]["counts"][name].as_i64().unwrap())
}

#[tokio::test]
async fn the_messy_list_is_imported_with_the_known_counts_and_again_without_effect() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::on(database).await;
        let first = app.import(&messy(), json!({ "labels": ["From the shop"] })).await;
        assert_eq!(first["state"], "done", "{first}");
        assert_eq!(counts(&first), [3000, 2488, 161, 351]);
        let progress = &first["progress"];
        assert_eq!(
            (&progress["inserted"], &progress["updated"], &progress["unchanged"]),
            (&json!(2488), &json!(0), &json!(0))
        );
        assert_eq!(progress["bytes_read"], progress["bytes_total"]);

        let again = app.import(&messy(), json!({ "labels": ["From the shop"] })).await;
        assert_eq!(counts(&again), [3000, 2488, 161, 351]);
        assert_eq!(
            (&again["progress"]["inserted"], &again["progress"]["unchanged"]),
            (&json!(0), &json!(2488))
        );

        // What the columns held is there: fields, labels, consent with its evidence.
        let found = app.get("/contacts?search=0718990608").await.ok()["items"][0].clone();
        assert_eq!((&found["phone"], &found["consent"]), (&json!("+94718990608"), &json!("opted_in")));
        assert!(found["fields"].as_object().unwrap().values().any(|v| v == "1990-02-28"), "{found}");
        assert_eq!(found["labels"].as_array().unwrap().len(), 2);
        let ledger = app.get(&format!("/contacts/{}/consents", found["id"].as_str().unwrap())).await.ok();
        assert!(ledger["items"][0]["wording"].as_str().unwrap().contains("WhatsApp OK?"), "{ledger}");
    }
}

#[tokio::test]
async fn what_was_left_out_is_told_row_by_row_and_the_upload_is_gone() {
    let app = TestApp::new().await;
    let list = "\u{FEFF}Name,Phone,Email\r\nA,0771234567,no\r\n=cmd(),=1+1,\r\nB,+94 77 123 4567,\r\n";
    let import = app.import(list.as_bytes(), json!({})).await;
    assert_eq!(counts(&import), [3, 1, 1, 1]);
    let errors = app.get(&format!("/contacts/imports/{}/errors", import["id"].as_str().unwrap())).await;
    assert_eq!(errors.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        errors.text,
        "\u{FEFF}row,column,value,reason\r\n2,Email,no,not an e-mail address\r\n3,Phone,'=1+1,this is not a phone number\r\n\
         4,Phone,'+94 77 123 4567,the same number as in row 2; only the first is taken\r\n"
    );
    let left: Vec<_> =
        std::fs::read_dir(app.data.path().join("imports")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 1, "only the error file stays: {left:?}");
}

#[tokio::test]
async fn files_that_cannot_be_imported_are_refused_at_once_with_what_to_do() {
    let app = TestApp::new().await;
    let upload = async |file: &[u8]| app.upload("/contacts/imports", file, json!({})).await;
    upload(b"").await.problem(422, "file_empty");
    upload(b"Name,Phone\r\n").await.problem(422, "file_empty");
    let problem = upload(b"Name,City\nNimal,Kandy\n").await.problem(422, "no_phone_column");
    assert!(problem["detail"].as_str().unwrap().contains("Name, City"));
    let problem = upload(b"%PDF-1.7 \x00\x01").await.problem(422, "file_unreadable");
    assert!(problem["detail"].as_str().unwrap().contains("CSV UTF-8"));
    upload(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1]).await.problem(422, "file_unreadable");
    upload(&vec![b'x'; 21_000_000]).await.problem(413, "too_large");
    let wrong =
        app.upload("/contacts/imports", b"Phone\n0771234567\n\xFF\n", json!({ "encoding": "utf-8" })).await;
    wrong.problem(422, "file_unreadable");
    app.post("/contacts/imports", json!({})).await.problem(415, "unsupported_type");
    let unknown = app.upload("/contacts/imports", b"Phone\n0771234567\n", json!({ "colour": 1 })).await;
    assert_eq!(unknown.invalid(), ["options"]);
    let bad = json!({ "default_region": "Lanka", "consent": { "everybody": true } });
    let bad = app.upload("/contacts/imports", b"Phone\n0771234567\n", bad).await;
    assert_eq!(
        bad.invalid(),
        ["options.default_region", "options.consent.source", "options.consent.wording"]
    );
    let empty = std::fs::read_dir(app.data.path().join("imports")).map_or(0, Iterator::count);
    assert_eq!(empty, 0, "nothing that was refused stays");
}

#[tokio::test]
async fn a_preview_shows_what_would_happen_and_keeps_nothing() {
    let app = TestApp::new().await;
    let preview = app.upload("/contacts/imports/preview", &messy(), json!({})).await.ok();
    assert_eq!(preview["rows"].as_array().unwrap().len(), 20);
    assert_eq!(preview["counts"]["unique_valid"], 2488);
    assert_eq!(preview["columns"][1], json!({ "column": "Mobile No.", "to": "phone" }));
    assert_eq!((&preview["form"], &preview["complete"]), (&json!("CSV, commas, UTF-8"), &json!(true)));
    assert_eq!(app.get("/contacts").await.ok()["items"], json!([]));
    assert_eq!(std::fs::read_dir(app.data.path().join("imports")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing() {
    let app = TestApp::new().await;
    let import = app.import(&messy(), json!({ "dry_run": true, "labels": ["New"] })).await;
    assert_eq!((counts(&import), &import["state"]), ([3000, 2488, 161, 351], &json!("done")));
    assert_eq!(import["progress"]["inserted"], 0);
    for list in ["/contacts", "/labels", "/fields"] {
        assert_eq!(app.get(list).await.ok()["items"], json!([]), "{list}");
    }
}

#[tokio::test]
async fn a_withdrawal_outlives_every_import_and_skip_leaves_contacts_alone() {
    let app = TestApp::new().await;
    let contact = app.contact("0771234567", "Nimal").await;
    let path = format!("/contacts/{contact}");
    let out = json!({ "state": "opted_out", "source": "phone", "wording": "no more" });
    app.post(&format!("{path}/consents"), out).await.ok();
    let list = b"Name,Phone\nSomebody,0771234567\nNew,0771234568\n";
    let consent = json!({ "everybody": true, "source": "shop form", "wording": "Send me offers" });
    let import = app.import(list, json!({ "existing": "skip" })).await;
    assert_eq!(import["progress"]["inserted"], 1);
    assert_eq!(app.get(&path).await.ok()["name"], "Nimal");
    let import = app.import(list, json!({ "consent": consent })).await;
    assert_eq!(
        (&import["progress"]["kept_opt_outs"], &import["progress"]["updated"]),
        (&json!(1), &json!(2))
    );
    let contact = app.get(&path).await.ok();
    assert_eq!((&contact["name"], &contact["consent"]), (&json!("Somebody"), &json!("opted_out")));
    assert_eq!(app.get("/contacts?consent=opted_in").await.ok()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_mapping_that_is_said_is_followed() {
    let app = TestApp::new().await;
    let list = "Ref;Handy;Punkte\n7;0771234567;1,200\n8;0771234568;many\n";
    let options = json!({ "columns": [
        { "column": "Handy", "to": "phone" },
        { "column": "3", "to": "field", "field": "Points", "kind": "number" }] });
    let import = app.import(list.as_bytes(), options).await;
    assert_eq!(counts(&import), [2, 2, 0, 0]);
    assert_eq!(import["progress"]["counts"]["values_left_out"], 1);
    let fields = app.get("/fields").await.ok();
    assert_eq!(
        (&fields["items"][0]["name"], &fields["items"][0]["kind"]),
        (&json!("Points"), &json!("number"))
    );
    let wrong = json!({ "columns": [{ "column": "Telefon", "to": "phone" }] });
    assert_eq!(app.upload("/contacts/imports", list.as_bytes(), wrong).await.invalid(), ["options.columns"]);
}

/// A long list, of which each row is good.
fn long(rows: u32) -> Vec<u8> {
    let mut list = String::from("Name,Phone\n");
    for n in 0..rows {
        list.push_str(&format!("Person {n},+9477{n:07}\n"));
    }
    list.into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_can_be_stopped() {
    let app = TestApp::new().await;
    let begun = app.upload("/contacts/imports", &long(200_000), json!({})).await.ok();
    let id = begun["id"].as_str().unwrap();
    until("it has begun to write", async || {
        let import = app.get(&format!("/contacts/imports/{id}")).await.ok();
        (import["progress"]["inserted"].as_i64() > Some(0)).then_some(())
    })
    .await;
    app.post(&format!("/jobs/{id}/cancel"), json!({})).await.ok();
    let import = app.import_ended(id).await;
    assert_eq!(import["state"], "cancelled");
    let inserted = import["progress"]["inserted"].as_i64().unwrap();
    assert!(inserted > 0 && inserted < 200_000, "{import}");
    app.post(&format!("/jobs/{id}/cancel"), json!({})).await.problem(409, "wrong_state");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_cut_off_goes_on_and_counts_the_same() {
    use std::sync::Arc;
    use tisara_engine::{Bus, Engine, Parts, Settings};
    let app = TestApp::new().await;
    let (rows, twins) = (60_000, b"Twin,+94770000001\nNobody,12\n");
    let mut list = long(rows);
    list.extend_from_slice(twins);
    let begun = app.upload("/contacts/imports", &list, json!({})).await.ok();
    let id = begun["id"].as_str().unwrap();
    until("it has begun to write", async || {
        let import = app.get(&format!("/contacts/imports/{id}")).await.ok();
        (import["progress"]["inserted"].as_i64() > Some(0)).then_some(())
    })
    .await;
    assert!(app.app.engine.stop(tisara_domain::Duration::from_secs(10)).await);
    let midway = app.get(&format!("/contacts/imports/{id}")).await.ok();
    assert!(midway["finished_at"].is_null(), "stopped before its end: {midway}");
    let parts = Parts {
        store: app.test.store.clone(),
        client: app.app.client.clone(),
        ambient: app.ambient.clone(),
        vault: app.app.vault.clone(),
        bus: Bus::new(),
        settings: Settings { tick_ms: 50, ..Settings::default() },
    };
    let runner = tisara_server::contacts::import::ImportRunner::new(app.data.path());
    let again = Engine::start(parts, vec![Arc::new(runner)]).await.unwrap();
    let import = app.import_ended(id).await;
    assert_eq!((counts(&import), &import["state"]), ([60_002, 60_000, 1, 1], &json!("done")));
    assert_eq!(
        (&import["progress"]["inserted"], &import["progress"]["unchanged"]),
        (&json!(60_000), &json!(0))
    );
    again.stop(tisara_domain::Duration::from_secs(5)).await;
}

#[tokio::test]
async fn an_import_of_another_organization_does_not_exist() {
    let app = TestApp::new().await;
    let import = app.import(b"Phone\n0771234567\n", json!({})).await;
    let (_, other) = app.organization("Other").await;
    for path in ["", "/errors"] {
        let path = format!("/api/v1/contacts/imports/{}{path}", import["id"].as_str().unwrap());
        answer(app.request(Method::GET, &path).bearer_auth(&other)).await.problem(404, "not_found");
    }
}
