//! Registering and moving numbers, coexistence, onboarding. Meta: "Registration", "Migration",
//! "Synchronization" and partner errors.

use super::action::{BACK_OFF, MINUTES, THREE_DAYS};
use super::{Action, Entry, Place, Wait, row};

// Meta tells these families apart only in the details of each answer.

const fn migration(code: i64) -> Entry {
    let meaning = "This number cannot be moved yet. The details say what is missing.";
    row(code, "Phone number migration failed", 400, Place::Answer, Action::AskSomeone, Wait::Never, meaning)
}

const fn in_app_signup(code: i64, meaning: &'static str) -> Entry {
    row(code, "In-app signup failed", 400, Place::Answer, Action::AskSomeone, Wait::Never, meaning)
}

#[rustfmt::skip]
pub(super) const ENTRIES: &[Entry] = &[
    row(133_000, "Incomplete deregistration", 500, Place::Answer, Action::AskSomeone, Wait::Never,
        "Taking the number off WhatsApp did not finish. Do it once more before registering it."),
    row(133_004, "Server temporarily unavailable", 503, Place::Answer, Action::Retry, BACK_OFF,
        "WhatsApp is not available right now. It is tried again by itself."),
    row(133_005, "Two-step verification PIN mismatch", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "The PIN of this number is wrong. Reset it in WhatsApp Manager if nobody knows it."),
    row(133_006, "Phone number re-verification needed", 400, Place::Answer, Action::RegisterNumber, Wait::Never,
        "This number must be verified by a code before it can be registered."),
    row(133_008, "Too many two-step verification PIN guesses", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "The PIN was wrong too often. The details say how long to wait."),
    row(133_009, "Two-step verification PIN guessed too fast", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "The PIN was tried too quickly. The details say how long to wait."),
    row(133_010, "Phone number not registered", 400, Place::Answer, Action::RegisterNumber, Wait::Never,
        "This number is not registered for sending yet. Register it first."),
    row(133_015, "Phone number was recently deleted", 400, Place::Answer, Action::Retry, MINUTES,
        "This number was deleted a moment ago. It can be registered again in five minutes."),
    row(133_016, "Account register or deregister rate limit exceeded", 400, Place::Answer, Action::Retry, THREE_DAYS,
        "This number was registered too often. WhatsApp allows it again after three days."),
    row(136_024, "Request code failed", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "WhatsApp could not send the code. Try the other way (text or call), or later."),
    row(136_025, "Verify code failed", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "The code is wrong or too old. Ask for a new one."),
    row(1_752_041, "Duplicate onboarding request", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "This account is being connected already. Wait for that to finish."),
    migration(2_388_001),
    migration(2_388_012),
    migration(2_388_091),
    migration(2_388_093),
    migration(2_388_103),
    row(2_494_100, "Account in maintenance mode", 400, Place::Answer, Action::Retry, MINUTES,
        "WhatsApp is working on this number. It is tried again in a few minutes."),
    in_app_signup(2_494_164,
        "WhatsApp knows no such sign-up link. It may be another account's."),
    in_app_signup(2_494_165,
        "Sign-up links are not open to this account yet."),
    in_app_signup(2_494_166,
        "The confirmation holds a placeholder that WhatsApp does not know. Only {{promo_code}} is filled in."),
    in_app_signup(2_494_167,
        "The confirmation names a promo code, but none is set. Set one, or take it out."),
    in_app_signup(2_494_168,
        "Accept WhatsApp's terms for sign-up links first."),
    in_app_signup(2_494_176,
        "WhatsApp's terms for sign-up links are accepted already. Nothing needs to be done."),
    in_app_signup(2_494_177,
        "The terms that were accepted are not WhatsApp's. Accept the ones WhatsApp shows."),
    in_app_signup(2_494_179,
        "The website of a sign-up link must begin with https."),
    row(2_593_079, "On-behalf-of account not supported", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "This older kind of shared account cannot be used any more. Connect the account again."),
    row(2_593_085, "On-behalf-of account cannot be changed", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "This older kind of shared account cannot be used any more. Connect the account again."),
    row(2_593_107, "Synchronization request limit exceeded", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "Contacts and chats of the phone app were already taken over. It can be done only once."),
    row(2_593_108, "Synchronization request made too late", 400, Place::Answer, Action::AskSomeone, Wait::Never,
        "Contacts and chats can be taken over only within 24 hours of connecting. Connect again to do so."),
    row(2_593_109, "History sharing declined", 0, Place::Webhook, Action::AskSomeone, Wait::Never,
        "The business chose not to share the chats of the phone app."),
];
