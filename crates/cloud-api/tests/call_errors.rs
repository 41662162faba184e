//! How what goes wrong on the way is sorted, against a bare socket.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod stand_in;

use std::io::{Read, Write};
use std::net::TcpListener;

use tisara_cloud_api::client::{Gate, NotSent, Unknown};
use tisara_cloud_api::codes::Action;
use tisara_cloud_api::send::{Content, OutgoingMessage, Recipient, Text};
use tisara_cloud_api::{AccessToken, CallError, Client, SendReceipt};

use stand_in::{graph, read_request, serve};

fn answer_with(status: &'static str, headers: &'static str, body: &'static str) -> String {
    serve(move |mut stream| {
        read_request(&mut stream);
        let length = body.len();
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
    })
}

async fn send(address: &str) -> Result<SendReceipt, CallError> {
    let client = Client::new(graph(address)).unwrap();
    let token = AccessToken::new("EAAJ").unwrap();
    let message =
        OutgoingMessage::new(Recipient::Phone("+16505551234".into()), Content::Text(Text::new("Hi")));
    client.with_token(&token).send_message("106540352242922", &message).await
}

#[tokio::test]
async fn an_accepted_message_gives_its_receipt() {
    let address = serve(|mut stream| {
        let request = read_request(&mut stream);
        assert!(request.starts_with("POST /v25.0/106540352242922/messages HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("authorization: Bearer EAAJ\r\n"), "{request}");
        let body = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+16505551234","wa_id":"16505551234"}],"messages":[{"id":"wamid.A","message_status":"accepted"}]}"#;
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
    });
    let receipt = send(&address).await.unwrap();
    assert_eq!(receipt.message_id, "wamid.A");
    assert_eq!(receipt.wa_id.as_deref(), Some("16505551234"));
}

#[tokio::test]
async fn a_refused_connection_was_surely_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = send(&address).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(NotSent::Connect(_))), "{error:?}");
    assert!(!error.may_have_gone_out());
    assert_eq!(error.action(), Action::Retry);
}

/// The gate is asked when the connection is there and the body is about to be written: held back then, the
/// request never becomes a whole one.
#[tokio::test]
async fn a_request_that_is_held_back_does_not_leave() {
    let (heard, said) = std::sync::mpsc::channel();
    let address = serve(move |mut stream| {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = heard.send(String::from_utf8_lossy(&all).into_owned());
    });
    let client = Client::new(graph(&address)).unwrap();
    let token = AccessToken::new("EAAJ").unwrap();
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = std::sync::Arc::clone(&asked);
    let gate: Gate = std::sync::Arc::new(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        false
    });
    let route = client.number("106540352242922").unwrap();
    let error =
        route.send_body_while(&token, bytes::Bytes::from_static(b"{\"secret\":1}"), gate).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(NotSent::Held)), "{error:?}");
    assert!(!error.may_have_gone_out());
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1);
    drop(client);
    drop(route);
    assert!(!said.recv().unwrap().contains("secret"));
}

#[tokio::test]
async fn a_name_nobody_knows_was_surely_not_sent() {
    let error = send("nobody.invalid").await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(NotSent::Connect(_))), "{error:?}");
}

#[tokio::test]
async fn tls_that_fails_was_surely_not_sent() {
    let address = serve(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let mut graph = graph(&address);
    graph.base_url.set_scheme("https").unwrap();
    let token = AccessToken::new("EAAJ").unwrap();
    let error = Client::new(graph).unwrap().with_token(&token).get_number("1").await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(NotSent::Connect(_))), "{error:?}");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_unknown() {
    let at_once = serve(drop);
    let after_reading = serve(|mut stream| {
        read_request(&mut stream);
    });
    for address in [at_once, after_reading] {
        let error = send(&address).await.unwrap_err();
        assert!(matches!(error, CallError::Unknown(Unknown::Broken(_))), "{error:?}");
        assert!(error.may_have_gone_out());
    }
}

#[tokio::test]
async fn no_answer_in_time_is_unknown() {
    let address = serve(|mut stream| {
        read_request(&mut stream);
        // Holds the connection until the client gives up and closes it.
        let _ = stream.read(&mut [0; 1]);
    });
    let mut graph = graph(&address);
    graph.request_timeout_ms = 200;
    let token = AccessToken::new("EAAJ").unwrap();
    let route = Client::new(graph).unwrap().number("1").unwrap();
    let error = route.send_body(&token, "{}".into()).await.unwrap_err();
    assert!(matches!(error, CallError::Unknown(Unknown::TimedOut)), "{error:?}");
}

#[tokio::test]
async fn an_answer_cut_short_is_unknown() {
    let address = serve(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"messages\":[{\"id\"");
    });
    let error = send(&address).await.unwrap_err();
    assert!(matches!(error, CallError::Unknown(Unknown::Broken(_))), "{error:?}");
}

#[tokio::test]
async fn a_server_error_or_an_unreadable_answer_is_unknown() {
    for (status, body) in [
        ("500 Internal Server Error", "oops"),
        ("502 Bad Gateway", "<html>"),
        ("302 Found", ""),
        ("200 OK", "{}"),
        ("200 OK", "{\"messages\":[]}"),
        ("200 OK", "not json"),
    ] {
        let error = send(&answer_with(status, "location: http://127.0.0.1:1/\r\n", body)).await.unwrap_err();
        assert!(
            matches!(error, CallError::Unknown(Unknown::Unreadable { .. })),
            "{status} {body}: {error:?}"
        );
        assert_eq!(error.action(), Action::MayHaveGoneOut);
    }
}

#[tokio::test]
async fn an_error_envelope_is_a_refusal_whatever_the_status() {
    for status in ["400 Bad Request", "429 Too Many Requests", "200 OK"] {
        let body = r##"{"error":{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"error_data":{"messaging_product":"whatsapp","details":"More than 24 hours."},"fbtrace_id":"Az8"}}"##;
        let error = send(&answer_with(status, "retry-after: 3\r\n", body)).await.unwrap_err();
        let refusal = error.graph().expect("a refusal");
        assert_eq!((refusal.code(), refusal.body.details()), (131_047, "More than 24 hours."));
        assert_eq!(refusal.retry_after.map(|wait| wait.as_secs()), Some(3));
        assert_eq!(error.action(), Action::UseTemplate);
        assert!(!error.may_have_gone_out());
    }
}

#[tokio::test]
async fn a_refusal_with_a_code_of_metas_own_faults_may_have_gone_out() {
    for (status, body) in [
        ("500 Internal Server Error", r#"{"error":{"code":131000,"message":"Something went wrong"}}"#),
        ("503 Service Unavailable", r#"{"error":{"code":2}}"#),
        ("500 Internal Server Error", r#"{"error":{"code":987654}}"#),
    ] {
        let error = send(&answer_with(status, "", body)).await.unwrap_err();
        assert!(matches!(error, CallError::Refused(_)), "{error:?}");
        assert!(error.may_have_gone_out(), "{body}");
    }
}

#[tokio::test]
async fn no_error_shows_the_token_or_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let client = Client::new(graph(&address)).unwrap();
    let app = AccessToken::of_app("1", "appsecret").unwrap();
    let error =
        client.with_token(&app).debug_token(&AccessToken::new("EAAJinput").unwrap()).await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", client.with_token(&app));
    assert!(!shown.contains("secret") && !shown.contains("EAAJ"), "{shown}");
}
