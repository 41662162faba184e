//! Takes webhooks and answers 200, without looking at them.

use crate::Emulator;
use serde_json::json;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// How many posts came.
pub(crate) struct Posts(Arc<AtomicU64>);

impl Posts {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Listens, and has the emulator post here.
pub(crate) fn listen(emulator: &Emulator) -> Posts {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let posts = Arc::new(AtomicU64::new(0));
    let counted = posts.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let counted = counted.clone();
            thread::spawn(move || take(stream.unwrap(), &counted));
        }
    });
    emulator.post("/_emulator/webhooks", &json!({ "callback_url": url }));
    Posts(posts)
}

fn take(stream: TcpStream, posts: &AtomicU64) {
    let mut answers = stream.try_clone().unwrap();
    let mut posted = BufReader::with_capacity(256 << 10, stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if posted.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        body.resize(length, 0);
        posted.read_exact(&mut body).unwrap();
        posts.fetch_add(1, Ordering::Relaxed);
        answers.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}
