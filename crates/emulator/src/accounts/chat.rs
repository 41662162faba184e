//! What people find in the chat before a word is said: prompts to tap, commands to type, the shop.

use super::edges::check;
use crate::{
    Inner,
    graph::{Call, GraphError, Outcome, Permission, Reply, call::text},
    sync::{read, write},
};
use http::Method;
use serde_json::{Value, json};

/// `POST /{phone_number_id}/conversational_automation`; it is read as a field of the number.
///
/// Meta: at most 4 prompts of 80 characters, and 30 commands of 32, described in 256.
pub(super) async fn set_automation(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    let mut p = call.parameters().await?;
    // Graph takes a list that is written as a string inside the JSON, too.
    for name in ["prompts", "commands"] {
        if let Some(list) = p.get(name).and_then(Value::as_str).and_then(|t| serde_json::from_str(t).ok()) {
            p.insert(name.to_owned(), list);
        }
    }
    let list = |name: &str, most: usize| {
        let rows = p.get(name).map_or(Some(&[][..]), |v| v.as_array().map(Vec::as_slice));
        rows.filter(|rows| rows.len() <= most)
            .ok_or_else(|| GraphError::invalid(format!("{name} must be a list of at most {most}")))
    };
    let fits =
        |v: &Value, most: usize| v.as_str().is_some_and(|t| !t.is_empty() && t.chars().count() <= most);
    let prompts = list("prompts", 4)?;
    if !prompts.iter().all(|prompt| fits(prompt, 80)) {
        return Err(GraphError::invalid("a prompt must have 1 to 80 characters"));
    }
    let commands = list("commands", 30)?;
    if !commands.iter().all(|c| fits(&c["command_name"], 32) && fits(&c["command_description"], 256)) {
        return Err(GraphError::invalid(
            "a command needs a command_name of 1 to 32 characters and a command_description of 1 to 256",
        ));
    }
    let welcome = text(&p, "enable_welcome_message").is_some_and(|t| t == "true" || t == "1");
    let automation = json!({
        "id": id.to_string(),
        "enable_welcome_message": welcome,
        "prompts": prompts,
        "commands": commands,
    });
    if let Some(n) = write(&e.directory).number_mut(id) {
        n.automation = Some(automation);
    }
    Ok(Reply::success())
}

/// `GET` and `POST /{phone_number_id}/whatsapp_commerce_settings`.
pub(super) async fn commerce(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    check(e, call, id, Permission::Management)?;
    if call.method == Method::GET {
        let d = read(&e.directory);
        let (cart, catalog) = d.number(id).map_or((true, false), |n| (n.cart_enabled, n.catalog_visible));
        let row = json!({"id": id.to_string(), "is_cart_enabled": cart, "is_catalog_visible": catalog});
        return Ok(Reply::json(&json!({ "data": [row] })));
    }
    let p = call.parameters().await?;
    let truth = |name: &str| match text(&p, name).as_deref() {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(GraphError::invalid(format!("{name} must be true or false"))),
    };
    let (cart, catalog) = (truth("is_cart_enabled")?, truth("is_catalog_visible")?);
    if let Some(n) = write(&e.directory).number_mut(id) {
        n.cart_enabled = cart.unwrap_or(n.cart_enabled);
        n.catalog_visible = catalog.unwrap_or(n.catalog_visible);
    }
    Ok(Reply::success())
}
