//! What was measured, beside what was wanted.

use anyhow::Context as _;
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// What is wanted of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Target {
    AtLeast(f64),
    AtMost(f64),
}

use Target::{AtLeast, AtMost};

/// The targets, by key. Figures without one are for looking at.
const TARGETS: [(&str, Target); 30] = [
    ("campaign.sqlite.ratio", AtLeast(0.8)),
    ("campaign.postgres.ratio", AtLeast(0.6)),
    ("campaign.sqlite.growth", AtMost(1.15)),
    ("campaign.postgres.growth", AtMost(1.15)),
    ("ingest.sqlite.per_s", AtLeast(20_000.0)),
    ("ingest.postgres.per_s", AtLeast(15_000.0)),
    ("ingest.sqlite.p99_ms", AtMost(50.0)),
    ("ingest.postgres.p99_ms", AtMost(50.0)),
    ("import.sqlite.s_1m", AtMost(8.0)),
    ("import.postgres.s_1m", AtMost(20.0)),
    ("plan.sqlite.s_1m", AtMost(3.0)),
    ("plan.postgres.s_1m", AtMost(8.0)),
    ("inbox.sqlite.p99_ms", AtMost(10.0)),
    ("inbox.postgres.p99_ms", AtMost(10.0)),
    ("search.sqlite.p99_ms", AtMost(20.0)),
    ("search.postgres.p99_ms", AtMost(20.0)),
    ("segment.sqlite.p99_ms", AtMost(100.0)),
    ("segment.postgres.p99_ms", AtMost(100.0)),
    ("memory.idle_mb", AtMost(30.0)),
    ("memory.campaign_1m_mb", AtMost(120.0)),
    ("start.ms", AtMost(150.0)),
    ("many_numbers.sqlite.reached", AtLeast(0.99)),
    ("many_numbers.postgres.reached", AtLeast(0.99)),
    ("many_numbers.sqlite.fairness", AtLeast(0.98)),
    ("many_numbers.postgres.fairness", AtLeast(0.98)),
    ("campaign.sqlite.doubled", AtMost(0.0)),
    ("campaign.postgres.doubled", AtMost(0.0)),
    ("campaign.sqlite.lost", AtMost(0.0)),
    ("campaign.postgres.lost", AtMost(0.0)),
    ("keys.cpu_share_at_10k", AtMost(0.1)),
];

/// Figures by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// Keeps a figure, rounded to what can be told apart.
    pub(crate) fn set(&mut self, key: impl Into<String>, value: f64) {
        self.0.insert(key.into(), rounded(value));
    }

    /// Takes the figures that another program wrote.
    pub(crate) fn add_file(&mut self, file: &Path) -> anyhow::Result<()> {
        let at = || file.display().to_string();
        let text = std::fs::read_to_string(file).with_context(at)?;
        let values: BTreeMap<String, Value> = serde_json::from_str(&text).with_context(at)?;
        self.0.extend(values.into_iter().filter_map(|(key, value)| Some((key, value.as_f64()?))));
        Ok(())
    }

    /// Writes them as one JSON object.
    pub(crate) fn save(&self, file: &Path) -> anyhow::Result<()> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(&self.0)?;
        std::fs::write(file, text + "\n").with_context(|| file.display().to_string())
    }

    /// The table for people.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(["figure", "value", "target", ""]);
        for (key, value) in &self.0 {
            let target = TARGETS.iter().find(|(name, _)| name == key).map(|(_, target)| *target);
            let (wanted, met) = match target {
                Some(AtLeast(n)) => (format!("≥ {n}"), if *value >= n { "met" } else { "MISSED" }),
                Some(AtMost(n)) => (format!("≤ {n}"), if *value <= n { "met" } else { "MISSED" }),
                None => (String::new(), ""),
            };
            table.add_row([
                Cell::new(key),
                Cell::new(value).set_alignment(CellAlignment::Right),
                Cell::new(wanted).set_alignment(CellAlignment::Right),
                Cell::new(met),
            ]);
        }
        table
    }
}

/// Four digits are more than a busy machine can repeat.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_four_digits() {
        assert_eq!(rounded(12_345.678), 12_350.0);
        assert_eq!(rounded(0.012_345), 0.012_35);
        assert_eq!(rounded(0.0), 0.0);
    }

    #[test]
    fn a_missed_target_stands_out() {
        let mut figures = Figures::default();
        figures.set("start.ms", 151.0);
        figures.set("campaign.sqlite.ratio", 0.81);
        let table = figures.table().to_string();
        let line = |key: &str| table.lines().find(|line| line.contains(key)).unwrap().to_owned();
        assert!(
            line("start.ms").contains("MISSED") && line("campaign.sqlite.ratio").contains("met"),
            "{table}"
        );
    }
}
