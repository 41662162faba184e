//! Which call goes where.

use super::{
    Call, Grant, GraphError, Outcome, Reply, call, rate,
    reply::{About, respond},
    token,
};
use crate::{Inner, accounts, analytics, commerce, flows, groups, media, messages, sync::read, templates};
use axum::{extract::Request, response::Response};
use http::Method;
use std::{ops::RangeInclusive, sync::Arc};

/// Versions that answer. Meta: v16 is long gone in earnest, v26 is the newest seen.
const VERSIONS: RangeInclusive<u32> = 16..=26;
/// The version of a call that names none.
pub(super) const DEFAULT_VERSION: u32 = 25;

/// Answers any Graph call.
pub(crate) async fn answer(e: Arc<Inner>, req: Request) -> Response {
    match Call::read(req).await {
        Ok(call) => {
            let mut about = About { version: call.version, ..About::default() };
            let outcome = route(&e, call, &mut about).await;
            respond(&e, &about, outcome)
        }
        Err((version, error)) => respond(&e, &About { version, ..About::default() }, Err(error)),
    }
}

async fn route(e: &Arc<Inner>, call: Call, about: &mut About) -> Outcome<Reply> {
    if let Some(v) = call.version.filter(|v| !VERSIONS.contains(v)) {
        let error = GraphError::new(2_635).status(400).message(format!(
            "(#2635) You are calling version v{v}.0 of the API. Please update to the latest version: v{}.0.",
            VERSIONS.end()
        ));
        return Err(error);
    }
    if e.faults.token_expired() {
        return Err(token::expired(e.ambient.now()));
    }
    let segments = call.segments();
    if e.behaviour().rules.app_calls_per_hour > 0
        && let Some(app) = app_of(e, &call)
    {
        about.app_percent = rate::app(e, app)?;
    }
    about.waba = segments.first().and_then(|s| s.parse().ok()).and_then(|id| {
        let directory = read(&e.directory);
        directory.number(id).map(|n| n.waba).or_else(|| directory.wabas.contains_key(&id).then_some(id))
    });
    if let Some(waba) = about.waba.filter(|_| is_management(&call.method, &segments))
        && let Some(app) = app_of(e, &call)
    {
        let (usage, allowed) = rate::management(e, app, waba);
        about.management = Some(usage);
        allowed?;
    }
    dispatch(e, &call, &segments).await
}

/// The app whose budget a call takes from.
fn app_of(e: &Inner, call: &Call) -> Option<u64> {
    let d = read(&e.directory);
    let token = call.token()?;
    d.token(token).map(|t| t.app).or_else(|| accounts::app_of_token(&d, token).map(|a| a.id))
}

/// Meta: reading an account or number, and the edges that say what belongs to an account.
fn is_management(method: &Method, segments: &[&str]) -> bool {
    match segments {
        [_] => *method == Method::GET,
        [_, edge] => {
            matches!(*edge, "phone_numbers" | "message_templates" | "subscribed_apps" | "assigned_users")
        }
        _ => false,
    }
}

async fn dispatch(e: &Arc<Inner>, call: &Call, segments: &[&str]) -> Outcome<Reply> {
    let method = &call.method;
    // The hot path first; it checks its token itself, under the same lock as everything else.
    if let [id, edge @ ("messages" | "marketing_messages")] = segments
        && *method == Method::POST
        && let Ok(number) = id.parse()
    {
        return messages::send(e, call, number, *edge == "marketing_messages").await;
    }
    if let ["oauth", "access_token"] = segments {
        return accounts::access_token(e, call).await;
    }
    // Whoever has the link of a flow may read it, as at Meta.
    if let ["wa", "flows", id, _] = segments {
        return flows::download(e, call, id);
    }
    check_token(e, call)?;
    match segments {
        [] => Err(GraphError::new(100).message("Unsupported get request. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api").subcode(33)),
        ["debug_token"] => accounts::debug_token(e, call),
        ["whatsapp_business", "attachments"] => media::download(e, call),
        [session] if session.starts_with("upload:") => media::resumable(e, call, session),
        ["message_template_library"] if *method == Method::GET => templates::library(e, call),
        ["message_template_previews"] if *method == Method::GET => templates::previews(e, call, None),
        [id, "message_templates", to @ ("archive" | "unarchive")] if *method == Method::POST => {
            let waba = id.parse().ok().filter(|id| kind(e, *id) == Some(Node::Waba));
            let waba = waba.ok_or_else(|| unsupported(call, id))?;
            templates::put_away(e, call, waba, *to == "archive").await
        }
        ["signups", id] => accounts::in_app_signup(e, call, id).await,
        [id] if id.starts_with(groups::PREFIX) => groups::node(e, call, id).await,
        [id, edge] if id.starts_with(groups::PREFIX) => groups::edge(e, call, id, edge).await,
        [id] => node(e, call, id).await,
        [id, edge] => edge_of(e, call, id, edge).await,
        [id, "message_qrdls", code] => {
            let number = id.parse().ok().filter(|id| kind(e, *id) == Some(Node::Number));
            accounts::qr_code(e, call, number.ok_or_else(|| unsupported(call, id))?, code)
        }
        _ => Err(unknown_path(call)),
    }
}

