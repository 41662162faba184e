//! The two cookies of a browser: its session, and that it is known.
//!
//! With https their names begin with `__Host-`, so that no other host of the domain can set them.

use axum::http::{HeaderMap, HeaderValue, header};
use tisara_domain::Duration;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The secret of a session.
    Session,
    /// The secret of a browser on which the person signed in before.
    Device,
}

impl Cookie {
    const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-tisara",
            (Self::Session, false) => "tisara",
            (Self::Device, true) => "__Host-tisara-device",
            (Self::Device, false) => "tisara-device",
        }
    }

    /// What the browser sent of it.
    pub(crate) fn find(self, headers: &HeaderMap, https: bool) -> Option<&str> {
        let name = self.name(https);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The header that sets it, for so long.
    pub(crate) fn set(self, secret: &str, for_: Duration, https: bool) -> Option<HeaderValue> {
        let secure = if https { "; Secure" } else { "" };
        let text = format!(
            "{}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}",
            self.name(https),
            for_.as_secs()
        );
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The header that removes it.
    pub(crate) fn remove(self, https: bool) -> Option<HeaderValue> {
        self.set("", Duration::ZERO, https)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let headers = HeaderMap::from_iter([(
            header::COOKIE,
            HeaderValue::from_static("a=b; tisara-device=d; tisara=s; __Host-tisara=h"),
        )]);
        assert_eq!(Cookie::Session.find(&headers, false), Some("s"));
        assert_eq!(Cookie::Session.find(&headers, true), Some("h"));
        assert_eq!(Cookie::Device.find(&headers, false), Some("d"));
        assert_eq!(Cookie::Device.find(&headers, true), None);
    }

    #[test]
    fn a_cookie_is_kept_from_scripts_and_other_sites() {
        let set = Cookie::Session.set("x", Duration::from_secs(60), true).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-tisara=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
        );
        assert!(
            !Cookie::Session.set("x", Duration::ZERO, false).unwrap().to_str().unwrap().contains("Secure")
        );
    }
}
