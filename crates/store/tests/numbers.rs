//! Accounts and numbers at Meta.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, number, org, read, waba, write};
use tisara_domain::watermark::Watermark;
use tisara_store::{Error, contract, wabas::TokenState};

contract! {
    /// Connecting an account again brings it up to date under the id it had.
    async fn an_account_is_put_once(store) {
        furnish(store).await;
        let again = write(store, |tx| {
            let mut w = waba(7);
            (w.meta_id, w.name, w.token, w.created_at) = ("101".into(), "New name".into(), vec![9], at(50));
            tx.org(org()).put_waba(&w)
        }).await;
        assert_eq!(again, id(1));
        let found = read(store, |tx| tx.org(org()).find_waba(id(1))).await.unwrap();
        assert_eq!((found.name.as_str(), found.token, found.created_at), ("New name", vec![9], at(0)));

        let stolen = store.write(|tx| tx.org(id(2)).put_waba(&waba(1))).await;
        assert!(matches!(stolen, Err(Error::Duplicate { .. })), "{stolen:?}");
        assert_eq!(read(store, |tx| tx.org(id(2)).find_waba(id(1))).await, None);

        write(store, |tx| tx.org(org()).put_waba(&waba(2))).await;
        let ids: Vec<_> = read(store, |tx| tx.org(org()).list_wabas(None, 9)).await.iter().map(|w| w.id).collect();
        assert_eq!(ids, [id(1), id(2)]);
        assert_eq!(read(store, |tx| tx.org(org()).list_wabas(Some(id(1)), 9)).await.len(), 1);
        let (whose, found) = read(store, |tx| tx.waba_by_meta_id("102")).await.unwrap();
        assert_eq!((whose, found), (org(), waba(2)));
    }
}

contract! {
    /// Whether Meta takes the token is noted once.
    async fn a_refused_token_is_noted_once(store) {
        furnish(store).await;
        assert!(write(store, |tx| tx.org(org()).set_token_state(id(1), TokenState::Refused)).await);
        assert!(!write(store, |tx| tx.org(org()).set_token_state(id(1), TokenState::Refused)).await);
        let found = read(store, |tx| tx.org(org()).find_waba(id(1))).await.unwrap();
        assert_eq!(found.token_state, TokenState::Refused);
    }
}

contract! {
    /// Reading a number from Meta again keeps what is ours: pace, stop, dates.
    async fn a_number_is_put_once(store) {
        furnish(store).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            org.set_number_pace(id(1), 20)?;
            org.set_number_stopped(id(1), Some("quality"))?;
            let mut n = number(9, id(1));
            (n.meta_id, n.quality, n.pace_per_second) = ("201".into(), "RED".into(), 1000);
            assert_eq!(org.put_number(&n)?, id(1));
            Ok(())
        }).await;
        let n = read(store, |tx| tx.org(org()).get_number(id(1))).await;
        assert_eq!((n.quality.as_str(), n.pace_per_second, n.stopped_reason.as_deref()), ("RED", 20, Some("quality")));
        assert!(write(store, |tx| tx.org(org()).set_number_stopped(id(1), None)).await);
        assert!(!write(store, |tx| tx.org(id(2)).set_number_stopped(id(1), Some("x"))).await);
        let stolen = store.write(|tx| tx.org(id(2)).put_number(&number(1, id(1)))).await;
        assert!(matches!(stolen, Err(Error::Duplicate { .. })));
    }
}

contract! {
    /// A webhook names a number by Meta's id; that leads to its organization and portfolio.
    async fn a_number_is_found_by_metas_id(store) {
        furnish(store).await;
        let (whose, found, portfolio) = read(store, |tx| tx.number_by_meta_id("201")).await.unwrap();
        assert_eq!((whose, found, portfolio.as_str()), (org(), number(1, id(1)), "p1"));
        assert_eq!(read(store, |tx| tx.number_by_meta_id("999")).await, None);
        assert!(read(store, |tx| tx.org(org()).find_number_by_meta_id("201")).await.is_some());
        assert!(read(store, |tx| tx.org(id(2)).find_number_by_meta_id("201")).await.is_none());
        assert_eq!(read(store, |tx| tx.org(org()).list_numbers(None, 9)).await.len(), 1);
        assert_eq!(read(store, |tx| tx.org(org()).list_numbers(Some(id(1)), 9)).await.len(), 0);
        assert!(store.read(|tx| tx.org(id(2)).get_number(id(1))).await.is_err());
    }
}

contract! {
    /// Standing follows Meta's words.
    async fn standing_is_noted(store) {
        furnish(store).await;
        write(store, |tx| tx.org(org()).set_number_standing(id(1), Some("YELLOW"), None)).await;
        let n = read(store, |tx| tx.org(org()).get_number(id(1))).await;
        assert_eq!((n.quality.as_str(), n.status.as_str()), ("YELLOW", "CONNECTED"));
    }
}

contract! {
    /// How far an account's news have come is kept, never goes back, and shows with its numbers.
    async fn a_watermark_only_rises(store) {
        furnish(store).await;
        assert_eq!(read(store, |tx| tx.org(org()).get_watermark(id(1))).await, Watermark::default());
        let told = |happened: i64, arrived: i64| {
            let mut w = Watermark::default();
            w.note_status(at(happened), at(arrived));
            w
        };
        for (happened, arrived) in [(100, 130), (90, 131)] {
            write(store, move |tx| tx.org(org()).raise_watermark(id(1), &told(happened, arrived))).await;
        }
        let found = read(store, |tx| tx.org(org()).get_watermark(id(1))).await;
        assert_eq!((found.statuses_until, found.events_until), (Some(at(100)), Some(at(100))));
        assert_eq!((found.lag.as_secs(), found.lag_at), (40, at(131)));
        let n = read(store, |tx| tx.org(org()).get_number(id(1))).await;
        assert_eq!(n.last_webhook_at, Some(at(131)));
        let account = read(store, |tx| tx.org(org()).find_sending_account(id(1))).await.unwrap();
        assert_eq!(account.news, found);
        assert_eq!(read(store, |tx| tx.org(id(2)).get_watermark(id(1))).await, Watermark::default());
    }
}
