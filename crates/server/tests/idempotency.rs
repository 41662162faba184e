//! A write that carries an `Idempotency-Key` has its effect once, whenever the server dies.
#![expect(clippy::unwrap_used, reason = "all of this is test")]

use axum::{Router, body::Body, http::Request};
use serde_json::Value;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use tisara_cloud_api::{Client, Graph};
use tisara_domain::{Ambient, ApiKeyId, Duration, OrgId, Region, Rng, id::TypedId as _, seal::Key};
use tisara_engine::{Bus, Engine, Parts as EngineParts, Settings as EngineSettings, Vault};
use tisara_server::{App, Parts, Settings, auth::NewKey, mail::Mailer, router};
use tisara_store::{Store, api_keys::ApiKey, organizations::Organization};
use tower::ServiceExt as _;

/// A database that outlives its servers, and kills them.
struct World {
    store: Store,
    ambient: Ambient,
    died: Arc<AtomicBool>,
    /// Points of commits until the next death.
    fuse: Arc<Mutex<Option<u64>>>,
    key: String,
    org: OrgId,
}

impl World {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (died, fuse) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None::<u64>)));
        let (dead, burning) = (Arc::clone(&died), Arc::clone(&fuse));
        let store = Store::open_inline(Box::new(move |_| {
            let mut fuse = burning.lock().unwrap();
            let dies = *fuse == Some(0);
            *fuse = if dies { None } else { fuse.map(|n| n - 1) };
            dead.fetch_or(dies, Ordering::Relaxed);
            dead.load(Ordering::Relaxed)
        }))
        .unwrap();
        let ambient = Ambient::seeded(5);
        let (now, key) = (ambient.now(), NewKey::generate(ambient.rng(), false));
        let (org, key_id) = (OrgId::from_bytes([1; 16]), ambient.id::<ApiKeyId>());
        let this = Self { store, ambient, died, fuse, key: key.token, org };
        this.live(async |world, _| {
            world.store.migrate(now).await.unwrap();
            let made = move |tx: &mut tisara_store::Tx<'_>| {
                tx.create_organization(&Organization {
                    id: org,
                    name: "Tea".to_owned(),
                    default_region: Region::LK,
                    data_key: vec![1],
                    created_at: now,
                })?;
                tx.org(org).create_api_key(&ApiKey::unbounded(org, key_id, "test", now), &key.hash)
            };
            world.store.write(made).await.unwrap();
        });
        this
    }

    /// A life of the server; `None` when it died in it.
    fn live<T>(&self, life: impl AsyncFnOnce(&Self, Option<Router>) -> T) -> Option<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let router =
                if self.store.version().await.unwrap_or(0) == 0 { None } else { Some(self.server().await) };
            let death = async {
                while !self.died.load(Ordering::Relaxed) {
                    self.ambient.sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::select! {
                biased;
                lived = life(self, router) => Some(lived),
                () = death => None,
            }
        })
    }

    async fn server(&self) -> Router {
        let vault = Vault::new(Key::generate(&Rng::seeded(1)), Rng::seeded(2));
        let client = Client::new(Graph::default()).unwrap();
        let parts = EngineParts {
            store: self.store.clone(),
            client: client.clone(),
            ambient: self.ambient.clone(),
            vault: vault.clone(),
            bus: Bus::new(),
            settings: EngineSettings::default(),
        };
        let engine = Engine::start(parts, vec![]).await.unwrap();
        let settings = Settings::new("https://tisara.example/".parse().unwrap(), std::env::temp_dir());
        let (store, ambient) = (self.store.clone(), self.ambient.clone());
        let mailer = Mailer::None;
        router(App::new(Parts { store, engine, client, vault, ambient, mailer, metrics: None, settings }))
    }

    /// Makes the label under the key `k`: its status, whether it was a replay, and its id.
    async fn make_label(&self, router: Router) -> (u16, bool, Value) {
        let request = Request::post("/api/v1/labels")
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .header("idempotency-key", "k")
            .body(Body::from(r#"{"name":"VIP"}"#))
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        let (status, replayed) =
            (response.status().as_u16(), response.headers().contains_key("idempotency-replayed"));
        let bytes = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        (status, replayed, serde_json::from_slice::<Value>(&bytes).unwrap_or_default()["id"].clone())
    }
}

#[test]
fn a_death_at_any_commit_leaves_one_effect_and_its_answer() {
    let (mut deaths, mut replays, mut lived) = (0, 0, 0);
    // A start commits things of its own first; past the answer nothing is left to be hit.
    for point in 0..60 {
        if lived >= 3 {
            break;
        }
        let world = World::new();
        let first = world.live(async |world, router| {
            *world.fuse.lock().unwrap() = Some(point);
            world.make_label(router.unwrap()).await
        });
        *world.fuse.lock().unwrap() = None;
        world.died.store(false, Ordering::Relaxed);
        deaths += u32::from(first.is_none());
        lived += u32::from(first.is_some());

        let (status, replayed, id) =
            world.live(async |world, router| world.make_label(router.unwrap()).await).unwrap();
        assert_eq!(status, 201, "died at {point}: the label is there and may not be refused as a second");
        replays += u32::from(first.is_none() && replayed);
        let org = world.org;
        let labels = world.live(async |world, _| {
            world.store.read(move |tx| tx.org(org).list_labels(None, 9)).await.unwrap()
        });
        let ids: Vec<String> = labels.unwrap().iter().map(|l| l.id.to_string()).collect();
        assert_eq!(ids, vec![id.as_str().unwrap().to_owned()], "died at {point}");
        if let Some((_, _, answered)) = first {
            assert_eq!(answered, id);
        }
    }
    assert!(deaths >= 4 && replays >= 1, "{deaths} deaths, {replays} replays: the points must hit");
}
