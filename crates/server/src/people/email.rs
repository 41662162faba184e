//! E-mail addresses: as people write them, and in the one form that all spellings of an address share.

use unicode_normalization::UnicodeNormalization as _;
use url::Host;

/// Longest address, in bytes (RFC 5321: 254 with the path's brackets taken off).
const MAX_LEN: usize = 254;
const LOCAL_MAX_LEN: usize = 64;

/// An address that could exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Email {
    /// As it was written.
    pub(crate) text: String,
    /// The form in which it is compared.
    pub(crate) fold: String,
}

impl Email {
    /// Reads an address; `None` for anything that cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Composed, as mail servers want it.
        let text: String = text.trim().nfc().collect();
        let (local, domain) = text.rsplit_once('@')?;
        let forbidden =
            |c: char| c.is_control() || c.is_whitespace() || "\"(),:;<>@[\\]".contains(c) || is_invisible(c);
        if text.len() > MAX_LEN
            || local.is_empty()
            || local.len() > LOCAL_MAX_LEN
            || local.chars().any(forbidden)
            || local.starts_with('.')
            || local.ends_with('.')
            || local.contains("..")
        {
            return None;
        }
        let domain = ascii_domain(domain)?;
        lettre::Address::new(local, &domain).ok()?;
        let fold = format!("{}@{domain}", fold(local));
        Some(Self { text, fold })
    }

    /// The form in which an address is looked up that somebody typed: of what is no address, something
    /// that no address has.
    pub(crate) fn looked_up(text: &str) -> String {
        Self::parse(text).map_or_else(|| fold(text.trim()), |email| email.fold)
    }
}

/// The domain as the name system knows it; `xn--…` and its Unicode form are the same.
fn ascii_domain(domain: &str) -> Option<String> {
    let Ok(Host::Domain(ascii)) = Host::parse(domain) else { return None };
    let ascii = ascii.trim_end_matches('.').to_owned();
    let labels_fit = ascii.split('.').all(|label| (1..=63).contains(&label.len()));
    (ascii.contains('.') && labels_fit && !ascii.contains('%')).then_some(ascii)
}

const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}

/// Compatibility forms unified, case removed. By upper case first, so that letters with several small
/// forms (ß and ss, ς and σ, ı and i) become one: two people never differ by that alone.
fn fold(text: &str) -> String {
    let upper: String = text.nfkc().flat_map(char::to_uppercase).collect();
    upper.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        Email::parse(text).unwrap_or_else(|| panic!("{text}")).fold
    }

    #[test]
    fn spellings_of_one_address_are_one() {
        assert_eq!(folded("  Nimal@Example.ORG "), "nimal@example.org");
        assert_eq!(folded("ｎｉｍａｌ@example.org"), "nimal@example.org");
        assert_eq!(folded("E\u{301}lodie@example.org"), folded("élodie@example.org"));
        assert_eq!(folded("STRASSE@example.org"), folded("straße@example.org"));
        assert_eq!(folded("a@bücher.example"), folded("A@xn--bcher-kva.example"));
        assert_eq!(folded("nimal@example.org."), "nimal@example.org");
        assert_eq!(Email::looked_up("NIMAL@example.org"), "nimal@example.org");
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("a@{}.org", "b.".repeat(150));
        for text in [
            "",
            "@",
            "a@",
            "@b.org",
            "a",
            "a@b",
            "a b@c.org",
            "a@b@c.org",
            "a@127.0.0.1",
            "a@[::1]",
            "a@b..org",
            ".a@b.org",
            "a.@b.org",
            "a..b@c.org",
            "a\n@b.org",
            "a\u{200B}@b.org",
            "\"a\"@b.org",
            "a@b c.org",
            &long,
            &longer,
            "a@\u{0}.org",
            "a,b@c.org",
            "a@b.org\r\nBcc: c@d.org",
        ] {
            assert_eq!(Email::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn folding_is_stable() {
        for text in ["Straße", "ΣΊΣΥΦΟΣ", "ıI", "İ", "ǆ", "ŉ"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }
}
