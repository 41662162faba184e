//! Contacts: finding, listing, changing, erasing.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, org, phone, read, write};
use tisara_domain::{Phone, Region, consent::ConsentState};
use tisara_store::{
    Error, OrgTx, Result, Store,
    consents::{Consent, MARKETING},
    contacts::{ContactChange, Filter, HistoryKind, IdentityKind, NewContact, Sender},
    contract,
    fields::{Field, FieldKind},
    labels::Label,
};

fn contact(n: u32, name: &str) -> NewContact {
    NewContact {
        id: id(n),
        phone: phone(n),
        name: name.to_owned(),
        email: None,
        language: None,
        fields: vec![],
    }
}

fn label(n: u32, name: &str) -> Label {
    Label { id: id(n), name: name.to_owned(), created_at: at(0) }
}

fn field(n: u32, name: &str) -> Field {
    Field { id: id(n), name: name.to_owned(), kind: FieldKind::Text, created_at: at(0) }
}

fn says(contact: u32, n: u32, state: ConsentState) -> Consent {
    Consent {
        id: id(n),
        contact_id: id(contact),
        at: at(i64::from(n)),
        state,
        purpose: MARKETING.to_owned(),
        source: "test".to_owned(),
        wording: "I agree".to_owned(),
    }
}

async fn people(store: &Store, names: &'static [&'static str]) {
    furnish(store).await;
    write(store, move |tx| {
        for (n, name) in (1..).zip(names) {
            tx.org(org()).create_contact(&contact(n, name), at(0))?;
        }
        Ok(())
    })
    .await;
}

async fn found(store: &Store, filter: Filter) -> Vec<String> {
    let list = read(store, move |tx| tx.org(org()).list_contacts(&filter, None, 100)).await;
    list.into_iter().map(|c| c.name).collect()
}

fn search(text: &str) -> Filter {
    Filter { search: Some(text.to_owned()), ..Filter::default() }
}

contract! {
    /// A contact comes back whole: values, labels, identities.
    async fn a_contact_is_found_whole(store) {
        furnish(store).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            org.create_label(&label(1, "VIP"))?;
            org.create_field(&field(1, "city"))?;
            let mut new = contact(1, "Nimal");
            new.email = Some(" Nimal@Example.LK ".to_owned());
            new.language = Some("si".to_owned());
            new.fields = vec![(id(1), "Galle".to_owned())];
            org.create_contact(&new, at(3))?;
            org.label_contacts(id(1), &[id(1)])?;
            org.resolve_contact(&Sender { portfolio: "p1".into(), phone: Some(phone(1)), bsuid: Some("LK.7".into()), ..Sender::default() }, at(4), id(50))
        }).await;
        let c = read(store, |tx| tx.org(org()).find_contact(id(1))).await.unwrap();
        assert_eq!(c.phone.as_deref(), Some("+94770000001"));
        assert_eq!(c.region, Some(Region::LK));
        assert_eq!((c.name.as_str(), c.email.as_deref(), c.language.as_deref()), ("Nimal", Some("nimal@example.lk"), Some("si")));
        assert_eq!((c.consent, c.reachable, c.created_at), (ConsentState::Unknown, true, at(3)));
        assert_eq!((c.labels.clone(), c.fields.clone()), (vec![id(1)], vec![(id(1), "Galle".to_owned())]));
        assert_eq!(c.identities.iter().map(|i| (i.kind, i.value.as_str())).collect::<Vec<_>>(), [(IdentityKind::Bsuid, "LK.7")]);

        let by_phone = read(store, |tx| tx.org(org()).find_contact_by_phone(&phone(1))).await;
        let by_id = read(store, |tx| tx.org(org()).find_contact_by_identity("p1", IdentityKind::Bsuid, "LK.7")).await;
        assert_eq!((by_phone.as_ref(), by_id.as_ref()), (Some(&c), Some(&c)));
        assert_eq!(read(store, |tx| tx.org(org()).find_contact_by_identity("p2", IdentityKind::Bsuid, "LK.7")).await, None);
        assert_eq!(read(store, |tx| tx.org(id(2)).find_contact(id(1))).await, None);
        assert_eq!(read(store, |tx| tx.org(id(2)).find_contact_by_phone(&phone(1))).await, None);
    }
}

