//! A client of HTTP/1.1 that costs next to nothing, so that the load leaves the machine to the server:
//! requests are bytes made beforehand, of an answer only status and length are read.

use anyhow::{Context as _, bail};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A head longer than this is none of ours.
const HEAD_MAX: usize = 16 << 10;

/// One kept connection.
pub(crate) struct Connection {
    tcp: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        Ok(Self { tcp, buffer: Vec::with_capacity(64 << 10) })
    }

    /// Sends a whole request and reads the answer; gives its status.
    pub(crate) async fn call(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.tcp.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.tcp.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(end) = head_end(&self.buffer) {
                let (status, length) = head(&self.buffer[..end])?;
                while self.buffer.len() < end + length {
                    if self.tcp.read_buf(&mut self.buffer).await? == 0 {
                        bail!("an answer broke off");
                    }
                }
                return Ok(status);
            }
            if self.buffer.len() > HEAD_MAX {
                bail!("an answer has a head without an end");
            }
        }
    }
}

/// Behind the empty line.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

/// Status and length of the body.
fn head(bytes: &[u8]) -> anyhow::Result<(u16, usize)> {
    let text = std::str::from_utf8(bytes)?;
    let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).context("an answer without status")?;
    Ok((status, length(text).context("an answer without a length")?))
}

/// What a head says of the body's length.
pub(crate) fn length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_length_are_read_from_a_head() {
        let answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 12\r\n\r\nbody";
        let end = head_end(answer).unwrap();
        assert_eq!(&answer[end..], b"body");
        assert_eq!(head(&answer[..end]).unwrap(), (503, 12));
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert_eq!(head_end(b"HTTP/1.1 200 OK\r\n"), None);
    }

    #[test]
    fn a_request_says_how_long_it_is() {
        let request = request("POST", "/x", &[("a", "b")], b"hello");
        assert_eq!(request, b"POST /x HTTP/1.1\r\nhost: bench\r\na: b\r\ncontent-length: 5\r\n\r\nhello");
    }
}
