//! From senders to contacts, and contacts that turn out to be one person.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, org, phone, read, write};
use tisara_domain::{ContactId, Region, consent::ConsentState};
use tisara_store::{
    Store, args,
    consents::{Consent, MARKETING},
    contacts::{Contact, HistoryKind, IdentityKind, Resolved, Sender},
    contract,
};

fn sender(n: Option<u32>, bsuid: Option<&str>) -> Sender {
    Sender {
        portfolio: "p1".to_owned(),
        phone: n.map(phone),
        bsuid: bsuid.map(str::to_owned),
        ..Sender::default()
    }
}

async fn resolve(store: &Store, sender: Sender, seconds: i64, new_id: u32) -> Resolved {
    write(store, move |tx| tx.org(org()).resolve_contact(&sender, at(seconds), id(new_id))).await.unwrap()
}

async fn contact(store: &Store, n: u32) -> Option<Contact> {
    read(store, move |tx| tx.org(org()).find_contact(id(n))).await
}

fn identities(contact: &Contact) -> Vec<(IdentityKind, &str)> {
    contact.identities.iter().map(|i| (i.kind, i.value.as_str())).collect()
}

fn new(n: u32) -> Resolved {
    Resolved { contact: id(n), created: true, merged: None }
}

fn known(n: u32) -> Resolved {
    Resolved { contact: id(n), created: false, merged: None }
}

contract! {
    /// The first message makes a contact; later ones find it by either identity.
    async fn a_sender_becomes_one_contact(store) {
        furnish(store).await;
        let mut first = sender(Some(1), Some("LK.1"));
        (first.name, first.username) = (Some(" Nimal ".into()), Some("nimal".into()));
        assert_eq!(resolve(store, first, 1, 11).await, new(11));
        assert_eq!(resolve(store, sender(Some(1), Some("LK.1")), 2, 12).await, known(11));
        assert_eq!(resolve(store, sender(None, Some("LK.1")), 3, 13).await, known(11));
        assert_eq!(resolve(store, sender(Some(1), None), 4, 14).await, known(11));
        let c = contact(store, 11).await.unwrap();
        assert_eq!((c.name.as_str(), c.phone.as_deref(), c.region), ("Nimal", Some("+94770000001"), Some(Region::LK)));
        assert_eq!(identities(&c), [(IdentityKind::Bsuid, "LK.1"), (IdentityKind::Username, "nimal")]);
        assert!(read(store, |tx| tx.org(org()).list_contact_history(id(11))).await.is_empty());
    }
}

contract! {
    /// A sender without a number is a contact by its user id alone, in the country that the id names.
    async fn a_user_id_is_enough(store) {
        furnish(store).await;
        assert_eq!(resolve(store, sender(None, Some("IN.5")), 1, 11).await, new(11));
        let c = contact(store, 11).await.unwrap();
        assert_eq!((c.phone, c.region.map(|r| r.to_string()).as_deref()), (None, Some("IN")));
        assert_eq!(resolve(store, sender(None, Some("IN.6")), 1, 12).await, new(12), "numbers that are missing are not alike");
        let nobody = write(store, |tx| tx.org(org()).resolve_contact(&sender(None, None), at(1), id(13))).await;
        assert_eq!(nobody, None);
    }
}

contract! {
    /// The same user id in another portfolio, or in another organization, is another person.
    async fn user_ids_hold_within_a_portfolio(store) {
        furnish(store).await;
        assert_eq!(resolve(store, sender(None, Some("LK.1")), 1, 11).await, new(11));
        let other = Sender { portfolio: "p2".into(), ..sender(None, Some("LK.1")) };
        assert_eq!(resolve(store, other, 2, 12).await, new(12));
        let elsewhere = write(store, |tx| tx.org(id(2)).resolve_contact(&sender(Some(1), Some("LK.1")), at(3), id(13))).await;
        assert_eq!(elsewhere, Some(new(13)));
    }
}

contract! {
    /// A number that shows later joins the contact; a name never takes the place of another.
    async fn what_is_told_later_is_added(store) {
        furnish(store).await;
        resolve(store, sender(None, Some("LK.1")), 1, 11).await;
        let mut named = sender(Some(1), Some("LK.1"));
        named.name = Some("Nimal".into());
        assert_eq!(resolve(store, named.clone(), 2, 12).await, known(11));
        named.name = Some("Nimal the Great".into());
        resolve(store, named, 3, 12).await;
        let c = contact(store, 11).await.unwrap();
        assert_eq!((c.name.as_str(), c.phone.as_deref()), ("Nimal", Some("+94770000001")));
    }
}

contract! {
    /// Usernames pass on; a user id that changed leaves a trace.
    async fn names_pass_on_and_ids_leave_a_trace(store) {
        furnish(store).await;
        let with = |n, bsuid, name: &str| Sender { username: Some(name.to_owned()), ..sender(Some(n), Some(bsuid)) };
        resolve(store, with(1, "LK.1", "star"), 1, 11).await;
        resolve(store, with(2, "LK.2", "star"), 2, 12).await;
        assert_eq!(identities(&contact(store, 11).await.unwrap()), [(IdentityKind::Bsuid, "LK.1")]);
        resolve(store, with(2, "LK.3", "moon"), 3, 13).await;
        let c = contact(store, 12).await.unwrap();
        assert_eq!(identities(&c), [(IdentityKind::Bsuid, "LK.3"), (IdentityKind::Username, "moon")]);
        let history = read(store, |tx| tx.org(org()).list_contact_history(id(12))).await;
        assert_eq!((history.len(), history[0].kind, history[0].at), (1, HistoryKind::UserIdChanged, at(3)));
    }
}

