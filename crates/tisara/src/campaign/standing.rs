//! Where a campaign stands, as the API tells it.

use crate::terminal::grouped;
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};
use tisara_domain::{CampaignState, Timestamp};

/// A campaign and its counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub state: CampaignState,
    /// Why it is paused, when that was not done by hand.
    #[serde(default)]
    pub paused_reason: Option<String>,
    /// The counts.
    pub progress: Progress,
    /// When it was started.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When everybody was decided.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
}

/// Counts of recipients; each is in exactly one state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Everyone it was planned for.
    pub recipients: u64,
    /// Wait to be sent.
    pub planned: u64,
    /// Not sent, by rule.
    pub skipped: u64,
    /// May or may not have gone out.
    pub uncertain: u64,
    /// Taken by Meta.
    pub accepted: u64,
    /// On their way.
    pub sent: u64,
    /// Refused, or not deliverable.
    pub failed: u64,
    /// On the person's phone.
    pub delivered: u64,
    /// Seen by the person.
    pub read: u64,
    /// Why people were skipped and why messages failed.
    pub reasons: Vec<Reason>,
    /// Messages that went out a second.
    pub per_second: Option<f64>,
    /// When the last message will be out.
    pub finish_expected_at: Option<Timestamp>,
}

/// How many were skipped or failed for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `skipped` or `failed`.
    pub state: String,
    /// A word, or Meta's code.
    pub reason: String,
    /// The reason in a sentence.
    pub explanation: String,
    /// How many.
    pub count: u64,
}

impl Progress {
    /// Recipients that are not skipped.
    #[must_use]
    pub fn to_send(&self) -> u64 {
        self.recipients.saturating_sub(self.skipped)
    }

    /// Those of them that are out or failed.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.accepted + self.sent + self.delivered + self.read + self.failed
    }

    /// What stands beside a progress bar.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = Vec::new();
        if let Some(speed) = self.per_second {
            words.push(format!("{}/s", grouped(speed.round().max(0.0) as u64)));
        }
        for (n, word) in [
            (self.delivered + self.read, "delivered"),
            (self.read, "read"),
            (self.failed, "failed"),
            (self.uncertain, "uncertain"),
            (self.skipped, "skipped"),
        ] {
            if n > 0 {
                words.push(format!("{} {word}", grouped(n)));
            }
        }
        words.join(", ")
    }

    /// The reasons of one state, most frequent first, as the table shows them.
    pub fn reasons_of(&self, state: &str) -> impl Iterator<Item = (String, u64)> {
        let of_state = self.reasons.iter().filter(move |r| r.state == state);
        of_state.map(|r| (format!("{} ({})", r.explanation.trim_end_matches('.'), r.reason), r.count))
    }
}

impl Standing {
    /// Name, state and speed in a line.
    #[must_use]
    pub fn headline(&self) -> String {
        let mut line = format!("{}: {}", self.name, self.state);
        if let Some(reason) = &self.paused_reason {
            line.push_str(&format!(" ({reason})"));
        }
        if let Some(speed) = self.progress.per_second {
            line.push_str(&format!(", {speed:.1} messages a second"));
        }
        if let Some(at) = self.progress.finish_expected_at {
            line.push_str(&format!(", done at about {at}"));
        }
        line
    }

    /// The counts with their reasons; the sum stands below.
    #[must_use]
    pub fn table(&self) -> String {
        let p = &self.progress;
        let mut table = new_table();
        row(&mut table, "skipped", p.skipped, "by rule, never sent");
        rows(&mut table, p.reasons_of("skipped"));
        row(&mut table, "waiting", p.planned, "");
        row(&mut table, "uncertain", p.uncertain, "may or may not have gone out; being settled");
        row(&mut table, "accepted", p.accepted, "Meta has it and has said nothing more");
        row(&mut table, "sent", p.sent, "on the way");
        row(&mut table, "delivered", p.delivered, "on the phone");
        row(&mut table, "read", p.read, "");
        row(&mut table, "failed", p.failed, "");
        rows(&mut table, p.reasons_of("failed"));
        row(&mut table, "sum", p.recipients, "everyone it was planned for");
        table.to_string()
    }
}

/// A table of counts: name, number, note.
#[must_use]
pub fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(["recipients", "", ""]);
    table
}

/// Adds a count.
pub fn row(table: &mut Table, name: &str, n: u64, note: &str) {
    table.add_row([
        Cell::new(name),
        Cell::new(grouped(n)).set_alignment(CellAlignment::Right),
        Cell::new(note),
    ]);
}

/// Adds the reasons of the count above.
pub fn rows(table: &mut Table, reasons: impl Iterator<Item = (String, u64)>) {
    for (reason, n) in reasons {
        row(table, "", n, &reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_api_becomes_a_table_with_reasons() {
        let standing: Standing = serde_json::from_str(
            r#"{"id":"campaign_01h455vb4pex5vsknk084sn02q","name":"May sale","state":"running","audience":{"kind":"all"},
                "progress":{"recipients":1010,"planned":500,"skipped":10,"delivered":500,"per_second":79.6,
                "reasons":[{"state":"skipped","reason":"no_consent","explanation":"No consent.","count":10}]}}"#,
        )
        .unwrap();
        let table = standing.table();
        for word in ["No consent (no_consent)", "1,010", "500"] {
            assert!(table.contains(word), "{table}");
        }
        assert_eq!(standing.headline(), "May sale: running, 79.6 messages a second");
        assert_eq!(standing.progress.to_send(), 1_000);
        assert_eq!(standing.progress.in_words(), "80/s, 500 delivered, 10 skipped");
    }
}
