//! Checking `interactive` messages: buttons, lists, links, flows, products, carousels.

use super::free_form::{Checked, link_url, missing, most};
use crate::graph::{GraphError, Outcome};
use serde_json::Value;
use std::collections::BTreeSet;

/// Meta's limits on each kind; an unknown kind is refused with 131009.
pub(super) fn check(v: &Value, limits: bool) -> Outcome<Checked> {
    let kind = v["type"].as_str().ok_or_else(|| missing("interactive.type"))?;
    let action = &v["action"];
    if !action.is_object() {
        return Err(missing("interactive.action"));
    }
    let c = Check { limits, action };
    header(&v["header"], kind, limits)?;
    most(limits, "interactive.footer.text", text(&v["footer"]["text"]), 60)?;
    let body_optional = matches!(kind, "product" | "catalog_message" | "call_permission_request");
    if !body_optional && text(&v["body"]["text"]).is_empty() {
        return Err(missing("interactive.body.text"));
    }
    most(
        limits,
        "interactive.body.text",
        text(&v["body"]["text"]),
        if kind == "list" { 4_096 } else { 1_024 },
    )?;
    match kind {
        "button" => c.buttons()?,
        "list" => c.list()?,
        "cta_url" => {
            c.name("cta_url")?;
            let label = c.parameter("display_text")?;
            most(limits, "interactive.action.parameters.display_text", label, 20)?;
            link_url("interactive.action.parameters.url", c.parameter("url")?)?;
        }
        "flow" => {
            c.name("flow")?;
            c.parameter("flow_message_version")?;
            most(limits, "interactive.action.parameters.flow_cta", c.parameter("flow_cta")?, 30)?;
            if c.parameter("flow_id").is_err() {
                c.parameter("flow_name")?;
            }
        }
        "location_request_message" => c.name("send_location")?,
        "request_contact_info" => c.name("request_contact_info")?,
        "call_permission_request" => c.name("call_permission_request")?,
        "catalog_message" => c.name("catalog_message")?,
        "voice_call" => c.name("voice_call")?,
        "address_message" => {
            c.name("address_message")?;
            let country = c.parameter("country")?;
            if !matches!(country, "IN" | "SG") {
                return Err(GraphError::new(131_009).details("address_message is for IN and SG only"));
            }
        }
        "order_details" => c.name("review_and_pay")?,
        "order_status" => c.name("review_order")?,
        "product" => {
            for name in ["catalog_id", "product_retailer_id"] {
                c.required(name)?;
            }
        }
        "product_list" => {
            c.required("catalog_id")?;
            c.products()?;
        }
        "carousel" => c.carousel()?,
        other => {
            return Err(
                GraphError::new(131_009).details(format!("interactive.type \"{other}\" is not known"))
            );
        }
    }
    Ok(Checked::default())
}

fn text(v: &Value) -> &str {
    v.as_str().unwrap_or_default()
}

fn header(v: &Value, of: &str, limits: bool) -> Outcome<()> {
    if v.is_null() {
        return if of == "product_list" { Err(missing("interactive.header")) } else { Ok(()) };
    }
    let kind = text(&v["type"]);
    if matches!(of, "list" | "product_list") && kind != "text" || matches!(of, "product" | "carousel") {
        return Err(GraphError::invalid(format!(
            "interactive.header of type \"{kind}\" is not allowed with {of}"
        )));
    }
    match kind {
        "text" if text(&v["text"]).is_empty() => Err(missing("interactive.header.text")),
        "text" => most(limits, "interactive.header.text", text(&v["text"]), 60),
        "image" | "video" | "document" => {
            let media = &v[kind];
            if media["id"].is_null() && media["link"].is_null() {
                return Err(missing(&format!("interactive.header.{kind}.id or link")));
            }
            Ok(())
        }
        _ => Err(GraphError::new(131_009)
            .details("interactive.header.type must be text, image, video or document")),
    }
}

