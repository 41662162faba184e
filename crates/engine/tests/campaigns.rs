//! Whole campaigns against the emulator over real HTTP, on both databases: nobody lost, nobody twice.
#![expect(clippy::unwrap_used, reason = "a test may fail; clippy knows only functions marked as tests")]

mod common;
use common::{World, two_numbers, until};
use tisara_domain::{RecipientState as State, campaign::CampaignEvent};
use tisara_emulator::{
    Settings,
    settings::{Fault, FaultKind, When},
};
use tisara_store::{Engine as Database, usage::UsageLimit};

/// A test of both databases, as `name::sqlite` and `name::postgres`.
macro_rules! world_test {
    ($(#[doc = $doc:literal])* async fn $name:ident($world:ident, $settings:expr) $body:block) => {
        $(#[doc = $doc])*
        mod $name {
            use super::*;
            async fn on(database: Database) {
                let $world = World::new(database, 7, $settings).await;
                $body
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() { on(Database::Sqlite).await }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() { on(Database::Postgres).await }
        }
    };
}

fn faulty(faults: Vec<FaultKind>, share: f64) -> Settings {
    let mut settings = Settings::default();
    settings.behaviour.faults =
        faults.into_iter().map(|kind| Fault { kind, when: When::Probability(share) }).collect();
    settings
}

async fn completes(world: &World, campaign: tisara_domain::CampaignId) {
    until("the campaign is completed", async || world.is_completed(campaign).await).await;
    world.settle().await;
    let org = world.org;
    let wrong = world.test.store.read(move |tx| tx.org(org).recount_usage()).await.unwrap();
    assert_eq!(wrong, [], "usage says what the rows say");
}

fn nobody_twice_nobody_lost(world: &World, people: u64) {
    let report = world.emulator.control().report();
    assert_eq!(report.doubled, 0, "doubled: {:?}", report.doubled_ids);
    assert_eq!(report.distinct, people, "everybody got it: {report:?}");
}

world_test! {
    /// The plain way: planned, sent, delivered, read, completed, and the counts add up.
    async fn a_campaign_reaches_everybody_once(world, Settings::default()) {
        world.people(1_200).await;
        world.start().await;
        let campaign = world.start_campaign(1).await;
        completes(&world, campaign).await;
        nobody_twice_nobody_lost(&world, 1_200);
        assert_eq!(world.out(campaign).await, 1_200);
        assert_eq!(world.count(campaign, State::Accepted).await + world.count(campaign, State::Sent).await, 0);
        world.stop().await;
    }
}

world_test! {
    /// Errors, resets and time-outs before and after accepting, and webhooks in every disorder.
    async fn faults_neither_lose_nor_double(world, faulty(vec![
        FaultKind::Refuse { code: 130_429, status: None },
        FaultKind::ErrorBeforeAccept { status: 500 },
        FaultKind::ErrorAfterAccept { status: 503 },
        FaultKind::ResetBeforeAccept,
        FaultKind::ResetAfterAccept,
        FaultKind::HangAfterAccept { ms: 3_500 },
        FaultKind::StatusBeforeAnswer,
    ], 0.02)) {
        world.people(600).await;
        world.start().await;
        let campaign = world.start_campaign(1).await;
        completes(&world, campaign).await;
        nobody_twice_nobody_lost(&world, 600);
        assert_eq!(world.out(campaign).await, 600);
        world.stop().await;
    }
}

world_test! {
    /// Stopped in the middle and started again, several times: it goes on where it was.
    async fn stopping_and_starting_loses_nothing(world, Settings::default()) {
        world.people(2_000).await;
        world.start().await;
        let campaign = world.start_campaign(1).await;
        for share in [1, 3, 6] {
            until("some are out", async || world.out(campaign).await >= share * 200).await;
            world.stop().await;
            world.start().await;
        }
        completes(&world, campaign).await;
        nobody_twice_nobody_lost(&world, 2_000);
        world.stop().await;
    }
}

world_test! {
    /// Paused, nothing more leaves; resumed, everybody gets it; two campaigns take turns.
    async fn pausing_and_resuming_two_campaigns(world, Settings::default()) {
        let world = world.at_pace(400);
        world.people(800).await;
        world.start().await;
        let (first, second) = (world.start_campaign(1).await, world.start_campaign(2).await);
        until("some are out", async || world.out(first).await >= 50).await;
        world.move_campaign(first, CampaignEvent::Pause).await;
        completes(&world, second).await;
        world.settle().await;
        assert!(!world.is_completed(first).await, "what was paused waits");
        world.move_campaign(first, CampaignEvent::Resume).await;
        completes(&world, first).await;
        nobody_twice_nobody_lost(&world, 1_600);
        world.stop().await;
    }
}

world_test! {
    /// Cancelled in the middle: what is out is out, the rest is skipped, and the sum adds up.
    async fn cancelling_in_the_middle_adds_up(world, Settings::default()) {
        let world = world.at_pace(1_000);
        world.people(3_000).await;
        world.start().await;
        let campaign = world.start_campaign(1).await;
        until("some are out", async || world.out(campaign).await >= 100).await;
        world.move_campaign(campaign, CampaignEvent::Cancel).await;
        until("nothing waits", async || {
            world.count(campaign, State::Planned).await + world.count(campaign, State::Uncertain).await == 0
        }).await;
        world.settle().await;
        let (out, skipped) = (world.out(campaign).await, world.count(campaign, State::Skipped).await);
        // An attempt without an answer, given up as nobody may repeat it any more; on a busy machine.
        let failed = world.count(campaign, State::Failed).await;
        assert_eq!(out + skipped + failed, 3_000);
        nobody_twice_nobody_lost(&world, u64::try_from(out).unwrap());
        world.stop().await;
    }
}

world_test! {
    /// A dead token stops the number and loses nothing: the campaign waits for a new one.
    async fn a_dead_token_stops_the_number(world, faulty(vec![FaultKind::TokenExpired], 1.0)) {
        world.people(100).await;
        world.start().await;
        let campaign = world.start_campaign(1).await;
        let (org, number) = (world.org, world.number);
        until("the number is stopped", async || {
            let number = world.test.store.read(move |tx| tx.org(org).get_number(number)).await.unwrap();
            number.stopped_reason.is_some()
        }).await;
        assert_eq!(world.count(campaign, State::Planned).await, 100);
        world.emulator.control().change(|b| b.faults.clear());
        world.write(move |tx| tx.org(org).set_number_stopped(number, None)).await;
        completes(&world, campaign).await;
        nobody_twice_nobody_lost(&world, 100);
        world.stop().await;
    }
}

world_test! {
    /// At the month's limit a campaign pauses and says so, having sent as much as the limit allows; with more
    /// room it goes on.
    async fn a_campaign_pauses_at_the_limit(world, Settings::default()) {
        world.people(300).await;
        limit(&world, Some(120)).await;
        world.start().await;
        let campaign = world.start_campaign(1).await;
        let reason = async || world.find_campaign(campaign).await.paused_reason.unwrap_or_default();
        until("the campaign is paused", async || !reason().await.is_empty()).await;
        assert!(reason().await.starts_with("The limit of 120 messages a month is reached; "), "{}", reason().await);
        world.settle().await;
        nobody_twice_nobody_lost(&world, 120);
        limit(&world, None).await;
        world.move_campaign(campaign, CampaignEvent::Resume).await;
        completes(&world, campaign).await;
        nobody_twice_nobody_lost(&world, 300);
        world.stop().await;
    }
}

/// Limits the month's messages; `None` lifts the limit.
async fn limit(world: &World, most: Option<i64>) {
    let (org, now) = (world.org, world.ambient.now());
    world.write(move |tx| tx.org(org).put_limit(UsageLimit::MessagesPerMonth, most, now)).await;
}

async fn is_paused(world: &World, campaign: tisara_domain::CampaignId) -> bool {
    world.find_campaign(campaign).await.paused_reason.is_some()
}

world_test! {
    /// A message whose answer is lost may be with Meta: it takes its place in the month until that is known.
    async fn what_is_in_doubt_counts_at_the_limit(world, faulty(vec![FaultKind::ResetAfterAccept], 0.3)) {
        world.people(300).await;
        limit(&world, Some(120)).await;
        world.start().await;
        let campaign = world.start_campaign(1).await;
        until("the campaign is paused", async || is_paused(&world, campaign).await).await;
        world.settle().await;
        nobody_twice_nobody_lost(&world, 120);
        world.stop().await;
    }
}

world_test! {
    /// Two numbers that send at once keep to their organization's limit together.
    async fn two_numbers_keep_to_one_limit(world, two_numbers()) {
        let second = world.second_number().await;
        world.people(600).await;
        limit(&world, Some(500)).await;
        world.start().await;
        let campaigns = [world.start_campaign(1).await, world.start_campaign_from(second, 2).await];
        until("both campaigns are paused", async || {
            is_paused(&world, campaigns[0]).await && is_paused(&world, campaigns[1]).await
        }).await;
        world.settle().await;
        nobody_twice_nobody_lost(&world, 500);
        world.stop().await;
    }
}

world_test! {
    /// A campaign for as many as the limit allows is over when they have it, and not paused.
    async fn a_campaign_that_just_fits_the_limit_completes(world, Settings::default()) {
        world.people(120).await;
        limit(&world, Some(120)).await;
        world.start().await;
        let campaign = world.start_campaign(1).await;
        completes(&world, campaign).await;
        nobody_twice_nobody_lost(&world, 120);
        world.stop().await;
    }
}
