//! What the demo found, as a table for people and an object for programs.

use crate::{
    campaign::standing::{self, Progress, row, rows},
    terminal::grouped,
};
use serde::Serialize;
use std::path::PathBuf;

/// The end of a demo. States of recipients are told apart: each planned recipient is counted once.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// Recipients of the campaign, skipped ones included.
    pub planned: u64,
    /// Not sent, by rule.
    pub skipped: u64,
    /// Taken by Meta's stand-in, which has said nothing more.
    pub accepted: u64,
    /// On their way.
    pub sent: u64,
    /// On the person's phone.
    pub delivered: u64,
    /// Seen by the person.
    pub read: u64,
    /// Refused, or not deliverable.
    pub failed: u64,
    /// May or may not have gone out.
    pub uncertain: u64,
    /// Should have reached a person, and the stand-in's report does not have it.
    pub lost: u64,
    /// Reached a person more than once, by the stand-in's report.
    pub doubled: u64,
    /// From the start of the campaign until the last message was out.
    pub seconds: f64,
    /// Messages out, by that time.
    pub messages_per_second: f64,
    /// Most memory this process (server, emulator and client together) ever had in use.
    pub peak_rss_mb: Option<f64>,
    /// Rows of the file that became contacts.
    pub imported: u64,
    /// Rows with a number that an earlier row had.
    pub duplicate: u64,
    /// Rows that could not be taken.
    pub refused: u64,
    /// The refused rows, with row, column and reason.
    pub error_file: Option<PathBuf>,
    /// Which database it ran on.
    pub database: &'static str,
    /// The seed, to run the same again.
    pub seed: u64,
}

impl Outcome {
    /// The promise, checked: nothing lost, nothing doubled, nothing open, and the sum is right.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.uncertain == 0 && self.adds_up()
    }

    fn sum(&self) -> u64 {
        let Self { skipped, accepted, sent, delivered, read, failed, uncertain, .. } = self;
        skipped + accepted + sent + delivered + read + failed + uncertain
    }

    fn adds_up(&self) -> bool {
        self.planned == self.sum()
    }

    /// The table, with the reasons of skips and failures.
    #[must_use]
    pub fn table(&self, progress: &Progress) -> String {
        let mut table = standing::new_table();
        let t = &mut table;
        row(t, "planned", self.planned, "");
        row(t, "  skipped", self.skipped, "by rule, never sent");
        rows(t, progress.reasons_of("skipped"));
        if self.accepted > 0 {
            row(t, "  accepted", self.accepted, "no status yet");
        }
        row(t, "  sent", self.sent, "on the way");
        row(t, "  delivered", self.delivered, "on the phone");
        row(t, "  read", self.read, "");
        row(t, "  failed", self.failed, "");
        rows(t, progress.reasons_of("failed"));
        row(t, "  uncertain", self.uncertain, "may or may not have gone out");
        row(t, "sum", self.sum(), if self.adds_up() { "as planned" } else { "NOT WHAT WAS PLANNED" });
        row(t, "lost", self.lost, "counted by the emulator");
        row(t, "doubled", self.doubled, "counted by the emulator");
        table.to_string()
    }

    /// Speed and memory in a line.
    #[must_use]
    pub fn speed(&self) -> String {
        let memory =
            self.peak_rss_mb.map_or_else(String::new, |mb| format!(", {mb:.0} MB of memory at most"));
        format!(
            "{:.1} s, {} messages a second on {}{memory}",
            self.seconds,
            grouped(self.messages_per_second as u64),
            self.database
        )
    }
}

/// The most memory this process ever had in use, in MB; where the system says it.
#[must_use]
pub fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some((kib / 1024.0 * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Outcome {
        Outcome { planned: 1_000, skipped: 30, delivered: 400, read: 560, failed: 10, ..Outcome::default() }
    }

    #[test]
    fn the_promise_is_kept_only_when_everything_adds_up() {
        assert!(outcome().is_kept());
        assert!(!Outcome { lost: 1, ..outcome() }.is_kept());
        assert!(!Outcome { doubled: 1, ..outcome() }.is_kept());
        assert!(!Outcome { failed: 9, ..outcome() }.is_kept());
        assert!(!Outcome { failed: 9, uncertain: 1, ..outcome() }.is_kept());
    }

    #[test]
    fn the_table_names_every_state_and_reason() {
        let reason = standing::Reason {
            state: "skipped".to_owned(),
            reason: "no_consent".to_owned(),
            explanation: "No consent.".to_owned(),
            count: 30,
        };
        let table = outcome().table(&Progress { reasons: vec![reason], ..Progress::default() });
        for word in
            ["planned", "1,000", "skipped", "No consent (no_consent)", "560", "lost", "doubled", "as planned"]
        {
            assert!(table.contains(word), "{word}\n{table}");
        }
    }
}
