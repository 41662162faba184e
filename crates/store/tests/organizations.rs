//! Organizations and their keys.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, id, org, organization, read, write};
use tisara_domain::{Duration, Permissions};
use tisara_store::{Error, api_keys::ApiKey, contract};

contract! {
    /// An organization comes back as it was written, and lists page by id.
    async fn organizations_are_found_and_paged(store) {
        write(store, |tx| (1..=5).try_for_each(|n| tx.create_organization(&organization(n)))).await;
        assert_eq!(read(store, |tx| tx.find_organization(id(3))).await, Some(organization(3)));
        assert_eq!(read(store, |tx| tx.find_organization(id(9))).await, None);
        let first = read(store, |tx| tx.list_organizations(None, 2)).await;
        assert_eq!(first, [organization(1), organization(2)]);
        let rest = read(store, |tx| tx.list_organizations(Some(id(2)), 9)).await;
        assert_eq!(rest, [organization(3), organization(4), organization(5)]);
        let twice = store.write(|tx| tx.create_organization(&organization(1))).await;
        assert!(matches!(twice, Err(Error::Duplicate { .. })));
    }
}

contract! {
    /// A key is found by its hash until it is revoked or runs out, and only its own organization can
    /// revoke it.
    async fn a_revoked_key_opens_nothing(store) {
        let key = |org: u32, n: u32, name: &str| ApiKey::unbounded(id(org), id(n), name, at(0));
        let bounded = ApiKey {
            hint: "tsr_live_abcd".to_owned(),
            permissions: Permissions::from_words("contacts.read threads.read"),
            networks: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::1".parse().unwrap()],
            created_by: Some(id(9)),
            expires_at: Some(at(100)),
            ..key(1, 2, "laptop")
        };
        let kept = bounded.clone();
        write(store, move |tx| {
            tx.org(org()).create_api_key(&key(1, 1, "server"), &[7; 32])?;
            tx.org(org()).create_api_key(&kept, &[8; 32])?;
            tx.org(id(2)).create_api_key(&key(2, 3, "other"), &[9; 32])
        }).await;
        assert_eq!(read(store, |tx| tx.find_api_key(&[7; 32], at(1))).await, Some(key(1, 1, "server")));
        assert_eq!(read(store, |tx| tx.find_api_key(&[1; 32], at(1))).await, None);
        assert_eq!(read(store, |tx| tx.find_api_key(&[8; 32], at(99))).await, Some(bounded));
        assert_eq!(read(store, |tx| tx.find_api_key(&[8; 32], at(100))).await, None);
        for (seconds, noted) in [(50, 50), (59, 50), (60, 60)] {
            write(store, move |tx| tx.org(org()).touch_api_key(id(1), at(seconds), Duration::from_secs(10))).await;
            let key = read(store, |tx| tx.org(org()).find_key(id(1))).await.unwrap();
            assert_eq!(key.last_used_at, Some(at(noted)));
        }
        assert_eq!(read(store, |tx| tx.org(id(2)).find_key(id(1))).await, None);

        assert!(!write(store, |tx| tx.org(id(2)).revoke_api_key(id(1), at(5))).await);
        assert!(write(store, |tx| tx.org(org()).revoke_api_key(id(1), at(5))).await);
        assert!(!write(store, |tx| tx.org(org()).revoke_api_key(id(1), at(6))).await);
        assert_eq!(read(store, |tx| tx.find_api_key(&[7; 32], at(1))).await, None);

        let keys = read(store, |tx| tx.org(org()).list_api_keys(None, 10)).await;
        let seen: Vec<_> = keys.iter().map(|k| (k.id, k.revoked_at)).collect();
        assert_eq!(seen, [(id(2), None), (id(1), Some(at(5)))]);
        let rest = read(store, |tx| tx.org(org()).list_api_keys(Some(id(2)), 10)).await;
        assert_eq!(rest.len(), 1);
        let twice = store.write(move |tx| tx.org(id(2)).create_api_key(&key(2, 4, "same secret"), &[8; 32])).await;
        assert!(matches!(twice, Err(Error::Duplicate { .. })));
    }
}

contract! {
    /// Whether a second factor is asked for is each organization's own.
    async fn a_second_factor_is_asked_for_by_one_organization(store) {
        common::furnish(store).await;
        let asked = async || read(store, |tx| Ok([1, 2].map(|n| tx.org(id(n)).requires_second_factor().unwrap()))).await;
        assert_eq!(asked().await, [false, false]);
        write(store, |tx| tx.org(id(1)).require_second_factor(true)).await;
        assert_eq!(asked().await, [true, false]);
        write(store, |tx| tx.org(id(1)).require_second_factor(false)).await;
        assert_eq!(asked().await, [false, false]);
    }
}
