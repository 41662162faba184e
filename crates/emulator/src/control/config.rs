//! Changing the behaviour while it runs, by a JSON merge patch.

use crate::settings::Behaviour;
use serde_json::Value;

/// A patch that does not fit.
#[derive(Debug, thiserror::Error)]
#[error("the configuration was not changed: {0}")]
pub struct ConfigError(#[from] serde_json::Error);

/// `behaviour` with `patch` over it (RFC 7396): objects merge, `null` goes back to the default,
/// everything else replaces.
pub(super) fn patched(behaviour: &Behaviour, patch: Value) -> Result<Behaviour, ConfigError> {
    let mut all = serde_json::to_value(behaviour)?;
    merge(&mut all, patch);
    let new: Behaviour = serde_json::from_value(all)?;
    new.check().map_err(<serde_json::Error as serde::de::Error>::custom)?;
    Ok(new)
}

fn merge(into: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *into = patch;
        return;
    };
    if let Value::Object(into) = into {
        for (k, v) in patch {
            // A named identity replaces another whole.
            if v.is_object() && k != "identity" && into.get(&k).is_some_and(Value::is_object) {
                merge(into.entry(k).or_insert(Value::Null), v);
            } else if v.is_null() && k != "pair" && k != "user_cap" {
                into.remove(&k);
            } else {
                into.insert(k, v);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Identity, Throughput};
    use serde_json::json;

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let b = patched(
            &Behaviour::default(),
            json!({"rules": {"us_marketing": false}, "pace": {"messages_per_second": "max", "pair": null},
                   "identity": {"callback_data_up_to": {"separator": ".", "parts": 2}}}),
        )
        .unwrap();
        assert!(!b.rules.us_marketing && b.rules.opted_out);
        assert_eq!(b.pace.messages_per_second, Throughput::Max);
        assert_eq!(b.pace.pair, None);
        assert_eq!(b.identity, Identity::CallbackDataUpTo { separator: '.', parts: 2 });
        let back = patched(&b, json!({"rules": null, "identity": "callback_data"})).unwrap();
        assert!(back.rules.us_marketing && back.identity == Identity::CallbackData);
    }

    #[test]
    fn a_patch_with_an_unknown_name_changes_nothing() {
        assert!(patched(&Behaviour::default(), json!({"rulez": {}})).is_err());
        assert!(patched(&Behaviour::default(), json!({"pace": {"messages_per_second": 0}})).is_err());
        assert!(patched(&Behaviour::default(), json!({"population": {"reads": 7}})).is_err());
        assert!(patched(&Behaviour::default(), json!({"statuses": {"sent_ms": [9, 1]}})).is_err());
    }
}
