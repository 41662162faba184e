//! The people that a batch of webhooks tells of: looked up together, and written together as far as they are plain.
//!
//! Plain is a sender who is one contact or none, and tells nothing that takes the place of something known.
//! Everybody else (a changed number or identity, two contacts that are one, a name that passes on) is
//! [`Met::Unclear`] and goes through [`OrgTx::resolve_contact`] alone.
//!
//! What is kept here is never wrong: of every number and identity that a sender of the batch told, whose it
//! is, and of every contact that was met, all of its identities.

use super::{Identity, IdentityKind, Sender, resolve::NewPerson};
use crate::{
    OrgTx, Result, args,
    forks::{Lookup, write_contact_names},
    seam::{Arg, ToArg as _},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tisara_domain::{ContactId, Phone, Timestamp};

const BY_PHONE: Lookup =
    Lookup { columns: "id, phone, name", table: "contact", also: "", by: ("phone", "text") };
const BY_ID: Lookup = Lookup { by: ("id", "uuid"), ..BY_PHONE };
const OWNERS: Lookup = Lookup {
    columns: "contact_id",
    table: "contact_identity",
    also: "AND portfolio = $2 AND kind = $3",
    by: ("value", "text"),
};
const IDENTITIES_OF: Lookup = Lookup {
    columns: "contact_id, portfolio, kind, value",
    table: "contact_identity",
    also: "",
    by: ("contact_id", "uuid"),
};

/// Who a sender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// It has neither a number nor a user id.
    Nobody,
    /// This contact; perhaps it has yet to be written.
    Contact(ContactId),
    /// To be resolved alone, after all that came before was written.
    Unclear,
}

#[derive(Debug)]
struct Person {
    phone: Option<String>,
    is_named: bool,
    identities: Vec<Identity>,
    /// Something about it waits to be written before anything else is.
    is_held: bool,
}

/// The people of a batch as they are after all that was met so far, and what of that is not written yet.
#[derive(Debug, Default)]
pub(crate) struct People {
    persons: HashMap<ContactId, Person>,
    by_phone: HashMap<String, ContactId>,
    by_identity: BTreeMap<Identity, ContactId>,
    new: Vec<NewPerson>,
    learned: Vec<(Identity, ContactId)>,
    names: Vec<(ContactId, String)>,
    held: Vec<ContactId>,
}

impl Sender {
    /// What it is called beside its number.
    pub(super) fn identities(&self) -> impl Iterator<Item = Identity> {
        let told = [
            (IdentityKind::Bsuid, &self.bsuid),
            (IdentityKind::ParentBsuid, &self.parent_bsuid),
            (IdentityKind::Username, &self.username),
        ];
        told.into_iter().filter_map(|(kind, value)| {
            Some(Identity { portfolio: self.portfolio.clone(), kind, value: value.clone()? })
        })
    }
}

impl People {
    /// Says who a sender is and notes what it tells anew. `new_id` becomes the contact if there is none.
    pub(crate) fn meet(&mut self, sender: &Sender, before: Option<&Sender>, new_id: ContactId) -> Met {
        if sender.phone.is_none() && sender.bsuid.is_none() {
            return Met::Nobody;
        }
        if before.is_some() {
            return Met::Unclear;
        }
        let by_phone = sender.phone.as_ref().and_then(|phone| self.by_phone.get(phone.as_str())).copied();
        let mut found = by_phone;
        let mut learned = Vec::new();
        for identity in sender.identities() {
            match self.by_identity.get(&identity) {
                // The user id comes first and may find somebody whose number was not told.
                Some(owner) if identity.kind == IdentityKind::Bsuid && by_phone.is_none() => {
                    found = Some(*owner);
                }
                Some(owner) if found == Some(*owner) => {}
                Some(_) => return Met::Unclear,
                None => learned.push(identity.clone()),
            }
            if found.and_then(|id| self.persons.get(&id)).is_some_and(|p| p.is_called_otherwise(&identity)) {
                return Met::Unclear;
            }
        }
        let contact = found.unwrap_or(new_id);
        match found.and_then(|id| self.persons.get_mut(&id)) {
            None => self.add(NewPerson::of(sender, new_id)),
            Some(person) => {
                let told = sender.phone.as_ref().map(Phone::as_str);
                if told.is_some() && told != person.phone.as_deref() {
                    return Met::Unclear;
                }
                let name = sender.name.as_deref().map_or("", str::trim);
                if !person.is_named && !name.is_empty() {
                    if person.is_held {
                        return Met::Unclear;
                    }
                    person.is_named = true;
                    self.names.push((contact, name.to_owned()));
                }
            }
        }
        for identity in learned {
            if let Some(person) = self.persons.get_mut(&contact) {
                person.identities.push(identity.clone());
            }
            self.by_identity.insert(identity.clone(), contact);
            self.learned.push((identity, contact));
        }
        Met::Contact(contact)
    }

    /// Says that something else about a contact waits to be written, before whatever may change in its row.
    pub(crate) fn hold(&mut self, contact: ContactId) {
        if let Some(person) = self.persons.get_mut(&contact) {
            person.is_held = true;
            self.held.push(contact);
        }
    }

