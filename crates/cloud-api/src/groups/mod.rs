//! Groups: at most eight people, who join by a link. Most changes are told by webhook only.

use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::call::{Body, not_built};
use crate::client::{CallError, Calls, ErrorBody, Page, PageRequest, page};
use crate::wire::{Extra, Product, Success, Timestamp, lenient, opt_text_or_number, text_or_number};

/// A group to be made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewGroup {
    /// Always `whatsapp`.
    #[serde(default)]
    pub messaging_product: Option<Product>,
    /// At most 128 characters.
    pub subject: String,
    /// At most 2048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `auto_approve` (default) or `approval_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_approval_mode: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// That something was asked for; what came of it comes by webhook.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupRequested {
    /// Always `whatsapp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// Comes back in the webhook.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// Meta's id.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is suspended.
    #[serde(deserialize_with = "lenient::opt_bool", skip_serializing_if = "Option::is_none")]
    pub suspended: Option<bool>,
    /// When it was made, as a group tells it. A number on the wire.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<Timestamp>,
    /// When it was made, as the list of groups tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// How many are in it.
    #[serde(deserialize_with = "lenient::opt_u64", skip_serializing_if = "Option::is_none")]
    pub total_participant_count: Option<u64>,
    /// Who is in it.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<GroupMember>,
    /// `auto_approve` or `approval_required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_approval_mode: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A member of a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupMember {
    /// The WhatsApp number.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// The BSUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The list of groups, one level deeper than other lists.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupList {
    /// The groups.
    pub data: GroupListData,
    /// Where the neighbours are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paging: Option<crate::client::Paging>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The groups of a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupListData {
    /// The groups.
    #[serde(deserialize_with = "lenient::list")]
    pub groups: Vec<Group>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How to join.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InviteLink {
    /// Always `whatsapp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<Product>,
    /// `https://chat.whatsapp.com/…`.
    pub invite_link: String,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Someone who asks to join.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JoinRequest {
    /// Id of the request.
    pub join_request_id: String,
    /// Who.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// Since when. A number on the wire.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<Timestamp>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What became of answers to requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JoinOutcome {
    /// Let in.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub approved_join_requests: Vec<String>,
    /// Refused.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub rejected_join_requests: Vec<String>,
    /// Neither.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub failed_join_requests: Vec<FailedJoin>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A request that could not be answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailedJoin {
    /// Id of the request.
    pub join_request_id: String,
    /// Why.
    #[serde(deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorBody>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Calls<'_> {
    /// Makes a group.
    ///
    /// # Errors
    /// [`CallError`]; 131211, 131214, 131215.
    pub async fn create_group(
        &self,
        phone_number_id: &str,
        group: &NewGroup,
    ) -> Result<GroupRequested, CallError> {
        let group = NewGroup { messaging_product: Some(Product::WhatsApp), ..group.clone() };
        self.post(&[phone_number_id, "groups"], &group).await
    }

    /// Lists the groups of a number.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_groups(
        &self,
        phone_number_id: &str,
        page: &PageRequest,
    ) -> Result<GroupList, CallError> {
        self.get(&[phone_number_id, "groups"], &page::borrowed(&page.query(&[]))).await
    }

    /// Reads a group.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_group(&self, group_id: &str) -> Result<Group, CallError> {
        let fields = "id,subject,description,suspended,creation_timestamp,total_participant_count,participants,join_approval_mode";
        self.get(&[group_id], &[("fields", fields)]).await
    }

    /// Changes name or description of a group.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn update_group(
        &self,
        group_id: &str,
        subject: Option<&str>,
        description: Option<&str>,
    ) -> Result<GroupRequested, CallError> {
        let mut body = json!({"messaging_product": "whatsapp"});
        for (name, value) in [("subject", subject), ("description", description)] {
            if let Some(value) = value {
                body[name] = Value::from(value);
            }
        }
        self.post(&[group_id], &body).await
    }

    /// Deletes a group.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn delete_group(&self, group_id: &str) -> Result<Success, CallError> {
        self.delete(&[group_id], &[]).await
    }

    /// Changes the picture of a group: a square JPEG of at least 192 pixels and at most 5 MB.
    ///
    /// # Errors
    /// [`CallError`]; 131209 and 131210.
    pub async fn set_group_picture(&self, group_id: &str, jpeg: Bytes) -> Result<GroupRequested, CallError> {
        let part = reqwest::multipart::Part::stream(jpeg)
            .file_name("picture.jpg")
            .mime_str("image/jpeg")
            .map_err(|_| not_built("the type of the file is malformed"))?;
        let form = reqwest::multipart::Form::new().text("messaging_product", "whatsapp").part("file", part);
        self.call(Method::POST, &[group_id], &[], Body::Multipart(form)).await
    }

    /// Reads the link by which people join.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_invite_link(&self, group_id: &str) -> Result<InviteLink, CallError> {
        self.get(&[group_id, "invite_link"], &[]).await
    }

    /// Makes a new link; the old one stops working.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn reset_invite_link(&self, group_id: &str) -> Result<InviteLink, CallError> {
        self.post(&[group_id, "invite_link"], &json!({"messaging_product": "whatsapp"})).await
    }

    /// Takes people out of a group, at most eight at once.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn remove_participants(
        &self,
        group_id: &str,
        users: &[&str],
    ) -> Result<GroupRequested, CallError> {
        let users: Vec<_> = users.iter().map(|user| json!({"user": user})).collect();
        let body = Body::json(&json!({"messaging_product": "whatsapp", "participants": users}))?;
        self.call(Method::DELETE, &[group_id, "participants"], &[], body).await
    }

    /// Lists who asks to join.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_join_requests(
        &self,
        group_id: &str,
        page: &PageRequest,
    ) -> Result<Page<JoinRequest>, CallError> {
        self.get(&[group_id, "join_requests"], &page::borrowed(&page.query(&[]))).await
    }

    /// Lets people in.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn approve_join_requests(
        &self,
        group_id: &str,
        ids: &[&str],
    ) -> Result<JoinOutcome, CallError> {
        self.answer_join_requests(Method::POST, group_id, ids).await
    }

    /// Refuses people.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn reject_join_requests(&self, group_id: &str, ids: &[&str]) -> Result<JoinOutcome, CallError> {
        self.answer_join_requests(Method::DELETE, group_id, ids).await
    }

    async fn answer_join_requests(
        &self,
        method: Method,
        group_id: &str,
        ids: &[&str],
    ) -> Result<JoinOutcome, CallError> {
        let body = Body::json(&json!({"messaging_product": "whatsapp", "join_requests": ids}))?;
        self.call(method, &[group_id, "join_requests"], &[], body).await
    }
}
