//! The username of a business number, by which people find it without its digits.

use super::edges::check;
use crate::{
    Inner,
    directory::{Directory, Number, Username},
    graph::{Call, GraphError, Outcome, Permission, Reply, call::text},
    sync::{read, write},
    webhooks::{Note, to_json},
};
use http::Method;
use serde_json::{Value, json};

/// `/{phone_number_id}/username`: POST claims one, GET reads it, DELETE gives it up.
pub(super) async fn username(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    match call.method {
        Method::GET => {
            let d = read(&e.directory);
            let own = d.number(id).and_then(|n| n.username.as_ref());
            Ok(Reply::json(&own.map_or(json!({}), |u| json!({"username": u.name, "status": u.status}))))
        }
        Method::DELETE => {
            let mut d = write(&e.directory);
            let given_up = d.number_mut(id).and_then(|n| n.username.take());
            let given_up =
                given_up.ok_or_else(|| GraphError::invalid("The number has no username to delete."))?;
            tell(e, &d, id, &given_up.name, "deleted");
            Ok(Reply::success())
        }
        _ => claim(e, call, id).await,
    }
}

/// `GET /{phone_number_id}/username_suggestions`: made of the display name, and free.
pub(super) fn suggestions(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    let d = read(&e.directory);
    let name = d.number(id).map(|n| n.verified_name.to_ascii_lowercase()).unwrap_or_default();
    let stem: String =
        name.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit()).take(20).collect();
    let free = |name: &String| is_valid(name) && owner(&d, name).is_none();
    let ideas =
        [stem.clone(), format!("{stem}_official"), format!("hello.{stem}"), format!("{stem}{}", id % 1_000)];
    let ideas: Vec<String> = ideas.into_iter().filter(free).collect();
    Ok(Reply::json(&json!({"data": [{"username_suggestions": ideas}]})))
}

async fn claim(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let name = text(&p, "username").ok_or_else(|| GraphError::required("username"))?;
    let force = match text(&p, "transfer_action").as_deref() {
        None | Some("none") => false,
        Some("force_transfer") => true,
        Some(_) => return Err(GraphError::invalid("transfer_action must be none or force_transfer")),
    };
    if !is_valid(&name) {
        return Err(GraphError::invalid(
            "username takes 3 to 35 of a-z, 0-9, dot and underscore, with a letter, no dot first, last or doubled, and not www first",
        ));
    }
    let mut d = write(&e.directory);
    let portfolio = |d: &Directory, id: u64| d.number(id).and_then(|n| d.portfolio_of(n.waba)).map(|p| p.id);
    if d.number(id).is_none_or(|n| !n.registered) {
        return Err(GraphError::new(133_010).details("Register the number before it gets a username."));
    }
    if let Some(other) = owner(&d, &name).filter(|other| *other != id) {
        if !force || portfolio(&d, other) != portfolio(&d, id) {
            return Err(GraphError::invalid(format!("the username \"{name}\" is taken")));
        }
        if let Some(n) = d.number_mut(other) {
            n.username = None;
        }
        tell(e, &d, other, &name, "deleted");
    }
    let status = if name.starts_with("reserved") { "reserved" } else { "approved" };
    if let Some(n) = d.number_mut(id) {
        n.username = Some(Username { name: name.clone(), status });
    }
    tell(e, &d, id, &name, status);
    Ok(Reply::json(&json!({ "status": status })))
}

fn owner(d: &Directory, name: &str) -> Option<u64> {
    let has_it = |n: &&Number| n.username.as_ref().is_some_and(|u| u.name == name);
    d.numbers.iter().filter(|n| d.number_place(n.id).is_some()).find(has_it).map(|n| n.id)
}

fn tell(e: &Inner, d: &Directory, id: u64, name: &str, status: &str) {
    let Some(n) = d.number(id) else { return };
    let value: Value =
        json!({"display_phone_number": n.digits.to_string(), "username": name, "status": status});
    let now_s = e.ambient.now().seconds();
    e.outbox.note(d, Note::account(n.waba, "business_username_updates", to_json(&value), now_s));
}

/// Meta: 3 to 35 of a–z, 0–9, dot and underscore, at least one letter, no dot first, last or doubled, not
/// beginning with `www`. Domains at the end are not known here.
fn is_valid(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '_';
    (3..=35).contains(&name.len())
        && name.chars().all(plain)
        && name.chars().any(|c| c.is_ascii_lowercase())
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.starts_with("www")
}
