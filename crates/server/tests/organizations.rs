//! Organizations: members, roles, invitations, teams, keys; what works, and what must not.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

#[macro_use]
mod common;
use common::{
    TestApp,
    person::{PASSWORD, Person},
};
use reqwest::Method;
use serde_json::{Value, json};
use tisara_store::Engine;

/// Somebody with an organization of their own.
async fn owner<'a>(app: &'a TestApp, email: &str) -> Person<'a> {
    let mut person = Person::new(app, email).await;
    person.post("/organizations", json!({ "name": "Ceylon Tea", "default_region": "LK" })).await.ok();
    person
}

/// Somebody new who joins as this role.
async fn joined<'a>(by: &mut Person<'a>, email: &str, role: &str) -> Person<'a> {
    let app = by.app;
    by.post("/invitations", json!({ "email": email, "role": role })).await.ok();
    let token = app.mailed(email, "You are invited").await;
    let mut person = Person::new(app, email).await;
    person.post("/invitations/accept", json!({ "token": token })).await.ok();
    person
}

async fn id(person: &mut Person<'_>) -> String {
    person.get("/user").await.ok()["id"].as_str().unwrap().to_owned()
}

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
        let by_key = async || common::answer(app.request(Method::GET, "/api/v1/contacts").bearer_auth(&key)).await;
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

on_both! {
    /// A key does what it names, from where it may, until it runs out or is revoked.
    async fn a_key_opens_what_it_names(app) {
        let mut nimal = owner(app, "nimal@example.org").await;
        let call = async |key: &str, ip: &str, path: &str| {
            let request = app.request(Method::GET, &format!("/api/v1{path}")).bearer_auth(key).header("x-forwarded-for", ip);
            common::answer(request).await
        };
        let input = json!({ "name": "shop", "permissions": ["contacts.read"], "networks": ["203.0.113.0/24"], "test": true });
        let made = nimal.post("/api-keys", input).await.ok();
        let (secret, id) = (made["secret"].as_str().unwrap(), made["key"]["id"].as_str().unwrap());
        assert!(secret.starts_with("tsr_test_") && secret.len() == 67);
        let answer = call(secret, "203.0.113.9", "/contacts").await;
        assert_eq!(answer.headers["ratelimit-policy"], "\"key\";q=60000;w=60");
        assert!(answer.headers["ratelimit"].to_str().unwrap().starts_with("\"key\";r="));
        answer.ok();
        call(secret, "198.51.100.9", "/contacts").await.problem(401, "unauthorized");
        call(secret, "203.0.113.9", "/campaigns").await.problem(403, "forbidden");
        call(&secret[..66], "203.0.113.9", "/contacts").await.problem(401, "unauthorized");
        let listed = nimal.get("/api-keys").await.ok();
        assert_eq!(listed["items"][0]["hint"], secret[..13]);
        assert!(listed["items"][0]["last_used_at"].is_string() && !listed.to_string().contains(secret));
        nimal.call(Method::DELETE, &format!("/api-keys/{id}"), json!({})).await.ok();
        call(secret, "203.0.113.9", "/contacts").await.problem(401, "unauthorized");
        nimal.call(Method::DELETE, &format!("/api-keys/{id}"), json!({})).await.problem(404, "not_found");

        let soon = app.ambient.now().plus(tisara_domain::Duration::from_millis(300));
        let brief = nimal.post("/api-keys", json!({ "name": "brief", "expires_at": soon })).await.ok();
        app.ambient.sleep(tisara_domain::Duration::from_millis(400)).await;
        call(brief["secret"].as_str().unwrap(), "203.0.113.9", "/contacts").await.problem(401, "unauthorized");
        let wrong = json!({ "name": "", "networks": ["x"], "expires_at": "2020-01-01T00:00:00Z" });
        assert_eq!(nimal.post("/api-keys", wrong).await.invalid(), ["name", "networks[0]", "expires_at"]);
        app.post("/api-keys", json!({ "name": "by a key" })).await.problem(403, "forbidden");
        let mut manager = joined(&mut nimal, "manager@example.org", "manager").await;
        manager.post("/api-keys", json!({ "name": "no" })).await.problem(403, "forbidden");
    }
}

/// A key that calls too often is told when to come back.
#[tokio::test]
async fn a_key_may_call_so_often() {
    let app = TestApp::with(Engine::Sqlite, |s| {
        s.key_limit = tisara_server::edge::Limit { burst: 3, window_s: 3_600 }
    })
    .await;
    for left in [2, 1, 0] {
        let answer = app.get("/me").await;
        assert_eq!(answer.headers["ratelimit"], format!("\"key\";r={left};t=3600"));
        answer.ok();
    }
    let slowed = app.get("/me").await;
    assert!(slowed.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1_000);
    slowed.problem(429, "rate_limited");
}
