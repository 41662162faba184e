//! The operator's staff.

use super::{TestApp, authenticator::Authenticator, person::Person};
use serde_json::json;

impl TestApp {
    /// Makes a person staff, as the operator does on the machine.
    pub(crate) async fn make_staff(&self, person: &mut Person<'_>) {
        let id = person.get("/user").await.ok()["id"].as_str().unwrap().parse().unwrap();
        let now = self.ambient.now();
        assert!(self.test.store.write(move |tx| tx.add_staff(id, now)).await.unwrap());
    }
}

/// Somebody of the staff, with a passkey.
pub(crate) async fn staff<'a>(app: &'a TestApp, email: &str) -> Person<'a> {
    let mut person = Person::new(app, email).await;
    let asked = person.post("/user/passkeys/ask", json!({})).await.ok();
    let credential = Authenticator::new(200).create(&asked["options"]);
    let passkey = json!({ "token": asked["token"], "name": "Phone", "credential": credential });
    person.post("/user/passkeys", passkey).await.ok();
    app.make_staff(&mut person).await;
    person
}

/// Begins a visit; gives its id.
pub(crate) async fn visit(person: &mut Person<'_>, org: &str) -> String {
    let input = json!({ "organization": org, "reason": "They asked for help.", "minutes": 30 });
    person.post("/staff/visits", input).await.ok()["id"].as_str().unwrap().to_owned()
}
