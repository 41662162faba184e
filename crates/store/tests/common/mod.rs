//! What several contract tests start from.
#![allow(dead_code, reason = "no test file needs all of it")]
#![allow(clippy::allow_attributes, clippy::unwrap_used, reason = "what is needed differs from file to file")]

pub(crate) mod campaigns;

use tisara_domain::{NumberId, OrgId, Phone, Region, Timestamp, WabaId, id::TypedId};
use tisara_store::{OrgTx, Result, Store, Tx, args, numbers::Number, organizations::Organization, wabas};

/// A fixed moment, `seconds` after all tests begin.
pub(crate) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

/// The id whose last bytes are `n`; greater numbers sort later.
pub(crate) fn id<T: TypedId>(n: u32) -> T {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    T::from_bytes(bytes)
}

/// A Sri Lankan mobile number that ends in `n` (below ten million).
pub(crate) fn phone(n: u32) -> Phone {
    Phone::parse(&format!("077{n:07}"), Region::LK).unwrap()
}

/// The organization that most tests work in.
pub(crate) fn org() -> OrgId {
    id(1)
}

/// Runs a body that writes.
pub(crate) async fn write<T: Send + 'static>(
    store: &Store,
    body: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> T {
    store.write(body).await.unwrap()
}

/// Runs a body that reads.
pub(crate) async fn read<T: Send + 'static>(
    store: &Store,
    body: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> T {
    store.read(body).await.unwrap()
}

/// What a piece of work gave, and how many rows of these tables it read, as PostgreSQL counts them.
pub(crate) fn rows_read<T>(
    tx: &mut Tx<'_>,
    tables: &[&str],
    work: impl FnOnce(&mut OrgTx<'_, '_>) -> Result<T>,
) -> Result<(T, i64)> {
    let so_far = |tx: &mut Tx<'_>| {
        tx.get::<i64>(
            "SELECT CAST(sum(seq_tup_read + idx_tup_fetch) AS BIGINT) FROM pg_stat_xact_user_tables \
             WHERE relid = ANY (CAST(string_to_array($1, ' ') AS regclass[]))",
            args![tables.join(" ")],
            |r| r.get(0),
        )
    };
    let before = so_far(tx)?;
    let given = work(&mut tx.org(org()))?;
    Ok((given, so_far(tx)? - before))
}

pub(crate) fn organization(n: u32) -> Organization {
    Organization {
        id: id(n),
        name: format!("Business {n}"),
        default_region: Region::LK,
        data_key: vec![n as u8; 40],
        created_at: at(0),
    }
}

pub(crate) fn waba(n: u32) -> wabas::Waba {
    wabas::Waba {
        id: id(n),
        meta_id: format!("10{n}"),
        portfolio: "p1".to_owned(),
        name: format!("Account {n}"),
        currency: Some("LKR".to_owned()),
        token: vec![1, 2, 3],
        token_state: wabas::TokenState::Working,
        created_at: at(0),
    }
}

pub(crate) fn number(n: u32, waba: WabaId) -> Number {
    Number {
        id: id::<NumberId>(n),
        waba_id: waba,
        meta_id: format!("20{n}"),
        display_phone: "+94 11 234 5678".to_owned(),
        verified_name: "Ceylon Tea".to_owned(),
        quality: "GREEN".to_owned(),
        status: "CONNECTED".to_owned(),
        pace_per_second: 80,
        stopped_reason: None,
        last_webhook_at: None,
        created_at: at(0),
    }
}

/// Two organizations; the first with an account and a number.
pub(crate) async fn furnish(store: &Store) {
    write(store, |tx| {
        tx.create_organization(&organization(1))?;
        tx.create_organization(&organization(2))?;
        tx.org(org()).put_waba(&waba(1))?;
        tx.org(org()).put_number(&number(1, id(1)))?;
        Ok(())
    })
    .await;
}
