//! Campaigns: a template sent to many.
//!
//! What will not work is told before anything is frozen: each variable has a source, each source
//! exists, the template may be sent from this number. The engine does the rest; this folder only moves
//! states and shows the ledger.

mod events;
mod failures;
mod http;
mod input;
mod progress;
mod recipients;
mod report;
mod uncertain;

pub(crate) use failures::explanation;
pub(crate) use input::{MediaView, PlaceView};

use crate::{
    edge::{ApiError, Code, FieldProblem, Result, Routes},
    templates::{Shape, Slot},
};
use input::{AudienceView, CampaignInput, SourceView};
use tisara_domain::template::clean_value;
use tisara_store::{
    OrgTx,
    campaigns::{CampaignError, Definition, HeaderMedia, Place},
    ledger::plan::PlanRules,
    templates::Template,
};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .merge(http::routes())
        .merge(recipients::routes())
        .merge(events::routes())
        .merge(report::routes())
        .merge(uncertain::routes())
}

/// The most contacts that a campaign may name one by one; more get a label.
const MAX_CONTACTS: usize = 10_000;

/// A campaign that can be stored or estimated.
struct Checked {
    template: Template,
    definition: Definition,
    rules: PlanRules,
}

/// Checks all of it, and tells all that is wrong at once.
fn check(tx: &mut OrgTx<'_, '_>, input: &CampaignInput) -> Result<Checked> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: String| problems.push(FieldProblem::new(field, message));

    if input.name.trim().is_empty() || input.name.chars().count() > 200 {
        wrong("name", "must have 1 to 200 characters".to_owned());
    }
    if input.frequency_cap_hours.is_some_and(|h| !(1..=720).contains(&h)) {
        wrong("frequency_cap_hours", "must be from 1 to 720".to_owned());
    }
    let mut rule = None;
    match &input.audience {
        AudienceView::All => {}
        AudienceView::Segment { segment } => {
            rule = tx.find_segment(*segment)?.map(|s| s.rule);
            if rule.is_none() {
                wrong("audience.segment", "there is no such segment".to_owned());
            }
        }
        AudienceView::Label { label } => {
            if tx.find_label(*label)?.is_none() {
                wrong("audience.label", "there is no such label".to_owned());
            }
        }
        AudienceView::Contacts { contacts } if contacts.is_empty() || contacts.len() > MAX_CONTACTS => {
            wrong("audience.contacts", "must be 1 to 10,000 contacts; give more of them a label".to_owned());
        }
        AudienceView::Contacts { .. } => {}
    }
    let number = tx.find_number(input.number)?;
    if number.is_none() {
        wrong("number", "there is no such number".to_owned());
    }
    let template = tx.find_template(input.template)?;
    let Some(template) = template else {
        wrong(
            "template",
            "there is no such template; synchronize the templates if it is new at Meta".to_owned(),
        );
        return Err(ApiError::Invalid(problems));
    };
    if template.status != "APPROVED" {
        wrong("template", format!("is {} at Meta; only APPROVED templates can be sent", template.status));
    }
    if number.as_ref().is_some_and(|n| n.waba_id != template.waba_id) {
        wrong("template", "belongs to another account than the number".to_owned());
    }
    let components = tx.get_template_version(template.id, template.version)?.components;
    let Some(shape) = Shape::of(&components) else {
        wrong("template", "cannot be read as it is stored; synchronize the templates".to_owned());
        return Err(ApiError::Invalid(problems));
    };
    if let Some(what) = shape.unsupported {
        wrong("template", format!("holds {what}, which cannot be sent from here yet"));
    }
    problems.extend(check_bindings(tx, input, &shape)?);
    problems
        .extend(check_media(shape.header_media, input.header_media.clone().map(HeaderMedia::from).as_ref()));
    let (true, Some(number)) = (problems.is_empty(), number) else { return Err(ApiError::Invalid(problems)) };

    let waba = tx.find_waba(number.waba_id)?.ok_or(ApiError::NotFound("account"))?;
    let marketing = template.category.eq_ignore_ascii_case("MARKETING");
    Ok(Checked {
        definition: input.definition(marketing, rule),
        rules: PlanRules { marketing, portfolio: waba.portfolio },
        template,
    })
}

