//! The project's own client against the emulator, over HTTP: what one writes the other reads.

mod support;

use tisara_cloud_api::{
    AccessToken, CallError, Client, Graph,
    client::PageRequest,
    codes,
    numbers::{
        CallHours, CallingSettings, CommerceSettings, DayHours, NameStatus, NewQrCode, NumberSettings, Switch,
    },
    send::{Component, Content, OutgoingMessage, Parameter, Recipient, TemplateMessage},
    templates::TemplateFilter,
};
use tisara_domain::Ambient;
use tisara_emulator::{CODES, Emulator, NumberChange, Settings, Signup, World};
use tokio_util::sync::CancellationToken;

async fn start() -> Result<(Emulator, Client), Box<dyn std::error::Error>> {
    let emulator = Emulator::new(Settings::default(), Ambient::seeded(1));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let base_url = format!("http://{}/", listener.local_addr()?).parse()?;
    let server = emulator.clone();
    tokio::spawn(async move { server.serve(listener, CancellationToken::new()).await });
    Ok((emulator, Client::new(Graph { base_url, ..Graph::default() })?))
}

#[tokio::test]
async fn the_client_sends_and_is_refused() {
    let (emulator, client) = start().await.unwrap();
    let token = AccessToken::new(World::TOKEN).unwrap();
    let number = client.number(&World::NUMBER_ID.to_string()).unwrap();
    let message = |name: &str, values: Vec<Parameter>| {
        let template = TemplateMessage::new(name, "si_LK").with(Component::body(values));
        OutgoingMessage::new(Recipient::Phone("+94771234567".into()), Content::Template(Box::new(template)))
            .with_callback_data("job.1.1")
    };
    let receipt =
        number.send_message(&token, &message("seasonal_sale", vec![Parameter::text("Nimal")])).await.unwrap();
    assert!(receipt.message_id.as_str().starts_with("wamid."));
    let refused = number.send_message(&token, &message("nowhere", Vec::new())).await.unwrap_err();
    assert_eq!(refused.graph().unwrap().code(), 132_001);
    let nobody = AccessToken::new("nobody").unwrap();
    let refused = number.send_message(&nobody, &message("seasonal_sale", Vec::new())).await.unwrap_err();
    assert_eq!(refused.graph().unwrap().code(), 190);
    assert!(!refused.may_have_gone_out());
    assert_eq!(emulator.control().report().accepted, 1);
}

#[tokio::test]
async fn the_client_reads_everything_it_has_a_type_for() {
    let (emulator, client) = start().await.unwrap();
    let token = AccessToken::new(World::TOKEN).unwrap();
    let calls = client.with_token(&token);
    let (waba, number) = (World::WABA_ID.to_string(), World::NUMBER_ID.to_string());
    let fine = |what: &str, result: Result<String, CallError>| {
        let shown = result.unwrap_or_else(|e| panic!("{what}: {e}"));
        assert!(!shown.is_empty());
    };
    let all = PageRequest::first(100);
    fine("number", calls.get_number(&number).await.map(|n| format!("{n:?}")));
    fine("numbers", calls.list_numbers(&waba, &all).await.map(|n| format!("{n:?}")));
    fine("account", calls.get_waba(&waba).await.map(|n| format!("{n:?}")));
    fine("portfolio", calls.get_portfolio(&World::PORTFOLIO_ID.to_string()).await.map(|n| format!("{n:?}")));
    fine(
        "accounts",
        calls.list_owned_wabas(&World::PORTFOLIO_ID.to_string(), &all).await.map(|n| format!("{n:?}")),
    );
    fine("profile", calls.get_profile(&number).await.map(|n| format!("{n:?}")));
    fine("settings", calls.get_settings(&number).await.map(|n| format!("{n:?}")));
    fine("automation", calls.get_automation(&number).await.map(|n| format!("{n:?}")));
    let templates = calls.list_templates(&waba, &TemplateFilter::default(), &all).await.unwrap();
    assert_eq!(templates.data.len(), 11);
    let id = templates.data[0].id.clone();
    fine("template", calls.get_template(&id).await.map(|n| format!("{n:?}")));

    let made = emulator.control().finish_signup(&Signup::default()).unwrap();
    let business = client
        .exchange_code(&World::APP_ID.to_string(), World::APP_SECRET, made["code"].as_str().unwrap())
        .await
        .unwrap();
    let app = AccessToken::new(&format!("{}|{}", World::APP_ID, World::APP_SECRET)).unwrap();
    let info = client.with_token(&app).debug_token(&business.token).await.unwrap();
    assert!(format!("{info:?}").contains(made["message"]["data"]["waba_id"].as_str().unwrap()));
}

