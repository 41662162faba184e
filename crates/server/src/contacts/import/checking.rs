//! Rows judged one by one: what each holds, whether it was there before, why it is refused.

use super::{
    super::values,
    mapping::MappedColumn,
    options::{FieldForm, Target},
    record::Record,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, hash_map::Entry};
use tisara_domain::{Phone, PhoneError, Region};
use utoipa::ToSchema;

/// What was found in the rows so far. The three kinds of rows add up to `rows`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowCounts {
    /// Rows below the heading that are not blank.
    pub rows: u64,
    /// Rows with a valid number that no row before them has.
    pub unique_valid: u64,
    /// Rows with a valid number that a row before them has; they are left out.
    pub duplicate_valid: u64,
    /// Rows without a valid number; they are refused.
    pub invalid_phone: u64,
    /// Other values that were left out because they are not what their column holds.
    pub values_left_out: u64,
}

/// A row that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckedRow {
    pub(super) phone: Phone,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) language: Option<String>,
    pub(super) labels: Vec<String>,
    /// Position of the column, and the value in the form of its kind.
    pub(super) fields: Vec<(usize, String)>,
    pub(super) consent: Option<bool>,
}

/// What a row turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To be written.
    New(Box<CheckedRow>),
    /// The same number as an earlier row.
    Duplicate,
    /// No valid number.
    Refused,
}

/// A value that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// Position of the column.
    pub(super) column: usize,
    /// The value as it stands in the file.
    pub(super) value: String,
    /// Why not.
    pub(super) reason: String,
}

/// The longest name and the longest value of a field, in characters.
const MAX_NAME: usize = 200;
const MAX_VALUE: usize = 1_000;
/// The longest label and the most of them in one row.
const MAX_LABEL: usize = 60;
const MAX_LABELS: usize = 50;

/// Judges the rows of one file. Holds 16 bytes for each number it has seen.
pub(super) struct Checker {
    columns: Vec<MappedColumn>,
    phone: usize,
    region: Region,
    seen: HashMap<u64, u32>,
    /// What was found so far.
    pub(super) counts: RowCounts,
    /// What was wrong with the last row.
    pub(super) complaints: Vec<Complaint>,
}

impl Checker {
    /// A judge of rows under these columns.
    pub(super) fn new(columns: Vec<MappedColumn>, region: Region) -> Self {
        let phone = columns.iter().position(|c| c.to == Target::Phone).unwrap_or(0);
        Self {
            columns,
            phone,
            region,
            seen: HashMap::new(),
            counts: RowCounts::default(),
            complaints: Vec::new(),
        }
    }

    /// Judges the next row.
    pub(super) fn check(&mut self, record: &Record) -> Verdict {
        self.complaints.clear();
        self.counts.rows += 1;
        let phone = match self.phone(record) {
            Ok(phone) => phone,
            Err(reason) => {
                self.counts.invalid_phone += 1;
                self.complain(record, self.phone, reason);
                return Verdict::Refused;
            }
        };
        // The digits of E.164 are at most 15, so they are the number's own exact key.
        let key = phone.wa_id().parse().unwrap_or(u64::MAX);
        match self.seen.entry(key) {
            Entry::Occupied(first) => {
                let reason = format!("the same number as in row {}; only the first is taken", first.get());
                self.counts.duplicate_valid += 1;
                self.complain(record, self.phone, reason);
                return Verdict::Duplicate;
            }
            Entry::Vacant(place) => {
                place.insert(u32::try_from(record.row).unwrap_or(u32::MAX));
            }
        }
        self.counts.unique_valid += 1;
        let row = self.rest(record, phone);
        self.counts.values_left_out += self.complaints.len() as u64;
        Verdict::New(Box::new(row))
    }

    fn phone(&self, record: &Record) -> Result<Phone, String> {
        let text = record.cell(self.phone);
        match values::unscientific(text) {
            Some(Ok(digits)) => Phone::parse(&digits, self.region).map_err(|e| e.to_string()),
            Some(Err(())) => {
                Err("a spreadsheet has cut off digits of this number: format the column as text and \
                                  enter the number again"
                    .to_owned())
            }
            None => Phone::parse(text, self.region).map_err(|e| match e {
                // What a person asks next is which country was assumed.
                PhoneError::Invalid if !text.contains('+') => {
                    format!("{e} (read as a number of {})", self.region)
                }
                e => e.to_string(),
            }),
        }
    }

    fn complain(&mut self, record: &Record, column: usize, reason: impl Into<String>) {
        let value = record.cell(column).to_owned();
        self.complaints.push(Complaint { column, value, reason: reason.into() });
    }

