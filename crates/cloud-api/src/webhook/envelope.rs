//! The envelope: object, entries, changes.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::account::{
    AccountAlert, AccountReview, AccountSettingsUpdate, AccountUpdate, BusinessCapability, NumberNameUpdate,
    NumberQualityUpdate, PartnerSolution, PaymentConfiguration, SecurityNotice, UsernameUpdate,
};
use super::calls::CallsValue;
use super::coexistence::{EchoesValue, HistoryValue, StateSyncValue};
use super::groups::GroupsValue;
use super::messages::MessagesValue;
use super::parts;
use super::preferences::PreferencesValue;
use super::products::{AutomaticEventsValue, FlowEvent};
use super::rarely::{UndescribedValue, UserIdsValue};
use super::routing::{HandoverValue, StandbyValue};
use super::templates::{
    TemplateCategoryUpdate, TemplateComponentsUpdate, TemplateMisuse, TemplateQualityUpdate,
    TemplateStatusUpdate,
};
use crate::wire::{Extra, Raw, Str, Timestamp};

/// Longest body Meta sends: 3 MB.
pub const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// Most JSON values in a body. Meta: at most 1,000 updates; the densest shape it sends, a chat history, has one
/// value in some 25 bytes, and this is one in 12.
pub const MAX_VALUES: usize = MAX_BODY_BYTES / 12;

/// The `object` of every webhook of this product.
pub const OBJECT: &str = "whatsapp_business_account";

/// Why a body is no envelope at all. What is wrong with one element only is in [`Envelope::malformed`].
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Longer than [`MAX_BODY_BYTES`].
    #[error("the body has {bytes} bytes; at most {MAX_BODY_BYTES} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// More than [`MAX_VALUES`].
    #[error("the body has {values} values; at most {MAX_VALUES} are read")]
    TooMany {
        /// How many.
        values: usize,
    },
    /// Nested beyond what is read. (An element deep inside an envelope is only set aside.)
    #[error("the body is nested more than {most} levels deep")]
    TooDeep {
        /// Levels that are read.
        most: usize,
    },
    /// Not JSON, or not an object with `entry`.
    #[error("the body is not a webhook: {0}")]
    NotAnEnvelope(#[from] serde_json::Error),
}

/// One delivery: up to 1,000 updates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Envelope<'a> {
    /// [`OBJECT`].
    pub object: Str<'a>,
    /// Entries in the order received.
    pub entry: Vec<Entry<'a>>,
    /// Elements that could not be read, with the reason. Not written back.
    #[serde(skip)]
    pub malformed: Vec<Malformed<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What happened to one business account (or, for partner events, one portfolio).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry<'a> {
    /// Id of the WABA; for partner events the id of a portfolio.
    pub id: Str<'a>,
    /// When, for account-level fields.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// What changed.
    pub changes: Vec<Change<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One change of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'a> {
    /// The webhook field, such as `messages`.
    pub field: Str<'a>,
    /// Its value.
    pub payload: Payload<'a>,
    /// Fields without a name here.
    pub extra: Extra,
}

