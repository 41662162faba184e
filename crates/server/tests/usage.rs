//! What an organization uses, by day, and what happens at its limits.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

#[macro_use]
mod common;
use common::{TestApp, person::Person, until};
use serde_json::{Value, json};
use tisara_domain::Day;
use tisara_store::usage::UsageLimit;

async fn limit(app: &TestApp, limit: UsageLimit, most: Option<i64>) {
    let (org, now) = (app.org, app.ambient.now());
    app.test.store.write(move |tx| tx.org(org).put_limit(limit, most, now)).await.unwrap();
}

fn of<'a>(usage: &'a Value, limit: &str) -> &'a Value {
    usage["limits"].as_array().unwrap().iter().find(|l| l["limit"] == limit).unwrap()
}

/// A thread, and the template that may be sent in it.
async fn thread(app: &TestApp) -> (String, Value) {
    let number = app.connect().await;
    let contact = app.contact("0771234567", "Nimal").await;
    let thread = app.post("/threads", json!({ "contact": contact, "number": number })).await.ok();
    let template = app.template("hello_world").await;
    let path = format!("/threads/{}/messages", thread["id"].as_str().unwrap());
    (path, json!({ "kind": "template", "template": template }))
}

on_both! {
    /// Messages by kind and price, calls of the API, rows and members, each on its day in UTC.
    async fn usage_is_shown_by_day(app) {
        let (path, hello) = thread(app).await;
        app.post(&path, hello).await.ok();
        let today = Day::of(app.ambient.now()).to_string();
        let usage = until("the message is priced", async || {
            let usage = app.get("/usage").await.ok();
            let day = usage["days"].as_array()?.last()?.clone();
            (day["billed"].as_array()?.len() == 1).then_some(usage)
        }).await;
        let day = usage["days"].as_array().unwrap().last().unwrap();
        assert_eq!(day["day"], today.as_str(), "{usage}");
        assert_eq!((&day["messages"]["templates"], &day["messages"]["replies"]), (&json!(1), &json!(0)), "{day}");
        assert_eq!(day["billed"][0]["messages"], 1, "{day}");
        let calls = day["api_calls"].as_i64().unwrap();
        assert!(calls > 5, "{day}");
        assert_eq!(of(&usage, "messages_per_month")["used"], 1);
        assert_eq!(of(&usage, "seats")["most"], json!(null));
        // Written down, they are as many as before, and this call one more.
        app.app.finish().await.unwrap();
        let later = app.get("/usage").await.ok();
        assert_eq!(later["days"].as_array().unwrap().last().unwrap()["api_calls"], calls + 1, "{later}");
        // Another time has none of it.
        let before = app.get("/usage?from=2020-01-01&to=2020-12-31").await.ok();
        assert_eq!((before["days"].clone(), &before["from"]), (json!([]), &json!("2020-01-01")));
        assert_eq!(app.get("/usage?from=2020-02-30").await.invalid(), ["from"]);
        assert_eq!(app.get("/usage?from=2020-01-02&to=2020-01-01").await.invalid(), ["from"]);
        assert_eq!(app.get("/usage?from=2020-01-01&to=2022-01-01").await.invalid(), ["from"]);
        app.get("/usage?since=2020-01-01").await.problem(400, "malformed");
    }
}

on_both! {
    /// What is stored and who is a member, as it was last measured.
    async fn storage_and_seats_are_shown(app) {
        let (org, today) = (app.org, Day::of(app.ambient.now()));
        let measured = app.test.store.read(move |tx| tx.org(org).measure_storage()).await.unwrap();
        app.test.store.write(move |tx| tx.org(org).put_storage(today, &measured)).await.unwrap();
        let usage = app.get("/usage").await.ok();
        let day = usage["days"].as_array().unwrap().last().unwrap();
        assert_eq!(day["storage"], json!({ "contacts": 0, "messages": 0, "recipients": 0 }));
        assert_eq!(day["seats"], 0);
    }
}

