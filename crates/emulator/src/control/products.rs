//! What users and Meta do with the products beside plain messaging: flows, calls, groups, orders, payments,
//! sign-up links.

use super::{Control, ControlError, users::phone};
use crate::{
    accounts::{self, SignupStep},
    calling::{self, CallStep},
    commerce::{self, OrderStep},
    flows::{self, FlowChange, FlowStep},
    groups::{self, GroupChange, GroupStep},
    payments::{self, PaymentStep},
};
use serde_json::Value;

impl Control {
    /// The user opens the flow of a message, fills a screen in, goes back, or sends the answer. Gives what
    /// the phone shows then: `open`, `screen`, `fields`, `actions`; an `error` when the endpoint failed;
    /// `id` and `response` when the answer was sent.
    ///
    /// # Errors
    /// When the phone number is none, no message has a flow, or the screen has no such action.
    pub async fn flow_step(&self, user: &str, step: FlowStep) -> Result<Value, ControlError> {
        flows::step(&self.0, phone(user)?, step).await
    }

    /// The user calls a business number, picks up, refuses or hangs up, permits or forbids calls.
    ///
    /// # Errors
    /// When the phone number is none, or there is no such call.
    pub fn call_step(&self, user: &str, step: &CallStep) -> Result<Value, ControlError> {
        calling::step(&self.0, phone(user)?, step)
    }

    /// The user joins a group, asks to join, takes that back, or leaves.
    ///
    /// # Errors
    /// When the phone number is none, there is no such group, or it cannot be done.
    pub fn group_step(&self, user: &str, step: &GroupStep) -> Result<Value, ControlError> {
        groups::step(&self.0, phone(user)?, step)
    }

    /// Suspends a group, or lets it go on, as Meta would.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn change_group(&self, id: &str, to: &GroupChange) -> Result<(), ControlError> {
        groups::change(&self.0, id, to)
    }

    /// The user sends a cart with products of the account's catalog. Gives the message's id.
    ///
    /// # Errors
    /// When the phone number is none, the catalog has no such product, or there is no cart.
    pub fn order(&self, user: &str, step: &OrderStep) -> Result<String, ControlError> {
        commerce::order(&self.0, phone(user)?, step)
    }

    /// The user pays an order, tries to, or is about to. Gives `reference_id` and `status`.
    ///
    /// # Errors
    /// When the phone number is none, or there is no such order, or it is paid or canceled.
    pub fn pay(&self, user: &str, step: &PaymentStep) -> Result<Value, ControlError> {
        payments::pay(&self.0, phone(user)?, step)
    }

    /// The user follows a sign-up link and agrees. Gives what the phone shows: `asked` and `shown`.
    ///
    /// # Errors
    /// When the phone number is none, or there is no such link, or it is disabled.
    pub fn sign_up(&self, user: &str, step: &SignupStep) -> Result<Value, ControlError> {
        accounts::follow_signup(&self.0, phone(user)?, step)
    }

    /// Changes a flow (by id or name) as Meta would, checks its endpoint's health, or tells of an alert.
    ///
    /// # Errors
    /// When there is no such flow or status.
    pub async fn change_flow(&self, which: &str, to: FlowChange) -> Result<Value, ControlError> {
        flows::change(&self.0, which, to).await
    }
}
