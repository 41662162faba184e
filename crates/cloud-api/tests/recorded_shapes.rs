//! Every shape Meta is known to send or take, as a file: it reads, writes and reads again as the same
//! value, and nothing of it is lost on the way.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tisara_cloud_api::client::SendAnswer;
use tisara_cloud_api::send::OutgoingMessage;
use tisara_cloud_api::webhook::{self, Payload};
use tisara_cloud_api::{
    ErrorEnvelope, Page, calling, catalog, flows, groups, media, numbers, send, signup, templates, waba,
};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

/// Fields that Meta names in two ways; they are written by the second name.
const SAME_FIELD: &[(&str, &str)] =
    &[("participant_recipient_id", "recipient_participant_id"), ("country_code", "cc")];

/// The paths of what stands in `before` but not in `after`. Text and number are the same here, words may
/// change case, and null counts as absent: Meta mixes them.
fn lost(before: &Value, after: &Value, path: &str, losses: &mut Vec<String>) {
    match (before, after) {
        (Value::Null, _) => {}
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before.iter().filter(|(_, value)| !is_empty(value)) {
                let same = SAME_FIELD.iter().find(|(old, _)| old == key).and_then(|(_, new)| after.get(*new));
                match after.get(key).or(same) {
                    Some(other) => lost(value, other, &format!("{path}.{key}"), losses),
                    None => losses.push(format!("{path}.{key}")),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (value, other)) in before.iter().zip(after).enumerate() {
                lost(value, other, &format!("{path}[{index}]"), losses);
            }
        }
        _ if plain(before) == plain(after) => {}
        _ => losses.push(format!("{path}: {before} became {after}")),
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value == &Value::Bool(false) || value.as_array().is_some_and(Vec::is_empty)
}

fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase();
    text.parse::<f64>().map_or(text, |number| number.to_string())
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(folder: &str) {
    for path in files(folder) {
        let name = path.display();
        let text = fs::read_to_string(&path).unwrap();
        let first: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = serde_json::to_string(&first).unwrap();
        let second: T =
            serde_json::from_str(&written).unwrap_or_else(|error| panic!("{name}: {error}\n{written}"));
        assert_eq!(first, second, "{name}");
        nothing_lost(&name.to_string(), &text, &written);

        let text = with_new_fields(&text);
        let newer: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        nothing_lost(&name.to_string(), &text, &serde_json::to_string(&newer).unwrap());
    }
}

/// The same document from a later version of Meta, with one more field in every object.
fn with_new_fields(text: &str) -> String {
    fn add(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.values_mut().for_each(add);
                object.insert("added_tomorrow".to_owned(), Value::from("kept"));
            }
            Value::Array(list) => list.iter_mut().for_each(add),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(text).unwrap();
    add(&mut value);
    value.to_string()
}

fn nothing_lost(name: &str, text: &str, written: &str) {
    let mut losses = Vec::new();
    lost(&serde_json::from_str(text).unwrap(), &serde_json::from_str(written).unwrap(), "", &mut losses);
    assert!(losses.is_empty(), "{name} lost {losses:#?}");
}

#[test]
fn every_webhook_is_read_as_its_type_and_survives() {
    for path in files("webhooks") {
        let name = path.display();
        let text = fs::read_to_string(&path).unwrap();
        let first = webhook::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(first.malformed.is_empty(), "{name}: {:?}", first.malformed);
        for (_, change) in first.changes() {
            assert!(!matches!(change.payload, Payload::Unknown(_)), "{name}: no type for {}", change.field);
        }
        let written = serde_json::to_string(&first).unwrap();
        assert_eq!(first, webhook::parse(written.as_bytes()).unwrap(), "{name}");
        nothing_lost(&name.to_string(), &text, &written);

        let text = with_new_fields(&text);
        let newer = webhook::parse(text.as_bytes()).unwrap();
        assert!(newer.malformed.is_empty(), "{name}: {:?}", newer.malformed);
        nothing_lost(&name.to_string(), &text, &serde_json::to_string(&newer).unwrap());
    }
}

#[test]
fn every_message_survives_and_keeps_metas_limits() {
    round_trip::<OutgoingMessage>("messages");
    for path in files("messages") {
        let message: OutgoingMessage = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        message.validate().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// Names each test after its folder.
macro_rules! shapes {
    ($( $folder:ident: $shape:ty ),+ $(,)?) => {
        $( #[test]
        fn $folder() {
            round_trip::<$shape>(stringify!($folder));
        } )+

        /// Every folder with files has a type that reads it.
        #[test]
        fn no_recorded_shape_is_forgotten() {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
            for entry in fs::read_dir(root).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let elsewhere = ["webhooks", "messages", "send_answers", "flow_endpoint"].contains(&name.as_str());
                assert!(elsewhere || [$( stringify!($folder) ),+].contains(&name.as_str()), "{name}");
            }
        }

        /// The types that have a recorded shape, each named without its module.
        fn recorded_types() -> BTreeSet<&'static str> {
            [$( stringify!($shape) ),+].into_iter().flat_map(type_names).collect()
        }
    };
}

/// The names in a type: `Page<templates::Template>` has `Page`, `templates`, `Template`.
fn type_names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty())
}

