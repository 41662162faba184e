//! Who may call what: every route of `/api/v1` with what it asks for, in one table.
//!
//! The fence lets nobody through to a route that does not stand here, a test fails for it, and the API's
//! description shows it. A new route needs a line; that is the whole of it.

use axum::http::Method;
use std::{collections::HashMap, sync::LazyLock};
use tisara_domain::Permission::{self, *};

/// What a route asks of whoever calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing: it comes before a sign-in, or needs none.
    Public,
    /// A person who is signed in, in whatever organization.
    Person,
    /// Such a person, whose password was entered a moment ago.
    PersonRecently,
    /// Anyone who works in the organization, person or key.
    Member,
    /// As above, with this permission.
    Needs(Permission),
    /// Such a person with this permission, whose password was entered a moment ago.
    NeedsRecently(Permission),
    /// Somebody of the operator's staff; for others there is nothing there.
    Staff,
    /// Such a person, whose password was entered a moment ago.
    StaffRecently,
    /// A person who works in the organization.
    MemberPerson,
    /// Such a person, whose password was entered a moment ago.
    MemberPersonRecently,
}
use Access::{
    Member, MemberPerson, MemberPersonRecently, Needs, NeedsRecently, Person, PersonRecently, Public, Staff,
    StaffRecently,
};

impl Access {
    /// Whether it is about one organization.
    pub(crate) const fn is_of_organization(self) -> bool {
        !matches!(self, Public | Person | PersonRecently | Staff | StaffRecently)
    }

    /// Whether only a person can have it.
    pub(crate) const fn is_for_people(self) -> bool {
        matches!(
            self,
            Person
                | PersonRecently
                | Staff
                | StaffRecently
                | MemberPerson
                | MemberPersonRecently
                | NeedsRecently(_)
        )
    }

    /// Whether a person's password must have been entered a moment ago.
    pub(crate) const fn is_recent(self) -> bool {
        matches!(self, PersonRecently | StaffRecently | NeedsRecently(_) | MemberPersonRecently)
    }

    /// Whether an answer may be kept for `Idempotency-Key`: those for people only are safe to repeat or show
    /// a secret.
    pub(crate) const fn is_kept(self) -> bool {
        self.is_of_organization() && !self.is_for_people()
    }

    /// Whether it is for the operator's staff.
    pub(crate) const fn is_for_staff(self) -> bool {
        matches!(self, Staff | StaffRecently)
    }

    /// The permission that it takes.
    pub(crate) const fn permission(self) -> Option<Permission> {
        match self {
            Needs(permission) | NeedsRecently(permission) => Some(permission),
            _ => None,
        }
    }
}

