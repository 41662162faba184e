//! Contacts, labels, fields and consent over HTTP.

mod common;
use common::{TestApp, answer};
use reqwest::Method;
use serde_json::{Value, json};
use tisara_store::Engine as Database;

#[tokio::test]
async fn a_contact_is_made_read_changed_and_erased() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::on(database).await;
        let city =
            app.post("/fields", json!({ "name": "City" })).await.ok()["id"].as_str().unwrap().to_owned();
        app.post("/fields", json!({ "name": "Birthday", "kind": "date" })).await.ok();
        let vip = app.post("/labels", json!({ "name": "VIP" })).await.ok()["id"].as_str().unwrap().to_owned();
        let made = app
            .post(
                "/contacts",
                json!({ "phone": "077 123 4567", "name": " Nimal  Perera ", "email": "n@example.org", "language": "Sinhala",
                        "fields": { "City": "Kandy", "Birthday": "03/07/1985" }, "labels": [vip] }),
            )
            .await;
        assert_eq!(made.status, 201);
        let made = made.ok();
        assert_eq!(
            (&made["phone"], &made["region"], &made["name"], &made["language"], &made["consent"]),
            (&json!("+94771234567"), &json!("LK"), &json!("Nimal Perera"), &json!("si"), &json!("unknown"))
        );
        assert_eq!(made["fields"][&city], "Kandy");
        assert!(made["fields"].as_object().unwrap().values().any(|v| v == "1985-07-03"));
        assert_eq!(made["labels"], json!([vip]));

        let path = format!("/contacts/{}", made["id"].as_str().unwrap());
        let changed =
            app.patch(&path, json!({ "email": null, "fields": { "City": null }, "name": "N" })).await.ok();
        assert_eq!(
            (&changed["email"], &changed["name"], &changed["language"]),
            (&Value::Null, &json!("N"), &json!("si"))
        );
        assert_eq!(changed["fields"].as_object().unwrap().len(), 1);
        assert_eq!(app.get(&path).await.ok(), changed);

        assert_eq!(app.delete(&path).await.status, 204);
        app.get(&path).await.problem(404, "not_found");
        app.delete(&path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let app = TestApp::new().await;
    let mut wrong = app
        .post(
            "/contacts",
            json!({ "phone": "077", "email": "nobody", "language": "the usual", "fields": { "Shoe size": "9" },
                    "labels": ["label_01h455vb4pex5vsknk084sn02q"] }),
        )
        .await
        .invalid();
    wrong.sort();
    assert_eq!(wrong, ["email", "fields.Shoe size", "labels[0]", "language", "phone"]);
    let contact = app.contact("0771234567", "A").await;
    let taken =
        app.post("/contacts", json!({ "phone": "+94 77 123 4567" })).await.problem(409, "already_exists");
    assert!(taken["detail"].as_str().unwrap().contains(&contact));
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let app = TestApp::new().await;
    for n in 0..7 {
        app.contact(&format!("077123456{n}"), if n % 2 == 0 { "Even" } else { "Odd" }).await;
    }
    let first = app.get("/contacts?limit=3").await.ok();
    let second = app.get(&format!("/contacts?limit=3&after={}", first["next"].as_str().unwrap())).await.ok();
    let third = app.get(&format!("/contacts?limit=3&after={}", second["next"].as_str().unwrap())).await.ok();
    let ids: std::collections::HashSet<String> = [&first, &second, &third]
        .into_iter()
        .flat_map(|p| p["items"].as_array().unwrap())
        .map(|c| c["id"].to_string())
        .collect();
    assert_eq!((ids.len(), third["next"].as_str()), (7, None));
    assert_eq!(app.get("/contacts?search=even").await.ok()["items"].as_array().unwrap().len(), 4);
    assert_eq!(app.get("/contacts?search=0771234563").await.ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.get("/contacts?consent=opted_in").await.ok()["items"], json!([]));
    // A cursor of another list is none of this one.
    assert_eq!(
        app.get(&format!("/campaigns?after={}", first["next"].as_str().unwrap())).await.invalid(),
        ["after"]
    );
}

