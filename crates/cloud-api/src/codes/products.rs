//! Flows, block list, calling, groups, usernames.

use super::action::{BACK_OFF, DAY};
use super::{Action, Entry, PaceScope, Place, Wait, row};

/// A refusal of a management call that somebody has to look at.
const fn look(code: i64, title: &'static str, meaning: &'static str) -> Entry {
    row(code, title, 400, Place::Answer, Action::AskSomeone, Wait::Never, meaning)
}

/// Meta tells these apart only in the details of each answer.
const fn username(code: i64) -> Entry {
    look(code, "Username request failed", "WhatsApp refused this username. The details say why.")
}

#[rustfmt::skip]
pub(super) const ENTRIES: &[Entry] = &[
    // Groups.
    row(131_201, "Group message partially failed", 206, Place::Either, Action::AskSomeone, Wait::Never,
        "The change was made for some members of the group only."),
    look(131_202, "Duplicate participant", "A person stands twice in the list."),
    look(131_204, "Too many participants", "The group would have more people than WhatsApp allows."),
    row(131_207, "Group is suspended", 403, Place::Answer, Action::AskSomeone, Wait::Never,
        "WhatsApp has suspended this group."),
    row(131_208, "Group rate limit hit", 429, Place::Answer, Action::SlowDown(PaceScope::Number), BACK_OFF,
        "Too many changes to groups in a short time. It is tried again by itself."),
    look(131_209, "Group picture invalid", "WhatsApp did not accept the picture of the group."),
    look(131_210, "Group picture upload failed", "The picture of the group could not be stored. Try another one."),
    look(131_211, "Group limit reached", "This number has as many groups as WhatsApp allows."),
    look(131_212, "User is not a participant", "This person is not in the group."),
    look(131_213, "Join request not found", "This request to join does not exist any more."),
    look(131_214, "Group creation disabled", "This number may not make groups for now."),
    look(131_215, "Groups not available for this number", "This number may not use groups. WhatsApp asks for an official business account."),
    // Calling.
    row(138_000, "Calling not enabled", 401, Place::Answer, Action::AskSomeone, Wait::Never,
        "Calls are not switched on for this number."),
    look(138_001, "Receiver uncallable", "This person cannot be called on WhatsApp."),
    row(138_002, "Concurrent calls limit reached", 429, Place::Answer, Action::SlowDown(PaceScope::Number), BACK_OFF,
        "This number has as many calls at once as WhatsApp allows."),
    look(138_003, "Duplicate call", "There is a call with this person already."),
    row(138_004, "Connection error", 500, Place::Answer, Action::AskSomeone, Wait::Never,
        "The call could not be connected."),
    row(138_005, "Call rate limit exceeded", 429, Place::Answer, Action::SlowDown(PaceScope::Number), BACK_OFF,
        "Too many calls in a short time. Wait a little."),
    row(138_006, "No approved call permission", 401, Place::Answer, Action::AskSomeone, Wait::Never,
        "This person has not allowed you to call. Ask for it first."),
    row(138_007, "Connection timeout error", 500, Place::Answer, Action::AskSomeone, Wait::Never,
        "The call was not connected in time."),
    row(138_009, "Call permission request limit hit", 400, Place::Either, Action::WaitDay, DAY,
        "A person may be asked for calls once a day and twice a week. We try again tomorrow."),
    row(138_012, "Business initiated calls limit hit", 400, Place::Either, Action::WaitDay, DAY,
        "A person may be called only a few times a day. Try again tomorrow."),
    look(138_013, "Business initiated calling is not available", "Calls to customers are not available for this number or country."),
    look(138_015, "Calling cannot be enabled", "Calls need a messaging limit of at least 2,000 people a day."),
    look(138_017, "Call permission exists for good", "This person has allowed calls for good. There is nothing to ask for."),
    look(138_018, "Calling cannot be enabled", "Calls cannot be switched on for this number yet."),
    // Flows.
    look(139_000, "Blocked by integrity", "This account may not make or publish forms for now."),
    look(139_001, "Flow can't be updated", "A published form cannot be changed. Copy it first."),
    look(139_002, "Error while publishing Flow", "The form has mistakes and cannot be published."),
    look(139_003, "Can't deprecate Flow", "Only a published form can be withdrawn."),
    look(139_004, "Can't delete Flow", "Only a form that is still a draft can be deleted."),
    look(139_006, "Metrics threshold is not reached", "The form has not been used often enough for figures."),
    // Block list.
    look(139_100, "Failed to block or unblock some users", "Some people could not be blocked or unblocked. They must have written within the last 24 hours."),
    look(139_101, "Blocklist limit reached", "The block list is full."),
    row(139_102, "Blocklist concurrent update", 400, Place::Answer, Action::Retry, BACK_OFF,
        "The block list was being changed by someone else. It is tried again by itself."),
    row(139_103, "Blocklist internal error", 500, Place::Answer, Action::Retry, BACK_OFF,
        "WhatsApp had a fault with the block list. It is tried again by itself."),
    // Usernames.
    username(147_001),
    username(147_002),
    username(147_003),
    username(147_004),
    username(147_005),
];