/// Method, path below `/api/v1`, and what is asked for.
pub(crate) const ROUTES: &[(&str, &str, Access)] = &[
    ("GET", "/me", Member),
    // Before a sign-in.
    ("GET", "/policies", Public),
    ("POST", "/sign-up", Public),
    ("POST", "/sign-up/confirm", Public),
    ("POST", "/sign-in", Public),
    ("POST", "/sign-in/passkey", Public),
    ("POST", "/sign-in/passkey/ask", Public),
    ("POST", "/tokens", Public),
    ("POST", "/tokens/refresh", Public),
    ("POST", "/password-reset", Public),
    ("POST", "/password-reset/confirm", Public),
    ("GET", "/outbox", Public),
    // A person's own.
    ("GET", "/user", Person),
    ("PATCH", "/user", Person),
    ("POST", "/user/password", Person),
    ("POST", "/user/email", PersonRecently),
    ("POST", "/user/email/confirm", Person),
    ("GET", "/user/totp", Person),
    ("POST", "/user/totp", PersonRecently),
    ("DELETE", "/user/totp", PersonRecently),
    ("POST", "/user/totp/confirm", Person),
    ("POST", "/user/totp/recovery-codes", PersonRecently),
    ("GET", "/user/passkeys", Person),
    ("POST", "/user/passkeys", PersonRecently),
    ("POST", "/user/passkeys/ask", PersonRecently),
    ("DELETE", "/user/passkeys/{id}", PersonRecently),
    ("GET", "/sessions", Person),
    ("DELETE", "/sessions", Person),
    ("DELETE", "/sessions/{id}", Person),
    ("POST", "/sessions/current/confirm", Person),
    ("POST", "/sessions/current/confirm/ask", Person),
    ("POST", "/sign-out", Person),
    // Organizations and their people.
    ("GET", "/organizations", Person),
    ("POST", "/organizations", Person),
    ("PUT", "/sessions/current/organization", Person),
    ("GET", "/organization", Member),
    ("PATCH", "/organization", Needs(OrganizationManage)),
    ("PUT", "/organization/second-factor", NeedsRecently(OrganizationManage)),
    ("GET", "/organization/billing-address", Needs(BillingManage)),
    ("PUT", "/organization/billing-address", Needs(BillingManage)),
    ("POST", "/organization/leave", MemberPerson),
    ("POST", "/organization/transfer", MemberPersonRecently),
    ("GET", "/permissions", Member),
    ("GET", "/usage", Needs(UsageRead)),
    ("GET", "/members", Needs(MembersRead)),
    ("GET", "/members/{id}", Needs(MembersRead)),
    ("PATCH", "/members/{id}", Needs(MembersManage)),
    ("DELETE", "/members/{id}", Needs(MembersManage)),
    ("GET", "/invitations", Needs(MembersManage)),
    ("POST", "/invitations", Needs(MembersManage)),
    ("DELETE", "/invitations/{id}", Needs(MembersManage)),
    ("POST", "/invitations/accept", Person),
    ("GET", "/roles", Needs(MembersRead)),
    ("POST", "/roles", Needs(RolesManage)),
    ("PUT", "/roles/{id}", Needs(RolesManage)),
    ("DELETE", "/roles/{id}", Needs(RolesManage)),
    ("GET", "/teams", Needs(MembersRead)),
    ("POST", "/teams", Needs(MembersManage)),
    ("DELETE", "/teams/{id}", Needs(MembersManage)),
    ("PUT", "/teams/{id}/members/{user}", Needs(MembersManage)),
    ("DELETE", "/teams/{id}/members/{user}", Needs(MembersManage)),
    ("GET", "/api-keys", Needs(KeysManage)),
    ("POST", "/api-keys", NeedsRecently(KeysManage)),
    ("DELETE", "/api-keys/{id}", Needs(KeysManage)),
    // Visits of the operator's staff.
    ("GET", "/visits", Needs(MembersRead)),
    ("GET", "/visits/{id}", Needs(MembersRead)),
    ("DELETE", "/visits/{id}", Needs(MembersManage)),
    ("GET", "/staff/organizations", Staff),
    ("GET", "/staff/visits", Staff),
    ("POST", "/staff/visits", StaffRecently),
    ("DELETE", "/staff/visits/{id}", Staff),
    // Numbers and templates.
    ("GET", "/numbers", Needs(NumbersRead)),
    ("POST", "/numbers/connect", Needs(NumbersManage)),
    ("GET", "/numbers/{id}", Needs(NumbersRead)),
    ("PATCH", "/numbers/{id}", Needs(NumbersManage)),
    ("DELETE", "/numbers/{id}", Needs(NumbersManage)),
    ("GET", "/templates", Needs(TemplatesRead)),
    ("GET", "/templates/{id}", Needs(TemplatesRead)),
    ("POST", "/templates/sync", Needs(TemplatesManage)),
    // Contacts.
    ("GET", "/contacts", Needs(ContactsRead)),
    ("POST", "/contacts", Needs(ContactsWrite)),
    ("GET", "/contacts/{id}", Needs(ContactsRead)),
    ("PATCH", "/contacts/{id}", Needs(ContactsWrite)),
    ("DELETE", "/contacts/{id}", Needs(ContactsDelete)),
    ("GET", "/contacts/{id}/consents", Needs(ContactsRead)),
    ("POST", "/contacts/{id}/consents", Needs(ContactsWrite)),
    ("PUT", "/contacts/{id}/labels/{label}", Needs(ContactsWrite)),
    ("DELETE", "/contacts/{id}/labels/{label}", Needs(ContactsWrite)),
    ("POST", "/contacts/imports", Needs(ContactsImport)),
    ("POST", "/contacts/imports/preview", Needs(ContactsImport)),
    ("GET", "/contacts/imports/{id}", Needs(ContactsImport)),
    ("GET", "/contacts/imports/{id}/errors", Needs(ContactsImport)),
    ("GET", "/fields", Needs(ContactsRead)),
    ("POST", "/fields", Needs(FieldsManage)),
    ("DELETE", "/fields/{id}", Needs(FieldsManage)),
    ("GET", "/labels", Needs(ContactsRead)),
    ("POST", "/labels", Needs(ContactsWrite)),
    ("DELETE", "/labels/{id}", Needs(FieldsManage)),
    ("POST", "/labels/{id}/contacts", Needs(ContactsWrite)),
    // Segments.
    ("GET", "/segments", Needs(ContactsRead)),
    ("POST", "/segments", Needs(ContactsWrite)),
    ("POST", "/segments/preview", Needs(ContactsRead)),
    ("GET", "/segments/{id}", Needs(ContactsRead)),
    ("PATCH", "/segments/{id}", Needs(ContactsWrite)),
    ("DELETE", "/segments/{id}", Needs(ContactsWrite)),
    ("GET", "/segments/{id}/count", Needs(ContactsRead)),
    // Campaigns.
    ("GET", "/campaigns", Needs(CampaignsRead)),
    ("POST", "/campaigns", Needs(CampaignsWrite)),
    ("POST", "/campaigns/estimate", Needs(CampaignsWrite)),
    ("GET", "/campaigns/{id}", Needs(CampaignsRead)),
    ("GET", "/campaigns/{id}/estimate", Needs(CampaignsRead)),
    ("GET", "/campaigns/{id}/events", Needs(CampaignsRead)),
    ("GET", "/campaigns/{id}/recipients", Needs(CampaignsRead)),
    ("GET", "/campaigns/{id}/recipients.csv", Needs(CampaignsExport)),
    ("GET", "/campaigns/{id}/report", Needs(CampaignsRead)),
    ("GET", "/campaigns/{id}/uncertain", Needs(CampaignsRead)),
    ("POST", "/campaigns/{id}/uncertain/decide", Needs(CampaignsSend)),
    ("POST", "/campaigns/{id}/start", Needs(CampaignsSend)),
    ("POST", "/campaigns/{id}/pause", Needs(CampaignsSend)),
    ("POST", "/campaigns/{id}/resume", Needs(CampaignsSend)),
    ("POST", "/campaigns/{id}/cancel", Needs(CampaignsSend)),
    // What is held since a restore.
    ("GET", "/restored", Needs(CampaignsSend)),
    ("POST", "/restored/campaigns/{id}/resume", Needs(CampaignsSend)),
    // Threads.
    ("GET", "/threads", Needs(ThreadsRead)),
    ("POST", "/threads", Needs(ThreadsReply)),
    ("GET", "/threads/{id}", Needs(ThreadsRead)),
    ("GET", "/messages/search", Needs(ThreadsRead)),
    ("GET", "/threads/{id}/messages", Needs(ThreadsRead)),
    ("POST", "/threads/{id}/messages", Needs(ThreadsReply)),
    ("POST", "/threads/{id}/read", Needs(ThreadsReply)),
    ("POST", "/threads/{id}/resolve", Needs(ThreadsReply)),
    ("GET", "/messages/uncertain", Needs(ThreadsRead)),
    ("POST", "/messages/{id}/decide", Needs(ThreadsReply)),
    ("PUT", "/threads/{id}/assignee", Needs(ThreadsAssign)),
    // What runs behind.
    ("GET", "/jobs", Needs(JobsRead)),
    ("GET", "/jobs/{id}", Needs(JobsRead)),
    ("POST", "/jobs/{id}/cancel", Needs(JobsManage)),
    ("GET", "/journal", Needs(JournalRead)),
    ("GET", "/journal/{id}", Needs(JournalRead)),
    ("POST", "/journal/{id}/replay", Needs(JournalManage)),
];

