//! Importing contacts in bulk.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, org, phone, read, write};
use tisara_domain::consent::ConsentState;
use tisara_store::{
    Store,
    consents::{Consent, MARKETING},
    contacts::{Contact, Existing, Filter, ImportOutcome, ImportRow, ImportedConsent, RowChange},
    contract,
};

fn row(n: u32, phone_no: u32) -> ImportRow {
    ImportRow {
        id: id(n),
        phone: phone(phone_no),
        name: None,
        email: None,
        language: None,
        fields: vec![],
        labels: vec![],
        consent: None,
    }
}

fn agreed(n: u32, state: ConsentState) -> Option<ImportedConsent> {
    Some(ImportedConsent { id: id(n), state, source: "file".into(), wording: "newsletter form".into() })
}

fn full(n: u32, phone_no: u32) -> ImportRow {
    ImportRow {
        name: Some(format!("Name {phone_no}")),
        email: Some(format!("P{phone_no}@Example.com")),
        language: Some("si".to_owned()),
        fields: vec![(id(1), format!("city {phone_no}")), (id(2), "7".to_owned())],
        labels: vec![id(1), id(2)],
        consent: agreed(n, ConsentState::OptedIn),
        ..row(n, phone_no)
    }
}

async fn import(store: &Store, rows: Vec<ImportRow>, existing: Existing) -> ImportOutcome {
    write(store, move |tx| tx.org(org()).import_contacts(&rows, existing, at(9))).await
}

async fn all(store: &Store) -> Vec<Contact> {
    read(store, |tx| tx.org(org()).list_contacts(&Filter::default(), None, 10_000)).await
}

fn changes(outcome: &ImportOutcome) -> Vec<RowChange> {
    outcome.rows.iter().map(|r| r.change).collect()
}

use RowChange::{Inserted, Unchanged, Updated};

contract! {
    /// A new row becomes a contact with all the row says.
    async fn a_row_becomes_a_contact(store) {
        furnish(store).await;
        let outcome = import(store, vec![full(11, 1), row(12, 2)], Existing::Update).await;
        assert_eq!(changes(&outcome), [Inserted, Inserted]);
        assert_eq!((outcome.inserted, outcome.updated, outcome.unchanged), (2, 0, 0));
        let c = read(store, |tx| tx.org(org()).find_contact(id(11))).await.unwrap();
        assert_eq!((c.name.as_str(), c.phone.as_deref()), ("Name 1", Some("+94770000001")));
        assert_eq!((c.email.as_deref(), c.language.as_deref()), (Some("p1@example.com"), Some("si")));
        assert_eq!(c.region.unwrap().as_str(), "LK");
        assert_eq!(c.fields, [(id(1), "city 1".to_owned()), (id(2), "7".to_owned())]);
        assert_eq!(c.labels, [id(1), id(2)]);
        assert_eq!((c.consent, c.reachable, c.created_at), (ConsentState::OptedIn, true, at(9)));
        let ledger = read(store, |tx| tx.org(org()).list_consents(id(11))).await;
        assert_eq!(ledger.len(), 1);
        assert_eq!((ledger[0].source.as_str(), ledger[0].purpose.as_str(), ledger[0].at), ("file", MARKETING, at(9)));
        let bare = read(store, |tx| tx.org(org()).find_contact(id(12))).await.unwrap();
        assert_eq!((bare.name.as_str(), bare.consent, bare.fields.len()), ("", ConsentState::Unknown, 0));
    }
}

contract! {
    /// The same batch again changes nothing, whatever ids it brings.
    async fn importing_again_changes_nothing(store) {
        furnish(store).await;
        let batch = |from: u32| (1..=600).map(|n| full(from + n, n)).collect::<Vec<_>>();
        import(store, batch(1000), Existing::Update).await;
        let before = all(store).await;
        assert_eq!(before.len(), 600);
        let outcome = import(store, batch(5000), Existing::Update).await;
        assert_eq!((outcome.inserted, outcome.updated, outcome.unchanged), (0, 0, 600));
        assert_eq!(outcome.rows[41].contact, id(1042));
        assert_eq!(all(store).await, before);
        let entries = read(store, |tx| tx.get("SELECT count(*) FROM consent", &[], |r| r.get::<i64>(0))).await;
        assert_eq!(entries, 600);
    }
}

