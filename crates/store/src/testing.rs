//! Databases for tests: a fresh one of each engine, gone when dropped.

pub mod plans;

use crate::seam::{Engine, Options, Store, Url};
use std::sync::atomic::{AtomicU64, Ordering};
use tisara_domain::Timestamp;

/// A migrated, empty database.
pub struct TestStore {
    /// The database.
    pub store: Store,
    /// Its address, to open it a second time.
    pub url: Url,
    _dir: tempfile::TempDir,
}

impl TestStore {
    /// A fresh database of the given engine.
    ///
    /// # Panics
    /// When there is no PostgreSQL to test on; `make test` starts one.
    pub async fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let url = match engine {
            Engine::Sqlite => Url::Sqlite(dir.path().join("test.db")),
            Engine::Postgres => Url::Postgres(fresh_schema()),
        };
        let options =
            Options { sqlite_readers: 1, sqlite_cache_mib: 8, postgres_connections: 4, ..Options::default() };
        let store = Store::open(&url, options).expect("the test database opens");
        store.migrate(Timestamp::from_seconds(1_790_000_000)).await.expect("the migrations apply");
        Self { store, url, _dir: dir }
    }
}

/// The address of an empty schema of its own in the server that the test command started.
///
/// # Panics
/// When there is none; `make test` starts one.
#[must_use]
pub fn fresh_schema() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let base = std::env::var("TISARA_TEST_POSTGRES")
        .expect("tests need PostgreSQL: run `make test`, or `scripts/with-postgres cargo test …`");
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let admin = base.clone();
    let create = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
    // The blocking client may not run on a thread of the async runtime.
    std::thread::spawn(move || {
        postgres::Client::connect(&admin, postgres::NoTls)
            .and_then(|mut client| client.batch_execute(&create))
            .expect("a schema in the test server");
    })
    .join()
    .expect("the schema was made");
    format!("{base}?options=-csearch_path%3D{name}")
}

/// Writes a contract test and runs it on both engines, as `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! contract {
    ($(#[doc = $doc:literal])* async fn $name:ident($store:ident) $body:block) => {
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports, reason = "not every contract needs every name of its file")]
            use super::*;

            async fn contract($store: &$crate::Store) $body

            #[tokio::test]
            async fn sqlite() {
                let test = $crate::testing::TestStore::new($crate::Engine::Sqlite).await;
                contract(&test.store).await;
                $crate::testing::plans::check(&test.store).await;
            }

            #[tokio::test]
            async fn postgres() {
                let test = $crate::testing::TestStore::new($crate::Engine::Postgres).await;
                contract(&test.store).await;
            }
        }
    };
}
