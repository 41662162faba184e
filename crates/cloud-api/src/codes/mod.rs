//! Meta's error codes as data: what each means in plain words, and what to do about it.
//!
//! Meta asks to program against codes, not titles. The one question a sender must never get wrong is
//! whether a message may have gone out; it is answered by [`Action::MayHaveGoneOut`] here and by
//! `CallError` around it.

mod access;
mod account;
mod action;
mod products;
mod registration;
mod sending;
mod subcodes;
mod templates;

use std::sync::LazyLock;

pub use action::{Action, PaceScope, Wait};

/// What is known of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Meta's number.
    pub code: i64,
    /// Meta's title, as it stands after `(#code)` in a message.
    pub title: &'static str,
    /// What it means, for a shop owner. A sentence, without the number.
    pub meaning: &'static str,
    /// HTTP status Meta documents for it; `None` where it comes by webhook only or none is documented.
    pub http_status: Option<u16>,
    /// Where it turns up.
    pub place: Place,
    /// What the caller does.
    pub action: Action,
    /// How long before trying again.
    pub wait: Wait,
}

/// Where a code turns up. Meta says only that errors may come either way; this is its practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the HTTP answer.
    Answer,
    /// In a webhook, mostly a status `failed`.
    Webhook,
    /// In either.
    Either,
}

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut table: Vec<Entry> = [
        access::ENTRIES,
        account::ENTRIES,
        sending::ENTRIES,
        templates::ENTRIES,
        registration::ENTRIES,
        products::ENTRIES,
    ]
    .concat();
    table.sort_by_key(|entry| entry.code);
    table
});

/// Every code of the table, in order.
#[must_use]
pub fn all() -> &'static [Entry] {
    &TABLE
}

/// What is known of a code; `None` for one that is not in the table (see [`action()`]).
#[must_use]
pub fn lookup(code: i64) -> Option<&'static Entry> {
    let index = TABLE.binary_search_by_key(&code, |entry| entry.code).ok()?;
    TABLE.get(index)
}

/// What is known of an error with two numbers. Meta: a number of the 2388xxx kind may stand in `code` or in
/// `error_subcode`; the subcode, where it is known, says more than a generic code.
#[must_use]
pub fn lookup_with(code: i64, subcode: Option<i64>) -> Option<&'static Entry> {
    let both = subcode.and_then(|subcode| {
        let pair = subcodes::ENTRIES.iter().find(|(of, sub, _)| (*of, *sub) == (code, subcode));
        // Small subcodes are numbers of their own; large ones are codes.
        pair.map(|(_, _, entry)| entry).or_else(|| (subcode >= 1_000_000).then(|| lookup(subcode)).flatten())
    });
    both.or_else(|| lookup(code))
}

/// What to do about a code. Total: one that is not in the table is judged by the range Meta keeps its
/// family in, and by the HTTP status where there was one. When in doubt the answer is the one that cannot
/// send twice.
#[must_use]
pub fn action(code: i64, http_status: Option<u16>) -> Action {
    lookup(code).map_or_else(|| by_family(code, http_status), |entry| entry.action)
}

/// As [`action()`] for a code that is not in the table, or for an error without a code (then -1).
pub(crate) fn by_family(code: i64, http_status: Option<u16>) -> Action {
    match (code, http_status) {
        (200..=299, _) | (_, Some(401)) => Action::Reauthorise,
        // A fault on Meta's side: the message may have been taken before it.
        (_, Some(500..=599)) => Action::MayHaveGoneOut,
        (_, Some(429)) => Action::SlowDown(PaceScope::Number),
        (_, Some(403)) => Action::Reauthorise,
        (80_000..=80_099, _) => Action::SlowDown(PaceScope::Waba),
        (132_000..=132_999 | 2_388_000..=2_388_999, _) => Action::FixTemplate,
        (133_000..=133_999, _) => Action::RegisterNumber,
        _ => Action::FixRequest,
    }
}

/// What a code means for a shop owner; a general sentence for one that is not in the table.
#[must_use]
pub fn meaning(code: i64) -> &'static str {
    lookup(code).map_or(UNKNOWN_MEANING, |entry| entry.meaning)
}

/// What is said of a code that is not in the table.
pub(crate) const UNKNOWN_MEANING: &str =
    "WhatsApp refused this for a reason we do not know yet. Look the number up or ask support.";