on_both! {
    /// At the month's limit nothing more is taken on, and the refusal says which limit and until when.
    async fn a_message_beyond_the_limit_is_refused(app) {
        let (path, hello) = thread(app).await;
        limit(app, UsageLimit::MessagesPerMonth, Some(1)).await;
        app.post(&path, hello.clone()).await.ok();
        until("it is counted", async || {
            (of(&app.get("/usage").await.ok(), "messages_per_month")["used"] == 1).then_some(())
        }).await;
        let answer = app.post(&path, hello.clone()).await;
        assert!(answer.headers.contains_key("retry-after"));
        let problem = answer.problem(403, "limit_reached");
        let next_month = Day::of(app.ambient.now()).month().1.plus(1).begins_at().to_string();
        let expected = json!({ "limit": "messages_per_month", "most": 1, "used": 1, "frees_at": next_month });
        assert_eq!(problem["limit"], expected);
        assert!(problem["detail"].as_str().unwrap().contains("1 messages a month"), "{problem}");
        let campaign = json!({ "name": "Hello", "number": app.get("/numbers").await.ok()["items"][0]["id"],
            "template": hello["template"], "audience": { "kind": "all" } });
        let campaign = app.post("/campaigns", campaign).await.ok();
        let start = format!("/campaigns/{}/start", campaign["id"].as_str().unwrap());
        app.post(&start, json!({})).await.problem(403, "limit_reached");
        limit(app, UsageLimit::MessagesPerMonth, None).await;
        app.post(&start, json!({})).await.ok();
        app.post(&path, hello).await.ok();
    }
}

on_both! {
    /// Calls by keys end at the day's limit; people go on.
    async fn calls_beyond_the_limit_are_refused(app) {
        limit(app, UsageLimit::ApiCallsPerDay, Some(3)).await;
        for _ in 0..3 {
            app.get("/me").await.ok();
        }
        let answer = app.get("/me").await;
        assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() <= 24 * 3600);
        let problem = answer.problem(403, "limit_reached");
        assert_eq!((&problem["limit"]["limit"], &problem["limit"]["used"]), (&json!("api_calls_per_day"), &json!(3)));
        // Written down, they are still used up.
        app.app.finish().await.unwrap();
        app.get("/me").await.problem(403, "limit_reached");
        let (_, other) = app.organization("Kandy Spice").await;
        let answer = common::answer(app.request(reqwest::Method::GET, "/api/v1/me").bearer_auth(&other)).await;
        answer.ok();
    }
}

on_both! {
    /// Members and invitations hold seats; a taken one is refused, a freed one is given.
    async fn a_seat_beyond_the_limit_is_refused(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        let org = nimal.post("/organizations", json!({ "name": "Tea", "default_region": "LK" })).await.ok();
        let org: tisara_domain::OrgId = org["id"].as_str().unwrap().parse().unwrap();
        let now = app.ambient.now();
        let seats = async |most: i64| {
            app.test.store.write(move |tx| tx.org(org).put_limit(UsageLimit::Seats, Some(most), now)).await.unwrap();
        };
        seats(2).await;
        let invite = |email: &str| json!({ "email": email, "role": "agent" });
        nimal.post("/invitations", invite("kamala@example.org")).await.ok();
        // The same person again takes no other seat.
        nimal.post("/invitations", invite("kamala@example.org")).await.ok();
        let problem = nimal.post("/invitations", invite("ruwan@example.org")).await.problem(403, "limit_reached");
        assert_eq!(problem["limit"], json!({ "limit": "seats", "most": 2, "used": 2 }));
        // Fewer seats than there are invitations: whoever accepts one is refused, and may try again later.
        let token = app.mailed("kamala@example.org", "You are invited").await;
        let mut kamala = Person::new(app, "kamala@example.org").await;
        seats(1).await;
        kamala.post("/invitations/accept", json!({ "token": token })).await.problem(403, "limit_reached");
        seats(2).await;
        kamala.post("/invitations/accept", json!({ "token": token })).await.ok();
        assert_eq!(of(&nimal.get("/usage").await.ok(), "seats")["used"], 2);
    }
}
