//! HTTP/1.1 kept alive, with as little work as possible on this side.

use crate::{body, token};
use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    ops::Range,
};
use tisara_emulator::World;

/// One connection to the emulator.
pub(crate) struct Connection {
    stream: TcpStream,
    out: String,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr, pipeline: u64) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, out: String::new(), read: vec![0; 2_048 * usize::try_from(pipeline).unwrap()] }
    }

    /// Sends these messages in one write and reads all their answers, which must be good.
    pub(crate) fn send(&mut self, messages: Range<u64>) {
        self.out.clear();
        let count = usize::try_from(messages.end - messages.start).unwrap();
        for n in messages {
            let body = body(n);
            write!(
                self.out,
                "POST /v25.0/{}/messages HTTP/1.1\r\nhost: emulator\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                World::NUMBER_ID,
                token(),
                body.len(),
            )
            .unwrap();
        }
        self.stream.write_all(self.out.as_bytes()).unwrap();
        let (mut filled, mut done) = (0, 0);
        while done < count {
            let got = self.stream.read(&mut self.read[filled..]).unwrap();
            assert!(got > 0, "the emulator has closed the connection");
            filled += got;
            let mut start = 0;
            while let Some(end) = answer_end(&self.read[start..filled]) {
                assert!(
                    self.read[start..].starts_with(b"HTTP/1.1 200 "),
                    "{}",
                    String::from_utf8_lossy(&self.read[start..filled])
                );
                start += end;
                done += 1;
            }
            self.read.copy_within(start..filled, 0);
            filled -= start;
        }
    }
}

/// Where the first answer of `bytes` ends, when it is there whole.
fn answer_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let length = text.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap();
    Some(head + length.parse::<usize>().unwrap()).filter(|end| *end <= bytes.len())
}

/// One call on a connection of its own; gives the answer's body.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: emulator\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let head = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    all.split_off(head)
}
