//! What people send, taken in many at a time.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, org, phone, read, write};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use std::fmt::Write as _;
use tisara_domain::{Day, OrgId, Timestamp, consent::ConsentState, message::MessageState};
use tisara_store::{
    Engine, Options, Result, Store, Tx, args,
    consents::{Consent, MARKETING},
    contacts::Sender,
    contract,
    inbox::{Arrival, NewInbound, SaidConsent, TakenIn},
    seam::Row,
    testing::{TestStore, plans},
};

/// Arrival `n`: a message of the person with that number, alone in what it tells.
fn message(n: u32, from: u32, text: &str) -> Arrival {
    Arrival {
        sender: Sender { portfolio: "p1".to_owned(), phone: Some(phone(from)), ..Sender::default() },
        before: None,
        contact_id: id(1_000 + n),
        number_id: id(1),
        message: Some(NewInbound {
            id: id(n),
            thread_id: id(2_000 + n),
            conversation_id: id(3_000 + n),
            wamid: format!("wamid.{n}"),
            kind: "text".to_owned(),
            text: text.to_owned(),
            content: "{}".to_owned(),
            address: phone(from).as_str().to_owned(),
            reply_to: None,
            at: at(i64::from(n)),
        }),
        consent: None,
    }
}

fn said(n: u32, state: ConsentState) -> Option<SaidConsent> {
    Some(SaidConsent {
        id: id(4_000 + n),
        at: at(i64::from(n)),
        state,
        source: "test",
        wording: "so".to_owned(),
    })
}

async fn take_in(store: &Store, arrivals: Vec<Arrival>) -> Vec<Option<TakenIn>> {
    write(store, move |tx| tx.org(org()).take_in(&arrivals, at(100))).await
}

contract! {
    /// Somebody new who writes twice in one batch is one contact with one thread and one open conversation.
    async fn a_new_person_is_made_once(store) {
        furnish(store).await;
        let mut told = message(2, 7, "and more");
        (told.sender.bsuid, told.sender.name) = (Some("LK.7".into()), Some("Nimal".into()));
        let settled = take_in(store, vec![message(1, 7, "Hello"), told, message(3, 8, "Hello")]).await;
        let one = Some(TakenIn { contact: id(1_001), new_in: Some(id(2_001)) });
        assert_eq!(settled, [one, one, Some(TakenIn { contact: id(1_003), new_in: Some(id(2_003)) })]);
        let c = read(store, |tx| tx.org(org()).find_contact(id(1_001))).await.unwrap();
        assert_eq!((c.name.as_str(), c.identities.len()), ("Nimal", 1));
        let t = read(store, |tx| tx.org(org()).find_thread(id(2_001))).await.unwrap();
        assert_eq!((t.unread, t.last_line.as_str(), t.conversation_id), (2, "and more", Some(id(3_001))));
        assert_eq!(read(store, |tx| tx.org(org()).find_conversation(id(3_002))).await, None);
    }
}

contract! {
    /// The same message twice counts once, in one batch or in two, and says no more about consent.
    async fn a_message_counts_once(store) {
        furnish(store).await;
        let stop = |n| Arrival { consent: said(n, ConsentState::OptedOut), ..message(1, 7, "STOP") };
        let start = || Arrival { consent: said(2, ConsentState::OptedIn), ..message(2, 7, "START") };
        let settled = take_in(store, vec![stop(1), stop(5), start()]).await;
        let new_in: Vec<_> = settled.iter().map(|s| s.unwrap().new_in).collect();
        assert_eq!(new_in, [Some(id(2_001)), None, Some(id(2_001))]);
        assert_eq!(take_in(store, vec![stop(6)]).await, [Some(TakenIn { contact: id(1_001), new_in: None })]);
        let c = read(store, |tx| tx.org(org()).find_contact(id(1_001))).await.unwrap();
        assert_eq!(c.consent, ConsentState::OptedIn);
        assert_eq!(read(store, |tx| tx.org(org()).list_consents(id(1_001))).await.len(), 2);
        let t = read(store, |tx| tx.org(org()).find_thread(id(2_001))).await.unwrap();
        assert_eq!(t.unread, 2);
    }
}

