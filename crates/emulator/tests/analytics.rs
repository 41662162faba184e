//! Meta's analytics, counted from what happened.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::{Bench, START, code, hello, template, text};
use tisara_emulator::World;

const DAY: i64 = 86_400;

fn sale(to: &str) -> Value {
    template(
        to,
        "new_arrival",
        "en_US",
        json!([
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/a.png"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Nimal"}]}]),
    )
}

/// Three marketing messages to Sri Lanka, two to India (one to nobody), a utility one in a window, a text.
async fn a_day() -> Bench {
    let b = Bench::with(|s| s.behaviour.population.reads = 1.0);
    b.post("/_emulator/users", json!({"phone": "919876543211", "on_whatsapp": false})).await;
    for user in ["94770000001", "94770000002", "94770000003", "919876543210", "919876543211"] {
        assert_eq!(b.send(sale(user)).await.0, 200);
    }
    b.emulator.control().write("94770000001", None, "hi").unwrap();
    b.send(hello("94770000001")).await;
    b.send(text("94770000001", "hello")).await;
    b.settle().await;
    b
}

async fn ask(b: &Bench, field: &str) -> (u16, Value) {
    let times = format!(".start({}).end({})", START - 3_600, START + DAY);
    let field = field
        .replacen('.', &format!("{times}."), 1)
        .replace('"', "%22")
        .replace('[', "%5B")
        .replace(']', "%5D");
    b.get(&format!("/v25.0/{}?fields={field}", World::WABA_ID)).await
}

