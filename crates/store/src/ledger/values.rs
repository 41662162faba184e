//! What a row keeps of its variables. A text that everybody gets stands in the campaign alone, which does not change
//! once it is planned; a row keeps what is its person's. Of a million rows that is what planning writes, and every
//! change of a row after it.

use crate::campaigns::{Binding, Source};
use std::borrow::Cow;

/// The text that everybody gets, empty if there is none; `None` where the value is the person's.
#[must_use]
pub fn shared(binding: &Binding) -> Option<&str> {
    let Source::Text { text } = &binding.source else { return None };
    let fallback = binding.fallback.as_deref().unwrap_or_default();
    [text, fallback].into_iter().map(|text| text.trim_matches(' ')).find(|text| !text.is_empty()).or(Some(""))
}

/// The values of one row, in the order of the campaign's bindings. `frozen` is what the row keeps: a JSON array of those
/// that are the person's, or of all in rows that an earlier version planned.
///
/// `None` when it cannot be read, does not fit the bindings, or is gone with the person.
#[must_use]
pub fn values<'b>(bindings: &'b [Binding], frozen: Option<&str>) -> Option<Vec<Cow<'b, str>>> {
    let Some(frozen) = frozen else { return bindings.is_empty().then(Vec::new) };
    let own: Vec<String> = serde_json::from_str(frozen).ok()?;
    if own.len() == bindings.len() {
        return Some(own.into_iter().map(Cow::Owned).collect());
    }
    let mut own = own.into_iter();
    let all: Option<Vec<Cow<'b, str>>> = bindings
        .iter()
        .map(|binding| shared(binding).map(Cow::Borrowed).or_else(|| own.next().map(Cow::Owned)))
        .collect();
    all.filter(|_| own.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaigns::Place;

    fn bound(source: Source, fallback: Option<&str>) -> Binding {
        Binding { place: Place::Body, name: "1".to_owned(), source, fallback: fallback.map(str::to_owned) }
    }

    fn text(text: &str, fallback: Option<&str>) -> Binding {
        bound(Source::Text { text: text.to_owned() }, fallback)
    }

    #[test]
    fn a_rows_own_values_stand_between_the_shared_ones() {
        let bindings = [text("Sale", None), bound(Source::Name, None), text(" 25% ", None)];
        assert_eq!(values(&bindings, Some(r#"["Nimal"]"#)).unwrap(), ["Sale", "Nimal", "25%"]);
        assert_eq!(values(&bindings[..1], Some("[]")).unwrap(), ["Sale"]);
    }

    #[test]
    fn a_row_of_an_earlier_version_keeps_all_of_its_values() {
        let bindings = [text("Sale", None), bound(Source::Name, None)];
        assert_eq!(values(&bindings, Some(r#"["Sold","Nimal"]"#)).unwrap(), ["Sold", "Nimal"]);
    }

    #[test]
    fn what_does_not_fit_is_no_value() {
        let bindings = [text("Sale", None), bound(Source::Name, None), bound(Source::Phone, None)];
        for frozen in [None, Some("no json"), Some("[]"), Some(r#"["a"]"#), Some(r#"["a","b","c","d"]"#)] {
            assert_eq!(values(&bindings, frozen), None, "{frozen:?}");
        }
        assert_eq!(values(&[], None), Some(Vec::new()));
    }

    #[test]
    fn a_blank_text_gives_way_to_its_fallback() {
        assert_eq!(shared(&text("  ", Some(" all "))), Some("all"));
        assert_eq!(shared(&text("  ", None)), Some(""));
        assert_eq!(shared(&bound(Source::Name, Some("all"))), None);
    }
}
