//! A bare socket that stands in for Meta.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Once;
use std::thread;

use tisara_cloud_api::Graph;

/// Settings that lead to the stand-in.
pub(crate) fn graph(address: &str) -> Graph {
    static TLS: Once = Once::new();
    TLS.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("installed once");
    });
    Graph {
        request_timeout_ms: 2_000,
        connect_timeout_ms: 1_000,
        ..Graph::at(format!("http://{address}/").parse().unwrap())
    }
}

/// Serves one connection after another with `handle`.
pub(crate) fn serve(handle: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || listener.incoming().flatten().for_each(handle));
    address
}

/// Reads a request whole and returns it.
pub(crate) fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length:")
                        .map(str::trim)
                        .map(str::to_owned)
                })
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return text.into_owned();
            }
        }
        if read == 0 {
            return text.into_owned();
        }
    }
}
