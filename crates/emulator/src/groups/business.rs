//! The calls that make, read, change and delete groups, and their invite links.

use super::{
    Group, people, picture,
    tell::{person, request_id, tell},
};
use crate::{
    Inner,
    directory::{Directory, Number},
    graph::{
        Call, Grant, GraphError, Outcome, Permission, Reply,
        call::{text, unknown_edge},
        collection::{choose, page},
    },
    settings::Behaviour,
    sync::{read, write},
};
use http::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// Meta: the messaging limit groups need, until every official account had them.
const LEAST_LIMIT: u32 = 100_000;
const LONGEST_SUBJECT: usize = 128;
const LONGEST_DESCRIPTION: usize = 2_048;

fn eligible(behaviour: &Behaviour, d: &Directory, number: &Number) -> Outcome<()> {
    let small = d.portfolio_of(number.waba).is_some_and(|p| p.limit > 0 && p.limit < LEAST_LIMIT);
    if behaviour.groups.checked && (small || number.on_business_app) {
        return Err(GraphError::new(131_215).details(format!(
            "Groups need a messaging limit of at least {LEAST_LIMIT} and a number that is not used in the Business app."
        )));
    }
    Ok(())
}

fn checked_text(p: &Map<String, Value>, name: &str, most: usize) -> Outcome<Option<String>> {
    let given = text(p, name).map(|t| t.trim().to_owned());
    if given.as_ref().is_some_and(|t| t.chars().count() > most) {
        return Err(GraphError::invalid(format!("Param {name} must be at most {most} characters long.")));
    }
    Ok(given)
}

/// `GET` and `POST /{phone_number_id}/groups`.
pub(crate) async fn groups(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let mut d = write(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let number = d.number(id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(Permission::Messaging, number.waba)?;
    let behaviour = e.behaviour();
    eligible(&behaviour, &d, number)?;
    let own = d.groups.values().filter(|g| g.number == id);
    if call.method == Method::GET {
        let mut answer = page(call, own.map(Group::listed).collect())?;
        answer["data"] = json!({"groups": answer["data"]});
        return Ok(Reply::json(&answer));
    }
    product(&p)?;
    let subject = checked_text(&p, "subject", LONGEST_SUBJECT)?.filter(|s| !s.is_empty());
    let subject = subject.ok_or_else(|| GraphError::required("subject"))?;
    let description = checked_text(&p, "description", LONGEST_DESCRIPTION)?;
    let approval_required = match text(&p, "join_approval_mode").as_deref() {
        None | Some("auto_approve") => false,
        Some("approval_required") => true,
        Some(other) => {
            let why = format!("join_approval_mode \"{other}\" must be auto_approve or approval_required");
            return Err(GraphError::invalid(why));
        }
    };
    if own.count() >= behaviour.groups.most_groups {
        let most = behaviour.groups.most_groups;
        return Err(GraphError::new(131_211).details(format!("This number has {most} groups.")));
    }
    let now = e.ambient.now();
    let digits = number.digits;
    d.groups_made += 1;
    let mut group = Group::new(e.seed, id, digits, d.groups_made, now.seconds());
    (group.subject, group.description, group.approval_required) = (subject, description, approval_required);
    let request = request_id(e, &group);
    let mut row = json!({"type": "group_create", "request_id": request, "subject": group.subject,
        "invite_link": group.invite_link(), "join_approval_mode": group.join_approval_mode()});
    if let Some(description) = &group.description {
        row["description"] = json!(description);
    }
    tell(e, &d, &group, "group_lifecycle_update", row, now);
    d.groups.insert(group.id.clone(), group);
    Ok(requested(&request))
}

fn product(p: &Map<String, Value>) -> Outcome<()> {
    match text(p, "messaging_product").as_deref() {
        Some("whatsapp") => Ok(()),
        _ => Err(GraphError::required("messaging_product")),
    }
}

pub(super) fn requested(id: &str) -> Reply {
    Reply::json(&json!({"messaging_product": "whatsapp", "request_id": id}))
}

/// Meta: a group that does not exist, or is another's, is 131041.
pub(super) fn owned<'d>(e: &Inner, d: &'d Directory, call: &Call, id: &str) -> Outcome<&'d Group> {
    let grant = Grant::of(d, call, e.ambient.now())?;
    let found = d.groups.get(id).and_then(|g| Some((g, d.number(g.number)?)));
    let (group, number) =
        found.ok_or_else(|| GraphError::new(131_041).details("The group was not found."))?;
    grant.may(Permission::Messaging, number.waba)?;
    Ok(group)
}

