//! The shop: a minimal catalog, messages with products checked against it, and orders from a cart.

mod catalog;

pub(crate) use catalog::{Catalog, connected, node, of_product, owned, product, products};

use crate::{
    Inner,
    control::{self, ControlError},
    directory::{Directory, Number},
    graph::{GraphError, Outcome},
    settings::{ObjectId, ProductSettings},
    sync::read,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Meta: pieces of one product in a cart.
const MOST_PIECES: u32 = 99;

fn connected_to(d: &Directory, waba: u64) -> Option<&Catalog> {
    d.catalogs.values().find(|c| c.settings.wabas.contains(&ObjectId(waba)))
}

/// A message with products. Meta: it is not sent when none of them is in the connected catalog.
pub(crate) fn check(d: &Directory, number: &Number, message: &Value) -> Outcome<()> {
    let wrong = |why: String| Err(GraphError::new(131_009).details(why));
    let action = &message["action"];
    let cards = action["cards"].as_array().into_iter().flatten().filter(|c| c["type"] == "product");
    let cards: Vec<&Value> = cards.map(|c| &c["action"]).collect();
    let kind = message["type"].as_str().unwrap_or_default();
    if kind == "carousel" && cards.is_empty() {
        return Ok(());
    }
    let Some(catalog) = connected_to(d, number.waba) else {
        return wrong("No catalog is connected to the WhatsApp Business Account.".into());
    };
    let named: Vec<&Value> = if kind == "carousel" { cards.clone() } else { vec![action] };
    for given in named.iter().filter_map(|a| a["catalog_id"].as_str()) {
        if given != catalog.settings.id.to_string() {
            return wrong(format!("Catalog {given} is not connected to the WhatsApp Business Account."));
        }
    }
    let wanted: Vec<&str> = match kind {
        "product" => action["product_retailer_id"].as_str().into_iter().collect(),
        "catalog_message" => {
            action["parameters"]["thumbnail_product_retailer_id"].as_str().into_iter().collect()
        }
        "carousel" => cards.iter().filter_map(|a| a["product_retailer_id"].as_str()).collect(),
        _ => action["sections"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|s| s["product_items"].as_array())
            .flatten()
            .filter_map(|p| p["product_retailer_id"].as_str())
            .collect(),
    };
    if !wanted.is_empty() && !wanted.iter().any(|id| catalog.product(id).is_some()) {
        return wrong(format!("Products not found in FB Catalog: {}", wanted.join(", ")));
    }
    Ok(())
}

/// What a user can order of a number: nothing without a cart.
pub(crate) fn shown(d: &Directory, number: &Number) -> Vec<Value> {
    let catalog = connected_to(d, number.waba).filter(|_| number.cart_enabled);
    let products = catalog.into_iter().flat_map(|c| &c.settings.products);
    let row = |p: &ProductSettings| json!({"product_retailer_id": p.retailer_id, "name": p.name, "price": p.price as f64 / 100.0, "currency": p.currency});
    products.map(row).collect()
}

/// A user sends a cart.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderStep {
    /// The business number; the first when absent.
    pub to: Option<ObjectId>,
    /// The message with products it answers.
    pub wamid: Option<String>,
    /// What is in the cart.
    pub items: Vec<OrderedItem>,
    /// A word with it.
    pub text: String,
}

/// A line of a cart.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderedItem {
    /// The business's own id of the product.
    pub product_retailer_id: String,
    /// Pieces, 1 to 99.
    pub quantity: u32,
}

/// Sends a cart: the inbound `order`, at the catalog's prices.
pub(crate) fn order(e: &Arc<Inner>, user: u64, step: &OrderStep) -> Result<String, ControlError> {
    let d = read(&e.directory);
    let (number, _) = control::number(&d, step.to.map(|n| n.0))?;
    let catalog =
        connected_to(&d, number.waba).ok_or(ControlError::Unknown("catalog connected to the account"))?;
    let no = |why: &str| Err(ControlError::Invalid(why.into()));
    if !number.cart_enabled {
        return no("the business has no cart: is_cart_enabled is false");
    }
    if step.items.is_empty() || step.items.iter().any(|i| !(1..=MOST_PIECES).contains(&i.quantity)) {
        return no("a cart needs items, 1 to 99 pieces of each");
    }
    let mut rows = Vec::new();
    for item in &step.items {
        let product = catalog.product(&item.product_retailer_id).ok_or(ControlError::Unknown("product"))?;
        rows.push(json!({"product_retailer_id": product.retailer_id, "quantity": item.quantity,
            "item_price": product.price as f64 / 100.0, "currency": product.currency}));
    }
    let order =
        json!({"catalog_id": catalog.settings.id.to_string(), "text": step.text, "product_items": rows});
    let message = json!({"type": "order", "order": order});
    control::say_in(e, &d, user, Some(number.id), message, step.wamid.as_deref())
}
