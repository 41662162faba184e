//! How fast contacts are imported: `cargo run --release -p tisara-store --example import_bench`.
//!
//! Imports a million rows into an empty database of each engine, first with a number and a name, in the
//! order of a file and sorted as an import sorts them, then (into another) with a field, a label and an
//! entry of consent as well, then the latter again unchanged. PostgreSQL is measured where `TISARA_TEST_POSTGRES` names a server. Only the store's
//! work is timed, not the making of the rows. `-- 100000` takes another number of rows.
#![expect(clippy::print_stdout, reason = "a measurement for people to read")]

use tisara_domain::{
    Ambient, ContactId, Duration, FieldId, LabelId, Phone, Region, consent::ConsentState, id::TypedId as _,
};
use tisara_store::{
    Engine, Options, Result, Store,
    contacts::{Existing, ImportRow, ImportedConsent},
    testing::TestStore,
};

const BATCH: u32 = 5_000;

fn row(ambient: &Ambient, n: u32, full: bool) -> Option<ImportRow> {
    // Numbers in no order, as in real files: 7,919 shares no factor with ten million.
    let number = u64::from(n) * 7_919 % 10_000_000;
    let phone = Phone::parse(&format!("077{number:07}"), Region::LK).ok()?;
    let consent = ImportedConsent {
        id: ambient.id(),
        state: ConsentState::OptedIn,
        source: "file".into(),
        wording: "I would like to hear about offers".into(),
    };
    Some(ImportRow {
        id: ambient.id::<ContactId>(),
        phone,
        name: Some(format!("Nimal Perera {n}")),
        email: None,
        language: None,
        fields: if full {
            vec![(FieldId::from_bytes([1; 16]), format!("Galle {}", n % 100))]
        } else {
            vec![]
        },
        labels: if full { vec![LabelId::from_bytes([1; 16])] } else { vec![] },
        consent: full.then_some(consent),
    })
}

async fn import(store: &Store, ambient: &Ambient, order: &[u32], full: bool) -> Result<(Duration, u64)> {
    let (org, rows) = (tisara_domain::OrgId::from_bytes([1; 16]), order.len() as u32);
    let (mut took, mut inserted) = (Duration::ZERO, 0);
    for from in (0..rows).step_by(BATCH as usize) {
        let batch: Vec<ImportRow> = order
            .get(from as usize..rows.min(from + BATCH) as usize)
            .unwrap_or_default()
            .iter()
            .filter_map(|n| row(ambient, *n, full))
            .collect();
        let (began, now) = (ambient.now(), ambient.now());
        let done = store.write(move |tx| tx.org(org).import_contacts(&batch, Existing::Update, now)).await?;
        took += ambient.now().since(began);
        inserted += done.inserted;
    }
    Ok((took, inserted))
}

/// The rows as a file has them, each window of so many sorted by number.
fn order(rows: u32, window: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..rows).collect();
    for window in order.chunks_mut(window) {
        window.sort_unstable_by_key(|n| u64::from(*n) * 7_919 % 10_000_000);
    }
    order
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args().nth(1).map_or(Ok(1_000_000), |n| n.parse())?;
    let ambient = Ambient::real()?;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if engine == Engine::Postgres && std::env::var("TISARA_TEST_POSTGRES").is_err() {
            continue;
        }
        for (what, full, window) in [
            ("number and name, as in the file", false, 1),
            ("number and name, windows of 100,000 sorted", false, 100_000),
            ("with field, label, consent, sorted", true, 100_000),
        ] {
            let order = order(rows, window);
            let test = TestStore::new(engine).await;
            let store = Store::open(&test.url, Options::default())?;
            for again in if full { &["", ", again"][..] } else { &[""] } {
                let (took, inserted) = import(&store, &ambient, &order, full).await?;
                let seconds = took.as_secs_f64();
                println!(
                    "{:8} {what}{again}: {rows} rows, {inserted} new, {seconds:.1} s, {:.0} rows/s",
                    engine.as_str(),
                    f64::from(rows) / seconds
                );
            }
        }
    }
    Ok(())
}