struct Check<'v> {
    limits: bool,
    action: &'v Value,
}

impl Check<'_> {
    fn required(&self, name: &str) -> Outcome<&str> {
        self.action[name]
            .as_str()
            .filter(|t| !t.is_empty())
            .ok_or_else(|| missing(&format!("interactive.action.{name}")))
    }

    fn name(&self, expected: &str) -> Outcome<()> {
        let name = self.required("name")?;
        if name == expected {
            return Ok(());
        }
        Err(GraphError::new(131_009).details(format!("interactive.action.name must be \"{expected}\"")))
    }

    fn parameter(&self, name: &str) -> Outcome<&str> {
        self.action["parameters"][name]
            .as_str()
            .filter(|t| !t.is_empty())
            .ok_or_else(|| missing(&format!("interactive.action.parameters.{name}")))
    }

    fn count(&self, path: &str, given: usize, low: usize, high: usize) -> Outcome<()> {
        if (low..=high).contains(&given) || !self.limits && given >= low {
            return Ok(());
        }
        Err(GraphError::new(131_009)
            .details(format!("{path}: {low} to {high} are allowed, there are {given}")))
    }

    fn buttons(&self) -> Outcome<()> {
        let path = "interactive.action.buttons";
        let all = self.action["buttons"].as_array().ok_or_else(|| missing(path))?;
        self.count(path, all.len(), 1, 3)?;
        let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
        for (i, b) in all.iter().enumerate() {
            if b["type"] != "reply" {
                return Err(GraphError::new(131_009).details(format!("{path}[{i}].type must be \"reply\"")));
            }
            self.one_of_its_kind(
                &format!("{path}[{i}].reply"),
                &b["reply"],
                (256, 20),
                &mut ids,
                &mut titles,
            )?;
        }
        Ok(())
    }

    fn one_of_its_kind<'v>(
        &self,
        path: &str,
        b: &'v Value,
        (id_most, title_most): (usize, usize),
        ids: &mut BTreeSet<&'v str>,
        titles: &mut BTreeSet<&'v str>,
    ) -> Outcome<()> {
        for (name, limit, seen) in [("id", id_most, ids), ("title", title_most, titles)] {
            let value = b[name]
                .as_str()
                .filter(|t| !t.is_empty())
                .ok_or_else(|| missing(&format!("{path}.{name}")))?;
            most(self.limits, &format!("{path}.{name}"), value, limit)?;
            if !seen.insert(value) {
                return Err(
                    GraphError::new(131_009).details(format!("{path}.{name} \"{value}\" comes twice"))
                );
            }
        }
        Ok(())
    }

    fn list(&self) -> Outcome<()> {
        most(self.limits, "interactive.action.button", self.required("button")?, 20)?;
        let path = "interactive.action.sections";
        let sections = self.action["sections"].as_array().ok_or_else(|| missing(path))?;
        self.count(path, sections.len(), 1, 10)?;
        let mut ids = BTreeSet::new();
        let mut rows_in_all = 0;
        for (i, s) in sections.iter().enumerate() {
            let title = text(&s["title"]);
            if sections.len() > 1 && title.is_empty() {
                return Err(missing(&format!("{path}[{i}].title")));
            }
            most(self.limits, &format!("{path}[{i}].title"), title, 24)?;
            let rows = s["rows"]
                .as_array()
                .filter(|r| !r.is_empty())
                .ok_or_else(|| missing(&format!("{path}[{i}].rows")))?;
            rows_in_all += rows.len();
            for (j, row) in rows.iter().enumerate() {
                let path = format!("{path}[{i}].rows[{j}]");
                self.one_of_its_kind(&path, row, (200, 24), &mut ids, &mut BTreeSet::new())?;
                most(self.limits, &format!("{path}.description"), text(&row["description"]), 72)?;
            }
        }
        self.count("interactive.action.sections: rows in all", rows_in_all, 1, 10)
    }

    fn products(&self) -> Outcome<()> {
        let path = "interactive.action.sections";
        let sections = self.action["sections"].as_array().ok_or_else(|| missing(path))?;
        self.count(path, sections.len(), 1, 10)?;
        let items = sections.iter().map(|s| s["product_items"].as_array().map_or(0, Vec::len)).sum();
        self.count("interactive.action.sections: products in all", items, 1, 30)
    }

    fn carousel(&self) -> Outcome<()> {
        let path = "interactive.action.cards";
        let cards = self.action["cards"].as_array().ok_or_else(|| missing(path))?;
        self.count(path, cards.len(), 2, 10)?;
        let kinds: BTreeSet<(&str, usize)> = cards
            .iter()
            .map(|c| (text(&c["type"]), c["action"]["buttons"].as_array().map_or(0, Vec::len)))
            .collect();
        if kinds.len() > 1 {
            return Err(
                GraphError::new(131_009).details(format!("{path}: every card needs the same buttons"))
            );
        }
        for (i, card) in cards.iter().enumerate() {
            most(self.limits, &format!("{path}[{i}].body.text"), text(&card["body"]["text"]), 160)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(v: &Value) -> i64 {
        check(v, true).map_or_else(|e| e.code, |_| 0)
    }

    fn reply(id: &str, title: &str) -> Value {
        json!({"type": "reply", "reply": {"id": id, "title": title}})
    }

    fn button(buttons: Vec<Value>) -> Value {
        json!({"type": "button", "body": {"text": "Yes?"}, "action": {"buttons": buttons}})
    }

    #[test]
    fn buttons_have_metas_limits() {
        assert_eq!(code(&button(vec![reply("1", "Yes"), reply("2", "No")])), 0);
        assert_eq!(code(&button(vec![])), 131_009);
        assert_eq!(code(&button((0..4).map(|i| reply(&i.to_string(), &format!("t{i}"))).collect())), 131_009);
        assert_eq!(code(&button(vec![reply("1", "Yes"), reply("1", "No")])), 131_009);
        assert_eq!(code(&button(vec![reply("1", "a title of more than twenty")])), 100);
        assert_eq!(code(&button(vec![json!({"type": "reply"})])), 131_008);
        assert_eq!(code(&json!({"type": "button", "action": {"buttons": [reply("1", "Y")]}})), 131_008);
    }

    #[test]
    fn lists_have_at_most_ten_rows() {
        let list = |rows: usize| {
            let rows: Vec<Value> =
                (0..rows).map(|i| json!({"id": i.to_string(), "title": format!("Row {i}")})).collect();
            json!({"type": "list", "body": {"text": "Pick"}, "action": {"button": "Menu", "sections": [{"rows": rows}]}})
        };
        assert_eq!(code(&list(10)), 0);
        assert_eq!(code(&list(11)), 131_009);
        assert_eq!(code(&list(0)), 131_008);
    }

    #[test]
    fn other_kinds_need_their_parts() {
        let body = json!({"text": "x"});
        let url = |url: &str| json!({"type": "cta_url", "body": body, "action": {"name": "cta_url", "parameters": {"display_text": "Go", "url": url}}});
        assert_eq!(code(&url("https://x.com")), 0);
        assert_eq!(code(&url("x")), 100);
        assert_eq!(
            code(
                &json!({"type": "location_request_message", "body": body, "action": {"name": "send_location"}})
            ),
            0
        );
        assert_eq!(
            code(&json!({"type": "location_request_message", "body": body, "action": {"name": "x"}})),
            131_009
        );
        assert_eq!(code(&json!({"type": "dance", "body": body, "action": {}})), 131_009);
        assert_eq!(
            code(
                &json!({"type": "flow", "body": body, "action": {"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Go"}}})
            ),
            0
        );
        assert_eq!(code(&json!({})), 131_008);
    }
}
