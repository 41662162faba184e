//! Somebody who takes every webhook and does nothing with it: what the emulator posts to while the bare
//! loop runs, so that the emulator has the same work as in a campaign.

use crate::raw;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What the first status of a message holds: it went out, or it never will.
const FIRST_STATUS: [&[u8]; 2] = [br#""status":"sent""#, br#""status":"failed""#];
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Listens until it is dropped.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    told: Arc<AtomicU64>,
    _runs: DropGuard,
}

impl Sink {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let (runs, told) = (stop.clone(), Arc::new(AtomicU64::new(0)));
        let counted = Arc::clone(&told);
        tokio::spawn(runs.clone().run_until_cancelled_owned(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(runs.clone().run_until_cancelled_owned(swallow(tcp, Arc::clone(&counted))));
            }
        }));
        Ok(Self { address, told, _runs: stop.drop_guard() })
    }

    /// Messages of which it was told that they were sent, or failed.
    pub(crate) fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }
}

/// Reads request after request, to its end, and says 200.
async fn swallow(mut tcp: TcpStream, told: Arc<AtomicU64>) {
    let mut bytes = Vec::with_capacity(1 << 20);
    loop {
        let whole = raw::head_end(&bytes).map(|end| {
            let head = std::str::from_utf8(&bytes[..end]).unwrap_or_default();
            end + raw::length(head).unwrap_or(0)
        });
        match whole {
            Some(whole) if bytes.len() >= whole => {
                let times = |status| memchr::memmem::find_iter(&bytes[..whole], status).count();
                let n: usize = FIRST_STATUS.into_iter().map(times).sum();
                told.fetch_add(n as u64, Ordering::Relaxed);
                bytes.drain(..whole);
                if tcp.write_all(OK).await.is_err() {
                    return;
                }
            }
            _ => match tcp.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
        }
    }
}
