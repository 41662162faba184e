//! Bounds on what one body may make the reader do.

use super::envelope::{MAX_VALUES, WebhookError};

/// A body of fewer bytes cannot hold too many values: each takes at least two.
const COUNT_FROM_BYTES: usize = 2 * MAX_VALUES;

/// Levels the JSON reader goes down before it gives up.
const MAX_DEPTH: usize = 127;

/// Refuses a body with more values than Meta could send in its size. Ordinary bodies are too short to need
/// the look.
pub(super) fn check_count(body: &[u8]) -> Result<(), WebhookError> {
    if body.len() < COUNT_FROM_BYTES {
        return Ok(());
    }
    let values = survey(body).values;
    if values > MAX_VALUES { Err(WebhookError::TooMany { values }) } else { Ok(()) }
}

/// Says of a body that could not be read whether it is nested too deeply.
pub(super) fn check_depth(body: &[u8]) -> Result<(), WebhookError> {
    if survey(body).depth > MAX_DEPTH { Err(WebhookError::TooDeep { most: MAX_DEPTH }) } else { Ok(()) }
}

struct Survey {
    /// Values, or one less for each list and object that is not empty.
    values: usize,
    depth: usize,
}

/// One pass over the bytes. Counts commas and brackets outside of text; whether it is JSON is for the
/// reader to say.
fn survey(body: &[u8]) -> Survey {
    let (mut values, mut depth, mut deepest) = (0_usize, 0_usize, 0_usize);
    let (mut in_text, mut escaped) = (false, false);
    for byte in body {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b',' => values += 1,
            b'[' | b'{' => {
                values += 1;
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Survey { values, depth: deepest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_not_counted() {
        let seen = survey(br#"{"a,[{":"\"},,[[","b":[1,2,{"c":[]}]}"#);
        assert_eq!((seen.values, seen.depth), (7, 4));
    }
}
