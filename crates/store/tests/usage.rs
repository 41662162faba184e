//! Usage by day: counted once, in the transaction of the message, whatever comes in which order; limits.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, org, phone, read, write};
use std::collections::BTreeMap;
use tisara_domain::{
    CampaignId, Day, Duration, NumberId, RecipientRef, RecipientState as State, Role, TemplateId, Timestamp,
    UserId, WabaId,
    campaign::CampaignEvent,
    message::MessageState,
    settle::{Decision, SettlePolicy},
};
use tisara_store::{
    Result, Store, Tx, args,
    campaigns::{Audience, Definition, NewCampaign},
    contacts::NewContact,
    contract,
    inbox::{NewInbound, NewMessage},
    ledger::{
        outcomes::{Attempted, Outcome},
        plan::{PlanRules, Planned},
        recover::Doubt,
        statuses::StatusNews,
    },
    members::{NewInvitation, RoleRef},
    outgoing::{MessageNews, MessageOutcome},
    usage::UsageLimit,
    users::User,
};

fn campaign() -> CampaignId {
    id(1)
}

fn number() -> NumberId {
    id(1)
}

/// The day of all tests; `at` counts from within it.
fn today() -> Day {
    Day::of(at(0))
}

fn tomorrow() -> Timestamp {
    today().plus(1).begins_at()
}

/// What was used today, by kind, after proving that the sums say what the rows say.
async fn used(store: &Store) -> BTreeMap<String, i64> {
    used_on(store, today()).await
}

async fn used_on(store: &Store, day: Day) -> BTreeMap<String, i64> {
    read(store, move |tx| {
        let mut org = tx.org(org());
        assert_eq!(org.recount_usage()?, []);
        Ok(org.list_usage(day, day)?.into_iter().map(|used| (used.kind, used.n)).collect())
    })
    .await
}

fn expected<const N: usize>(of: [(&str, i64); N]) -> BTreeMap<String, i64> {
    of.into_iter().map(|(kind, n)| (kind.to_owned(), n)).collect()
}

fn template(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO template (org_id, id, waba_id, meta_id, name, language, category, status, quality, version, synced_at) \
         VALUES ($1, $2, $3, '7', 'hello', 'en', 'MARKETING', 'APPROVED', 'UNKNOWN', 1, 0)",
        args![org(), id::<TemplateId>(1), id::<WabaId>(1)],
    )?;
    tx.execute(
        "INSERT INTO template_version (org_id, template_id, version, parameter_format, components, created_at) \
         VALUES ($1, $2, 1, 'POSITIONAL', '[]', 0)",
        args![org(), id::<TemplateId>(1)],
    )?;
    Ok(())
}

/// A running campaign to `n` people, all of it handed out.
async fn sent_to(store: &Store, n: u32) {
    furnish(store).await;
    write(store, move |tx| {
        template(tx)?;
        let mut org = tx.org(org());
        for n in 1..=n {
            org.create_contact(&contact(n), at(0))?;
        }
        let definition = Definition {
            audience: Audience::All,
            bindings: vec![],
            header_media: None,
            require_consent: false,
            frequency_cap_hours: None,
            settle: SettlePolicy::Ask,
        };
        org.create_campaign(&NewCampaign {
            id: campaign(),
            name: "Avurudu".to_owned(),
            number_id: number(),
            template_id: id(1),
            template_version: 1,
            definition,
            created_at: at(0),
        })?;
        let rules = PlanRules { marketing: true, portfolio: "p1".to_owned() };
        org.move_campaign(campaign(), CampaignEvent::Start, at(1)).unwrap();
        while org.plan_slice(campaign(), &rules, None, at(1))? == Planned::More {}
        org.move_campaign(campaign(), CampaignEvent::Planned, at(1)).unwrap();
        org.reserve_window(campaign(), 1, n)?;
        Ok(())
    })
    .await;
}

fn contact(n: u32) -> NewContact {
    NewContact {
        id: id(n),
        phone: phone(n),
        name: format!("P{n}"),
        email: None,
        language: None,
        fields: vec![],
    }
}

async fn answered(store: &Store, seq: i64, result: Attempted) {
    let outcome = Outcome { campaign: campaign(), seq, attempt: 1, from_follow_up: false, result };
    write(store, move |tx| tx.org(org()).record_outcomes(number(), std::slice::from_ref(&outcome), at(10)))
        .await;
}

async fn accepted(store: &Store, seq: i64) {
    answered(store, seq, Attempted::Accepted { wamid: format!("wamid.{seq}") }).await;
}

fn news(seq: i64, state: State, at: Timestamp) -> StatusNews {
    StatusNews {
        about: RecipientRef { campaign: campaign(), seq, attempt: 1 },
        state,
        at,
        wamid: format!("wamid.{seq}"),
        code: 0,
        retry_at: None,
        billing: (state == State::Sent).then(|| "marketing/regular".to_owned()),
    }
}

