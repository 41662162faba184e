//! The same request again gets the same answer.

mod common;
use common::{at, furnish, id, org, write};
use tisara_store::{Store, contract, idempotency::Begun};

async fn begin(store: &Store, hash: u8, seconds: i64) -> Begun {
    write(store, move |tx| tx.org(org()).begin_idempotent("k", &[hash; 32], at(seconds))).await
}

contract! {
    /// A key is new once; then it is in progress, then it replays; another request under it is refused.
    async fn an_answer_is_replayed(store) {
        furnish(store).await;
        assert_eq!(begin(store, 1, 0).await, Begun::New);
        assert_eq!(begin(store, 1, 1).await, Begun::InProgress);
        assert_eq!(begin(store, 2, 1).await, Begun::Different);
        write(store, |tx| tx.org(org()).answer_idempotent("k", at(0), 201, b"made")).await;
        write(store, |tx| tx.org(org()).answer_idempotent("k", at(0), 500, b"later")).await;
        let replay = Begun::Replay { status: 201, body: b"made".to_vec() };
        assert_eq!(begin(store, 1, 2).await, replay);
        assert_eq!(begin(store, 1, 9999).await, replay);
        assert_eq!(begin(store, 2, 2).await, Begun::Different);
        let other = write(store, |tx| tx.org(id(2)).begin_idempotent("k", &[2; 32], at(2))).await;
        assert_eq!(other, Begun::New, "keys are an organization's own");
    }
}

contract! {
    /// A request that came to nothing, or whose server died, may be made again.
    async fn an_abandoned_key_is_free(store) {
        furnish(store).await;
        begin(store, 1, 0).await;
        write(store, |tx| tx.org(org()).abandon_idempotent("k", at(0))).await;
        assert_eq!(begin(store, 1, 10).await, Begun::New);
        assert_eq!(begin(store, 1, 69).await, Begun::InProgress);
        assert_eq!(begin(store, 2, 70).await, Begun::Different);
        assert_eq!(begin(store, 1, 70).await, Begun::New);
        assert_eq!(begin(store, 1, 71).await, Begun::InProgress);
        write(store, |tx| tx.org(org()).abandon_idempotent("k", at(10))).await;
        assert_eq!(begin(store, 1, 71).await, Begun::InProgress, "a late one frees nothing of the next");
        write(store, |tx| tx.org(org()).answer_idempotent("k", at(70), 200, b"")).await;
        write(store, |tx| tx.org(org()).abandon_idempotent("k", at(70))).await;
        assert_eq!(begin(store, 1, 72).await, Begun::Replay { status: 200, body: vec![] }, "an answer stays");
    }
}

contract! {
    /// Old keys are forgotten, answered or not.
    async fn old_keys_are_purged(store) {
        furnish(store).await;
        begin(store, 1, 0).await;
        write(store, |tx| tx.org(org()).begin_idempotent("new", &[1; 32], at(100))).await;
        assert_eq!(write(store, |tx| tx.purge_idempotent(at(50))).await, 1);
        assert_eq!(begin(store, 2, 101).await, Begun::New);
    }
}

contract! {
    /// An answer is kept with its effect, by the request that took the key last and by no other.
    async fn an_answer_belongs_to_its_effect(store) {
        furnish(store).await;
        let answer = |began: i64| {
            let store = store.clone();
            async move { write(&store, move |tx| tx.org(org()).answer_idempotent("k", at(began), 201, b"made")).await }
        };
        assert!(!answer(0).await, "nobody took it");
        begin(store, 1, 0).await;
        assert_eq!(begin(store, 1, 70).await, Begun::New, "the first is thought dead");
        assert!(!answer(0).await, "and must be undone when it comes back");
        assert!(answer(70).await);
        assert!(!answer(70).await);
        assert_eq!(begin(store, 1, 71).await, Begun::Replay { status: 201, body: b"made".to_vec() });
    }
}

contract! {
    /// A program that is alone with its database need not wait for requests of its earlier life.
    async fn a_start_frees_what_was_never_answered(store) {
        furnish(store).await;
        begin(store, 1, 0).await;
        write(store, |tx| tx.org(org()).begin_idempotent("done", &[1; 32], at(0))).await;
        write(store, |tx| tx.org(org()).answer_idempotent("done", at(0), 204, b"")).await;
        assert_eq!(write(store, |tx| tx.abandon_all_idempotent(at(1))).await, 1);
        assert_eq!(begin(store, 2, 2).await, Begun::New);
    }
}
