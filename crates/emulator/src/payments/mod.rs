//! Orders to pay: what a business asks for in a chat (`order_details`), how it says an order stands (`order_status`),
//! and what the user's payment is told as. No money moves and no provider is asked.

mod check;
mod pay;

pub use pay::PaymentStep;
pub(crate) use pay::pay;

use crate::{
    Inner,
    directory::{Directory, Number},
    graph::{GraphError, Outcome},
    saved,
    settings::Behaviour,
    sync::lock,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Every order, by the business number and its `reference_id`.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Orders(#[serde(with = "saved::pairs")] BTreeMap<(u64, String), Order>);

/// One order.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    user: u64,
    /// The message that asked for the money, by its serial.
    message: u64,
    status: OrderStatus,
    payment: Payment,
    /// Total, `offset` times what is shown.
    value: i64,
    offset: i64,
    currency: String,
    /// The business's name of the account at its provider.
    configuration: Option<String>,
    /// How often it was tried to pay.
    tries: u32,
}

/// Where an order stands, by Meta's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OrderStatus {
    Pending,
    Processing,
    PartiallyShipped,
    Shipped,
    Completed,
    Canceled,
}

impl OrderStatus {
    fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(Value::from(text.replace('-', "_"))).ok()
    }

    /// An order only goes on; it is cancelled before it is completed, and both are the end.
    fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Completed | Self::Canceled, _) => self == next,
            (_, Self::Canceled) => true,
            _ => next >= self,
        }
    }
}

/// What became of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Payment {
    None,
    Pending,
    Captured,
    Failed,
}

/// What a message says of an order.
pub(crate) enum Said<'m> {
    /// Asks for money.
    Details(&'m Value),
    /// How it stands.
    Status(&'m Value),
}

/// The order in an `interactive` object or in a `template` object.
pub(crate) fn said(message: &Value) -> Option<Said<'_>> {
    let parameters = &message["action"]["parameters"];
    match message["type"].as_str() {
        Some("order_details") => return Some(Said::Details(parameters)),
        Some("order_status") => return Some(Said::Status(parameters)),
        _ => {}
    }
    let is = |v: &Value, word: &str| v.as_str().is_some_and(|t| t.eq_ignore_ascii_case(word));
    message["components"].as_array()?.iter().find_map(|c| {
        let parameter = &c["parameters"][0];
        if is(&c["type"], "button") && is(&c["sub_type"], "order_details") {
            Some(Said::Details(&parameter["action"]["order_details"]))
        } else {
            is(&c["type"], "order_status").then(|| Said::Status(&parameter["order_status"]))
        }
    })
}

/// Before a message about an order is accepted.
pub(crate) fn check(
    e: &Inner,
    behaviour: &Behaviour,
    d: &Directory,
    (number, user): (&Number, u64),
    said: &Said<'_>,
) -> Outcome<()> {
    if !behaviour.commerce.orders_checked {
        return Ok(());
    }
    if d.wabas.get(&number.waba).is_some_and(|w| !w.payment_terms) {
        return Err(GraphError::new(134_011)
            .details("Accept the terms of WhatsApp Payments in WhatsApp Manager before you send orders."));
    }
    let orders = lock(&e.orders);
    let wrong = |why: String| Err(GraphError::new(131_009).details(why));
    match said {
        Said::Details(details) => {
            let reference = check::details(details)?;
            // Meta: each message that asks for money has a reference of its own.
            if orders.0.contains_key(&(number.id, reference.to_owned())) {
                return wrong(format!("reference_id \"{reference}\" was used already"));
            }
        }
        Said::Status(status) => {
            let (reference, next) = check::status(status)?;
            let known = orders.0.get(&(number.id, reference.to_owned())).filter(|o| o.user == user);
            let Some(order) = known else {
                return wrong(format!("reference_id \"{reference}\" is no order of this user"));
            };
            if !order.status.may_become(next) {
                return wrong(format!(
                    "order.status: an order that is {:?} does not become {next:?}",
                    order.status
                ));
            }
            if next == OrderStatus::Canceled && matches!(order.payment, Payment::Pending | Payment::Captured)
            {
                return wrong(
                    "order.status: an order that is paid, or about to be, cannot be canceled".into(),
                );
            }
        }
    }
    Ok(())
}

/// A message about an order was accepted.
pub(crate) fn accepted(e: &Inner, (number, user): (u64, u64), serial: u64, said: &Said<'_>) {
    let mut orders = lock(&e.orders);
    match said {
        Said::Details(details) => {
            let Some(reference) = details["reference_id"].as_str() else { return };
            let total = &details["total_amount"];
            let order = Order {
                user,
                message: serial,
                status: OrderStatus::Pending,
                payment: Payment::None,
                value: check::number(&total["value"]).unwrap_or(0),
                offset: check::number(&total["offset"]).unwrap_or(100),
                currency: details["currency"].as_str().unwrap_or_default().to_owned(),
                configuration: check::configuration(details).map(str::to_owned),
                tries: 0,
            };
            orders.0.insert((number, reference.to_owned()), order);
        }
        Said::Status(status) => {
            let reference = status["reference_id"].as_str().unwrap_or_default().to_owned();
            let next = status["order"]["status"].as_str().and_then(OrderStatus::parse);
            if let (Some(order), Some(next)) = (orders.0.get_mut(&(number, reference)), next) {
                order.status = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_only_goes_on() {
        use OrderStatus as S;
        assert!(S::Pending.may_become(S::Processing) && S::Pending.may_become(S::Completed));
        assert!(S::Shipped.may_become(S::Canceled) && S::Shipped.may_become(S::Shipped));
        assert!(!S::Shipped.may_become(S::Processing));
        assert!(!S::Completed.may_become(S::Canceled) && !S::Canceled.may_become(S::Pending));
        assert_eq!(S::parse("partially-shipped"), Some(S::PartiallyShipped));
        assert_eq!(S::parse("lost"), None);
    }
}
