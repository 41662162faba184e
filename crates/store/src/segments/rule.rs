//! The rules.

use crate::{OrgTx, Result, fields::FieldKind, words::words};
use serde::{Deserialize, Serialize};
use tisara_domain::{CampaignId, FieldId, LabelId, Region, consent::ConsentState};

/// Which contacts are meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Those for whom every one of these holds.
    All {
        /// At least one.
        rules: Vec<Self>,
    },
    /// Those for whom one of these holds.
    Any {
        /// At least one.
        rules: Vec<Self>,
    },
    /// All others.
    Not {
        /// Than these.
        rule: Box<Self>,
    },
    /// Those with a label.
    Label {
        /// The label.
        label: LabelId,
    },
    /// Those with such a value in a field.
    Field {
        /// The field.
        field: FieldId,
        /// How the value is compared.
        compare: Compare,
        /// With what; nothing for `present`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// Those with such an entry on record about marketing.
    Consent {
        /// The entry.
        state: ConsentState,
    },
    /// Those with this language, as `si` or `en_US`.
    Language {
        /// The language tag.
        language: String,
    },
    /// Those in a country.
    Region {
        /// Its two letters.
        region: String,
    },
    /// Those who came in the last days.
    Created {
        /// 1 to 3,650; counted back from the beginning of the present hour.
        within_days: u32,
    },
    /// Those who wrote in the last days.
    LastInbound {
        /// 1 to 3,650; counted back from the beginning of the present hour.
        within_days: u32,
    },
    /// Those with whom a campaign came so far.
    Campaign {
        /// The campaign.
        campaign: CampaignId,
        /// How far.
        did: Did,
        /// Only if that happened in the last days; 1 to 3,650, counted back from the beginning of the
        /// present hour.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within_days: Option<u32>,
    },
}

words! {
    /// How a field's value is compared: texts without regard to case, numbers as numbers, days in
    /// their order.
    Compare, "comparison" {
        "The same." Is = "is",
        "A smaller number or an earlier day." Less = "less",
        "The same or less." AtMost = "at_most",
        "A greater number or a later day." Greater = "greater",
        "The same or greater." AtLeast = "at_least",
        "A text that begins so." StartsWith = "starts_with",
        "A text in which this stands." Contains = "contains",
        "Any value at all." Present = "present",
    }
}

words! {
    /// How far a campaign came with somebody.
    Did, "step of a campaign" {
        "A message was planned, and not skipped." Planned = "planned",
        "It went out, and has not failed since." Sent = "sent",
        "It was on the person's phone." Delivered = "delivered",
        "The person saw it." Read = "read",
        "It was on the person's phone and was not seen so far." NotRead = "not_read",
        "It failed." Failed = "failed",
        "The person wrote to the campaign's number after it." Replied = "replied",
    }
}

/// What is wrong in a rule, and where: `rules[1].rule.label`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProblem {
    /// The path within the rule.
    pub at: String,
    /// What is wrong.
    pub message: String,
}

/// Conditions that one rule may have, and how deep it may go.
const CONDITIONS_MAX: usize = 50;
const DEPTH_MAX: usize = 8;

impl OrgTx<'_, '_> {
    /// All that is wrong in a rule: what it names must be there, values must fit.
    ///
    /// # Errors
    /// As the database says.
    pub fn check_rule(&mut self, rule: &Rule) -> Result<Vec<RuleProblem>> {
        let mut problems = Vec::new();
        let mut conditions = 0;
        self.check_part(rule, "", 0, &mut conditions, &mut problems)?;
        if conditions > CONDITIONS_MAX {
            problems.push(RuleProblem {
                at: String::new(),
                message: format!("has more than {CONDITIONS_MAX} conditions"),
            });
        }
        Ok(problems)
    }

