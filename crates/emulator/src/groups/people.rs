//! Who is in a group and who asks to be: `/participants` and `/join_requests`.

use super::{
    business::{owned, requested},
    group::JoinRequest,
    tell::{error, person, request_id, tell},
};
use crate::{
    Inner,
    directory::Directory,
    graph::{Call, GraphError, Outcome, Reply, collection::page},
    sync::{read, write},
    users,
};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Meta: participants in one call.
const AT_ONCE: usize = 8;

/// The user meant by `{"user"}` (phone number or id) or `{"user_id"}`, and how it was written.
fn meant(e: &Inner, d: &Directory, number: u64, row: &Value) -> (String, Option<u64>) {
    let input = row["user"].as_str().or(row["user_id"].as_str()).unwrap_or_default();
    let portfolio = d.number(number).and_then(|n| d.portfolio_of(n.waba)).map_or(0, |p| p.id);
    let by_id = users::user_of(e.seed, portfolio, input).map(|(user, _)| user);
    let digits: String = input.chars().filter(char::is_ascii_digit).collect();
    (input.to_owned(), by_id.or_else(|| digits.parse().ok()))
}

/// `DELETE /{group_id}/participants`.
pub(super) async fn remove(e: &Inner, call: &Call, id: &str) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let now = e.ambient.now();
    let mut d = write(&e.directory);
    let group = owned(e, &d, call, id)?;
    let given = p.get("participants").and_then(Value::as_array).filter(|l| !l.is_empty());
    let given = given.ok_or_else(|| GraphError::required("participants"))?;
    if given.len() > AT_ONCE {
        return Err(GraphError::new(131_204).details(format!("At most {AT_ONCE} participants in one call.")));
    }
    let wanted: Vec<(String, Option<u64>)> =
        given.iter().map(|row| meant(e, &d, group.number, row)).collect();
    let users: BTreeSet<u64> = wanted.iter().filter_map(|(_, user)| *user).collect();
    if users.len() < wanted.iter().filter(|(_, user)| user.is_some()).count() {
        return Err(GraphError::new(131_202).details("A participant is named twice."));
    }
    let (gone, failed): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|(_, user)| user.is_some_and(|u| group.participants.contains(&u)));
    let request = request_id(e, group);
    let removed: Vec<Value> = gone.iter().map(|(input, _)| json!({"input": input})).collect();
    let mut row =
        json!({"type": "group_participants_remove", "request_id": request, "initiated_by": "business"});
    if !failed.is_empty() {
        let why = "The participant is not in the group.";
        let rows = failed.iter().map(|(input, _)| json!({"input": input, "errors": [error(131_212, why)]}));
        row["failed_participants"] = json!(rows.collect::<Vec<_>>());
        let code = if removed.is_empty() { 131_212 } else { 131_201 };
        row["errors"] = json!([error(code, "Failed to remove some participants from the group")]);
    }
    if !removed.is_empty() {
        row["removed_participants"] = json!(removed);
    }
    if let Some(group) = d.groups.get_mut(id) {
        group.participants.retain(|u| !gone.iter().any(|(_, user)| *user == Some(*u)));
    }
    if let Some(group) = d.groups.get(id) {
        tell(e, &d, group, "group_participants_update", row, now);
    }
    Ok(requested(&request))
}

/// `/{group_id}/join_requests`: lists them; POST lets in, DELETE refuses.
pub(super) async fn join_requests(e: &Inner, call: &Call, id: &str) -> Outcome<Reply> {
    if call.method == Method::GET {
        let d = read(&e.directory);
        let group = owned(e, &d, call, id)?;
        let row = |r: &JoinRequest| {
            let mut row = person(e, &d, group.number, r.user);
            row["join_request_id"] = json!(r.id);
            row["creation_timestamp"] = json!(r.at_s);
            row
        };
        return Ok(Reply::json(&page(call, group.requests.iter().map(row).collect())?));
    }
    let p = call.parameters().await?;
    let approve = call.method == Method::POST;
    let most = e.behaviour().groups.most_participants;
    let now = e.ambient.now();
    let mut d = write(&e.directory);
    owned(e, &d, call, id)?;
    let given = p.get("join_requests").and_then(Value::as_array).filter(|l| !l.is_empty());
    let given = given.ok_or_else(|| GraphError::required("join_requests"))?;
    let given: Vec<&str> = given.iter().filter_map(Value::as_str).collect();
    let Some(group) = d.groups.get_mut(id) else { return Err(GraphError::new(131_041)) };
    let (mut done, mut failed, mut joined) = (Vec::new(), Vec::new(), Vec::new());
    for request in given {
        let Some(at) = group.requests.iter().position(|r| r.id == request) else {
            let why = "The join request does not exist.";
            failed.push(json!({"join_request_id": request, "errors": [error(131_213, why)]}));
            continue;
        };
        if approve && group.participants.len() >= most {
            let why = format!("The group has {most} participants.");
            failed.push(json!({"join_request_id": request, "errors": [error(131_204, &why)]}));
            continue;
        }
        let request = group.requests.remove(at);
        if approve {
            group.participants.push(request.user);
            joined.push(request.user);
        }
        done.push(request.id);
    }
    if let Some(group) = d.groups.get(id).filter(|_| !joined.is_empty()) {
        let added: Vec<Value> = joined
            .iter()
            .map(|u| {
                let mut row = person(e, &d, group.number, *u);
                row["input"] = row.get("wa_id").or(row.get("user_id")).cloned().unwrap_or_default();
                row
            })
            .collect();
        let row =
            json!({"type": "group_participants_add", "reason": "invite_link", "added_participants": added});
        tell(e, &d, group, "group_participants_update", row, now);
    }
    let key = if approve { "approved_join_requests" } else { "rejected_join_requests" };
    let mut answer = json!({"messaging_product": "whatsapp", key: done});
    if !failed.is_empty() {
        answer["failed_join_requests"] = json!(failed);
        answer["errors"] = json!([error(131_201, "Not all join requests could be answered.")]);
    }
    Ok(Reply::json(&answer))
}