/// Contact 11 with a number and contact 12 with a user id, both with all that a contact can have.
async fn two_that_are_one(store: &Store) {
    furnish(store).await;
    resolve(store, sender(Some(1), None), 1, 11).await;
    resolve(store, sender(None, Some("LK.1")), 2, 12).await;
    write(store, |tx| {
        let mut org = tx.org(org());
        for (contact, n, state) in [(12, 1, ConsentState::OptedOut), (11, 2, ConsentState::OptedIn)] {
            org.record_consent(&Consent {
                id: id(n),
                contact_id: id(contact),
                at: at(5),
                state,
                purpose: MARKETING.into(),
                source: "x".into(),
                wording: "y".into(),
            })?;
        }
        drop(org);
        let one = common::org();
        for (contact, label) in [(11, 1), (12, 1), (12, 2)] {
            tx.execute(
                "INSERT INTO contact_label (org_id, label_id, contact_id) VALUES ($1, $2, $3)",
                args![one, id::<tisara_domain::LabelId>(label), id::<ContactId>(contact)],
            )?;
        }
        for (contact, field, value) in [(11, 1, "kept"), (12, 1, "lost"), (12, 2, "added")] {
            tx.execute(
                "INSERT INTO contact_field (org_id, contact_id, field_id, value) VALUES ($1, $2, $3, $4)",
                args![one, id::<ContactId>(contact), id::<tisara_domain::FieldId>(field), value],
            )?;
        }
        tx.execute(
            "INSERT INTO recipient (org_id, campaign_id, seq, contact_id, address, state, reason, attempt) \
             VALUES ($1, $2, 0, $3, 'x', 3, 0, 1)",
            args![one, id::<tisara_domain::CampaignId>(1), id::<ContactId>(12)],
        )?;
        Ok(())
    })
    .await;
}

contract! {
    /// When a webhook shows that two contacts are one person, the younger goes up in the older with
    /// all it has, and an opt-out of either holds.
    async fn two_contacts_become_the_older_one(store) {
        two_that_are_one(store).await;
        let resolved = resolve(store, sender(Some(1), Some("LK.1")), 9, 13).await;
        assert_eq!(resolved, Resolved { contact: id(11), created: false, merged: Some(id(12)) });
        assert_eq!(contact(store, 12).await, None);
        let c = contact(store, 11).await.unwrap();
        assert_eq!(c.consent, ConsentState::OptedOut);
        assert_eq!(c.labels, [id(1), id(2)]);
        assert_eq!(c.fields, [(id(1), "kept".to_owned()), (id(2), "added".to_owned())]);
        assert_eq!(identities(&c), [(IdentityKind::Bsuid, "LK.1")]);
        assert_eq!(read(store, |tx| tx.org(org()).list_consents(id(11))).await.len(), 2);
        let of = read(store, |tx| tx.get("SELECT contact_id FROM recipient", &[], |r| r.get::<ContactId>(0))).await;
        assert_eq!(of, id(11));
        let history = read(store, |tx| tx.org(org()).list_contact_history(id(11))).await;
        assert_eq!((history.len(), history[0].kind), (1, HistoryKind::Merged));
        assert!(history[0].detail.contains(&id::<ContactId>(12).to_string()));
        assert_eq!(resolve(store, sender(Some(1), Some("LK.1")), 10, 14).await, known(11));
    }
}

contract! {
    /// Somebody who changes number stays the same contact, and joins one that stands under the new number.
    async fn a_changed_number_moves_the_contact(store) {
        furnish(store).await;
        resolve(store, sender(Some(1), Some("LK.1")), 1, 11).await;
        let moved = write(store, |tx| {
            tx.org(org()).move_contact(&sender(Some(1), Some("LK.1")), &sender(Some(2), Some("LK.2")), at(2), id(12))
        }).await;
        assert_eq!(moved, Some(known(11)));
        let c = contact(store, 11).await.unwrap();
        assert_eq!(c.phone.as_deref(), Some("+94770000002"));
        assert_eq!(identities(&c), [(IdentityKind::Bsuid, "LK.2")]);
        let kinds: Vec<_> = read(store, |tx| tx.org(org()).list_contact_history(id(11))).await.iter().map(|h| h.kind).collect();
        assert_eq!(kinds, [HistoryKind::UserIdChanged, HistoryKind::PhoneChanged]);

        // Told again, nothing changes; somebody new under the old number is somebody else.
        let again = write(store, |tx| {
            tx.org(org()).move_contact(&sender(None, Some("LK.1")), &sender(Some(2), Some("LK.2")), at(3), id(13))
        }).await;
        assert_eq!(again, Some(known(11)));
        assert_eq!(resolve(store, sender(Some(1), Some("LK.9")), 4, 14).await, new(14));
        let joined = write(store, |tx| {
            tx.org(org()).move_contact(&sender(None, Some("LK.2")), &sender(Some(1), Some("LK.9")), at(5), id(15))
        }).await;
        assert_eq!(joined, Some(Resolved { contact: id(11), created: false, merged: Some(id(14)) }));
        let c = contact(store, 11).await.unwrap();
        assert_eq!((c.phone.as_deref(), identities(&c)), (Some("+94770000001"), vec![(IdentityKind::Bsuid, "LK.9")]));
    }
}
