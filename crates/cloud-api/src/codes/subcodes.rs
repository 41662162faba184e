//! Second numbers that say more than the code they come with.

use super::{Action, Entry, Place, Wait, row};

/// Code, subcode, entry.
#[rustfmt::skip]
pub(super) const ENTRIES: &[(i64, i64, Entry)] = &[
    (100, 33, row(100, "Unsupported request", 400, Place::Answer, Action::FixRequest, Wait::Never,
        "WhatsApp does not know this number or item, or we have no access to it. It may have been deleted.")),
    (190, 458, row(190, "App not installed", 401, Place::Answer, Action::Reauthorise, Wait::Never,
        "The business has removed our app from its WhatsApp account. Connect the account again.")),
    (190, 459, row(190, "User checkpointed", 401, Place::Answer, Action::Reauthorise, Wait::Never,
        "Facebook wants the person who connected this account to sign in there first. Then connect it again.")),
    (190, 460, row(190, "Password changed", 401, Place::Answer, Action::Reauthorise, Wait::Never,
        "The person who connected this account has changed their Facebook password. Connect the account again.")),
    (190, 463, row(190, "Access token has expired", 401, Place::Answer, Action::Reauthorise, Wait::Never,
        "The connection to WhatsApp has run out, as it does after some weeks. Connect the account again.")),
    (190, 464, row(190, "Unconfirmed user", 401, Place::Answer, Action::Reauthorise, Wait::Never,
        "Facebook wants the person who connected this account to confirm who they are. Then connect it again.")),
    (190, 467, row(190, "Invalid access token", 401, Place::Answer, Action::Reauthorise, Wait::Never,
        "The connection to WhatsApp was withdrawn. Connect the account again.")),
];
