//! `GET` and `POST /{phone_number_id}/whatsapp_business_encryption`: the key flows are sealed with.

use super::seal;
use crate::{
    Inner,
    graph::{Call, GraphError, Outcome, Reply, call::text},
    sync::{read, write},
};
use http::Method;
use serde_json::json;

/// Reads or replaces the public key of a number; the caller has checked the token.
pub(crate) async fn encryption(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    if call.method == Method::GET {
        let d = read(&e.directory);
        let key = d.number(id).and_then(|n| n.flow_public_key.as_ref());
        let row = |pem: &String| json!({"business_public_key": pem, "business_public_key_signature_status": "VALID"});
        return Ok(Reply::json(&json!({"data": key.map(row).into_iter().collect::<Vec<_>>()})));
    }
    let p = call.parameters().await?;
    let pem = text(&p, "business_public_key").ok_or_else(|| GraphError::required("business_public_key"))?;
    // Some clients write the line breaks of the key as two characters.
    let pem = pem.replace("\\n", "\n");
    seal::check_key(&pem).map_err(GraphError::invalid)?;
    if let Some(n) = write(&e.directory).number_mut(id) {
        n.flow_public_key = Some(pem);
    }
    Ok(Reply::success())
}
