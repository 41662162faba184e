//! Meta's library of ready-made templates, here a handful of its kind, and its own texts of authentication templates.

use crate::{
    Inner,
    graph::{Call, Grant, GraphError, Outcome, Permission, Reply, collection::page},
    sync::read,
};
use serde_json::{Value, json};

/// One ready-made template.
struct Ready {
    id: u64,
    name: &'static str,
    topic: &'static str,
    usecase: &'static str,
    industry: &'static str,
    header: &'static str,
    body: &'static str,
    values: &'static [(&'static str, &'static str)],
}

/// All are in `en_US` and for utility.
const LIBRARY: [Ready; 4] = [
    Ready {
        id: 7_147_013_345_418_927,
        name: "low_balance_warning_1",
        topic: "PAYMENTS",
        usecase: "LOW_BALANCE_WARNING",
        industry: "FINANCIAL_SERVICES",
        header: "Your account balance is low",
        body: "Hi {{1}}, your balance is {{2}}. Please pay in before the next bill is due.",
        values: &[("Jim", "TEXT"), ("$10.00", "AMOUNT")],
    },
    Ready {
        id: 7_147_013_345_418_928,
        name: "payment_received_1",
        topic: "PAYMENTS",
        usecase: "PAYMENT_CONFIRMATION",
        industry: "E_COMMERCE",
        header: "Payment received",
        body: "Hi {{1}}, we have received your payment of {{2}} on {{3}}. Thank you.",
        values: &[("Jim", "TEXT"), ("$10.00", "AMOUNT"), ("January 1, 2026", "DATE")],
    },
    Ready {
        id: 7_147_013_345_418_929,
        name: "delivery_update_1",
        topic: "ORDER_MANAGEMENT",
        usecase: "DELIVERY_UPDATE",
        industry: "E_COMMERCE",
        header: "Your order is on its way",
        body: "Hi {{1}}, your order {{2}} is on its way and arrives on {{3}}. Thank you.",
        values: &[("Jim", "TEXT"), ("12345", "TEXT"), ("January 1, 2026", "DATE")],
    },
    Ready {
        id: 7_147_013_345_418_930,
        name: "appointment_reminder_1",
        topic: "EVENT_REMINDER",
        usecase: "APPOINTMENT_REMINDER",
        industry: "HEALTH",
        header: "Your appointment",
        body: "Hello {{1}}, this is to remind you of your appointment on {{2}}. See you then.",
        values: &[("Jim", "TEXT"), ("January 1, 2026", "DATE")],
    },
];

/// `GET /message_template_library`.
pub(crate) fn library(e: &Inner, call: &Call) -> Outcome<Reply> {
    Grant::of(&read(&e.directory), call, e.ambient.now())?;
    let is = |name: &str, value: &str| call.query(name).is_none_or(|q| q.eq_ignore_ascii_case(value));
    let has = |t: &Ready| {
        let words = format!("{} {} {}", t.name, t.header, t.body).to_lowercase();
        call.query("search").is_none_or(|q| words.contains(&q.to_lowercase()))
    };
    let fits = |t: &&Ready| {
        is("topic", t.topic)
            && is("usecase", t.usecase)
            && is("industry", t.industry)
            && is("language", "en_US")
            && has(t)
    };
    Ok(Reply::json(&page(call, LIBRARY.iter().filter(fits).map(row).collect())?))
}

fn row(t: &Ready) -> Value {
    let (values, kinds): (Vec<_>, Vec<_>) = t.values.iter().copied().unzip();
    json!({"id": t.id.to_string(), "name": t.name, "language": "en_US", "category": "UTILITY", "topic": t.topic, "usecase": t.usecase,
        "industry": [t.industry], "header": t.header, "body": t.body, "body_params": values, "body_param_types": kinds})
}

/// The components of a ready-made template.
pub(super) fn components(name: &str) -> Outcome<Value> {
    let found = LIBRARY.iter().find(|t| t.name == name);
    let t = found.ok_or_else(|| {
        GraphError::invalid(format!("library_template_name \"{name}\" is not in the library"))
    })?;
    let values: Vec<&str> = t.values.iter().map(|(value, _)| *value).collect();
    Ok(json!([{"type": "HEADER", "format": "TEXT", "text": t.header},
        {"type": "BODY", "text": t.body, "example": {"body_text": [values]}}]))
}

/// `GET /{waba_id}/message_template_previews` and `GET /message_template_previews`: Meta's words around a code. Here
/// they are English in every language.
pub(crate) fn previews(e: &Inner, call: &Call, waba: Option<u64>) -> Outcome<Reply> {
    let grant_of = read(&e.directory);
    let grant = Grant::of(&grant_of, call, e.ambient.now())?;
    if let Some(waba) = waba {
        grant.may(Permission::Management, waba)?;
    }
    if !call.query("category").is_some_and(|c| c.eq_ignore_ascii_case("AUTHENTICATION")) {
        return Err(GraphError::invalid("category must be AUTHENTICATION"));
    }
    let languages = call.query("languages").unwrap_or("en_US");
    let secure = call.query("add_security_recommendation") == Some("true");
    let minutes = call.query("code_expiration_minutes").map(|m| {
        let fits = m.parse::<u8>().ok().filter(|m| (1..=90).contains(m));
        fits.ok_or_else(|| GraphError::invalid("code_expiration_minutes must be 1 to 90"))
    });
    let minutes = minutes.transpose()?;
    let body = if secure {
        "*{{1}}* is your verification code. For your security, do not share this code."
    } else {
        "*{{1}}* is your verification code."
    };
    let rows = languages.split(',').map(|language| {
        let mut row = json!({"language": language.trim(), "body": body, "buttons": [{"type": "OTP", "text": "Copy code", "autofill_text": "Autofill"}]});
        if let Some(minutes) = minutes {
            row["footer"] = json!(format!("This code expires in {minutes} minutes."));
        }
        row
    });
    Ok(Reply::json(&page(call, rows.collect())?))
}
