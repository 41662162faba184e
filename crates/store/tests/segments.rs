//! Segments: whom rules mean, however often and in whatever way the data changes in between.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, org, phone, read, write};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use std::collections::BTreeSet;
use tisara_domain::{
    CampaignId, CampaignState, ContactId, FieldId, LabelId, NumberId, RecipientState, TemplateId, Timestamp,
    campaign::CampaignEvent, consent::ConsentState, settle::SettlePolicy,
};
use tisara_store::{
    Result, Store, Tx, args,
    campaigns::{Audience, Definition, NewCampaign},
    consents::{Consent, MARKETING},
    contacts::{ContactChange, NewContact, Sender},
    contract,
    fields::{Field, FieldKind},
    inbox::NewInbound,
    labels::Label,
    segments::{Compare, Did, Rule, Segment, SegmentChange, Sets},
};

const DAY: i64 = 24 * 3_600;

fn contact(n: u32) -> NewContact {
    NewContact {
        id: id(n),
        phone: phone(n),
        name: format!("Contact {n}"),
        email: None,
        language: n.is_multiple_of(3).then(|| "si".to_owned()),
        fields: vec![],
    }
}

/// Labels 1 and 2, a text field 1, a number field 2, a day field 3, campaigns 1 and 2 of number 1.
async fn world(store: &Store) {
    furnish(store).await;
    write(store, |tx| {
        let mut org = tx.org(org());
        for n in 1..=2 {
            org.create_label(&Label { id: id(n), name: format!("Label {n}"), created_at: at(0) })?;
        }
        for (n, kind) in [(1, FieldKind::Text), (2, FieldKind::Number), (3, FieldKind::Date)] {
            org.create_field(&Field { id: id(n), name: format!("Field {n}"), kind, created_at: at(0) })?;
        }
        drop(org);
        for n in 1..=2 {
            tx.execute(
                "INSERT INTO campaign (org_id, id, name, number_id, template_id, template_version, state, definition, \
                 planned, created_at) VALUES ($1, $2, 'c', $3, $4, 1, $5, '{}', 1, 0)",
                args![common::org(), id::<CampaignId>(n), id::<NumberId>(1), id::<TemplateId>(1), CampaignState::Running],
            )?;
        }
        Ok(())
    })
    .await;
}

/// Moves a recipient (or makes it), with the counters, as the ledger does.
fn move_recipient(tx: &mut Tx<'_>, campaign: u32, c: u32, to: RecipientState, when: Timestamp) -> Result<()> {
    let (org, campaign, seq) = (org(), id::<CampaignId>(campaign), i64::from(c));
    let from = tx.find(
        "SELECT state FROM recipient WHERE org_id = $1 AND campaign_id = $2 AND seq = $3",
        args![org, campaign, seq],
        |r| r.get::<RecipientState>(0),
    )?;
    let allowed = match from {
        None => true,
        Some(from) => {
            from.advanced_by(to) == to && from != to
                || from.may_be_tried_again() && to == RecipientState::Planned
        }
    };
    if !allowed {
        return Ok(());
    }
    let column = match to {
        RecipientState::Accepted => "accepted_at",
        RecipientState::Sent => "sent_at",
        RecipientState::Failed => "failed_at",
        RecipientState::Delivered => "delivered_at",
        RecipientState::Read => "read_at",
        RecipientState::Planned | RecipientState::Skipped | RecipientState::Uncertain => "billing",
    };
    let stamp = if column == "billing" { "NULL".to_owned() } else { when.0.to_string() };
    tx.execute(
        &format!(
            "INSERT INTO recipient (org_id, campaign_id, seq, contact_id, address, state, reason, attempt, {column}) \
             VALUES ($1, $2, $3, $4, 'x', $5, 0, 0, {stamp}) \
             ON CONFLICT (org_id, campaign_id, seq) DO UPDATE SET state = excluded.state, {column} = excluded.{column}"
        ),
        args![org, campaign, seq, id::<ContactId>(c), to],
    )?;
    for (state, n) in from.map(|s| (s, -1)).into_iter().chain([(to, 1)]) {
        tx.execute(
            "INSERT INTO campaign_count (org_id, campaign_id, slot, state, reason, n) VALUES ($1, $2, 0, $3, 0, $4) \
             ON CONFLICT (org_id, campaign_id, slot, state, reason) DO UPDATE SET n = campaign_count.n + excluded.n",
            args![org, campaign, state, n],
        )?;
    }
    Ok(())
}