    fn add(&mut self, new: NewPerson) {
        let phone = new.phone.as_ref().map(|p| p.as_str().to_owned());
        self.by_phone.extend(phone.clone().map(|phone| (phone, new.id)));
        let is_named = !new.name.is_empty();
        self.persons.insert(new.id, Person { phone, is_named, identities: Vec::new(), is_held: false });
        self.new.push(new);
    }

    /// Forgets contacts and all they are known by.
    fn forget(&mut self, contacts: &BTreeSet<ContactId>) {
        for contact in contacts {
            let Some(person) = self.persons.remove(contact) else { continue };
            if let Some(phone) = person.phone {
                self.by_phone.remove(&phone);
            }
            for identity in person.identities {
                self.by_identity.remove(&identity);
            }
        }
    }
}

impl Person {
    fn is_called_otherwise(&self, told: &Identity) -> bool {
        self.identities
            .iter()
            .any(|i| i.kind == told.kind && i.portfolio == told.portfolio && i.value != told.value)
    }
}

impl OrgTx<'_, '_> {
    /// Looks senders up: whose their numbers and identities are.
    pub(crate) fn look_up_people<'s>(
        &mut self,
        people: &mut People,
        senders: impl Iterator<Item = &'s Sender> + Clone,
    ) -> Result<()> {
        let phones: BTreeSet<&str> =
            senders.clone().filter_map(|s| s.phone.as_ref()).map(Phone::as_str).collect();
        let phones: Vec<Arg<'_>> = phones.into_iter().map(|phone| phone.to_arg()).collect();
        self.load_persons(people, &BY_PHONE, &phones)?;

        let mut told: BTreeMap<(String, IdentityKind), BTreeSet<String>> = BTreeMap::new();
        for identity in senders.flat_map(Sender::identities).filter(|i| !people.by_identity.contains_key(i)) {
            told.entry((identity.portfolio, identity.kind)).or_default().insert(identity.value);
        }
        let mut owners = BTreeSet::new();
        for ((portfolio, kind), values) in told {
            let values: Vec<Arg<'_>> = values.iter().map(|value| value.to_arg()).collect();
            OWNERS.for_each(self, args![portfolio, kind], &values, |row| {
                owners.insert(row.get(0)?);
                Ok(())
            })?;
        }
        self.load_people(people, &owners)
    }

    /// Resolves a sender alone, when everything before it was written.
    pub(crate) fn resolve_unclear(
        &mut self,
        people: &mut People,
        sender: &Sender,
        before: Option<&Sender>,
        now: Timestamp,
        new_id: ContactId,
    ) -> Result<Option<ContactId>> {
        // Whoever bears one of these names, or bore it, may be somebody else afterwards.
        let mut touched = BTreeSet::new();
        for told in before.into_iter().chain([sender]) {
            touched.extend(told.phone.as_ref().and_then(|p| people.by_phone.get(p.as_str())));
            touched.extend(told.identities().filter_map(|i| people.by_identity.get(&i).copied()));
        }
        let resolved = match before {
            None => self.resolve_contact(sender, now, new_id)?,
            Some(before) => self.move_contact(before, sender, now, new_id)?,
        };
        touched.extend(resolved.map(|r| r.contact));
        people.forget(&touched);
        self.load_people(people, &touched)?;
        Ok(resolved.map(|r| r.contact))
    }

    /// Writes what is not written yet.
    pub(crate) fn write_people(&mut self, people: &mut People, now: Timestamp) -> Result<()> {
        self.create_people(&std::mem::take(&mut people.new), now)?;
        self.insert_identities(&std::mem::take(&mut people.learned), now)?;
        let mut names = std::mem::take(&mut people.names);
        names.sort_unstable_by_key(|(contact, _)| *contact);
        write_contact_names(self, &names, now)?;
        for contact in people.held.drain(..) {
            if let Some(person) = people.persons.get_mut(&contact) {
                person.is_held = false;
            }
        }
        Ok(())
    }

    fn load_people(&mut self, people: &mut People, contacts: &BTreeSet<ContactId>) -> Result<()> {
        let ids: Vec<Arg<'_>> = contacts.iter().map(|contact| contact.to_arg()).collect();
        self.load_persons(people, &BY_ID, &ids)
    }

    /// Reads contacts with their identities.
    fn load_persons(&mut self, people: &mut People, by: &Lookup, values: &[Arg<'_>]) -> Result<()> {
        let mut loaded: Vec<ContactId> = Vec::new();
        by.for_each(self, &[], values, |row| {
            let (id, phone): (ContactId, Option<String>) = (row.get(0)?, row.get(1)?);
            let is_named = !row.get::<&str>(2)?.is_empty();
            people.by_phone.extend(phone.clone().map(|phone| (phone, id)));
            people.persons.insert(id, Person { phone, is_named, identities: Vec::new(), is_held: false });
            loaded.push(id);
            Ok(())
        })?;
        let ids: Vec<Arg<'_>> = loaded.iter().map(|id| id.to_arg()).collect();
        IDENTITIES_OF.for_each(self, &[], &ids, |row| {
            let contact: ContactId = row.get(0)?;
            let identity = Identity { portfolio: row.get(1)?, kind: row.get(2)?, value: row.get(3)? };
            if let Some(person) = people.persons.get_mut(&contact) {
                person.identities.push(identity.clone());
            }
            people.by_identity.insert(identity, contact);
            Ok(())
        })
    }
}
