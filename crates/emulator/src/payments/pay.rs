//! The user pays, tries to, or is about to: the statuses of type `payment` that tell of it.

use super::Payment;
use crate::{
    Inner,
    chance::join,
    control::{self, ControlError},
    messages::wamid,
    settings::ObjectId,
    sync::{lock, read},
    webhooks::{Metadata, Note, contact, to_json},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a user does about an order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentStep {
    /// The business number; the first when absent.
    pub to: Option<ObjectId>,
    /// Which order; the user's last when absent.
    pub reference_id: Option<String>,
    /// What becomes of it: `success` (when absent), `pending` or `failed`.
    pub status: Option<String>,
    /// `upi` (when absent), `card`, `netbanking`, `wallet`.
    pub method: Option<String>,
}

/// Pays; gives the reference of the order.
pub(crate) fn pay(e: &Arc<Inner>, user: u64, step: &PaymentStep) -> Result<Value, ControlError> {
    let d = read(&e.directory);
    let (number, place) = control::number(&d, step.to.map(|n| n.0))?;
    let now_s = e.ambient.now().seconds();
    let word = step.status.as_deref().unwrap_or("success");
    let payment = match word {
        "success" => Payment::Captured,
        "pending" => Payment::Pending,
        "failed" => Payment::Failed,
        other => {
            return Err(ControlError::Invalid(format!(
                "\"{other}\": a payment is success, pending or failed"
            )));
        }
    };
    let (reference, order) = {
        let mut orders = lock(&e.orders);
        let own = orders.0.iter_mut().filter(|((of, _), o)| *of == number.id && o.user == user);
        let found = match &step.reference_id {
            Some(wanted) => own.into_iter().find(|((_, reference), _)| reference == wanted),
            None => own.max_by_key(|(_, o)| o.message),
        };
        let ((_, reference), order) = found.ok_or(ControlError::Unknown("order of this user"))?;
        if order.payment == Payment::Captured {
            return Err(ControlError::Invalid("the order is paid already".into()));
        }
        if order.status == super::OrderStatus::Canceled {
            return Err(ControlError::Invalid("the order was canceled".into()));
        }
        order.payment = payment;
        order.tries += 1;
        (reference.clone(), order.clone())
    };
    let status = match payment {
        Payment::Captured => "captured",
        Payment::Pending => "pending",
        Payment::Failed | Payment::None => "failed",
    };
    let mark = join(join(e.seed, order.message), u64::from(order.tries));
    let mut transaction = json!({"id": format!("order_{:016x}", join(e.seed, order.message)), "type": "razorpay",
        "pg_transaction_id": format!("pay_{mark:016x}"), "status": word, "created_timestamp": now_s, "updated_timestamp": now_s,
        "method": {"type": step.method.as_deref().unwrap_or("upi")}});
    if payment == Payment::Failed {
        transaction["error"] = json!({"code": "payment_declined", "reason": "The payment was declined."});
    }
    let who = contact(e, &d, number, place, user);
    let mut row = json!({"id": wamid::outbound(e.seed, user, order.message), "type": "payment", "status": status,
        "timestamp": now_s.to_string(), "recipient_user_id": who.user_id(), "payment": {"reference_id": reference,
            "amount": {"value": order.value, "offset": order.offset}, "currency": order.currency, "transaction": transaction}});
    if let Some(wa_id) = who.wa_id() {
        row["recipient_id"] = json!(wa_id);
    }
    if let Some(name) = &order.configuration {
        row["payment"]["payment_configuration"] = json!(name);
    }
    let value = json!({"messaging_product": "whatsapp", "metadata": Metadata::of(number), "contacts": [who], "statuses": [row]});
    let note = Note { number: Some(place), ..Note::account(number.waba, "messages", to_json(&value), now_s) };
    e.outbox.note(&d, note);
    Ok(json!({"reference_id": reference, "status": status}))
}