/// One row of a table below: code, title, HTTP status (0: none), place, action, wait, meaning.
const fn row(
    code: i64,
    title: &'static str,
    http_status: u16,
    place: Place,
    action: Action,
    wait: Wait,
    meaning: &'static str,
) -> Entry {
    let http_status = if http_status == 0 { None } else { Some(http_status) };
    Entry { code, title, meaning, http_status, place, action, wait }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Meta's list where it says more than the number: code, HTTP status (0: none), where it turns up (S: in the
    /// answer, W: by webhook), whether it is tried again (u: it may have gone out).
    #[rustfmt::skip]
    const DESCRIBED: &[(i64, u16, &str, char)] = &[
        // Authorisation, app, throttling.
        (0, 401, "S", 'n'), (1, 400, "S", 'u'), (2, 503, "S", 'u'), (3, 500, "S", 'n'), (4, 400, "S", 'y'),
        (10, 403, "S", 'n'), (33, 400, "S", 'n'), (100, 400, "S", 'n'), (190, 401, "S", 'n'), (200, 403, "S", 'n'),
        (368, 403, "S/W", 'n'), (613, 429, "S", 'y'), (80_007, 400, "S", 'y'), (130_429, 400, "S/W", 'y'),
        (131_048, 400, "S/W", 'n'), (131_056, 400, "S/W", 'y'), (131_064, 400, "S/W", 'n'), (133_016, 400, "S", 'y'),
        // Integrity and account.
        (130_497, 403, "S/W", 'n'), (131_031, 403, "S/W", 'n'), (131_037, 400, "S", 'n'), (131_042, 400, "S/W", 'n'),
        (131_044, 400, "S", 'n'), (131_045, 500, "S", 'n'), (131_057, 500, "S", 'y'), (134_011, 400, "S", 'n'),
        // Sending.
        (130_403, 0, "S", 'n'), (130_472, 400, "W", 'n'), (131_000, 500, "S/W", 'u'), (131_005, 403, "S", 'n'),
        (131_008, 400, "S", 'n'), (131_009, 400, "S/W", 'n'), (131_016, 500, "S", 'u'), (131_020, 400, "S", 'n'),
        (131_021, 400, "S", 'n'), (131_026, 400, "S/W", 'n'), (131_030, 400, "S", 'n'), (131_041, 400, "S", 'n'),
        (131_059, 400, "S", 'n'), (131_047, 400, "S/W", 'n'), (131_049, 400, "W", 'y'), (131_050, 400, "S/W", 'n'),
        (131_051, 400, "S/W", 'n'), (131_052, 400, "W", 'n'), (131_053, 400, "S/W", 'n'), (131_055, 400, "S", 'n'),
        (131_062, 400, "S", 'n'), (131_063, 400, "S", 'n'), (135_000, 400, "S", 'n'), (137_000, 0, "W", 'n'),
        // Templates.
        (132_000, 400, "S", 'n'), (132_001, 404, "S", 'n'), (132_005, 400, "S", 'n'), (132_007, 400, "S", 'n'),
        (132_008, 400, "S", 'n'), (132_012, 400, "S", 'n'), (132_015, 400, "S/W", 'n'), (132_016, 400, "S", 'n'),
        (132_018, 400, "S", 'n'), (132_068, 400, "S", 'n'), (132_069, 400, "S", 'n'), (134_100, 400, "S", 'n'),
        (134_101, 400, "S", 'y'), (134_102, 500, "S", 'n'), (2_388_019, 400, "S", 'n'), (2_388_039, 400, "S", 'n'),
        (2_388_040, 400, "S", 'n'), (2_388_047, 400, "S", 'n'), (2_388_072, 400, "S", 'n'), (2_388_073, 400, "S", 'n'),
        (2_388_293, 400, "S", 'n'), (2_388_299, 400, "S", 'n'), (200_005, 400, "S", 'n'), (200_006, 400, "S", 'n'),
        (200_007, 400, "S", 'n'),
        // Registration, as far as a status is given.
        (133_000, 500, "S", 'n'), (133_004, 503, "S", 'y'), (133_015, 400, "S", 'y'),
    ];

    #[test]
    fn each_entry_says_what_metas_list_says() {
        for (code, http_status, place, again) in DESCRIBED {
            let entry = lookup(*code).unwrap_or_else(|| panic!("{code} is missing"));
            assert_eq!(entry.http_status.unwrap_or(0), *http_status, "{code}");
            let says = match entry.place {
                Place::Answer => "S",
                Place::Webhook => "W",
                Place::Either => "S/W",
            };
            assert_eq!(says, *place, "{code}");
            let says = match entry.action {
                Action::MayHaveGoneOut => 'u',
                action if action.is_repeated() => 'y',
                _ => 'n',
            };
            assert_eq!(says, *again, "{code}");
        }
    }

    #[test]
    fn the_second_number_says_more() {
        let meaning = |code, subcode| lookup_with(code, subcode).unwrap().meaning;
        assert!(meaning(190, Some(463)).contains("run out"));
        assert!(meaning(190, Some(999)).contains("expired or was withdrawn"));
        assert!(meaning(100, Some(33)).contains("does not know"));
        assert_eq!(lookup_with(100, Some(2_388_040)).unwrap().code, 2_388_040);
        assert_eq!(lookup_with(130_429, Some(2_494_055)).unwrap().code, 130_429);
        assert_eq!(lookup_with(100, Some(190)).unwrap().code, 100, "a small subcode is no code");
        for (code, subcode, entry) in subcodes::ENTRIES {
            assert_eq!(entry.code, *code, "{subcode}");
            assert_eq!(entry.action, action(*code, None), "{code}/{subcode}");
        }
    }

    /// Every code of Meta's list, ranges apart.
    const LISTED: &[i64] = &[
        0, 1, 2, 3, 4, 10, 33, 100, 190, 200, 299, 368, 613, 80_007, 130_429, 131_048, 131_056, 131_064,
        133_016, 130_497, 131_031, 131_037, 131_042, 131_044, 131_045, 131_057, 134_011, 130_403, 130_472,
        131_000, 131_005, 131_008, 131_009, 131_016, 131_020, 131_021, 131_026, 131_030, 131_041, 131_059,
        131_047, 131_049, 131_050, 131_051, 131_052, 131_053, 131_055, 131_062, 131_063, 135_000, 137_000,
        132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015, 132_016, 132_018, 132_068, 132_069,
        134_100, 134_101, 134_102, 2_388_019, 2_388_039, 2_388_040, 2_388_047, 2_388_072, 2_388_073,
        2_388_293, 2_388_299, 200_005, 200_006, 200_007, 133_000, 133_004, 133_005, 133_006, 133_008,
        133_009, 133_010, 133_015, 136_024, 136_025, 2_388_001, 2_388_012, 2_388_091, 2_388_093, 2_388_103,
        2_494_100, 2_593_079, 2_593_085, 2_593_107, 2_593_108, 2_593_109, 1_752_041, 2_494_164, 2_494_165,
        2_494_166, 2_494_167, 2_494_168, 2_494_176, 2_494_177, 2_494_179, 139_000, 139_001, 139_002, 139_003,
        139_004, 139_100, 139_101, 139_102, 139_103, 138_000, 138_001, 138_002, 138_003, 138_004, 138_005,
        138_006, 138_007, 138_009, 138_012, 138_013, 138_018, 131_201, 131_202, 131_204, 131_207, 131_208,
        131_209, 131_210, 131_211, 131_212, 131_213, 131_214, 131_215, 147_001, 147_002, 147_003, 147_004,
        147_005,
    ];

    #[test]
    fn every_listed_code_has_one_entry() {
        for code in LISTED {
            assert!(lookup(*code).is_some() || (200..=299).contains(code), "{code} is missing");
        }
        for pair in all().windows(2) {
            assert!(pair[0].code < pair[1].code, "{} stands twice", pair[0].code);
        }
    }

    #[test]
    fn meanings_are_plain_sentences() {
        for entry in all().iter().chain(subcodes::ENTRIES.iter().map(|(_, _, entry)| entry)) {
            assert!(entry.meaning.ends_with('.'), "{}", entry.code);
            assert!(!entry.meaning.contains('!'), "{}", entry.code);
            assert!(!entry.title.is_empty(), "{}", entry.code);
        }
    }

    #[test]
    fn exactly_the_codes_meta_may_answer_after_sending_may_have_gone_out() {
        let may: Vec<i64> = all()
            .iter()
            .filter(|entry| entry.action == Action::MayHaveGoneOut)
            .map(|entry| entry.code)
            .collect();
        assert_eq!(may, [1, 2, 131_000, 131_016]);
        assert_eq!(action(999_999, Some(503)), Action::MayHaveGoneOut);
        assert_eq!(action(999_999, Some(400)), Action::FixRequest);
    }

    #[test]
    fn a_send_is_repeated_at_once_only_where_meta_refused_before_working() {
        for code in [4, 80_007, 130_429] {
            assert!(matches!(action(code, None), Action::SlowDown(_)), "{code}");
        }
        assert_eq!(action(131_056, None), Action::WaitPair);
    }

    #[test]
    fn what_is_repeated_has_a_wait_and_what_is_not_has_none() {
        for entry in all() {
            assert_eq!(entry.wait.for_attempt_ms(1).is_some(), entry.action.is_repeated(), "{}", entry.code);
        }
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        assert_eq!(lookup(131_056).unwrap().wait.for_attempt_ms(1), Some(4_000));
        assert_eq!(lookup(131_056).unwrap().wait.for_attempt_ms(3), Some(64_000));
        assert_eq!(lookup(131_049).unwrap().wait.for_attempt_ms(1), Some(86_400_000));
        for entry in all() {
            let far = entry.wait.for_attempt_ms(u32::MAX);
            assert!(far.is_none_or(|wait| wait <= 3 * 86_400_000), "{}", entry.code);
        }
    }

    #[test]
    fn unknown_codes_are_judged_by_family() {
        assert_eq!(action(273, None), Action::Reauthorise);
        assert_eq!(action(132_999, None), Action::FixTemplate);
        assert_eq!(action(2_388_555, Some(400)), Action::FixTemplate);
        assert_eq!(action(80_008, None), Action::SlowDown(PaceScope::Waba));
        assert_eq!(action(-7, None), Action::FixRequest);
    }
}