/// Writes [`Payload`] and all that goes by its list: which fields a type belongs to, reading, writing. What
/// stands under `by pieces` holds lists whose good elements are read beside a bad one.
macro_rules! payloads {
    (
        by pieces { $( $(#[$meta:meta])* $variant:ident($value:ty) = $($field:literal)|+ ),+ $(,)? }
        whole { $( $(#[$w_meta:meta])* $w_variant:ident($w_value:ty) = $w_field:literal ),+ $(,)? }
    ) => {
        /// The value of a change, by its field.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Payload<'a> {
            $( $(#[$meta])* $variant(Box<$value>), )+
            $( $(#[$w_meta])* $w_variant(Box<$w_value>), )+
            /// Any other field, or a known one in an unknown shape (then also in [`Envelope::malformed`]).
            Unknown(Raw<'a>),
        }

        impl<'a> Payload<'a> {
            /// Every webhook field this crate has a type for: what to subscribe to.
            pub const FIELDS: &'static [&'static str] = &[$($($field),+),+, $($w_field),+];

            /// Reads the value of a field.
            pub(super) fn read(
                field: &Str<'a>,
                raw: &'a RawValue,
                malformed: &mut Vec<Malformed<'a>>,
            ) -> Self {
                match field.as_str() {
                    $( $($field)|+ => parts::read(field.clone(), raw, malformed, Self::$variant), )+
                    $( $w_field => parts::read_whole(field.clone(), raw, malformed, Self::$w_variant), )+
                    _ => Self::Unknown(Raw::borrowed(raw)),
                }
            }

            fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                match self {
                    $( Self::$variant(value) => map.serialize_entry("value", value), )+
                    $( Self::$w_variant(value) => map.serialize_entry("value", value), )+
                    Self::Unknown(raw) => map.serialize_entry("value", raw),
                }
            }
        }
    };
}

payloads! {
    by pieces {
        /// Inbound messages, statuses, errors.
        Messages(MessagesValue<'a>) = "messages",
        /// What people want of marketing.
        UserPreferences(PreferencesValue<'a>) = "user_preferences",
        /// What was sent from the phone app.
        Echoes(EchoesValue<'a>) = "smb_message_echoes" | "message_echoes",
        /// Contacts of the phone app.
        StateSync(StateSyncValue<'a>) = "smb_app_state_sync",
        /// Chats of the phone app.
        History(HistoryValue<'a>) = "history",
        /// Calls.
        Calls(CallsValue<'a>) = "calls",
        /// Groups.
        Groups(GroupsValue<'a>) = "group_lifecycle_update" | "group_participants_update"
            | "group_settings_update" | "group_status_update",
        /// What Meta takes a chat to have led to.
        AutomaticEvents(AutomaticEventsValue<'a>) = "automatic_events",
        /// What happens in a chat that somebody else owns.
        Standby(StandbyValue<'a>) = "standby",
        /// People have new BSUIDs.
        UserIds(UserIdsValue<'a>) = "user_id_update",
        /// Named by Meta, described nowhere.
        Undescribed(UndescribedValue<'a>) = "tracking_events" | "consumer_profile",
    }
    whole {
        /// A template was judged, paused, disabled.
        TemplateStatus(TemplateStatusUpdate) = "message_template_status_update",
        /// People take a template better or worse.
        TemplateQuality(TemplateQualityUpdate) = "message_template_quality_update",
        /// A template is or will be moved to another category.
        TemplateCategory(TemplateCategoryUpdate) = "template_category_update",
        /// A template was edited.
        TemplateComponents(TemplateComponentsUpdate) = "message_template_components_update",
        /// A template was found under the wrong category.
        TemplateMisuse(TemplateMisuse) = "template_correct_category_detection",
        /// Something happened to an account.
        AccountUpdate(AccountUpdate) = "account_update",
        /// Something somebody should know.
        AccountAlert(AccountAlert) = "account_alerts",
        /// An account was judged.
        AccountReview(AccountReview) = "account_review_update",
        /// Settings of a number were changed.
        AccountSettings(AccountSettingsUpdate) = "account_settings_update",
        /// What a portfolio may have and do.
        BusinessCapability(BusinessCapability) = "business_capability_update",
        /// How many people may be reached, how fast a number may send.
        NumberQuality(NumberQualityUpdate) = "phone_number_quality_update",
        /// A display name was judged.
        NumberName(NumberNameUpdate) = "phone_number_name_update",
        /// A PIN was changed or asked for.
        Security(SecurityNotice) = "security",
        /// A business username.
        Username(UsernameUpdate) = "business_username_updates",
        /// A solution of several partners.
        PartnerSolution(PartnerSolution) = "partner_solutions",
        /// A way of being paid.
        PaymentConfiguration(PaymentConfiguration) = "payment_configuration_update",
        /// Forms.
        Flow(FlowEvent<'a>) = "flows",
        /// A chat has another owner.
        Handover(HandoverValue<'a>) = "messaging_handovers",
    }
}

impl Serialize for Change<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.payload.serialize_into(&mut map)?;
        map.serialize_entry("field", &self.field)?;
        for (name, value) in &self.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// An element that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed<'a> {
    /// Which list it stood in: `entry`, `changes`, `statuses`, `messages`, or the field's name.
    pub part: Str<'a>,
    /// The element as it came.
    pub raw: Raw<'a>,
    /// Why. Names fields and positions, never contents.
    pub error: String,
}

impl<'a> Envelope<'a> {
    /// An envelope with one change, as Meta sends most of them.
    #[must_use]
    pub fn of(waba_id: impl Into<Str<'a>>, field: impl Into<Str<'a>>, payload: Payload<'a>) -> Self {
        let change = Change { field: field.into(), payload, extra: Extra::new() };
        Self {
            object: Str::borrowed(OBJECT),
            entry: vec![Entry { id: waba_id.into(), time: None, changes: vec![change], extra: Extra::new() }],
            malformed: Vec::new(),
            extra: Extra::new(),
        }
    }

    /// Every change with the entry it stands in, in order.
    pub fn changes(&self) -> impl Iterator<Item = (&Entry<'a>, &Change<'a>)> {
        self.entry.iter().flat_map(|entry| entry.changes.iter().map(move |change| (entry, change)))
    }
}
