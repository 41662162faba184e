//! Sessions of browsers.

use crate::common::{
    TestApp,
    person::{PASSWORD, Person, SESSION},
};
use reqwest::Method;
use serde_json::json;
use tisara_server::Places;
use tisara_store::Engine;

on_both! {
    /// A cookie that somebody put there before is not taken over, and ends at sign-in.
    async fn a_session_cannot_be_fixed_beforehand(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let before = nimal.cookies[SESSION].clone();
        nimal.sign_in(PASSWORD).await.ok();
        assert_ne!(nimal.cookies[SESSION], before);
        let mut with_old = nimal.clone();
        with_old.cookies.insert(SESSION.to_owned(), before);
        with_old.get("/user").await.problem(401, "unauthorized");
        with_old.cookies.insert(SESSION.to_owned(), "B".repeat(43));
        with_old.sign_in(PASSWORD).await.ok();
        assert_ne!(with_old.cookies[SESSION], "B".repeat(43));
        for broken in ["", "x", &nimal.cookies[SESSION][1..]] {
            with_old.cookies.insert(SESSION.to_owned(), broken.to_owned());
            with_old.get("/user").await.problem(401, "unauthorized");
        }
    }
}

on_both! {
    /// Sessions are listed and ended one by one or all but this; only one's own.
    async fn sessions_are_seen_and_ended(app) {
        let mut desk = Person::new(app, "nimal@example.org").await;
        let mut phone = Person::stranger(app, "nimal@example.org", "192.0.2.44");
        phone.sign_in(PASSWORD).await.ok();
        let mut kamala = Person::new(app, "kamala@example.org").await;
        let list = desk.get("/sessions").await.ok();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.iter().map(|s| (s["ip"].as_str().unwrap(), s["current"].as_bool().unwrap())).collect::<Vec<_>>(), [("192.0.2.44", false), ("198.51.100.7", true)]);
        let id = items[0]["id"].as_str().unwrap();
        kamala.call(Method::DELETE, &format!("/sessions/{id}"), json!({})).await.problem(404, "not_found");
        phone.get("/user").await.ok();
        desk.call(Method::DELETE, &format!("/sessions/{id}"), json!({})).await.ok();
        phone.get("/user").await.problem(401, "unauthorized");
        phone.sign_in(PASSWORD).await.ok();
        desk.call(Method::DELETE, "/sessions", json!({})).await.ok();
        phone.get("/user").await.problem(401, "unauthorized");
        desk.get("/user").await.ok();
        kamala.get("/user").await.ok();
    }
}

/// What is dangerous asks for a password entered a moment ago, and only from a person.
#[tokio::test]
async fn dangerous_things_ask_for_the_password_again() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.recent_sign_in_s = 0).await;
    let mut nimal = Person::new(&app, "nimal@example.org").await;
    nimal
        .post("/user/email", json!({ "email": "new@example.org" }))
        .await
        .problem(403, "recent_sign_in_needed");
    app.post("/user/email", json!({ "email": "new@example.org" })).await.problem(403, "forbidden");
    let before = nimal.cookies[SESSION].clone();
    nimal
        .post("/sessions/current/confirm", json!({ "password": "no" }))
        .await
        .problem(401, "wrong_credentials");
    nimal.post("/sessions/current/confirm", json!({ "password": PASSWORD })).await.ok();
    assert_ne!(nimal.cookies[SESSION], before);
}

/// A session that lies idle, or lasts too long, is over.
#[tokio::test]
async fn sessions_end_by_themselves() {
    for change in [
        |s: &mut tisara_server::Settings| s.session_idle_s = 0,
        |s: &mut tisara_server::Settings| s.session_longest_s = 0,
    ] {
        let app = TestApp::with(Engine::Sqlite, change).await;
        let mut nimal = Person::new(&app, "nimal@example.org").await;
        nimal.get("/user").await.problem(401, "unauthorized");
    }
}

/// With a database of addresses a session says where it probably is; without one, or where it does not know, not.
#[tokio::test]
async fn a_session_shows_its_place_where_it_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("places.mmdb");
    std::fs::write(&file, crate::common::places::file()).unwrap();
    let places = async |app: &TestApp| {
        let mut desk = Person::new(app, "nimal@example.org").await;
        let mut phone = Person::stranger(app, "nimal@example.org", "192.0.2.44");
        phone.sign_in(PASSWORD).await.ok();
        let mut six = Person::stranger(app, "nimal@example.org", "2001:db8::1");
        six.sign_in(PASSWORD).await.ok();
        let list = desk.get("/sessions").await.ok();
        list["items"].as_array().unwrap().iter().map(|s| s["place"].clone()).collect::<Vec<_>>()
    };
    let known =
        TestApp::with(Engine::Sqlite, |settings| settings.places = Some(Places::open(&file).unwrap())).await;
    let kandy = json!({ "city": "Kandy", "country": "LK" });
    assert_eq!(places(&known).await, [json!(null), kandy, json!(null)]);
    let unknown = TestApp::on(Engine::Sqlite).await;
    assert_eq!(places(&unknown).await, [json!(null), json!(null), json!(null)]);
}

#[test]
fn a_file_that_knows_no_places_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (file, whole) = (dir.path().join("places.mmdb"), crate::common::places::file());
    assert!(Places::open(&file).is_err(), "there is none");
    for broken in [&b""[..], b"PK", &whole[..200]] {
        std::fs::write(&file, broken).unwrap();
        assert!(Places::open(&file).is_err(), "{}", broken.len());
    }
}
