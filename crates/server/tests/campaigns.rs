//! Campaigns over HTTP, from draft to the last tick.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

mod common;
use common::{TestApp, answer, until};
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use tisara_emulator::settings::{Fault, FaultKind, When};
use tisara_store::Engine as Database;

/// A campaign for `order_update` whose four variables all have a source.
async fn order_update(app: &TestApp, number: &str, audience: Value) -> Value {
    json!({
        "name": "Orders", "number": number, "template": app.template("order_update").await, "audience": audience,
        "bindings": [
            { "place": "body", "name": "1", "source": { "kind": "name" }, "fallback": "friend" },
            { "place": "body", "name": "2", "source": { "kind": "text", "text": "860198" } },
            { "place": "body", "name": "3", "source": { "kind": "text", "text": "Friday" } },
            { "place": { "button": { "index": 0 } }, "name": "1", "source": { "kind": "phone" } },
        ],
    })
}

/// Contacts whom the emulator delivers to, with a label.
async fn people(app: &TestApp, n: u32) -> String {
    let mut list = String::from("Name,Phone\n");
    for i in 0..n {
        list.push_str(&format!("{},+9477{:07}\n", if i == 0 { "" } else { "Person" }, 1_000_000 + i));
    }
    let import = app.import(list.as_bytes(), json!({ "labels": ["Everyone"] })).await;
    assert_eq!(import["progress"]["inserted"], n);
    app.get("/labels").await.ok()["items"][0]["id"].as_str().unwrap().to_owned()
}

fn sum(progress: &Value) -> i64 {
    ["planned", "skipped", "uncertain", "accepted", "sent", "failed", "delivered", "read"]
        .iter()
        .map(|state| progress[state].as_i64().unwrap())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_goes_from_draft_to_completed_and_its_ledger_tells_of_everyone() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::on(database).await;
        let (number, label) = (app.connect().await, people(&app, 120).await);
        let out =
            app.get("/contacts?search=0771000005").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let entry = json!({ "state": "opted_out", "source": "phone", "wording": "no more" });
        app.post(&format!("/contacts/{out}/consents"), entry).await.ok();

        let input = order_update(&app, &number, json!({ "kind": "label", "label": label })).await;
        let estimate = app.post("/campaigns/estimate", input.clone()).await.ok();
        assert_eq!(estimate["recipients"], 120, "{estimate}");
        let made = app.post("/campaigns", input).await;
        assert_eq!(made.status, 201);
        let made = made.ok();
        assert_eq!((&made["state"], &made["require_consent"]), (&json!("draft"), &json!(false)));
        let path = format!("/campaigns/{}", made["id"].as_str().unwrap());
        assert_eq!(app.get(&format!("{path}/estimate")).await.ok(), estimate);
        app.post(&format!("{path}/pause"), json!({})).await.problem(409, "wrong_state");

        app.post(&format!("{path}/start"), json!({})).await.ok();
        app.post(&format!("{path}/start"), json!({})).await.problem(409, "wrong_state");
        let done = until("it is completed", async || {
            let campaign = app.get(&path).await.ok();
            assert_eq!(sum(&campaign["progress"]), campaign["progress"]["recipients"].as_i64().unwrap());
            (campaign["state"] == "completed").then_some(campaign)
        })
        .await;
        let progress = &done["progress"];
        assert_eq!((&progress["recipients"], sum(progress)), (&json!(120), 120));
        assert_eq!((&progress["planned"], &progress["uncertain"]), (&json!(0), &json!(0)));
        assert_eq!(app.emulator.control().report().doubled, 0);

        let first = app.get(&format!("{path}/recipients?limit=50")).await.ok();
        assert_eq!(first["items"].as_array().unwrap().len(), 50);
        let next = first["next"].as_str().unwrap();
        let second = app.get(&format!("{path}/recipients?limit=50&after={next}")).await.ok();
        assert_eq!(second["items"][0]["seq"], 50);
        assert_eq!(first["items"][1]["variables"][1], "860198");
        assert_eq!(app.get(&format!("{path}/recipients?state=flying")).await.invalid(), ["state"]);
        let csv = app.get(&format!("{path}/recipients.csv")).await;
        assert_eq!(csv.text.lines().count(), 121);
        assert!(csv.text.contains("'+9477"), "no cell is a formula");
        let (_, other) = app.organization("Other").await;
        for part in ["", "/recipients", "/recipients.csv", "/events", "/estimate"] {
            let path = format!("/api/v1{path}{part}");
            answer(app.request(Method::GET, &path).bearer_auth(&other)).await.problem(404, "not_found");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_uncertain_is_listed_with_its_cause_and_decided_by_a_person() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::on(database).await;
        let (number, label) = (app.connect().await, people(&app, 6).await);
        // Meta takes three without saying so, and tells nothing of anything.
        app.emulator.control().change(|b| b.webhooks.held = true);
        let fault = Fault { kind: FaultKind::ErrorAfterAccept { status: 500 }, when: When::Next(3) };
        app.emulator.control().add_fault(fault);
        let input = order_update(&app, &number, json!({ "kind": "label", "label": label })).await;
        let made = app.post("/campaigns", input).await.ok();
        let path = format!("/campaigns/{}", made["id"].as_str().unwrap());
        app.post(&format!("{path}/start"), json!({})).await.ok();
        let list = format!("{path}/uncertain");
        let listed = until("three are uncertain", async || {
            let listed = app.get(&list).await.ok();
            (listed["items"].as_array().unwrap().len() == 3).then_some(listed)
        })
        .await;
        let first = &listed["items"][0];
        assert_eq!((&first["cause"], &listed["statuses_until"]), (&json!("no_answer"), &Value::Null));
        assert!(first["explanation"].as_str().unwrap().contains("did not say"), "{first}");

        let decide = format!("{list}/decide");
        let seqs = [&first["seq"]];
        let one = app.post(&decide, json!({ "decision": "mark_sent", "recipients": seqs })).await.ok();
        assert_eq!(one, json!({ "decided": 1, "left": 2 }));
        let again = app.post(&decide, json!({ "decision": "give_up", "recipients": seqs })).await.ok();
        assert_eq!(again["decided"], 0, "what is decided stays");
        let rest = app.post(&decide, json!({ "decision": "give_up" })).await.ok();
        assert_eq!(rest, json!({ "decided": 2, "left": 0 }));
        app.post(&decide, json!({ "decision": "perhaps" })).await.problem(400, "malformed");

        // Once Meta tells, what it tells is true, whatever was decided; and every line is found again.
        app.emulator.control().change(|b| b.webhooks.held = false);
        let report = until("everything is told", async || {
            let report = app.get(&format!("{path}/report")).await.ok();
            let told = report["lines"].as_array().unwrap().iter().all(|l| l["got_it"] == true);
            (told && report["state"] == "completed").then_some(report)
        })
        .await;
        assert_eq!((&report["recipients"], &report["adds_up"]), (&json!(6), &json!(true)), "{report}");
        let priced: i64 =
            report["pricing"].as_array().unwrap().iter().map(|p| p["count"].as_i64().unwrap()).sum();
        assert_eq!(priced + report["not_priced"].as_i64().unwrap(), 6, "{report}");
        assert_eq!(app.get("/messages/uncertain").await.ok(), json!({ "items": [] }));
        assert_eq!(app.emulator.control().report().doubled, 0);
    }
}

