//! Searching messages by their words.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, number, org, phone, read, write};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use tisara_domain::{ContactId, MessageId, NumberId, OrgId, Phone, ThreadId, message::MessageState};
use tisara_store::{
    Result, Store, Tx, args,
    contacts::{NewContact, Sender},
    contract,
    inbox::{NewInbound, NewMessage},
    search::{MessageFilter, Query},
};

fn inbound(n: u32, thread: u32, text: &str) -> NewInbound {
    NewInbound {
        id: id(n),
        thread_id: id(thread),
        conversation_id: id(n),
        wamid: format!("wamid.{n}"),
        kind: "text".to_owned(),
        text: text.to_owned(),
        content: "{}".to_owned(),
        address: "x".to_owned(),
        reply_to: None,
        at: at(i64::from(n)),
    }
}

fn contact(n: u32) -> NewContact {
    NewContact {
        id: id(n),
        phone: phone(n),
        name: format!("Contact {n}"),
        email: None,
        language: None,
        fields: vec![],
    }
}

/// Contacts 1 and 2 with threads 1 and 2 on number 1, and contact 1 with thread 3 on number 2.
async fn threads(store: &Store) {
    furnish(store).await;
    write(store, |tx| {
        let mut org = tx.org(org());
        org.put_number(&number(2, id(1)))?;
        for c in 1..=2 {
            org.create_contact(&contact(c), at(0))?;
            org.upsert_thread(id(c), id(1), at(0), id(c))?;
        }
        org.upsert_thread(id(1), id(2), at(0), id(3))?;
        Ok(())
    })
    .await;
}

async fn receive(store: &Store, messages: Vec<NewInbound>) {
    write(store, move |tx| {
        let is_new = tx.org(org()).record_inbound(&messages)?;
        assert!(is_new.iter().all(|new| *new));
        Ok(())
    })
    .await;
}

/// Indexes all that waits, in batches of `size`; says how many messages went in.
async fn index(store: &Store, size: u32) -> u64 {
    index_apart(store, size, 0).await
}

/// The same, with so many others between one batch and the next.
async fn index_apart(store: &Store, size: u32, others: i64) -> u64 {
    let mut indexed = 0;
    while let Some(org) = read(store, |tx| tx.next_org_to_index(None)).await {
        let waiting = read(store, move |tx| tx.org(org).list_unindexed(size)).await;
        assert!(waiting.oldest.is_some());
        indexed += write(store, move |tx| {
            tx.execute("UPDATE message_index SET last_ordinal = last_ordinal + $1", args![others])?;
            tx.org(org).index_messages(&waiting.messages)
        })
        .await;
        write(store, |tx| tx.sort_in_words()).await;
    }
    indexed
}

async fn found(store: &Store, of: OrgId, text: &str, filter: MessageFilter) -> Vec<MessageId> {
    let query = Query::parse(text).unwrap();
    let hits = read(store, move |tx| tx.org(of).search_messages(&query, filter, None, 500)).await;
    hits.into_iter().map(|f| f.message.id).collect()
}

async fn all(store: &Store, text: &str) -> Vec<MessageId> {
    found(store, org(), text, MessageFilter::default()).await
}

contract! {
    /// Messages are found by their words once they are indexed, newest first, and each is indexed once.
    async fn messages_are_found_by_their_words(store) {
        threads(store).await;
        receive(store, vec![inbound(1, 1, "Do you have green tea?"), inbound(2, 2, "GREEN, please"), inbound(3, 1, "")]).await;
        write(store, |tx| tx.org(org()).queue_message(&NewMessage {
            id: id(4), thread_id: id(2), kind: "text".to_owned(), text: "We have green and black tea".to_owned(),
            content: "{}".to_owned(), address: "x".to_owned(), reply_to: None, now: at(9),
        })).await;
        assert_eq!(all(store, "green").await, []);
        assert_eq!(index(store, 2).await, 3);
        assert_eq!(index(store, 2).await, 0);
        assert_eq!(all(store, "green").await, [id(4), id(2), id(1)]);
        assert_eq!(all(store, "tea gre").await, [id(4), id(1)]);
        assert_eq!(all(store, "\"green tea\"").await, [id(1)]);
        assert_eq!(all(store, "\"black tea\" ha").await, [id(4)]);
        assert_eq!(all(store, "coffee").await, []);
        assert_eq!(found(store, id(2), "green", MessageFilter::default()).await, []);
        let query = Query::parse("black").unwrap();
        let hit = read(store, move |tx| tx.org(org()).search_messages(&query, MessageFilter::default(), None, 9)).await;
        assert_eq!((hit[0].contact_id, hit[0].contact_name.as_str()), (id::<ContactId>(2), "Contact 2"));
        assert_eq!(hit[0].message.text, "We have green and black tea");
    }
}

