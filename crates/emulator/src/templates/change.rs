//! Creating, editing, deleting and unpausing templates.

use super::{Category, Shape, Template, format, library, life};
use crate::{
    Inner,
    directory::Directory,
    flows,
    graph::{Call, Grant, GraphError, Outcome, Permission, Reply, call::text},
    settings::TemplateSettings,
    sync::{lock, read, write},
    webhooks::Task,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tisara_domain::{Duration, Timestamp};

const DAY_S: i64 = 86_400;
/// Meta: 100 creations per account and hour; 250 templates, 6,000 for verified businesses.
const CREATED_PER_HOUR: usize = 100;
const TEMPLATES: usize = 250;
const TEMPLATES_VERIFIED: usize = 6_000;

/// What a portfolio that pacing has stopped is told.
pub(crate) const RESTRICTED: &str =
    "The business portfolio may neither create nor send templates until Meta has reviewed it.";

pub(super) fn allowed(e: &Inner, call: &Call, waba: u64) -> Outcome<()> {
    let d = read(&e.directory);
    Grant::of(&d, call, e.ambient.now())?.may(Permission::Management, waba)
}

/// `POST /{waba_id}/message_templates`.
pub(crate) async fn create(e: &Arc<Inner>, call: &Call, waba: u64) -> Outcome<Reply> {
    allowed(e, call, waba)?;
    let p = call.parameters().await?;
    Ok(Reply::json(&create_as(e, waba, &p)?))
}

/// Makes a template; gives Meta's answer.
pub(super) fn create_as(e: &Arc<Inner>, waba: u64, p: &Map<String, Value>) -> Outcome<Value> {
    let now = e.ambient.now();
    let behaviour = e.behaviour();
    let name = text(p, "name").ok_or_else(|| GraphError::required("name"))?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || name.len() > 512 || !name.bytes().all(plain) {
        return Err(GraphError::invalid("name takes 1 to 512 lower-case letters, digits and _"));
    }
    let language =
        text(p, "language").filter(|l| !l.is_empty()).ok_or_else(|| GraphError::required("language"))?;
    if !is_language(&language) {
        return Err(GraphError::invalid(format!(
            "language \"{language}\" is none of Meta's, such as en_US or si_LK"
        )));
    }
    let category = text(p, "category").ok_or_else(|| GraphError::required("category"))?;
    let category = Category::parse(&category)
        .ok_or_else(|| GraphError::invalid("category must be MARKETING, UTILITY or AUTHENTICATION"))?;
    let parameter_format = text(p, "parameter_format").unwrap_or_else(|| "POSITIONAL".into());
    let named = parameter_format.eq_ignore_ascii_case("NAMED");
    let ready = text(p, "library_template_name");
    let library = ready.is_some();
    let mut components = match (p.get("components"), ready) {
        (Some(c), _) => c.clone(),
        (None, Some(name)) => library::components(&name)?,
        (None, None) => return Err(GraphError::required("components")),
    };
    let mut d = write(&e.directory);
    if d.portfolio_of(waba).is_some_and(|p| p.restricted) {
        return Err(GraphError::new(368).details(RESTRICTED));
    }
    let barred_until = d.wabas.get(&waba).map_or(0, |w| w.record.no_utility_until);
    if category == Category::Utility && behaviour.rules.recategorise && barred_until > now.seconds() {
        return Err(GraphError::invalid(
            "The account has had templates in the wrong category again and again: it may create no utility templates for some days.",
        ));
    }
    room(&mut d, waba, &name, &language, now)?;
    if behaviour.rules.template_format && !library {
        let handles = behaviour.rules.media_ids;
        let known = |h: &str| !handles || lock(&e.media).handles.contains(h);
        format::check(&components, named, category == Category::Authentication, &known)?;
    }
    if behaviour.flows.checked {
        flows::link_buttons(&mut d, waba, &name, &mut components, now)?;
    }
    let settings =
        TemplateSettings { name, language, parameter_format, components, ..TemplateSettings::default() };
    let mut t = Template::of(waba, &settings);
    t.id = d.new_id();
    t.category = life::validated(category, &t.shape);
    t.previous_category = (t.category != category).then_some(category);
    t.status = if library && category == Category::Utility { "APPROVED".into() } else { "PENDING".into() };
    t.ttl_s = ttl(p, t.category)?;
    let answer = json!({"id": t.id.to_string(), "status": t.status, "category": t.category.name().to_ascii_uppercase()});
    let (id, pending) = (t.id, t.status == "PENDING");
    d.put_template(t);
    if let Some(w) = d.wabas.get_mut(&waba) {
        w.created.push_back(now.seconds());
    }
    drop(d);
    if pending {
        e.outbox.task(
            now.plus(Duration::from_millis(behaviour.rules.review_ms)),
            Task::Review { template: id, revision: 0 },
        );
    }
    Ok(answer)
}

/// Two or three letters, and those of a country after `_` (or `-`, which is seen as well).
fn is_language(code: &str) -> bool {
    let (language, country) = code.split_once(['_', '-']).map_or((code, None), |(l, c)| (l, Some(c)));
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && country.is_none_or(|c| (2..=4).contains(&c.len()) && c.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Whether the account may have one more template of this name and language.
pub(super) fn room(d: &mut Directory, waba: u64, name: &str, language: &str, now: Timestamp) -> Outcome<()> {
    let most = if d.portfolio_of(waba).is_some_and(|p| p.verified) { TEMPLATES_VERIFIED } else { TEMPLATES };
    if d.templates_of(waba).count() >= most {
        let why = format!("The account has {most} templates, which is the most it may have.");
        return Err(GraphError::new(2_388_019).user("Message template limit exceeded", why));
    }
    if d.template(waba, name, language).is_some() {
        let why = format!("There is already {language} content for the template {name}.");
        return Err(GraphError::new(2_388_024).user("Content in this language already exists", why));
    }
    let Some(w) = d.wabas.get_mut(&waba) else {
        return Err(GraphError::unsupported("POST", &waba.to_string()));
    };
    w.deleted_names.retain(|_, at| *at > now.seconds() - 30 * DAY_S);
    if w.deleted_names.contains_key(&(name.to_owned(), language.to_owned())) {
        let why =
            format!("The {language} content of {name} was deleted; it can be added again 30 days later.");
        return Err(GraphError::new(2_388_023).user("Message template language is being deleted", why));
    }
    while w.created.front().is_some_and(|at| *at <= now.seconds() - 3_600) {
        w.created.pop_front();
    }
    if w.created.len() >= CREATED_PER_HOUR {
        return Err(GraphError::new(80_007).details("More than 100 templates were created within an hour."));
    }
    Ok(())
}

/// Meta: authentication 30–900 s, utility 30–43200, marketing 43200–2592000; −1 is 30 days.
fn ttl(p: &Map<String, Value>, category: Category) -> Outcome<Option<i64>> {
    let Some(given) = text(p, "message_send_ttl_seconds") else { return Ok(None) };
    let range = match category {
        Category::Authentication => 30..=900,
        Category::Utility | Category::Service => 30..=43_200,
        Category::Marketing => 43_200..=2_592_000,
    };
    match given.parse::<i64>() {
        Ok(-1) if category != Category::Marketing => Ok(Some(-1)),
        Ok(s) if range.contains(&s) => Ok(Some(s)),
        _ => Err(GraphError::invalid(format!(
            "message_send_ttl_seconds must be {} to {} for {}",
            range.start(),
            range.end(),
            category.name()
        ))),
    }
}

/// `POST /{template_id}`: category, components or time to live.
pub(crate) async fn edit(e: &Arc<Inner>, call: &Call, id: u64) -> Outcome<Reply> {
    edit_as(e, call, id, &call.parameters().await?)?;
    Ok(Reply::success())
}

/// Changes a template.
pub(super) fn edit_as(e: &Arc<Inner>, call: &Call, id: u64, p: &Map<String, Value>) -> Outcome<()> {
    let now = e.ambient.now();
    let behaviour = e.behaviour();
    let mut d = write(&e.directory);
    let waba = d.templates.get(&id).map_or(0, |t| t.waba);
    Grant::of(&d, call, now)?.may(Permission::Management, waba)?;
    let t = d.templates.get_mut(&id).ok_or_else(|| GraphError::unsupported("POST", &id.to_string()))?;
    if !["APPROVED", "REJECTED", "PAUSED"].contains(&t.status.as_str()) {
        return Err(GraphError::invalid(format!("A template that is {} cannot be edited.", t.status)));
    }
    let category = text(p, "category").map(|c| {
        Category::parse(&c)
            .ok_or_else(|| GraphError::invalid("category must be MARKETING, UTILITY or AUTHENTICATION"))
    });
    let category = category.transpose()?.filter(|c| *c != t.category);
    let approved = t.status == "APPROVED";
    if category.is_some() && approved {
        return Err(GraphError::invalid("The category of an approved template cannot be edited."));
    }
    let ttl = ttl(p, category.unwrap_or(t.category))?;
    let components = p.get("components");
    if let Some(components) = components {
        if behaviour.rules.template_format {
            let handles = behaviour.rules.media_ids;
            // What it has already counts as known: clients send the whole components back.
            let old = t.components.to_string();
            let known = |h: &str| !handles || old.contains(h) || lock(&e.media).handles.contains(h);
            format::check(components, t.shape.named, t.category == Category::Authentication, &known)?;
        }
        t.edits.retain(|at| *at > now.seconds() - 30 * DAY_S);
        let today = t.edits.iter().any(|at| *at > now.seconds() - DAY_S);
        if approved && (today || t.edits.len() >= 10) {
            return Err(GraphError::invalid(
                "An approved template can be edited once in 24 hours and ten times in 30 days.",
            )
            .user("Template cannot be edited", "Try again tomorrow."));
        }
        if approved {
            t.edits.push(now.seconds());
        }
        t.shape = Shape::of(components, t.shape.named);
        t.components = components.clone();
    }
    t.category = category.unwrap_or(t.category);
    t.ttl_s = ttl.or(t.ttl_s);
    if components.is_some() || category.is_some() {
        t.status = "PENDING".into();
        t.rejected_reason = "NONE".into();
        t.revision += 1;
        let task = Task::Review { template: id, revision: t.revision };
        e.outbox.task(now.plus(Duration::from_millis(behaviour.rules.review_ms)), task);
    }
    Ok(())
}

/// `DELETE /{waba_id}/message_templates?name=` (all languages) or `&hsm_id=` (one).
pub(crate) async fn delete(e: &Arc<Inner>, call: &Call, waba: u64) -> Outcome<Reply> {
    allowed(e, call, waba)?;
    let p = call.parameters().await?;
    let now = e.ambient.now();
    let name = text(&p, "name");
    let mut wanted: Vec<u64> = match p.get("hsm_ids") {
        Some(Value::Array(ids)) => {
            ids.iter().filter_map(|i| i.as_str().and_then(|i| i.parse().ok()).or(i.as_u64())).collect()
        }
        _ => text(&p, "hsm_id").and_then(|i| i.parse().ok()).into_iter().collect(),
    };
    let mut d = write(&e.directory);
    if wanted.is_empty() {
        let name = name.as_ref().ok_or_else(|| GraphError::required("name"))?;
        wanted = d.templates_of(waba).filter(|t| t.name == *name).map(|t| t.id).collect();
    } else if let Some(name) = &name {
        wanted.retain(|id| d.templates.get(id).is_some_and(|t| t.name == *name && t.waba == waba));
    }
    wanted.retain(|id| d.templates.get(id).is_some_and(|t| t.waba == waba));
    if wanted.is_empty() {
        return Err(GraphError::invalid("Message Template Not Found").subcode(2_593_002));
    }
    if wanted.iter().any(|id| d.templates.get(id).is_some_and(|t| t.status == "DISABLED")) {
        return Err(GraphError::invalid("A disabled template cannot be deleted."));
    }
    for id in wanted {
        if let Some(t) = d.remove_template(id)
            && let Some(w) = d.wabas.get_mut(&waba)
        {
            w.deleted_names.insert((t.name.clone(), t.language.clone()), now.seconds());
            life::tell_status(e, &d, &t, "PENDING_DELETION", None, now);
        }
    }
    Ok(Reply::success())
}

/// `POST /{template_id}/unpause`, for templates that pacing has paused.
pub(crate) fn unpause(e: &Arc<Inner>, call: &Call, id: u64) -> Outcome<Reply> {
    let now = e.ambient.now();
    let mut d = write(&e.directory);
    let waba = d.templates.get(&id).map_or(0, |t| t.waba);
    Grant::of(&d, call, now)?.may(Permission::Management, waba)?;
    let t = d.templates.get_mut(&id).ok_or_else(|| GraphError::unsupported("POST", &id.to_string()))?;
    if t.status != "PAUSED" {
        return Ok(Reply::json(&json!({"success": false, "reason": "The template is not paused."})));
    }
    t.status = "APPROVED".into();
    t.quality = "UNKNOWN".into();
    t.revision += 1;
    t.accepted.store(0, std::sync::atomic::Ordering::Relaxed);
    if let Some(t) = d.templates.get(&id) {
        life::tell_status(e, &d, t, "APPROVED", Some("UNPAUSE"), now);
    }
    Ok(Reply::success())
}
