//! Threads, messages, conversations.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, number, org, phone, read, write};
use tisara_domain::{
    CampaignId, CampaignState, ContactId, NumberId, RecipientState, TemplateId, ThreadId, Timestamp,
    message::{Direction, MessageState},
};
use tisara_store::{
    Engine, Error, Result, Store, Tx, args,
    contacts::{NewContact, Sender},
    contract,
    inbox::{ConversationState, Entry, NewInbound, NewMessage, Thread, ThreadFilter},
    testing::TestStore,
};

fn inbound(n: u32, thread: u32, seconds: i64, text: &str) -> NewInbound {
    NewInbound {
        id: id(n),
        thread_id: id(thread),
        conversation_id: id(n),
        wamid: format!("wamid.{n}"),
        kind: "text".to_owned(),
        text: text.to_owned(),
        content: "{}".to_owned(),
        address: "+94770000001".to_owned(),
        reply_to: None,
        at: at(seconds),
    }
}

fn outbound(n: u32, thread: u32, seconds: i64, text: &str) -> NewMessage {
    NewMessage {
        id: id(n),
        thread_id: id(thread),
        kind: "text".to_owned(),
        text: text.to_owned(),
        content: r#"{"type":"text"}"#.to_owned(),
        address: "+94770000001".to_owned(),
        reply_to: Some("wamid.1".to_owned()),
        now: at(seconds),
    }
}

/// Contacts `1..=n`, each with thread of the same number on our number 1.
async fn threads(store: &Store, n: u32) {
    furnish(store).await;
    write(store, move |tx| {
        let mut org = tx.org(org());
        for c in 1..=n {
            let new = NewContact {
                id: id(c),
                phone: phone(c),
                name: format!("Contact {c}"),
                email: None,
                language: None,
                fields: vec![],
            };
            org.create_contact(&new, at(0))?;
            org.upsert_thread(id(c), id(1), at(0), id(c))?;
        }
        Ok(())
    })
    .await;
}

async fn receive(store: &Store, new: NewInbound) -> bool {
    write(store, move |tx| tx.org(org()).record_inbound(std::slice::from_ref(&new))).await == [true]
}

async fn thread(store: &Store, n: u32) -> Thread {
    read(store, move |tx| tx.org(org()).find_thread(id(n))).await.unwrap()
}

async fn listed(store: &Store, filter: ThreadFilter) -> Vec<ThreadId> {
    read(store, move |tx| tx.org(org()).list_threads(filter, None, 50)).await.iter().map(|t| t.id).collect()
}

fn campaign(tx: &mut Tx<'_>, campaign: u32, number: u32) -> Result<()> {
    tx.execute(
        "INSERT INTO campaign (org_id, id, name, number_id, template_id, template_version, state, definition, planned, \
         created_at) VALUES ($1, $2, 'c', $3, $4, 2, $5, '{}', 1, 0)",
        args![org(), id::<CampaignId>(campaign), id::<NumberId>(number), id::<TemplateId>(1), CampaignState::Running],
    )?;
    Ok(())
}

fn recipient(
    tx: &mut Tx<'_>,
    campaign: u32,
    seq: i64,
    state: RecipientState,
    accepted: Option<Timestamp>,
) -> Result<()> {
    tx.execute(
        "INSERT INTO recipient (org_id, campaign_id, seq, contact_id, address, variables, state, reason, attempt, \
         wamid, accepted_at) VALUES ($1, $2, $3, $4, 'x', '[\"Nimal\"]', $5, 0, 1, 'w', $6)",
        args![org(), id::<CampaignId>(campaign), seq, id::<ContactId>(1), state, accepted],
    )?;
    Ok(())
}

/// PostgreSQL takes a plan for a page of any length for a dear one; left to itself it makes one for every page.
#[tokio::test]
async fn a_page_of_threads_is_not_planned_anew() {
    let test = TestStore::new(Engine::Postgres).await;
    furnish(&test.store).await;
    let made_anew = read(&test.store, |tx| {
        for _ in 0..9 {
            tx.org(org()).list_threads(ThreadFilter::default(), None, 50)?;
        }
        tx.get(
            "SELECT CAST(sum(custom_plans) AS BIGINT) FROM pg_prepared_statements WHERE statement LIKE '%FROM thread t%'",
            &[],
            |r| r.get::<i64>(0),
        )
    })
    .await;
    assert_eq!(made_anew, 0);
}

