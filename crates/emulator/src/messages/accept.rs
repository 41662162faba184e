//! Validation in Meta's order, and acceptance.
//!
//! Meta publishes no order; this one is a reconstruction: shape, number, recipient, fields,
//! template, pace, acceptance. What fails only later (131026, 131047, 131049…) is planned here.

use super::{
    body::{Envelope, Kind, Text},
    free_form::{self, Checked},
    group, products,
    recipient::{self, Recipient},
    sent::Sent,
    template::{self, TemplateSend},
    wamid,
};
use crate::{
    Inner, accounts,
    chance::{Draw, hash, join},
    directory::{Directory, Number, Refused},
    graph::{Call, Grant, GraphError, Outcome, Permission, Reply, words},
    report::Accepted,
    settings::Behaviour,
    sync::{lock, read},
    templates::{Category, LONGEST_LIFE_S, RESTRICTED, Template, pacing},
    users::{self, Spoken, Traits},
    webhooks::{Facts, Held, Message, Plan},
};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};
use tisara_domain::{Duration, Timestamp};
use tokio::sync::oneshot;

/// Meta (general knowledge, no page seen): at most 512 characters.
const LONGEST_CALLBACK: usize = 512;

/// Meta: typing vanishes after 25 seconds, or with the next message.
const TYPING_S: i64 = 25;

/// A message that passed all checks that are made at once.
pub(super) struct Valid<'d, 'b> {
    pub(super) kind: Kind,
    pub(super) raw: &'b str,
    pub(super) to: Recipient,
    pub(super) template: Option<&'d Template>,
    pub(super) checked: Checked,
    pub(super) callback: Option<&'b str>,
    /// It came by the Marketing Messages API.
    pub(super) marketing: bool,
}

/// Accepts or refuses; `told` is told once the first status was delivered.
pub(super) fn accept(
    e: &Arc<Inner>,
    call: &Call,
    (number, marketing): (u64, bool),
    fail_later: Option<u32>,
    told: Option<oneshot::Sender<()>>,
) -> Outcome<Reply> {
    let directory = read(&e.directory);
    let now = e.ambient.now();
    let grant = Grant::of(&directory, call, now)?;
    let place = directory.number_place(number).ok_or_else(|| grant.unknown(&number.to_string()))?;
    let number = &directory.numbers[place as usize];
    grant.may(Permission::Messaging, number.waba)?;
    let owned;
    let bytes = if call.is_json() {
        &call.body[..]
    } else {
        owned = form_as_json(&call.body);
        owned.as_bytes()
    };
    let body: Envelope<'_> = serde_json::from_slice(bytes).map_err(|e| malformed(bytes, &e))?;
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(GraphError::invalid("The body must be a JSON object."));
    }
    if body.messaging_product.as_ref().map(Text::as_str) != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    if marketing {
        by_marketing_messages(&body)?;
    } else if let Some(status) = &body.status {
        return read_receipt(e, (number, place), now, &body, status.as_str());
    }
    let behaviour = e.behaviour();
    if !marketing && body.recipient_type.as_ref().is_some_and(|t| t.as_str() == "group") {
        return group::accept(e, &behaviour, &directory, (number, place), &body, fail_later);
    }
    let valid = check(e, &behaviour, &directory, (number, marketing), &body)?;
    number.take(&behaviour.pace, valid.to.user, now).map_err(too_fast)?;
    Ok(take(e, &behaviour, &directory, (number, place), now, valid, &body, fail_later, told))
}

/// Meta: only templates, and what to do when one cannot go this way.
fn by_marketing_messages(body: &Envelope<'_>) -> Outcome<()> {
    if body.r#type.as_ref().map(Text::as_str) != Some("template") {
        return Err(GraphError::new(131_055).details("Only templates go by /marketing_messages."));
    }
    match body.product_policy.as_ref().map(Text::as_str) {
        None | Some("CLOUD_API_FALLBACK" | "STRICT") => Ok(()),
        Some(other) => Err(GraphError::new(131_009)
            .details(format!("product_policy \"{other}\" must be CLOUD_API_FALLBACK or STRICT"))),
    }
}

