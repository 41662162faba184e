//! The account's standing: policy, payment, country. Meta: "Integrity errors" and account errors.

use super::action::MINUTES;
use super::{Action, Entry, Place, Wait, row};

#[rustfmt::skip]
pub(super) const ENTRIES: &[Entry] = &[
    row(130_497, "Business account is restricted from messaging users in this country", 403, Place::Either, Action::StopRecipient, Wait::Never,
        "WhatsApp does not let this business write to people in this country."),
    row(131_031, "Account has been locked", 403, Place::Either, Action::StopAccount, Wait::Never,
        "WhatsApp has locked this account. See Account quality in WhatsApp Manager, or ask for a review."),
    row(131_037, "Display name approval needed", 400, Place::Answer, Action::PauseNumber, Wait::Never,
        "The display name of this number must be approved by WhatsApp before it can send."),
    row(131_042, "Business eligibility payment issue", 400, Place::Either, Action::StopAccount, Wait::Never,
        "WhatsApp cannot charge this account. Add or mend the payment method in WhatsApp Manager."),
    row(131_044, "Business eligibility payment issue for calling", 400, Place::Answer, Action::StopAccount, Wait::Never,
        "WhatsApp cannot charge this account for calls. Add or mend the payment method in WhatsApp Manager."),
    row(131_045, "Incorrect certificate", 500, Place::Answer, Action::RegisterNumber, Wait::Never,
        "This number is not registered properly. Register it again."),
    row(131_057, "Account in maintenance mode", 500, Place::Answer, Action::Retry, MINUTES,
        "WhatsApp is upgrading this number. Sending goes on by itself in a few minutes."),
    row(134_011, "WhatsApp Payments terms not accepted", 400, Place::Answer, Action::StopAccount, Wait::Never,
        "The terms of WhatsApp Payments have not been accepted yet. Accept them in WhatsApp Manager."),
];
