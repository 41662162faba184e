//! The way of a send: a request of HTTP/1.1 written as it is, on a connection that is kept for the next one.
//!
//! Sends are what Tisara does most, and the general client costs five times what writing and reading these few bytes
//! does (docs/decisions/0007). Written here, it is also known to the byte what has left. What this must never do:
//! write a request twice, or call it not sent after a byte of it was given to a connection.

mod answer;
mod connect;
mod kept;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::ClientConfig;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::task::coop::has_budget_remaining;
use url::Url;

use self::answer::{Incoming, Malformed};
use self::connect::{Connector, Io};
use self::kept::Kept;
use super::ClientError;
use super::call::Answer;
use super::error::{CallError, NotSent, Unknown};
use crate::config::Graph;
use crate::token::AccessToken;

/// A buffer larger than this is not kept with its connection.
const BUFFER_MAX: usize = 16 << 10;

/// All connections for sends, to one host. A send takes one that waits or opens one, so there are as many as sends
/// under way.
#[derive(Debug)]
pub(super) struct Lines {
    connector: Connector,
    kept: Kept<Line>,
    /// Value of the `Host` header.
    host: String,
    answer_timeout: Duration,
}

/// A connection on which nothing is under way.
struct Line {
    io: Box<dyn Io>,
    /// Holds the request, then the answer.
    buffer: Vec<u8>,
}

impl Lines {
    /// To the host of `base_url`.
    pub(super) fn new(graph: &Graph, tls: ClientConfig) -> Result<Self, ClientError> {
        Self::by(graph, tls, &Matcher::from_env())
    }

    fn by(graph: &Graph, tls: ClientConfig, proxies: &Matcher) -> Result<Self, ClientError> {
        let base = &graph.base_url;
        let name = base.host_str().ok_or(ClientError::BadAddress)?;
        let host = base.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Ok(Self {
            connector: Connector::new(graph, tls, proxies)?,
            kept: Kept::new(graph.pool_idle_max, Duration::from_millis(graph.pool_idle_timeout_ms)),
            host,
            answer_timeout: Duration::from_millis(graph.request_timeout_ms),
        })
    }

    /// Posts JSON to an address of this host, if `may_leave` says yes when the connection is there and its bytes are
    /// next.
    pub(super) async fn post(
        &self,
        url: &Url,
        token: &AccessToken,
        body: Bytes,
        may_leave: impl Fn() -> bool,
    ) -> Result<Answer, CallError> {
        let mut line = match self.kept.take(Line::is_open) {
            Some(line) => line,
            None => {
                let io = self.connector.open().await.map_err(CallError::NotSent)?;
                Line { io, buffer: Vec::new() }
            }
        };
        self.write_request(&mut line.buffer, url, token, &body);
        drop(body);
        let exchange = line.exchange(may_leave);
        let exchanged = tokio::time::timeout(self.answer_timeout, exchange).await;
        let (answer, is_free) =
            match exchanged.unwrap_or(Err(Unknown::TimedOut)).map_err(CallError::Unknown)? {
                Some((answer, is_free)) => (Ok(answer), is_free),
                None => (Err(CallError::NotSent(NotSent::Held)), true),
            };
        if is_free {
            line.buffer.clear();
            line.buffer.shrink_to(BUFFER_MAX);
            self.kept.put(line);
        }
        answer
    }

    fn write_request(&self, out: &mut Vec<u8>, url: &Url, token: &AccessToken, body: &[u8]) {
        out.reserve(body.len() + url.path().len() + 512);
        for part in ["POST ", url.path()] {
            out.extend_from_slice(part.as_bytes());
        }
        if let Some(proof) = token.proof() {
            for part in ["?", crate::token::PROOF, "=", proof] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        for part in [
            " HTTP/1.1\r\nhost: ",
            &self.host,
            "\r\nuser-agent: ",
            super::USER_AGENT,
            "\r\naccept: */*\r\ncontent-type: application/json\r\nauthorization: Bearer ",
            token.expose(),
            "\r\ncontent-length: ",
            &body.len().to_string(),
            "\r\n\r\n",
        ] {
            out.extend_from_slice(part.as_bytes());
        }
        out.extend_from_slice(body);
    }
}

impl Line {
    /// Whether the other side has neither closed it nor sent what nobody asked for, as far as is known.
    fn is_open(&mut self) -> bool {
        let mut byte = [0];
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.io).poll_read(&mut context, &mut ReadBuf::new(&mut byte)).is_pending()
    }

    /// Sends what is in the buffer and reads the answer; beside it, whether the connection may be used again. Nothing
    /// when it may not leave.
    async fn exchange(&mut self, may_leave: impl Fn() -> bool) -> Result<Option<(Answer, bool)>, Unknown> {
        let broken = |error: std::io::Error| Unknown::Broken(error.to_string());
        // Between the question and the first byte nothing is waited for. Where the connection takes nothing yet, it is
        // asked again; and a task that has done so much at once that the runtime would have it pause pauses before.
        let first = poll_fn(|context| {
            if !has_budget_remaining() {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !may_leave() {
                return Poll::Ready(Ok(None));
            }
            Pin::new(&mut self.io).poll_write(context, &self.buffer).map_ok(Some)
        });
        let Some(written) = first.await.map_err(broken)? else { return Ok(None) };
        self.io.write_all(self.buffer.get(written..).unwrap_or_default()).await.map_err(broken)?;
        self.io.flush().await.map_err(broken)?;
        self.buffer.clear();
        let mut incoming = Incoming::default();
        while !incoming.is_whole(&self.buffer)? {
            if self.io.read_buf(&mut self.buffer).await.map_err(broken)? == 0 {
                incoming.end(&self.buffer)?;
                break;
            }
        }
        let is_free = incoming.may_go_on(&self.buffer);
        Ok(Some((incoming.into_answer()?, is_free)))
    }
}

impl From<Malformed> for Unknown {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Answer { http_status } => Self::Unreadable { http_status },
            Malformed::Head => Self::Broken("the answer is not HTTP".to_owned()),
            Malformed::CutShort => {
                Self::Broken("the connection was closed before the answer was whole".to_owned())
            }
        }
    }
}