/// `/{group_id}` itself.
pub(crate) async fn node(e: &Inner, call: &Call, id: &str) -> Outcome<Reply> {
    match call.method {
        Method::GET => {
            let d = read(&e.directory);
            let group = owned(e, &d, call, id)?;
            let people = group.participants.iter().map(|u| person(e, &d, group.number, *u)).collect();
            Ok(Reply::json(&choose(call, group.fields(people), &["id"], "WhatsAppBusinessGroup")?))
        }
        Method::POST => update(e, call, id).await,
        Method::DELETE => {
            let now = e.ambient.now();
            let mut d = write(&e.directory);
            let request = request_id(e, owned(e, &d, call, id)?);
            if let Some(group) = d.groups.remove(id) {
                let row = json!({"type": "group_delete", "request_id": request});
                tell(e, &d, &group, "group_lifecycle_update", row, now);
            }
            Ok(Reply::json(&json!({"messaging_product": "whatsapp", "success": true, "request_id": request})))
        }
        _ => Err(GraphError::unsupported(call.method.as_str(), id)),
    }
}

/// `POST /{group_id}`: subject, description, picture.
async fn update(e: &Inner, call: &Call, id: &str) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let picture = if call.is_json() || call.body.is_empty() {
        None
    } else {
        let parts = call.multipart().await.unwrap_or_default();
        parts.into_iter().find(|p| p.name == "profile_picture_file" || p.name == "file").map(|p| p.bytes)
    };
    product(&p)?;
    let subject = checked_text(&p, "subject", LONGEST_SUBJECT)?;
    let description = checked_text(&p, "description", LONGEST_DESCRIPTION)?;
    if subject.as_deref() == Some("") {
        return Err(GraphError::invalid("subject must not be empty"));
    }
    if subject.is_none() && description.is_none() && picture.is_none() {
        return Err(GraphError::invalid("give subject, description or profile_picture_file"));
    }
    let now = e.ambient.now();
    let mut d = write(&e.directory);
    let group = owned(e, &d, call, id)?;
    if group.suspended {
        return Err(GraphError::new(131_207).details("The group is suspended."));
    }
    let request = request_id(e, group);
    let mut row = json!({"type": "group_settings_update", "request_id": request});
    if let Some(bytes) = &picture {
        picture::check(bytes)?;
        row["profile_picture"] = json!({"mime_type": "image/jpeg", "sha256": hex::encode(Sha256::digest(bytes)), "update_successful": true});
    }
    let Some(group) = d.groups.get_mut(id) else { return Err(GraphError::new(131_041)) };
    for (name, given) in [("group_subject", &subject), ("group_description", &description)] {
        if let Some(text) = given {
            row[name] = json!({"text": text, "update_successful": true});
        }
    }
    group.subject = subject.unwrap_or_else(|| group.subject.clone());
    group.description = description.or(group.description.take());
    if let Some(group) = d.groups.get(id) {
        tell(e, &d, group, "group_settings_update", row, now);
    }
    Ok(requested(&request))
}

/// The edges of a group.
pub(crate) async fn edge(e: &Inner, call: &Call, id: &str, edge: &str) -> Outcome<Reply> {
    match (edge, &call.method) {
        ("invite_link", &Method::GET) => {
            let d = read(&e.directory);
            let group = owned(e, &d, call, id)?;
            if group.link.is_empty() {
                return Err(GraphError::invalid("The group has no invite link; POST makes one."));
            }
            Ok(link(group))
        }
        ("invite_link", &Method::POST | &Method::DELETE) => {
            let mut d = write(&e.directory);
            owned(e, &d, call, id)?;
            let Some(group) = d.groups.get_mut(id) else { return Err(GraphError::new(131_041)) };
            if call.method == Method::DELETE {
                group.link.clear();
                return Ok(Reply::json(&json!({"messaging_product": "whatsapp", "success": "true"})));
            }
            group.new_link(e.seed);
            Ok(link(group))
        }
        ("participants", &Method::DELETE) => people::remove(e, call, id).await,
        ("join_requests", &Method::GET | &Method::POST | &Method::DELETE) => {
            people::join_requests(e, call, id).await
        }
        _ => {
            owned(e, &read(&e.directory), call, id)?;
            Err(unknown_edge(call, id, edge))
        }
    }
}

fn link(group: &Group) -> Reply {
    Reply::json(&json!({"messaging_product": "whatsapp", "invite_link": group.invite_link()}))
}