#[tokio::test]
async fn labels_are_put_on_and_taken_off() {
    let app = TestApp::new().await;
    let (a, b) = (app.contact("0771234567", "A").await, app.contact("0771234568", "B").await);
    let label = app.post("/labels", json!({ "name": "New" })).await.ok()["id"].as_str().unwrap().to_owned();
    app.post("/labels", json!({ "name": "new" })).await.problem(409, "already_exists");
    assert_eq!(app.post("/labels", json!({ "name": " " })).await.invalid(), ["name"]);
    let done = app.post(&format!("/labels/{label}/contacts"), json!({ "add": [a, b] })).await.ok();
    assert_eq!(done, json!({ "added": 2, "removed": 0 }));
    answer(app.api(Method::DELETE, &format!("/contacts/{a}/labels/{label}"))).await;
    let labelled = app.get(&format!("/contacts?label={label}")).await.ok();
    assert_eq!(labelled["items"].as_array().unwrap().len(), 1);
    assert_eq!(answer(app.api(Method::PUT, &format!("/contacts/{a}/labels/{label}"))).await.status, 204);
    assert_eq!(app.delete(&format!("/labels/{label}")).await.status, 204);
    assert_eq!(app.get(&format!("/contacts/{a}")).await.ok()["labels"], json!([]));
    assert_eq!(app.get("/labels").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn consent_is_a_ledger() {
    let app = TestApp::new().await;
    let path = format!("/contacts/{}", app.contact("0771234567", "A").await);
    let entries = format!("{path}/consents");
    app.post(&entries, json!({ "state": "opted_in", "source": "shop form", "wording": "Send me offers" }))
        .await
        .ok();
    assert_eq!(app.get(&path).await.ok()["consent"], "opted_in");
    app.post(&entries, json!({ "state": "opted_out", "source": "phone call", "wording": "No more" }))
        .await
        .ok();
    assert_eq!(app.get(&path).await.ok()["consent"], "opted_out");
    let ledger = app.get(&entries).await.ok();
    assert_eq!(ledger["items"].as_array().unwrap().len(), 2);
    // An old paper cannot undo what was said since.
    let old = json!({ "state": "opted_in", "source": "a", "wording": "b", "at": "2020-01-01T00:00:00Z" });
    assert_eq!(app.post(&entries, old).await.invalid(), ["at"]);
    let wrong = json!({ "state": "unknown", "source": "", "wording": "", "at": "2999-01-01T00:00:00Z" });
    assert_eq!(app.post(&entries, wrong).await.invalid(), ["state", "source", "wording", "at"]);
}

#[tokio::test]
async fn another_organizations_contacts_do_not_exist() {
    let app = TestApp::new().await;
    let contact = app.contact("0771234567", "A").await;
    let (_, other) = app.organization("Other").await;
    let as_other =
        |method: Method, path: String| app.request(method, &format!("/api/v1{path}")).bearer_auth(&other);
    answer(as_other(Method::GET, format!("/contacts/{contact}"))).await.problem(404, "not_found");
    answer(as_other(Method::DELETE, format!("/contacts/{contact}"))).await.problem(404, "not_found");
    assert_eq!(answer(as_other(Method::GET, "/contacts".to_owned())).await.ok()["items"], json!([]));
    // The same number may be a contact of both.
    answer(as_other(Method::POST, "/contacts".to_owned()).json(&json!({ "phone": "0771234567" }))).await.ok();
}

#[tokio::test]
async fn the_same_write_twice_is_done_once() {
    let app = TestApp::new().await;
    let send = async |key: &str, name: &str| {
        let request = app.api(Method::POST, "/labels").header("idempotency-key", key);
        answer(request.json(&json!({ "name": name }))).await
    };
    let first = send("k1", "A").await;
    let again = send("k1", "A").await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    send("k1", "B").await.problem(422, "idempotency_key_reused");
    // A refusal frees the key.
    assert_eq!(send("k2", " ").await.invalid(), ["name"]);
    send("k2", "C").await.ok();
    send(&"k".repeat(300), "D").await.problem(400, "malformed");
    assert_eq!(app.get("/labels").await.ok()["items"].as_array().unwrap().len(), 2);
}
