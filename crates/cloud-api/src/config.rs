//! Where the Graph API is and how patient to be with it.

use serde::{Deserialize, Serialize};
use url::Url;

/// The version this crate is written against. Meta: v25.0 answers until 2028-07-29.
pub const DEFAULT_VERSION: &str = "v25.0";

/// Address, version and time-outs of the Graph API. The emulator is reached by changing `base_url` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Graph {
    /// Host of every versioned call. Default `https://graph.facebook.com/`.
    pub base_url: Url,
    /// Host of the few calls without a version. Default: `https://api.facebook.com/` beside Meta's own
    /// `base_url`, otherwise `base_url` itself.
    pub api_base_url: Option<Url>,
    /// Version in the path, such as `v25.0`.
    pub version: String,
    /// Longest wait for a connection, TLS included. What fails here surely never reached Meta.
    pub connect_timeout_ms: u64,
    /// Longest wait for a whole call. A send that ends here may have gone out.
    pub request_timeout_ms: u64,
    /// Longest wait for a media upload or download.
    pub media_timeout_ms: u64,
    /// How long an idle connection is kept; half as long may do.
    pub pool_idle_timeout_ms: u64,
    /// How many idle connections for sends are kept. With fewer than there are sends at once, they are closed and opened
    /// all the time.
    pub pool_idle_max: usize,
    /// Hosts, beside that of `base_url`, to which the token may be sent to fetch media. Meta: media
    /// addresses are on `lookaside.fbsbx.com`.
    pub media_hosts: Vec<String>,
}

impl Default for Graph {
    #[expect(clippy::expect_used, reason = "the address is a constant, covered by a test")]
    fn default() -> Self {
        Self {
            base_url: Url::parse("https://graph.facebook.com/").expect("a valid address"),
            api_base_url: None,
            version: DEFAULT_VERSION.to_owned(),
            connect_timeout_ms: 5_000,
            request_timeout_ms: 30_000,
            media_timeout_ms: 300_000,
            pool_idle_timeout_ms: 60_000,
            pool_idle_max: 512,
            media_hosts: vec!["lookaside.fbsbx.com".to_owned()],
        }
    }
}

impl Graph {
    /// The defaults at another address, for the emulator and for tests.
    #[must_use]
    pub fn at(base_url: Url) -> Self {
        Self { base_url, ..Self::default() }
    }

    /// Host of the calls without a version.
    #[must_use]
    pub fn unversioned_base(&self) -> Url {
        if let Some(url) = &self.api_base_url {
            return url.clone();
        }
        let mut url = self.base_url.clone();
        if self.base_url.host_str() == Some("graph.facebook.com") {
            // Only the host changes: it is a constant, so setting it cannot fail.
            let _ = url.set_host(Some("api.facebook.com"));
        }
        url
    }

    /// Whether the token may be sent to this address. Media addresses come out of answers and webhooks
    /// and are not trusted.
    #[must_use]
    pub fn may_receive_token(&self, url: &Url) -> bool {
        let same_origin = |trusted: &Url| {
            url.scheme() == trusted.scheme()
                && url.host_str() == trusted.host_str()
                && url.port_or_known_default() == trusted.port_or_known_default()
        };
        if same_origin(&self.base_url) || same_origin(&self.unversioned_base()) {
            return true;
        }
        let Some(host) = url.host_str() else { return false };
        url.scheme() == "https"
            && url.port_or_known_default() == Some(443)
            && self.media_hosts.iter().any(|allowed| host == allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_metas_hosts_over_tls() {
        let graph = Graph::default();
        assert_eq!(graph.base_url.as_str(), "https://graph.facebook.com/");
        assert_eq!(graph.unversioned_base().as_str(), "https://api.facebook.com/");
        let local = Graph::at(Url::parse("http://127.0.0.1:4300/").unwrap());
        assert_eq!(local.unversioned_base().as_str(), "http://127.0.0.1:4300/");
    }

    #[test]
    fn the_token_goes_only_to_trusted_hosts_over_tls() {
        let graph = Graph::default();
        let may = |text: &str| graph.may_receive_token(&Url::parse(text).unwrap());
        assert!(may("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1"));
        assert!(may("https://graph.facebook.com/v25.0/1"));
        assert!(!may("http://lookaside.fbsbx.com/a"));
        assert!(!may("https://lookaside.fbsbx.com:8443/a"));
        assert!(!may("https://lookaside.fbsbx.com.evil.example/a"));
        assert!(!may("https://evil.lookaside.fbsbx.com/a"));
        assert!(!may("https://user@evil.example/?lookaside.fbsbx.com"));
    }
}