contract! {
    /// Pages go from new to old and neither repeat nor miss anyone.
    async fn contacts_are_paged(store) {
        people(store, &["a", "b", "c", "d", "e"]).await;
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = read(store, move |tx| tx.org(org()).list_contacts(&Filter::default(), after, 2)).await;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            seen.extend(page.into_iter().map(|c| c.name));
        }
        assert_eq!(seen, ["e", "d", "c", "b", "a"]);
        assert!(read(store, |tx| tx.org(id(2)).list_contacts(&Filter::default(), None, 9)).await.is_empty());
    }
}

contract! {
    /// A name is found by any part of it in any capitals and script; signs of patterns are plain text.
    async fn names_are_searched(store) {
        people(store, &["Élodie Perera", "NIMAL Silva", "ශ්\u{200D}රීමතී", "50% off_er", "50 off-er", "நிமல்"]).await;
        assert_eq!(found(store, search("élodie")).await, ["Élodie Perera"]);
        assert_eq!(found(store, search("E\u{301}LOD")).await, ["Élodie Perera"]);
        assert_eq!(found(store, search("mal sil")).await, ["NIMAL Silva"]);
        assert_eq!(found(store, search("ශ්රී")).await, ["ශ්\u{200D}රීමතී"]);
        assert_eq!(found(store, search("நிம")).await, ["நிமல்"]);
        assert_eq!(found(store, search("0%")).await, ["50% off_er"]);
        assert_eq!(found(store, search("f_e")).await, ["50% off_er"]);
        assert_eq!(found(store, search("'; DROP")).await, Vec::<String>::new());
        assert_eq!(found(store, search("  ")).await.len(), 6);
    }
}

contract! {
    /// A phone number is found in whichever way it is typed, whole or in part.
    async fn phones_are_searched_as_people_type_them(store) {
        people(store, &["a", "b"]).await;
        for whole in ["+94 77 000 0002", "0094770000002", "077-000 0002", "94770000002", "(077) 0000002"] {
            assert_eq!(found(store, search(whole)).await, ["b"], "{whole}");
        }
        for part in ["+94 77", "077 000", "0094770", "7700000"] {
            assert_eq!(found(store, search(part)).await, ["b", "a"], "{part}");
        }
        assert_eq!(found(store, search("+77")).await, Vec::<String>::new());
    }
}

contract! {
    /// Label, consent and search narrow the list together.
    async fn filters_are_combined(store) {
        people(store, &["Anna", "Anton", "Berta", "Anneli"]).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            org.create_label(&label(1, "VIP"))?;
            org.label_contacts(id(1), &[id(1), id(2), id(3)])?;
            for c in [1, 3, 4] { org.record_consent(&says(c, c + 10, ConsentState::OptedIn))?; }
            org.record_consent(&says(2, 20, ConsentState::OptedOut))
        }).await;
        let vip = Filter { label: Some(id(1)), ..Filter::default() };
        assert_eq!(found(store, vip.clone()).await, ["Berta", "Anton", "Anna"]);
        let agreed = Filter { consent: Some(ConsentState::OptedIn), ..Filter::default() };
        assert_eq!(found(store, agreed).await, ["Anneli", "Berta", "Anna"]);
        let all = Filter { search: Some("an".into()), label: Some(id(1)), consent: Some(ConsentState::OptedIn) };
        assert_eq!(found(store, all).await, ["Anna"]);
        let next = read(store, move |tx| tx.org(org()).list_contacts(&vip, Some(id(2)), 9)).await;
        assert_eq!(next.len(), 1);
    }
}

