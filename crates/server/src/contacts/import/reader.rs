//! The reading side of an import: a thread that reads and judges rows, and hands them on in windows,
//! sorted by number.
//!
//! A bounded channel lies between it and the writer, so that both work at once and neither runs ahead.
//! Files have their numbers in no order. Written so, each row would change another page of the index of
//! numbers; sorted, a batch touches a small part of it. No number comes twice in a window, so the order
//! means nothing else.

use super::{
    checking::{CheckedRow, Checker, Verdict},
    errors_file::ErrorsFile,
    refusal::Refusal,
    table::Table,
};
use crate::contacts::import::RowCounts;
use std::{ops::ControlFlow, path::Path};
use tisara_domain::Region;
use tokio::sync::mpsc::Sender;

/// Good rows that are sorted together. An import that was cut off counts on finding the same windows
/// again, so this stays what it is.
const WINDOW_ROWS: usize = 100_000;
/// So many rows without that many good ones are also told, so that the progress moves.
const QUIET_ROWS: u64 = 200_000;

/// Rows that were read together, sorted by number, and how things stand after them.
pub(super) struct Window {
    pub(super) rows: Vec<(u64, CheckedRow)>,
    pub(super) counts: RowCounts,
    pub(super) bytes_read: u64,
    pub(super) last_row: u64,
}

/// Reads the whole file; ends early without an error when nobody takes the windows any more. Blocks.
pub(super) fn read(
    table: &Table,
    region: Region,
    errors: &Path,
    windows: &Sender<Window>,
) -> Result<(), Refusal> {
    let mut checker = Checker::new(table.columns.clone(), region);
    let mut errors = ErrorsFile::create(errors)?;
    let mut rows = Vec::new();
    let (mut told, mut last_row) = (0, 0);
    let ended = table.rows(|record, bytes_read| {
        let verdict = checker.check(record);
        for complaint in &checker.complaints {
            let column = table.columns.get(complaint.column).map_or("", |c| c.column.as_str());
            if let Err(e) = errors.write(record.row, column, complaint) {
                return ControlFlow::Break(Some(e));
            }
        }
        if let Verdict::New(row) = verdict {
            rows.push((record.row, *row));
        }
        last_row = record.row;
        if rows.len() < WINDOW_ROWS && checker.counts.rows - told < QUIET_ROWS {
            return ControlFlow::Continue(());
        }
        told = checker.counts.rows;
        let rows = by_number(std::mem::take(&mut rows));
        match windows.blocking_send(Window { rows, counts: checker.counts, bytes_read, last_row }) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(None),
        }
    })?;
    match ended {
        Some(Some(e)) => Err(e.into()),
        // Nobody listens: cancelled, or the process is stopping.
        Some(None) => Ok(()),
        None => {
            errors.finish()?;
            let _ = windows.blocking_send(Window {
                rows: by_number(rows),
                counts: checker.counts,
                bytes_read: table.bytes,
                last_row,
            });
            Ok(())
        }
    }
}

fn by_number(mut rows: Vec<(u64, CheckedRow)>) -> Vec<(u64, CheckedRow)> {
    rows.sort_unstable_by(|(_, a), (_, b)| a.phone.as_str().cmp(b.phone.as_str()));
    rows
}