contract! {
    /// A contact and a number have one thread.
    async fn a_contact_and_a_number_have_one_thread(store) {
        threads(store, 1).await;
        let again = write(store, |tx| tx.org(org()).upsert_thread(id(1), id(1), at(9), id(99))).await;
        assert_eq!(again, id(1));
        write(store, |tx| tx.org(org()).put_number(&number(2, id(1)))).await;
        let other = write(store, |tx| tx.org(org()).upsert_thread(id(1), id(2), at(9), id(2))).await;
        assert_eq!(other, id(2));
        let list = read(store, |tx| tx.org(org()).list_contact_threads(id(1))).await;
        assert_eq!(list.iter().map(|t| t.id).collect::<Vec<_>>(), [id(2), id(1)]);
        assert_eq!(read(store, |tx| tx.org(id(2)).find_thread(id(1))).await, None);
    }
}

contract! {
    /// A message that comes in moves its thread up and opens a conversation, once, however often it comes.
    async fn an_inbound_message_is_recorded_once(store) {
        threads(store, 1).await;
        assert!(receive(store, inbound(1, 1, 10, "Hello\nthere")).await);
        assert!(!receive(store, inbound(1, 1, 10, "Hello\nthere")).await);
        let mut same_wamid = inbound(5, 1, 10, "Hello again");
        same_wamid.wamid = "wamid.1".to_owned();
        assert!(!receive(store, same_wamid).await);
        let t = thread(store, 1).await;
        assert_eq!((t.unread, t.last_line.as_str(), t.last_message_at), (1, "Hello there", at(10)));
        assert_eq!((t.last_inbound_at, t.conversation_id), (Some(at(10)), Some(id(1))));
        assert_eq!((t.contact_name.as_str(), t.contact_phone.as_deref()), ("Contact 1", Some("+94770000001")));
        let m = read(store, |tx| tx.org(org()).find_message_by_wamid("wamid.1")).await.unwrap();
        assert_eq!((m.id, m.state, m.direction(), m.number_id), (id(1), MessageState::Received, Direction::Inbound, id(1)));
        let c = read(store, |tx| tx.org(org()).find_conversation(id(1))).await.unwrap();
        assert_eq!((c.state, c.opened_at, c.thread_id), (ConversationState::Open, at(10), id(1)));
    }
}

contract! {
    /// A message that comes late takes its place without hiding a newer one.
    async fn a_late_message_hides_nothing(store) {
        threads(store, 1).await;
        receive(store, inbound(2, 1, 20, "second")).await;
        receive(store, inbound(1, 1, 10, "first")).await;
        let t = thread(store, 1).await;
        assert_eq!((t.last_line.as_str(), t.last_message_at, t.last_inbound_at, t.unread), ("second", at(20), Some(at(20)), 2));
        assert_eq!(t.conversation_id, Some(id(2)));
    }
}

contract! {
    /// The clock of a new thread may run before Meta's; its first message counts all the same.
    async fn the_first_message_sets_the_line(store) {
        threads(store, 1).await;
        receive(store, inbound(1, 1, -3, "from the past")).await;
        let t = thread(store, 1).await;
        assert_eq!((t.last_line.as_str(), t.last_message_at), ("from the past", at(-3)));
    }
}

contract! {
    /// A number with a message that is due has work; looking for such numbers reads no other messages.
    async fn a_number_with_a_message_to_send_has_work(store) {
        threads(store, 2).await;
        assert_eq!(read(store, |tx| tx.list_numbers_with_work(at(30))).await, []);
        write(store, |tx| {
            let mut org = tx.org(org());
            org.queue_message(&outbound(3, 1, 30, "Hi"))?;
            org.queue_message(&outbound(4, 2, 30, "Hi"))
        })
        .await;
        assert_eq!(read(store, |tx| tx.list_numbers_with_work(at(29))).await, []);
        assert_eq!(read(store, |tx| tx.list_numbers_with_work(at(30))).await, [(org(), id(1))]);
    }
}

