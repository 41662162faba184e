//! Small pieces of SQL that many features share: cursors and lists of ids.

use tisara_domain::id::TypedId;

/// The id before all others: where a list in rising order starts.
pub(crate) fn first<T: TypedId>() -> T {
    T::from_bytes([0; 16])
}

/// The id behind all others: where a list in falling order starts.
pub(crate) fn last<T: TypedId>() -> T {
    T::from_bytes([0xff; 16])
}

/// Most values of one `IN (…)`; longer lists are worked off in pieces.
pub(crate) const IN_MAX: usize = 256;

/// The ids of a piece, padded with its last one to a power of two, so that the many lengths of lists
/// make only a few different statements.
pub(crate) fn padded<T: Copy>(ids: &[T]) -> Vec<T> {
    let mut out = ids.to_vec();
    if let Some(last) = ids.last() {
        out.resize(ids.len().next_power_of_two(), *last);
    }
    out
}

/// `$from, $from+1, …`: placeholders for `n` values.
pub(crate) fn placeholders(from: usize, n: usize) -> String {
    (from..from + n).map(|i| format!("${i}")).collect::<Vec<_>>().join(", ")
}
