//! One row of a file.

/// A row, kept and filled again for the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// The row's number as a spreadsheet shows it, from 1.
    pub(super) row: u64,
    text: String,
    ends: Vec<usize>,
}

impl Record {
    /// Empties it for the next row.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// How many cells.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell, trimmed; empty when the row is shorter.
    pub(super) fn cell(&self, column: usize) -> &str {
        let Some(end) = self.ends.get(column) else { return "" };
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        self.text.get(start..*end).unwrap_or_default().trim()
    }

    /// All cells, trimmed.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.cell(i))
    }

    /// Whether nothing is written in it.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

#[cfg(test)]
impl<const N: usize> From<(u64, [&str; N])> for Record {
    fn from((row, cells): (u64, [&str; N])) -> Self {
        let mut record = Self { row, ..Self::default() };
        for cell in cells {
            record.push(cell);
        }
        record
    }
}
