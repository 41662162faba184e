//! The operator's staff and their visits.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, id, org, read, write};
use tisara_store::{contract, users::User, visits::NewVisit};

fn visit(n: u32, ends: i64) -> NewVisit {
    NewVisit {
        id: id(n),
        user_id: id(1),
        reason: "They asked.".to_owned(),
        begins_at: at(0),
        ends_at: at(ends),
    }
}

contract! {
    /// Staff look into an organization while a visit lasts and they are staff; what they looked at stays.
    async fn a_visit_is_for_a_time_and_is_remembered(store) {
        write(store, |tx| {
            tx.create_user(&User {
                id: id(1), email: "s@example.org".to_owned(), email_fold: "s@example.org".to_owned(), name: "Staff".to_owned(),
                phone: None, country: "LK".to_owned(), password_hash: String::new(), password_changed_at: at(0), created_at: at(0),
            })?;
            assert!(tx.add_staff(id(1), at(0))?);
            assert!(!tx.add_staff(id(1), at(1))?);
            tx.org(org()).begin_visit(&visit(5, 100))?;
            tx.org(org()).begin_visit(&visit(6, 200))
        }).await;
        assert_eq!(read(store, |tx| tx.org(org()).find_visit_now(id(1), at(99))).await, Some(id(6)));
        assert_eq!(read(store, |tx| tx.org(org()).find_visit_now(id(1), at(200))).await, None);
        assert_eq!(read(store, |tx| tx.org(id(77)).find_visit_now(id(1), at(99))).await, None);
        assert_eq!(read(store, |tx| tx.list_staff()).await[0].email, "s@example.org");
        write(store, |tx| {
            tx.org(org()).note_look(id(6), "/contacts", at(5))?;
            tx.org(org()).note_look(id(6), "/contacts", at(7))
        }).await;
        let looks = read(store, |tx| tx.org(org()).list_looks(id(6), 10)).await;
        assert_eq!((looks[0].path.as_str(), looks[0].times, looks[0].last_at), ("/contacts", 2, at(7)));
        assert!(read(store, |tx| tx.org(id(77)).list_looks(id(6), 10)).await.is_empty());
        let seen = read(store, |tx| tx.org(org()).list_visits(None, 10)).await;
        assert_eq!(seen.iter().map(|v| v.visit.id).collect::<Vec<_>>(), [id(6), id(5)]);
        assert_eq!(read(store, |tx| tx.list_visits_of(id(1), Some(id(6)), 10)).await.len(), 1);
        assert!(!write(store, |tx| tx.org(id(77)).end_visit(id(6), at(50))).await);
        assert!(write(store, |tx| tx.org(org()).end_visit(id(6), at(50))).await);
        assert!(!write(store, |tx| tx.org(org()).end_visit(id(6), at(50))).await);
        assert_eq!(read(store, |tx| tx.org(org()).find_visit(id(6))).await.unwrap().visit.ends_at, at(50));
        assert!(write(store, |tx| tx.end_visit_of(id(1), id(5), at(60))).await);
        write(store, |tx| tx.org(org()).begin_visit(&visit(7, 300))).await;
        assert!(write(store, |tx| tx.remove_staff(id(1), at(70))).await);
        assert_eq!(read(store, |tx| tx.org(org()).find_visit_now(id(1), at(71))).await, None);
        assert!(!read(store, |tx| tx.is_staff(id(1))).await);
        assert!(read(store, |tx| tx.org(org()).list_owner_emails()).await.is_empty());
    }
}
