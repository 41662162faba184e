//! What users do with groups (they join by the link, ask, take it back, leave), and what Meta does.

use super::{
    Group,
    group::JoinRequest,
    tell::{person, tell},
};
use crate::{Inner, chance::join, control::ControlError, directory::Directory, sync::write};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a user does with a group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupStep {
    /// `join`, `cancel` (a request to join) or `leave`; `join` when absent.
    pub action: Option<String>,
    /// The group's id.
    pub group: Option<String>,
    /// Its invite link, instead of the id.
    pub link: Option<String>,
}

/// What becomes of a group; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupChange {
    /// Meta suspends it, or lets it go on.
    pub suspended: Option<bool>,
}

/// The group meant; a link must be the present one.
fn found(d: &Directory, step: &GroupStep) -> Result<String, ControlError> {
    let fits = |g: &&Group| match (&step.group, &step.link) {
        (Some(id), None) => g.id == *id,
        (_, Some(link)) => !g.link.is_empty() && *link == g.invite_link(),
        (None, None) => false,
    };
    d.groups
        .values()
        .find(fits)
        .map(|g| g.id.clone())
        .ok_or(ControlError::Unknown("group, or its link is no longer valid"))
}

/// Does one step; gives where the user stands then.
pub(crate) fn step(e: &Inner, user: u64, step: &GroupStep) -> Result<Value, ControlError> {
    let now = e.ambient.now();
    let most = e.behaviour().groups.most_participants;
    let mut d = write(&e.directory);
    let id = found(&d, step)?;
    let Some(group) = d.groups.get_mut(&id) else { return Err(ControlError::Unknown("group")) };
    let inside = group.participants.contains(&user);
    let asked = group.requests.iter().position(|r| r.user == user);
    let no = |why: &str| Err(ControlError::Invalid(why.into()));
    match step.action.as_deref().unwrap_or("join") {
        "join" if inside => no("the user is in the group already"),
        "join" if group.suspended => no("the group is suspended"),
        "join" if asked.is_some() => no("the user has asked already"),
        "join" if group.approval_required => {
            let request = JoinRequest {
                id: STANDARD_NO_PAD.encode(format!(
                    "{:x}:{}",
                    join(e.seed ^ user, now.0.unsigned_abs()),
                    group.serial
                )),
                user,
                at_s: now.seconds(),
            };
            group.requests.push(request.clone());
            told_of_request(e, &d, &id, &request, "group_join_request_created", now);
            Ok(json!({"state": "requested", "join_request_id": request.id}))
        }
        "join" if group.participants.len() >= most => no("the group is full"),
        "join" => {
            group.participants.push(user);
            if let Some(group) = d.groups.get(&id) {
                let row = json!({"type": "group_participants_add", "reason": "invite_link", "added_participants": [person(e, &d, group.number, user)]});
                tell(e, &d, group, "group_participants_update", row, now);
            }
            Ok(json!({"state": "joined"}))
        }
        "cancel" => {
            let Some(at) = asked else { return no("the user has not asked to join") };
            let request = group.requests.remove(at);
            told_of_request(e, &d, &id, &request, "group_join_request_revoked", now);
            Ok(json!({"state": "cancelled"}))
        }
        "leave" => {
            if !inside {
                return no("the user is not in the group");
            }
            group.participants.retain(|u| *u != user);
            if let Some(group) = d.groups.get(&id) {
                let row = json!({"type": "group_participants_remove", "initiated_by": "participant", "removed_participants": [person(e, &d, group.number, user)]});
                tell(e, &d, group, "group_participants_update", row, now);
            }
            Ok(json!({"state": "left"}))
        }
        other => no(&format!("\"{other}\": a user can join, cancel or leave")),
    }
}

fn told_of_request(
    e: &Inner,
    d: &Directory,
    id: &str,
    request: &JoinRequest,
    kind: &str,
    now: tisara_domain::Timestamp,
) {
    let Some(group) = d.groups.get(id) else { return };
    let mut row = person(e, d, group.number, request.user);
    row["type"] = json!(kind);
    row["reason"] = json!("invite_link");
    row["join_request_id"] = json!(request.id);
    tell(e, d, group, "group_participants_update", row, now);
}

/// What Meta does to a group.
pub(crate) fn change(e: &Inner, id: &str, to: &GroupChange) -> Result<(), ControlError> {
    let mut d = write(&e.directory);
    let group = d.groups.get_mut(id).ok_or(ControlError::Unknown("group"))?;
    if let Some(suspended) = to.suspended.filter(|s| *s != group.suspended) {
        group.suspended = suspended;
        let kind = if suspended { "group_suspend" } else { "group_suspend_cleared" };
        if let Some(group) = d.groups.get(id) {
            tell(e, &d, group, "group_status_update", json!({"type": kind}), e.ambient.now());
        }
    }
    Ok(())
}