/// Something that happens, picked by numbers.
fn happen(tx: &mut Tx<'_>, step: u32, what: u32, c: u32, which: u32) -> Result<()> {
    let (when, mut org) = (at(i64::from(step % 40) * DAY / 4), tx.org(org()));
    let there = org.find_contact(id(c))?.is_some();
    match what {
        _ if !there => org.create_contact(&contact(c), when),
        0 => org.label_contacts(id(1 + which % 2), &[id(c)]).map(drop),
        1 => org.unlabel_contacts(id(1 + which % 2), &[id(c)]).map(drop),
        2..=4 => {
            let value = match what {
                2 => ["Galle", "GALLE road", "Kandy", "ශ්\u{200D}රී"][which as usize % 4].to_owned(),
                3 => ["1", "9.5", "10", "-3"][which as usize % 4].to_owned(),
                _ => ["2026-01-31", "2026-11-21", "1999-12-31", "2030-01-01"][which as usize % 4].to_owned(),
            };
            let value = (which < 9).then_some(value);
            let change = ContactChange { fields: vec![(id(what - 1), value)], ..ContactChange::default() };
            org.update_contact(id(c), &change, when).map(drop)
        }
        5 => org
            .record_consent(&Consent {
                id: id(step),
                contact_id: id(c),
                at: when,
                state: [ConsentState::OptedIn, ConsentState::OptedOut][which as usize % 2],
                purpose: MARKETING.into(),
                source: "x".into(),
                wording: "y".into(),
            })
            .map(drop),
        6 if which < 3 => org.delete_contact(id(c)).map(drop),
        7 => {
            let thread = org.upsert_thread(id(c), id(1), when, id(c + step * 100))?;
            let new = NewInbound {
                id: id(step),
                thread_id: thread,
                conversation_id: id(step),
                wamid: format!("w{step}"),
                kind: "text".to_owned(),
                text: "tea".to_owned(),
                content: "{}".to_owned(),
                address: "x".to_owned(),
                reply_to: None,
                at: when,
            };
            org.record_inbound(&[new]).map(drop)
        }
        8 if which < 2 => {
            let sender = |phone, bsuid: &str| Sender {
                portfolio: "p1".to_owned(),
                phone,
                bsuid: Some(bsuid.to_owned()),
                ..Sender::default()
            };
            org.resolve_contact(&sender(None, &format!("LK.{step}")), when, id(900 + step))?;
            org.resolve_contact(&sender(Some(phone(c)), &format!("LK.{step}")), when, id(950 + step))
                .map(drop)
        }
        _ => {
            drop(org);
            let states = RecipientState::ALL;
            move_recipient(tx, 1 + which % 2, c, states[which as usize % states.len()], when)
        }
    }
}

