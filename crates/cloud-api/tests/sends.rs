//! The way of a send: what is written, on which connection, and how an answer is read.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod stand_in;

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tisara_cloud_api::client::{Gate, NotSent, Unknown};
use tisara_cloud_api::{AccessToken, CallError, Client, SendReceipt};

use stand_in::{graph, read_request, serve};

const RECEIPT: &str = r#"{"messages":[{"id":"wamid.A"}]}"#;

fn client(address: &str) -> Client {
    Client::new(graph(address)).unwrap()
}

async fn send(client: &Client) -> Result<SendReceipt, CallError> {
    let token = AccessToken::new("EAAJ").unwrap();
    client.number("1").unwrap().send_body(&token, "{}".into()).await
}

fn answer(stream: &mut TcpStream) {
    let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{RECEIPT}", RECEIPT.len());
}

/// Answers request after request on each connection and tells of each which connection it came on.
fn keeping() -> (String, Receiver<u32>) {
    let (came_on, which) = channel();
    let connections = std::sync::atomic::AtomicU32::new(0);
    let address = serve(move |mut stream| {
        let connection = connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let came_on = came_on.clone();
        thread::spawn(move || {
            while !read_request(&mut stream).is_empty() {
                let _ = came_on.send(connection);
                answer(&mut stream);
            }
        });
    });
    (address, which)
}

#[tokio::test]
async fn a_request_is_written_to_the_byte() {
    let (heard, said) = channel();
    let address = serve(move |mut stream| {
        let _ = heard.send(read_request(&mut stream));
        answer(&mut stream);
    });
    let token = AccessToken::new("EAAJ").unwrap().with_app_secret(b"Jefe");
    client(&address).number("1").unwrap().send_body(&token, "{\"to\":\"1\"}".into()).await.unwrap();
    let request = said.recv().unwrap();
    let proof = request.split_once("appsecret_proof=").unwrap().1.split_once(' ').unwrap().0;
    assert!(proof.len() == 64 && proof.bytes().all(|b| b.is_ascii_hexdigit()), "{proof}");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        request,
        format!(
            "POST /v25.0/1/messages?appsecret_proof={proof} HTTP/1.1\r\nhost: {address}\r\n\
             user-agent: tisara/{version}\r\naccept: */*\r\ncontent-type: application/json\r\n\
             authorization: Bearer EAAJ\r\ncontent-length: 10\r\n\r\n{{\"to\":\"1\"}}"
        )
    );
}

#[tokio::test]
async fn one_after_the_other_they_share_a_connection_and_at_once_they_do_not() {
    let (address, which) = keeping();
    let client = client(&address);
    for _ in 0..3 {
        send(&client).await.unwrap();
    }
    assert_eq!(which.try_iter().collect::<Vec<_>>(), [0, 0, 0]);
    let (one, other) = tokio::join!(send(&client), send(&client));
    assert!(one.is_ok() && other.is_ok());
    let mut connections: Vec<_> = which.try_iter().collect();
    connections.sort_unstable();
    assert_eq!(connections, [0, 1]);
}

#[tokio::test]
async fn a_message_that_is_held_back_leaves_the_connection_to_the_next() {
    let (address, which) = keeping();
    let client = client(&address);
    send(&client).await.unwrap();
    let shut: Gate = std::sync::Arc::new(|| false);
    let token = AccessToken::new("EAAJ").unwrap();
    let held = client.number("1").unwrap().send_body_while(&token, "{}".into(), shut).await;
    assert!(matches!(held, Err(CallError::NotSent(NotSent::Held))), "{held:?}");
    send(&client).await.unwrap();
    assert_eq!(which.try_iter().collect::<Vec<_>>(), [0, 0]);
}

/// What came behind an answer would be taken for the next one's.
#[tokio::test]
async fn a_connection_on_which_more_came_than_was_asked_for_is_not_used_again() {
    let connections = std::sync::atomic::AtomicU32::new(0);
    let address = serve(move |mut stream| {
        let connection = connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        thread::spawn(move || {
            while !read_request(&mut stream).is_empty() {
                let body = format!(r#"{{"messages":[{{"id":"wamid.{connection}"}}]}}"#);
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}{head}{body}").as_bytes());
            }
        });
    });
    let client = client(&address);
    for wamid in ["wamid.0", "wamid.1"] {
        assert_eq!(send(&client).await.unwrap().message_id, wamid);
    }
}

#[tokio::test]
async fn an_answer_is_read_however_its_end_is_known() {
    let length = RECEIPT.len();
    let (a, b) = RECEIPT.split_at(9);
    for text in [
        format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{RECEIPT}"),
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n9\r\n{a}\r\n{:x};x=y\r\n{b}\r\n0\r\na: b\r\n\r\n",
            b.len()
        ),
        format!("HTTP/1.1 200\r\n\r\n{RECEIPT}"),
        format!("HTTP/1.0 200 OK\r\ncontent-length: {length}\r\n\r\n{RECEIPT}"),
    ] {
        let sent = text.clone();
        let address = serve(move |mut stream| {
            read_request(&mut stream);
            // Byte by byte, so that each end is come upon.
            let _ = stream.set_nodelay(true);
            sent.bytes().for_each(|byte| stream.write_all(&[byte]).unwrap_or_default());
        });
        let receipt = send(&client(&address)).await;
        assert_eq!(receipt.unwrap().message_id, "wamid.A", "{text}");
    }
}

#[tokio::test]
async fn what_is_no_answer_leaves_the_outcome_open() {
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(100_000));
    for text in [
        "SSH-2.0-OpenSSH_9\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
        &endless,
    ] {
        let sent = text.to_owned();
        let address = serve(move |mut stream| {
            read_request(&mut stream);
            let _ = stream.write_all(sent.as_bytes());
        });
        let error = send(&client(&address)).await.unwrap_err();
        let is_open = matches!(error, CallError::Unknown(Unknown::Broken(_) | Unknown::Unreadable { .. }));
        assert!(is_open, "{}: {error:?}", &text[..text.len().min(60)]);
    }
}