contract! {
    /// Existing contacts take over what the row says and keep the rest, or are left alone.
    async fn existing_contacts_are_updated_or_skipped(store) {
        furnish(store).await;
        import(store, vec![full(11, 1), full(12, 2), full(13, 3)], Existing::Update).await;
        let mut change = row(21, 1);
        change.name = Some("Amal".to_owned());
        change.fields = vec![(id(2), "8".to_owned()), (id(3), "new".to_owned())];
        change.labels = vec![id(1), id(3)];
        let mut label_only = row(22, 2);
        label_only.labels = vec![id(3)];
        let rows = vec![change, label_only, row(23, 3), row(24, 4)];

        let skipped = import(store, rows[..3].to_vec(), Existing::Skip).await;
        assert_eq!(changes(&skipped), [Unchanged, Unchanged, Unchanged]);
        let outcome = import(store, rows, Existing::Update).await;
        assert_eq!(changes(&outcome), [Updated, Updated, Unchanged, Inserted]);
        let c = read(store, |tx| tx.org(org()).find_contact(id(11))).await.unwrap();
        assert_eq!((c.name.as_str(), c.email.as_deref(), c.phone.as_deref()), ("Amal", Some("p1@example.com"), Some("+94770000001")));
        assert_eq!(c.fields, [(id(1), "city 1".to_owned()), (id(2), "8".to_owned()), (id(3), "new".to_owned())]);
        assert_eq!(c.labels, [id(1), id(2), id(3)]);
        let found = read(store, |tx| tx.org(org()).list_contacts(&Filter { search: Some("amal".into()), ..Filter::default() }, None, 9)).await;
        assert_eq!(found.len(), 1);
    }
}

contract! {
    /// A number that comes twice in a batch is one contact; the later row has the last word.
    async fn a_number_that_comes_twice_is_one_contact(store) {
        furnish(store).await;
        let mut later = row(12, 1);
        later.name = Some("Later".to_owned());
        later.fields = vec![(id(1), "second".to_owned())];
        let mut last = row(13, 1);
        last.fields = vec![(id(1), "third".to_owned())];
        last.consent = agreed(13, ConsentState::OptedOut);
        let batch = vec![full(11, 1), later, last.clone(), last, row(14, 2), row(15, 2)];
        let outcome = import(store, batch.clone(), Existing::Update).await;
        assert_eq!(changes(&outcome), [Inserted, Updated, Updated, Unchanged, Inserted, Unchanged]);
        assert!(outcome.rows[..4].iter().all(|r| r.contact == id(11)));
        let c = read(store, |tx| tx.org(org()).find_contact(id(11))).await.unwrap();
        assert_eq!((c.name.as_str(), c.consent), ("Later", ConsentState::OptedOut));
        assert_eq!(c.fields[0].1, "third");
        assert_eq!(all(store).await.len(), 2);
    }
}

contract! {
    /// A file never undoes what the person said: an opt-out stands.
    async fn an_opt_out_outlives_an_import(store) {
        furnish(store).await;
        import(store, vec![full(11, 1), full(12, 2)], Existing::Update).await;
        write(store, |tx| {
            tx.org(org()).record_consent(&Consent {
                id: id(90), contact_id: id(11), at: at(10), state: ConsentState::OptedOut,
                purpose: MARKETING.into(), source: "keyword".into(), wording: "STOP".into(),
            })
        }).await;
        let outcome = import(store, vec![full(21, 1), full(22, 2)], Existing::Update).await;
        assert_eq!(changes(&outcome), [Unchanged, Unchanged]);
        assert_eq!(outcome.rows.iter().map(|r| r.kept_opt_out).collect::<Vec<_>>(), [true, false]);
        let c = read(store, |tx| tx.org(org()).find_contact(id(11))).await.unwrap();
        assert_eq!(c.consent, ConsentState::OptedOut);
        let mut out = row(22, 2);
        out.consent = agreed(77, ConsentState::OptedOut);
        assert_eq!(changes(&import(store, vec![out], Existing::Update).await), [Updated]);
        assert_eq!(read(store, |tx| tx.org(org()).list_consents(id(12))).await.len(), 2);
    }
}

contract! {
    /// What is imported for one organization is nobody else's, and an empty batch is none.
    async fn organizations_import_apart(store) {
        furnish(store).await;
        import(store, vec![full(11, 1)], Existing::Update).await;
        let other = write(store, |tx| tx.org(id(2)).import_contacts(&[full(12, 1)], Existing::Update, at(1))).await;
        assert_eq!(other.inserted, 1);
        assert_eq!(all(store).await.len(), 1);
        assert_eq!(import(store, vec![], Existing::Update).await, ImportOutcome::default());
    }
}

contract! {
    /// Batches that share numbers may be imported at once.
    async fn imports_at_once_do_not_collide(store) {
        furnish(store).await;
        let tasks: Vec<_> = (0..4_u32).map(|t| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut rows: Vec<_> = (1..=300).map(|n| full(t * 1000 + n + 10_000, n)).collect();
                if t % 2 == 1 { rows.reverse(); }
                store.write(move |tx| tx.org(org()).import_contacts(&rows, Existing::Update, at(1))).await
            })
        }).collect();
        let mut inserted = 0;
        for task in tasks {
            inserted += task.await.unwrap().unwrap().inserted;
        }
        assert_eq!((inserted, all(store).await.len()), (300, 300));
    }
}