/// Whom a rule means, looked up contact by contact.
fn means(tx: &mut Tx<'_>, rule: &Rule, c: ContactId, now: Timestamp) -> Result<bool> {
    let hour = 3_600_000_000;
    let since = |days: &u32| now.0.div_euclid(hour) * hour - i64::from(*days) * 24 * hour;
    let mut all = |rules: &[Rule]| rules.iter().map(|r| means(tx, r, c, now)).collect::<Result<Vec<bool>>>();
    match rule {
        Rule::All { rules } => return Ok(all(rules)?.into_iter().all(|m| m)),
        Rule::Any { rules } => return Ok(all(rules)?.into_iter().any(|m| m)),
        Rule::Not { rule } => return Ok(!means(tx, rule, c, now)?),
        _ => {}
    }
    let known = tx.org(org()).find_contact(c)?.unwrap();
    Ok(match rule {
        Rule::Label { label } => known.labels.contains(label),
        Rule::Field { field, compare, value } => {
            let Some((_, has)) = known.fields.iter().find(|(f, _)| f == field) else { return Ok(false) };
            let value = value.as_deref().unwrap_or_default();
            let order = if *field == id::<FieldId>(2) {
                has.parse::<f64>().unwrap().partial_cmp(&value.parse::<f64>().unwrap_or(0.0)).unwrap()
            } else {
                has.to_lowercase().replace('\u{200D}', "").cmp(&value.to_lowercase())
            };
            match compare {
                Compare::Is => order.is_eq(),
                Compare::Less => order.is_lt(),
                Compare::AtMost => order.is_le(),
                Compare::Greater => order.is_gt(),
                Compare::AtLeast => order.is_ge(),
                Compare::StartsWith => has.to_lowercase().starts_with(&value.to_lowercase()),
                Compare::Contains => has.to_lowercase().contains(&value.to_lowercase()),
                Compare::Present => true,
            }
        }
        Rule::Consent { state } => known.consent == *state,
        Rule::Language { language } => known.language.as_ref() == Some(language),
        Rule::Region { region } => known.region.is_some_and(|r| r.as_str() == region),
        Rule::Created { within_days } => known.created_at.0 >= since(within_days),
        Rule::LastInbound { within_days } => {
            let threads = tx.org(org()).list_contact_threads(c)?;
            threads.iter().any(|t| t.last_inbound_at.is_some_and(|at| at.0 >= since(within_days)))
        }
        Rule::Campaign { campaign, did, within_days } => {
            let wrote = tx.org(org()).list_contact_threads(c)?.first().and_then(|t| t.last_inbound_at);
            let since = within_days.as_ref().map_or(i64::MIN, since);
            let rows = tx.list(
                "SELECT state, accepted_at, sent_at, delivered_at, read_at, failed_at FROM recipient \
                 WHERE org_id = $1 AND contact_id = $2 AND campaign_id = $3",
                args![org(), c, campaign],
                |r| {
                    let moments = (1..6).map(|i| r.get::<Option<i64>>(i)).collect::<Result<Vec<_>>>()?;
                    Ok((r.get::<RecipientState>(0)?, moments))
                },
            )?;
            rows.into_iter().any(|(state, at)| {
                use RecipientState as S;
                let first = at[0].or(at[1]).or(at[2]).or(at[3]);
                let after = |moment: Option<i64>| within_days.is_none() || moment.is_some_and(|m| m >= since);
                match did {
                    Did::Planned => state != S::Skipped,
                    Did::Sent => state.is_out() && after(first),
                    Did::Delivered => state >= S::Delivered && after(at[2].or(at[3])),
                    Did::Read => state == S::Read && after(at[3]),
                    Did::NotRead => state == S::Delivered && after(at[2]),
                    Did::Failed => state == S::Failed && after(at[4]),
                    Did::Replied => {
                        state.is_out()
                            && wrote.is_some_and(|w| first.is_some_and(|f| w.0 > f) && w.0 >= since)
                    }
                }
            })
        }
        Rule::All { .. } | Rule::Any { .. } | Rule::Not { .. } => unreachable!(),
    })
}

