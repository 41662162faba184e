//! Reading contacts: one, by what it is known by, and pages of them.

use super::{Contact, HistoryEntry, Identity, IdentityKind};
use crate::{
    OrgTx, Result, args,
    fold::{containing, fold},
    keys::{IN_MAX, last, padded, placeholders},
    seam::{Arg, Row, ToArg as _},
};
use std::{borrow::Cow, collections::HashMap};
use tisara_domain::{ContactId, LabelId, Phone, Region, consent::ConsentState};

/// Which contacts to list. All given conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of a name or email, or of a phone number in any way of writing it.
    pub search: Option<String>,
    /// A label that is on them.
    pub label: Option<LabelId>,
    /// What their ledger says.
    pub consent: Option<ConsentState>,
}

const COLUMNS: &str = "c.id, c.phone, c.region, c.name, c.email, c.language, c.consent, c.reachable, \
                       c.created_at, c.updated_at";

fn read(row: &Row<'_>) -> Result<Contact> {
    Ok(Contact {
        id: row.get(0)?,
        phone: row.get(1)?,
        region: row.get(2)?,
        name: row.get(3)?,
        email: row.get(4)?,
        language: row.get(5)?,
        consent: row.get(6)?,
        reachable: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
        labels: Vec::new(),
        fields: Vec::new(),
        identities: Vec::new(),
    })
}

/// Longer searches are cut: nobody's name goes on for that long.
const SEARCH_MAX_CHARS: usize = 100;
/// With so many digits a prefix leaves few enough numbers to read them from the index of phones.
const SELECTIVE_DIGITS: usize = 8;

