//! The ledger: handing out, outcomes, statuses, recovery, counting.
#![expect(clippy::unwrap_used, reason = "a test may fail; clippy knows only functions marked as tests")]

mod common;
use common::{
    at,
    campaigns::{accepted, campaign, counts, definition, news, number, outcome, people, plan},
    id, org, read, write,
};
use tisara_domain::{
    CampaignState, RecipientState as State, SkipReason,
    campaign::CampaignEvent,
    consent::ConsentState,
    recipient::own_code,
    settle::{Decision, DoubtCause},
};
use tisara_store::{
    Store,
    campaigns::{Audience, CampaignError},
    consents::{Consent, MARKETING},
    contract,
    ledger::{
        outcomes::{Attempted, Outcome},
        recover::Doubt,
        reserve::Window,
        statuses::StatusNews,
    },
};

const TOKEN: i64 = 1;

fn doubt() -> Doubt {
    Doubt { began_at: at(20), found_at: at(30), settle_at: at(90) }
}

async fn reserve(store: &Store, want: u32, token: i64) -> Window {
    write(store, move |tx| tx.org(org()).reserve_window(campaign(), token, want)).await
}

/// Rows of a campaign that one owner was handed and the next found without an outcome.
async fn leave_in_doubt(store: &Store, n: u32) {
    people(store, n).await;
    plan(store, definition(Audience::All)).await;
    reserve(store, n, TOKEN).await;
    write(store, |tx| tx.org(org()).recover_number(number(), 2, doubt(), 50)).await;
}

async fn record(store: &Store, outcomes: Vec<Outcome>) {
    write(store, move |tx| tx.org(org()).record_outcomes(number(), &outcomes, at(10))).await;
}

async fn apply(store: &Store, news: Vec<StatusNews>) -> u64 {
    write(store, move |tx| tx.org(org()).apply_statuses(number(), &news)).await.doubled
}

async fn states(store: &Store) -> Vec<State> {
    read(store, |tx| {
        Ok(tx
            .org(org())
            .list_recipients(campaign(), None, None, None, 10_000)?
            .iter()
            .map(|r| r.state)
            .collect())
    })
    .await
}

contract! {
    /// No row is handed out twice, and chunks end where their rows end.
    async fn windows_do_not_overlap(store) {
        people(store, 7).await;
        plan(store, definition(Audience::All)).await;
        let mut seen = Vec::new();
        loop {
            let window = reserve(store, 3, TOKEN).await;
            let Some(mark) = window.chunk else { break };
            seen.extend(window.rows.iter().map(|r| r.seq));
            if mark.at_end {
                break;
            }
        }
        assert_eq!(seen, (0..7).collect::<Vec<i64>>());
        assert_eq!(reserve(store, 3, TOKEN).await, Window::default());
    }
}

contract! {
    /// Whoever withdrew or was erased after the plan is skipped at the last moment.
    async fn the_unwilling_are_skipped_at_the_last_moment(store) {
        people(store, 3).await;
        plan(store, definition(Audience::All)).await;
        write(store, |tx| {
            let mut org = tx.org(org());
            org.record_consent(&Consent {
                id: id(1), contact_id: id(1), at: at(5), state: ConsentState::OptedOut,
                purpose: MARKETING.to_owned(), source: "keyword".to_owned(), wording: "STOP".to_owned(),
            })?;
            org.delete_contact(id(2))?;
            Ok(())
        }).await;
        let window = reserve(store, 10, TOKEN).await;
        assert_eq!(window.rows.iter().map(|r| r.seq).collect::<Vec<_>>(), vec![2]);
        assert_eq!(counts(store).await, vec![
            (State::Planned, 0, 1),
            (State::Skipped, SkipReason::OptedOut as i32, 1),
            (State::Skipped, SkipReason::Erased as i32, 1),
        ]);
    }
}

contract! {
    /// A paused campaign hands out nothing; resumed, it goes on where it was.
    async fn a_paused_campaign_hands_out_nothing(store) {
        people(store, 4).await;
        plan(store, definition(Audience::All)).await;
        assert_eq!(reserve(store, 2, TOKEN).await.rows.len(), 2);
        write(store, |tx| { tx.org(org()).move_campaign(campaign(), CampaignEvent::Pause, at(3)).unwrap(); Ok(()) }).await;
        assert_eq!(reserve(store, 2, TOKEN).await, Window::default());
        write(store, |tx| { tx.org(org()).move_campaign(campaign(), CampaignEvent::Resume, at(4)).unwrap(); Ok(()) }).await;
        assert_eq!(reserve(store, 9, TOKEN).await.rows.iter().map(|r| r.seq).collect::<Vec<_>>(), vec![2, 3]);
    }
}

