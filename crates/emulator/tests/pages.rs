//! The pages for people, in a real Chromium: the phone, and the dialog of Embedded Signup. Pictures of them are left in
//! `target/screens`.
#![expect(clippy::unwrap_used, reason = "a test may fail; clippy knows only functions marked as tests")]

mod support;

use axum::{Router, response::Html, routing::get};
use serde_json::{Value, json};
use std::{future::Future, net::SocketAddr, pin::pin};
use support::{template, text};
use tisara_domain::Ambient;
use tisara_emulator::{Control, Described, Emulator, Settings, World};
use tisara_stage::Browser;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

const USER: &str = "94771234567";

/// An emulator on a port of this machine, on the real clock.
struct Live {
    url: String,
    control: Control,
    http: reqwest::Client,
    ambient: Ambient,
    _runs: DropGuard,
}

impl Live {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = Settings { public_url: url.clone(), ..Settings::default() };
        settings.behaviour.population.reads = 1.0;
        settings.behaviour.statuses.sent_ms = (1, 5);
        settings.behaviour.statuses.delivered_ms = (1, 5);
        settings.behaviour.statuses.read_ms = (1, 5);
        let ambient = Ambient::real().unwrap();
        let emulator = Emulator::new(settings, ambient.clone());
        let stop = CancellationToken::new();
        tokio::spawn(emulator.run_deliveries(stop.clone()));
        let control = emulator.control();
        let until = stop.clone();
        tokio::spawn(async move { emulator.serve(listener, until).await });
        Self { url, control, http: reqwest::Client::new(), ambient, _runs: stop.drop_guard() }
    }

    async fn send(&self, body: Value) -> Value {
        let url = format!("{}/v25.0/{}/messages", self.url, World::NUMBER_ID);
        let sent = self.http.post(url).bearer_auth(World::TOKEN).body(body.to_string());
        let answer: Value =
            sent.header("content-type", "application/json").send().await.unwrap().json().await.unwrap();
        assert!(answer["error"].is_null(), "{answer}");
        answer
    }

    /// The user's messages, the last one last.
    fn said(&self) -> Vec<Value> {
        let seen = self.control.user(USER).unwrap();
        let thread = seen["thread"].as_array().unwrap();
        thread.iter().filter(|m| m["direction"] == "from_user").map(|m| m["message"].clone()).collect()
    }

    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let end = self.ambient.now().plus(tisara_domain::Duration::from_secs(30));
        while !holds() {
            assert!(self.ambient.now() < end, "{what}");
            self.ambient.sleep(tisara_domain::Duration::from_millis(20)).await;
        }
    }
}

/// Ends the browser also when the test fails, and fails when a page has complained.
async fn in_browser<F: Future<Output = anyhow::Result<Browser>>>(test: impl FnOnce(Browser) -> F) {
    let browser = Browser::start().await.unwrap();
    let browser = pin!(test(browser)).await.unwrap();
    assert_eq!(browser.complaints().await.unwrap(), Vec::<String>::new());
    browser.close().await.unwrap();
}

fn interactive(interactive: Value) -> Value {
    json!({"messaging_product": "whatsapp", "to": format!("+{USER}"), "type": "interactive", "interactive": interactive})
}

