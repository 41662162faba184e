//! An open flow on a phone: which screen shows, what was filled in, and what an action does.

use super::flow::screens;
use crate::saved;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A flow somebody has open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) flow: u64,
    /// The business number it was sent from.
    pub(super) number: u64,
    pub(super) wamid: String,
    pub(super) token: String,
    #[serde(with = "saved::shared")]
    pub(super) json: Arc<Value>,
    pub(super) screen: String,
    pub(super) data: Value,
    /// What was filled in, by screen.
    pub(super) forms: Map<String, Value>,
    /// The screens before this one, with their data.
    pub(super) before: Vec<(String, Value)>,
}

/// What an action asks of the phone.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    Screen(String, Value),
    Exchange(Value),
    Complete(Value),
    Stay,
}

impl Session {
    pub(super) fn layout(&self) -> Value {
        self.shown().map(|s| s["layout"].clone()).unwrap_or_default()
    }

    pub(super) fn shown(&self) -> Option<&Value> {
        screens(&self.json).find(|s| s["id"] == self.screen.as_str())
    }

    /// Goes to a screen; the present one can be gone back to.
    pub(super) fn go(&mut self, screen: String, data: Value) {
        let old = std::mem::replace(&mut self.screen, screen);
        let old_data = std::mem::replace(&mut self.data, data);
        if old != self.screen {
            self.before.push((old, old_data));
        }
    }

    /// Takes an action of the screen: the one of the component so labelled or named, or the footer's.
    /// `None` when there is no such action.
    pub(super) fn act(&mut self, values: &Map<String, Value>, button: Option<&str>) -> Option<Turn> {
        let form = self.forms.entry(self.screen.clone()).or_insert_with(|| json!({}));
        if let Some(form) = form.as_object_mut() {
            form.extend(values.clone());
        }
        let children = self.shown()?["layout"]["children"].as_array()?.clone();
        let action = find(&children, button)?;
        let payload = self.resolved(&action["payload"]);
        Some(match action["name"].as_str()? {
            "navigate" => Turn::Screen(action["next"]["name"].as_str()?.to_owned(), payload),
            "data_exchange" => Turn::Exchange(payload),
            "complete" => Turn::Complete(payload),
            "update_data" => {
                if let (Some(data), Some(new)) = (self.data.as_object_mut(), payload.as_object()) {
                    data.extend(new.clone());
                }
                Turn::Stay
            }
            _ => Turn::Stay,
        })
    }

    /// A value with its `${…}` filled in; nested expressions stay as they are.
    fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix("${").and_then(|t| t.strip_suffix('}')) {
                Some(path) => self.look_up(path).unwrap_or_default(),
                None => value.clone(),
            },
            Value::Array(all) => all.iter().map(|v| self.resolved(v)).collect(),
            Value::Object(all) => all.iter().map(|(k, v)| (k.clone(), self.resolved(v))).collect(),
            other => other.clone(),
        }
    }

    fn look_up(&self, path: &str) -> Option<Value> {
        let mut steps = path.split('.');
        let mut found = match steps.next()? {
            "form" => self.forms.get(&self.screen)?,
            "data" => &self.data,
            "screen" => {
                let screen = steps.next()?;
                match steps.next()? {
                    "form" => self.forms.get(screen)?,
                    "data" if screen == self.screen => &self.data,
                    "data" => self.before.iter().rev().find(|(s, _)| s == screen).map(|(_, d)| d)?,
                    _ => return None,
                }
            }
            _ => return None,
        };
        for step in steps {
            found = found.get(step)?;
        }
        Some(found.clone())
    }

    /// What a person sees of it.
    pub(super) fn view(&self) -> Value {
        let children = self.layout()["children"].as_array().cloned().unwrap_or_default();
        let mut fields = Vec::new();
        let mut actions = Vec::new();
        self.list(&children, &mut fields, &mut actions);
        json!({
            "open": true, "flow_id": self.flow.to_string(), "flow_token": self.token, "wamid": self.wamid,
            "screen": self.screen, "title": self.shown().map(|s| s["title"].clone()), "data": self.data,
            "fields": fields, "actions": actions,
        })
    }

    fn list(&self, children: &[Value], fields: &mut Vec<Value>, actions: &mut Vec<Value>) {
        for c in children {
            let kind = c["type"].as_str().unwrap_or_default();
            if c["on-click-action"].is_object() {
                actions.push(self.resolved(if c["label"].is_null() { &c["text"] } else { &c["label"] }));
            } else if kind.starts_with("Text") && c["text"].is_string() || kind == "RichText" {
                fields.push(json!({"type": "text", "text": self.resolved(&c["text"])}));
            } else if c["name"].is_string() && kind != "Form" {
                fields.push(json!({
                    "type": kind, "name": c["name"], "label": self.resolved(&c["label"]),
                    "required": self.resolved(&c["required"]), "input_type": c["input-type"],
                    "options": self.resolved(&c["data-source"]),
                }));
            }
            for branch in ["children", "then"] {
                if let Some(children) = c[branch].as_array() {
                    self.list(children, fields, actions);
                }
            }
        }
    }
}

/// An action among components: of the one so called, or of the footer.
fn find<'j>(children: &'j [Value], button: Option<&str>) -> Option<&'j Value> {
    children.iter().find_map(|c| {
        let action = c.get("on-click-action").filter(|a| a.is_object());
        let called = match button {
            None => c["type"] == "Footer",
            Some(b) => ["label", "text", "name"].iter().any(|n| c[*n] == b),
        };
        if called && action.is_some() {
            return action;
        }
        ["children", "then", "else", "list-items"]
            .iter()
            .find_map(|branch| find(c[*branch].as_array()?, button))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(action: Value) -> Session {
        let json = json!({"screens": [{"id": "ONE", "data": {"day": {}}, "layout": {"children": [
            {"type": "Form", "children": [{"type": "TextInput", "name": "who"}, {"type": "Footer", "label": "Go", "on-click-action": action}]}]}}]});
        Session {
            flow: 1,
            number: 2,
            wamid: "w".into(),
            token: "t".into(),
            json: Arc::new(json),
            screen: "ONE".into(),
            data: json!({"day": {"name": "Friday"}}),
            forms: Map::new(),
            before: vec![("ZERO".into(), json!({"n": 7}))],
        }
    }

    #[test]
    fn an_action_takes_what_was_filled_in_and_what_the_screen_has() {
        let payload = json!({"who": "${form.who}", "day": "${data.day.name}", "n": "${screen.ZERO.data.n}", "plain": "x"});
        let mut s = session(json!({"name": "complete", "payload": payload}));
        let filled = json!({"who": "Nimal"}).as_object().cloned().unwrap_or_default();
        let turn = s.act(&filled, None).unwrap();
        assert_eq!(turn, Turn::Complete(json!({"who": "Nimal", "day": "Friday", "n": 7, "plain": "x"})));
        assert_eq!(s.act(&Map::new(), Some("Stay")), None);
    }
}