fn check_token(e: &Inner, call: &Call) -> Outcome<()> {
    let directory = read(&e.directory);
    if call.token().is_some_and(|t| accounts::app_of_token(&directory, t).is_some()) {
        return Ok(());
    }
    Grant::of(&directory, call, e.ambient.now()).map(drop)
}

/// Kinds of objects an id can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    App,
    Portfolio,
    Waba,
    Number,
    Template,
    TemplateGroup,
    Media,
    Flow,
    Catalog,
    Product,
}

fn kind(e: &Inner, id: u64) -> Option<Node> {
    let d = read(&e.directory);
    if d.number_place(id).is_some() {
        Some(Node::Number)
    } else if d.wabas.contains_key(&id) {
        Some(Node::Waba)
    } else if d.templates.contains_key(&id) {
        Some(Node::Template)
    } else if d.flows.contains_key(&id) {
        Some(Node::Flow)
    } else if d.template_groups.contains_key(&id) {
        Some(Node::TemplateGroup)
    } else if d.catalogs.contains_key(&id) {
        Some(Node::Catalog)
    } else if commerce::of_product(&d, id).is_some() {
        Some(Node::Product)
    } else if d.portfolios.contains_key(&id) {
        Some(Node::Portfolio)
    } else if d.apps.contains_key(&id) {
        Some(Node::App)
    } else if crate::sync::lock(&e.media).has(id) {
        Some(Node::Media)
    } else {
        None
    }
}

fn unknown_path(call: &Call) -> GraphError {
    GraphError::new(2_500).status(400).message(format!("Unknown path components: {}", call.path))
}

fn unsupported(call: &Call, id: &str) -> GraphError {
    GraphError::unsupported(call.method.as_str(), id)
}

async fn node(e: &Arc<Inner>, call: &Call, id: &str) -> Outcome<Reply> {
    let parsed: u64 = id.parse().map_err(|_| unknown_path(call))?;
    let found = kind(e, parsed).ok_or_else(|| unsupported(call, id))?;
    match (found, &call.method) {
        (Node::Number, &Method::GET) => accounts::get_number(e, call, parsed),
        (Node::Number, &Method::POST) => accounts::change_number(e, call, parsed).await,
        (Node::Number, &Method::DELETE) => accounts::delete_number(e, call, parsed),
        (Node::Waba, &Method::GET) => accounts::get_waba(e, call, parsed),
        (Node::Waba, &Method::POST) => accounts::change_waba(e, call, parsed).await,
        (Node::Template, &Method::GET) => templates::get(e, call, parsed),
        (Node::Template, &Method::POST) => templates::edit(e, call, parsed).await,
        (Node::TemplateGroup, &Method::GET) => analytics::template_group(e, call, parsed),
        (Node::Portfolio, &Method::GET) => accounts::get_portfolio(e, call, parsed),
        (Node::App, &Method::GET) => accounts::get_app(e, call, parsed),
        (Node::Catalog, &Method::GET | &Method::DELETE) => commerce::node(e, call, parsed),
        (Node::Product, &Method::GET | &Method::POST | &Method::DELETE) => {
            commerce::product(e, call, parsed).await
        }
        (Node::Flow, &Method::GET) => flows::get(e, call, parsed),
        (Node::Flow, &Method::POST) => flows::update(e, call, parsed).await,
        (Node::Flow, &Method::DELETE) => flows::delete(e, call, parsed),
        (Node::Media, &Method::GET) => media::get(e, call, parsed),
        (Node::Media, &Method::DELETE) => media::delete(e, call, parsed),
        _ => Err(unsupported(call, id)),
    }
}