fn rules() -> impl Strategy<Value = Rule> {
    let days = || 1_u32..12;
    let leaf = prop_oneof![
        (1_u32..3).prop_map(|n| Rule::Label { label: id(n) }),
        (0_usize..8, 0_usize..4).prop_map(|(c, v)| {
            let compare = [Compare::Is, Compare::StartsWith, Compare::Contains, Compare::Present][c % 4];
            let value = ["galle", "kandy", "road", "ga"][v].to_owned();
            Rule::Field { field: id(1), compare, value: (compare != Compare::Present).then_some(value) }
        }),
        (2_u32..4, 0_usize..5, 0_usize..2).prop_map(|(f, c, v)| {
            let compare =
                [Compare::Is, Compare::Less, Compare::AtMost, Compare::Greater, Compare::AtLeast][c];
            let value = if f == 2 { ["9.5", "2"][v] } else { ["2026-11-21", "2020-01-01"][v] };
            Rule::Field { field: id(f), compare, value: Some(value.to_owned()) }
        }),
        proptest::sample::select(vec![ConsentState::Unknown, ConsentState::OptedIn, ConsentState::OptedOut])
            .prop_map(|state| Rule::Consent { state }),
        Just(Rule::Language { language: "si".to_owned() }),
        proptest::sample::select(vec!["LK", "IN"]).prop_map(|r| Rule::Region { region: r.to_owned() }),
        days().prop_map(|within_days| Rule::Created { within_days }),
        days().prop_map(|within_days| Rule::LastInbound { within_days }),
        (
            1_u32..3,
            proptest::sample::select(vec![
                Did::Planned,
                Did::Sent,
                Did::Delivered,
                Did::Read,
                Did::NotRead,
                Did::Failed,
                Did::Replied,
            ]),
            proptest::option::of(days()),
        )
            .prop_map(|(c, did, days)| Rule::Campaign {
                campaign: id(c),
                did,
                within_days: days.filter(|_| did != Did::Planned),
            }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..3).prop_map(|rules| Rule::All { rules }),
            proptest::collection::vec(inner.clone(), 1..3).prop_map(|rules| Rule::Any { rules }),
            inner.prop_map(|rule| Rule::Not { rule: Box::new(rule) }),
        ]
    })
}

contract! {
    /// However the data changes, a rule means whom it says, also when most of it is answered from what
    /// was read before.
    async fn a_rule_means_whom_it_says(store) {
        world(store).await;
        let (sets, mut runner) = (Sets::default(), TestRunner::deterministic());
        let rules: Vec<Rule> = (0..25).map(|_| rules().new_tree(&mut runner).unwrap().current()).collect();
        let mut drawn = 0;
        let mut meant = 0;
        for round in 0..24_u32 {
            let events = if round == 0 { 150 } else { 1 + round % 4 };
            let draws: Vec<(u32, u32, u32, u32)> = (0..events).map(|_| {
                drawn += 1;
                let (what, c, which) = (0_u32..18, 1_u32..25, 0_u32..16).new_tree(&mut runner).unwrap().current();
                (drawn, what, c, which)
            }).collect();
            write(store, move |tx| draws.iter().try_for_each(|(n, what, c, which)| happen(tx, *n, *what, *c, *which))).await;
            let (rules, sets) = (rules.clone(), sets.clone());
            meant += read(store, move |tx| {
                let now = at(10 * DAY + i64::from(round) * 600);
                let everybody = tx.org(org()).find_by_rule(&Rule::Not { rule: Box::new(Rule::Any { rules: vec![] }) }, &Sets::new(0), now)?;
                let mut meant = 0;
                for rule in &rules {
                    let found: BTreeSet<ContactId> = tx.org(org()).find_by_rule(rule, &sets, now)?.oldest(None, 99).into_iter().collect();
                    let mut expected = BTreeSet::new();
                    for c in everybody.oldest(None, 99) {
                        if means(tx, rule, c, now)? { expected.insert(c); }
                    }
                    assert_eq!(found, expected, "round {round}: {rule:?}");
                    meant += found.len();
                }
                Ok(meant)
            }).await;
        }
        assert!(meant > 1_000, "rules that mean nobody prove nothing: {meant}");
    }
}

contract! {
    /// Segments are kept, found by name, changed and removed.
    async fn segments_are_kept(store) {
        world(store).await;
        let rule = Rule::Label { label: id(1) };
        let segment = Segment { id: id(1), name: "Tea lovers".into(), rule, created_at: at(1), updated_at: at(1) };
        let made = segment.clone();
        write(store, move |tx| tx.org(org()).create_segment(&made)).await;
        assert_eq!(read(store, |tx| tx.org(org()).find_segment_by_name("TEA  lovers")).await, Some(segment.clone()));
        assert_eq!(read(store, |tx| tx.org(id(2)).find_segment(id(1))).await, None);
        let change = SegmentChange { name: Some("Coffee".into()), rule: Some(Rule::Region { region: "LK".into() }) };
        assert!(write(store, move |tx| tx.org(org()).update_segment(id(1), &change, at(2))).await);
        let listed = read(store, |tx| tx.org(org()).list_segments(None, 9)).await;
        assert_eq!((listed.len(), listed[0].name.as_str(), listed[0].updated_at), (1, "Coffee", at(2)));
        assert!(write(store, |tx| tx.org(org()).delete_segment(id(1))).await);
        assert!(!write(store, |tx| tx.org(org()).delete_segment(id(1))).await);
    }
}

