//! JSON as Meta writes it in webhooks: `/` as `\/` and everything beyond ASCII as `\uXXXX`. A
//! receiver that checks the signature over re-written JSON therefore fails, as it would in earnest.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io;

/// Writes `value` with Meta's escapes.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    let mut out = Vec::with_capacity(1_024);
    write_json(&mut out, value);
    // Only ASCII is ever written.
    String::from_utf8(out).unwrap_or_default()
}

/// Writes `value` at the end of `out`.
pub(crate) fn write_json(out: &mut Vec<u8>, value: &impl Serialize) {
    // Writing to memory does not fail, and the values here have text keys only.
    let _ = value.serialize(&mut Serializer::with_formatter(out, MetaFormatter));
}

struct MetaFormatter;

impl Formatter for MetaFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut plain = 0;
        for (i, c) in text.char_indices() {
            if c != '/' && c.is_ascii() {
                continue;
            }
            out.write_all(&text.as_bytes()[plain..i])?;
            plain = i + c.len_utf8();
            if c == '/' {
                out.write_all(b"\\/")?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        out.write_all(&text.as_bytes()[plain..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn slashes_and_other_scripts_are_escaped() {
        let text = to_json(&json!({"url": "https://x/é", "smile": "😀", "quote": "\"\n"}));
        assert!(text.contains(r"https:\/\/x\/\u00e9") && text.contains(r"\ud83d\ude00"), "{text}");
        assert!(text.contains(r#"\"\n"#));
    }

    proptest! {
        #[test]
        fn escaped_json_reads_back_the_same(s: String) {
            let text = to_json(&json!({ "s": s }));
            prop_assert!(text.is_ascii());
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), json!({ "s": s }));
        }
    }
}
