//! What the API's description says of rules. The rules themselves are `store`'s, which knows nothing of
//! OpenAPI; a test holds this to them.

use serde::Serialize;
use utoipa::ToSchema;

/// Whom a segment means.
#[cfg_attr(not(test), expect(dead_code, reason = "it describes, nothing is made of it"))]
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum SegmentRule {
    /// Those for whom every one of these holds.
    All {
        /// At least one; no more than 50 conditions in all, up to 8 deep.
        #[schema(no_recursion)]
        rules: Vec<Self>,
    },
    /// Those for whom one of these holds.
    Any {
        /// At least one.
        #[schema(no_recursion)]
        rules: Vec<Self>,
    },
    /// All others.
    Not {
        /// Than these.
        #[schema(no_recursion)]
        rule: Box<Self>,
    },
    /// Those with a label.
    Label {
        /// The label.
        label: String,
    },
    /// Those with such a value in a field.
    Field {
        /// The field.
        field: String,
        /// How the value is compared.
        compare: FieldCompare,
        /// With what; nothing for `present`.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// Those with such an entry on record about marketing.
    Consent {
        /// `unknown`, `opted_in` or `opted_out`.
        state: String,
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
        campaign: String,
        /// How far.
        did: CampaignStep,
        /// Only if that happened in the last days; 1 to 3,650.
        #[serde(skip_serializing_if = "Option::is_none")]
        within_days: Option<u32>,
    },
}

/// How a field's value is compared: texts without regard to case, numbers as numbers, days in their order.
#[cfg_attr(not(test), expect(dead_code, reason = "it describes, nothing is made of it"))]
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FieldCompare {
    Is,
    Less,
    AtMost,
    Greater,
    AtLeast,
    StartsWith,
    Contains,
    Present,
}

/// How far a campaign came with somebody. `not_read`: it was on the person's phone and was not seen so far.
#[cfg_attr(not(test), expect(dead_code, reason = "it describes, nothing is made of it"))]
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CampaignStep {
    Planned,
    Sent,
    Delivered,
    Read,
    NotRead,
    Failed,
    Replied,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use tisara_domain::{CampaignId, FieldId, LabelId, consent::ConsentState, id::TypedId as _};
    use tisara_store::segments::{Compare, Did, Rule};

    /// A kind of rule that is not described here does not compile.
    fn described(rule: &Rule) -> SegmentRule {
        let all = |rules: &[Rule]| rules.iter().map(described).collect();
        match rule {
            Rule::All { rules } => SegmentRule::All { rules: all(rules) },
            Rule::Any { rules } => SegmentRule::Any { rules: all(rules) },
            Rule::Not { rule } => SegmentRule::Not { rule: Box::new(described(rule)) },
            Rule::Label { label } => SegmentRule::Label { label: label.to_string() },
            Rule::Field { field, compare, value } => SegmentRule::Field {
                field: field.to_string(),
                compare: match compare {
                    Compare::Is => FieldCompare::Is,
                    Compare::Less => FieldCompare::Less,
                    Compare::AtMost => FieldCompare::AtMost,
                    Compare::Greater => FieldCompare::Greater,
                    Compare::AtLeast => FieldCompare::AtLeast,
                    Compare::StartsWith => FieldCompare::StartsWith,
                    Compare::Contains => FieldCompare::Contains,
                    Compare::Present => FieldCompare::Present,
                },
                value: value.clone(),
            },
            Rule::Consent { state } => SegmentRule::Consent { state: word(&json!(state)) },
            Rule::Language { language } => SegmentRule::Language { language: language.clone() },
            Rule::Region { region } => SegmentRule::Region { region: region.clone() },
            Rule::Created { within_days } => SegmentRule::Created { within_days: *within_days },
            Rule::LastInbound { within_days } => SegmentRule::LastInbound { within_days: *within_days },
            Rule::Campaign { campaign, did, within_days } => SegmentRule::Campaign {
                campaign: campaign.to_string(),
                did: match did {
                    Did::Planned => CampaignStep::Planned,
                    Did::Sent => CampaignStep::Sent,
                    Did::Delivered => CampaignStep::Delivered,
                    Did::Read => CampaignStep::Read,
                    Did::NotRead => CampaignStep::NotRead,
                    Did::Failed => CampaignStep::Failed,
                    Did::Replied => CampaignStep::Replied,
                },
                within_days: *within_days,
            },
        }
    }

    fn word(value: &Value) -> String {
        value.as_str().unwrap().to_owned()
    }

    #[test]
    fn rules_are_written_as_they_are_described() {
        let campaign = CampaignId::from_bytes([3; 16]);
        let did = |did| Rule::Campaign { campaign, did, within_days: Some(7) };
        let field = FieldId::from_bytes([2; 16]);
        let compared = |compare| Rule::Field { field, compare, value: Some("x".into()) };
        let rules = vec![
            Rule::Any { rules: [Did::Planned, Did::NotRead, Did::Replied].map(did).to_vec() },
            Rule::Not { rule: Box::new(Rule::Label { label: LabelId::from_bytes([1; 16]) }) },
            Rule::Any { rules: [Compare::Is, Compare::AtLeast, Compare::StartsWith].map(compared).to_vec() },
            Rule::Field { field, compare: Compare::Present, value: None },
            Rule::Consent { state: ConsentState::OptedIn },
            Rule::Language { language: "si".into() },
            Rule::Region { region: "LK".into() },
            Rule::Created { within_days: 3 },
            Rule::LastInbound { within_days: 3 },
        ];
        let rule = Rule::All { rules };
        assert_eq!(json!(described(&rule)), json!(rule));
    }
}
