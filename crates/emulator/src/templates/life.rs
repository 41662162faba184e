//! What happens to templates by themselves: review, quality, pauses, pacing.

use super::{Category, Shape, Template, category};
use crate::{
    Inner,
    directory::Directory,
    sync::{read, write},
    webhooks::{Note, Task, to_json},
};
use serde_json::{Value, json};
use std::sync::Arc;
use tisara_domain::{Duration, Timestamp};

/// Words that make Meta's validation take a utility template for marketing.
const PROMOTIONAL: &[&str] = &["discount", "% off", "sale", "special offer", "promo", "coupon", "buy now"];

/// The reason a review refuses a template whose name says so: `reject_scam_1` is refused with SCAM.
const REASONS: &[(&str, &str)] = &[
    ("reject_abusive", "ABUSIVE_CONTENT"),
    ("reject_category", "INCORRECT_CATEGORY"),
    ("reject_format", "INVALID_FORMAT"),
    ("reject_promotional", "PROMOTIONAL"),
    ("reject_scam", "SCAM"),
    ("reject_mismatch", "TAG_CONTENT_MISMATCH"),
];

/// Meta: at creation the category is validated, and utility may become marketing at once.
pub(super) fn validated(category: Category, shape: &Shape) -> Category {
    let body = shape.body_text.to_lowercase();
    if category == Category::Utility && PROMOTIONAL.iter().any(|w| body.contains(w)) {
        return Category::Marketing;
    }
    category
}

/// A review ends.
pub(crate) fn reviewed(e: &Arc<Inner>, id: u64, revision: u64, now: Timestamp) {
    let mut d = write(&e.directory);
    let Some(t) = d.templates.get_mut(&id).filter(|t| t.revision == revision && t.status == "PENDING") else {
        return;
    };
    let refusal = REASONS.iter().find(|(word, _)| t.name.contains(word)).map(|(_, reason)| *reason);
    t.status = if refusal.is_some() { "REJECTED".into() } else { "APPROVED".into() };
    t.rejected_reason = refusal.unwrap_or("NONE").into();
    let event = t.status.clone();
    let misfiled = category::told_by_name(&t.name).filter(|_| refusal.is_none());
    if let Some(t) = d.templates.get(&id) {
        tell_status(e, &d, t, &event, None, now);
    }
    if let Some(correct) = misfiled {
        category::misfiled(e, &mut d, id, correct, now);
    }
}

/// A pause by quality ends.
pub(crate) fn resumed(e: &Arc<Inner>, id: u64, revision: u64, now: Timestamp) {
    let mut d = write(&e.directory);
    let Some(t) = d.templates.get_mut(&id).filter(|t| t.revision == revision && t.status == "PAUSED") else {
        return;
    };
    t.status = "APPROVED".into();
    t.quality = "YELLOW".into();
    // Pacing begins again with a template that comes back.
    t.accepted.store(0, std::sync::atomic::Ordering::Relaxed);
    if let Some(t) = d.templates.get(&id) {
        tell_status(e, &d, t, "APPROVED", Some("UNPAUSE"), now);
    }
}

/// The quality of a template changes. Meta: reaching RED pauses it for 3 hours, then 6, then for good.
pub(crate) fn set_quality(e: &Arc<Inner>, d: &mut Directory, id: u64, quality: &str, now: Timestamp) {
    let pauses = e.behaviour().rules.quality_pauses;
    let Some(t) = d.templates.get_mut(&id) else { return };
    let old = std::mem::replace(&mut t.quality, quality.to_owned());
    if old == quality {
        return;
    }
    let mut title = None;
    if quality == "RED" && pauses && t.status == "APPROVED" {
        t.pauses += 1;
        t.revision += 1;
        let hours = match t.pauses {
            1 => Some(("FIRST_PAUSE", 3)),
            2 => Some(("SECOND_PAUSE", 6)),
            _ => None,
        };
        t.status = if hours.is_some() { "PAUSED".into() } else { "DISABLED".into() };
        title = Some(hours.map_or("DISABLED", |(title, _)| title));
        if let Some((_, hours)) = hours {
            let at = now.plus(Duration::from_secs(hours * 3_600));
            e.outbox.task(at, Task::Unpause { template: id, revision: t.revision });
        }
    }
    if d.templates.get(&id).is_some_and(|t| t.status == "PAUSED") {
        remember_pause(d, id, now);
    }
    let Some(t) = d.templates.get(&id) else { return };
    tell(
        e,
        d,
        t,
        "message_template_quality_update",
        json!({"previous_quality_score": old, "new_quality_score": quality}),
        now,
    );
    if title.is_some() {
        tell_status(e, d, t, &t.status, title, now);
    }
}