contract! {
    /// Changes touch what they name; another number goes with an entry in the history.
    async fn a_contact_is_changed(store) {
        people(store, &["a", "b"]).await;
        let changed = write(store, |tx| {
            let mut org = tx.org(org());
            org.create_field(&field(1, "city"))?;
            let change = ContactChange {
                name: Some("Amal".into()),
                phone: Some(phone(9)),
                email: Some(Some("A@b.c".into())),
                language: Some(None),
                fields: vec![(id(1), Some("Kandy".into()))],
            };
            org.note_unreachable(id(1), at(6))?;
            org.update_contact(id(1), &change, at(7))
        }).await;
        assert!(changed);
        let c = read(store, |tx| tx.org(org()).find_contact(id(1))).await.unwrap();
        assert_eq!((c.name.as_str(), c.phone.as_deref(), c.updated_at), ("Amal", Some("+94770000009"), at(7)));
        assert!(c.reachable, "a new number has yet to show");
        assert_eq!(found(store, search("amal")).await, ["Amal"]);
        let history = read(store, |tx| tx.org(org()).list_contact_history(id(1))).await;
        assert_eq!(history.len(), 1);
        assert_eq!(history[0].kind, HistoryKind::PhoneChanged);
        assert!(history[0].detail.contains("+94770000001"));

        write(store, |tx| tx.org(org()).update_contact(id(1), &ContactChange { fields: vec![(id(1), None)], ..ContactChange::default() }, at(8))).await;
        let c = read(store, |tx| tx.org(org()).find_contact(id(1))).await.unwrap();
        assert_eq!((c.fields, c.email.as_deref()), (vec![], Some("a@b.c")));
        assert!(!write(store, |tx| tx.org(id(2)).update_contact(id(1), &ContactChange::default(), at(8))).await);
        let taken = store.write(|tx| tx.org(org()).update_contact(id(1), &ContactChange { phone: Some(phone(2)), ..ContactChange::default() }, at(9))).await;
        assert!(matches!(taken, Err(Error::Duplicate { .. })));
        let taken = store.write(|tx| tx.org(org()).create_contact(&NewContact { phone: phone(2), ..contact(5, "x") }, at(9))).await;
        assert!(matches!(taken, Err(Error::Duplicate { .. })));
    }
}

contract! {
    /// The ledger keeps every entry; the contact has the newest one's state.
    async fn consent_is_a_ledger(store) {
        people(store, &["a"]).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            org.record_consent(&says(1, 1, ConsentState::OptedIn))?;
            org.record_consent(&says(1, 2, ConsentState::OptedOut))
        }).await;
        let c = read(store, |tx| tx.org(org()).find_contact(id(1))).await.unwrap();
        assert_eq!(c.consent, ConsentState::OptedOut);
        let ledger = read(store, |tx| tx.org(org()).list_consents(id(1))).await;
        assert_eq!(ledger, [says(1, 2, ConsentState::OptedOut), says(1, 1, ConsentState::OptedIn)]);
        assert!(!write(store, |tx| tx.org(org()).record_consent(&says(7, 3, ConsentState::OptedIn))).await);
        assert!(read(store, |tx| tx.org(org()).list_consents(id(7))).await.is_empty());
    }
}

contract! {
    /// Erasing leaves nothing about the person, and everything about others.
    async fn an_erased_contact_leaves_nothing(store) {
        people(store, &["a", "b"]).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            org.create_label(&label(1, "VIP"))?;
            org.create_field(&field(1, "city"))?;
            org.label_contacts(id(1), &[id(1), id(2)])?;
            for c in [1, 2] {
                org.update_contact(id(c), &ContactChange { fields: vec![(id(1), Some("x".into()))], phone: Some(phone(c + 100)), ..ContactChange::default() }, at(1))?;
                org.record_consent(&says(c, c, ConsentState::OptedIn))?;
            }
            Ok(())
        }).await;
        assert!(write(store, |tx| tx.org(org()).delete_contact(id(1))).await);
        assert!(!write(store, |tx| tx.org(org()).delete_contact(id(1))).await);
        let left = read(store, |tx| {
            let mut left = Vec::new();
            for table in ["contact_label", "contact_field", "consent", "contact_history"] {
                left.push(tx.list(&format!("SELECT contact_id FROM {table}"), &[], |r| r.get::<tisara_domain::ContactId>(0))?);
            }
            Ok(left)
        }).await;
        assert!(left.iter().all(|rows| *rows == [id(2)]), "{left:?}");
        assert_eq!(found(store, Filter::default()).await, ["b"]);
    }
}

