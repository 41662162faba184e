//! The journal, leases, and the note that we hear.

mod common;
use common::{at, furnish, org, read, write};
use tisara_domain::Duration;
use tisara_store::{Store, contract, journal::NewEntry};

fn entry(waba: &str, n: i64) -> NewEntry {
    NewEntry { waba: Some(waba.to_owned()), received_at: at(n), body: format!("{{\"n\":{n}}}").into() }
}

async fn keep(store: &Store, entries: Vec<NewEntry>) {
    write(store, move |tx| tx.append_journal(&entries)).await;
}

contract! {
    /// Entries come off the list once, in their order; a second taker gets a no.
    async fn entries_are_applied_once_and_in_order(store) {
        keep(store, vec![entry("101", 1), entry("101", 2), entry("102", 3)]).await;
        let todo = read(store, |tx| tx.list_journal_todo(None, 10, 1_000)).await;
        assert_eq!(todo.iter().map(|e| e.received_at).collect::<Vec<_>>(), vec![at(1), at(2), at(3)]);
        assert_eq!(read(store, |tx| tx.journal_waits_since()).await, Some(at(1)));
        let ids: Vec<i64> = todo.iter().map(|e| e.id).collect();
        for n in [1, 3] {
            let ids = ids[..n].to_vec();
            assert_eq!(write(store, move |tx| tx.finish_journal_entries(&ids)).await, n == 1);
        }
        assert_eq!(read(store, |tx| tx.journal_waits_since()).await, None);
    }
}

contract! {
    /// A batch is bounded by the bytes in it too, and leaves out what is being applied already.
    async fn a_batch_has_an_end(store) {
        keep(store, (0..9).map(|n| entry("101", n)).collect()).await;
        let body = entry("101", 0).body.len() as u64;
        let ids = |range: Option<std::ops::RangeInclusive<i64>>, limit, bytes| async move {
            let todo = read(store, move |tx| tx.list_journal_todo(range.clone(), limit, bytes)).await;
            todo.iter().map(|e| e.id).collect::<Vec<_>>()
        };
        let all = ids(None, 100, u64::MAX).await;
        assert_eq!(all.len(), 9);
        assert_eq!(ids(None, 2, u64::MAX).await, all[..2]);
        assert_eq!(ids(None, 100, 3 * body).await, all[..3]);
        assert_eq!(ids(None, 100, 0).await, [0_i64; 0], "nothing fits into nothing");
        assert_eq!(ids(None, 100, 1).await, all[..1], "one at least");
        assert_eq!(ids(Some(all[0]..=all[5]), 100, u64::MAX).await, all[6..]);
    }
}

contract! {
    /// An entry that failed is set aside with its error, shown to its organization, and can be replayed.
    async fn a_failed_entry_is_kept_and_replayed(store) {
        furnish(store).await;
        keep(store, vec![entry("101", 1), entry("999", 2)]).await;
        let first = read(store, |tx| tx.list_journal_todo(None, 1, 1_000)).await.remove(0).id;
        write(store, move |tx| tx.set_journal_entry_aside(first, "no such field", at(5))).await;
        let failed = read(store, |tx| tx.org(org()).list_journal(true, None, 10)).await;
        assert_eq!(failed.iter().map(|l| l.error.as_deref()).collect::<Vec<_>>(), vec![Some("no such field")]);
        assert!(write(store, move |tx| tx.org(org()).replay_journal_entry(first)).await);
        let listed = read(store, |tx| tx.org(org()).list_journal(false, None, 10)).await;
        assert_eq!(listed.iter().map(|l| (l.id, l.waiting)).collect::<Vec<_>>(), vec![(first, true)], "and only one's own");
    }
}

contract! {
    /// Old entries go, except those that wait or failed.
    async fn only_applied_entries_grow_old(store) {
        keep(store, vec![entry("101", 1), entry("101", 2), entry("101", 3)]).await;
        let ids: Vec<i64> = read(store, |tx| tx.list_journal_todo(None, 10, 1_000)).await.iter().map(|e| e.id).collect();
        let (applied, failed) = (ids[0], ids[1]);
        write(store, move |tx| {
            assert!(tx.finish_journal_entries(&[applied])?);
            tx.set_journal_entry_aside(failed, "x", at(4))
        }).await;
        assert_eq!(write(store, |tx| tx.trim_journal(at(100), 10)).await, 1);
    }
}

contract! {
    /// One owner at a time; every new owner has a higher token; a late one is told no.
    async fn a_lease_has_one_owner(store) {
        let take = |owner: &'static str, seconds: u64| {
            let store = store.clone();
            let for_ = Duration::from_secs(seconds);
            async move { write(&store, move |tx| tx.take_lease("n", owner, at(0), for_)).await }
        };
        assert_eq!(take("a", 100).await, Some(1));
        assert_eq!(take("b", 100).await, None);
        assert_eq!(take("a", 0).await, Some(1), "renewed, and it ends at once");
        assert_eq!(take("b", 100).await, Some(2));
        assert!(!write(store, |tx| tx.holds_lease("n", 1, at(0))).await);
        assert!(write(store, |tx| tx.holds_lease("n", 2, at(0))).await);
        write(store, |tx| tx.release_lease("n", 2)).await;
        assert_eq!(take("a", 100).await, Some(3));
        write(store, |tx| tx.end_all_leases()).await;
        assert_eq!(take("c", 100).await, Some(4));
    }
}

contract! {
    /// A break in hearing is noticed, with its length.
    async fn a_break_in_hearing_is_noticed(store) {
        let note = |now: i64| {
            let store = store.clone();
            async move { write(&store, move |tx| tx.note_hearing("a", at(now), Duration::from_secs(3))).await }
        };
        assert_eq!(note(0).await.deaf_for, Duration::ZERO);
        assert_eq!(note(2).await.since, at(0));
        let after = note(60).await;
        assert_eq!((after.since, after.deaf_for), (at(60), Duration::from_secs(58)));
        assert_eq!(note(61).await.since, at(60));
    }
}

contract! {
    /// Meta's repeats of what it could not tell in a long break come late, whatever happens meanwhile.
    async fn a_short_break_soon_after_a_long_one_prolongs_it(store) {
        let note = |now| {
            let store = store.clone();
            async move { write(&store, move |tx| tx.note_hearing("a", at(now), Duration::from_secs(3))).await }
        };
        let heard = |hearing: tisara_store::hearing::Hearing| (hearing.since, hearing.deaf_for.as_secs());
        note(0).await;
        note(1).await;
        assert_eq!(heard(note(601).await), (at(601), 600));
        note(602).await;
        assert_eq!(heard(note(612).await), (at(612), 611), "deaf from 1 to 612, as good as");
        // Once the repeats must have come, a break counts for itself again.
        for second in (613..2_000).step_by(3) {
            note(second).await;
        }
        assert_eq!(heard(note(2_010).await), (at(2_010), 11));
    }
}