async fn told(store: &Store, news: Vec<StatusNews>) {
    write(store, move |tx| tx.org(org()).apply_statuses(number(), &news)).await;
}

contract! {
    /// Each message of a campaign counts once, when Meta has it, and its price once, whatever comes twice.
    async fn a_campaigns_messages_count_once(store) {
        sent_to(store, 3).await;
        accepted(store, 0).await;
        accepted(store, 0).await;
        told(store, vec![news(0, State::Sent, at(20)), news(0, State::Delivered, at(21))]).await;
        // News that were faster than the answer.
        told(store, vec![news(1, State::Delivered, at(20)), news(1, State::Sent, at(19))]).await;
        told(store, vec![news(1, State::Sent, at(19))]).await;
        accepted(store, 1).await;
        answered(store, 2, Attempted::Failed { code: 131_026 }).await;
        assert_eq!(used(store).await, expected([("billed.marketing/regular", 2), ("campaign", 2)]));
    }
}

contract! {
    /// What Meta had and failed later stands there under that name, on its own day; sent again, it counts again.
    async fn a_late_failure_is_counted_apart(store) {
        sent_to(store, 2).await;
        accepted(store, 0).await;
        accepted(store, 1).await;
        let retry = StatusNews { retry_at: Some(tomorrow()), ..news(0, State::Failed, tomorrow()) };
        told(store, vec![retry, news(1, State::Failed, tomorrow())]).await;
        assert_eq!(used(store).await, expected([("campaign", 2)]));
        assert_eq!(used_on(store, today().plus(1)).await, expected([("campaign_failed", 2)]));
        write(store, |tx| {
            let mut org = tx.org(org());
            let again = org.reserve_retries(number(), 1, 9, tomorrow().plus(Duration::from_secs(9)))?;
            let result = Attempted::Accepted { wamid: "wamid.again".to_owned() };
            let outcome = Outcome { campaign: campaign(), seq: 0, attempt: again[0].attempt, from_follow_up: true, result };
            org.record_outcomes(number(), &[outcome], tomorrow())
        }).await;
        assert_eq!(used_on(store, today().plus(1)).await, expected([("campaign", 1), ("campaign_failed", 2)]));
    }
}

contract! {
    /// A row in doubt is counted when a webhook or a person says that it went out.
    async fn what_was_in_doubt_counts_when_it_is_known(store) {
        sent_to(store, 3).await;
        for seq in 0..3 {
            answered(store, seq, Attempted::Uncertain { began_at: at(5), settle_at: at(90) }).await;
        }
        assert_eq!(used(store).await, expected([]));
        told(store, vec![news(0, State::Read, at(30))]).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            org.decide_uncertain(campaign(), number(), Some(&[1]), Decision::MarkSent, at(40), 9)?;
            org.decide_uncertain(campaign(), number(), Some(&[2]), Decision::GiveUp, at(40), 9)
        }).await;
        assert_eq!(used(store).await, expected([("campaign", 2)]));
    }
}

fn message(n: u32, kind: &str) -> NewMessage {
    NewMessage {
        id: id(n),
        thread_id: id(1),
        kind: kind.to_owned(),
        text: "hello".to_owned(),
        content: "{}".to_owned(),
        address: "+94770000001".to_owned(),
        reply_to: None,
        now: at(0),
    }
}

/// A thread in which messages `1..=n` of these kinds are being sent.
async fn sending(store: &Store, kinds: &'static [&'static str]) {
    furnish(store).await;
    write(store, move |tx| {
        let mut org = tx.org(org());
        org.create_contact(&contact(1), at(0))?;
        org.upsert_thread(id(1), id(1), at(0), id(1))?;
        for (n, kind) in (1..).zip(kinds) {
            org.queue_message(&message(n, kind))?;
        }
        org.reserve_messages(number(), 1, 99, at(1)).map(|_| ())
    })
    .await;
}

fn inbound(n: u32) -> NewInbound {
    NewInbound {
        id: id(n),
        thread_id: id(1),
        conversation_id: id(n),
        wamid: format!("wamid.in.{n}"),
        kind: "text".to_owned(),
        text: "hi".to_owned(),
        content: "{}".to_owned(),
        address: "+94770000001".to_owned(),
        reply_to: None,
        at: at(2),
    }
}

async fn outcome(store: &Store, n: u32, outcome: MessageOutcome) {
    write(store, move |tx| tx.org(org()).record_message_outcome(id(n), 1, &outcome, at(10))).await;
}

async fn message_told(store: &Store, n: u32, state: MessageState) -> bool {
    let news = MessageNews {
        id: id(n),
        attempt: 1,
        state,
        at: at(20),
        wamid: format!("wamid.{n}"),
        error: (state == MessageState::Failed).then(|| (131_026, "no".to_owned())),
        billing: (state != MessageState::Failed).then(|| "service/free_customer_service".to_owned()),
    };
    write(store, move |tx| tx.org(org()).apply_message_news(&news)).await
}