contract! {
    /// Whom a campaign is for is decided when it starts: by the rule its segment has then, and ever after by
    /// that.
    async fn a_start_freezes_the_rule(store) {
        world(store).await;
        let rule = |n: u32| Rule::Label { label: id(n) };
        let segment = Segment { id: id(1), name: "Tea".into(), rule: rule(1), created_at: at(1), updated_at: at(1) };
        let definition = Definition {
            audience: Audience::Segment { segment: id(1), rule: rule(1) },
            bindings: vec![],
            header_media: None,
            require_consent: false,
            frequency_cap_hours: None,
            settle: SettlePolicy::Resend,
        };
        write(store, move |tx| {
            let mut tx = tx.org(org());
            tx.create_segment(&segment)?;
            (8..10).try_for_each(|n| tx.create_campaign(&NewCampaign {
                id: id(n),
                name: "To a segment".into(),
                number_id: id(1),
                template_id: id(1),
                template_version: 1,
                definition: definition.clone(),
                created_at: at(0),
            }))
        }).await;
        let frozen = |campaign: u32| async move {
            let found = read(store, move |tx| tx.org(org()).find_campaign(id(campaign))).await;
            let Audience::Segment { rule, .. } = found.unwrap().definition.audience else { panic!("a segment") };
            rule
        };
        let change = |n: u32| async move {
            let change = SegmentChange { name: None, rule: Some(rule(n)) };
            assert!(write(store, move |tx| tx.org(org()).update_segment(id(1), &change, at(2))).await);
        };
        let start = |campaign: u32| async move {
            let started = move |tx: &mut Tx<'_>| Ok(tx.org(org()).move_campaign(id(campaign), CampaignEvent::Start, at(3)));
            write(store, started).await.unwrap();
        };
        change(2).await;
        assert_eq!(frozen(8).await, rule(1), "until then it is the one it was made with");
        start(8).await;
        change(1).await;
        assert_eq!(frozen(8).await, rule(2));
        assert!(write(store, |tx| tx.org(org()).delete_segment(id(1))).await);
        start(9).await;
        assert_eq!(frozen(9).await, rule(1), "the segment is gone");
    }
}

contract! {
    /// What is wrong in a rule is told with its place.
    async fn a_wrong_rule_is_told(store) {
        world(store).await;
        let field = |n, compare, value: Option<&str>| Rule::Field { field: id(n), compare, value: value.map(str::to_owned) };
        let rules = vec![
            Rule::Label { label: id(9) },
            Rule::Not { rule: Box::new(field(2, Compare::Less, Some("many"))) },
            field(1, Compare::Less, Some("a")),
            field(3, Compare::Is, Some("21/11/2026")),
            field(1, Compare::Present, Some("x")),
            field(1, Compare::Is, None),
            Rule::Any { rules: vec![] },
            Rule::Campaign { campaign: id(9), did: Did::Planned, within_days: Some(1) },
            Rule::Created { within_days: 0 },
            Rule::Region { region: "Lanka".into() },
        ];
        let problems = read(store, move |tx| tx.org(org()).check_rule(&Rule::All { rules: rules.clone() })).await;
        let places: Vec<&str> = problems.iter().map(|p| p.at.as_str()).collect();
        assert_eq!(places, [
            "rules[0].label", "rules[1].rule.value", "rules[2].compare", "rules[3].value", "rules[4].value",
            "rules[5].value", "rules[6].rules", "rules[7].campaign", "rules[7].within_days", "rules[8].within_days",
            "rules[9].region",
        ]);
        let good = Rule::All { rules: vec![Rule::Label { label: id::<LabelId>(1) }, field(3, Compare::AtLeast, Some("2026-11-21"))] };
        assert_eq!(read(store, move |tx| tx.org(org()).check_rule(&good)).await, []);
    }
}
