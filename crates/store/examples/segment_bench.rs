//! How fast rules are worked out: `cargo run --release -p tisara-store --example segment_bench`.
//!
//! A million contacts, half of them with a label, each with a town of a hundred, and a campaign of a
//! million of which three in ten were delivered and not read. The rule asks for label, town and "delivered,
//! not read": first with nothing read before, then as often as it is asked again, then after a change to
//! each of the three. PostgreSQL is measured where `TISARA_TEST_POSTGRES` names a server. `-- 100000` takes
//! another number of contacts.
#![expect(clippy::print_stdout, reason = "a measurement for people to read")]

use tisara_domain::{
    Ambient, CampaignId, ContactId, Duration, FieldId, LabelId, NumberId, OrgId, Phone, RecipientState,
    Region, TemplateId, id::TypedId,
};
use tisara_store::{
    Engine, Options, Result, Store, args,
    contacts::{ContactChange, Existing, ImportRow},
    fields::{Field, FieldKind},
    labels::Label,
    segments::{Compare, Did, Rule, Sets},
    testing::TestStore,
};

fn id<T: TypedId>(n: u64) -> T {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    T::from_bytes(bytes)
}

async fn fill(store: &Store, ambient: &Ambient, contacts: u64) -> Result<()> {
    let (org, now) = (id::<OrgId>(1), ambient.now());
    store
        .write(move |tx| {
            let mut tx = tx.org(org);
            tx.create_label(&Label { id: id(1), name: "Tea".to_owned(), created_at: now })?;
            let kind = FieldKind::Text;
            tx.create_field(&Field { id: id(1), name: "Town".to_owned(), kind, created_at: now })
        })
        .await?;
    for from in (0..contacts).step_by(5_000) {
        let rows: Vec<ImportRow> = (from..contacts.min(from + 5_000))
            .filter_map(|n| {
                Some(ImportRow {
                    id: id::<ContactId>(n + 1),
                    phone: Phone::parse(&format!("077{n:07}"), Region::LK).ok()?,
                    name: Some("Nimal".to_owned()),
                    email: None,
                    language: None,
                    fields: vec![(id::<FieldId>(1), format!("Town {}", n / 10 % 100))],
                    labels: if n % 2 == 0 { vec![id::<LabelId>(1)] } else { vec![] },
                    consent: None,
                })
            })
            .collect();
        store.write(move |tx| tx.org(org).import_contacts(&rows, Existing::Skip, now).map(drop)).await?;
    }
    store
        .write(move |tx| {
            let campaign = id::<CampaignId>(1);
            tx.execute(
                "INSERT INTO campaign (org_id, id, name, number_id, template_id, template_version, state, definition, \
                 planned, created_at) VALUES ($1, $2, 'c', $3, $4, 1, 'running', '{}', 1, 0)",
                args![org, campaign, id::<NumberId>(1), id::<TemplateId>(1)],
            )?;
            let (delivered, read) = (RecipientState::Delivered, RecipientState::Read);
            tx.execute(
                "INSERT INTO recipient (org_id, campaign_id, seq, contact_id, address, state, reason, attempt) \
                 SELECT c.org_id, p.id, row_number() OVER (ORDER BY c.id), c.id, c.phone, \
                 CASE WHEN (row_number() OVER (ORDER BY c.id)) % 10 < 3 THEN 6 ELSE 7 END, 0, 1 \
                 FROM contact c JOIN campaign p ON p.org_id = c.org_id WHERE c.org_id = $1",
                args![org],
            )?;
            for state in [delivered, read] {
                tx.execute(
                    "INSERT INTO campaign_count (org_id, campaign_id, slot, state, reason, n) \
                     SELECT $1, $2, 0, $3, 0, count(*) FROM recipient WHERE org_id = $1 AND campaign_id = $2 AND state = $3",
                    args![org, campaign, state],
                )?;
            }
            Ok::<_, tisara_store::Error>(())
        })
        .await
}

async fn count(store: &Store, ambient: &Ambient, sets: &Sets) -> Result<(usize, f64)> {
    let rule = Rule::All {
        rules: vec![
            Rule::Label { label: id(1) },
            Rule::Field { field: id(1), compare: Compare::Is, value: Some("town 42".to_owned()) },
            Rule::Campaign { campaign: id(1), did: Did::NotRead, within_days: None },
        ],
    };
    let (sets, began) = (sets.clone(), ambient.now());
    let n = store
        .read(move |tx| Ok::<_, tisara_store::Error>(tx.org(id(1)).find_by_rule(&rule, &sets, began)?.len()))
        .await?;
    Ok((n, ambient.now().since(began).as_secs_f64() * 1_000.0))
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let contacts: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |n| n.parse())?;
    let ambient = Ambient::real()?;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if engine == Engine::Postgres && std::env::var("TISARA_TEST_POSTGRES").is_err() {
            continue;
        }
        let (test, name) = (TestStore::new(engine).await, engine.as_str());
        let store = Store::open(&test.url, Options::default())?;
        fill(&store, &ambient, contacts).await?;
        ambient.sleep(Duration::from_secs(1)).await;
        let sets = Sets::default();
        let (n, took) = count(&store, &ambient, &sets).await?;
        println!("{name:8} {n} of {contacts}: with nothing read before {took:.0} ms");
        let mut again = Vec::new();
        for _ in 0..500 {
            again.push(count(&store, &ambient, &sets).await?.1);
        }
        again.sort_unstable_by(f64::total_cmp);
        println!("{name:8} again: p50 {:.1} ms, p99 {:.1} ms", again[250], again[495]);
        let org = id::<OrgId>(1);
        for what in ["label", "field", "campaign"] {
            store
                .write(move |tx| match what {
                    "label" => tx.org(org).label_contacts(id(1), &[id(2)]).map(drop),
                    "field" => {
                        let fields = vec![(id(1), Some("Town 42".to_owned()))];
                        let change = ContactChange { fields, ..ContactChange::default() };
                        tx.org(org).update_contact(id(2), &change, tisara_domain::Timestamp(1)).map(drop)
                    }
                    _ => tx
                        .execute(
                            "UPDATE campaign_count SET n = n + CASE WHEN state = 6 THEN 1 ELSE -1 END",
                            &[],
                        )
                        .map(drop),
                })
                .await?;
            let (n, took) = count(&store, &ambient, &sets).await?;
            println!("{name:8} {n} after a change of {what}: {took:.0} ms");
        }
    }
    Ok(())
}
