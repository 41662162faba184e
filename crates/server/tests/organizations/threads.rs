//! Whose threads somebody sees.

use crate::common::{
    TestApp,
    person::{Person, id, joined, owner},
};
use reqwest::Method;
use serde_json::json;

on_both! {
    /// Agents see what is theirs, what is nobody's, and what their team has.
    async fn threads_are_seen_as_far_as_the_role_sees(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let own = json!({ "name": "Lone", "permissions": ["threads.read", "threads.reply"], "visibility": "own" });
        let own = nimal.post("/roles", own).await.ok()["id"].as_str().unwrap().to_owned();
        let mut lone = joined(&mut nimal, "lone@example.org", &own).await;
        let mut anna = joined(&mut nimal, "anna@example.org", "agent").await;
        let mut ben = joined(&mut nimal, "ben@example.org", "agent").await;
        let (anna_id, ben_id) = (id(&mut anna).await, id(&mut ben).await);
        let waba = json!({ "waba_id": tisara_emulator::World::WABA_ID.to_string(), "token": tisara_emulator::World::TOKEN });
        let number = nimal.post("/numbers/connect", waba).await.ok()["items"][0]["id"].clone();
        let contact = nimal.post("/contacts", json!({ "phone": "0771234567", "name": "Sunil" })).await.ok()["id"].clone();
        let thread = nimal.post("/threads", json!({ "contact": contact, "number": number })).await.ok()["id"].as_str().unwrap().to_owned();
        let path = format!("/threads/{thread}");
        let seen = async |person: &mut Person<'_>| {
            let listed = person.get("/threads").await.ok()["items"].as_array().unwrap().len();
            let got = person.get(&path).await.status.as_u16();
            assert_eq!(person.get(&format!("{path}/messages")).await.status.as_u16(), got);
            assert_eq!(person.post(&format!("{path}/read"), json!({})).await.status.as_u16(), got);
            assert_eq!(listed == 1, got == 200, "{got}");
            got == 200
        };
        assert!(seen(&mut anna).await && seen(&mut ben).await && !seen(&mut lone).await);
        let assign = format!("{path}/assignee");
        anna.call(Method::PUT, &assign, json!({ "user": anna_id })).await.problem(403, "forbidden");
        assert_eq!(nimal.call(Method::PUT, &assign, json!({ "user": "user_01h455vb4pex5vsknk084sn02q" })).await.invalid(), ["user"]);
        nimal.call(Method::PUT, &assign, json!({ "user": anna_id })).await.ok();
        assert!(seen(&mut anna).await && !seen(&mut ben).await && seen(&mut nimal).await);
        let team = nimal.post("/teams", json!({ "name": "Day" })).await.ok()["id"].as_str().unwrap().to_owned();
        nimal.post("/teams", json!({ "name": "day" })).await.problem(409, "already_exists");
        for user in [&anna_id, &ben_id] {
            nimal.call(Method::PUT, &format!("/teams/{team}/members/{user}"), json!({})).await.ok();
        }
        assert!(seen(&mut ben).await);
        nimal.call(Method::DELETE, &format!("/teams/{team}/members/{ben_id}"), json!({})).await.ok();
        assert!(!seen(&mut ben).await);
        nimal.call(Method::DELETE, &format!("/teams/{team}"), json!({})).await.ok();
        nimal.call(Method::DELETE, &format!("/members/{anna_id}"), json!({})).await.ok();
        assert!(seen(&mut ben).await, "a removed member's threads are nobody's");
    }
}
