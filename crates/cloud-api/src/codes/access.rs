//! Tokens, permissions and the pace of calls. Meta: "Authorization errors", "Throttling errors".

use super::action::{BACK_OFF, MINUTES};
use super::{Action, Entry, PaceScope, Place, Wait, row};

#[rustfmt::skip]
pub(super) const ENTRIES: &[Entry] = &[
    row(0, "AuthException", 401, Place::Answer, Action::Reauthorise, Wait::Never,
        "WhatsApp does not accept our sign-in for this account. Connect the account again."),
    row(1, "API Unknown", 400, Place::Answer, Action::MayHaveGoneOut, Wait::Never,
        "WhatsApp had a fault. The message may have gone out; we check before trying again."),
    row(2, "API Service", 503, Place::Answer, Action::MayHaveGoneOut, Wait::Never,
        "WhatsApp is overloaded. The message may have gone out; we check before trying again."),
    row(3, "API Method", 500, Place::Answer, Action::Reauthorise, Wait::Never,
        "The connected app is not allowed to do this. Connect the account again and grant every permission."),
    row(4, "API Too Many Calls", 400, Place::Answer, Action::SlowDown(PaceScope::App), MINUTES,
        "We are calling WhatsApp too often. Sending goes on by itself in a few minutes."),
    row(10, "API Permission Denied", 403, Place::Answer, Action::Reauthorise, Wait::Never,
        "A permission is missing or was taken away. Connect the account again and grant every permission."),
    row(33, "Parameter value is not valid", 400, Place::Answer, Action::FixRequest, Wait::Never,
        "WhatsApp does not know this number or item any more. It may have been deleted."),
    row(100, "Invalid parameter", 400, Place::Answer, Action::FixRequest, Wait::Never,
        "WhatsApp did not accept part of the message or setting. The details say which."),
    row(190, "Access token has expired", 401, Place::Answer, Action::Reauthorise, Wait::Never,
        "The connection to WhatsApp has expired or was withdrawn. Connect the account again."),
    row(200, "API Permission", 403, Place::Answer, Action::Reauthorise, Wait::Never,
        "We have no access to this WhatsApp account. Connect it again and choose this account."),
    row(368, "Temporarily blocked for policies violations", 403, Place::Either, Action::StopAccount, Wait::Never,
        "WhatsApp has blocked this account for a time because of its policies. See Account quality in WhatsApp Manager."),
    row(613, "Calls to this API have exceeded the rate limit", 429, Place::Answer, Action::SlowDown(PaceScope::Number), BACK_OFF,
        "We asked WhatsApp the same thing too often. It is tried again by itself."),
    row(80_007, "Rate limit issues", 400, Place::Answer, Action::SlowDown(PaceScope::Waba), MINUTES,
        "This WhatsApp account has used up its calls for now. Sending goes on by itself."),
    row(130_429, "Rate limit hit", 400, Place::Either, Action::SlowDown(PaceScope::Number), BACK_OFF,
        "This number is sending faster than WhatsApp allows. We slow down and go on."),
    row(131_048, "Spam rate limit hit", 400, Place::Either, Action::PauseNumber, Wait::Never,
        "WhatsApp limits this number because too many people blocked or reported its messages. Campaigns on it are paused."),
    row(131_056, "(Business Account, Consumer Account) pair rate limit hit", 400, Place::Either, Action::WaitPair, Wait::PowersOfFour,
        "Too many messages to this one person in a short time. We wait a little and go on."),
    row(131_064, "Messaging limited for template classification violations", 400, Place::Either, Action::PauseNumber, Wait::Never,
        "WhatsApp limits this account because templates were filed under the wrong category. Campaigns on it are paused."),
];
