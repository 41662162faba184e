//! What a caller does about an error, and how long it waits.

/// What to do. Each variant says what becomes of the message and of everything behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Meta surely did nothing, and the fault passes by itself: keep the message, try it again after the
    /// wait.
    Retry,
    /// Meta surely did nothing because calls come too fast: keep the message, slow down everything in the
    /// scope, try again after the wait.
    SlowDown(PaceScope),
    /// Too many messages to this one person: keep the message, wait for this pair of number and person
    /// only; all others go on.
    WaitPair,
    /// Meta limits what this person gets: try again after a day, a few times, then give up. Others go on.
    WaitDay,
    /// The message may have been sent. Never repeat it now: wait for a status webhook that carries our id.
    MayHaveGoneOut,
    /// This call is wrong and will always be: fail the message, show the reason. Others go on.
    FixRequest,
    /// The template, or what fills it, is wrong for everyone: fail the message and pause the campaigns
    /// that use the template.
    FixTemplate,
    /// The media file cannot be used: fail the message and pause the campaigns that carry the file.
    FixMedia,
    /// Free text is not allowed now: fail the message and offer a template instead. A campaign of
    /// templates never sees it.
    UseTemplate,
    /// This message needs the phone number in place of the BSUID: address it again by phone if there is
    /// one, otherwise fail it.
    UsePhone,
    /// Marketing templates of this account must go through the Marketing Messages call: send by that call,
    /// or pause the campaign.
    UseMarketingMessages,
    /// This person cannot be reached at all: fail the message and mark the contact.
    StopRecipient,
    /// The person asked for no more marketing: fail the message and write the opt-out into the consent
    /// ledger. Never try again.
    RecordOptOut,
    /// The person's identity has changed: hold the message until somebody has confirmed who it is.
    ConfirmIdentity,
    /// The number may not send for now: pause everything on this number and tell its owner.
    PauseNumber,
    /// The number must be registered (again) before it can send: pause everything on this number.
    RegisterNumber,
    /// The account may not send: pause everything of this WABA and tell its owner what Meta wants.
    StopAccount,
    /// The token is dead or lacks a permission: pause everything that uses it and ask the owner to
    /// connect again.
    Reauthorise,
    /// Somebody must do something in Meta's tools or with the customer; there is nothing to repeat.
    AskSomeone,
}

/// What shares the pace that was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaceScope {
    /// Everything this app calls.
    App,
    /// Everything for one business account.
    Waba,
    /// Everything on one number.
    Number,
}

impl Action {
    /// Whether the same call may be made again by the program, after the wait.
    #[must_use]
    pub fn is_repeated(self) -> bool {
        matches!(self, Self::Retry | Self::SlowDown(_) | Self::WaitPair | Self::WaitDay)
    }

    /// Whether everything on the number, and not this message alone, has to stop.
    #[must_use]
    pub fn stops_number(self) -> bool {
        matches!(self, Self::PauseNumber | Self::RegisterNumber | Self::StopAccount | Self::Reauthorise)
    }

    /// The wait where the table names none.
    #[must_use]
    pub fn default_wait(self) -> Wait {
        match self {
            Self::Retry | Self::SlowDown(_) => BACK_OFF,
            Self::WaitPair => Wait::PowersOfFour,
            Self::WaitDay => Wait::Fixed { ms: DAY_MS },
            _ => Wait::Never,
        }
    }
}

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// From one second, doubling, to five minutes.
pub(super) const BACK_OFF: Wait = Wait::BackOff { first_ms: SECOND_MS, longest_ms: 5 * MINUTE_MS };
/// From one minute to half an hour: budgets by the hour, maintenance, synchronisation.
pub(super) const MINUTES: Wait = Wait::BackOff { first_ms: MINUTE_MS, longest_ms: 30 * MINUTE_MS };
/// A day.
pub(super) const DAY: Wait = Wait::Fixed { ms: DAY_MS };
/// Three days.
pub(super) const THREE_DAYS: Wait = Wait::Fixed { ms: 3 * DAY_MS };

/// How long to wait before trying again. Add jitter where many wait at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wait {
    /// Not to be repeated.
    Never,
    /// The first wait, doubled each time, up to the longest.
    BackOff {
        /// Before the first repetition.
        first_ms: u64,
        /// Never longer than this.
        longest_ms: u64,
    },
    /// Meta: 4^X seconds for a pair. Up to about an hour.
    PowersOfFour,
    /// Always the same.
    Fixed {
        /// The wait.
        ms: u64,
    },
}

impl Wait {
    /// Milliseconds before repetition number `attempt`, counted from 1; `None`: do not repeat.
    #[must_use]
    pub fn for_attempt_ms(self, attempt: u32) -> Option<u64> {
        let step = attempt.saturating_sub(1);
        match self {
            Self::Never => None,
            Self::BackOff { first_ms, longest_ms } => {
                let factor = 1_u64.checked_shl(step).unwrap_or(u64::MAX);
                Some(first_ms.saturating_mul(factor).min(longest_ms))
            }
            // The sixth is 4096 s, longer than any burst is borrowed for.
            Self::PowersOfFour => Some(4_u64.pow(attempt.clamp(1, 6)).saturating_mul(SECOND_MS)),
            Self::Fixed { ms } => Some(ms),
        }
    }
}