#[tokio::test]
async fn a_name_asked_for_is_shown_with_the_number_and_not_among_its_settings() {
    let (emulator, client) = start().await.unwrap();
    let token = AccessToken::new(World::TOKEN).unwrap();
    let (calls, number) = (client.with_token(&token), World::NUMBER_ID.to_string());
    calls.request_display_name(&number, "Ceylon Tea House").await.unwrap();
    let shown = calls.get_number(&number).await.unwrap();
    assert_eq!(shown.new_display_name.as_deref(), Some("Ceylon Tea House"));
    assert_eq!(shown.new_name_status, Some(NameStatus::PendingReview));
    assert!(calls.get_settings(&number).await.unwrap().extra.is_empty());
    let decided = NumberChange { name_decision: Some("APPROVED".into()), ..NumberChange::default() };
    emulator.control().change_number(World::NUMBER_ID, decided).unwrap();
    let shown = calls.get_number(&number).await.unwrap();
    assert_eq!(shown.verified_name.as_deref(), Some("Ceylon Tea House"));
    assert_eq!((shown.new_display_name, shown.new_name_status), (None, None));
}

#[tokio::test]
async fn the_client_changes_what_the_emulator_keeps() {
    let (_emulator, client) = start().await.unwrap();
    let token = AccessToken::new(World::TOKEN).unwrap();
    let (calls, number) = (client.with_token(&token), World::NUMBER_ID.to_string());
    let day = DayHours {
        day_of_week: "MONDAY".into(),
        open_time: "0900".into(),
        close_time: "1700".into(),
        ..DayHours::default()
    };
    let hours = CallHours {
        status: Some(Switch::Enabled),
        timezone_id: Some("Asia/Colombo".into()),
        weekly_operating_hours: vec![day],
        ..CallHours::default()
    };
    let calling = CallingSettings {
        status: Some(Switch::Enabled),
        call_hours: Some(hours),
        ..CallingSettings::default()
    };
    let change = NumberSettings { calling: Some(calling), ..NumberSettings::default() };
    calls.update_settings(&number, &change).await.unwrap();
    let kept = calls.get_settings(&number).await.unwrap().calling.unwrap();
    let asked = change.calling.unwrap();
    assert_eq!((kept.status, kept.call_hours), (asked.status, asked.call_hours));
    let shop = CommerceSettings {
        is_cart_enabled: Some(true),
        is_catalog_visible: Some(false),
        ..CommerceSettings::default()
    };
    calls.update_commerce_settings(&number, &shop).await.unwrap();
    assert_eq!(calls.get_commerce_settings(&number).await.unwrap().is_catalog_visible, Some(false));
    let new = NewQrCode { prefilled_message: "Hello".into(), ..NewQrCode::default() };
    let code = calls.save_qr_code(&number, &new).await.unwrap();
    let listed = calls.list_qr_codes(&number, &PageRequest::default()).await.unwrap();
    assert_eq!(listed.data[0].code, code.code);
}

#[test]
fn every_code_the_emulator_answers_is_known_to_the_client() {
    for code in CODES {
        let Some(known) = codes::lookup(code.code) else {
            panic!("{} {}", code.code, code.title);
        };
        assert!(known.http_status.is_none_or(|s| s == code.status), "{}: {known:?} {code:?}", code.code);
    }
}