/// Which member of a body is of the wrong kind.
fn malformed(body: &[u8], error: &serde_json::Error) -> GraphError {
    const TEXTS: [&str; 9] = [
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "type",
        "status",
        "message_id",
        "biz_opaque_callback_data",
        "recipient_identity_key_hash",
    ];
    GraphError::invalid(match serde_json::from_slice::<serde_json::Value>(body) {
        Err(e) => format!("The body is not valid JSON: {}", words(&e)),
        Ok(serde_json::Value::Object(all)) => {
            let nested = |name: &&&str| all.get(**name).is_some_and(|v| v.is_object() || v.is_array());
            match (TEXTS.iter().find(nested), all.get("context")) {
                (Some(name), _) => format!("Param {name} must be a string."),
                (None, Some(context)) if !context.is_object() => "Param context must be an object.".into(),
                (None, Some(_)) => "Param context.message_id must be a string.".into(),
                (None, None) => words(error),
            }
        }
        Ok(_) => "The body must be a JSON object.".into(),
    })
}

pub(super) fn too_fast(refused: Refused) -> GraphError {
    match refused {
        Refused::Number => GraphError::new(130_429).details("Cloud API message throughput has been reached."),
        Refused::Pair => GraphError::new(131_056).details(
            "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.",
        ),
    }
}

fn form_as_json(body: &[u8]) -> String {
    let fields = crate::graph::call::form(body).into_iter().map(|(k, v)| {
        let v = serde_json::from_str(&v).ok().filter(|j: &serde_json::Value| j.is_object() || j.is_array());
        (k, v)
    });
    let plain = crate::graph::call::form(body).into_iter().map(|(_, v)| serde_json::Value::String(v));
    fields.zip(plain).map(|((k, v), p)| (k, v.unwrap_or(p))).collect::<serde_json::Value>().to_string()
}

/// Meta: a number that is not connected cannot send.
pub(super) fn sendable(number: &Number) -> Outcome<()> {
    if !number.registered {
        return Err(GraphError::new(133_010).details("The phone number is not registered on Cloud API."));
    }
    match number.status.as_str() {
        "CONNECTED" | "FLAGGED" | "RATE_LIMITED" => Ok(()),
        "BANNED" => Err(GraphError::new(131_031).details("The account of this number is locked.")),
        "RESTRICTED" => {
            Err(GraphError::new(368).details("The account is temporarily blocked for policy violations."))
        }
        "MAINTENANCE" => {
            Err(GraphError::new(131_057).details("The number is being upgraded; try again in a minute."))
        }
        other => Err(GraphError::new(133_010).details(format!("The phone number is {other}."))),
    }
}

fn check<'d, 'b>(
    e: &Inner,
    behaviour: &Behaviour,
    directory: &'d Directory,
    (number, marketing): (&Number, bool),
    body: &'b Envelope<'b>,
) -> Outcome<Valid<'d, 'b>> {
    let rules = &behaviour.rules;
    match body.recipient_type.as_ref().map(Text::as_str) {
        None | Some("individual") => {}
        Some(other) => {
            return Err(
                GraphError::new(131_009).details(format!("recipient_type \"{other}\" is not supported here"))
            );
        }
    }
    if body.to.is_none() && body.recipient.is_none() {
        return Err(GraphError::required("to"));
    }
    let (kind, raw) = form_part(body)?;
    sendable(number)?;
    let to = recipient::recipient(e, behaviour, directory, number, body)?;
    let callback = body.biz_opaque_callback_data.as_ref().map(Text::as_str);
    free_form::most(
        rules.field_limits,
        "biz_opaque_callback_data",
        callback.unwrap_or_default(),
        LONGEST_CALLBACK,
    )?;
    if kind == Kind::Template {
        let (template, checked) = check_template(e, behaviour, directory, (number, marketing), raw, &to)?;
        return Ok(Valid { kind, raw, to, template: Some(template), checked, callback, marketing });
    }
    if kind == Kind::Reaction && body.context.is_some() {
        return Err(GraphError::invalid("context is not allowed with a reaction"));
    }
    let checked = free_form::check(kind, raw, rules.field_limits)?;
    if let Some((Some(id), _)) = &checked.file {
        known_file(e, behaviour, number, id, &format!("{}.id", kind.name()))?;
    }
    if kind == Kind::Interactive {
        products::check_interactive(e, behaviour, directory, (number, to.user), raw)?;
    }
    Ok(Valid { kind, raw, to, template: None, checked, callback, marketing: false })
}

/// The message's kind, and the object named like it.
pub(super) fn form_part<'b>(body: &'b Envelope<'b>) -> Outcome<(Kind, &'b str)> {
    let kind = body.r#type.as_ref().map_or("text", Text::as_str);
    let kind = Kind::parse(kind).ok_or_else(|| {
        GraphError::new(131_051).details(format!("Message type \"{kind}\" is not supported."))
    })?;
    let part = body.part(kind).ok_or_else(|| {
        GraphError::new(131_008).details(format!("{0} is required when type is \"{0}\"", kind.name()))
    })?;
    Ok((kind, part.get()))
}

