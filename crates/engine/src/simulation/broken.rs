//! A rule of settling that a test of the simulation breaks, on its own thread.

use std::{borrow::Cow, cell::Cell};
use tisara_store::sending::SendingAccount;

thread_local!(static BY_ARRIVAL: Cell<bool> = const { Cell::new(false) });

/// Whether news count as new because they have just arrived.
pub(super) fn judge_by_arrival(broken: bool) {
    BY_ARRIVAL.set(broken);
}

/// The account as the settling sees it.
pub(crate) fn as_if_fresh(account: &SendingAccount) -> Cow<'_, SendingAccount> {
    if !BY_ARRIVAL.get() {
        return Cow::Borrowed(account);
    }
    let mut account = account.clone();
    account.news.statuses_until = account.last_webhook_at;
    account.news.events_until = account.last_webhook_at;
    account.news.lag = std::time::Duration::ZERO;
    Cow::Owned(account)
}