    fn rest(&mut self, record: &Record, phone: Phone) -> CheckedRow {
        let mut row = CheckedRow {
            phone,
            name: None,
            email: None,
            language: None,
            labels: Vec::new(),
            fields: Vec::new(),
            consent: None,
        };
        let (mut first, mut last) = (String::new(), String::new());
        for column in 0..self.columns.len() {
            let text = record.cell(column);
            if text.is_empty() {
                continue;
            }
            let taken = match self.columns[column].to {
                Target::Phone | Target::Ignore => Ok(()),
                Target::Name => {
                    row.name = Some(values::line(text, MAX_NAME)).filter(|n| !n.is_empty());
                    Ok(())
                }
                Target::FirstName => {
                    first = values::line(text, MAX_NAME);
                    Ok(())
                }
                Target::LastName => {
                    last = values::line(text, MAX_NAME);
                    Ok(())
                }
                Target::Email => fill(&mut row.email, values::email(text), "not an e-mail address"),
                Target::Language => fill(
                    &mut row.language,
                    values::language(text),
                    "not a language: use its code, as si, ta, hi or en",
                ),
                Target::Labels => {
                    for label in text.split([';', ',', '|']).map(|l| values::line(l.trim(), MAX_LABEL)) {
                        if !label.is_empty() && !row.labels.contains(&label) && row.labels.len() < MAX_LABELS
                        {
                            row.labels.push(label);
                        }
                    }
                    Ok(())
                }
                Target::Consent => fill(&mut row.consent, values::truth(text), "neither yes nor no"),
                Target::Field => self.field(column, text).map(|value| row.fields.push((column, value))),
            };
            if let Err(reason) = taken {
                self.complain(record, column, reason);
            }
        }
        if row.name.is_none() {
            let whole = format!("{first} {last}");
            row.name = Some(whole.trim().to_owned()).filter(|n| !n.is_empty());
        }
        row
    }

    fn field(&self, column: usize, text: &str) -> Result<String, &'static str> {
        match self.columns[column].kind.unwrap_or_default() {
            FieldForm::Text => Ok(values::line(text, MAX_VALUE)),
            FieldForm::Number => values::number(text).ok_or("not a number"),
            FieldForm::Date => values::date(text, self.region).ok_or("not a date: write it like 1985-07-03"),
            FieldForm::Boolean => values::truth(text).map(|t| t.to_string()).ok_or("neither yes nor no"),
        }
    }
}

fn fill<T>(place: &mut Option<T>, value: Option<T>, reason: &'static str) -> Result<(), &'static str> {
    *place = Some(value.ok_or(reason)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checker(targets: &[Target]) -> Checker {
        let columns = targets
            .iter()
            .map(|to| MappedColumn {
                column: format!("{to:?}"),
                to: *to,
                field: (*to == Target::Field).then(|| "Birthday".to_owned()),
                kind: (*to == Target::Field).then_some(FieldForm::Date),
            })
            .collect();
        Checker::new(columns, Region::LK)
    }

    #[test]
    fn a_row_gives_what_its_columns_hold() {
        use Target as T;
        let mut checker =
            checker(&[T::Phone, T::FirstName, T::LastName, T::Email, T::Labels, T::Consent, T::Field]);
        let verdict = checker.check(&Record::from((
            2,
            ["077 123 4567", "Nimal", "Perera", "not-an-email", "new;vip, new", "ඔව්", "03/07/1985"],
        )));
        let Verdict::New(row) = verdict else { panic!("{verdict:?}") };
        assert_eq!(row.phone.as_str(), "+94771234567");
        assert_eq!(row.name.as_deref(), Some("Nimal Perera"));
        assert_eq!(row.labels, ["new", "vip"]);
        assert_eq!((row.consent, row.email), (Some(true), None));
        assert_eq!(row.fields, [(6, "1985-07-03".to_owned())]);
        assert_eq!(checker.complaints[0].reason, "not an e-mail address");
        assert_eq!(checker.counts.values_left_out, 1);
    }

    #[test]
    fn the_second_of_a_number_names_the_first_and_nonsense_its_reason() {
        let mut checker = checker(&[Target::Phone]);
        assert!(matches!(checker.check(&Record::from((2, ["0771234567"]))), Verdict::New(_)));
        assert_eq!(checker.check(&Record::from((3, ["+94 77 123 4567"]))), Verdict::Duplicate);
        assert!(checker.complaints[0].reason.contains("row 2"));
        assert_eq!(checker.check(&Record::from((4, ["077123"]))), Verdict::Refused);
        assert!(checker.complaints[0].reason.contains("LK"));
        assert_eq!(checker.check(&Record::from((5, ["9.47712E+10"]))), Verdict::Refused);
        assert!(checker.complaints[0].reason.contains("spreadsheet"));
        assert_eq!(
            checker.counts,
            RowCounts { rows: 4, unique_valid: 1, duplicate_valid: 1, invalid_phone: 2, values_left_out: 0 }
        );
    }
}