fn known_file(e: &Inner, behaviour: &Behaviour, number: &Number, id: &str, path: &str) -> Outcome<()> {
    if !behaviour.rules.media_ids || lock(&e.media).usable(id, number.id, e.ambient.now().seconds()) {
        return Ok(());
    }
    Err(GraphError::new(131_009)
        .details(format!("Param {path} is not a media id this number has uploaded: {id}")))
}

pub(super) fn check_template<'d>(
    e: &Inner,
    behaviour: &Behaviour,
    directory: &'d Directory,
    (number, marketing): (&Number, bool),
    raw: &str,
    to: &Recipient,
) -> Outcome<(&'d Template, Checked)> {
    let sent: TemplateSend<'_> =
        serde_json::from_str(raw).map_err(|e| GraphError::invalid(format!("template: {}", words(&e))))?;
    if !raw.starts_with('{') {
        return Err(GraphError::invalid("template must be an object"));
    }
    let name = sent.name.as_ref().map(Text::as_str).filter(|n| !n.is_empty());
    let name = name.ok_or_else(|| free_form::missing("template.name"))?;
    let language = sent.language.as_ref();
    let code = language.and_then(|l| l.code.as_ref()).map(Text::as_str).filter(|c| !c.is_empty());
    let code = code.ok_or_else(|| free_form::missing("template.language.code"))?;
    if let Some(policy) = language.and_then(|l| l.policy.as_ref()).filter(|p| p.as_str() != "deterministic") {
        return Err(GraphError::new(131_009)
            .details(format!("template.language.policy \"{}\" is not deterministic", policy.as_str())));
    }
    let found = directory.template(number.waba, name, code);
    template::sendable(name, code, found)?;
    let Some(t) = found else { return Err(GraphError::new(132_001)) };
    if directory.portfolio_of(number.waba).is_some_and(|p| p.restricted) {
        return Err(GraphError::new(368).details(RESTRICTED));
    }
    let files = template::check(&behaviour.rules, &t.shape, &sent.components)?;
    products::check_template(e, behaviour, directory, (number, to.user), t, raw)?;
    let mut checked = Checked::default();
    for file in files {
        if let Some(id) = &file.id {
            known_file(e, behaviour, number, id.as_str(), "template.components.parameters.id")?;
        }
        if let Some(link) = &file.link {
            free_form::link_url("template.components.parameters.link", link.as_str())?;
            checked.file = Some((None, Some(link.as_str().to_owned())));
        }
    }
    if to.bsuid && t.category == Category::Authentication {
        return Err(GraphError::new(131_062).details("Authentication templates need a phone number."));
    }
    if marketing && t.category != Category::Marketing {
        return Err(GraphError::new(134_100).details(format!(
            "template ({name}) is {}; only marketing goes by /marketing_messages",
            t.category.name()
        )));
    }
    if t.category == Category::Marketing
        && !marketing
        && directory.wabas.get(&number.waba).is_some_and(|w| w.marketing_disabled)
    {
        return Err(GraphError::new(131_063).details("Use /marketing_messages."));
    }
    Ok((t, checked))
}

