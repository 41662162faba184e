//! Every statement that a contract test runs on SQLite is also asked for its plan: none may read a
//! table that grows without end from one end to the other, nor all of an organization's rows in it.

use crate::seam::{Arg, Store, Tx};
use std::fmt::Write as _;

/// Tables that grow without end.
const LARGE: &[&str] = &[
    "contact",
    "contact_identity",
    "contact_history",
    "contact_field",
    "contact_label",
    "consent",
    "recipient",
    "chunk",
    "follow_up",
    "thread",
    "conversation",
    "message",
    "message_search",
    "journal",
    "journal_failed",
    "idempotency",
    "user_account",
    "sign_up",
    "mailed_link",
    "session",
    "spent_token",
    "second_factor",
    "recovery_code",
    "visit",
    "visit_look",
    "passkey",
    "passkey_question",
    "known_device",
    "throttle",
    "mail",
];

/// Statements that may read all of an organization's rows, by a part of their text, and why.
const ALLOWED: &[(&str, &str)] = &[
    ("DELETE FROM contact_field WHERE org_id = $1 AND field_id = $2", "fields are hardly ever deleted"),
    ("SELECT count(*) FROM contact WHERE org_id = $1", "counted once in a while"),
    ("SELECT count(*) FROM message WHERE org_id = $1", "counted once in a while"),
    ("SELECT CASE WHEN state = 8 THEN 0", "repair reads everything"),
];

/// Indexes of the few rows that are under way, and of no others: they may be read from one end to the other.
const UNDER_WAY: &[&str] = &["chunk_leased"];

/// Looks at the plans of all that was run on this store so far.
///
/// # Panics
/// When one of them reads too much.
pub async fn check(store: &Store) {
    let written = store.write(|tx| Ok::<_, crate::Error>(faults(tx))).await.expect("the plans are told");
    let read = store.read(|tx| Ok::<_, crate::Error>(faults(tx))).await.expect("the plans are told");
    assert!(written.is_empty() && read.is_empty(), "statements without a fitting index:\n{written}{read}");
}

fn faults(tx: &mut Tx<'_>) -> String {
    let mut faults = String::new();
    for sql in tx.statements_so_far() {
        if sql.contains("pragma_") || ALLOWED.iter().any(|(part, _)| sql.contains(part)) {
            continue;
        }
        let values = vec![Arg::Int(None); highest_placeholder(&sql)];
        let plan = tx.list(&format!("EXPLAIN QUERY PLAN {sql}"), &values, |row| row.get::<String>(3));
        let plan = plan.expect("a statement that ran has a plan");
        let made = |name: &str| {
            plan.iter().any(|s| s == &format!("CO-ROUTINE {name}") || s == &format!("MATERIALIZE {name}"))
        };
        for step in &plan {
            if reads_too_much(step, &sql) && !step.strip_prefix("SCAN ").is_some_and(made) {
                let _ = writeln!(faults, "  {step}\n    of {sql}");
            }
        }
    }
    faults
}

/// A step reads as `SCAN c`, `SCAN c USING INDEX …` or `SEARCH c USING … (org_id=? AND …)`.
fn reads_too_much(step: &str, sql: &str) -> bool {
    let mut words = step.split(' ');
    let (verb, name) = (words.next(), words.next().unwrap_or_default());
    let all = match verb {
        Some("SCAN") => true,
        Some("SEARCH") => step.ends_with("(org_id=?)"),
        _ => false,
    };
    let index = step.rsplit(' ').next().unwrap_or_default();
    all && !UNDER_WAY.contains(&index) && LARGE.contains(&table(name, sql))
}

/// The table behind an alias: the word before it, or itself.
fn table<'s>(name: &'s str, sql: &'s str) -> &'s str {
    let words: Vec<&str> = sql.split([' ', ',', '(', ')', '\n']).filter(|w| !w.is_empty()).collect();
    let before = |pair: &[&'s str]| (pair[1] == name && LARGE.contains(&pair[0])).then_some(pair[0]);
    words.windows(2).find_map(before).unwrap_or(name)
}

fn highest_placeholder(sql: &str) -> usize {
    let number = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    sql.split('$').skip(1).filter_map(number).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_reads_a_large_table_is_found_under_its_alias() {
        let sql = "SELECT 1 FROM number n JOIN contact c ON c.org_id = n.org_id";
        assert!(reads_too_much("SCAN c", sql));
        assert!(reads_too_much("SEARCH c USING PRIMARY KEY (org_id=?)", sql));
        assert!(!reads_too_much("SEARCH c USING PRIMARY KEY (org_id=? AND id=?)", sql));
        assert!(!reads_too_much("SCAN n", sql));
        assert!(reads_too_much("SCAN contact", "SELECT 1 FROM contact"));
        assert!(reads_too_much("SCAN chunk USING COVERING INDEX chunk_unfinished", "SELECT 1 FROM chunk"));
        assert!(!reads_too_much("SCAN chunk USING COVERING INDEX chunk_leased", "SELECT 1 FROM chunk"));
    }
}
