//! What each kind of call puts on the wire.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod stand_in;

use std::io::Write;
use std::sync::mpsc::{Receiver, channel};

use tisara_cloud_api::media::{MediaFile, UploadSession};
use tisara_cloud_api::numbers::{BlockEntry, CodeMethod, Registration};
use tisara_cloud_api::send::{Content, MarketingMessage, OutgoingMessage, Recipient, TemplateMessage};
use tisara_cloud_api::signup::{InAppSignup, SignupStatus};
use tisara_cloud_api::templates::{TemplateFilter, TemplateStatus};
use tisara_cloud_api::waba::{AnalyticsFilter, AnalyticsRange, Granularity, InsightsQuery};
use tisara_cloud_api::{AccessToken, CallError, Client, PageRequest};

use stand_in::{graph, read_request, serve};

/// A client whose every call gets this answer, and the requests it makes.
fn meta(status: &'static str, body: &'static str) -> (Client, AccessToken, Receiver<String>) {
    let (sender, requests) = channel();
    let address = serve(move |mut stream| {
        let _ = sender.send(read_request(&mut stream));
        let length = body.len();
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
    });
    (Client::new(graph(&address)).unwrap(), AccessToken::new("EAAJ").unwrap(), requests)
}

fn first_line(request: &str) -> &str {
    request.lines().next().unwrap()
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn lists_ask_for_fields_page_and_filter() {
    let (client, token, requests) = meta("200 OK", r#"{"data":[{"id":"1","name":"a","language":"en"}]}"#);
    let filter = TemplateFilter { status: Some(TemplateStatus::Approved), ..TemplateFilter::default() };
    let page =
        client.with_token(&token).list_templates("7", &filter, &PageRequest::after(50, "Mj")).await.unwrap();
    assert_eq!(page.data[0].name, "a");
    let request = requests.recv().unwrap();
    assert!(first_line(&request).starts_with("GET /v25.0/7/message_templates?fields=id%2Cname"), "{request}");
    assert!(first_line(&request).ends_with("&limit=50&after=Mj&status=APPROVED HTTP/1.1"), "{request}");
}

#[tokio::test]
async fn a_number_is_registered_with_its_pin() {
    let (client, token, requests) = meta("200 OK", r#"{"success":true}"#);
    let calls = client.with_token(&token);
    assert!(calls.register_number("5", &Registration::with_pin("212834")).await.unwrap().success);
    let request = requests.recv().unwrap();
    assert_eq!(first_line(&request), "POST /v25.0/5/register HTTP/1.1");
    assert_eq!(body(&request), r#"{"messaging_product":"whatsapp","pin":"212834"}"#);
    calls.request_code("5", &CodeMethod::Sms, "en_US").await.unwrap();
    assert_eq!(
        first_line(&requests.recv().unwrap()),
        "POST /v25.0/5/request_code?code_method=SMS&language=en_US HTTP/1.1"
    );
}

#[tokio::test]
async fn a_file_is_uploaded_as_a_form() {
    let (client, token, requests) = meta("200 OK", r#"{"id":1037543291543636}"#);
    let file = MediaFile { name: "a.png".into(), mime_type: "image/png".into(), content: "PNGDATA".into() };
    let uploaded = client.with_token(&token).upload_media("5", &file, None).await.unwrap();
    assert_eq!(uploaded.id, "1037543291543636");
    let request = requests.recv().unwrap();
    assert_eq!(first_line(&request), "POST /v25.0/5/media HTTP/1.1");
    for part in ["name=\"messaging_product\"", "filename=\"a.png\"", "Content-Type: image/png", "PNGDATA"] {
        assert!(request.contains(part), "{part} in {request}");
    }
}

#[tokio::test]
async fn an_interrupted_upload_goes_on_where_it_stopped() {
    let (client, token, requests) = meta("200 OK", r#"{"h":"4::aW"}"#);
    let session = UploadSession { id: "upload:MTph?sig=AR".into(), ..UploadSession::default() };
    let handle = client.with_token(&token).continue_upload(&session, 12_345, "rest".into()).await.unwrap();
    assert_eq!(handle.h, "4::aW");
    let request = requests.recv().unwrap();
    assert_eq!(first_line(&request), "POST /v25.0/upload:MTph?sig=AR HTTP/1.1");
    assert!(
        request.contains("authorization: OAuth EAAJ\r\n") && request.contains("file_offset: 12345\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn the_token_is_not_sent_to_strangers() {
    let (client, token, requests) = meta("200 OK", "secret picture");
    let calls = client.with_token(&token);
    let stranger = calls.download_media("https://evil.example/?host=lookaside.fbsbx.com").await.unwrap_err();
    assert!(matches!(stranger, CallError::NotSent(_)), "{stranger:?}");
    let own = format!("{}file", client.graph().base_url);
    let picture = calls.download_media(&own).await.unwrap().bytes(1024).await.unwrap();
    assert_eq!(picture, "secret picture");
    assert!(requests.recv().unwrap().contains("authorization: Bearer EAAJ\r\n"));
    let too_long = calls.download_media(&own).await.unwrap().bytes(3).await.unwrap_err();
    assert!(matches!(too_long, CallError::Unknown(_)), "{too_long:?}");
}

#[tokio::test]
async fn blocking_some_and_not_others_is_an_outcome() {
    let (client, token, requests) = meta(
        "400 Bad Request",
        r#"{"messaging_product":"whatsapp","block_users":{"added_users":[{"input":"1","wa_id":"1"}],"failed_users":[{"input":"2"}]},
        "error":{"message":"(#139100)","code":139100}}"#,
    );
    let users = [BlockEntry { user: Some("1".into()), ..BlockEntry::default() }];
    let outcome = client.with_token(&token).block_users("5", &users).await.unwrap();
    assert_eq!((outcome.added_users.len(), outcome.failed_users.len()), (1, 1));
    assert_eq!(
        body(&requests.recv().unwrap()),
        r#"{"block_users":[{"user":"1"}],"messaging_product":"whatsapp"}"#
    );
}

#[tokio::test]
async fn a_code_is_exchanged_for_a_token() {
    let (client, _, requests) =
        meta("200 OK", r#"{"access_token":"EAAJnew","token_type":"bearer","expires_in":5183944}"#);
    let business = client.exchange_code("1", "shh", "AQB&x").await.unwrap();
    assert_eq!((business.token.expose(), business.expires_in_s), ("EAAJnew", Some(5_183_944)));
    assert_eq!(
        first_line(&requests.recv().unwrap()),
        "GET /v25.0/oauth/access_token?client_id=1&client_secret=shh&code=AQB%26x HTTP/1.1"
    );
}

#[tokio::test]
async fn a_token_is_looked_into() {
    let (client, token, _requests) = meta(
        "200 OK",
        r#"{"data":{"app_id":"1","is_valid":true,"expires_at":0,"granular_scopes":[{"scope":"whatsapp_business_management","target_ids":["9","8"]}]}}"#,
    );
    let info = client.with_token(&token).debug_token(&token).await.unwrap();
    assert_eq!(info.waba_ids(), ["9", "8"]);
}

#[tokio::test]
async fn calls_without_a_version_have_none_in_the_path() {
    let (client, token, requests) = meta("200 OK", r#"{"archived_templates":["1","2"]}"#);
    client.with_token(&token).archive_templates("7", &["1", "2"]).await.unwrap();
    let request = requests.recv().unwrap();
    assert_eq!(first_line(&request), "POST /7/message_templates/archive HTTP/1.1");
    assert_eq!(body(&request), r#"{"hsm_ids":"1,2"}"#);
}

#[tokio::test]
async fn marketing_goes_its_own_way() {
    let (client, token, requests) = meta("200 OK", r#"{"messages":[{"id":"wamid.M"}]}"#);
    let content = Content::Template(Box::new(TemplateMessage::new("sale", "en")));
    let message = OutgoingMessage::new(Recipient::Phone("+1650".into()), content);
    let receipt =
        client.with_token(&token).send_marketing_message("5", &MarketingMessage::new(message)).await.unwrap();
    assert_eq!(receipt.message_id, "wamid.M");
    assert_eq!(first_line(&requests.recv().unwrap()), "POST /v25.0/5/marketing_messages HTTP/1.1");
}

#[tokio::test]
async fn an_error_behind_status_200_is_no_success() {
    let (client, token, _requests) = meta("200 OK", r#"{"error":{"code":190,"message":"expired"}}"#);
    let error = client.with_token(&token).mark_read("5", "wamid.A", true).await.unwrap_err();
    assert_eq!(error.graph().unwrap().code(), 190);
}

#[tokio::test]
async fn the_key_of_forms_is_set_and_read() {
    let (client, token, requests) = meta("200 OK", r#"{"success":true}"#);
    let pem = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n";
    assert!(client.with_token(&token).set_encryption_key("5", pem).await.unwrap().success);
    let request = requests.recv().unwrap();
    assert_eq!(first_line(&request), "POST /v25.0/5/whatsapp_business_encryption HTTP/1.1");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(body(&request)).unwrap()["business_public_key"],
        pem
    );

    let (client, token, _requests) = meta(
        "200 OK",
        r#"{"data":[{"business_public_key":"P","business_public_key_signature_status":"MISMATCH"}]}"#,
    );
    let key = client.with_token(&token).get_encryption_key("5").await.unwrap();
    assert_eq!(key.business_public_key_signature_status.as_deref(), Some("MISMATCH"));
}

#[tokio::test]
async fn analytics_are_asked_for_as_a_field_with_parameters() {
    let range = AnalyticsRange { start: 1, end: 2, granularity: Granularity::Daily };
    let filter = AnalyticsFilter { dimensions: vec!["COUNTRY".into()], ..AnalyticsFilter::default() };
    let (client, token, requests) = meta(
        "200 OK",
        r#"{"pricing_analytics":{"data":[{"data_points":[{"start":1,"end":2,"volume":3,"cost":0.5}]}]},
        "conversation_analytics":{"data":[{"data_points":[{"start":1,"end":2,"conversation":4}]}]},
        "call_analytics":{"data_points":[{"start":1,"end":2,"count":5,"average_duration":106}]},
        "analytics":{"data_points":[{"start":1,"end":2,"sent":6,"delivered":5}]},"id":"7"}"#,
    );
    let calls = client.with_token(&token);
    let prices = calls.get_pricing_analytics("7", &range, &filter).await.unwrap();
    assert_eq!(prices.data[0].data_points[0].volume, 3);
    assert_eq!(
        first_line(&requests.recv().unwrap()),
        "GET /v25.0/7?fields=pricing_analytics.start%281%29.end%282%29.granularity%28DAILY%29\
         .dimensions%28%5B%22COUNTRY%22%5D%29 HTTP/1.1"
    );
    let everything = AnalyticsFilter::default();
    let conversations = calls.get_conversation_analytics("7", &range, &everything).await.unwrap();
    assert_eq!(conversations.data[0].data_points[0].conversation, Some(4));
    let spoken = calls.get_call_analytics("7", &range, &everything).await.unwrap();
    assert_eq!(spoken.data_points[0].count, Some(5));
    assert_eq!(calls.get_analytics("7", &range, &everything).await.unwrap().data_points[0].sent, 6);
}

#[tokio::test]
async fn insights_are_switched_on_and_read_by_days() {
    let (client, token, requests) =
        meta("200 OK", r#"{"id":"7","data":[{"data_points":[{"group_id":"g","left":1}]}]}"#);
    let calls = client.with_token(&token);
    assert!(calls.enable_insights("7").await.unwrap().success);
    assert_eq!(first_line(&requests.recv().unwrap()), "POST /v25.0/7?is_enabled_for_insights=true HTTP/1.1");
    let (days, page) = (InsightsQuery::utc(1, 2), PageRequest::default());
    calls.list_template_analytics("7", &days, &["1", "2"], &page).await.unwrap();
    assert_eq!(
        first_line(&requests.recv().unwrap()),
        "GET /v25.0/7/template_analytics?start=1&end=2&granularity=DAILY&template_ids=%5B1%2C2%5D HTTP/1.1"
    );
    calls.list_template_group_analytics("7", &days, &["1"], &page).await.unwrap();
    assert!(requests.recv().unwrap().starts_with("GET /v25.0/7/template_group_analytics?start=1"));
    let groups = calls.list_group_analytics("7", &days, "g", &page).await.unwrap();
    assert_eq!(groups.data[0].data_points[0].left, Some(1));
    assert!(first_line(&requests.recv().unwrap()).contains("/group_analytics?"));
}

#[tokio::test]
async fn sign_up_links_are_made_and_switched_off() {
    let (client, token, requests) = meta("200 OK", r#"{"id":98,"success":true}"#);
    let calls = client.with_token(&token);
    let signup = InAppSignup { signup_message: Some("News".into()), ..InAppSignup::default() };
    assert_eq!(calls.create_in_app_signup("7", &signup).await.unwrap().id, "98");
    let request = requests.recv().unwrap();
    assert_eq!(first_line(&request), "POST /v25.0/7/signups HTTP/1.1");
    assert_eq!(body(&request), r#"{"signup_message":"News"}"#);
    let off = InAppSignup { status: Some(SignupStatus::Disabled), ..InAppSignup::default() };
    assert!(calls.update_in_app_signup("98", &off).await.unwrap().success);
    let request = requests.recv().unwrap();
    assert_eq!(
        (first_line(&request), body(&request)),
        ("POST /v25.0/signups/98 HTTP/1.1", r#"{"status":"DISABLED"}"#)
    );
}

#[tokio::test]
async fn codes_links_and_products_are_read() {
    let (client, token, requests) = meta(
        "200 OK",
        r#"{"data":[{"id":"1","retailer_id":"sku","code":"4O4Y"}],"invite_link":"https://chat.whatsapp.com/x",
        "summary":{"message_template_limit":250}}"#,
    );
    let calls = client.with_token(&token);
    assert_eq!(calls.get_qr_code("5", "4O4Y").await.unwrap().code, "4O4Y");
    assert!(requests.recv().unwrap().starts_with("GET /v25.0/5/message_qrdls/4O4Y?fields="));
    assert_eq!(calls.get_invite_link("g").await.unwrap().invite_link, "https://chat.whatsapp.com/x");
    assert_eq!(first_line(&requests.recv().unwrap()), "GET /v25.0/g/invite_link HTTP/1.1");
    let products = calls.list_products("9", &PageRequest::first(2)).await.unwrap();
    assert_eq!(products.data[0].retailer_id.as_deref(), Some("sku"));
    assert!(requests.recv().unwrap().starts_with("GET /v25.0/9/products?fields="));
    calls.connect_catalog("7", "9").await.unwrap();
    assert_eq!(first_line(&requests.recv().unwrap()), "POST /v25.0/7/product_catalogs?catalog_id=9 HTTP/1.1");
    assert_eq!(calls.count_templates("7").await.unwrap().message_template_limit, Some(250));
    calls.delete_templates("7", &["1", "2"]).await.unwrap();
    let deleted = requests.iter().nth(1).unwrap();
    assert_eq!(first_line(&deleted), "DELETE /v25.0/7/message_templates?hsm_ids=%5B1%2C2%5D HTTP/1.1");
}

#[tokio::test]
async fn the_picture_of_a_group_goes_as_a_form() {
    let (client, token, requests) = meta("200 OK", r#"{"messaging_product":"whatsapp","request_id":"r"}"#);
    let asked = client.with_token(&token).set_group_picture("g", "JPEGDATA".into()).await.unwrap();
    assert_eq!(asked.request_id.as_deref(), Some("r"));
    let request = requests.recv().unwrap();
    assert_eq!(first_line(&request), "POST /v25.0/g HTTP/1.1");
    for part in ["name=\"messaging_product\"", "Content-Type: image/jpeg", "JPEGDATA"] {
        assert!(request.contains(part), "{part} in {request}");
    }
}
