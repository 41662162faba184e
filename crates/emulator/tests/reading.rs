//! Reads: templates, numbers, accounts, tokens, files.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::{body::Body, extract::Request};
use serde_json::json;
use support::{Bench, code, text};
use tisara_domain::Duration;
use tisara_emulator::{Described, World};

fn templates(query: &str) -> String {
    format!("/v25.0/{}/message_templates{query}", World::WABA_ID)
}

#[tokio::test]
async fn templates_are_listed_by_pages_and_the_last_has_no_next() {
    let b = Bench::new();
    let mut path = templates("?limit=4&fields=name,status");
    let mut names = Vec::new();
    let mut pages = 0;
    loop {
        let (status, page) = b.get(&path).await;
        assert_eq!(status, 200);
        pages += 1;
        for t in page["data"].as_array().unwrap() {
            assert_eq!(t.as_object().unwrap().len(), 3, "name, status and always id: {t}");
            names.push(t["name"].as_str().unwrap().to_owned());
        }
        match page["paging"]["next"].as_str() {
            Some(next) => path = next.strip_prefix("http://emulator.test").unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!((pages, names.len()), (3, 11));
    let (_, first) = b.get(&templates("?limit=4")).await;
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let (_, second) = b.get(&templates(&format!("?limit=4&after={after}"))).await;
    let before = second["paging"]["cursors"]["before"].as_str().unwrap();
    let (_, back) = b.get(&templates(&format!("?limit=4&before={before}"))).await;
    assert_eq!(back["data"], first["data"]);
    assert_eq!(code(&b.get(&templates("?after=nonsense")).await.1), 131_059);
    assert_eq!(code(&b.get(&templates("?fields=nonsense")).await.1), 100);
    assert_eq!(code(&b.get(&templates("?limit=-1")).await.1), 100);
}

#[tokio::test]
async fn templates_are_filtered_as_asked() {
    let b = Bench::new();
    for (query, want) in [
        ("?status=PAUSED", 1),
        ("?status=[\"PAUSED\",\"REJECTED\"]", 2),
        ("?category=authentication", 1),
        ("?language=si_LK", 1),
        ("?name=seasonal", 2),
        ("?name_or_content=verification", 1),
        ("?name=nothing", 0),
    ] {
        let (_, page) =
            b.get(&templates(query).replace('"', "%22").replace('[', "%5B").replace(']', "%5D")).await;
        assert_eq!(page["data"].as_array().unwrap().len(), want, "{query}");
    }
    let (_, page) = b.get(&templates("?limit=1&summary=total_count,message_template_limit")).await;
    assert_eq!(page["summary"], json!({"total_count": 11, "message_template_limit": 6_000}));
    let id = page["data"][0]["id"].as_str().unwrap();
    let (_, one) = b.get(&format!("/v25.0/{id}?fields=quality_score,rejected_reason,components")).await;
    assert!(one["quality_score"]["score"].is_string() && one["components"].is_array());
}

#[tokio::test]
async fn numbers_and_accounts_show_their_fields() {
    let b = Bench::new();
    let (_, n) = b.get(&format!("/v25.0/{}", World::NUMBER_ID)).await;
    assert_eq!(n["display_phone_number"], "+1 555-078-3881");
    assert_eq!(n["throughput"]["level"], "HIGH");
    assert!(n.get("status").is_none(), "only when asked for");
    let (_, n) = b
        .get(&format!(
            "/v25.0/{}?fields=status,whatsapp_business_manager_messaging_limit,webhook_configuration",
            World::NUMBER_ID
        ))
        .await;
    assert_eq!(n["status"], "CONNECTED");
    assert_eq!(n["whatsapp_business_manager_messaging_limit"], "TIER_UNLIMITED");
    assert_eq!(n["webhook_configuration"]["application"], "http://receiver/hook");
    let (_, list) = b.get(&format!("/v25.0/{}/phone_numbers", World::WABA_ID)).await;
    assert_eq!(list["data"][0]["id"], World::NUMBER_ID.to_string());
    let (_, w) = b
        .get(
            &format!("/v25.0/{}?fields=name,currency,owner_business_info{{id,name}}", World::WABA_ID)
                .replace('{', "%7B")
                .replace('}', "%7D"),
        )
        .await;
    assert_eq!(w["currency"], "USD");
    assert_eq!(w["owner_business_info"]["id"], World::PORTFOLIO_ID.to_string());
}

#[tokio::test]
async fn what_does_not_exist_is_answered_as_meta_does() {
    let mut b = Bench::new();
    for (method, path, status, want) in [
        ("GET", "/v25.0/999", 400, 100),
        ("POST", "/v25.0/999", 400, 100),
        ("GET", "/v25.0/not-a-number", 400, 2_500),
        ("GET", "/v25.0/1/2/3", 400, 2_500),
        ("GET", &format!("/v25.0/{}/dances", World::WABA_ID), 400, 100),
        ("POST", &format!("/v25.0/{}/dances", World::WABA_ID), 400, 100),
        ("PUT", &format!("/v25.0/{}", World::WABA_ID), 400, 100),
        ("GET", "/v25.0", 400, 100),
        ("GET", "/", 400, 100),
        ("GET", "/v99.0/5", 400, 2_635),
    ] {
        let (got, answer) = b.call(method, path, None).await;
        assert_eq!((got, code(&answer)), (status, want), "{method} {path}");
    }
    assert_eq!(b.get("/_emulator/nothing").await.0, 404);
    b.token = "wrong".into();
    assert_eq!(b.get(&format!("/v25.0/{}", World::WABA_ID)).await.0, 401);
}

#[tokio::test]
async fn a_token_can_be_looked_into() {
    let mut b = Bench::new();
    b.token = format!("{}|{}", World::APP_ID, World::APP_SECRET);
    let (status, answer) = b.get(&format!("/v25.0/debug_token?input_token={}", World::TOKEN)).await;
    assert_eq!(status, 200);
    let data = &answer["data"];
    assert_eq!(data["is_valid"], true);
    assert_eq!(data["expires_at"], 0);
    assert_eq!(data["granular_scopes"][0]["target_ids"], json!([World::WABA_ID.to_string()]));
    let (_, answer) = b.get("/v25.0/debug_token?input_token=nonsense").await;
    assert_eq!(answer["data"]["is_valid"], false);
    b.token = format!("{}|wrong", World::APP_ID);
    assert_eq!(b.get(&format!("/v25.0/debug_token?input_token={}", World::TOKEN)).await.0, 401);
}

fn form(mime: &str, bytes: &str) -> Request {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
         --x\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n{mime}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: {mime}\r\n\r\n{bytes}\r\n--x--\r\n"
    );
    Request::post(format!("/v25.0/{}/media", World::NUMBER_ID))
        .header("authorization", format!("Bearer {}", World::TOKEN))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn a_file_is_uploaded_sent_fetched_and_runs_out() {
    let b = Bench::new();
    let (status, _, bytes) = b.raw(form("image/png", "pixels")).await;
    assert_eq!(status, 200, "{bytes:?}");
    let id = serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()["id"].as_str().unwrap().to_owned();
    b.emulator
        .control()
        .describe(Described { phone: "94771234567".into(), window_open: Some(true), ..Described::default() })
        .unwrap();
    let image = json!({"messaging_product": "whatsapp", "to": "94771234567", "type": "image", "image": {"id": id, "caption": "x"}});
    assert_eq!(b.send(image.clone()).await.0, 200);
    let (_, meta) = b.get(&format!("/v25.0/{id}?phone_number_id={}", World::NUMBER_ID)).await;
    assert_eq!(meta["mime_type"], "image/png");
    assert_eq!(meta["file_size"], 6);
    assert_eq!(b.get(&format!("/v25.0/{id}?phone_number_id=1")).await.0, 400);
    let url = meta["url"].as_str().unwrap().strip_prefix("http://emulator.test").unwrap().to_owned();
    let fetch = |url: &str, token: bool| {
        let mut r = Request::get(url.to_owned());
        if token {
            r = r.header("authorization", format!("Bearer {}", World::TOKEN));
        }
        r.body(Body::empty()).unwrap()
    };
    let (status, headers, bytes) = b.raw(fetch(&url, true)).await;
    assert_eq!((status.as_u16(), &bytes[..]), (200, &b"pixels"[..]));
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(b.raw(fetch(&url, false)).await.0, 401);
    b.clock.advance(Duration::from_secs(301));
    assert_eq!(b.raw(fetch(&url, true)).await.0, 404);
    b.clock.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(code(&b.send(image).await.1), 131_009);
    assert_eq!(b.get(&format!("/v25.0/{id}")).await.0, 400);
    let (status, _, _) = b.raw(form("application/x-sh", "no")).await;
    assert_eq!(status, 400);
    let (status, _, _) = b.raw(form("image/webp", &"x".repeat(600 << 10))).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_resumable_upload_goes_on_where_it_stopped() {
    let b = Bench::new();
    let (_, s) = b
        .call(
            "POST",
            &format!("/v25.0/{}/uploads?file_name=a.png&file_length=6&file_type=image/png", World::APP_ID),
            None,
        )
        .await;
    let id = s["id"].as_str().unwrap().to_owned();
    let put = |offset: usize, bytes: &'static str| {
        Request::post(format!("/v25.0/{id}"))
            .header("authorization", format!("OAuth {}", World::TOKEN))
            .header("file_offset", offset)
            .body(Body::from(bytes))
            .unwrap()
    };
    assert_eq!(b.raw(put(0, "pix")).await.0, 200);
    assert_eq!(b.raw(put(0, "els")).await.0, 400);
    assert_eq!(b.get(&format!("/v25.0/{id}")).await.1["file_offset"], 3);
    let (_, _, done) = b.raw(put(3, "els")).await;
    assert!(
        serde_json::from_slice::<serde_json::Value>(&done).unwrap()["h"].as_str().unwrap().starts_with("4::")
    );
}

#[tokio::test]
async fn what_was_sent_can_be_looked_at() {
    let b = Bench::new();
    let c = b.emulator.control();
    c.write("94771234567", None, "hello").unwrap();
    b.send(support::template("94771234567", "order_update", "en_US", json!([
        {"type": "body", "parameters": [{"type": "text", "text": "Nimal"}, {"type": "text", "text": "17"}, {"type": "text", "text": "Monday"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "17"}]}]))).await;
    b.send(text("94771234567", "plain")).await;
    let (_, all) = b.get("/_emulator/messages?to=94771234567").await;
    let first = &all["data"][0];
    assert_eq!(first["shown"]["body"], "Hi Nimal, your order 17 has left our shop and arrives on Monday.");
    assert_eq!(
        first["shown"]["buttons"][0],
        json!({"kind": "url", "text": "Track order", "url": "https://example.com/track/17"})
    );
    assert_eq!(all["data"][1]["shown"]["body"], "plain");
    let (_, user) = b.get("/_emulator/users/94771234567").await;
    let directions: Vec<_> =
        user["thread"].as_array().unwrap().iter().map(|m| m["direction"].as_str().unwrap()).collect();
    assert_eq!(directions, ["from_user", "to_user", "to_user"]);
    assert_eq!(user["numbers"][0]["window_open"], true);
    assert_eq!(b.get("/_emulator/users/nonsense").await.0, 400);
}

#[tokio::test]
async fn users_tap_what_they_were_sent() {
    let b = Bench::new();
    let phone = "94771234567";
    b.send(support::template(phone, "appointment_reminder", "en_US", json!([
        {"type": "body", "parameters": [
            {"type": "text", "parameter_name": "first_name", "text": "a"}, {"type": "text", "parameter_name": "day", "text": "b"}, {"type": "text", "parameter_name": "hour", "text": "c"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "1", "parameters": [{"type": "payload", "payload": "LATER"}]}]))).await;
    let tap = async |body: serde_json::Value| b.post(&format!("/_emulator/users/{phone}/tap"), body).await;
    assert_eq!(tap(json!({"button": "Another day"})).await.0, 200);
    assert_eq!(tap(json!({"button": "Never"})).await.0, 400);
    b.send(json!({"messaging_product": "whatsapp", "to": phone, "type": "interactive", "interactive": {"type": "list", "body": {"text": "Pick"},
        "action": {"button": "Menu", "sections": [{"title": "A", "rows": [{"id": "r1", "title": "Red", "description": "warm"}]}]}}})).await;
    assert_eq!(tap(json!({})).await.0, 200);
    b.emulator.deliver_due().await;
    let messages = b.receiver.messages();
    assert_eq!(messages[0]["button"], json!({"payload": "LATER", "text": "Another day"}));
    assert_eq!(messages[0]["context"]["from"], "15550783881");
    assert_eq!(
        messages[1]["interactive"],
        json!({"type": "list_reply", "list_reply": {"id": "r1", "title": "Red", "description": "warm"}})
    );
    assert_eq!(b.post(&format!("/_emulator/users/{phone}/stop-marketing"), json!({})).await.0, 200);
    b.emulator.deliver_due().await;
    let preference = &b.receiver.values("user_preferences")[0]["user_preferences"][0];
    assert_eq!((&preference["value"], &preference["wa_id"]), (&json!("stop"), &json!(phone)));
    b.send(support::sale(phone)).await;
    b.settle().await;
    assert!(b.receiver.statuses().iter().any(|s| s["errors"][0]["code"] == 131_050));
}

#[tokio::test]
async fn the_clock_is_moved_over_http() {
    let b = Bench::new();
    let (_, now) = b.post("/_emulator/clock/advance", json!({"ms": 1_000})).await;
    assert_eq!(now["now"], b.clock_now().to_string());
    assert_eq!(b.post("/_emulator/clock/advance", json!({})).await.0, 400);
    assert_eq!(b.get("/_emulator/clock").await.1["manual"], true);
    assert_eq!(b.post("/_emulator/config", json!({"nonsense": 1})).await.0, 400);
    assert_eq!(
        b.post("/_emulator/faults", json!({"kind": "token_expired", "when": {"next": 1}})).await.0,
        200
    );
    assert_eq!(b.get("/_emulator/faults").await.1, json!([{"kind": "token_expired", "when": {"next": 1}}]));
    assert_eq!(b.call("DELETE", "/_emulator/faults", None).await.0, 200);
    assert_eq!(b.get("/_emulator/faults").await.1, json!([]));
}

#[tokio::test]
async fn a_file_a_user_sends_can_be_fetched_for_seven_days() {
    let b = Bench::with(|s| s.public_url = "http://emulator.test/".into());
    let message = json!({"type": "document", "document": {"data": "cGl4ZWxz", "mime_type": "application/pdf", "filename": "a.pdf"}});
    assert_eq!(b.post("/_emulator/users/94771234567/say", json!({ "message": message })).await.0, 200);
    b.emulator.deliver_due().await;
    let document = b.receiver.messages()[0]["document"].clone();
    assert_eq!(document["filename"], "a.pdf");
    let url = document["url"].as_str().unwrap().strip_prefix("http://emulator.test").unwrap();
    let request = Request::get(url)
        .header("authorization", format!("Bearer {}", World::TOKEN))
        .body(Body::empty())
        .unwrap();
    let (status, headers, bytes) = b.raw(request).await;
    assert_eq!((status.as_u16(), &bytes[..]), (200, &b"pixels"[..]));
    assert!(headers["content-disposition"].to_str().unwrap().contains("a.pdf"));
    let id = document["id"].as_str().unwrap();
    assert_eq!(b.get(&format!("/v25.0/{id}")).await.1["mime_type"], "application/pdf");
    b.clock.advance(Duration::from_secs(7 * 86_400 + 1));
    assert_eq!(b.get(&format!("/v25.0/{id}")).await.0, 400);
    let broken = json!({"message": {"type": "image", "image": {"data": "***"}}});
    assert_eq!(b.post("/_emulator/users/94771234567/say", broken).await.0, 400);
}