async fn edge_of(e: &Arc<Inner>, call: &Call, id: &str, edge: &str) -> Outcome<Reply> {
    let parsed: u64 = id.parse().map_err(|_| unknown_path(call))?;
    let found = kind(e, parsed).ok_or_else(|| unsupported(call, id))?;
    let m = &call.method;
    match (found, edge) {
        (Node::Waba, "message_templates") if *m == Method::GET => templates::list(e, call, parsed),
        (Node::Waba, "message_templates") if *m == Method::POST => templates::create(e, call, parsed).await,
        (Node::Waba, "message_templates") if *m == Method::DELETE => templates::delete(e, call, parsed).await,
        (Node::Waba, "signups") => accounts::in_app_signups(e, call, parsed).await,
        (Node::Waba, "template_groups") => analytics::template_groups(e, call, parsed).await,
        (Node::Waba, "template_analytics") if *m == Method::GET => {
            analytics::template_analytics(e, call, parsed)
        }
        (Node::Waba, "template_group_analytics") if *m == Method::GET => {
            analytics::template_group_analytics(e, call, parsed)
        }
        (Node::Waba, "message_template_previews") if *m == Method::GET => {
            templates::previews(e, call, Some(parsed))
        }
        (Node::Waba, "migrate_message_templates") if *m == Method::POST => {
            templates::migrate(e, call, parsed).await
        }
        (Node::Waba, "upsert_message_templates") if *m == Method::POST => {
            templates::upsert(e, call, parsed).await
        }
        (Node::Template, "compare") if *m == Method::GET => templates::compare(e, call, parsed),
        (Node::Template, "unpause") if *m == Method::POST => templates::unpause(e, call, parsed),
        (Node::Portfolio, "owned_product_catalogs") if *m == Method::GET || *m == Method::POST => {
            commerce::owned(e, call, parsed).await
        }
        (Node::Catalog, "products") if *m == Method::GET || *m == Method::POST => {
            commerce::products(e, call, parsed).await
        }
        (Node::Waba, "product_catalogs") => commerce::connected(e, call, parsed).await,
        (Node::Waba, "flows") if *m == Method::GET => flows::list(e, call, parsed),
        (Node::Waba, "flows") if *m == Method::POST => flows::create(e, call, parsed).await,
        (Node::Waba, "migrate_flows") if *m == Method::POST => flows::migrate(e, call, parsed).await,
        (Node::Flow, "assets") if *m == Method::GET || *m == Method::POST => {
            flows::assets(e, call, parsed).await
        }
        (Node::Flow, "publish") if *m == Method::POST => flows::publish(e, call, parsed).await,
        (Node::Flow, "deprecate") if *m == Method::POST => flows::deprecate(e, call, parsed),
        (Node::Waba, "phone_numbers") if *m == Method::GET => accounts::list_numbers(e, call, parsed),
        (Node::Waba, "phone_numbers") if *m == Method::POST => accounts::add_number(e, call, parsed).await,
        (Node::Waba, "subscribed_apps") => accounts::subscribed_apps(e, call, parsed).await,
        (Node::Portfolio, "owned_whatsapp_business_accounts" | "client_whatsapp_business_accounts")
            if *m == Method::GET =>
        {
            accounts::list_wabas(e, call, parsed)
        }
        (Node::App, "subscriptions") => accounts::subscriptions(e, call, parsed).await,
        (Node::App, "uploads") if *m == Method::POST => media::start_upload(e, call, parsed).await,
        (Node::Number, "media") if *m == Method::POST => media::upload(e, call, parsed).await,
        (Node::Number, edge) => accounts::number_edge(e, call, parsed, edge).await,
        _ => Err(call::unknown_edge(call, id, edge)),
    }
}
