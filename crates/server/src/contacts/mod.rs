//! Contacts: who they are, what is known of them, and what they agreed to.

mod consents;
mod fields;
mod http;
pub mod import;
mod labels;
pub(crate) mod values;
pub(crate) mod view;

pub(crate) use labels::name;

use crate::edge::{ApiError, FieldProblem, Result, Routes};
use std::collections::BTreeMap;
use tisara_domain::{FieldId, Phone, Region};
use tisara_store::{OrgTx, Tx, fields::FieldKind};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .merge(http::routes())
        .merge(labels::routes())
        .merge(fields::routes())
        .merge(consents::routes())
        .merge(import::routes())
}

/// The country of numbers that are written without `+`.
pub(crate) fn default_region(tx: &mut Tx<'_>, org: tisara_domain::OrgId) -> Result<Region> {
    Ok(tx.find_organization(org)?.ok_or(ApiError::NotFound("organization"))?.default_region)
}

/// The longest name, in characters.
const MAX_NAME: usize = 200;
/// The longest value of a field, in characters.
const MAX_VALUE: usize = 1_000;

/// Values as they came, checked together so that all that is wrong is told at once.
struct Checked {
    problems: Vec<FieldProblem>,
}

impl Checked {
    const fn new() -> Self {
        Self { problems: Vec::new() }
    }

    fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.problems.push(FieldProblem::new(field, message));
    }

    fn done(self) -> Result<()> {
        if self.problems.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.problems)) }
    }

    fn phone(&mut self, text: &str, region: Region) -> Option<Phone> {
        Phone::parse(text, region).map_err(|e| self.wrong("phone", e.to_string())).ok()
    }

    fn name(&mut self, text: &str) -> String {
        if text.chars().count() > MAX_NAME {
            self.wrong("name", "must have at most 200 characters");
        }
        values::line(text.trim(), MAX_NAME)
    }

    fn email(&mut self, text: &str) -> Option<String> {
        let email = values::email(text.trim());
        if email.is_none() {
            self.wrong("email", "is not an e-mail address");
        }
        email
    }

    fn language(&mut self, text: &str) -> Option<String> {
        let language = values::language(text);
        if language.is_none() {
            self.wrong("language", "is not a language: use its code, as si, ta, hi or en_US");
        }
        language
    }

    /// Values of fields in the form of their kinds. Those that are there but not in the organization
    /// are told by name.
    fn fields(
        &mut self,
        tx: &mut OrgTx<'_, '_>,
        given: &BTreeMap<String, Option<String>>,
        region: Region,
    ) -> Result<Vec<(FieldId, Option<String>)>> {
        let mut taken = Vec::new();
        for (key, value) in given {
            let at = format!("fields.{key}");
            let known = match key.parse() {
                Ok(id) => tx.find_field(id)?,
                Err(_) => tx.find_field_by_name(key)?,
            };
            let Some(field) = known else {
                self.wrong(at, "there is no such field; make it first, or give its id or exact name");
                continue;
            };
            match value.as_deref().map(str::trim).filter(|v| !v.is_empty()) {
                None => taken.push((field.id, None)),
                Some(value) => match in_form(field.kind, value, region) {
                    Ok(value) => taken.push((field.id, Some(value))),
                    Err(reason) => self.wrong(at, reason),
                },
            }
        }
        Ok(taken)
    }
}

/// A field's value in the one form of its kind.
fn in_form(kind: FieldKind, value: &str, region: Region) -> Result<String, &'static str> {
    match kind {
        FieldKind::Text if value.chars().count() > MAX_VALUE => Err("must have at most 1,000 characters"),
        FieldKind::Text => Ok(values::line(value, MAX_VALUE)),
        FieldKind::Number => values::number(value).ok_or("is not a number"),
        FieldKind::Date => values::date(value, region).ok_or("is not a date: write it like 1985-07-03"),
        FieldKind::Boolean => values::truth(value).map(|t| t.to_string()).ok_or("must be true or false"),
    }
}
