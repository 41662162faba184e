//! Organizations and who works in several.

use crate::common::{
    TestApp,
    person::{PASSWORD, Person, id, owner},
};
use reqwest::Method;
use serde_json::json;

on_both! {
    /// A person makes an organization, owns it, names it anew, and says where invoices go.
    async fn an_organization_begins_with_its_owner(app) {
        let mut nimal = Person::new(app, "nimal@example.org").await;
        nimal.get("/contacts").await.problem(409, "organization_needed");
        assert_eq!(nimal.post("/organizations", json!({ "name": " ", "default_region": "LK" })).await.invalid(), ["name"]);
        nimal.post("/organizations", json!({ "name": "Ceylon Tea", "default_region": "LK" })).await.ok();
        nimal.get("/contacts").await.ok();
        let mine = nimal.get("/organizations").await.ok();
        assert_eq!((&mine["items"][0]["organization"]["name"], &mine["items"][0]["member"]["role"]), (&json!("Ceylon Tea"), &json!("owner")));
        let changed = nimal.call(Method::PATCH, "/organization", json!({ "name": "Ceylon Teas" })).await.ok();
        assert_eq!((&changed["name"], &changed["default_region"]), (&json!("Ceylon Teas"), &json!("LK")));
        nimal.get("/organization/billing-address").await.problem(404, "not_found");
        let address = json!({ "name": "Ceylon Tea", "lines": ["1 Galle Road"], "city": "Colombo", "country": "lk" });
        nimal.call(Method::PUT, "/organization/billing-address", address).await.ok();
        assert_eq!(nimal.get("/organization/billing-address").await.ok()["country"], "LK");
        let wrong = json!({ "name": "", "lines": [], "city": "Colombo", "country": "Lanka" });
        assert_eq!(nimal.call(Method::PUT, "/organization/billing-address", wrong).await.invalid(), ["name", "lines", "country"]);
        assert_eq!(nimal.get("/me").await.ok()["user"], json!(id(&mut nimal).await));
    }
}

on_both! {
    /// One person in two organizations: the session works in one, a header names the other, a third one is
    /// not there for them.
    async fn a_person_works_in_several_organizations(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let mut kamala = owner(app, "kamala@example.org").await;
        let first = nimal.get("/organization").await.ok()["id"].as_str().unwrap().to_owned();
        nimal.post("/organizations", json!({ "name": "Second", "default_region": "IN" })).await.ok();
        assert_eq!(nimal.get("/organization").await.ok()["name"], "Second");
        let named = nimal.request(Method::GET, "/organization").header("tisara-organization", &first);
        assert_eq!(nimal.send(named).await.ok()["name"], "Ceylon Tea");
        nimal.call(Method::PUT, "/sessions/current/organization", json!({ "organization": first })).await.ok();
        assert_eq!(nimal.get("/organization").await.ok()["name"], "Ceylon Tea");
        for wrong in [first.as_str(), "org_nonsense", ""] {
            let named = kamala.request(Method::GET, "/organization").header("tisara-organization", wrong);
            kamala.send(named).await.problem(404, "not_found");
        }
        kamala.call(Method::PUT, "/sessions/current/organization", json!({ "organization": first })).await.problem(404, "not_found");
        // A new session has no organization chosen, and there are two.
        nimal.sign_in(PASSWORD).await.ok();
        nimal.get("/organization").await.problem(409, "organization_needed");
    }
}