contract! {
    /// Labels have one name whatever its capitals, and come and go with their contacts' marks.
    async fn labels_are_put_on_and_taken_off(store) {
        people(store, &["a", "b", "c"]).await;
        let newly = write(store, |tx| {
            let mut org = tx.org(org());
            org.create_label(&label(1, "Zahlt"))?;
            org.create_label(&label(2, "apart"))?;
            org.create_label(&label(3, "Élite"))?;
            org.label_contacts(id(1), &[id(1)])?;
            Ok((org.label_contacts(id(1), &[id(1), id(2), id(77), id(2)])?, org.label_contacts(id(9), &[id(1)])?))
        }).await;
        assert_eq!(newly, (1, 0), "known marks, missing contacts and missing labels do not count");
        let twice = store.write(|tx| tx.org(org()).create_label(&label(4, " ÉLITE "))).await;
        assert!(matches!(twice, Err(Error::Duplicate { .. })));
        let names = |list: Vec<Label>| list.into_iter().map(|l| l.name).collect::<Vec<_>>();
        assert_eq!(names(read(store, |tx| tx.org(org()).list_labels(None, 9)).await), ["apart", "Zahlt", "Élite"]);
        assert_eq!(names(read(store, |tx| tx.org(org()).list_labels(Some("APART"), 1)).await), ["Zahlt"]);
        assert_eq!(read(store, |tx| tx.org(org()).find_label_by_name("élite")).await.unwrap().id, id(3));
        assert_eq!(read(store, |tx| tx.org(org()).find_label(id(3))).await.unwrap().name, "Élite");
        assert_eq!(read(store, |tx| tx.org(id(2)).find_label(id(3))).await, None);

        assert_eq!(write(store, |tx| tx.org(org()).unlabel_contacts(id(1), &[id(2), id(3)])).await, 1);
        assert!(write(store, |tx| tx.org(org()).delete_label(id(1))).await);
        assert!(!write(store, |tx| tx.org(org()).delete_label(id(1))).await);
        assert!(read(store, |tx| tx.org(org()).find_contact(id(1))).await.unwrap().labels.is_empty());
    }
}

contract! {
    /// Many contacts are labelled at once, in pieces.
    async fn a_label_goes_on_many(store) {
        furnish(store).await;
        let n = write(store, |tx| {
            let mut org: OrgTx<'_, '_> = tx.org(org());
            org.create_label(&label(1, "all"))?;
            let ids = (1..=600).map(|n| { org.create_contact(&contact(n, ""), at(0))?; Ok(id(n)) }).collect::<Result<Vec<_>>>()?;
            org.label_contacts(id(1), &ids)
        }).await;
        assert_eq!(n, 600);
    }
}

contract! {
    /// Fields have unique names and vanish with their values.
    async fn fields_are_defined_and_deleted(store) {
        people(store, &["a"]).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            org.create_field(&field(1, "city"))?;
            org.create_field(&Field { kind: FieldKind::Date, ..field(2, "birthday") })?;
            org.update_contact(id(1), &ContactChange { fields: vec![(id(1), Some("x".into())), (id(2), Some("2000-01-01".into()))], ..ContactChange::default() }, at(1))
        }).await;
        let twice = store.write(|tx| tx.org(org()).create_field(&field(3, "city"))).await;
        assert!(matches!(twice, Err(Error::Duplicate { .. })));
        let names: Vec<_> = read(store, |tx| tx.org(org()).list_fields(None, 9)).await.into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["birthday", "city"]);
        assert_eq!(read(store, |tx| tx.org(org()).list_fields(Some("birthday"), 9)).await.len(), 1);
        assert_eq!(read(store, |tx| tx.org(org()).find_field_by_name("birthday")).await.unwrap().kind, FieldKind::Date);
        assert_eq!(read(store, |tx| tx.org(org()).find_field(id(2))).await.unwrap().name, "birthday");
        assert!(write(store, |tx| tx.org(org()).delete_field(id(1))).await);
        let c = read(store, |tx| tx.org(org()).find_contact(id(1))).await.unwrap();
        assert_eq!(c.fields, [(id(2), "2000-01-01".to_owned())]);
    }
}

#[test]
fn phones_of_the_tests_are_real() {
    assert!(Phone::parse("0770000001", Region::LK).is_ok());
}
