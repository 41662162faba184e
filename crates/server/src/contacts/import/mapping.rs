//! Which column goes where: what was said, then what the heading suggests.

use super::{
    super::values,
    headings,
    options::{FieldForm, ImportOptions, Target},
    record::Record,
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};
use tisara_domain::{Phone, Region};
use utoipa::ToSchema;

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MappedColumn {
    /// The heading, or `Column 3` where there is none.
    pub column: String,
    /// What it holds.
    pub to: Target,
    /// For `field`: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For `field`: its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FieldForm>,
}

/// A field that the organization has.
#[derive(Clone, Debug)]
pub(super) struct KnownField {
    pub(super) name: String,
    pub(super) kind: FieldForm,
}

/// The longest name of a field that is made from a heading.
const MAX_FIELD_NAME: usize = 60;

/// Whether the first row is a heading: it is, unless one of its cells is itself a phone number.
pub(super) fn has_heading(first: &Record, region: Region) -> bool {
    !first.cells().any(|cell| looks_like_phone(cell, region))
}

fn looks_like_phone(cell: &str, region: Region) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    digits >= 7 && Phone::parse(cell, region).is_ok()
}

/// Decides for each column. `sample` are the first rows below the heading; without a heading their
/// content says which column holds the phone.
pub(super) fn map(
    heading: Option<&Record>,
    sample: &[Record],
    options: &ImportOptions,
    known: &[KnownField],
    region: Region,
) -> Result<Vec<MappedColumn>, Refusal> {
    let width = heading.into_iter().chain(sample).map(Record::len).max().unwrap_or(0);
    let names: Vec<String> = (0..width)
        .map(|i| {
            let name = heading.map_or("", |h| h.cell(i));
            if name.is_empty() { format!("Column {}", i + 1) } else { values::line(name, 200) }
        })
        .collect();
    let mut columns: Vec<Option<MappedColumn>> = vec![None; width];
    for said in &options.columns {
        let at = find(&names, &said.column)
            .ok_or_else(|| Refusal::NoSuchColumn { column: said.column.clone(), columns: names.clone() })?;
        if columns[at].is_some() {
            return Err(Refusal::Mapping(format!("The column “{}” is mapped twice.", names[at])));
        }
        columns[at] = Some(mapped(&names[at], said.to, said.field.as_deref(), said.kind, known));
    }
    guess_the_rest(&mut columns, &names, heading.is_some(), known);
    if heading.is_none() && !columns.iter().flatten().any(|c| c.to == Target::Phone) {
        let best = (0..width).filter(|i| columns[*i].is_none()).max_by_key(|i| phones(sample, *i, region));
        if let Some(best) = best.filter(|i| phones(sample, *i, region) > 0) {
            columns[best] = Some(mapped(&names[best], Target::Phone, None, None, known));
        }
    }
    let columns: Vec<MappedColumn> = columns
        .into_iter()
        .zip(&names)
        .map(|(column, name)| column.unwrap_or_else(|| mapped(name, Target::Ignore, None, None, known)))
        .collect();
    check(&columns)?;
    if !columns.iter().any(|c| c.to == Target::Phone) {
        let likely = (0..width).max_by_key(|i| (phones(sample, *i, region), std::cmp::Reverse(*i)));
        let suggestion = likely.and_then(|i| names.get(i)).cloned().unwrap_or_default();
        return Err(Refusal::NoPhoneColumn { columns: names, suggestion });
    }
    Ok(columns)
}

fn phones(sample: &[Record], column: usize, region: Region) -> usize {
    sample.iter().filter(|r| looks_like_phone(r.cell(column), region)).count()
}

fn find(names: &[String], column: &str) -> Option<usize> {
    let folded = headings::fold(column);
    names
        .iter()
        .position(|n| n == column.trim())
        .or_else(|| names.iter().position(|n| !folded.is_empty() && headings::fold(n) == folded))
        .or_else(|| {
            column.trim().parse::<usize>().ok().filter(|n| (1..=names.len()).contains(n)).map(|n| n - 1)
        })
}

fn mapped(
    name: &str,
    to: Target,
    field: Option<&str>,
    kind: Option<FieldForm>,
    known: &[KnownField],
) -> MappedColumn {
    if to != Target::Field {
        return MappedColumn { column: name.to_owned(), to, field: None, kind: None };
    }
    let field = values::line(field.unwrap_or(name), MAX_FIELD_NAME);
    let existing = known.iter().find(|k| headings::fold(&k.name) == headings::fold(&field));
    MappedColumn {
        column: name.to_owned(),
        to,
        // A field that is there already keeps its name and kind.
        kind: Some(existing.map_or(kind.unwrap_or_default(), |k| k.kind)),
        field: Some(existing.map_or(field, |k| k.name.clone())),
    }
}

