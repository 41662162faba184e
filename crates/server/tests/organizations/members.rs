//! Members, invitations, roles.

use crate::common::{
    TestApp,
    person::{Person, id, joined, owner},
};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    /// An invitation is good once, for its address, until it is taken back.
    async fn an_invitation_is_for_one_person(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let mut thief = Person::new(app, "thief@example.org").await;
        let mut kamala = Person::new(app, "kamala@example.org").await;
        nimal.post("/invitations", json!({ "email": "Kamala@Example.org", "role": "agent" })).await.ok();
        let old = app.mailed("Kamala@Example.org", "You are invited").await;
        nimal.post("/invitations", json!({ "email": "kamala@example.org", "role": "manager" })).await.ok();
        let token = app.mailed("kamala@example.org", "You are invited").await;
        assert_eq!(nimal.get("/invitations").await.ok()["items"].as_array().unwrap().len(), 1);
        kamala.post("/invitations/accept", json!({ "token": old })).await.problem(422, "link_invalid");
        thief.post("/invitations/accept", json!({ "token": token })).await.problem(422, "link_invalid");
        thief.get("/contacts").await.problem(409, "organization_needed");
        kamala.post("/invitations/accept", json!({ "token": token })).await.ok();
        kamala.post("/invitations/accept", json!({ "token": token })).await.problem(422, "link_invalid");
        assert_eq!(kamala.get("/organizations").await.ok()["items"][0]["member"]["role"], "manager");
        nimal.post("/invitations", json!({ "email": "kamala@example.org", "role": "agent" })).await.problem(409, "already_exists");

        let waiting = nimal.post("/invitations", json!({ "email": "thief@example.org", "role": "agent" })).await.ok();
        let token = app.mailed("thief@example.org", "You are invited").await;
        nimal.call(Method::DELETE, &format!("/invitations/{}", waiting["id"].as_str().unwrap()), json!({})).await.ok();
        thief.post("/invitations/accept", json!({ "token": token })).await.problem(422, "link_invalid");
        kamala.post("/invitations", json!({ "email": "a@example.org", "role": "agent" })).await.problem(403, "forbidden");
        app.post("/invitations", json!({ "email": "a@example.org", "role": "agent" })).await.problem(403, "forbidden");
    }
}

on_both! {
    /// Nobody gives or takes what they do not have, and there is always an owner.
    async fn might_is_not_made_from_nothing(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let mut admin = joined(&mut nimal, "admin@example.org", "admin").await;
        let (nimal_id, admin_id) = (id(&mut nimal).await, id(&mut admin).await);
        let change = async |by: &mut Person<'_>, who: &str, role: &str| {
            by.call(Method::PATCH, &format!("/members/{who}"), json!({ "role": role })).await
        };
        change(&mut admin, &admin_id, "owner").await.problem(403, "forbidden");
        change(&mut admin, &nimal_id, "viewer").await.problem(403, "forbidden");
        admin.call(Method::DELETE, &format!("/members/{nimal_id}"), json!({})).await.problem(403, "forbidden");
        admin.post("/invitations", json!({ "email": "x@example.org", "role": "owner" })).await.problem(403, "forbidden");
        admin.post("/organization/transfer", json!({ "user": admin_id })).await.problem(403, "forbidden");
        change(&mut nimal, &nimal_id, "viewer").await.problem(409, "wrong_state");
        nimal.post("/organization/leave", json!({})).await.problem(409, "wrong_state");
        assert_eq!(change(&mut nimal, &admin_id, "king").await.invalid(), ["role"]);
        nimal.post("/organization/transfer", json!({ "user": admin_id })).await.ok();
        nimal.post("/organization/leave", json!({})).await.ok();
        nimal.get("/contacts").await.problem(409, "organization_needed");
        admin.post("/organization/leave", json!({})).await.problem(409, "wrong_state");
        assert_eq!(admin.get("/members").await.ok()["items"].as_array().unwrap().len(), 1);
    }
}

on_both! {
    /// A removed member is out at once: session, key, invitations.
    async fn a_removed_member_is_out_at_once(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let mut admin = joined(&mut nimal, "admin@example.org", "admin").await;
        let key = admin.post("/api-keys", json!({ "name": "mine" })).await.ok()["secret"].as_str().unwrap().to_owned();
        let by_key = async || crate::common::answer(app.request(Method::GET, "/api/v1/contacts").bearer_auth(&key)).await;
        by_key().await.ok();
        admin.post("/invitations", json!({ "email": "friend@example.org", "role": "admin" })).await.ok();
        let token = app.mailed("friend@example.org", "You are invited").await;
        let admin_id = id(&mut admin).await;
        nimal.call(Method::DELETE, &format!("/members/{admin_id}"), json!({})).await.ok();
        admin.get("/contacts").await.problem(409, "organization_needed");
        admin.get("/user").await.ok();
        by_key().await.problem(401, "unauthorized");
        let mut friend = Person::new(app, "friend@example.org").await;
        friend.post("/invitations/accept", json!({ "token": token })).await.problem(422, "link_invalid");
        nimal.get(&format!("/members/{admin_id}")).await.problem(404, "not_found");
    }
}

on_both! {
    /// An organization's own role allows what it names, at once after a change, and cannot be used to climb.
    async fn roles_of_ones_own_hold(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let form = |permissions: Value| json!({ "name": "Helper", "permissions": permissions, "visibility": "own" });
        assert_eq!(nimal.post("/roles", form(json!(["contacts.fly"]))).await.invalid(), ["permissions[0]"]);
        let role = nimal.post("/roles", form(json!(["contacts.read", "roles.manage", "members.manage"]))).await.ok();
        let role = role["id"].as_str().unwrap().to_owned();
        nimal.post("/roles", form(json!([]))).await.problem(409, "already_exists");
        let mut helper = joined(&mut nimal, "helper@example.org", &role).await;
        helper.get("/contacts").await.ok();
        helper.get("/campaigns").await.problem(403, "forbidden");
        let path = format!("/roles/{role}");
        helper.call(Method::PUT, &path, form(json!(["contacts.read", "roles.manage", "members.manage", "campaigns.send"]))).await.problem(403, "forbidden");
        let helper_id = id(&mut helper).await;
        helper.call(Method::PATCH, &format!("/members/{helper_id}"), json!({ "role": "admin" })).await.problem(403, "forbidden");
        nimal.call(Method::DELETE, &path, json!({})).await.problem(409, "wrong_state");
        nimal.call(Method::PUT, &path, form(json!(["campaigns.read"]))).await.ok();
        helper.get("/contacts").await.problem(403, "forbidden");
        helper.get("/campaigns").await.ok();
        nimal.call(Method::PATCH, &format!("/members/{helper_id}"), json!({ "role": "viewer" })).await.ok();
        nimal.call(Method::DELETE, &path, json!({})).await.ok();
        assert_eq!(nimal.get("/roles").await.ok()["items"].as_array().unwrap().len(), 5);
        assert!(nimal.get("/permissions").await.ok()["items"].as_array().unwrap().len() > 20);
    }
}