contract! {
    /// Outcomes are written once, however often they are recorded.
    async fn outcomes_are_idempotent(store) {
        people(store, 4).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 4, TOKEN).await;
        let outcomes = vec![
            accepted(0),
            outcome(1, Attempted::Failed { code: 131_009 }),
            outcome(2, Attempted::Retry { due_at: at(60) }),
            outcome(3, Attempted::Uncertain { began_at: at(9), settle_at: at(120) }),
        ];
        record(store, outcomes.clone()).await;
        let once = counts(store).await;
        record(store, outcomes).await;
        assert_eq!(counts(store).await, once);
        assert_eq!(once, vec![
            (State::Planned, 0, 1), (State::Uncertain, 0, 1), (State::Accepted, 0, 1), (State::Failed, 131_009, 1),
        ]);
        write(store, |tx| tx.org(org()).close_chunk(campaign(), 0, TOKEN)).await;
        // One is to be tried again, one is in doubt: the campaign is not over.
        assert!(!write(store, |tx| tx.org(org()).finish_campaign_if_done(campaign(), at(30))).await);
    }
}

contract! {
    /// A status may come before the answer to the send, twice, and in any order.
    async fn statuses_come_in_any_order(store) {
        people(store, 2).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 2, TOKEN).await;
        apply(store, vec![news(0, 1, State::Read, "wamid.0"), news(0, 1, State::Sent, "wamid.0")]).await;
        record(store, vec![accepted(0), accepted(1)]).await;
        apply(store, vec![news(0, 1, State::Delivered, "wamid.0"), news(1, 1, State::Delivered, "wamid.1")]).await;
        apply(store, vec![news(1, 1, State::Failed, "wamid.1"), news(1, 1, State::Sent, "wamid.1")]).await;
        assert_eq!(states(store).await, vec![State::Read, State::Delivered]);
        assert_eq!(counts(store).await, vec![(State::Delivered, 0, 1), (State::Read, 0, 1)]);
        let row = read(store, |tx| tx.org(org()).find_recipient(campaign(), 0)).await.unwrap();
        assert!(row.accepted_at.is_some() && row.sent_at.is_some() && row.delivered_at.is_some());
    }
}

contract! {
    /// An owner that stood still and wakes up late knows what became of its attempts: what Meta took is not sent again, what it
    /// refused is not in doubt.
    async fn a_late_answer_settles_what_was_in_doubt(store) {
        leave_in_doubt(store, 3).await;
        assert_eq!(states(store).await, vec![State::Uncertain; 3]);
        let refused = outcome(1, Attempted::Failed { code: 131_009 });
        record(store, vec![accepted(0), refused.clone()]).await;
        record(store, vec![accepted(0), refused]).await;
        assert_eq!(states(store).await, vec![State::Accepted, State::Failed, State::Uncertain]);
        assert_eq!(
            counts(store).await,
            vec![(State::Uncertain, 0, 1), (State::Accepted, 0, 1), (State::Failed, 131_009, 1)]
        );
        let due = read(store, |tx| tx.org(org()).list_unsettled(number(), at(90), 10)).await;
        assert_eq!(due.iter().map(|u| u.seq).collect::<Vec<_>>(), [2]);
        // What was settled otherwise meanwhile is another attempt's.
        let again = due[0];
        write(store, move |tx| tx.org(org()).send_again(number(), again, at(90))).await;
        write(store, |tx| tx.org(org()).reserve_retries(number(), 2, 9, at(90))).await;
        record(store, vec![accepted(2)]).await;
        assert_eq!(states(store).await[2], State::Planned);
    }
}

contract! {
    /// Where a status comes before the answer, or without one, the message was taken at that time at the latest: people are
    /// not written to more often than they should be.
    async fn what_meta_tells_of_it_took(store) {
        people(store, 2).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 2, TOKEN).await;
        apply(store, vec![news(0, 1, State::Delivered, "wamid.0"), news(1, 1, State::Failed, "wamid.1")]).await;
        record(store, vec![accepted(0)]).await;
        for seq in [0, 1] {
            let row = read(store, move |tx| tx.org(org()).find_recipient(campaign(), seq)).await.unwrap();
            assert_eq!(row.accepted_at, Some(at(20)));
        }
    }
}

