//! The texts of a template with their variables: which there are, and how they read when filled.
//!
//! Meta: positional variables are `{{1}}`, named ones `{{first_name}}` (lower case, digits,
//! underscore). A value may hold no line break, tab, or more than four spaces in a row, and may not
//! be empty (codes 132000, 132012, 132018).

use std::borrow::Cow;

/// The variables of `text` in order of first appearance, each once.
#[must_use]
pub fn variables(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for piece in pieces(text) {
        if let Piece::Variable(name) = piece
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}

/// `text` with each variable replaced by what `value` gives for its name; one without a value stays
/// as it is written.
#[must_use]
pub fn render<'v>(text: &str, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for piece in pieces(text) {
        match piece {
            Piece::Text(t) => out.push_str(t),
            Piece::Variable(name) => match value(name) {
                Some(v) => out.push_str(&v),
                None => {
                    out.push_str("{{");
                    out.push_str(name);
                    out.push_str("}}");
                }
            },
        }
    }
    out
}

/// A value as Meta accepts it: white space folded to single spaces, ends trimmed. `None` when
/// nothing is left.
#[must_use]
pub fn clean_value(value: &str) -> Option<Cow<'_, str>> {
    let folded_already = !value.contains(|c: char| c.is_whitespace() && c != ' ') && !value.contains("  ");
    if folded_already {
        let trimmed = value.trim();
        return (!trimmed.is_empty()).then_some(Cow::Borrowed(trimmed));
    }
    let folded = value.split_whitespace().collect::<Vec<_>>().join(" ");
    (!folded.is_empty()).then_some(Cow::Owned(folded))
}

enum Piece<'t> {
    Text(&'t str),
    Variable(&'t str),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        match next_variable(rest) {
            Some((0, name, end)) => {
                rest = &rest[end..];
                Some(Piece::Variable(name))
            }
            Some((start, ..)) => {
                let (before, after) = rest.split_at(start);
                rest = after;
                Some(Piece::Text(before))
            }
            None => Some(Piece::Text(std::mem::take(&mut rest))),
        }
    })
}

/// Start, name and end of the first well-formed variable.
fn next_variable(text: &str) -> Option<(usize, &str, usize)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("{{") {
        let start = from + found;
        let inner = &text[start + 2..];
        if let Some(close) = inner.find("}}") {
            let name = inner[..close].trim();
            if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Some((start, name, start + 2 + close + 2));
            }
        }
        from = start + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn variables_are_found_once_each_in_order() {
        assert_eq!(variables("Hi {{1}}, order {{2}} for {{1}}"), ["1", "2"]);
        assert_eq!(variables("Hi {{ first_name }}"), ["first_name"]);
        assert_eq!(variables("no {{}} and {{a b}} and {{1"), Vec::<&str>::new());
        assert_eq!(variables("{{{1}}"), ["1"]);
    }

    #[test]
    fn a_text_is_filled() {
        let text = render("Hi {{1}}, {{2}}", |n| (n == "1").then(|| "Nimal".into()));
        assert_eq!(text, "Hi Nimal, {{2}}");
    }

    #[test]
    fn values_lose_what_meta_refuses() {
        assert_eq!(clean_value(" a\n b\t\tc "), Some("a b c".into()));
        assert_eq!(clean_value("plain"), Some("plain".into()));
        assert_eq!(clean_value(" \n "), None);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_is_lost(text in ".{0,100}") {
            let _ = variables(&text);
            if variables(&text).is_empty() {
                prop_assert_eq!(render(&text, |_| None), text);
            }
        }

        #[test]
        fn cleaned_values_hold_nothing_meta_refuses(text in "[ a-c\\n\\t]{0,40}") {
            if let Some(v) = clean_value(&text) {
                prop_assert!(!v.contains(['\n', '\t']) && !v.contains("     ") && !v.trim().is_empty());
            }
        }
    }
}