impl OrgTx<'_, '_> {
    /// The contact of that id, with its labels, fields and identities.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_contact(&mut self, id: ContactId) -> Result<Option<Contact>> {
        let sql = format!("SELECT {COLUMNS} FROM contact c WHERE c.org_id = $1 AND c.id = $2");
        let org = self.org;
        self.find_one(&sql, args![org, id])
    }

    /// The contact with that phone number.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_contact_by_phone(&mut self, phone: &Phone) -> Result<Option<Contact>> {
        let sql = format!("SELECT {COLUMNS} FROM contact c WHERE c.org_id = $1 AND c.phone = $2");
        let org = self.org;
        self.find_one(&sql, args![org, phone])
    }

    /// The contact that Meta calls so within a portfolio.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_contact_by_identity(
        &mut self,
        portfolio: &str,
        kind: IdentityKind,
        value: &str,
    ) -> Result<Option<Contact>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM contact_identity i \
             JOIN contact c ON c.org_id = i.org_id AND c.id = i.contact_id \
             WHERE i.org_id = $1 AND i.portfolio = $2 AND i.kind = $3 AND i.value = $4"
        );
        let org = self.org;
        self.find_one(&sql, args![org, portfolio, kind, value])
    }

    fn find_one(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Option<Contact>> {
        let mut found = self.tx.list(sql, args, read)?;
        self.complete(&mut found)?;
        Ok(found.pop())
    }

    /// Up to `limit` contacts that pass the filter, newest first, from behind `after` on.
    ///
    /// A search reads on from there until the page is full, so a rare word in a great many contacts
    /// takes a while; nothing is read twice over the pages.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_contacts(
        &mut self,
        filter: &Filter,
        after: Option<ContactId>,
        limit: u32,
    ) -> Result<Vec<Contact>> {
        let search = filter.search.as_deref().map(str::trim).filter(|s| !s.is_empty());
        let search = match search {
            Some(text) => Some(self.understand(text)?),
            None => None,
        };
        let before = after.unwrap_or(last());
        let mut args = args![self.org, before, limit].to_vec();
        let mut place = |value: Arg<'static>| {
            args.push(value);
            format!("${}", args.len())
        };
        // With a label the page is read from the label's own key, which has the contacts in order.
        let (mut sql, key) = match filter.label {
            Some(label) => (
                format!(
                    "SELECT {COLUMNS} FROM contact_label l \
                     JOIN contact c ON c.org_id = l.org_id AND c.id = l.contact_id \
                     WHERE l.org_id = $1 AND l.label_id = {} AND l.contact_id < $2",
                    place(owned(&label.to_arg()))
                ),
                "l.contact_id",
            ),
            None => (format!("SELECT {COLUMNS} FROM contact c WHERE c.org_id = $1 AND c.id < $2"), "c.id"),
        };
        if let Some(consent) = filter.consent {
            sql.push_str(&format!(" AND c.consent = {}", place(owned(&consent.to_arg()))));
        }
        if let Some(search) = search {
            sql.push_str(&format!(" AND {}", search.condition(&mut place)));
        }
        sql.push_str(&format!(" ORDER BY {key} DESC LIMIT $3"));
        let mut found = self.tx.list(&sql, &args, read)?;
        self.complete(&mut found)?;
        Ok(found)
    }

    /// The contacts of these ids, newest first; those that are not there are passed over.
    ///
    /// # Errors
    /// As the database says.
    pub fn get_contacts(&mut self, ids: &[ContactId]) -> Result<Vec<Contact>> {
        let mut found = Vec::with_capacity(ids.len());
        for piece in ids.chunks(IN_MAX) {
            let piece = padded(piece);
            let mut args = args![self.org].to_vec();
            args.extend(piece.iter().map(|id| id.to_arg()));
            let list = placeholders(2, piece.len());
            let sql = format!("SELECT {COLUMNS} FROM contact c WHERE c.org_id = $1 AND c.id IN ({list})");
            found.extend(self.tx.list(&sql, &args, read)?);
        }
        found.sort_unstable_by_key(|c| std::cmp::Reverse(c.id));
        self.complete(&mut found)?;
        Ok(found)
    }

    /// What happened to a contact's identities, newest first.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_contact_history(&mut self, id: ContactId) -> Result<Vec<HistoryEntry>> {
        self.tx.list(
            "SELECT at, kind, detail FROM contact_history WHERE org_id = $1 AND contact_id = $2 \
             ORDER BY at DESC, kind DESC, detail DESC",
            args![self.org, id],
            |row| Ok(HistoryEntry { at: row.get(0)?, kind: row.get(1)?, detail: row.get(2)? }),
        )
    }

    /// Says what a text looks for. A whole number in the form of the organization's country is as good
    /// as an international one.
    fn understand(&mut self, text: &str) -> Result<Search> {
        let text: String = text.chars().take(SEARCH_MAX_CHARS).collect();
        let folded = fold(&text);
        let Some(digits) = digits(&text) else { return Ok(Search::Text(folded)) };
        let international = text.starts_with('+').then_some(&*digits).or(digits.strip_prefix("00"));
        if let Some(prefix) = international {
            return Ok(if prefix.len() >= SELECTIVE_DIGITS {
                Search::Phone(format!("+{prefix}"))
            } else {
                Search::Digits { pattern: format!("+{prefix}%"), folded }
            });
        }
        let org = self.org;
        let region: Option<Region> =
            self.tx.find("SELECT default_region FROM organization WHERE id = $1", args![org], |row| {
                row.get(0)
            })?;
        if let Some(Ok(phone)) = region.map(|region| Phone::parse(&digits, region)) {
            return Ok(Search::Phone(phone.as_str().to_owned()));
        }
        // A national number begins with a zero that the international form leaves out.
        Ok(Search::Digits { pattern: format!("%{}%", digits.trim_start_matches('0')), folded })
    }

    /// Reads the labels, fields and identities of a page in one statement each.
    fn complete(&mut self, contacts: &mut [Contact]) -> Result<()> {
        for page in contacts.chunks_mut(IN_MAX) {
            let ids = padded(&page.iter().map(|c| c.id).collect::<Vec<_>>());
            let by_id: HashMap<ContactId, usize> = page.iter().enumerate().map(|(i, c)| (c.id, i)).collect();
            let mut args = args![self.org].to_vec();
            args.extend(ids.iter().map(|id| id.to_arg()));
            let list = placeholders(2, ids.len());
            let sql = |what: &str, table: &str, order: &str| {
                format!(
                    "SELECT contact_id, {what} FROM {table} WHERE org_id = $1 AND contact_id IN ({list}) \
                     ORDER BY contact_id, {order}"
                )
            };
            self.tx.for_each(&sql("label_id", "contact_label", "label_id"), &args, |row| {
                if let Some(i) = by_id.get(&row.get(0)?) {
                    page[*i].labels.push(row.get(1)?);
                }
                Ok::<(), crate::Error>(())
            })?;
            self.tx.for_each(&sql("field_id, value", "contact_field", "field_id"), &args, |row| {
                if let Some(i) = by_id.get(&row.get(0)?) {
                    page[*i].fields.push((row.get(1)?, row.get(2)?));
                }
                Ok::<(), crate::Error>(())
            })?;
            let order = "portfolio, kind, value";
            self.tx.for_each(&sql(order, "contact_identity", order), &args, |row| {
                if let Some(i) = by_id.get(&row.get(0)?) {
                    let identity = Identity { portfolio: row.get(1)?, kind: row.get(2)?, value: row.get(3)? };
                    page[*i].identities.push(identity);
                }
                Ok::<(), crate::Error>(())
            })?;
        }
        Ok(())
    }
}