contract! {
    /// An owner that stood still and wakes up late takes nothing back that the next owner has taken up: else
    /// its row would be handed out a second time, or never be settled.
    async fn a_late_owner_takes_nothing_back(store) {
        leave_in_doubt(store, 2).await;
        let back = |seq, attempt, from_follow_up| Outcome {
            attempt,
            from_follow_up,
            ..outcome(seq, Attempted::Returned { due_at: at(31) })
        };
        record(store, vec![back(0, 1, false), back(1, 1, false)]).await;
        assert_eq!(states(store).await, vec![State::Uncertain, State::Uncertain]);
        let due = read(store, |tx| tx.org(org()).list_unsettled(number(), at(90), 10)).await;
        assert_eq!(due.len(), 2, "they are still to be settled");
        // The next owner sends the first again; the late one still has nothing to say about it.
        write(store, move |tx| tx.org(org()).send_again(number(), due[0], at(91))).await;
        let again = write(store, |tx| tx.org(org()).reserve_retries(number(), 2, 10, at(91))).await;
        assert_eq!(again.iter().map(|r| (r.seq, r.attempt)).collect::<Vec<_>>(), vec![(0, 2)]);
        record(store, vec![back(0, 1, false), back(0, 1, true)]).await;
        assert_eq!(write(store, |tx| tx.org(org()).reserve_retries(number(), 2, 10, at(99))).await, vec![]);
        // Its own attempt it may take back, once.
        record(store, vec![back(0, 2, true), back(0, 2, true)]).await;
        let again = write(store, |tx| tx.org(org()).reserve_retries(number(), 2, 10, at(99))).await;
        assert_eq!(again.iter().map(|r| (r.seq, r.attempt)).collect::<Vec<_>>(), vec![(0, 2)]);
    }
}

contract! {
    /// After a crash the rows that were handed out without an outcome are in doubt, and only those.
    async fn a_crash_leaves_only_the_window_in_doubt(store) {
        people(store, 10).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 3, TOKEN).await;
        record(store, vec![accepted(0), outcome(1, Attempted::Retry { due_at: at(60) }), accepted(2)]).await;
        reserve(store, 3, TOKEN).await;
        record(store, vec![accepted(3)]).await;
        // The node is gone; the next owner has token 2.
        let more = write(store, |tx| tx.org(org()).recover_number(number(), 2, doubt(), 50)).await;
        assert!(!more);
        use State::{Accepted as A, Planned as P, Uncertain as U};
        assert_eq!(states(store).await, vec![A, P, A, A, U, U, P, P, P, P]);
        // The free rows are handed out again, the doubtful ones are not.
        assert_eq!(reserve(store, 99, 2).await.rows.iter().map(|r| r.seq).collect::<Vec<_>>(), vec![6, 7, 8, 9]);
        // A webhook settles one, silence the other: then it is the second attempt.
        apply(store, vec![news(4, 1, State::Sent, "wamid.4")]).await;
        let unsettled = read(store, |tx| tx.org(org()).list_unsettled(number(), at(100), 10)).await;
        assert_eq!(unsettled.iter().map(|u| u.seq).collect::<Vec<_>>(), vec![5]);
        write(store, move |tx| tx.org(org()).send_again(number(), unsettled[0], at(100))).await;
        let retries = write(store, |tx| tx.org(org()).reserve_retries(number(), 2, 10, at(100))).await;
        assert_eq!(retries.iter().map(|r| (r.seq, r.attempt)).collect::<Vec<_>>(), vec![(1, 2), (5, 2)]);
        counts(store).await;
    }
}

contract! {
    /// Meta took two attempts at one row, and both answers are written down at once: the row is one, and so is its count.
    async fn two_answers_for_one_row_are_written_down_together(store) {
        people(store, 2).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 2, TOKEN).await;
        let second = Attempted::Accepted { wamid: "wamid.b".to_owned() };
        let second = Outcome { attempt: 2, from_follow_up: true, ..outcome(1, second) };
        record(store, vec![second, accepted(1), accepted(0)]).await;
        assert_eq!(states(store).await, vec![State::Accepted, State::Accepted]);
        counts(store).await;
    }
}