#[tokio::test]
async fn what_would_not_work_is_told_before_anything_is_stored() {
    let app = TestApp::new().await;
    let number = app.connect().await;
    let all = json!({ "kind": "all" });
    let good = order_update(&app, &number, all.clone()).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut input = good.clone();
        change(&mut input);
        input
    };
    let wrong = async |input: Value| app.post("/campaigns", input).await.invalid();

    assert_eq!(
        wrong(with(&|i| i["template"] = json!("template_01h455vb4pex5vsknk084sn02q"))).await,
        ["template"]
    );
    assert_eq!(wrong(with(&|i| i["number"] = json!("number_01h455vb4pex5vsknk084sn02q"))).await, ["number"]);
    assert_eq!(wrong(with(&|i| i["name"] = json!(" "))).await, ["name"]);
    // A variable without a value, one that is not there, one bound twice.
    assert_eq!(
        wrong(with(&|i| {
            i["bindings"].as_array_mut().unwrap().remove(1);
        }))
        .await,
        ["bindings"]
    );
    assert_eq!(wrong(with(&|i| i["bindings"][0]["name"] = json!("9"))).await, ["bindings[0]", "bindings"]);
    assert_eq!(wrong(with(&|i| i["bindings"][1]["name"] = json!("1"))).await, ["bindings[1]", "bindings"]);
    // Sources that do not exist or are empty.
    let field = json!({ "kind": "field", "field": "field_01h455vb4pex5vsknk084sn02q" });
    assert_eq!(
        wrong(with(&|i| i["bindings"][0]["source"] = field.clone())).await,
        ["bindings[0].source.field"]
    );
    let empty = json!({ "kind": "text", "text": " " });
    assert_eq!(
        wrong(with(&|i| i["bindings"][1]["source"] = empty.clone())).await,
        ["bindings[1].source.text"]
    );
    assert_eq!(wrong(with(&|i| i["bindings"][0]["fallback"] = json!(""))).await, ["bindings[0].fallback"]);
    // Audiences.
    let label = json!({ "kind": "label", "label": "label_01h455vb4pex5vsknk084sn02q" });
    assert_eq!(wrong(with(&|i| i["audience"] = label.clone())).await, ["audience.label"]);
    let nobody = json!({ "kind": "contacts", "contacts": [] });
    assert_eq!(wrong(with(&|i| i["audience"] = nobody.clone())).await, ["audience.contacts"]);
    assert_eq!(wrong(with(&|i| i["frequency_cap_hours"] = json!(0))).await, ["frequency_cap_hours"]);
    // Media of headers.
    assert_eq!(
        wrong(with(&|i| i["header_media"] = json!({ "kind": "image", "id": "1" }))).await,
        ["header_media"]
    );
    let (template, tired) = (app.template("new_arrival").await, app.template("tired_offer").await);
    let arrival = |media: Value| {
        json!({ "name": "New", "number": number, "template": template, "audience": all, "header_media": media,
                "bindings": [{ "place": "body", "name": "1", "source": { "kind": "name" } }] })
    };
    assert_eq!(wrong(arrival(Value::Null)).await, ["header_media"]);
    assert_eq!(wrong(arrival(json!({ "kind": "video", "id": "1" }))).await, ["header_media.kind"]);
    assert_eq!(
        wrong(arrival(json!({ "kind": "image", "link": "http://x.example/a.png" }))).await,
        ["header_media.link"]
    );
    assert_eq!(wrong(arrival(json!({ "kind": "image" }))).await, ["header_media"]);
    assert!(wrong(with(&|i| i["template"] = json!(tired))).await.contains(&"template".to_owned()));
    assert_eq!(app.get("/campaigns").await.ok()["items"], json!([]));
    let marketing = app
        .post("/campaigns", arrival(json!({ "kind": "image", "link": "https://x.example/a.png" })))
        .await
        .ok();
    assert_eq!(marketing["require_consent"], true, "marketing asks for consent unless it is said otherwise");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_is_paused_resumed_and_cancelled() {
    let app = TestApp::new().await;
    let (number, _) = (app.connect().await, people(&app, 400).await);
    app.patch(&format!("/numbers/{number}"), json!({ "pace_per_second": 40 })).await.ok();
    let input = order_update(&app, &number, json!({ "kind": "all" })).await;
    let id = app.post("/campaigns", input).await.ok()["id"].as_str().unwrap().to_owned();
    let path = format!("/campaigns/{id}");
    let act = async |verb: &str| app.post(&format!("{path}/{verb}"), json!({})).await.ok();
    act("start").await;
    until("it sends", async || {
        (app.get(&path).await.ok()["progress"]["accepted"].as_i64() > Some(0)).then_some(())
    })
    .await;
    assert_eq!(act("pause").await["state"], "paused");
    assert_eq!(act("resume").await["state"], "running");
    assert_eq!(act("cancel").await["state"], "cancelled");
    let over = until("nobody waits any more", async || {
        let campaign = app.get(&path).await.ok();
        (campaign["progress"]["planned"] == 0 && campaign["progress"]["uncertain"] == 0).then_some(campaign)
    })
    .await;
    assert_eq!(sum(&over["progress"]), 400);
    let reasons = over["progress"]["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|r| r["reason"] == "cancelled" && r["count"].as_i64() > Some(0)), "{over}");
    let skipped = app.get(&format!("{path}/recipients?state=skipped&reason=cancelled&limit=1")).await.ok();
    assert_eq!(skipped["items"][0]["reason"], "cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_told_as_it_happens_until_the_end() {
    let app = TestApp::new().await;
    let (number, _) = (app.connect().await, people(&app, 60).await);
    let input = order_update(&app, &number, json!({ "kind": "all" })).await;
    let id = app.post("/campaigns", input).await.ok()["id"].as_str().unwrap().to_owned();
    let response = app.api(Method::GET, &format!("/campaigns/{id}/events")).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    app.post(&format!("/campaigns/{id}/start"), json!({})).await.ok();
    let (mut stream, mut text) = (response.bytes_stream(), String::new());
    while let Some(piece) = stream.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    let states: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str::<Value>(data).unwrap()["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        (states.first().unwrap().as_str(), states.last().unwrap().as_str()),
        ("draft", "completed"),
        "{states:?}"
    );
}