#[tokio::test]
async fn messages_are_counted_by_time_number_and_country() {
    let b = a_day().await;
    let (_, answer) = ask(&b, "analytics.granularity(DAY)").await;
    let points = answer["analytics"]["data_points"].as_array().unwrap();
    let sum = |name: &str| points.iter().map(|p| p[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("sent"), sum("delivered")), (6, 6), "{answer}");
    assert_eq!(answer["id"], World::WABA_ID.to_string());
    let (_, answer) = ask(&b, r#"analytics.granularity(HALF_HOUR).country_codes(["IN"])"#).await;
    assert_eq!(answer["analytics"]["data_points"][0]["delivered"], 1, "{answer}");
    let (_, answer) = ask(&b, r#"analytics.granularity(DAY).phone_numbers(["15550000000"])"#).await;
    assert_eq!(answer["analytics"]["data_points"], json!([]));
    for wrong in [
        "analytics.granularity(DAILY)",
        "analytics.country_codes([])",
        "pricing_analytics.granularity(DAILY).dimensions(SHOE)",
    ] {
        let (status, answer) = ask(&b, wrong).await;
        assert_eq!((status, code(&answer)), (400, 100), "{wrong} {answer}");
    }
}

#[tokio::test]
async fn prices_follow_the_rate_card() {
    let b = a_day().await;
    let (_, answer) =
        ask(&b, "pricing_analytics.granularity(DAILY).dimensions(COUNTRY,PRICING_CATEGORY,PRICING_TYPE)")
            .await;
    let points = answer["pricing_analytics"]["data"][0]["data_points"].as_array().unwrap().clone();
    let find = |country: &str, category: &str| {
        points
            .iter()
            .find(|p| p["country"] == country && p["pricing_category"] == category)
            .cloned()
            .unwrap_or_default()
    };
    let lanka = find("LK", "MARKETING");
    assert_eq!(
        (&lanka["volume"], &lanka["cost"], &lanka["pricing_type"]),
        (&json!(3), &json!(0.2196), &json!("REGULAR"))
    );
    assert_eq!(find("IN", "MARKETING")["cost"], 0.0118);
    let free = find("LK", "UTILITY");
    assert_eq!((&free["cost"], &free["pricing_type"]), (&json!(0.0), &json!("FREE_CUSTOMER_SERVICE")));
    let (_, answer) =
        ask(&b, "pricing_analytics.granularity(MONTHLY).metric_types(COST).pricing_types(REGULAR)").await;
    let points = answer["pricing_analytics"]["data"][0]["data_points"].as_array().unwrap();
    assert_eq!(points.len(), 1);
    assert!(points[0]["cost"] == 0.2314 && points[0].get("volume").is_none(), "{answer}");
    let (_, answer) =
        ask(&b, r#"conversation_analytics.granularity(DAILY).dimensions(["CONVERSATION_TYPE"])"#).await;
    let points = answer["conversation_analytics"]["data"][0]["data_points"].as_array().unwrap();
    assert!(
        points.iter().any(|p| p["conversation_type"] == "FREE_TIER" && p["conversation"] == 2),
        "{answer}"
    );
}

#[tokio::test]
async fn a_rate_card_of_ones_own_is_used() {
    let b = Bench::with(|s| s.rate_card = "heading\n2026-04-01,LKR,Other,utility,2.5\n".into());
    b.send(hello("94770000001")).await;
    b.settle().await;
    let (_, answer) = ask(&b, "pricing_analytics.granularity(DAILY)").await;
    assert_eq!(answer["pricing_analytics"]["data"][0]["data_points"][0]["cost"], 2.5, "{answer}");
}

#[tokio::test]
async fn templates_have_their_analytics_once_insights_are_on() {
    let b = a_day().await;
    let list = format!("/v25.0/{}/message_templates?name=new_arrival", World::WABA_ID);
    let id = b.get(&list).await.1["data"][0]["id"].as_str().unwrap().to_owned();
    let path = |edge: &str, ids: &str| {
        format!("/v25.0/{}/{edge}?start={START}&end={}&granularity=daily&{ids}", World::WABA_ID, START + DAY)
    };
    let single = path("template_analytics", &format!("template_ids=[{id}]"));
    assert_eq!(code(&b.get(&single).await.1), 200_007);
    let insights = format!("/v25.0/{}", World::WABA_ID);
    assert_eq!(b.post(&insights, json!({"is_enabled_for_insights": true})).await.0, 200);
    assert_eq!(code(&b.post(&insights, json!({"is_enabled_for_insights": false})).await.1), 200_006);

    let c = b.emulator.control();
    for user in ["94770000001", "94770000001", "94770000002"] {
        b.post(&format!("/_emulator/users/{user}/tap"), json!({"button": "Shop"})).await;
    }
    let wamid = c.messages(Some("94770000001"), 10).unwrap()[0]["id"].clone();
    assert_eq!(
        b.post("/_emulator/users/94770000001/tap", json!({"wamid": wamid, "button": "Shop"})).await.1["id"],
        Value::Null
    );
    b.post("/_emulator/users/94770000001/tap", json!({"wamid": wamid, "button": "Tell me more"})).await;
    let (_, answer) = b.get(&single).await;
    let points = answer["data"][0]["data_points"].as_array().unwrap();
    let sum = |name: &str| points.iter().map(|p| p[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("sent"), sum("delivered"), sum("read")), (4, 4, 4), "{answer}");
    let clicks: Vec<&Value> =
        points.iter().flat_map(|p| p["clicked"].as_array().into_iter().flatten()).collect();
    let count = |kind: &str| {
        clicks.iter().filter(|c| c["type"] == kind).map(|c| c["count"].as_u64().unwrap()).sum::<u64>()
    };
    // A link counts once a user.
    assert_eq!((count("unique_url_button"), count("quick_reply_button")), (2, 1), "{clicks:?}");
    assert!(points.iter().any(|p| p["cost"][0]["value"] == 0.2314), "{answer}");
    let (_, answer) = b.get(&format!("{single}&metric_types=read,sent")).await;
    assert!(answer["data"][0]["data_points"][0].get("cost").is_none());
    for wrong in [
        path("template_analytics", ""),
        path("template_analytics", "template_ids=[1]"),
        path("template_analytics", "template_ids=[x]"),
    ] {
        assert_eq!(code(&b.get(&wrong).await.1), 100, "{wrong}");
    }

    let groups = format!("/v25.0/{}/template_groups", World::WABA_ID);
    let (_, group) = b.post(&groups, json!({"name": "Arrivals", "whatsapp_business_templates": [id]})).await;
    let group = group["id"].as_str().unwrap().to_owned();
    assert_eq!(b.get(&groups).await.1["data"][0]["name"], "Arrivals");
    assert_eq!(b.get(&format!("/v25.0/{group}")).await.1["whatsapp_business_templates"]["data"][0]["id"], id);
    let (_, answer) =
        b.get(&path("template_group_analytics", &format!("template_group_ids=[{group}]"))).await;
    assert_eq!(answer["data"][0]["data_points"][0]["template_group_id"], group, "{answer}");
    assert_eq!(
        code(&b.post(&groups, json!({"name": "Arrivals", "whatsapp_business_templates": []})).await.1),
        100
    );
}