contract! {
    /// Once a late status shows that the first attempt went out after all, the second is counted as doubled.
    async fn a_double_is_noticed(store) {
        people(store, 1).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 1, TOKEN).await;
        record(store, vec![outcome(0, Attempted::Uncertain { began_at: at(9), settle_at: at(20) })]).await;
        let unsettled = read(store, |tx| tx.org(org()).list_unsettled(number(), at(20), 10)).await;
        write(store, move |tx| tx.org(org()).send_again(number(), unsettled[0], at(20))).await;
        let retry = write(store, |tx| tx.org(org()).reserve_retries(number(), TOKEN, 10, at(20))).await;
        let second = Outcome { attempt: retry[0].attempt, from_follow_up: true, ..outcome(0, Attempted::Accepted { wamid: "wamid.b".to_owned() }) };
        record(store, vec![second]).await;
        assert_eq!(apply(store, vec![news(0, 2, State::Sent, "wamid.b")]).await, 0);
        assert_eq!(apply(store, vec![news(0, 1, State::Sent, "wamid.a")]).await, 1);
    }
}

contract! {
    /// An attempt that was being made when its node died is in doubt too.
    async fn a_retry_in_the_making_is_recovered(store) {
        people(store, 1).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 1, TOKEN).await;
        record(store, vec![outcome(0, Attempted::Retry { due_at: at(20) })]).await;
        assert_eq!(write(store, |tx| tx.org(org()).reserve_retries(number(), TOKEN, 9, at(20))).await.len(), 1);
        write(store, |tx| tx.org(org()).recover_number(number(), 2, doubt(), 50)).await;
        assert_eq!(counts(store).await, vec![(State::Uncertain, 0, 1)]);
        let unsettled = read(store, |tx| tx.org(org()).list_unsettled(number(), at(90), 9)).await;
        write(store, move |tx| tx.org(org()).give_up(unsettled[0])).await;
        assert_eq!(counts(store).await, vec![(State::Failed, -1, 1)]);
    }
}

contract! {
    /// A failure that Meta asks to be tried again later keeps the person waiting, not lost.
    async fn a_patient_failure_waits(store) {
        people(store, 1).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 1, TOKEN).await;
        record(store, vec![accepted(0)]).await;
        write(store, |tx| tx.org(org()).close_chunk(campaign(), 0, TOKEN)).await;
        let tomorrow = StatusNews { code: 131_049, retry_at: Some(at(86_400)), ..news(0, 1, State::Failed, "wamid.0") };
        apply(store, vec![tomorrow]).await;
        assert_eq!(counts(store).await, vec![(State::Planned, 0, 1)]);
        assert!(!write(store, |tx| tx.org(org()).finish_campaign_if_done(campaign(), at(30))).await);
        assert_eq!(write(store, |tx| tx.org(org()).reserve_retries(number(), TOKEN, 9, at(86_399))).await, vec![]);
        assert_eq!(write(store, |tx| tx.org(org()).reserve_retries(number(), TOKEN, 9, at(86_400))).await.len(), 1);
    }
}

contract! {
    /// A webhook that asks for another attempt may be faster than the answer to the one before: the
    /// answer must not take the new attempt away.
    async fn an_answer_that_comes_late_takes_no_attempt_away(store) {
        people(store, 1).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 1, TOKEN).await;
        record(store, vec![outcome(0, Attempted::Retry { due_at: at(20) })]).await;
        let retry = write(store, |tx| tx.org(org()).reserve_retries(number(), TOKEN, 9, at(20))).await;
        let attempt = retry[0].attempt;
        let fault = StatusNews { code: 131_000, retry_at: Some(at(80)), ..news(0, attempt, State::Failed, "wamid.b") };
        apply(store, vec![fault]).await;
        let answer = Attempted::Accepted { wamid: "wamid.b".to_owned() };
        record(store, vec![Outcome { attempt, from_follow_up: true, ..outcome(0, answer) }]).await;
        assert_eq!(counts(store).await, vec![(State::Planned, 0, 1)]);
        let again = write(store, |tx| tx.org(org()).reserve_retries(number(), TOKEN, 9, at(80))).await;
        assert_eq!(again.iter().map(|r| r.attempt).collect::<Vec<_>>(), vec![attempt + 1]);
    }
}