/// Counts the message, plans its statuses, and answers.
#[expect(clippy::too_many_arguments, reason = "one caller, every part needed")]
fn take(
    e: &Arc<Inner>,
    behaviour: &Behaviour,
    directory: &Directory,
    (number, place): (&Number, u32),
    now: Timestamp,
    valid: Valid<'_, '_>,
    body: &Envelope<'_>,
    fail_later: Option<u32>,
    told: Option<oneshot::Sender<()>>,
) -> Reply {
    let serial = e.serial.fetch_add(1, Ordering::Relaxed);
    let user = valid.to.user;
    let category = valid.template.map_or(Category::Service, |t| t.category);
    let content_hash = hash(join(number.id, user), valid.raw.as_bytes());
    let facts = facts(e, behaviour, directory, (number, place), now, &valid, category, fail_later, body);
    let callback = valid.callback.map(|text| e.beginnings.callback(text));
    let fails = |plan: &Plan| plan.fails();
    // The fate hangs on what is sent and how often it was sent, not on the order of calls.
    let before = e.ledger.times_accepted(content_hash);
    let fate = join(join(e.seed, content_hash), u64::from(before));
    let fate = valid.callback.map_or(fate, |c| hash(fate, c.as_bytes()));
    let plan = facts.plan(behaviour, Draw::from(fate));
    let held_by = valid.template.and_then(|t| pacing::holds(behaviour, directory, number, t, facts.now_s));
    let held = held_by.is_some();
    e.ledger.accepted(
        &behaviour.identity,
        &Accepted { number: number.id, user, callback: valid.callback, content_hash, fails: fails(&plan) },
    );
    let interactive = (valid.kind == Kind::Interactive).then_some(valid.raw);
    products::accepted(e, directory, (number, user), (serial, valid.raw), interactive, valid.template);
    let flags = (
        valid.marketing,
        valid.to.bsuid,
        facts.user.free_until > facts.now_s,
        facts.user.window_until > facts.now_s,
    );
    let kind = (category, valid.template.map_or(0, |t| t.id));
    let message = Message::new(serial, user, now, place, plan, kind, flags, callback.clone());
    let portfolio = directory.wabas.get(&number.waba).map_or(0, |w| w.portfolio);
    if facts.user.phone_hidden && !valid.to.bsuid {
        e.contact_book.spoke(portfolio, number.id, user, facts.now_s, behaviour.rules.contact_book);
    }
    // Whoever was described as offline may be described as online again: then it is delivered.
    let waits =
        !held && !plan.fails() && valid.kind != Kind::Reaction && !facts.user.online && !facts.user.blocked;
    if waits && e.users.peek(user, |_| ()).is_some() {
        let life_s = if behaviour.rules.template_ttl { facts.life_s } else { LONGEST_LIFE_S };
        let life = Duration::from_secs(u64::try_from(life_s).unwrap_or(0));
        e.outbox.wait_for(now.plus(life), message.clone());
    }
    keep(e, &valid, body, place, serial, now, plan, held);
    match held_by {
        Some(by) => {
            let counted = Held { number: number.id, user, content_hash, callback: message.callback.clone() };
            if e.outbox.hold(message, by, counted) {
                let at = now.plus(Duration::from_millis(behaviour.rules.pacing_hold_ms));
                e.outbox.task(at, pacing::judgement(by));
            }
        }
        None => e.outbox.accept(message, told),
    }
    if e.users.peek(user, |r| r.from_ad.contains(&place)) == Some(true) {
        // Meta: the first answer opens 72 free hours.
        e.users.change(user, |r| {
            r.from_ad.remove(&place);
            r.open_free_entry(place, now.seconds() + 72 * 3_600);
        });
    }
    answer(e, behaviour, &valid, serial, held)
}

#[expect(clippy::too_many_arguments, reason = "one caller, every part needed")]
fn facts(
    e: &Inner,
    behaviour: &Behaviour,
    directory: &Directory,
    (number, place): (&Number, u32),
    now: Timestamp,
    valid: &Valid<'_, '_>,
    category: Category,
    fault: Option<u32>,
    body: &Envelope<'_>,
) -> Facts {
    let user = valid.to.user;
    let traits = e.users.traits(&behaviour.population, user, number.waba, place);
    let now_s = now.seconds();
    let in_window = traits.window_until > now_s;
    let marketing = category == Category::Marketing;
    let over_user_cap = marketing && !in_window && over_user_cap(e, behaviour, number, user, &traits, now_s);
    let over_limit = behaviour.rules.messaging_limit
        && valid.template.is_some()
        && !in_window
        && directory
            .portfolio_of(number.waba)
            .is_some_and(|p| p.limit > 0 && !accounts::grow(e, behaviour, p, user, now));
    let broken = |link: &str| link.trim_end_matches('/').ends_with("/missing") || link.contains(".invalid");
    let identity = body.recipient_identity_key_hash.as_ref().is_some_and(|sent| {
        e.users
            .peek(user, |r| r.identity_hash.as_ref().is_some_and(|h| h != sent.as_str()))
            .unwrap_or_default()
    });
    Facts {
        user: traits,
        category,
        now_s,
        life_s: valid.template.map_or(LONGEST_LIFE_S, Template::life_s),
        to_us: marketing && users::country(&user.to_string()) == Some("US"),
        reaction: valid.kind == Kind::Reaction,
        voice: valid.checked.voice,
        bad_target: valid.checked.target.as_ref().is_some_and(|t| {
            wamid::parse(e.seed, t)
                .is_none_or(|p| p.user != user || p.serial >= e.serial.load(Ordering::Relaxed))
        }),
        identity_changed: identity,
        broken_media: matches!(&valid.checked.file, Some((_, Some(link))) if broken(link)),
        no_payment: valid.template.is_some()
            && directory.wabas.get(&number.waba).is_some_and(|w| !w.payment_method),
        over_user_cap,
        over_limit,
        fault,
    }
}

