//! What Meta asks of an order: its reference, its currency, and sums that add up.

use super::OrderStatus;
use crate::graph::{GraphError, Outcome};
use serde_json::Value;

/// Meta (pages of payments): letters, digits, `_`, `-` and `.`, at most 35 of them.
const LONGEST_REFERENCE: usize = 35;
const LONGEST_NAME: usize = 60;
const LONGEST_DESCRIPTION: usize = 120;
const MOST_ITEMS: usize = 999;
/// India, Brazil, Singapore.
const CURRENCIES: [&str; 3] = ["INR", "BRL", "SGD"];

fn missing(path: &str) -> GraphError {
    GraphError::new(131_008).details(format!("{path} is required"))
}

fn wrong(why: impl Into<String>) -> GraphError {
    GraphError::new(131_009).details(why)
}

fn text<'v>(v: &'v Value, path: &str) -> Outcome<&'v str> {
    v.as_str().filter(|t| !t.is_empty()).ok_or_else(|| missing(path))
}

/// A whole number, as it is or as text.
pub(super) fn number(v: &Value) -> Option<i64> {
    v.as_i64().or_else(|| v.as_str()?.parse().ok())
}

/// An amount in hundredths; `None` when it is absent.
fn amount(v: &Value, path: &str) -> Outcome<Option<i64>> {
    if v.is_null() {
        return Ok(None);
    }
    if number(&v["offset"]) != Some(100) {
        return Err(wrong(format!("{path}.offset must be 100")));
    }
    let value = number(&v["value"]).filter(|n| *n >= 0);
    value.map(Some).ok_or_else(|| wrong(format!("{path}.value must be a whole number from 0")))
}

fn needed(v: &Value, path: &str) -> Outcome<i64> {
    amount(v, path)?.ok_or_else(|| missing(path))
}

fn reference(v: &Value) -> Outcome<&str> {
    let reference = text(&v["reference_id"], "reference_id")?;
    let plain = reference.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !plain || reference.len() > LONGEST_REFERENCE {
        return Err(wrong(format!(
            "reference_id must be at most {LONGEST_REFERENCE} letters, digits, underscores, dashes and dots"
        )));
    }
    Ok(reference)
}

/// The business's name of its account at a provider.
pub(super) fn configuration(details: &Value) -> Option<&str> {
    let gateway = &details["payment_settings"][0]["payment_gateway"]["configuration_name"];
    details["payment_configuration"].as_str().or_else(|| gateway.as_str())
}

/// What asks for money; gives its reference.
pub(super) fn details(v: &Value) -> Outcome<&str> {
    let reference = reference(v)?;
    let kind = text(&v["type"], "type")?;
    if !matches!(kind, "digital-goods" | "physical-goods") {
        return Err(wrong("type must be digital-goods or physical-goods"));
    }
    let currency = text(&v["currency"], "currency")?;
    if !CURRENCIES.contains(&currency) {
        return Err(wrong(format!("currency must be one of {}, not {currency}", CURRENCIES.join(", "))));
    }
    let settings = v["payment_settings"].as_array().is_some_and(|all| !all.is_empty());
    if configuration(v).is_none() && !settings {
        return Err(missing("payment_configuration or payment_settings"));
    }
    let total = needed(&v["total_amount"], "total_amount")?;
    let order = &v["order"];
    if order.is_null() {
        // Meta (Brazil): a simplified one has the total alone.
        return Ok(reference);
    }
    if text(&order["status"], "order.status")? != "pending" {
        return Err(wrong("order.status must be pending"));
    }
    let items =
        order["items"].as_array().filter(|all| !all.is_empty()).ok_or_else(|| missing("order.items"))?;
    if items.len() > MOST_ITEMS {
        return Err(wrong(format!("order.items: 1 to {MOST_ITEMS} are allowed, there are {}", items.len())));
    }
    let mut sum: i64 = 0;
    for (i, item) in items.iter().enumerate() {
        let path = format!("order.items[{i}]");
        if text(&item["name"], &format!("{path}.name"))?.chars().count() > LONGEST_NAME {
            return Err(wrong(format!("{path}.name must be at most {LONGEST_NAME} characters long")));
        }
        let full = needed(&item["amount"], &format!("{path}.amount"))?;
        let price = amount(&item["sale_amount"], &format!("{path}.sale_amount"))?.unwrap_or(full);
        let pieces = number(&item["quantity"]).filter(|n| *n > 0);
        let pieces = pieces.ok_or_else(|| wrong(format!("{path}.quantity must be a number from 1")))?;
        sum = sum.saturating_add(price.saturating_mul(pieces));
    }
    let subtotal = needed(&order["subtotal"], "order.subtotal")?;
    if subtotal != sum {
        return Err(wrong(format!("order.subtotal is {subtotal}; the items come to {sum}")));
    }
    let part =
        |name: &str| Ok::<i64, GraphError>(amount(&order[name], &format!("order.{name}"))?.unwrap_or(0));
    let due = subtotal.saturating_add(part("tax")?).saturating_add(part("shipping")?);
    let due = due.saturating_sub(part("discount")?);
    if total != due {
        return Err(wrong(format!(
            "total_amount is {total}; subtotal, tax and shipping less discount come to {due}"
        )));
    }
    Ok(reference)
}