contract! {
    /// A queued message waits for its sender and moves its thread up.
    async fn a_message_is_queued(store) {
        threads(store, 1).await;
        write(store, |tx| tx.org(org()).queue_message(&outbound(3, 1, 30, "Hi"))).await;
        let m = read(store, |tx| tx.org(org()).find_message(id(3))).await.unwrap();
        assert_eq!((m.state, m.direction(), m.number_id, m.created_at), (MessageState::Queued, Direction::Outbound, id(1), at(30)));
        assert_eq!((m.kind.as_str(), m.reply_to.as_deref(), m.wamid), ("text", Some("wamid.1"), None));
        let t = thread(store, 1).await;
        assert_eq!((t.last_line.as_str(), t.unread, t.conversation_id), ("Hi", 0, None));
        let twice = store.write(|tx| tx.org(org()).queue_message(&outbound(3, 1, 30, "Hi"))).await;
        assert!(matches!(twice, Err(Error::Duplicate { .. })));
        assert!(store.write(|tx| tx.org(id(2)).queue_message(&outbound(4, 1, 30, "Hi"))).await.is_err());
        assert_eq!(read(store, |tx| tx.org(id(2)).find_message(id(3))).await, None);
    }
}

contract! {
    /// The list shows the newest first, pages without gaps, and narrows to open, unread or one number.
    async fn threads_are_listed(store) {
        threads(store, 5).await;
        for (c, t) in [(3, 30), (1, 50), (2, 50), (4, 40)] {
            receive(store, inbound(c, c, t, "x")).await;
        }
        let all = ThreadFilter::default();
        assert_eq!(listed(store, all).await, [id(2), id(1), id(4), id(3), id(5)]);
        let first = read(store, move |tx| tx.org(org()).list_threads(all, None, 1)).await;
        let cursor = first[0].cursor();
        let rest = read(store, move |tx| tx.org(org()).list_threads(all, Some(cursor), 9)).await;
        assert_eq!(rest.iter().map(|t| t.id).collect::<Vec<_>>(), [id(1), id(4), id(3), id(5)]);
        write(store, |tx| {
            let mut org = tx.org(org());
            assert!(org.resolve_conversation(id(2), at(60))?);
            assert!(org.mark_thread_read(id(4))?);
            assert!(!org.mark_thread_read(id(4))?);
            Ok(())
        }).await;
        assert_eq!(listed(store, ThreadFilter { open: true, ..all }).await, [id(1), id(4), id(3)]);
        assert_eq!(listed(store, ThreadFilter { unread: true, open: true, ..all }).await, [id(1), id(3)]);
        assert_eq!(listed(store, ThreadFilter { number: Some(id(2)), ..all }).await, []);
        assert_eq!(listed(store, ThreadFilter { number: Some(id(1)), unread: true, ..all }).await, [id(2), id(1), id(3)]);
    }
}

contract! {
    /// A resolved conversation stays so; the next message opens another.
    async fn conversations_open_and_close(store) {
        threads(store, 1).await;
        receive(store, inbound(1, 1, 10, "x")).await;
        receive(store, inbound(2, 1, 11, "y")).await;
        assert_eq!(read(store, |tx| tx.org(org()).find_conversation(id(2))).await, None);
        assert!(write(store, |tx| tx.org(org()).resolve_conversation(id(1), at(20))).await);
        assert!(!write(store, |tx| tx.org(org()).resolve_conversation(id(1), at(21))).await);
        let c = read(store, |tx| tx.org(org()).find_conversation(id(1))).await.unwrap();
        assert_eq!((c.state, c.resolved_at), (ConversationState::Resolved, Some(at(20))));
        assert_eq!(thread(store, 1).await.conversation_id, None);
        receive(store, inbound(3, 1, 30, "z")).await;
        assert_eq!(thread(store, 1).await.conversation_id, Some(id(3)));
        let open = write(store, |tx| tx.org(org()).open_conversation(id(1), at(31), id(9))).await;
        assert_eq!(open, Some(id(3)));
        assert_eq!(write(store, |tx| tx.org(org()).open_conversation(id(7), at(31), id(9))).await, None);
    }
}

