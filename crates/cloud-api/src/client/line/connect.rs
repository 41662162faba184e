//! A connection to Meta's host: name, TCP, TLS, and the network's proxy where there is one.

use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{HttpConnector, proxy::Tunnel};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt as _;

use super::super::error::{NotSent, innermost};
use super::super::{ClientError, is_loopback};
use crate::config::Graph;

/// Bytes to and from Meta.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Opens connections to one host.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    way: Way,
    to: Uri,
    timeout: Duration,
}

type Direct = HttpsConnector<HttpConnector>;

#[derive(Debug, Clone)]
enum Way {
    Direct(Direct),
    /// By `CONNECT` through the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY`).
    Proxied(Box<HttpsConnector<Tunnel<Direct>>>),
}

impl Connector {
    /// To the host of `base_url`, by a proxy if one of `proxies` is meant for it.
    pub(super) fn new(graph: &Graph, tls: ClientConfig, proxies: &Matcher) -> Result<Self, ClientError> {
        let base = &graph.base_url;
        let (Some(host), Some(port)) = (base.host_str(), base.port_or_known_default()) else {
            return Err(ClientError::BadAddress);
        };
        // With its port: a proxy is asked for 443 otherwise.
        let to = format!("{}://{host}:{port}/", base.scheme());
        let to: Uri = to.parse().map_err(|_| ClientError::BadAddress)?;
        let direct = with_tls(tcp(graph), tls.clone());
        // The emulator on this machine is not reached through a proxy of the network.
        let proxy = if is_loopback(base) { None } else { proxies.intercept(&to) };
        let way = match proxy {
            None => Way::Direct(direct),
            Some(proxy) => {
                let tunnel = Tunnel::new(proxy.uri().clone(), direct);
                let tunnel = match proxy.basic_auth() {
                    Some(auth) => tunnel.with_auth(auth.clone()),
                    None => tunnel,
                };
                Way::Proxied(Box::new(with_tls(tunnel, tls)))
            }
        };
        Ok(Self { way, to, timeout: Duration::from_millis(graph.connect_timeout_ms) })
    }

    /// Opens one, TLS included, within the time for it.
    pub(super) async fn open(&self) -> Result<Box<dyn Io>, NotSent> {
        let opening = async {
            let to = self.to.clone();
            match &self.way {
                Way::Direct(way) => way.clone().oneshot(to).await.map(boxed),
                Way::Proxied(way) => way.clone().oneshot(to).await.map(boxed),
            }
        };
        tokio::time::timeout(self.timeout, opening)
            .await
            .map_err(|_| NotSent::Connect("no connection in time".to_owned()))?
            .map_err(|error| NotSent::Connect(innermost(&*error)))
    }
}

fn boxed(io: impl hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static) -> Box<dyn Io> {
    Box::new(TokioIo::new(io))
}

fn tcp(graph: &Graph) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // What a broken line has kept from Meta for longer than we wait shall not reach it later.
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(Duration::from_millis(graph.request_timeout_ms)));
    tcp
}

/// TLS for addresses that ask for it.
fn with_tls<C>(below: C, tls: ClientConfig) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(below)
}