/// How an order stands; gives its reference and where it is to stand.
pub(super) fn status(v: &Value) -> Outcome<(&str, OrderStatus)> {
    let reference = reference(v)?;
    let order = &v["order"];
    let words = text(&order["status"], "order.status")?;
    let next = OrderStatus::parse(words).ok_or_else(|| {
        wrong("order.status must be pending, processing, partially_shipped, shipped, completed or canceled")
    })?;
    if order["description"].as_str().unwrap_or_default().chars().count() > LONGEST_DESCRIPTION {
        return Err(wrong(format!(
            "order.description must be at most {LONGEST_DESCRIPTION} characters long"
        )));
    }
    Ok((reference, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn order() -> Value {
        let amount = |value: i64| json!({"value": value, "offset": 100});
        json!({"reference_id": "order-41", "type": "physical-goods", "currency": "INR", "payment_configuration": "shop",
            "total_amount": amount(21_000), "order": {"status": "pending",
                "items": [{"retailer_id": "sku-1", "name": "Tea", "amount": amount(9_000), "sale_amount": amount(8_000), "quantity": 2},
                    {"retailer_id": "sku-2", "name": "Cup", "amount": amount(4_000), "quantity": 1}],
                "subtotal": amount(20_000), "tax": amount(1_500), "shipping": amount(500), "discount": amount(1_000)}})
    }

    fn refused(pointer: &str, value: Value) -> i64 {
        let mut order = order();
        *order.pointer_mut(pointer).unwrap() = value;
        details(&order).map_or_else(|e| e.code, |_| 0)
    }

    #[test]
    fn an_order_that_adds_up_passes_and_no_other() {
        assert_eq!(details(&order()).unwrap(), "order-41");
        assert_eq!(refused("/total_amount/value", json!(20_999)), 131_009);
        assert_eq!(refused("/order/subtotal/value", json!(22_000)), 131_009);
        assert_eq!(refused("/total_amount/offset", json!(1_000)), 131_009);
        assert_eq!(refused("/currency", json!("USD")), 131_009);
        assert_eq!(refused("/type", json!("goods")), 131_009);
        assert_eq!(refused("/reference_id", json!("no spaces")), 131_009);
        assert_eq!(refused("/reference_id", json!("")), 131_008);
        assert_eq!(refused("/order/items", json!([])), 131_008);
        assert_eq!(refused("/order/items/0/quantity", json!(0)), 131_009);
        assert_eq!(refused("/order/status", json!("shipped")), 131_009);
        assert_eq!(refused("/payment_configuration", Value::Null), 131_008);
        // Brazil's simplified form, with numbers as text.
        let simple = json!({"reference_id": "a", "type": "digital-goods", "currency": "BRL", "payment_settings": [{"type": "pix_dynamic_code"}],
            "total_amount": {"value": "500", "offset": "100"}});
        assert!(details(&simple).is_ok());
    }

    #[test]
    fn huge_numbers_do_not_wrap() {
        assert_eq!(refused("/order/items/0/quantity", json!(i64::MAX)), 131_009);
    }
}
