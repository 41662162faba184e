//! Every field, type and event that the reference names has a recorded example: whoever adds a word to an enum
//! adds a file, or this fails.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tisara_cloud_api::webhook::account::{
    AccountEvent, RestrictionKind, ReviewDecision, SettingsKind, UsernameStatus,
};
use tisara_cloud_api::{calling, flows, numbers, send, signup, templates, waba, webhook};

/// The texts found under `key` in every object that is, or is listed, under `parent`; `""` is any parent. From all
/// files of these folders, in lower case.
fn recorded(folders: &[&str], parent: &str, key: &str) -> BTreeSet<String> {
    fn look(value: &Value, under: &str, parent: &str, key: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    if name == key && (parent.is_empty() || under == parent) {
                        found.extend(value.as_str().map(str::to_lowercase));
                    }
                    look(value, name, parent, key, found);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| look(value, under, parent, key, found)),
            _ => {}
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found = BTreeSet::new();
    for folder in folders {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
            look(&value, "", parent, key, &mut found);
        }
    }
    found
}

/// Words under one key, by a parent.
type Place<'a> = (&'a [&'a str], &'a str, &'a str);

fn each_is_recorded(what: &str, words: &[&str], places: &[Place<'_>]) {
    let mut found = BTreeSet::new();
    for (folders, parent, key) in places {
        found.extend(recorded(folders, parent, key));
    }
    let missing: Vec<_> = words.iter().filter(|word| !found.contains(&word.to_lowercase())).collect();
    assert!(missing.is_empty(), "{what}: no recorded example of {missing:?}");
}

macro_rules! recorded_words {
    ($( $test:ident: $words:expr => $( $folders:expr, $parent:literal . $key:literal );+ ),+ $(,)?) => {
        $( #[test]
        fn $test() {
            each_is_recorded(stringify!($test), $words, &[$( (&$folders, $parent, $key) ),+]);
        } )+
    };
}

recorded_words! {
    webhook_fields: webhook::Payload::FIELDS => ["webhooks"], "changes"."field",
    inbound_types: webhook::InboundKind::KNOWN => ["webhooks"], "messages"."type",
    statuses: webhook::StatusKind::KNOWN => ["webhooks"], "statuses"."status",
    prices: webhook::PricingType::KNOWN => ["webhooks"], "pricing"."type",
    preferences: webhook::PreferenceValue::KNOWN => ["webhooks"], "user_preferences"."value",
    handovers: webhook::HandoverKind::KNOWN => ["webhooks"], "value"."type",
    call_events: webhook::CallEventKind::KNOWN => ["webhooks"], "calls"."event",
    call_statuses: webhook::CallStatusKind::KNOWN => ["webhooks"], "statuses"."status",
    group_events: webhook::GroupEventKind::KNOWN => ["webhooks"], "groups"."type",
    flow_events: webhook::FlowEventKind::KNOWN => ["webhooks"], "value"."event",
    template_events: templates::TemplateStatus::KNOWN => ["webhooks"], "value"."event",
    account_events: AccountEvent::KNOWN => ["webhooks"], "value"."event",
    restrictions: RestrictionKind::KNOWN => ["webhooks"], "restriction_info"."restriction_type",
    reviews: ReviewDecision::KNOWN => ["webhooks"], "value"."decision",
    settings_changes: SettingsKind::KNOWN => ["webhooks"], "value"."type",
    username_events: UsernameStatus::KNOWN => ["webhooks"], "value"."status",
    interactive_answers: &["button_reply", "list_reply", "nfm_reply", "call_permission_reply"]
        => ["webhooks"], "interactive"."type",
    identity_changes: &["user_changed_number", "user_changed_user_id", "customer_identity_changed"]
        => ["webhooks"], "system"."type",
    alerts: &["INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED", "INCREASED_CAPABILITIES_ELIGIBILITY_FAILED",
        "INCREASED_CAPABILITIES_ELIGIBILITY_NEED_MORE_INFO", "OBA_APPROVED", "OBA_REJECTED", "PROFILE_PICTURE_LOST"]
        => ["webhooks"], "alert_info"."alert_type",

    message_types: send::Content::KINDS => ["messages"], ""."type",
    recipient_types: send::RecipientType::KNOWN => ["messages"], ""."recipient_type",
    interactive_types: send::InteractiveKind::KNOWN => ["messages"], "interactive"."type",
    interactive_headers: send::HeaderMedia::KNOWN => ["messages"], "header"."type",
    component_types: send::ComponentKind::KNOWN => ["messages"], "components"."type",
    button_sub_types: send::ButtonSubType::KNOWN => ["messages"], "components"."sub_type",
    parameter_types: send::ParameterKind::KNOWN => ["messages"], "parameters"."type",
    product_policies: send::ProductPolicy::KNOWN => ["marketing_messages"], ""."product_policy",
    message_statuses: tisara_cloud_api::client::MessageStatus::KNOWN => ["send_answers"], "messages"."message_status",

    template_components: templates::ComponentKind::KNOWN => ["new_templates", "templates"], "components"."type",
    template_headers: templates::HeaderFormat::KNOWN => ["new_templates", "templates"], "components"."format",
    template_buttons: templates::ButtonKind::KNOWN => ["new_templates", "templates"], "buttons"."type",
    otp_types: templates::OtpType::KNOWN => ["new_templates"], "buttons"."otp_type",
    template_categories: templates::Category::KNOWN => ["new_templates"], ""."category",
    parameter_formats: templates::ParameterFormat::KNOWN => ["new_templates"], ""."parameter_format",
    rejected_reasons: templates::RejectedReason::KNOWN
        => ["templates"], ""."rejected_reason"; ["webhooks"], "value"."reason",

    call_actions: calling::CallAction::KNOWN => ["call_requests"], ""."action",
    flow_actions: flows::endpoint::FlowAction::KNOWN => ["flow_requests"], ""."action",
    flow_statuses: flows::FlowStatus::KNOWN => ["flows", "flow_pages"], ""."status",
    sync_kinds: numbers::SyncKind::KNOWN => ["webhooks"], "changes"."field",
    qr_images: numbers::QrImage::KNOWN => ["new_qr_codes"], ""."generate_qr_image",
    signup_statuses: signup::SignupStatus::KNOWN => ["in_app_signups"], ""."status",
    session_events: signup::SessionEventKind::KNOWN => ["session_events"], ""."event",
    health: waba::CanSend::KNOWN => ["wabas", "numbers", "flows"], ""."can_send_message",
    number_statuses: numbers::NumberStatus::KNOWN => ["numbers", "number_pages"], ""."status",
}
