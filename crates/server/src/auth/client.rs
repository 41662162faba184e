//! From where a request comes: the address behind the proxies that are believed, and what the browser
//! calls itself.

use crate::edge::ApiError;
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tisara_domain::Network;

/// The longest name of a browser that is kept, in characters.
const AGENT_MAX: usize = 200;

/// The sender of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address.
    pub(crate) ip: IpAddr,
    /// What it calls itself; may be anything.
    pub(crate) agent: String,
}

impl Client {
    pub(crate) fn of(request: &Request, trusted: &[Network]) -> Self {
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
        let agent = request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok());
        let agent = agent.unwrap_or_default().chars().filter(|c| !c.is_control()).take(AGENT_MAX).collect();
        Self { ip: behind_proxies(peer, request.headers(), trusted), agent }
    }
}

/// Each proxy adds at the end of `X-Forwarded-For` whom it heard. What stands before the last address
/// that is no proxy of ours was written by anybody.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
    let mut ip = peer.to_canonical();
    let heard: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for text in heard.iter().rev() {
        if !is_trusted(ip) {
            break;
        }
        let Ok(before) = text.trim().parse::<IpAddr>() else { break };
        ip = before.to_canonical();
    }
    ip
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| ApiError::internal("a route outside the fence asks who is there"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn only_our_own_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("x-forwarded-for"),
            HeaderValue::from_static("6.6.6.6, 203.0.113.7, 10.0.0.2"),
        )]);
        let ours = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(behind_proxies(ip("10.0.0.1"), &headers, &ours), ip("203.0.113.7"));
        assert_eq!(behind_proxies(ip("198.51.100.1"), &headers, &ours), ip("198.51.100.1"));
        assert_eq!(behind_proxies(ip("10.0.0.1"), &headers, &[]), ip("10.0.0.1"));
        assert_eq!(behind_proxies(ip("10.0.0.1"), &HeaderMap::new(), &ours), ip("10.0.0.1"));
        let all = ["0.0.0.0/0".parse().unwrap()];
        let broken = HeaderMap::from_iter([(
            HeaderName::from_static("x-forwarded-for"),
            HeaderValue::from_static("nonsense, 203.0.113.7"),
        )]);
        assert_eq!(behind_proxies(ip("10.0.0.1"), &broken, &all), ip("203.0.113.7"));
    }
}