/// What somebody looks for.
enum Search {
    /// A part of a name or an email address, folded.
    Text(String),
    /// The beginning of an international number, `+` and enough digits to be read from the index.
    Phone(String),
    /// A pattern that the phone number matches; it may also be part of a name.
    Digits { pattern: String, folded: String },
}

impl Search {
    /// The condition in SQL.
    fn condition(self, place: &mut impl FnMut(Arg<'static>) -> String) -> String {
        let mut place = |value: String| place(Arg::Text(Some(Cow::Owned(value))));
        match self {
            Self::Text(folded) => {
                let part = place(containing(&folded));
                format!("(c.name_fold LIKE {part} ESCAPE '\\' OR c.email LIKE {part} ESCAPE '\\')")
            }
            // ':' is the sign behind '9'. By way of the ids, so that SQLite takes the index of phones
            // instead of the order of the list.
            Self::Phone(prefix) => {
                let (to, from) = (place(format!("{prefix}:")), place(prefix));
                format!(
                    "c.id IN (SELECT p.id FROM contact p WHERE p.org_id = $1 AND p.phone >= {from} AND p.phone < {to})"
                )
            }
            Self::Digits { pattern, folded } => {
                let (phone, part) = (place(pattern), place(containing(&folded)));
                format!("(c.phone LIKE {phone} OR c.name_fold LIKE {part} ESCAPE '\\')")
            }
        }
    }
}

/// The digits of a text that consists of nothing else but the signs people put between them.
fn digits(text: &str) -> Option<String> {
    let mut digits = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' | ' ' | '-' | '(' | ')' | '.' | '/' | '\u{A0}' => {}
            _ => return None,
        }
    }
    (digits.len() >= 3).then_some(digits)
}

fn owned(arg: &Arg<'_>) -> Arg<'static> {
    match arg {
        Arg::Int(v) => Arg::Int(*v),
        Arg::Real(v) => Arg::Real(*v),
        Arg::Id(v) => Arg::Id(*v),
        Arg::Text(v) => Arg::Text(v.as_deref().map(|t| Cow::Owned(t.to_owned()))),
        Arg::Bytes(v) => Arg::Bytes(v.as_deref().map(|b| Cow::Owned(b.to_vec()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_be_a_number_has_digits() {
        assert_eq!(digits("+94 (77) 123-4567").as_deref(), Some("94771234567"));
        assert_eq!(digits("077 1"), Some("0771".to_owned()));
        assert_eq!(digits("54"), None);
        assert_eq!(digits("Studio 540"), None);
    }
}
