//! `/{phone_number_id}/contact_book`: taking a user out of what a portfolio knows.

use super::edges::check;
use crate::{
    Inner,
    graph::{Call, GraphError, Outcome, Permission, Reply, call::text},
    sync::read,
    users,
};
use serde_json::json;

/// `DELETE …?messaging_product=whatsapp&bsuid=…`.
pub(super) async fn delete(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let waba = check(e, call, id, Permission::Messaging)?;
    let p = call.parameters().await?;
    if text(&p, "messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    let bsuid = text(&p, "bsuid").ok_or_else(|| GraphError::required("bsuid"))?;
    let portfolio = read(&e.directory).wabas.get(&waba).map_or(0, |w| w.portfolio);
    let (user, _) = users::user_of(e.seed, portfolio, &bsuid)
        .ok_or_else(|| GraphError::invalid("bsuid is no user id of this business portfolio."))?;
    let deleted = e.contact_book.remove(portfolio, user);
    Ok(Reply::json(&json!({"messaging_product": "whatsapp", "success": true, "deleted": deleted})))
}
