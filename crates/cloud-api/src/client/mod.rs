//! The typed client, one for the whole process, a token a call: connections of its own for sends (`line`), reqwest
//! for everything else.
//!
//! One call is at most one HTTP request: no redirect is followed and nothing is repeated here, not even
//! what HTTP/2 calls safe to repeat. Whether to try again is the caller's decision, on the ground of
//! [`CallError`].

pub(crate) mod call;
mod error;
mod line;
pub(crate) mod page;
mod send;
pub mod usage;

pub use call::MAX_ANSWER_BYTES;
pub use error::{CallError, ErrorBody, ErrorData, ErrorEnvelope, GraphError, NotSent, Unknown};
pub use page::{Cursors, Page, PageRequest, Paging};
pub use send::{ContactEcho, Gate, MessageId, MessageStatus, NumberRoute, SendAnswer, SendReceipt};

use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::ConfigBuilderExt as _;
use url::Url;

use crate::config::Graph;
use crate::token::AccessToken;

/// What this client calls itself.
const USER_AGENT: &str = concat!("tisara/", env!("CARGO_PKG_VERSION"));

/// The Graph API. Cheap to clone; make one a process.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    lines: line::Lines,
    graph: Graph,
    unversioned_base: Url,
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address cannot carry a path, such as `mailto:`.
    #[error("the address of the Graph API must be an http or https address")]
    BadAddress,
    /// No TLS provider is installed; the process does that once, at its start.
    #[error("no TLS provider is installed in this process")]
    NoTlsProvider,
    /// The HTTP library refused its settings.
    #[error("the HTTP client could not be made: {0}")]
    Http(#[from] reqwest::Error),
    /// The authorities that this system trusts could not be read.
    #[error("the system's certificates cannot be read: {0}")]
    Tls(#[from] rustls::Error),
}

impl Client {
    /// Makes the client. The process must have installed rustls' crypto provider before.
    ///
    /// # Errors
    /// [`ClientError`] when the address is not HTTP or the HTTP client cannot be built.
    pub fn new(graph: Graph) -> Result<Self, ClientError> {
        let unversioned_base = graph.unversioned_base();
        for url in [&graph.base_url, &unversioned_base] {
            if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
                return Err(ClientError::BadAddress);
            }
        }
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(ClientError::NoTlsProvider);
        }
        // Whom the system trusts is read once, for both.
        let tls = rustls::ClientConfig::builder().try_with_platform_verifier()?.with_no_client_auth();
        let lines = line::Lines::new(&graph, tls.clone())?;
        let http = Self::http_client(&graph, tls)?;
        Ok(Self { inner: Arc::new(Inner { http, lines, unversioned_base, graph }) })
    }

    fn http_client(graph: &Graph, mut tls: rustls::ClientConfig) -> reqwest::Result<reqwest::Client> {
        tls.alpn_protocols = [b"h2".as_slice(), b"http/1.1"].map(<[u8]>::to_vec).into();
        let mut builder = reqwest::Client::builder();
        // The emulator on this machine is not reached through a proxy of the network.
        if is_loopback(&graph.base_url) {
            builder = builder.no_proxy();
        }
        // What a broken line has kept from Meta for longer than we wait shall not reach it later.
        #[cfg(target_os = "linux")]
        {
            builder = builder.tcp_user_timeout(Duration::from_millis(graph.request_timeout_ms));
        }
        builder
            .tls_backend_preconfigured(tls)
            .user_agent(USER_AGENT)
            .connect_timeout(Duration::from_millis(graph.connect_timeout_ms))
            .timeout(Duration::from_millis(graph.request_timeout_ms))
            .pool_idle_timeout(Duration::from_millis(graph.pool_idle_timeout_ms))
            // A redirect would carry a send to a second place; Meta's API has none.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .build()
    }

    /// The settings it was made with.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.inner.graph
    }

    /// All calls, made with this token.
    #[must_use]
    pub fn with_token<'a>(&'a self, token: &'a AccessToken) -> Calls<'a> {
        Calls { client: self, token }
    }

    /// The hot path: a number's send address, parsed once and kept by the sender.
    ///
    /// # Errors
    /// [`CallError::NotSent`] when the id is not one.
    pub fn number(&self, phone_number_id: &str) -> Result<NumberRoute, CallError> {
        let url = self.url(&[phone_number_id, "messages"])?;
        Ok(NumberRoute::new(self.clone(), url))
    }

    /// The same for marketing templates that go through Marketing Messages.
    ///
    /// # Errors
    /// [`CallError::NotSent`] when the id is not one.
    pub fn marketing_number(&self, phone_number_id: &str) -> Result<NumberRoute, CallError> {
        let url = self.url(&[phone_number_id, "marketing_messages"])?;
        Ok(NumberRoute::new(self.clone(), url))
    }

    fn http(&self) -> &reqwest::Client {
        &self.inner.http
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The API as seen with one token. Its calls are defined topic by topic, in the folder of their types.
#[derive(Debug, Clone, Copy)]
pub struct Calls<'a> {
    client: &'a Client,
    token: &'a AccessToken,
}

impl<'a> Calls<'a> {
    /// The client below.
    #[must_use]
    pub fn client(&self) -> &'a Client {
        self.client
    }

    /// The token these calls are made with.
    #[must_use]
    pub fn token(&self) -> &'a AccessToken {
        self.token
    }
}
