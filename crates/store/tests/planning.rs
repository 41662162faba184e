//! Planning: who gets a row, what it keeps, and in which order rows stand.
#![expect(clippy::unwrap_used, reason = "a test may fail; clippy knows only functions marked as tests")]

mod common;
use common::{
    at,
    campaigns::{campaign, counts, definition, new_campaign, people, person, plan, rules},
    id, org, phone, read, rows_read, write,
};
use tisara_domain::{
    CampaignId, ContactId, LabelId, Phone, RecipientState as State, Region, SkipReason,
    campaign::CampaignEvent, consent::ConsentState,
};
use tisara_store::{
    Engine, Store, args,
    campaigns::{Audience, Binding, Definition, NewCampaign, Place, Source},
    consents::{Consent, MARKETING},
    contract,
    labels::Label,
    ledger::{plan::Planned, values::values},
    segments::{Rule, Sets},
    testing::TestStore,
};

contract! {
    /// Everybody of the audience gets exactly one row, sent or skipped with its reason, and the sum adds up.
    async fn planning_freezes_everybody_once(store) {
        people(store, 3).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            org.create_contact(&person(4, Phone::parse("+12125550123", Region::LK).unwrap(), "Ann"), at(0))?;
            org.create_contact(&person(5, phone(5), "  "), at(0))?;
            org.record_consent(&Consent {
                id: id(1), contact_id: id(2), at: at(0), state: ConsentState::OptedOut,
                purpose: MARKETING.to_owned(), source: "test".to_owned(), wording: "stop".to_owned(),
            })?;
            Ok(())
        }).await;
        let estimate = read(store, |tx| tx.org(org()).estimate_audience(&definition(Audience::All), &rules(), &Sets::default(), at(1))).await;
        plan(store, definition(Audience::All)).await;
        assert_eq!(counts(store).await, vec![
            (State::Planned, 0, 2),
            (State::Skipped, SkipReason::OptedOut as i32, 1),
            (State::Skipped, SkipReason::UsMarketing as i32, 1),
            (State::Skipped, SkipReason::InvalidValue as i32, 1),
        ]);
        assert_eq!(estimate.iter().map(|(_, n)| n).sum::<i64>(), 5);
        let rows = read(store, |tx| tx.org(org()).list_recipients(campaign(), Some(State::Planned), None, None, 9)).await;
        let values: Vec<String> = serde_json::from_str(rows[0].variables.as_deref().unwrap()).unwrap();
        assert_eq!((values, rows[0].address.as_str()), (vec!["Person 1".to_owned()], "+94770000001"));
        let again = write(store, |tx| tx.org(org()).plan_slice(campaign(), &rules(), None, at(2))).await;
        assert_eq!(again, Planned::NotPlanning);
    }
}

contract! {
    /// A text that everybody gets stands in the campaign alone; a row keeps what is its person's.
    async fn rows_keep_only_what_is_their_persons(store) {
        people(store, 2).await;
        let text = |text: &str, fallback: Option<&str>| Binding {
            place: Place::Body,
            name: "2".to_owned(),
            source: Source::Text { text: text.to_owned() },
            fallback: fallback.map(str::to_owned),
        };
        let mut wanted = definition(Audience::All);
        wanted.bindings.insert(0, text("Sale", None));
        wanted.bindings.push(text("  ", Some("25%")));
        let bindings = wanted.bindings.clone();
        plan(store, wanted).await;
        let rows = read(store, |tx| tx.org(org()).list_recipients(campaign(), None, None, None, 9)).await;
        let kept: Vec<Vec<String>> =
            rows.iter().map(|r| serde_json::from_str(r.variables.as_deref().unwrap()).unwrap()).collect();
        assert_eq!(kept, [["Person 1"], ["Person 2"]]);
        assert_eq!(values(&bindings, rows[1].variables.as_deref()).unwrap(), ["Sale", "Person 2", "25%"]);
    }
}

contract! {
    /// Where a text is blank and nothing stands in for it, nobody is written to.
    async fn a_blank_text_skips_everybody(store) {
        people(store, 2).await;
        let mut wanted = definition(Audience::All);
        wanted.bindings[0].source = Source::Text { text: " ".to_owned() };
        plan(store, wanted).await;
        assert_eq!(counts(store).await, vec![(State::Skipped, SkipReason::InvalidValue as i32, 2)]);
    }
}