/// Messages of the kinds that a phone draws.
async fn fill(live: &Live) {
    live.control
        .describe(Described {
            phone: USER.into(),
            window_open: Some(true),
            name: Some("Nimal Perera".into()),
            ..Described::default()
        })
        .unwrap();
    let values = |all: &[&str]| all.iter().map(|v| json!({"type": "text", "text": v})).collect::<Vec<_>>();
    live.send(template(&format!("+{USER}"), "seasonal_sale", "en_US", json!([
        {"type": "header", "parameters": values(&["Avurudu Sale"])}, {"type": "body", "parameters": values(&["Nimal", "TEA25", "25%"])}]))).await;
    live.send(text(&format!("+{USER}"), "Good morning! Which tea may it be today?")).await;
    live.send(interactive(json!({"type": "list", "header": {"type": "text", "text": "Our teas"}, "body": {"text": "Choose one, we keep it for you until Friday."},
        "footer": {"text": "Ceylon Tea, Galle Road"}, "action": {"button": "See the teas", "sections": [
            {"title": "Black", "rows": [{"id": "dimbula", "title": "Dimbula", "description": "Bright, from 1,400 m"}, {"id": "ruhuna", "title": "Ruhuna", "description": "Dark and strong"}]},
            {"title": "Green", "rows": [{"id": "sencha", "title": "Sencha", "description": "Steamed, light"}]}]}}))).await;
    let amount = |value: i64| json!({"value": value, "offset": 100});
    live.send(interactive(json!({"type": "order_details", "body": {"text": "Your order is packed."}, "action": {"name": "review_and_pay", "parameters": {
        "reference_id": "order-41", "type": "physical-goods", "payment_configuration": "shop", "currency": "INR", "total_amount": amount(21_000),
        "order": {"status": "pending", "subtotal": amount(20_000), "tax": amount(1_000),
            "items": [{"name": "Dimbula, 500 g", "amount": amount(10_000), "quantity": 2}]}}}}))).await;
    live.send(template(
        &format!("+{USER}"),
        "order_update",
        "en_US",
        json!([
        {"type": "body", "parameters": values(&["Nimal", "860198", "Friday"])},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": values(&["860198"])}]),
    ))
    .await;
}

#[tokio::test]
async fn a_person_reads_taps_writes_orders_pays_and_opts_out_on_the_phone() {
    let live = Live::start().await;
    fill(&live).await;
    in_browser(async |mut browser| {
        browser.open(&format!("{}/_emulator?phone={USER}", live.url)).await?;
        browser.see("#thread .msg", "Avurudu Sale is on!").await?;
        browser.see("#name", "Nimal Perera").await?;
        browser.see("#who", "window open").await?;
        browser.screenshot("phone").await?;
        browser.prefer_dark(true).await?;
        browser.screenshot("phone-dark").await?;
        browser.prefer_dark(false).await?;

        browser.click("#thread button", "Show me").await?;
        live.until("a tap on a template's button", || {
            live.said().iter().any(|m| m["button"]["text"] == "Show me")
        })
        .await;
        browser.click("#thread summary", "See the teas").await?;
        browser.click("#thread .menu button", "Ruhuna").await?;
        live.until("a choice from a list", || {
            live.said().iter().any(|m| m["interactive"]["list_reply"]["id"] == "ruhuna")
        })
        .await;
        browser.see("#thread .msg.mine", "Ruhuna").await?;
        browser.write("#text", "Two packs please").await?;
        browser.click("#write button", "Send").await?;
        browser.see("#thread .msg.mine", "Two packs please").await?;

        let photo = std::env::temp_dir().join(format!("tisara-photo-{}.png", std::process::id()));
        std::fs::copy(browser.screenshot("phone-photo").await?, &photo)?;
        browser.write("#photo", photo.to_str().unwrap_or_default()).await?;
        live.until("a photo", || live.said().iter().any(|m| m["type"] == "image")).await;
        browser.see("#thread .msg.mine img", "").await?;
        std::fs::remove_file(photo)?;

        browser.click("#order", "").await?;
        browser.rewrite("#cart input[name='sku-1']", "2").await?;
        browser.write("#cart input[type=text]", "by Friday").await?;
        browser.click("#cart button", "Send order").await?;
        live.until("an order", || {
            live.said().iter().any(|m| m["order"]["product_items"][0]["quantity"] == 2)
        })
        .await;
        browser.see("#thread .msg.mine", "2 × sku-1").await?;
        browser.click("#thread button", "Review and pay INR 210.00").await?;
        browser.see("#note", "Paid: order order-41").await?;

        browser.click("#stop", "Stop marketing").await?;
        browser.see("#who", "marketing stopped").await?;
        browser.click("#switches label", "has blocked the business").await?;
        browser.see("#who", "has blocked you").await?;
        live.until("the block", || live.control.user(USER).unwrap()["blocked"] == true).await;
        browser.screenshot("phone-after").await?;

        browser.resize(390, 844).await?;
        browser.open(&format!("{}/_emulator?phone={USER}", live.url)).await?;
        browser.see("#thread .msg", "Ruhuna").await?;
        anyhow::ensure!(
            browser.sticks_out().await?.is_empty(),
            "sideways: {:?}",
            browser.sticks_out().await?
        );
        browser.screenshot("phone").await?;
        browser.run("scrollTo(0, document.body.scrollHeight)", json!([])).await?;
        browser.screenshot("phone-below").await?;
        Ok(browser)
    })
    .await;
}

#[tokio::test]
async fn the_phone_says_what_went_wrong_and_begins_empty() {
    let live = Live::start().await;
    in_browser(async |mut browser| {
        browser.open(&format!("{}/_emulator", live.url)).await?;
        browser.see("#thread", "Open a phone number").await?;
        browser.screenshot("phone-empty").await?;
        browser.write("#number", "+94 77 123 4567").await?;
        browser.click("#open button", "Open").await?;
        browser.see("#who", "+94771234567").await?;
        browser.see("#thread", "Nothing was said yet").await?;
        browser.write("#link", "https://chat.whatsapp.com/nowhere").await?;
        browser.click("#enter button", "").await?;
        browser.see("#said", "there is no such").await?;
        browser.resize(390, 844).await?;
        browser.screenshot("phone-empty").await?;
        // What was refused shows in the browser's log, and only that.
        let complaints = browser.complaints().await?;
        anyhow::ensure!(complaints.iter().all(|c| c.contains("/group")), "{complaints:?}");
        Ok(browser)
    })
    .await;
}

/// A business's own page with Meta's button, at an address of its own.
async fn platform(emulator: &str, stop: &CancellationToken) -> SocketAddr {
    let page = format!(
        r#"<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Connect</title>
        <script src="{emulator}/en_US/sdk.js"></script>
        <button id="connect">Connect WhatsApp</button><pre id="event"></pre><pre id="code"></pre>
        <script>
          FB.init({{ appId: "{}", version: "v25.0" }});
          addEventListener("message", e => {{ if (e.origin === "{emulator}" && typeof e.data === "string") document.getElementById("event").textContent = e.data; }});
          document.getElementById("connect").onclick = () => FB.login(
            r => document.getElementById("code").textContent = r.authResponse ? r.authResponse.code : "none",
            {{ config_id: "1", response_type: "code", override_default_response_type: true, extras: {{ setup: {{ business: {{ name: "Lagoon Tea" }} }} }} }});
        </script></html>"#,
        World::APP_ID
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(move || async move { Html(page) }));
    let stop = stop.clone();
    tokio::spawn(async move {
        axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
    });
    address
}

#[tokio::test]
async fn a_customer_signs_up_through_the_dialog_and_the_code_works_once() {
    let live = Live::start().await;
    let stop = CancellationToken::new();
    let _stops = stop.clone().drop_guard();
    let platform = platform(&live.url, &stop).await;
    in_browser(async |mut browser| {
        browser.open(&format!("http://{platform}/")).await?;
        browser.click("#connect", "").await?;
        browser.look_into_window(2).await?;
        browser.see("h1", "Connect a business").await?;
        browser.resize(520, 680).await?;
        browser.screenshot("signup").await?;
        browser.resize(390, 844).await?;
        browser.screenshot("signup").await?;
        browser.write("#phone", "+94 77 765 4321").await?;
        browser.click("button", "Finish").await?;
        browser.look_into_window(1).await?;
        let event: Value = serde_json::from_str(&browser.see("#event", "FINISH").await?)?;
        let code = browser.see("#code", "AQ").await?;
        anyhow::ensure!(event["event"] == "FINISH" && event["data"]["waba_id"].is_string(), "{event}");

        let url = format!(
            "{}/v25.0/oauth/access_token?client_id={}&client_secret={}&code={code}",
            live.url,
            World::APP_ID,
            World::APP_SECRET
        );
        let first: Value = live.http.get(&url).send().await?.json().await?;
        let token = first["access_token"].as_str().unwrap_or_default();
        let again: Value = live.http.get(&url).send().await?.json().await?;
        anyhow::ensure!(again["error"]["code"] == 100, "{again}");
        let waba = event["data"]["waba_id"].as_str().unwrap_or_default();
        let account: Value = live
            .http
            .get(format!("{}/v25.0/{waba}", live.url))
            .bearer_auth(token)
            .send()
            .await?
            .json()
            .await?;
        anyhow::ensure!(account["name"] == "Lagoon Tea", "{account}");

        browser.click("#connect", "").await?;
        browser.look_into_window(2).await?;
        browser.click("#cancel", "").await?;
        browser.look_into_window(1).await?;
        browser.see("#event", "CANCEL").await?;
        browser.see("#code", "none").await?;
        Ok(browser)
    })
    .await;
}