contract! {
    /// What campaigns sent stands between the single messages, in the order of time, page by page.
    async fn a_thread_shows_campaigns_in_place(store) {
        threads(store, 1).await;
        write(store, |tx| {
            for (c, n) in [(1, 1), (2, 1), (3, 2), (4, 1), (5, 1)] { campaign(tx, c, n)?; }
            recipient(tx, 1, 7, RecipientState::Delivered, Some(at(15)))?;
            recipient(tx, 2, 8, RecipientState::Read, Some(at(20)))?;
            recipient(tx, 3, 9, RecipientState::Sent, Some(at(16)))?; // another number of ours
            recipient(tx, 4, 1, RecipientState::Skipped, None)?;
            recipient(tx, 5, 1, RecipientState::Planned, None)
        }).await;
        receive(store, inbound(1, 1, 10, "first")).await;
        receive(store, inbound(2, 1, 20, "at the same moment")).await;
        write(store, |tx| tx.org(org()).queue_message(&outbound(3, 1, 30, "last"))).await;

        let all = read(store, |tx| tx.org(org()).list_messages(id(1), None, 50)).await;
        let key = |e: &Entry| match e {
            Entry::Message(m) => ("message", m.id.to_string()),
            Entry::Campaign(c) => ("campaign", c.campaign_id.to_string()),
        };
        let m = |n| ("message", id::<tisara_domain::MessageId>(n).to_string());
        let c = |n| ("campaign", id::<CampaignId>(n).to_string());
        assert_eq!(all.iter().map(key).collect::<Vec<_>>(), [m(3), m(2), c(2), c(1), m(1)]);
        let Entry::Campaign(sent) = &all[3] else { panic!("{all:?}") };
        assert_eq!((sent.seq, sent.template_id, sent.template_version), (7, id(1), 2));
        assert_eq!((sent.variables.as_deref(), sent.state, sent.at), (Some("[\"Nimal\"]"), RecipientState::Delivered, at(15)));

        for size in 1..=5 {
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let page = read(store, move |tx| tx.org(org()).list_messages(id(1), before, size)).await;
                let Some(last) = page.last() else { break };
                before = Some(last.cursor());
                seen.extend(page);
            }
            assert_eq!(seen, all, "pages of {size}");
        }
        assert!(read(store, |tx| tx.org(id(2)).list_messages(id(1), None, 5)).await.is_empty());
    }
}

contract! {
    /// When two contacts turn out to be one, their threads become one, and of two open conversations
    /// one stays open.
    async fn threads_merge_with_their_contacts(store) {
        threads(store, 2).await;
        write(store, |tx| tx.org(org()).put_number(&number(2, id(1)))).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            // Contact 3 is known by its user id alone and wrote to both numbers.
            org.resolve_contact(&Sender { portfolio: "p1".into(), bsuid: Some("LK.1".into()), ..Sender::default() }, at(5), id(3))?;
            org.upsert_thread(id(3), id(1), at(5), id(3))?;
            org.upsert_thread(id(3), id(2), at(5), id(4))
        }).await;
        receive(store, inbound(1, 1, 10, "one")).await;
        receive(store, inbound(2, 3, 20, "two")).await;
        receive(store, inbound(3, 4, 15, "elsewhere")).await;
        write(store, |tx| tx.org(org()).resolve_contact(
            &Sender { portfolio: "p1".into(), bsuid: Some("LK.1".into()), phone: Some(phone(1)), ..Sender::default() }, at(30), id(9),
        )).await;

        let t = thread(store, 1).await;
        assert_eq!((t.last_line.as_str(), t.last_message_at, t.last_inbound_at, t.unread), ("two", at(20), Some(at(20)), 2));
        assert_eq!(t.conversation_id, Some(id(1)));
        assert_eq!(read(store, |tx| tx.org(org()).find_thread(id(3))).await, None);
        assert_eq!(thread(store, 4).await.contact_id, id(1));
        assert_eq!(read(store, |tx| tx.org(org()).list_messages(id(1), None, 9)).await.len(), 2);
        let closed = read(store, |tx| tx.org(org()).find_conversation(id(2))).await.unwrap();
        assert_eq!((closed.state, closed.thread_id), (ConversationState::Resolved, id(1)));
        let elsewhere = read(store, |tx| tx.org(org()).find_conversation(id(3))).await.unwrap();
        assert_eq!(elsewhere.state, ConversationState::Open);
    }
}

contract! {
    /// Erasing a contact takes its threads, messages and conversations along, and no one else's.
    async fn an_erased_contacts_thread_is_gone(store) {
        threads(store, 2).await;
        receive(store, inbound(1, 1, 10, "x")).await;
        receive(store, inbound(2, 2, 10, "y")).await;
        assert!(write(store, |tx| tx.org(org()).delete_contact(id(1))).await);
        assert_eq!(listed(store, ThreadFilter::default()).await, [id(2)]);
        assert_eq!(read(store, |tx| tx.org(org()).find_message(id(1))).await, None);
        assert_eq!(read(store, |tx| tx.org(org()).find_conversation(id(1))).await, None);
        assert!(read(store, |tx| tx.org(org()).find_message(id(2))).await.is_some());
    }
}