/// Every type that a call takes or gives has a recorded shape: the signatures in `src` are read for it.
#[test]
fn every_type_of_every_call_is_recorded() {
    // Not on the wire as they stand, or a flag and nothing else.
    let plain = [
        "AnalyticsFilter",
        "AnalyticsRange",
        "BusinessToken",
        "Bytes",
        "CallError",
        "CodeMethod",
        "Gate",
        "InsightsQuery",
        "LibraryFilter",
        "MediaDownload",
        "MediaFile",
        "Option",
        "PageRequest",
        "QrImage",
        "Result",
        "Self",
        "SendReceipt",
        "String",
        "Success",
        "SyncKind",
        "TemplateFilter",
        "UploadSession",
        "AccessToken",
    ];
    let recorded = recorded_types();
    let mut missing = BTreeSet::new();
    for text in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        for signature in text.split("pub async fn ").skip(1) {
            let signature = &signature[..signature.find(" {\n").unwrap()];
            let named = type_names(signature).filter(|name| name.starts_with(char::is_uppercase));
            missing.extend(
                named
                    .filter(|name| !recorded.contains(name) && !plain.contains(name))
                    .filter(|name| !["OutgoingMessage", "Value"].contains(name))
                    .map(str::to_owned),
            );
        }
    }
    assert!(missing.is_empty(), "no recorded shape of {missing:?}");
}

fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
    texts
}

shapes! {
    errors: ErrorEnvelope,
    read_receipts: send::ReadReceipt,
    marketing_messages: send::MarketingMessage,
    media: media::MediaInfo,
    media_ids: media::MediaId,
    upload_progress: media::UploadProgress,
    upload_handles: media::UploadHandle,
    new_templates: templates::NewTemplate,
    templates: templates::Template,
    template_pages: Page<templates::Template>,
    template_created: templates::TemplateCreated,
    template_edits: templates::TemplateEdit,
    template_upserts: Page<templates::UpsertedTemplate>,
    library_pages: Page<templates::LibraryTemplate>,
    archive_outcomes: templates::ArchiveOutcome,
    template_summaries: templates::TemplateSummary,
    template_comparisons: Page<templates::TemplateComparison>,
    template_migrations: templates::MigrationOutcome,
    template_previews: Page<templates::TemplatePreview>,
    template_unpauses: templates::UnpauseOutcome,
    upsert_requests: templates::UpsertTemplate,
    numbers: numbers::PhoneNumber,
    number_pages: Page<numbers::PhoneNumber>,
    new_numbers: numbers::NewNumber,
    registrations: numbers::Registration,
    profiles: Page<numbers::BusinessProfile>,
    settings: numbers::NumberSettings,
    block_outcomes: numbers::BlockOutcome,
    usernames: numbers::Username,
    username_requests: numbers::UsernameRequest,
    username_answers: numbers::UsernameAnswer,
    username_suggestions: Page<numbers::UsernameSuggestions>,
    contact_book: numbers::ContactBookOutcome,
    blocked_users: Page<numbers::BlockedUser>,
    block_entries: numbers::BlockEntry,
    number_created: numbers::NumberCreated,
    verifications: numbers::VerificationOutcome,
    encryption_keys: Page<numbers::BusinessEncryption>,
    new_qr_codes: numbers::NewQrCode,
    qr_codes: numbers::QrCode,
    automations: numbers::Automation,
    commerce_settings: Page<numbers::CommerceSettings>,
    app_sync: numbers::SyncRequested,
    wabas: waba::Waba,
    subscribed_apps: Page<waba::SubscribedApp>,
    assigned_users: Page<waba::AssignedUser>,
    app_subscriptions: Page<waba::AppSubscription>,
    portfolios: waba::Portfolio,
    callback_overrides: waba::CallbackOverride,
    app_callbacks: waba::AppSubscriptionRequest,
    analytics: waba::Analytics,
    conversation_analytics: waba::ConversationAnalytics,
    pricing_analytics: waba::PricingAnalytics,
    call_analytics: waba::CallAnalytics,
    template_analytics: Page<waba::TemplateAnalytics>,
    template_group_analytics: Page<waba::TemplateAnalytics>,
    group_analytics: Page<waba::GroupAnalytics>,
    token_infos: signup::TokenInfo,
    session_events: signup::SessionEvent,
    credit_allocations: signup::CreditAllocation,
    credit_lines: Page<signup::CreditLine>,
    in_app_signups: signup::InAppSignup,
    signup_created: signup::SignupCreated,
    flows: flows::Flow,
    flow_pages: Page<flows::Flow>,
    flow_metadata: flows::FlowMetadata,
    flow_created: flows::FlowCreated,
    flow_saved: flows::FlowSaved,
    flow_assets: Page<flows::FlowAsset>,
    flow_migrations: flows::FlowMigration,
    flow_requests: flows::endpoint::FlowRequest,
    flow_answers: flows::endpoint::FlowAnswer,
    flow_envelopes: flows::endpoint::EncryptedFlowRequest,
    call_requests: calling::CallRequest,
    call_answers: calling::CallAnswer,
    call_permissions: calling::CallPermissions,
    groups: groups::Group,
    new_groups: groups::NewGroup,
    group_requests: groups::GroupRequested,
    invite_links: groups::InviteLink,
    join_requests: Page<groups::JoinRequest>,
    group_lists: groups::GroupList,
    join_outcomes: groups::JoinOutcome,
    catalogs: Page<catalog::Catalog>,
    products: Page<catalog::Product>,
}

#[test]
fn every_answer_to_a_send_survives() {
    for path in files("send_answers") {
        let name = path.display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let first: SendAnswer<'_> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = serde_json::to_string(&first).unwrap();
        assert_eq!(first, serde_json::from_str(&written).unwrap(), "{name}");
        nothing_lost(&name, &text, &written);
    }
}

#[test]
fn every_recorded_template_keeps_metas_rules() {
    for path in files("new_templates") {
        let template: templates::NewTemplate = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        template.validate().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
