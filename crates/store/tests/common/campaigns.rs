//! A campaign to planned people, from its draft to its counts.

use super::{at, furnish, id, org, phone, read, write};
use tisara_domain::{
    CampaignId, NumberId, Phone, RecipientRef, RecipientState as State, campaign::CampaignEvent,
    settle::SettlePolicy,
};
use tisara_store::{
    Result, Store, Tx, args,
    campaigns::{Audience, Binding, Definition, NewCampaign, Place, Source},
    contacts::NewContact,
    ledger::{
        outcomes::{Attempted, Outcome},
        plan::{PlanRules, Planned},
        statuses::StatusNews,
    },
};

pub(crate) fn campaign() -> CampaignId {
    id(1)
}

pub(crate) fn number() -> NumberId {
    id(1)
}

pub(crate) fn rules() -> PlanRules {
    PlanRules { marketing: true, portfolio: "p1".to_owned() }
}

pub(crate) fn definition(audience: Audience) -> Definition {
    Definition {
        audience,
        bindings: vec![Binding {
            place: Place::Body,
            name: "1".to_owned(),
            source: Source::Name,
            fallback: None,
        }],
        header_media: None,
        require_consent: false,
        frequency_cap_hours: None,
        settle: SettlePolicy::Resend,
    }
}

pub(crate) fn person(n: u32, phone: Phone, name: &str) -> NewContact {
    NewContact { id: id(n), phone, name: name.to_owned(), email: None, language: None, fields: vec![] }
}

pub(crate) fn template(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO template (org_id, id, waba_id, meta_id, name, language, category, status, quality, version, synced_at) \
         VALUES ($1, $2, $3, '7', 'hello', 'en', 'MARKETING', 'APPROVED', 'UNKNOWN', 1, 0)",
        args![org(), id::<tisara_domain::TemplateId>(1), id::<tisara_domain::WabaId>(1)],
    )?;
    tx.execute(
        "INSERT INTO template_version (org_id, template_id, version, parameter_format, components, created_at) \
         VALUES ($1, $2, 1, 'POSITIONAL', '[]', 0)",
        args![org(), id::<tisara_domain::TemplateId>(1)],
    )?;
    Ok(())
}

pub(crate) fn new_campaign(definition: &Definition) -> NewCampaign {
    NewCampaign {
        id: campaign(),
        name: "Avurudu".to_owned(),
        number_id: number(),
        template_id: id(1),
        template_version: 1,
        definition: definition.clone(),
        created_at: at(0),
    }
}

pub(crate) fn draft(tx: &mut Tx<'_>, definition: &Definition) -> Result<()> {
    tx.org(org()).create_campaign(&new_campaign(definition))
}

/// A number, a template and `n` people.
pub(crate) async fn people(store: &Store, n: u32) {
    furnish(store).await;
    write(store, move |tx| {
        template(tx)?;
        for n in 1..=n {
            tx.org(org()).create_contact(&person(n, phone(n), &format!("Person {n}")), at(0))?;
        }
        Ok(())
    })
    .await;
}

/// What became of the first attempt for a row.
pub(crate) fn outcome(seq: i64, result: Attempted) -> Outcome {
    Outcome { campaign: campaign(), seq, attempt: 1, from_follow_up: false, result }
}

/// Meta took it.
pub(crate) fn accepted(seq: i64) -> Outcome {
    outcome(seq, Attempted::Accepted { wamid: format!("wamid.{seq}") })
}

/// What a webhook says of an attempt.
pub(crate) fn news(seq: i64, attempt: u32, state: State, wamid: &str) -> StatusNews {
    StatusNews {
        about: RecipientRef { campaign: campaign(), seq, attempt },
        state,
        at: at(20),
        wamid: wamid.to_owned(),
        code: if state == State::Failed { 131_026 } else { 0 },
        retry_at: None,
        billing: None,
    }
}

pub(crate) async fn plan(store: &Store, definition: Definition) {
    write(store, move |tx| {
        draft(tx, &definition)?;
        let mut org = tx.org(org());
        org.move_campaign(campaign(), CampaignEvent::Start, at(1)).unwrap();
        while org.plan_slice(campaign(), &rules(), None, at(1))? == Planned::More {}
        org.move_campaign(campaign(), CampaignEvent::Planned, at(1)).unwrap();
        Ok(())
    })
    .await;
}

/// `(state, reason, n)` of every count, after proving that the counters say what the rows say.
pub(crate) async fn counts(store: &Store) -> Vec<(State, i32, i64)> {
    read(store, |tx| {
        let mut org = tx.org(org());
        assert_eq!(org.recount_campaign(campaign())?, vec![]);
        Ok(org.campaign_counts(campaign())?.iter().map(|c| (c.state, c.reason, c.n)).collect())
    })
    .await
}