/// The status is set from outside.
pub(crate) fn set_status(
    e: &Arc<Inner>,
    d: &mut Directory,
    id: u64,
    status: &str,
    reason: Option<&str>,
    now: Timestamp,
) {
    let Some(t) = d.templates.get_mut(&id) else { return };
    t.status = status.to_owned();
    t.revision += 1;
    t.rejected_reason = reason.unwrap_or("NONE").to_owned();
    if status == "PAUSED" {
        remember_pause(d, id, now);
    }
    if let Some(t) = d.templates.get(&id) {
        tell_status(e, d, t, status, None, now);
    }
}

/// Meta moves a template to another category after approval: its price changes, its status does not.
pub(crate) fn set_category(e: &Arc<Inner>, d: &mut Directory, id: u64, category: Category, now: Timestamp) {
    let Some(t) = d.templates.get_mut(&id) else { return };
    let old = t.category;
    t.previous_category = Some(old);
    t.category = category;
    let upper = |c: Category| c.name().to_ascii_uppercase();
    let news = json!({"previous_category": upper(old), "new_category": upper(category)});
    if let Some(t) = d.templates.get(&id) {
        tell(e, d, t, "template_category_update", news, now);
    }
}

/// Meta: after a pause of a utility template the account's others are paced for a while.
pub(super) fn remember_pause(d: &mut Directory, id: u64, now: Timestamp) {
    let Some(t) = d.templates.get(&id).filter(|t| t.category == Category::Utility) else { return };
    let waba = t.waba;
    if let Some(w) = d.wabas.get_mut(&waba) {
        w.record.utility_paused_at = now.seconds();
    }
}

/// `message_template_status_update`.
pub(super) fn tell_status(
    e: &Inner,
    d: &Directory,
    t: &Template,
    event: &str,
    title: Option<&str>,
    now: Timestamp,
) {
    let mut value = json!({"event": event, "reason": t.rejected_reason});
    if event == "REJECTED" {
        value["rejection_info"] = json!({"reason": "The template does not follow the guidelines.", "recommendation": "Change the text and submit it again."});
    }
    if event == "DISABLED" {
        value["disable_info"] = json!({"disable_date": now.seconds()});
    }
    if let Some(title) = title {
        value["other_info"] = json!({"title": title, "description": "The template's quality has changed."});
    }
    value["message_template_category"] = json!(t.category.name().to_ascii_uppercase());
    tell(e, d, t, "message_template_status_update", value, now);
}

pub(super) fn tell(
    e: &Inner,
    d: &Directory,
    t: &Template,
    field: &'static str,
    mut value: Value,
    now: Timestamp,
) {
    value["message_template_id"] = json!(t.id);
    value["message_template_name"] = json!(t.name);
    value["message_template_language"] = json!(t.language);
    let value = to_json(&value);
    e.outbox.note(d, Note::account(t.waba, field, value, now.seconds()));
}

/// A template by id or, in any language, by name.
pub(crate) fn find(e: &Inner, which: &str) -> Vec<u64> {
    let d = read(&e.directory);
    match which.parse() {
        Ok(id) if d.templates.contains_key(&id) => vec![id],
        _ => d.templates.values().filter(|t| t.name == which).map(|t| t.id).collect(),
    }
}
