//! Business phone numbers: connecting an account at Meta by its token, and what may be sent from it.

mod http;

pub(crate) use http::routes;

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Code, Result},
};
use tisara_cloud_api::{
    AccessToken, Calls, PageRequest,
    numbers::{PhoneNumber, ThroughputLevel},
};
use tisara_domain::WabaId;
use tisara_engine::waba_token_place;
use tisara_store::{
    numbers::Number,
    wabas::{TokenState, Waba},
};

/// What is known of an account that is to be connected.
pub(crate) struct Connect {
    /// Meta's id of the WhatsApp Business Account.
    pub(crate) waba_id: String,
    /// The token, as Meta gave it.
    pub(crate) token: String,
    /// Meta's ids of the numbers to take; all when empty.
    pub(crate) numbers: Vec<String>,
}

/// Meta lists so many numbers at most on a page; an account has some dozens.
const NUMBERS_A_PAGE: u32 = 100;
const PAGES_MAX: usize = 20;

/// Checks the token with Meta, takes over the account and its numbers, and asks for its webhooks.
/// Doing it again renews token and names.
pub(crate) async fn connect(app: &App, caller: Caller, wanted: Connect) -> Result<Vec<Number>> {
    let token = AccessToken::new(&wanted.token).map_err(|e| ApiError::field("token", e.to_string()))?;
    let calls = app.client.with_token(&token);
    let at_meta = calls.get_waba(&wanted.waba_id).await?;
    let numbers = list_numbers(&calls, &wanted).await?;
    calls.subscribe_app(&wanted.waba_id).await?;

    let owner = at_meta.owner_business_info.or(at_meta.on_behalf_of_business_info);
    let (new_id, now) = (app.ambient.id::<WabaId>(), app.ambient.now());
    let (meta_id, vault) = (wanted.waba_id.clone(), app.vault.clone());
    let rows: Vec<Number> = numbers.iter().map(|n| row(n, new_id, app)).collect();
    let waba = Waba {
        id: new_id,
        // Meta: an account without an owner's portfolio stands for itself.
        portfolio: owner.map_or_else(|| meta_id.clone(), |o| o.id),
        meta_id,
        name: at_meta.name.unwrap_or_default(),
        currency: at_meta.currency,
        token: Vec::new(),
        token_state: TokenState::Working,
        created_at: now,
    };
    app.store
        .write(move |tx| {
            let org = tx.find_organization(caller.org)?.ok_or(ApiError::NotFound("organization"))?;
            let mut waba = waba.clone();
            match tx.waba_by_meta_id(&waba.meta_id)? {
                Some((owner, _)) if owner != caller.org => return Err(elsewhere("account")),
                Some((_, known)) => waba.id = known.id,
                None => {}
            }
            let place = waba_token_place(caller.org, waba.id);
            waba.token =
                vault.seal(&org.data_key, &place, token.expose().as_bytes()).map_err(ApiError::internal)?;
            let mut taken = Vec::with_capacity(rows.len());
            for row in &rows {
                if tx.number_by_meta_id(&row.meta_id)?.is_some_and(|(owner, ..)| owner != caller.org) {
                    return Err(elsewhere("number"));
                }
            }
            let mut tx = tx.org(caller.org);
            waba.id = tx.put_waba(&waba)?;
            for row in &rows {
                let id = tx.put_number(&Number { waba_id: waba.id, ..row.clone() })?;
                // Connecting anew ends whatever stopped it.
                tx.set_number_stopped(id, None)?;
                taken.push(tx.get_number(id)?);
            }
            Ok(taken)
        })
        .await
}

fn elsewhere(what: &str) -> ApiError {
    ApiError::refused(
        Code::AlreadyExists,
        format!(
            "This {what} is connected to another organization of this installation. Disconnect it there first."
        ),
    )
}

async fn list_numbers(calls: &Calls<'_>, wanted: &Connect) -> Result<Vec<PhoneNumber>> {
    let mut found: Vec<PhoneNumber> = Vec::new();
    let mut page = PageRequest::first(NUMBERS_A_PAGE);
    for _ in 0..PAGES_MAX {
        let got = calls.list_numbers(&wanted.waba_id, &page).await?;
        let next = got.next_cursor().map(str::to_owned);
        found.extend(got.data);
        match next {
            Some(after) => page = PageRequest::after(NUMBERS_A_PAGE, after),
            None => break,
        }
    }
    if !wanted.numbers.is_empty() {
        for (i, id) in wanted.numbers.iter().enumerate() {
            if !found.iter().any(|n| n.id == *id) {
                return Err(ApiError::field(format!("numbers[{i}]"), "is no number of this account"));
            }
        }
        found.retain(|n| wanted.numbers.contains(&n.id));
    }
    if found.is_empty() {
        return Err(ApiError::field(
            "waba_id",
            "this account has no phone number yet; add one in Meta's WhatsApp Manager",
        ));
    }
    Ok(found)
}

fn row(n: &PhoneNumber, waba_id: WabaId, app: &App) -> Number {
    Number {
        id: app.ambient.id(),
        waba_id,
        meta_id: n.id.clone(),
        display_phone: n.display_phone_number.clone().unwrap_or_default(),
        verified_name: n.verified_name.clone().unwrap_or_default(),
        quality: n.quality_rating.as_ref().map_or("UNKNOWN", |q| q.as_str()).to_owned(),
        status: n.status.as_ref().map_or("UNKNOWN", |s| s.as_str()).to_owned(),
        pace_per_second: pace(n),
        stopped_reason: None,
        last_webhook_at: None,
        created_at: app.ambient.now(),
    }
}

/// Meta: 80 messages a second, 1,000 after the upgrade, 20 where the phone app is used beside it.
fn pace(n: &PhoneNumber) -> u32 {
    if n.is_on_biz_app == Some(true) {
        return 20;
    }
    match n.throughput.as_ref().map(|t| &t.level) {
        Some(ThroughputLevel::High) => 1_000,
        _ => 80,
    }
}