contract! {
    /// Single messages count when Meta has them: replies and templates apart, and once.
    async fn single_messages_count_once(store) {
        sending(store, &["text", "template", "image", "text", "text"]).await;
        for n in [1, 2] {
            outcome(store, n, MessageOutcome::Accepted { wamid: format!("wamid.{n}") }).await;
            outcome(store, n, MessageOutcome::Accepted { wamid: format!("wamid.{n}") }).await;
            for state in [MessageState::Sent, MessageState::Read, MessageState::Delivered, MessageState::Read] {
                assert!(message_told(store, n, state).await);
            }
        }
        // News that were faster than the answer; one that failed later; one that Meta refused.
        assert!(message_told(store, 3, MessageState::Sent).await);
        outcome(store, 3, MessageOutcome::Accepted { wamid: "wamid.3".to_owned() }).await;
        outcome(store, 4, MessageOutcome::Accepted { wamid: "wamid.4".to_owned() }).await;
        assert!(message_told(store, 4, MessageState::Failed).await && message_told(store, 4, MessageState::Failed).await);
        outcome(store, 5, MessageOutcome::Failed { code: 1, details: String::new() }).await;
        assert!(!message_told(store, 77, MessageState::Sent).await);
        assert_eq!(used(store).await, expected([
            ("billed.service/free_customer_service", 3), ("reply", 3), ("reply_failed", 1), ("template", 1),
        ]));
    }
}

contract! {
    /// A message in doubt that a person knows to have gone out counts; one that is given up does not.
    async fn a_decided_message_counts(store) {
        sending(store, &["text", "text"]).await;
        for n in [1, 2] {
            outcome(store, n, MessageOutcome::Uncertain { settle_at: at(90) }).await;
        }
        let decided = write(store, |tx| {
            let mut org = tx.org(org());
            Ok([
                org.decide_message(id(1), Decision::MarkSent, at(30))?,
                org.decide_message(id(1), Decision::MarkSent, at(30))?,
                org.decide_message(id(2), Decision::GiveUp, at(30))?,
            ])
        }).await;
        assert_eq!((decided, used(store).await), ([true, false, true], expected([("reply", 1)])));
    }
}

contract! {
    /// What comes in counts once; erasing a person changes nothing of what was used.
    async fn usage_stays_when_people_are_erased(store) {
        sending(store, &["text", "template", "text"]).await;
        for n in 1..=2 {
            outcome(store, n, MessageOutcome::Accepted { wamid: format!("wamid.{n}") }).await;
        }
        for n in [11, 12, 12] {
            write(store, move |tx| tx.org(org()).record_inbound(&[inbound(n)])).await;
        }
        let before = used(store).await;
        assert_eq!(before, expected([("inbound", 2), ("reply", 1), ("template", 1)]));
        write(store, |tx| tx.org(org()).delete_contact(id(1))).await;
        assert_eq!(used(store).await, before);
    }
}

contract! {
    /// A sum that is wrong is found, and put right on the day on which it is found.
    async fn a_wrong_sum_is_found_and_put_right(store) {
        sending(store, &["text"]).await;
        outcome(store, 1, MessageOutcome::Accepted { wamid: "wamid.1".to_owned() }).await;
        write(store, |tx| tx.execute("UPDATE usage_day SET n = 5 WHERE org_id = $1", args![org()])).await;
        let found = read(store, |tx| tx.org(org()).recount_usage()).await;
        assert_eq!((found.len(), found[0].kind, found[0].rows, found[0].counted), (1, "reply", 1, 5));
        write(store, |tx| tx.org(org()).repair_usage(today().plus(2))).await;
        assert_eq!(used_on(store, today().plus(2)).await, expected([("reply", -4)]));
    }
}

contract! {
    /// A limit counts the month of the calendar or the day, with what the same transaction counted; it is
    /// set, changed and lifted.
    async fn a_limit_is_held_against_what_was_used(store) {
        sending(store, &["text", "text"]).await;
        let month = UsageLimit::MessagesPerMonth;
        let state = async |at: Timestamp| {
            read(store, move |tx| tx.org(org()).find_limit_state(month, at)).await.map(|s| (s.used, s.is_reached()))
        };
        assert_eq!(state(at(0)).await, None);
        write(store, move |tx| tx.org(org()).put_limit(month, Some(7), at(0))).await;
        write(store, move |tx| tx.org(org()).put_limit(month, Some(2), at(0))).await;
        outcome(store, 1, MessageOutcome::Accepted { wamid: "w1".to_owned() }).await;
        assert_eq!(state(at(0)).await, Some((1, false)));
        let within = write(store, |tx| {
            let mut org = tx.org(org());
            let outcome = MessageOutcome::Accepted { wamid: "w2".to_owned() };
            org.record_message_outcome(id(2), 1, &outcome, at(10))?;
            org.count_messages_of_month(today())
        }).await;
        assert_eq!((within, state(at(0)).await), (2, Some((2, true))));
        let next_month = month.frees_at(at(0)).unwrap();
        assert_eq!(state(next_month).await, Some((0, false)));
        assert_eq!(state(Timestamp(next_month.0 - 1)).await, Some((2, true)));
        let other = read(store, move |tx| tx.org(id(2)).find_limit(month)).await;
        assert_eq!(other, None, "another organization's");
        write(store, move |tx| tx.org(org()).put_limit(month, None, at(0))).await;
        assert_eq!(state(at(0)).await, None);
    }
}

