//! Groups.

use serde::{Deserialize, Serialize};

use super::messages::{ErrorNotice, Metadata};
use super::parts::{Parts, Pieces};
use crate::wire::{Extra, Product, Str, Timestamp, lenient, open_enum};

/// `group_lifecycle_update`, `group_participants_update`, `group_settings_update`, `group_status_update`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupsValue<'a> {
    /// Always `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Whose number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata<'a>>,
    /// What happened to which group.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub groups: Vec<GroupEvent<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'a> Pieces<'a> for GroupsValue<'a> {
    fn from_parts(mut parts: Parts<'a, '_>) -> Self {
        Self {
            messaging_product: parts.one("messaging_product"),
            metadata: parts.one("metadata"),
            groups: parts.list("groups"),
            extra: parts.rest(),
        }
    }
}

open_enum! {
    /// What happens to groups.
    pub enum GroupEventKind {
        /// Made.
        Create = "group_create",
        /// Deleted.
        Delete = "group_delete",
        /// People came.
        ParticipantsAdd = "group_participants_add",
        /// People were taken out, or left.
        ParticipantsRemove = "group_participants_remove",
        /// Somebody asks to join.
        JoinRequestCreated = "group_join_request_created",
        /// Somebody no longer asks to join.
        JoinRequestRevoked = "group_join_request_revoked",
        /// Name, picture or description were changed.
        SettingsUpdate = "group_settings_update",
        /// Meta has suspended it.
        Suspend = "group_suspend",
        /// Meta lets it go on.
        SuspendCleared = "group_suspend_cleared",
    }
}

/// What happened to a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupEvent<'a> {
    /// The group; absent when making it failed.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<Str<'a>>,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: GroupEventKind,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The call that asked for it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Str<'a>>,
    /// Name of the group.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Str<'a>>,
    /// What it is about.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Str<'a>>,
    /// How to join.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub invite_link: Option<Str<'a>>,
    /// `auto_approve` or `approval_required`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub join_approval_mode: Option<Str<'a>>,
    /// Why somebody came: `invite_link` and the like.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Str<'a>>,
    /// Who took people out: `business` or `participant`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub initiated_by: Option<Str<'a>>,
    /// Of a request to join: which.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub join_request_id: Option<Str<'a>>,
    /// Of a request to join: who, by number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// Of a request to join: who, by BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// Of a change of settings: the picture.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub profile_picture: Option<GroupSetting<'a>>,
    /// Of a change of settings: the name.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub group_subject: Option<GroupSetting<'a>>,
    /// Of a change of settings: what it is about.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub group_description: Option<GroupSetting<'a>>,
    /// Who came.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub added_participants: Vec<GroupParticipant<'a>>,
    /// Who left.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub removed_participants: Vec<GroupParticipant<'a>>,
    /// For whom it failed.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub failed_participants: Vec<GroupParticipant<'a>>,
    /// What went wrong.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A member of a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupParticipant<'a> {
    /// As it was given.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Str<'a>>,
    /// The WhatsApp number.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<Str<'a>>,
    /// The BSUID.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Str<'a>>,
    /// What went wrong with this one.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What became of one setting of a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupSetting<'a> {
    /// Of a name or description: the new one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Str<'a>>,
    /// Of a picture: its type.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<Str<'a>>,
    /// Of a picture.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Str<'a>>,
    /// Whether it was changed.
    #[serde(default, deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub update_successful: Option<bool>,
    /// Why not.
    #[serde(borrow, default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorNotice<'a>>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}