contract! {
    /// A search narrows to a number, a thread, a contact.
    async fn a_search_narrows(store) {
        threads(store).await;
        receive(store, vec![inbound(1, 1, "tea"), inbound(2, 2, "tea"), inbound(3, 3, "tea"), inbound(4, 1, "cup")]).await;
        index(store, 100).await;
        let none = MessageFilter::default();
        assert_eq!(found(store, org(), "tea", MessageFilter { number: Some(id(1)), ..none }).await, [id(2), id(1)]);
        assert_eq!(found(store, org(), "tea", MessageFilter { number: Some(id(2)), ..none }).await, [id(3)]);
        assert_eq!(found(store, org(), "tea", MessageFilter { thread: Some(id(1)), ..none }).await, [id(1)]);
        assert_eq!(found(store, org(), "tea", MessageFilter { contact: Some(id(1)), ..none }).await, [id(3), id(1)]);
        let both = MessageFilter { contact: Some(id(1)), number: Some(id(2)), ..none };
        assert_eq!(found(store, org(), "tea", both).await, [id(3)]);
        let strange = MessageFilter { contact: Some(id(1)), thread: Some(id(2)), ..none };
        assert_eq!(found(store, org(), "tea", strange).await, []);
    }
}

/// A message that waits to be indexed, without all that receiving does.
fn written(tx: &mut Tx<'_>, n: u32) -> Result<()> {
    let rare = if n.is_multiple_of(500) { " rare ordered" } else { " orders" };
    let text = format!("tea n{n}{rare}{}", if n < 9 { " old" } else { "" });
    tx.execute(
        "INSERT INTO message (org_id, id, thread_id, number_id, state, kind, text, content, address, attempt, lease, \
         due_at, created_at) VALUES ($1, $2, $3, $4, $5, 'text', $6, '{}', 'x', 0, 0, 0, 0)",
        args![org(), id::<MessageId>(n), id::<ThreadId>(1 + n % 2), id::<NumberId>(1), MessageState::Received, text],
    )?;
    let sql = "INSERT INTO message_unindexed (org_id, message_id) VALUES ($1, $2)";
    tx.execute(sql, args![org(), id::<MessageId>(n)])?;
    Ok(())
}

/// Looks through what [`written`] wrote, page by page.
async fn pages(store: &Store) {
    for (text, hits, size) in [
        ("rare", 40, 7),
        ("old", 8, 3),
        ("tea n1234", 11, 4),
        ("ra", 40, 15),
        // As common as its first four letters, and far rarer than they are.
        ("old orders", 8, 3),
        ("tea ordere", 40, 7),
        // The beginning is far commoner than the word.
        ("rare te", 40, 7),
    ] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = Query::parse(text).unwrap();
            let page = read(store, move |tx| {
                tx.org(org()).search_messages(&query, MessageFilter::default(), after, size)
            })
            .await;
            let Some(last) = page.last() else { break };
            after = Some(last.position);
            seen.extend(page.into_iter().map(|f| f.message.id));
        }
        assert_eq!(seen.len(), hits, "{text}");
        assert!(seen.is_sorted_by(|a, b| a > b), "{text}: {seen:?}");
    }
    let first = read(store, |tx| {
        tx.org(org()).search_messages(&Query::parse("te").unwrap(), MessageFilter::default(), None, 50)
    })
    .await;
    assert_eq!(first.len(), 50);
    let orders = found(store, org(), "orders", MessageFilter::default()).await;
    let expected: Vec<MessageId> = (1..=20_000).rev().filter(|n| n % 500 != 0).take(500).map(id).collect();
    assert_eq!(orders, expected);
}

contract! {
    /// Pages follow each other without gap or repetition, over more messages than are looked at in one step.
    async fn pages_follow_each_other(store) {
        threads(store).await;
        write(store, |tx| (1..=20_000).try_for_each(|n| written(tx, n))).await;
        assert_eq!(index(store, 2_000).await, 20_000);
        pages(store).await;
    }
}

contract! {
    /// The same when others lie between them, as in five million messages.
    async fn pages_follow_each_other_from_afar(store) {
        threads(store).await;
        write(store, |tx| (1..=20_000).try_for_each(|n| written(tx, n))).await;
        assert_eq!(index_apart(store, 2_000, 500_000).await, 20_000);
        pages(store).await;
        let in_thread = MessageFilter { thread: Some(id(2)), ..MessageFilter::default() };
        assert_eq!(found(store, org(), "old", in_thread).await, [id(7), id(5), id(3), id(1)]);
        let of_number = MessageFilter { number: Some(id(1)), ..MessageFilter::default() };
        assert_eq!(found(store, org(), "rare", of_number).await.len(), 40);
    }
}

contract! {
    /// Who is erased is gone from the index too, also what had not been indexed yet.
    async fn erasing_a_contact_erases_its_words(store) {
        threads(store).await;
        receive(store, vec![inbound(1, 1, "secret tea"), inbound(2, 2, "tea"), inbound(3, 3, "secret")]).await;
        index(store, 100).await;
        receive(store, vec![inbound(4, 1, "secret again")]).await;
        let stale = read(store, |tx| tx.org(org()).list_unindexed(9)).await;
        assert!(write(store, |tx| tx.org(org()).delete_contact(id(1))).await);
        assert_eq!(write(store, move |tx| tx.org(org()).index_messages(&stale.messages)).await, 0);
        assert_eq!(index(store, 9).await, 0);
        assert_eq!(all(store, "secret").await, []);
        assert_eq!(all(store, "tea").await, [id(2)]);
        let left = read(store, |tx| tx.get("SELECT count(*) FROM message_words", &[], |r| r.get::<i64>(0))).await;
        assert_eq!(left, 1);
    }
}