/// Meta: the cap is over all businesses, hangs on how much a user reads, and is not known in these countries, of
/// business or user.
fn over_user_cap(
    e: &Inner,
    behaviour: &Behaviour,
    number: &Number,
    user: u64,
    traits: &Traits,
    now_s: i64,
) -> bool {
    const WITHOUT: &[&str] = &[
        "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IS", "IE", "IT", "LV",
        "LI", "LT", "LU", "MT", "NL", "NO", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "GB", "JP", "KR",
    ];
    let Some(cap) = behaviour.rules.user_cap else { return false };
    let country = users::country(&user.to_string()).unwrap_or("ZZ");
    if WITHOUT.contains(&country) || WITHOUT.contains(&number.country) {
        return false;
    }
    // How much is not published: who lets nobody know that they read gets half of it.
    let most = if traits.reads { cap.messages } else { cap.messages.div_ceil(2) };
    let rest = behaviour.rules.user_cap_rest_hours;
    !e.users.change(user, |r| r.admit_marketing(now_s, most, cap.hours, rest))
}

#[expect(clippy::too_many_arguments, reason = "one caller, every part needed")]
fn keep(
    e: &Inner,
    valid: &Valid<'_, '_>,
    body: &Envelope<'_>,
    place: u32,
    serial: u64,
    now: Timestamp,
    plan: Plan,
    held: bool,
) {
    let known = e.users.peek(valid.to.user, |_| ()).is_some();
    if !known && !e.recent.keeps() {
        return;
    }
    let sent = Arc::new(Sent {
        serial,
        user: valid.to.user,
        number: place,
        kind: valid.kind.name(),
        content: valid.raw.into(),
        template: valid.template.map_or(0, |t| t.id),
        accepted: now,
        plan,
        held,
        released: AtomicI64::new(0),
        later: OnceLock::new(),
        callback: valid.callback.map(Box::from),
        reply_to: body.context.as_ref().and_then(|c| c.message_id.as_ref()).map(|t| t.as_str().into()),
        group: None,
    });
    if known {
        e.users.change(valid.to.user, |r| {
            r.typing = None;
            r.say(Spoken::Out(sent.clone()));
        });
    }
    if e.recent.keeps() {
        e.recent.push(sent);
    }
}

fn answer(e: &Inner, behaviour: &Behaviour, valid: &Valid<'_, '_>, serial: u64, held: bool) -> Reply {
    let quoted = |s: &str| serde_json::Value::from(s).to_string();
    let input = quoted(&valid.to.input);
    let who = if valid.to.bsuid {
        format!(r#""user_id":{input}"#)
    } else {
        format!(r#""wa_id":"{}""#, recipient::wa_id(behaviour, valid.to.user))
    };
    let status = match (valid.template, held) {
        (None, _) => "",
        (Some(_), false) => r#","message_status":"accepted""#,
        (Some(_), true) => r#","message_status":"held_for_quality_assessment""#,
    };
    let id = wamid::outbound(e.seed, valid.to.user, serial);
    Reply::written(
        200,
        format!(
            r#"{{"messaging_product":"whatsapp","contacts":[{{"input":{input},{who}}}],"messages":[{{"id":"{id}"{status}}}]}}"#
        ),
    )
}

/// Meta: `status: read` marks a message and all before it; typing comes only with it.
fn read_receipt(
    e: &Inner,
    (number, place): (&Number, u32),
    now: Timestamp,
    body: &Envelope<'_>,
    status: &str,
) -> Outcome<Reply> {
    sendable(number)?;
    if status != "read" {
        return Err(GraphError::new(131_009).details("status must be \"read\""));
    }
    let id = body.message_id.as_ref().ok_or_else(|| GraphError::required("message_id"))?;
    let known = wamid::parse(e.seed, id.as_str())
        .filter(|p| !p.outbound && p.serial < e.serial.load(Ordering::Relaxed))
        .ok_or_else(|| {
            GraphError::new(131_009).details("message_id is no message this number has received")
        })?;
    if let Some(typing) = body.typing_indicator {
        if serde_json::from_str::<serde_json::Value>(typing.get()).is_ok_and(|t| t["type"] != "text") {
            return Err(GraphError::new(131_009).details("typing_indicator.type must be \"text\""));
        }
        e.users.change(known.user, |r| r.typing = Some((place, now.seconds() + TYPING_S)));
    }
    e.ledger.receipt();
    Ok(Reply::success())
}