fn guess_the_rest(
    columns: &mut [Option<MappedColumn>],
    names: &[String],
    heading: bool,
    known: &[KnownField],
) {
    if !heading {
        return;
    }
    let taken = |columns: &[Option<MappedColumn>], to| columns.iter().flatten().any(|c| c.to == to);
    let mut guesses: Vec<_> = (0..names.len())
        .filter(|i| columns[*i].is_none())
        .filter_map(|i| headings::guess(&names[i]).map(|g| (i, g)))
        .collect();
    guesses.sort_by_key(|(i, guess)| (std::cmp::Reverse(guess.sure), *i));
    for (i, guess) in guesses {
        if guess.to == Target::Field || !taken(columns, guess.to) {
            columns[i] = Some(mapped(&names[i], guess.to, None, Some(guess.kind), known));
        }
    }
    for (column, name) in columns.iter_mut().zip(names) {
        if column.is_none() && known.iter().any(|k| headings::fold(&k.name) == headings::fold(name)) {
            *column = Some(mapped(name, Target::Field, None, None, known));
        }
    }
    // A whole name leaves nothing for its parts to say.
    if taken(columns, Target::Name) {
        for column in columns.iter_mut().flatten() {
            if matches!(column.to, Target::FirstName | Target::LastName) {
                column.to = Target::Ignore;
            }
        }
    }
}

fn check(columns: &[MappedColumn]) -> Result<(), Refusal> {
    for (i, column) in columns.iter().enumerate() {
        let once = !matches!(column.to, Target::Ignore | Target::Labels);
        let twin = columns[..i].iter().find(|c| once && c.to == column.to && c.field == column.field);
        if let Some(twin) = twin {
            return Err(Refusal::Mapping(format!(
                "The columns “{}” and “{}” cannot both hold the same thing; map one of them to ignore.",
                twin.column, column.column
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contacts::import::options::ColumnTo;

    fn targets(columns: &[MappedColumn]) -> Vec<Target> {
        columns.iter().map(|c| c.to).collect()
    }

    #[test]
    fn a_usual_heading_needs_no_words() {
        let heading = Record::from((
            1,
            ["Full Name", "Mobile No.", "E-mail", "City", "Birthday", "WhatsApp OK?", "Tags", "Notes"],
        ));
        let columns = map(Some(&heading), &[], &ImportOptions::default(), &[], Region::LK).unwrap();
        use Target as T;
        assert_eq!(
            targets(&columns),
            [T::Name, T::Phone, T::Email, T::Field, T::Field, T::Consent, T::Labels, T::Ignore]
        );
        assert_eq!(columns[4].kind, Some(FieldForm::Date));
    }

    #[test]
    fn what_was_said_goes_before_what_is_guessed() {
        let heading = Record::from((1, ["Phone", "WhatsApp", "Notes"]));
        let columns = |column: &str, to| {
            let options = ImportOptions {
                columns: vec![ColumnTo { column: column.to_owned(), to, field: None, kind: None }],
                ..ImportOptions::default()
            };
            map(Some(&heading), &[], &options, &[], Region::LK).map(|c| targets(&c))
        };
        assert_eq!(columns("phone", Target::Phone).unwrap(), [Target::Phone, Target::Ignore, Target::Ignore]);
        assert_eq!(columns("3", Target::Field).unwrap(), [Target::Ignore, Target::Phone, Target::Field]);
        assert!(matches!(columns("Handy", Target::Phone), Err(Refusal::NoSuchColumn { .. })));
    }

    #[test]
    fn without_a_phone_column_the_refusal_lists_the_columns_and_the_likely_one() {
        let heading = Record::from((1, ["Customer", "Ref"]));
        let sample = [Record::from((2, ["Nimal", "0771234567"]))];
        let refusal = map(Some(&heading), &sample, &ImportOptions::default(), &[], Region::LK).unwrap_err();
        let text = refusal.to_string();
        assert!(text.contains("Customer, Ref") && text.contains(r#""column": "Ref""#), "{text}");
    }

    #[test]
    fn without_a_heading_the_content_says_which_column_it_is() {
        let first = Record::from((1, ["Nimal", "077 123 4567"]));
        assert!(!has_heading(&first, Region::LK));
        let columns = map(None, &[first], &ImportOptions::default(), &[], Region::LK).unwrap();
        assert_eq!(targets(&columns), [Target::Ignore, Target::Phone]);
    }

    #[test]
    fn a_known_field_is_recognised_and_keeps_its_kind() {
        let heading = Record::from((1, ["Phone", "loyalty POINTS"]));
        let known = [KnownField { name: "Loyalty points".to_owned(), kind: FieldForm::Number }];
        let columns = map(Some(&heading), &[], &ImportOptions::default(), &known, Region::LK).unwrap();
        assert_eq!(columns[1].field.as_deref(), Some("Loyalty points"));
        assert_eq!(columns[1].kind, Some(FieldForm::Number));
    }
}