fn check_bindings(tx: &mut OrgTx<'_, '_>, input: &CampaignInput, shape: &Shape) -> Result<Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let mut bound: Vec<Slot> = Vec::new();
    for (i, binding) in input.bindings.iter().enumerate() {
        let at = |part: &str| format!("bindings[{i}]{part}");
        let slot = Slot { place: binding.place.into(), name: binding.name.trim().to_owned() };
        if !shape.slots.contains(&slot) {
            let message =
                format!("the template has no variable {{{{{}}}}} in {}", slot.name, words(slot.place));
            problems.push(FieldProblem::new(at(""), message));
        } else if bound.contains(&slot) {
            problems.push(FieldProblem::new(at(""), "this variable is bound twice"));
        }
        match &binding.source {
            SourceView::Field { field } if tx.find_field(*field)?.is_none() => {
                problems.push(FieldProblem::new(at(".source.field"), "there is no such field"));
            }
            SourceView::Text { text } if clean_value(text).is_none() => {
                problems.push(FieldProblem::new(at(".source.text"), "must not be empty"));
            }
            _ => {}
        }
        if binding.fallback.as_deref().is_some_and(|f| clean_value(f).is_none()) {
            problems.push(FieldProblem::new(at(".fallback"), "must not be empty; leave it out instead"));
        }
        bound.push(slot);
    }
    for slot in shape.slots.iter().filter(|s| !bound.contains(s)) {
        let message = format!(
            "the variable {{{{{}}}}} in {} has no value: bind it to a name, a field or a text",
            slot.name,
            words(slot.place)
        );
        problems.push(FieldProblem::new("bindings", message));
    }
    Ok(problems)
}

fn words(place: Place) -> String {
    match place {
        Place::Header => "the header".to_owned(),
        Place::Body => "the body".to_owned(),
        Place::Button { index } => format!("button {}", index + 1),
    }
}

/// Checks the media of a header against what the template wants.
pub(crate) fn check_media(wanted: Option<&str>, given: Option<&HeaderMedia>) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: String| problems.push(FieldProblem::new(field, message));
    match (wanted, given) {
        (None, None) => {}
        (None, Some(_)) => wrong("header_media", "the template's header wants none".to_owned()),
        (Some(kind), None) => {
            wrong("header_media", format!("the template's header wants one of kind {kind}"));
        }
        (Some(kind), Some(media)) => {
            if media.kind != kind {
                wrong("header_media.kind", format!("must be {kind}, as the template's header"));
            }
            match (&media.link, &media.id) {
                (Some(link), None) => {
                    let https = url::Url::parse(link).is_ok_and(|u| u.scheme() == "https" && u.has_host());
                    if !https || link.len() > 2_000 {
                        wrong(
                            "header_media.link",
                            "must be a public address that begins with https://".to_owned(),
                        );
                    }
                }
                (None, Some(id)) if !id.is_empty() && id.len() <= 64 => {}
                _ => wrong("header_media", "must have exactly one of link and id".to_owned()),
            }
        }
    }
    problems
}

impl From<CampaignError> for ApiError {
    fn from(e: CampaignError) -> Self {
        match e {
            CampaignError::NotFound => Self::NotFound("campaign"),
            CampaignError::Conflict(conflict) => {
                let text = conflict.to_string();
                let mut letters = text.chars();
                let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
                Self::refused(Code::WrongState, format!("{first}{}.", letters.as_str()))
            }
            e @ (CampaignError::Restored | CampaignError::NotRestored) => Self::refused(
                Code::WrongState,
                format!("{e}. /api/v1/restored lists what is held since a restore, and lets it go."),
            ),
            CampaignError::Store(e) => e.into(),
        }
    }
}