contract! {
    /// Whichever way it is said, by a word or by WhatsApp's own switch, the last word holds.
    async fn the_last_word_about_consent_holds(store) {
        furnish(store).await;
        let word = |n, state| Arrival { consent: said(n, state), ..message(n, 7, "x") };
        let switch = |n, state| Arrival { message: None, ..word(n, state) };
        let (out, back) = (ConsentState::OptedOut, ConsentState::OptedIn);
        for (batch, last) in [
            (vec![word(1, out), switch(2, back)], back),
            (vec![switch(3, back), word(4, out)], out),
            (vec![switch(5, out), switch(6, back), word(7, out), word(8, back)], back),
        ] {
            take_in(store, batch).await;
            let c = read(store, |tx| tx.org(org()).find_contact(id(1_001))).await.unwrap();
            assert_eq!(c.consent, last);
        }
    }
}

contract! {
    /// Nodes that take in messages of the same people at one moment lose none of them.
    async fn nodes_at_the_same_people_lose_nothing(store) {
        const NODES: u32 = 4;
        const BATCHES: u32 = 8;
        const PEOPLE: u32 = 30;
        furnish(store).await;
        take_in(store, (0..PEOPLE).map(|p| message(p, p, "first")).collect()).await;
        let mut nodes = tokio::task::JoinSet::new();
        for node in 0..NODES {
            let store = store.clone();
            nodes.spawn(async move {
                for batch in 1..=BATCHES {
                    // Each node meets them in another order.
                    let people = (0..PEOPLE).map(|i| (i * (2 * node + 7) + batch) % PEOPLE);
                    let first = PEOPLE * (1 + node * BATCHES + batch);
                    take_in(&store, people.enumerate().map(|(i, p)| message(first + i as u32, p, "more")).collect()).await;
                }
            });
        }
        while let Some(done) = nodes.join_next().await {
            done.unwrap();
        }
        let messages = i64::from(PEOPLE + NODES * BATCHES * PEOPLE);
        let unread: i64 = read(store, |tx| {
            let threads = tx.org(org()).list_threads(Default::default(), None, PEOPLE)?;
            Ok(threads.iter().map(|t| t.unread).sum())
        }).await;
        assert_eq!(unread, messages);
    }
}