contract! {
    /// Cancelling skips what waits, leaves what is on its way, and ends the campaign.
    async fn cancelling_skips_what_waits(store) {
        people(store, 6).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 2, TOKEN).await;
        write(store, |tx| { tx.org(org()).move_campaign(campaign(), CampaignEvent::Cancel, at(3)).unwrap(); Ok(()) }).await;
        while write(store, |tx| tx.org(org()).skip_cancelled(campaign(), at(4))).await {}
        record(store, vec![accepted(0), accepted(1)]).await;
        write(store, |tx| tx.org(org()).release_chunk(campaign(), 0, TOKEN)).await;
        write(store, |tx| tx.org(org()).skip_cancelled(campaign(), at(5))).await;
        assert_eq!(counts(store).await, vec![(State::Skipped, SkipReason::Cancelled as i32, 4), (State::Accepted, 0, 2)]);
        let c = read(store, |tx| tx.org(org()).find_campaign(campaign())).await.unwrap();
        assert_eq!((c.state, c.finished_at), (CampaignState::Cancelled, Some(at(5))));
    }
}

contract! {
    /// A campaign ends when every row is decided.
    async fn a_campaign_ends_when_nothing_waits(store) {
        people(store, 2).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 2, TOKEN).await;
        record(store, vec![accepted(0), accepted(1)]).await;
        write(store, |tx| tx.org(org()).close_chunk(campaign(), 0, TOKEN)).await;
        assert!(write(store, |tx| tx.org(org()).finish_campaign_if_done(campaign(), at(30))).await);
        let again = write(store, |tx| Ok(tx.org(org()).move_campaign(campaign(), CampaignEvent::Pause, at(31)))).await;
        assert!(matches!(again, Err(CampaignError::Conflict(_))));
    }
}

contract! {
    /// Meta may fail a message long after the campaign is over: it gets its other attempt, and the campaign
    /// says that it runs. One that was cancelled sends nothing more.
    async fn a_late_failure_opens_a_campaign_again(store) {
        people(store, 2).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 2, TOKEN).await;
        record(store, vec![accepted(0), accepted(1)]).await;
        write(store, |tx| tx.org(org()).close_chunk(campaign(), 0, TOKEN)).await;
        assert!(write(store, |tx| tx.org(org()).finish_campaign_if_done(campaign(), at(30))).await);
        let state = async || {
            let c = read(store, |tx| tx.org(org()).find_campaign(campaign())).await.unwrap();
            (c.state, c.finished_at)
        };
        let fault = |seq| StatusNews { code: 131_000, retry_at: Some(at(80)), ..news(seq, 1, State::Failed, &format!("wamid.{seq}")) };
        apply(store, vec![fault(0)]).await;
        assert_eq!(state().await, (CampaignState::Running, None));
        assert!(!write(store, |tx| tx.org(org()).finish_campaign_if_done(campaign(), at(40))).await);
        assert_eq!(write(store, |tx| tx.org(org()).list_running_campaigns(number())).await.len(), 1);

        write(store, |tx| { tx.org(org()).move_campaign(campaign(), CampaignEvent::Cancel, at(50)).unwrap(); Ok(()) }).await;
        while write(store, |tx| tx.org(org()).skip_cancelled(campaign(), at(51))).await {}
        apply(store, vec![fault(1)]).await;
        assert_eq!(state().await, (CampaignState::Cancelled, Some(at(51))));
        assert_eq!(states(store).await, vec![State::Skipped, State::Failed]);
        counts(store).await;
    }
}

