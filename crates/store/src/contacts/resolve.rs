//! From a sender in a webhook to a contact.
//!
//! Meta: since April 2026 a webhook always carries the sender's user id (BSUID), which holds within one
//! business portfolio; the phone number may be missing. A user id changes when the person changes
//! number, and a username may pass on to somebody else, so it never identifies anyone.

use super::{HistoryKind, Identity, IdentityKind, import::NEW_CONTACTS};
use crate::{
    Error, OrgTx, Result, args,
    changes::Topic,
    fold::fold,
    forks::BulkInsert,
    seam::{Arg, ToArg as _},
};
use tisara_domain::{ContactId, Phone, Region, Timestamp, consent::ConsentState};

/// What a webhook says of the person on the other side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The business portfolio of the number that was written to.
    pub portfolio: String,
    /// The phone number, if Meta tells it.
    pub phone: Option<Phone>,
    /// The user id in that portfolio.
    pub bsuid: Option<String>,
    /// The user id that linked portfolios share.
    pub parent_bsuid: Option<String>,
    /// The name that the person chose.
    pub username: Option<String>,
    /// The name in the person's profile. It only fills an empty one.
    pub name: Option<String>,
}

/// Who the sender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The contact.
    pub contact: ContactId,
    /// Whether it was made just now.
    pub created: bool,
    /// The contact that turned out to be the same person, and is gone.
    pub merged: Option<ContactId>,
}

/// The part of a contact that resolving needs.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: ContactId,
    pub(super) phone: Option<String>,
    pub(super) name: String,
    pub(super) created_at: Timestamp,
}

/// Somebody of whom nothing is known but what a webhook says.
#[derive(Clone, Debug)]
pub(super) struct NewPerson {
    pub(super) id: ContactId,
    pub(super) phone: Option<Phone>,
    pub(super) region: Option<Region>,
    pub(super) name: String,
}

impl NewPerson {
    pub(super) fn of(sender: &Sender, id: ContactId) -> Self {
        // Meta: a user id begins with the country and a dot.
        let country = |bsuid: &str| bsuid.split_once('.').and_then(|(c, _)| c.parse::<Region>().ok());
        Self {
            id,
            phone: sender.phone.clone(),
            region: sender
                .phone
                .as_ref()
                .and_then(Phone::region)
                .or_else(|| sender.bsuid.as_deref().and_then(country)),
            name: sender.name.as_deref().unwrap_or_default().trim().to_owned(),
        }
    }
}

/// The values lead, so that two nodes that write common ones do it in one order.
const IDENTITIES: BulkInsert<5> = BulkInsert {
    table: "contact_identity",
    columns: [
        ("value", "text"),
        ("kind", "text"),
        ("portfolio", "text"),
        ("contact_id", "uuid"),
        ("seen_at", "bigint"),
    ],
    conflict: "ON CONFLICT (org_id, portfolio, kind, value) \
               DO UPDATE SET contact_id = excluded.contact_id, seen_at = excluded.seen_at \
               WHERE contact_identity.kind <> 'bsuid'",
};

impl OrgTx<'_, '_> {
    /// The contact that a sender is: sought by user id, then by phone number. If both are known but of
    /// two contacts, the younger one goes up in the older. If neither is, the sender becomes the
    /// contact `new_id`. What the sender tells anew (number, user id, username, a name where there was
    /// none) is taken over. `None` when the sender has neither a user id nor a number.
    ///
    /// # Errors
    /// As the database says.
    pub fn resolve_contact(
        &mut self,
        sender: &Sender,
        now: Timestamp,
        new_id: ContactId,
    ) -> Result<Option<Resolved>> {
        let found = self.known_as(sender, true)?;
        self.settle_sender(found, sender, now, new_id)
    }

    /// Takes over that the person who was `before` now is `sender`, as Meta says when somebody changes
    /// number or user id. If a contact already stands under the new identity, the two become one.
    ///
    /// # Errors
    /// As the database says.
    pub fn move_contact(
        &mut self,
        before: &Sender,
        sender: &Sender,
        now: Timestamp,
        new_id: ContactId,
    ) -> Result<Option<Resolved>> {
        // The old number alone may already be somebody else's, so the user id decides where there is one.
        let mut found = self.known_as(before, false)?;
        found.extend(self.known_as(sender, true)?);
        self.settle_sender(found, sender, now, new_id)
    }

