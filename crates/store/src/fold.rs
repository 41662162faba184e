//! Text as it is searched: two spellings that a person would call the same become the same bytes, so
//! that both databases compare them alike. Their own `lower` and `LIKE` disagree outside ASCII.

use unicode_normalization::UnicodeNormalization as _;

/// Compatibility forms unified, lower case, joiners dropped (keyboards put them in or not), white
/// space folded to single spaces.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return single_spaces(&text.to_ascii_lowercase());
    }
    let folded: String = text
        .nfkc()
        .filter(|c| !matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'))
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect();
    single_spaces(&folded)
}

fn single_spaces(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A `LIKE` pattern, with `\` as its escape, for `text` standing anywhere.
pub(crate) fn containing(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_name_fold_alike() {
        assert_eq!(fold("  Élodie\tBRÛLÉ "), "élodie brûlé");
        assert_eq!(fold("E\u{301}lodie"), fold("Élodie"));
        assert_eq!(fold("Ｎｉｍａｌ"), "nimal");
        assert_eq!(fold("ශ්\u{200D}රී"), fold("ශ්රී"));
        assert_eq!(fold("நிமல்"), "நிமல்");
    }

    #[test]
    fn signs_of_patterns_stand_for_themselves() {
        assert_eq!(containing("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
