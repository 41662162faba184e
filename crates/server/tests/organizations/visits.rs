//! Visits of the operator's staff: what they may, and what the organization sees of it.

use crate::common::{
    TestApp,
    person::{Person, owner},
    staff::{staff, visit},
};
use reqwest::Method;
use serde_json::json;

on_both! {
    /// Staff look for a time and a reason and change nothing; the organization hears of it, sees at what, and
    /// ends it.
    async fn a_visit_is_seen_by_whom_it_is_to(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        nimal.post("/contacts", json!({ "phone": "0771234567", "name": "Sunil" })).await.ok();
        let org = nimal.get("/organization").await.ok()["id"].as_str().unwrap().to_owned();
        let mut anna = staff(app, "anna@example.org").await;
        let at = async |person: &mut Person<'_>, method: Method, path: &str| {
            let request = person.request(method, path).header("tisara-organization", &org);
            person.send(request.json(&json!({ "phone": "0777654321" }))).await
        };
        at(&mut anna, Method::GET, "/contacts").await.problem(404, "not_found");
        assert!(anna.get("/staff/organizations").await.ok()["items"].to_string().contains(&org));
        let wrong = json!({ "organization": org, "reason": "x", "minutes": 100_000 });
        assert_eq!(anna.post("/staff/visits", wrong).await.invalid(), ["reason", "minutes"]);
        let nowhere = json!({ "organization": "org_01h455vb4pex5vsknk084sn02q", "reason": "They asked for help.", "minutes": 5 });
        assert_eq!(anna.post("/staff/visits", nowhere).await.invalid(), ["organization"]);

        let id = visit(&mut anna, &org).await;
        let letter = app.letter("nimal@example.org", "The operator looks into").await;
        assert!(letter.contains("They asked for help.") && letter.contains("Nimal Perera"), "{letter}");
        assert!(at(&mut anna, Method::GET, "/contacts").await.ok().to_string().contains("Sunil"));
        at(&mut anna, Method::GET, "/contacts?limit=1").await.ok();
        at(&mut anna, Method::POST, "/contacts").await.problem(403, "forbidden");
        at(&mut anna, Method::GET, "/api-keys").await.problem(403, "forbidden");
        at(&mut anna, Method::POST, "/organization/leave").await.problem(404, "not_found");
        // Without naming it, there is no organization to work in.
        anna.get("/contacts").await.problem(409, "organization_needed");

        let seen = nimal.get("/visits").await.ok();
        assert_eq!((&seen["items"][0]["email"], &seen["items"][0]["reason"]), (&json!("anna@example.org"), &json!("They asked for help.")));
        let looks = nimal.get(&format!("/visits/{id}")).await.ok()["looks"].clone();
        assert_eq!((&looks[0]["path"], &looks[0]["times"]), (&json!("/api/v1/contacts"), &json!(2)), "{looks}");
        nimal.call(Method::DELETE, &format!("/visits/{id}"), json!({})).await.ok();
        nimal.call(Method::DELETE, &format!("/visits/{id}"), json!({})).await.problem(404, "not_found");
        at(&mut anna, Method::GET, "/contacts").await.problem(404, "not_found");

        let id = visit(&mut anna, &org).await;
        at(&mut anna, Method::GET, "/contacts").await.ok();
        assert_eq!(anna.get("/staff/visits").await.ok()["items"].as_array().unwrap().len(), 2);
        anna.call(Method::DELETE, &format!("/staff/visits/{id}"), json!({})).await.ok();
        at(&mut anna, Method::GET, "/contacts").await.problem(404, "not_found");
    }
}

on_both! {
    /// Staff belong to no organization, need more than a password, and only the machine's operator makes them;
    /// for anyone else there is nothing there.
    async fn staff_stand_apart(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let org = nimal.get("/organization").await.ok()["id"].as_str().unwrap().to_owned();
        let input = json!({ "organization": org, "reason": "They asked for help.", "minutes": 5 });
        nimal.post("/staff/visits", input.clone()).await.problem(404, "not_found");
        nimal.get("/staff/organizations").await.problem(404, "not_found");
        let mut plain = Person::new(app, "plain@example.org").await;
        app.make_staff(&mut plain).await;
        plain.post("/staff/visits", input).await.problem(409, "wrong_state");
        plain.post("/organizations", json!({ "name": "Mine", "default_region": "LK" })).await.problem(409, "wrong_state");
        nimal.post("/invitations", json!({ "email": "plain@example.org", "role": "agent" })).await.ok();
        let token = app.mailed("plain@example.org", "You are invited").await;
        plain.post("/invitations/accept", json!({ "token": token })).await.problem(409, "wrong_state");
    }
}