    fn known_as(&mut self, sender: &Sender, phone_too: bool) -> Result<Vec<Known>> {
        const KNOWN: &str = "c.id, c.phone, c.name, c.created_at";
        let read = |row: &crate::seam::Row<'_>| {
            Ok(Known { id: row.get(0)?, phone: row.get(1)?, name: row.get(2)?, created_at: row.get(3)? })
        };
        let mut found = Vec::new();
        if let Some(bsuid) = &sender.bsuid {
            let sql = format!(
                "SELECT {KNOWN} FROM contact_identity i \
                 JOIN contact c ON c.org_id = i.org_id AND c.id = i.contact_id \
                 WHERE i.org_id = $1 AND i.portfolio = $2 AND i.kind = $3 AND i.value = $4"
            );
            found.extend(self.tx.find(
                &sql,
                args![self.org, sender.portfolio, IdentityKind::Bsuid, bsuid],
                read,
            )?);
        }
        if let Some(phone) = &sender.phone
            && (phone_too || found.is_empty())
        {
            let sql = format!("SELECT {KNOWN} FROM contact c WHERE c.org_id = $1 AND c.phone = $2");
            found.extend(self.tx.find(&sql, args![self.org, phone], read)?);
        }
        Ok(found)
    }

    fn settle_sender(
        &mut self,
        mut found: Vec<Known>,
        sender: &Sender,
        now: Timestamp,
        new_id: ContactId,
    ) -> Result<Option<Resolved>> {
        if sender.phone.is_none() && sender.bsuid.is_none() {
            return Ok(None);
        }
        found.sort_by_key(|k| (k.created_at, k.id));
        found.dedup_by_key(|k| k.id);
        let mut found = found.into_iter();
        let Some(mut contact) = found.next() else {
            self.create_people(&[NewPerson::of(sender, new_id)], now)?;
            self.learn_identities(new_id, sender, now)?;
            return Ok(Some(Resolved { contact: new_id, created: true, merged: None }));
        };
        let mut merged = None;
        for younger in found {
            self.merge_contacts(&mut contact, &younger, now)?;
            merged = Some(younger.id);
        }
        if let Some(phone) = &sender.phone
            && contact.phone.as_deref() != Some(phone.as_str())
        {
            self.change_contact_phone(contact.id, phone, now)?;
        }
        if let Some(name) = &sender.name
            && contact.name.is_empty()
            && !name.trim().is_empty()
        {
            self.tx.execute(
                "UPDATE contact SET name = $3, name_fold = $4, updated_at = $5 WHERE org_id = $1 AND id = $2",
                args![self.org, contact.id, name.trim(), fold(name), now],
            )?;
        }
        self.learn_identities(contact.id, sender, now)?;
        Ok(Some(Resolved { contact: contact.id, created: false, merged }))
    }

    /// Writes people of whom nothing is known yet.
    pub(super) fn create_people(&mut self, new: &[NewPerson], now: Timestamp) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        self.note_change(Topic::Contacts);
        let folded: Vec<String> = new.iter().map(|n| fold(&n.name)).collect();
        let rows: Vec<[Arg<'_>; 11]> = new
            .iter()
            .zip(&folded)
            .map(|(n, name_fold)| {
                [
                    n.id.to_arg(),
                    n.phone.to_arg(),
                    n.region.to_arg(),
                    n.name.to_arg(),
                    name_fold.to_arg(),
                    Arg::Text(None),
                    Arg::Text(None),
                    Arg::Int(Some(ConsentState::Unknown.code())),
                    Arg::Int(Some(1)),
                    Arg::Int(Some(now.0)),
                    Arg::Int(Some(now.0)),
                ]
            })
            .collect();
        let written = NEW_CONTACTS.run(self.tx, self.org, &rows)?;
        if written < rows.len() as u64 { Err(met_another()) } else { Ok(()) }
    }

    /// Writes identities, each at most once. A user id that is somebody's by now was met by another node at the
    /// same moment; the other names pass on.
    pub(super) fn insert_identities(
        &mut self,
        learned: &[(Identity, ContactId)],
        now: Timestamp,
    ) -> Result<()> {
        let rows: Vec<[Arg<'_>; 5]> = learned
            .iter()
            .map(|(i, contact)| {
                let kind = i.kind.as_str().to_arg();
                [i.value.to_arg(), kind, i.portfolio.to_arg(), contact.to_arg(), Arg::Int(Some(now.0))]
            })
            .collect();
        let written = IDENTITIES.run(self.tx, self.org, &rows)?;
        if written < rows.len() as u64 { Err(met_another()) } else { Ok(()) }
    }

    /// Writes the identities that are new. An older one of the same kind and portfolio gives way.
    fn learn_identities(&mut self, id: ContactId, sender: &Sender, now: Timestamp) -> Result<()> {
        let known = self.tx.list(
            "SELECT kind, value FROM contact_identity WHERE org_id = $1 AND contact_id = $2 AND portfolio = $3",
            args![self.org, id, sender.portfolio],
            |row| Ok((row.get::<IdentityKind>(0)?, row.get::<String>(1)?)),
        )?;
        let mut learned = Vec::new();
        for told in sender.identities() {
            for (_, old) in known.iter().filter(|(kind, value)| *kind == told.kind && *value != told.value) {
                self.tx.execute(
                    "DELETE FROM contact_identity WHERE org_id = $1 AND portfolio = $2 AND kind = $3 AND value = $4",
                    args![self.org, sender.portfolio, told.kind, old],
                )?;
                if told.kind == IdentityKind::Bsuid {
                    let detail = serde_json::json!({ "from": old, "to": told.value });
                    self.note_history(id, now, HistoryKind::UserIdChanged, &detail)?;
                }
            }
            if !known.iter().any(|(kind, value)| *kind == told.kind && *value == told.value) {
                learned.push((told, id));
            }
        }
        self.insert_identities(&learned, now)
    }
}

/// Another node met the same person at the same moment. Run again, the transaction finds the contact.
fn met_another() -> Error {
    Error::Conflict("the same contact was being made elsewhere".to_owned())
}