    fn check_part(
        &mut self,
        rule: &Rule,
        at: &str,
        depth: usize,
        conditions: &mut usize,
        problems: &mut Vec<RuleProblem>,
    ) -> Result<()> {
        let path = |part: &str| if at.is_empty() { part.to_owned() } else { format!("{at}.{part}") };
        let mut wrong = |part: &str, message: &str| {
            problems.push(RuleProblem { at: path(part), message: message.to_owned() });
        };
        if depth > DEPTH_MAX {
            wrong("rule", "goes too deep: 8 rules within each other at most");
            return Ok(());
        }
        *conditions += 1;
        match rule {
            Rule::All { rules } | Rule::Any { rules } => {
                if rules.is_empty() {
                    wrong("rules", "must hold at least one rule");
                }
                for (i, part) in rules.iter().enumerate() {
                    self.check_part(part, &path(&format!("rules[{i}]")), depth + 1, conditions, problems)?;
                }
            }
            Rule::Not { rule } => self.check_part(rule, &path("rule"), depth + 1, conditions, problems)?,
            Rule::Label { label } => {
                if self.find_label(*label)?.is_none() {
                    wrong("label", "there is no such label");
                }
            }
            Rule::Field { field, compare, value } => match self.find_field(*field)? {
                None => wrong("field", "there is no such field"),
                Some(field) => check_value(field.kind, *compare, value.as_deref(), wrong),
            },
            Rule::Consent { .. } => {}
            Rule::Language { language } => {
                if language.is_empty() || language.len() > 10 {
                    wrong("language", "must be a code as si, ta or en_US");
                }
            }
            Rule::Region { region } => {
                if region.parse::<Region>().is_err() {
                    wrong("region", "must be the two letters of a country, as LK");
                }
            }
            Rule::Created { within_days } | Rule::LastInbound { within_days } => {
                check_days(*within_days, wrong);
            }
            Rule::Campaign { campaign, did, within_days } => {
                if self.find_campaign(*campaign)?.is_none() {
                    wrong("campaign", "there is no such campaign");
                }
                match within_days {
                    Some(_) if *did == Did::Planned => {
                        wrong("within_days", "planning has no moment of its own: leave it out");
                    }
                    Some(days) => check_days(*days, wrong),
                    None => {}
                }
            }
        }
        Ok(())
    }
}

fn check_days(days: u32, mut wrong: impl FnMut(&str, &str)) {
    if !(1..=3_650).contains(&days) {
        wrong("within_days", "must be from 1 to 3,650");
    }
}

fn check_value(kind: FieldKind, compare: Compare, value: Option<&str>, mut wrong: impl FnMut(&str, &str)) {
    let fits = match compare {
        Compare::Is | Compare::Present => true,
        Compare::StartsWith | Compare::Contains => kind == FieldKind::Text,
        Compare::Less | Compare::AtMost | Compare::Greater | Compare::AtLeast => {
            matches!(kind, FieldKind::Number | FieldKind::Date)
        }
    };
    if !fits {
        wrong("compare", &format!("does not fit a field of kind {kind}"));
    }
    match (compare, value) {
        (Compare::Present, None) => {}
        (Compare::Present, Some(_)) => wrong("value", "must be left out: any value will do"),
        (_, None) => wrong("value", "is missing"),
        (_, Some(value)) => {
            let message = match kind {
                FieldKind::Text if value.trim().is_empty() || value.chars().count() > 1_000 => {
                    "must have 1 to 1,000 characters"
                }
                FieldKind::Number if value.trim().parse::<f64>().is_ok_and(f64::is_finite) => return,
                FieldKind::Number => "must be a number, as 12.5",
                FieldKind::Date if is_day(value) => return,
                FieldKind::Date => "must be a day, as 2026-11-21",
                FieldKind::Boolean if matches!(value, "true" | "false") => return,
                FieldKind::Boolean => "must be true or false",
                FieldKind::Text => return,
            };
            wrong("value", message);
        }
    }
}

fn is_day(text: &str) -> bool {
    let digits = |part: Option<&str>, n: usize| {
        part.is_some_and(|p| p.len() == n && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts = text.split('-');
    digits(parts.next(), 4) && digits(parts.next(), 2) && digits(parts.next(), 2) && parts.next().is_none()
}