contract! {
    /// What is in doubt is listed with its cause, and a person decides it, once.
    async fn a_person_decides_what_is_uncertain(store) {
        people(store, 4).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 4, TOKEN).await;
        let silent = |seq| outcome(seq, Attempted::Uncertain { began_at: at(5), settle_at: at(90) });
        record(store, vec![silent(0), silent(1), silent(2), accepted(3)]).await;
        write(store, |tx| tx.org(org()).close_chunk(campaign(), 0, TOKEN)).await;
        let listed = read(store, |tx| tx.org(org()).list_uncertain(campaign(), None, 9)).await;
        let seen: Vec<_> = listed.iter().map(|r| (r.seq, r.cause, r.began_at, r.attempted_at, r.due_at)).collect();
        assert_eq!(seen[1], (1, Some(DoubtCause::NoAnswer), at(5), at(10), at(90)));
        assert_eq!(read(store, |tx| tx.org(org()).list_uncertain(campaign(), Some(1), 9)).await.len(), 1);
        assert_eq!(read(store, |tx| tx.org(id(2)).list_uncertain(campaign(), None, 9)).await, vec![]);
        let filtered = read(store, |tx| tx.org(org()).list_recipients(campaign(), Some(State::Uncertain), None, None, 9)).await;
        assert_eq!(filtered.iter().map(|r| r.seq).collect::<Vec<_>>(), [0, 1, 2]);

        let decide = async |seqs: Option<Vec<i64>>, decision| {
            write(store, move |tx| tx.org(org()).decide_uncertain(campaign(), number(), seqs.as_deref(), decision, at(50), 9)).await
        };
        assert_eq!(decide(Some(vec![0, 3, 77]), Decision::MarkSent).await, 1, "only what is in doubt");
        assert_eq!(decide(Some(vec![1]), Decision::GiveUp).await, 1);
        assert_eq!(decide(Some(vec![1]), Decision::SendAgain).await, 0, "once");
        assert_eq!(decide(None, Decision::SendAgain).await, 1);
        assert_eq!(states(store).await, vec![State::Sent, State::Failed, State::Planned, State::Accepted]);
        let again = write(store, |tx| tx.org(org()).reserve_retries(number(), TOKEN, 9, at(50))).await;
        assert_eq!(again.iter().map(|r| (r.seq, r.attempt)).collect::<Vec<_>>(), [(2, 2)]);
        let failed = read(store, |tx| tx.org(org()).list_recipients(campaign(), Some(State::Failed), None, None, 9)).await;
        assert_eq!(failed.iter().map(|r| (r.seq, r.reason)).collect::<Vec<_>>(), [(1, own_code::GIVEN_UP)]);
        counts(store).await;
    }
}

contract! {
    /// Meta prices a message with one of its statuses, and each is counted once.
    async fn prices_are_counted_once(store) {
        people(store, 3).await;
        plan(store, definition(Audience::All)).await;
        reserve(store, 3, TOKEN).await;
        record(store, vec![accepted(0), accepted(1), accepted(2)]).await;
        let priced = |seq: i64, state, billing: &str| StatusNews { billing: Some(billing.to_owned()), ..news(seq, 1, state, &format!("wamid.{seq}")) };
        apply(store, vec![priced(0, State::Sent, "marketing/regular"), priced(0, State::Delivered, "marketing/regular")]).await;
        apply(store, vec![priced(0, State::Read, "marketing/regular"), priced(1, State::Sent, "marketing/regular"), priced(2, State::Sent, "utility/regular")]).await;
        let billing = read(store, |tx| tx.org(org()).campaign_billing(campaign())).await;
        assert_eq!(billing, [("marketing/regular".to_owned(), 2), ("utility/regular".to_owned(), 1)]);
    }
}

contract! {
    /// A counter that was damaged is found, and repaired from the rows.
    async fn a_damaged_counter_is_found_and_repaired(store) {
        people(store, 3).await;
        plan(store, definition(Audience::All)).await;
        write(store, |tx| tx.execute("UPDATE campaign_count SET n = n + 1", &[])).await;
        let differences = read(store, |tx| tx.org(org()).recount_campaign(campaign())).await;
        assert_eq!(differences.iter().map(|d| (d.rows.n, d.counted)).collect::<Vec<_>>(), vec![(3, 4)]);
        write(store, |tx| tx.org(org()).repair_counts(campaign())).await;
        assert_eq!(counts(store).await, vec![(State::Planned, 0, 3)]);
    }
}

contract! {
    /// Another organization sees and moves nothing.
    async fn the_ledger_is_closed_to_others(store) {
        people(store, 2).await;
        plan(store, definition(Audience::All)).await;
        let other = id(2);
        assert_eq!(write(store, move |tx| tx.org(other).reserve_window(campaign(), TOKEN, 5)).await, Window::default());
        assert_eq!(read(store, move |tx| tx.org(other).list_recipients(campaign(), None, None, None, 5)).await, vec![]);
        let applied = write(store, move |tx| tx.org(other).apply_statuses(number(), &[news(0, 1, State::Sent, "w")])).await;
        assert_eq!(applied.unknown, 1);
        let moved = write(store, move |tx| Ok(tx.org(other).move_campaign(campaign(), CampaignEvent::Pause, at(1)))).await;
        assert!(matches!(moved, Err(CampaignError::NotFound)));
    }
}
