//! The seam keeps its promises on both engines.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use tisara_store::{Engine, Error, Options, Store, args, contract, testing::TestStore};

contract! {
    /// Values of every kind come back as they went in, and a NULL stays a NULL.
    async fn values_survive(store) {
        let row = store.write(|tx| {
            tx.execute(
                "INSERT INTO organization (id, name, default_region, data_key, created_at) VALUES ($5, $1, $2, $3, $4)",
                args!["ආයුබෝවන් O'Neil $1", "LK", vec![0_u8, 255], 7_i64, tisara_domain::OrgId::from_bytes([9; 16])],
            )?;
            tx.get("SELECT name, data_key, created_at, id FROM organization WHERE created_at = $1", args![7_i64], |r| {
                Ok((r.get::<String>(0)?, r.get::<Vec<u8>>(1)?, r.get::<i64>(2)?, r.get::<tisara_domain::OrgId>(3)?))
            })
        }).await.unwrap();
        assert_eq!(row, ("ආයුබෝවන් O'Neil $1".to_owned(), vec![0, 255], 7, tisara_domain::OrgId::from_bytes([9; 16])));
        let none = store.read(|tx| tx.get("SELECT CAST(NULL AS BIGINT)", args![], |r| r.get::<Option<i64>>(0))).await;
        assert_eq!(none.unwrap(), None);
    }
}

contract! {
    /// What a failing body wrote is undone; what its neighbours wrote stands.
    async fn a_failing_body_spoils_nothing(store) {
        let writes = (0..50_i64).map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store.write(move |tx| {
                    tx.execute("INSERT INTO journal_todo (id) VALUES ($1)", args![n])?;
                    if n % 2 == 1 { return Err(Error::Closed); }
                    Ok(())
                }).await
            })
        }).collect::<Vec<_>>();
        for (n, write) in writes.into_iter().enumerate() {
            assert_eq!(write.await.unwrap().is_ok(), n % 2 == 0);
        }
        let kept = store.read(|tx| tx.list("SELECT id FROM journal_todo ORDER BY id", args![], |r| r.get::<i64>(0)));
        assert_eq!(kept.await.unwrap(), (0..50).filter(|n| n % 2 == 0).collect::<Vec<i64>>());
    }
}

contract! {
    /// A taken key is told apart, and its transaction is undone.
    async fn a_taken_key_is_a_duplicate(store) {
        let twice = store.write(|tx| {
            tx.execute("INSERT INTO journal_todo (id) VALUES ($1)", args![1_i64])?;
            tx.execute("INSERT INTO journal_todo (id) VALUES ($1)", args![1_i64])
        }).await;
        assert!(matches!(twice, Err(Error::Duplicate { .. })), "{twice:?}");
        let left = store.read(|tx| tx.get("SELECT count(*) FROM journal_todo", args![], |r| r.get::<i64>(0)));
        assert_eq!(left.await.unwrap(), 0);
    }
}

contract! {
    /// A read cannot write, and a body that panics takes nothing with it.
    async fn readers_cannot_write_and_panics_are_contained(store) {
        let write = store.read(|tx| tx.execute("INSERT INTO journal_todo (id) VALUES ($1)", args![1_i64])).await;
        assert!(matches!(write, Err(Error::Sql(_))), "{write:?}");
        let panicked = store.write(|_| -> tisara_store::Result<()> { panic!("on purpose") }).await;
        assert!(matches!(panicked, Err(Error::Panicked)));
        let alive = store.write(|tx| tx.execute("INSERT INTO journal_todo (id) VALUES ($1)", args![1_i64])).await;
        assert_eq!(alive.unwrap(), 1);
    }
}

contract! {
    /// Migrating twice changes nothing.
    async fn migrating_again_applies_nothing(store) {
        let again = store.migrate(tisara_domain::Timestamp(0)).await.unwrap();
        assert_eq!(again.applied, Vec::<&str>::new());
        assert_eq!(store.version().await.unwrap(), again.version);
    }
}

/// What was answered as written is there after the store was closed and opened again.
#[tokio::test]
async fn an_answered_write_is_on_disk() {
    let test = TestStore::new(Engine::Sqlite).await;
    test.store
        .write(|tx| tx.execute("INSERT INTO journal_todo (id) VALUES ($1)", args![5_i64]))
        .await
        .unwrap();
    let again = Store::open(&test.url, Options::default()).unwrap();
    let n = again.read(|tx| tx.get("SELECT count(*) FROM journal_todo", args![], |r| r.get::<i64>(0))).await;
    assert_eq!(n.unwrap(), 1);
}

#[test]
fn an_address_that_is_none_says_how_one_looks() {
    let err = "mysql://x".parse::<tisara_store::Url>().unwrap_err();
    assert!(err.to_string().contains("sqlite: or postgres://"));
    let url: tisara_store::Url = "postgres://u:secret@h/db".parse().unwrap();
    assert!(!format!("{url:?}").contains("secret"));
}

use tisara_domain::id::TypedId as _;