static TABLE: LazyLock<HashMap<(&'static str, &'static str), Access>> =
    LazyLock::new(|| ROUTES.iter().map(|(method, path, access)| ((*method, *path), *access)).collect());

/// What the route at this pattern, such as `/api/v1/contacts/{id}`, asks for; `None` when it does not
/// stand in the table.
pub(crate) fn access(method: &Method, pattern: &str) -> Option<Access> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    TABLE.get(&(method, pattern.strip_prefix("/api/v1")?)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A route without a line here would be closed to all; a line without a route misleads.
    #[test]
    fn the_table_has_exactly_the_routes_that_exist() {
        let listed: BTreeSet<(String, String)> =
            ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), format!("/api/v1{path}"))).collect();
        assert_eq!(listed.len(), ROUTES.len(), "a route stands twice in the table");
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let methods = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
        let mut existing = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in methods.iter().filter(|method| item.get(**method).is_some()) {
                existing.insert((method.to_uppercase(), path.clone()));
            }
        }
        let missing: Vec<_> = existing.difference(&listed).collect();
        let stale: Vec<_> = listed.difference(&existing).collect();
        assert!(
            missing.is_empty() && stale.is_empty(),
            "routes without a line: {missing:?}; lines without a route: {stale:?}"
        );
    }
}
