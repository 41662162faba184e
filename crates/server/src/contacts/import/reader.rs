//! The reading side of an import: a thread that reads and judges rows, and hands them on in batches.
//!
//! A bounded channel lies between it and the writer, so that both work at once and neither runs ahead.

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

/// Rows written in one transaction.
const BATCH_ROWS: usize = 4_000;
/// So many rows without one that is good are also told, so that the progress moves.
const QUIET_ROWS: u64 = 50_000;

/// Rows to be written together, and how things stand after them.
pub(super) struct Batch {
    pub(super) rows: Vec<(u64, CheckedRow)>,
    pub(super) counts: RowCounts,
    pub(super) bytes_read: u64,
    pub(super) last_row: u64,
}

/// Reads the whole file; ends early without an error when nobody takes the batches any more. Blocks.
pub(super) fn read(
    table: &Table,
    region: Region,
    errors: &Path,
    batches: &Sender<Batch>,
) -> Result<(), Refusal> {
    let mut checker = Checker::new(table.columns.clone(), region);
    let mut errors = ErrorsFile::create(errors)?;
    let mut rows = Vec::with_capacity(BATCH_ROWS);
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
        if rows.len() < BATCH_ROWS && checker.counts.rows - told < QUIET_ROWS {
            return ControlFlow::Continue(());
        }
        told = checker.counts.rows;
        let rows = std::mem::replace(&mut rows, Vec::with_capacity(BATCH_ROWS));
        match batches.blocking_send(Batch { rows, counts: checker.counts, bytes_read, last_row }) {
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
            let _ = batches.blocking_send(Batch {
                rows,
                counts: checker.counts,
                bytes_read: table.bytes,
                last_row,
            });
            Ok(())
        }
    }
}