contract! {
    /// A number's room in the month is what all have sent and what the others have under way leave; whoever takes
    /// a number up forgets what its owner before had under way.
    async fn numbers_share_the_room_of_a_month(store) {
        sending(store, &["text"]).await;
        outcome(store, 1, MessageOutcome::Accepted { wamid: "w1".to_owned() }).await;
        write(store, |tx| tx.org(org()).put_limit(UsageLimit::MessagesPerMonth, Some(20), at(0))).await;
        let under_way = async |number: u32, n| {
            write(store, move |tx| tx.org(org()).put_under_way(id(number), n)).await;
        };
        let room = async |number: u32| {
            write(store, move |tx| tx.org(org()).find_room_of_month(id(number), 20, today())).await
        };
        assert_eq!(room(1).await, 19);
        under_way(1, 3).await;
        under_way(2, 5).await;
        under_way(2, 4).await;
        assert_eq!((room(1).await, room(2).await, room(3).await), (15, 16, 12));
        let elsewhere = write(store, |tx| tx.org(id(2)).find_room_of_month(id(1), 20, today())).await;
        assert_eq!(elsewhere, 20, "another organization's");
        under_way(1, 0).await;
        assert_eq!(room(2).await, 19);
        let doubt = Doubt { began_at: at(0), found_at: at(1), settle_at: at(2) };
        write(store, move |tx| tx.org(org()).recover_number(id(2), 1, doubt, 10)).await;
        assert_eq!(room(1).await, 19);
        write(store, |tx| tx.org(org()).put_under_way(id(2), 30)).await;
        assert_eq!(room(1).await, -11, "more than the limit, which was lowered");
    }
}

contract! {
    /// Calls of the API add up by day; what is stored is the last that was measured.
    async fn calls_add_up_and_storage_is_measured(store) {
        sending(store, &["text"]).await;
        write(store, |tx| tx.org(org()).add_api_calls(today(), 3)).await;
        write(store, |tx| tx.org(org()).add_api_calls(today(), 4)).await;
        for _ in 0..2 {
            let measured = read(store, |tx| tx.org(org()).measure_storage()).await;
            write(store, move |tx| tx.org(org()).put_storage(today(), &measured)).await;
        }
        assert_eq!(used(store).await, expected([
            ("api_calls", 7), ("contacts", 1), ("messages", 1), ("recipients", 0), ("seats", 0),
        ]));
        assert_eq!(read(store, |tx| tx.org(org()).count_api_calls(today())).await, 7);
        assert_eq!(read(store, |tx| tx.org(org()).count_api_calls(today().plus(1))).await, 0);
    }
}

contract! {
    /// A member and an invitation that waits hold a seat each.
    async fn members_and_invitations_hold_seats(store) {
        furnish(store).await;
        write(store, |tx| {
            tx.create_user(&User {
                id: id(1), email: "a@example.org".to_owned(), email_fold: "a@example.org".to_owned(), name: "A".to_owned(),
                phone: None, country: "LK".to_owned(), password_hash: String::new(), password_changed_at: at(0),
                created_at: at(0),
            })?;
            let mut org = tx.org(org());
            org.add_member(id::<UserId>(1), RoleRef::Standard(Role::Owner), at(0))?;
            org.create_invitation(&NewInvitation {
                org_id: org.id(), id: id(1), email: "b@example.org".to_owned(), email_fold: "b@example.org".to_owned(),
                role: RoleRef::Standard(Role::Agent), invited_by: id(1), created_at: at(0), expires_at: at(10),
            }, &[1; 32])
        }).await;
        let used = async |now: Timestamp| {
            let states = read(store, move |tx| tx.org(org()).list_limit_states(now)).await;
            states.into_iter().find(|s| s.limit == UsageLimit::Seats).map(|s| (s.used, s.most, s.frees_at))
        };
        assert_eq!(used(at(5)).await, Some((2, None, None)));
        assert_eq!(used(at(10)).await, Some((1, None, None)));
    }
}