contract! {
    /// Rows stand in the order of their contacts, whatever the audience: planning goes on behind the last row.
    async fn rows_stand_in_the_order_of_their_contacts(store) {
        people(store, 0).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            let label = Label { id: id(1), name: "vip".to_owned(), created_at: at(0) };
            org.create_label(&label)?;
            let people: Vec<u32> = (1..=60).map(|n| n * 37 % 61).collect();
            for n in &people {
                org.create_contact(&person(*n, phone(61 - n), &format!("Person {n}")), at(0))?;
            }
            org.label_contacts(label.id, &people.iter().copied().map(id).collect::<Vec<_>>())?;
            Ok(())
        })
        .await;
        let rule = Rule::Region { region: "LK".to_owned() };
        let audiences = [
            Audience::All,
            Audience::Label { label: id(1) },
            Audience::Segment { segment: id(1), rule },
            Audience::Contacts { contacts: (1..=60).rev().map(id).collect() },
        ];
        for (n, audience) in (1..).zip(audiences) {
            let mut wanted = definition(audience);
            wanted.bindings[0].source = Source::Field { field: id(1) };
            wanted.bindings[0].fallback = Some("you".to_owned());
            let (id, new) = (id::<CampaignId>(n), NewCampaign { id: id(n), ..new_campaign(&wanted) });
            let rows = write(store, move |tx| {
                let mut org = tx.org(org());
                org.create_campaign(&new)?;
                org.move_campaign(id, CampaignEvent::Start, at(1)).unwrap();
                let chosen = org.choose_slice(id, &Sets::default(), at(1))?;
                org.plan_slice(id, &rules(), chosen.as_ref(), at(1))?;
                org.list_recipients(id, None, None, None, 100)
            })
            .await;
            let contacts: Vec<ContactId> = rows.iter().map(|r| r.contact_id).collect();
            assert!(contacts.len() == 60 && contacts.is_sorted(), "{:?}: {contacts:?}", wanted.audience);
        }
    }
}

/// People with a label and a value in a field, so many that planning takes several slices, and PostgreSQL knows it.
async fn many(store: &Store, n: i64) {
    people(store, 0).await;
    write(store, move |tx| {
        tx.org(org()).create_label(&Label { id: id(1), name: "vip".to_owned(), created_at: at(0) })?;
        for insert in [
            "contact (org_id, id, phone, region, name, name_fold, consent, reachable, created_at, updated_at) \
             SELECT $1::uuid, p.id, p.n, 'LK', '', '', 0, 0, 0, 0",
            "contact_label (org_id, label_id, contact_id) SELECT $1::uuid, p.of, p.id",
            "contact_field (org_id, contact_id, field_id, value) SELECT $1::uuid, p.id, p.of, 'Galle'",
        ] {
            tx.execute(
                &format!(
                    "INSERT INTO {insert} FROM (SELECT n::text, lpad(to_hex(n), 32, '0')::uuid AS id, $3::uuid AS of \
                     FROM generate_series(1, $2::bigint) n) p"
                ),
                args![org(), n, id::<LabelId>(1)],
            )?;
        }
        tx.execute("ANALYZE contact, contact_label, contact_field", &[]).map(drop)
    })
    .await;
}

/// PostgreSQL, once it knows how many there are, walked through a label's and all contacts side by side, from the first of
/// them for each slice, and read everybody's values: the last slices of a million took three times as long as the first.
#[tokio::test]
async fn a_slice_reads_its_own_contacts_only() {
    let (test, people_n, slice) = (TestStore::new(Engine::Postgres).await, 35_000, 10_000);
    let store = &test.store;
    many(store, people_n).await;
    let rule = Rule::Region { region: "LK".to_owned() };
    let audiences =
        [Audience::All, Audience::Label { label: id(1) }, Audience::Segment { segment: id(1), rule }];
    for (n, audience) in (1..).zip(audiences) {
        let mut wanted = definition(audience);
        wanted.bindings[0].source = Source::Field { field: id(1) };
        let (id, new) = (id::<CampaignId>(n), NewCampaign { id: id(n), ..new_campaign(&wanted) });
        write(store, move |tx| {
            tx.org(org()).create_campaign(&new)?;
            tx.org(org()).move_campaign(id, CampaignEvent::Start, at(1)).unwrap();
            Ok(())
        })
        .await;
        loop {
            let (planned, read) = write(store, move |tx| {
                let chosen = tx.org(org()).choose_slice(id, &Sets::default(), at(1))?;
                rows_read(tx, &["contact", "contact_label", "contact_field"], |org| {
                    org.plan_slice(id, &rules(), chosen.as_ref(), at(1))
                })
            })
            .await;
            // Each contact, its label and its value, and a few that end a search.
            assert!(read <= 3 * slice + 100, "{read} rows were read for {slice}: {:?}", wanted.audience);
            if planned == Planned::All {
                break;
            }
        }
        let counts = read(store, move |tx| tx.org(org()).campaign_counts(id)).await;
        assert_eq!(counts.iter().map(|c| (c.state, c.n)).collect::<Vec<_>>(), [(State::Planned, people_n)]);
    }
}

contract! {
    /// A list of contacts is planned once each, however often it names them, and only one's own.
    async fn listed_contacts_are_planned_once(store) {
        people(store, 3).await;
        let contacts = vec![id(3), id(1), id(3), id(77)];
        plan(store, definition(Audience::Contacts { contacts })).await;
        assert_eq!(counts(store).await, vec![(State::Planned, 0, 2)]);
    }
}

contract! {
    /// Without recorded consent nobody is written to where consent is required.
    async fn consent_is_required_where_asked(store) {
        people(store, 2).await;
        plan(store, Definition { require_consent: true, ..definition(Audience::All) }).await;
        assert_eq!(counts(store).await, vec![(State::Skipped, SkipReason::NoConsent as i32, 2)]);
    }
}