/// What was drawn of an arrival; small numbers, so that people, names and messages meet again.
type Drawn = (
    (Option<u32>, Option<u32>, Option<u32>, Option<u32>, Option<&'static str>),
    Option<(Option<u32>, Option<u32>)>,
    (bool, u32),
    Option<(u32, i64, &'static str)>,
    Option<(ConsentState, i64)>,
);

fn drawn() -> impl Strategy<Value = Drawn> {
    use proptest::{option::weighted, sample::select};
    let sender = (
        weighted(0.8, 1..=5_u32),
        weighted(0.6, 1..=5_u32),
        weighted(0.1, 1..=2_u32),
        weighted(0.2, 1..=4_u32),
        weighted(0.5, select(vec!["", " ", "Nimal", " Ama "])),
    );
    let before = (weighted(0.5, 1..=5_u32), weighted(0.5, 1..=5_u32));
    let message = (1..=30_u32, -5..40_i64, select(vec!["", "tea", "two\nlines", "STOP"]));
    let consent = (select(vec![ConsentState::OptedIn, ConsentState::OptedOut]), -5..40_i64);
    (
        sender,
        weighted(0.06, before),
        (proptest::bool::weighted(0.1), 1..=2_u32),
        weighted(0.9, message),
        weighted(0.25, consent),
    )
}

/// Arrival `n` of those in an organization.
fn arrival(n: u32, drawn: &Drawn) -> Arrival {
    let ((number, bsuid, parent, username, name), before, (elsewhere, ours), wrote, consent) = drawn;
    let portfolio = if *elsewhere { "p2" } else { "p1" };
    let sender = |number: Option<u32>, bsuid: Option<u32>| Sender {
        portfolio: portfolio.to_owned(),
        phone: number.map(phone),
        bsuid: bsuid.map(|n| format!("LK.{n}")),
        ..Sender::default()
    };
    Arrival {
        sender: Sender {
            parent_bsuid: parent.map(|n| format!("LK.ENT.{n}")),
            username: username.map(|n| format!("star{n}")),
            name: name.map(str::to_owned),
            ..sender(*number, *bsuid)
        },
        before: before.map(|(number, bsuid)| sender(number, bsuid)),
        contact_id: id(1_000 + n),
        number_id: id(*ours),
        message: wrote.map(|(wamid, seconds, text)| NewInbound {
            id: id(5_000 - n),
            thread_id: id(2_000 + n),
            conversation_id: id(3_000 + n),
            wamid: format!("wamid.{wamid}"),
            kind: "text".to_owned(),
            text: text.to_owned(),
            content: "{}".to_owned(),
            address: "x".to_owned(),
            reply_to: n.is_multiple_of(3).then(|| "wamid.0".to_owned()),
            at: at(seconds),
        }),
        consent: consent.map(|(state, seconds)| SaidConsent { at: at(seconds), ..said(n, state).unwrap() }),
    }
}

/// The rule: one arrival by itself, statement by statement.
fn take_in_one(tx: &mut Tx<'_>, org: OrgId, a: &Arrival, now: Timestamp) -> Result<Option<TakenIn>> {
    let found = match &a.before {
        None => tx.org(org).resolve_contact(&a.sender, now, a.contact_id)?,
        Some(before) => tx.org(org).move_contact(before, &a.sender, now, a.contact_id)?,
    };
    let Some(contact) = found.map(|r| r.contact) else { return Ok(None) };
    let mut new_in = None;
    if let Some(m) = &a.message {
        let thread = tx.org(org).upsert_thread(contact, a.number_id, m.at, m.thread_id)?;
        let written = tx.execute(
            "INSERT INTO message (org_id, id, thread_id, number_id, state, kind, text, content, address, wamid, \
             reply_to, attempt, lease, due_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, $12) \
             ON CONFLICT (org_id, wamid) WHERE wamid IS NOT NULL DO NOTHING",
            args![
                org,
                m.id,
                thread,
                a.number_id,
                MessageState::Received,
                m.kind,
                m.text,
                m.content,
                m.address,
                m.wamid,
                m.reply_to,
                m.at
            ],
        )?;
        if written == 1 {
            new_in = Some(thread);
            if !m.text.is_empty() {
                tx.execute(
                    "INSERT INTO message_unindexed (org_id, message_id) VALUES ($1, $2)",
                    args![org, m.id],
                )?;
            }
            tx.execute(
                "INSERT INTO usage_day (org_id, day, kind, number_id, slot, n) VALUES ($1, $2, 'inbound', $3, $4, 1) \
                 ON CONFLICT (org_id, day, kind, number_id, slot) DO UPDATE SET n = usage_day.n + 1",
                args![org, Day::of(m.at).0, a.number_id, 1],
            )?;
            tx.execute(
                "UPDATE thread SET unread = unread + 1, \
                 last_inbound_at = CASE WHEN last_inbound_at > $3 THEN last_inbound_at ELSE $3 END \
                 WHERE org_id = $1 AND id = $2",
                args![org, thread, m.at],
            )?;
            tx.execute(
                "UPDATE thread SET last_message_at = $3, last_line = $4 \
                 WHERE org_id = $1 AND id = $2 AND (last_message_at <= $3 OR last_line = '')",
                args![org, thread, m.at, m.text.replace('\n', " ")],
            )?;
            tx.org(org).open_conversation(thread, m.at, m.conversation_id)?;
        }
    }
    if let Some(said) = &a.consent
        && (a.message.is_none() || new_in.is_some())
    {
        tx.org(org).record_consent(&Consent {
            id: said.id,
            contact_id: contact,
            at: said.at,
            state: said.state,
            purpose: MARKETING.to_owned(),
            source: said.source.to_owned(),
            wording: said.wording.clone(),
        })?;
    }
    Ok(Some(TakenIn { contact, new_in }))
}

/// All rows that arrivals may touch. Ids, whole numbers and texts are named by the first letter of their columns' kinds.
const TABLES: &[(&str, &[(&str, char)])] = &[
    (
        "contact",
        &[
            ("id", 'b'),
            ("phone", 't'),
            ("region", 't'),
            ("name", 't'),
            ("name_fold", 't'),
            ("consent", 'i'),
            ("reachable", 'i'),
            ("created_at", 'i'),
            ("updated_at", 'i'),
        ],
    ),
    (
        "contact_identity",
        &[("portfolio", 't'), ("kind", 't'), ("value", 't'), ("contact_id", 'b'), ("seen_at", 'i')],
    ),
    ("contact_history", &[("contact_id", 'b'), ("at", 'i'), ("kind", 't'), ("detail", 't')]),
    (
        "consent",
        &[("contact_id", 'b'), ("id", 'b'), ("at", 'i'), ("state", 'i'), ("source", 't'), ("wording", 't')],
    ),
    (
        "thread",
        &[
            ("id", 'b'),
            ("contact_id", 'b'),
            ("number_id", 'b'),
            ("last_message_at", 'i'),
            ("last_inbound_at", 'i'),
            ("last_line", 't'),
            ("unread", 'i'),
            ("conversation_id", 'b'),
            ("assigned_to", 'b'),
        ],
    ),
    (
        "conversation",
        &[("id", 'b'), ("thread_id", 'b'), ("state", 't'), ("opened_at", 'i'), ("resolved_at", 'i')],
    ),
    (
        "message",
        &[
            ("id", 'b'),
            ("thread_id", 'b'),
            ("number_id", 'b'),
            ("state", 'i'),
            ("kind", 't'),
            ("text", 't'),
            ("content", 't'),
            ("address", 't'),
            ("wamid", 't'),
            ("reply_to", 't'),
            ("attempt", 'i'),
            ("lease", 'i'),
            ("due_at", 'i'),
            ("created_at", 'i'),
        ],
    ),
    ("message_unindexed", &[("message_id", 'b')]),
    ("usage_day", &[("day", 'i'), ("kind", 't'), ("number_id", 'b'), ("slot", 'i'), ("n", 'i')]),
];

fn dump(tx: &mut Tx<'_>, org: OrgId) -> Result<String> {
    let mut all = String::new();
    for (table, columns) in TABLES {
        let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let read = |row: &Row<'_>| {
            let mut line = (*table).to_owned();
            for (i, (name, kind)) in columns.iter().enumerate() {
                let value = match kind {
                    'b' => {
                        let bytes = row.get::<Option<Vec<u8>>>(i)?;
                        format!("{:?}", bytes.map(|b| u32::from_be_bytes(b[12..].try_into().unwrap())))
                    }
                    'i' => format!("{:?}", row.get::<Option<i64>>(i)?),
                    _ => format!("{:?}", row.get::<Option<String>>(i)?),
                };
                write!(line, " {name}={value}").unwrap();
            }
            Ok(line)
        };
        let mut lines =
            tx.list(&format!("SELECT {names} FROM {table} WHERE org_id = $1"), args![org], read)?;
        lines.sort();
        for line in lines {
            writeln!(all, "{line}").unwrap();
        }
    }
    Ok(all)
}

/// Takes the same random arrivals in by batches in one organization and one by one in another.
async fn compare(engine: Engine) {
    const CASES: u32 = 120;
    let test = TestStore::new(engine).await;
    // What only this test reads and writes is no concern of the check of plans.
    let aside = Store::open(&test.url, Options { postgres_connections: 2, ..Options::default() }).unwrap();
    let mut runner = TestRunner::deterministic();
    let batches = proptest::collection::vec(proptest::collection::vec(drawn(), 1..14), 1..4);
    let (mut merged, mut known) = (0, 0);
    for case in 0..CASES {
        let (many, single): (OrgId, OrgId) = (id(10 + 2 * case), id(11 + 2 * case));
        let batches = batches.new_tree(&mut runner).unwrap().current();
        let mut n = 0;
        for (b, batch) in batches.iter().enumerate() {
            let now = at(10 * i64::try_from(b).unwrap());
            let batch: Vec<Arrival> = batch
                .iter()
                .map(|d| {
                    n += 1;
                    arrival(n, d)
                })
                .collect();
            let arrivals = batch.clone();
            let by_batch = write(&test.store, move |tx| tx.org(many).take_in(&arrivals, now)).await;
            let arrivals = batch.clone();
            let one_by_one: Vec<_> =
                write(&aside, move |tx| arrivals.iter().map(|a| take_in_one(tx, single, a, now)).collect())
                    .await;
            let what = || format!("case {case}, batch {b}: {batch:#?}");
            assert_eq!(by_batch, one_by_one, "{}", what());
            let rows = read(&aside, move |tx| dump(tx, many)).await;
            let expected = read(&aside, move |tx| dump(tx, single)).await;
            assert_eq!(rows, expected, "{}", what());
            merged += rows.matches("kind=Some(\"merged\")").count();
            known += by_batch.iter().flatten().filter(|s| s.new_in.is_none()).count();
            if b == 0 {
                // The inbox is seen to in the meantime.
                write(&aside, move |tx| {
                    for org in [many, single] {
                        for n in 1..=u32::try_from(batch.len()).unwrap() {
                            tx.org(org).mark_thread_read(id(2_000 + n))?;
                            tx.org(org).resolve_conversation(id(3_000 + n), now)?;
                        }
                    }
                    Ok(())
                })
                .await;
            }
        }
    }
    assert!(merged > 50 && known > 50, "{merged} merged and {known} known messages prove little");
    plans::check(&test.store).await;
}

/// Whatever comes, in whatever order: a batch leaves the rows that its arrivals would have left one by one.
mod a_batch_is_as_good_as_one_after_the_other {
    use super::*;

    #[tokio::test]
    async fn sqlite() {
        compare(Engine::Sqlite).await;
    }

    #[tokio::test]
    async fn postgres() {
        compare(Engine::Postgres).await;
    }
}
