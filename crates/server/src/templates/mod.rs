//! Message templates: taken over from Meta, and what they ask for.

mod http;
mod shape;

pub(crate) use http::routes;
pub(crate) use shape::{Shape, Slot};

use crate::{
    app::App,
    auth::Caller,
    edge::{ApiError, Code, Result},
};
use tisara_cloud_api::{
    AccessToken, CallError, PageRequest,
    codes::Action,
    templates::{ParameterFormat, QualityScore, Template as AtMeta, TemplateFilter, TemplateStatus},
};
use tisara_domain::WabaId;
use tisara_engine::waba_token_place;
use tisara_store::{templates::PutTemplate, wabas::TokenState, wabas::Waba};

/// Templates a page; Meta gives up to some hundreds.
const A_PAGE: u32 = 100;
/// Meta allows 6,000 templates an account.
const PAGES_MAX: usize = 100;

/// What a synchronization found.
#[derive(Default)]
pub(crate) struct Synced {
    /// Templates at Meta.
    pub(crate) found: u64,
    /// Those that say something new.
    pub(crate) changed: u64,
    /// Those that are there no more.
    pub(crate) gone: u64,
}

/// Takes over all templates of an account. Pages are written one by one, no transaction waits for Meta.
pub(crate) async fn sync(app: &App, caller: Caller, waba: &Waba) -> Result<Synced> {
    let token = open_token(app, caller, waba).await?;
    let calls = app.client.with_token(&token);
    let since = app.ambient.now();
    let (mut synced, mut page) = (Synced::default(), PageRequest::first(A_PAGE));
    for n in 1.. {
        let got = match calls.list_templates(&waba.meta_id, &TemplateFilter::default(), &page).await {
            Ok(got) => got,
            Err(e) => return Err(note_refused_token(app, caller, waba.id, e).await),
        };
        let next = got.next_cursor().map(str::to_owned);
        synced.found += got.data.len() as u64;
        let rows = got.data.iter().map(|t| row(t, waba.id, app)).collect::<Result<Vec<_>>>()?;
        synced.changed += app
            .store
            .write(move |tx| {
                let mut tx = tx.org(caller.org);
                let mut changed = 0;
                for row in &rows {
                    changed += u64::from(tx.put_template(row, since)?.new_version);
                }
                Ok::<_, tisara_store::Error>(changed)
            })
            .await?;
        match next {
            Some(after) if n < PAGES_MAX => page = PageRequest::after(A_PAGE, after),
            Some(_) => return Ok(synced),
            None => break,
        }
    }
    let id = waba.id;
    synced.gone = app.store.write(move |tx| tx.org(caller.org).mark_missing_templates(id, since)).await?;
    Ok(synced)
}

fn row(t: &AtMeta, waba_id: WabaId, app: &App) -> Result<PutTemplate> {
    Ok(PutTemplate {
        id: app.ambient.id(),
        waba_id,
        meta_id: t.id.clone(),
        name: t.name.clone(),
        language: t.language.clone(),
        category: t.category.as_ref().map_or("", |c| c.as_str()).to_owned(),
        status: t.status.as_ref().map_or("", TemplateStatus::as_str).to_owned(),
        quality: t.quality_score.as_ref().map_or("UNKNOWN", |q| QualityScore::as_str(&q.score)).to_owned(),
        rejected_reason: t.rejected_reason.as_ref().map(|r| r.as_str().to_owned()).filter(|r| r != "NONE"),
        parameter_format: t
            .parameter_format
            .as_ref()
            .map_or("POSITIONAL", ParameterFormat::as_str)
            .to_owned(),
        components: serde_json::to_string(&t.components).map_err(ApiError::internal)?,
    })
}

/// The token of an account.
async fn open_token(app: &App, caller: Caller, waba: &Waba) -> Result<AccessToken> {
    if waba.token_state == TokenState::Refused {
        return Err(ApiError::refused(
            Code::TokenRejected,
            "Meta no longer accepts the token of this account. Connect the account again with a new one.",
        ));
    }
    let org = app.store.read(move |tx| tx.find_organization(caller.org)).await?;
    let org = org.ok_or(ApiError::NotFound("organization"))?;
    let plain = app
        .vault
        .open(&org.data_key, &waba_token_place(caller.org, waba.id), &waba.token)
        .map_err(ApiError::internal)?;
    let text = String::from_utf8(plain).map_err(ApiError::internal)?;
    AccessToken::new(&text).map_err(ApiError::internal)
}

async fn note_refused_token(app: &App, caller: Caller, waba: WabaId, error: CallError) -> ApiError {
    if error.action() == Action::Reauthorise {
        let noted =
            app.store.write(move |tx| tx.org(caller.org).set_token_state(waba, TokenState::Refused)).await;
        if let Err(e) = noted {
            tracing::warn!(error = %e, "that a token was refused could not be noted");
        }
    }
    error.into()
}