contract! {
    /// Two contacts that turn out to be one bring their messages together.
    async fn a_merged_contact_keeps_its_messages(store) {
        threads(store).await;
        write(store, |tx| {
            let sender = |phone: Option<Phone>, bsuid: Option<&str>| Sender {
                portfolio: "p1".to_owned(), phone, bsuid: bsuid.map(str::to_owned), parent_bsuid: None,
                username: None, name: None,
            };
            let mut org = tx.org(org());
            org.resolve_contact(&sender(None, Some("LK.1")), at(2), id(9))?;
            org.upsert_thread(id(9), id(1), at(2), id(9))?;
            org.record_inbound(&[inbound(1, 1, "tea"), inbound(2, 9, "tea")])?;
            let waiting = org.list_unindexed(9)?;
            org.index_messages(&waiting.messages)?;
            org.record_inbound(&[inbound(3, 9, "tea later")])?;
            let one = org.resolve_contact(&sender(Some(phone(1)), Some("LK.1")), at(5), id(10))?;
            assert_eq!(one.and_then(|r| r.merged), Some(id(9)));
            Ok(())
        }).await;
        index(store, 100).await;
        let of = |c| MessageFilter { contact: Some(id(c)), ..MessageFilter::default() };
        assert_eq!(found(store, org(), "tea", of(1)).await, [id(3), id(2), id(1)]);
        assert_eq!(found(store, org(), "tea", of(9)).await, []);
    }
}

/// Texts in many scripts, with joiners, marks, emoji, quotes and signs between.
fn texts() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        proptest::sample::select(vec![
            "tea",
            "Tea",
            "teapot",
            "green",
            "Élodie",
            "e\u{301}lodie",
            "ＴＥＡ",
            "don't",
            "O'Brien",
            "ආයුබෝවන්",
            "ආයු",
            "ශ්\u{200D}රී",
            "ශ්රී",
            "ලංකා",
            "வணக்கம்",
            "நண்பரே",
            "नमस्ते",
            "क्या",
            "क्‍या",
            "مرحبا",
            "بكم",
            "सँ",
            "👍",
            "👍🏽",
            "❤\u{FE0F}",
            "👨\u{200D}👩\u{200D}👧",
            "1️⃣",
            "½",
            "ﬁsh",
            "ß",
            "İstanbul",
            "ΣΊΣΥΦΟΣ",
            "10:30",
            "a_b",
            "x'y",
            "\\",
            ":*",
            "&",
            "'",
            "a\u{E000}b",
        ])
        .prop_map(str::to_owned),
        "\\PC{1,6}",
    ];
    proptest::collection::vec(
        (word, proptest::sample::select(vec![" ", ", ", "\n", "", "-", "\u{A0}"])),
        1..8,
    )
    .prop_map(|pieces| pieces.into_iter().map(|(word, gap)| word + gap).collect())
}

contract! {
    /// Whatever is written and looked for, both databases find what the rule says, and nothing else.
    async fn both_databases_find_what_the_rule_says(store) {
        threads(store).await;
        let mut runner = TestRunner::deterministic();
        let mut draw = || texts().new_tree(&mut runner).unwrap().current().replace('\0', "");
        let written: Vec<(u32, String)> = (1..=400).map(|n| (n, draw())).collect();
        receive(store, written.iter().map(|(n, text)| inbound(*n, 1 + n % 3, text)).collect()).await;
        index(store, 150).await;
        let (mut looked, mut hits) = (0, 0);
        for i in 0..300 {
            let mut text = draw();
            match i % 3 {
                0 => text = text.chars().take(3).collect(),
                1 => text = format!("\"{text}\""),
                _ => {}
            }
            let Ok(query) = Query::parse(&text) else { continue };
            let expected: Vec<MessageId> =
                written.iter().rev().filter(|(_, text)| query.matches(text)).map(|(n, _)| id(*n)).collect();
            assert_eq!(all(store, &text).await, expected, "{text:?} as {query:?}");
            let in_thread = MessageFilter { thread: Some(id(1)), ..MessageFilter::default() };
            let of_thread: Vec<MessageId> = written.iter().rev()
                .filter(|(n, text)| n.is_multiple_of(3) && query.matches(text)).map(|(n, _)| id(*n)).collect();
            assert_eq!(found(store, org(), &text, in_thread).await, of_thread, "{text:?} in a thread");
            (looked, hits) = (looked + 1, hits + expected.len());
        }
        assert!(looked > 200 && hits > 200, "{looked} searches with {hits} hits prove little");
    }
}
