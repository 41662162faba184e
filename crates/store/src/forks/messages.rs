//! Reading messages by their ids, each with its thread and its contact.

use crate::{keys::placeholders, seam::Engine};

/// Messages (alias `m`) whose ids are the `n` values from `$2` on, each with its thread (alias `t`) and its contact's name
/// (alias `c`); `$1` is the organization. An id that is named twice may be given twice.
pub(crate) fn messages_in_threads(engine: Engine, columns: &str, n: usize) -> String {
    match engine {
        Engine::Sqlite => format!(
            "SELECT {columns} FROM message m JOIN thread t ON t.org_id = m.org_id AND t.id = m.thread_id \
             JOIN contact c ON c.org_id = t.org_id AND c.id = t.contact_id WHERE m.org_id = $1 AND m.id IN ({})",
            placeholders(2, n)
        ),
        Engine::Postgres => format!(
            "SELECT {columns} FROM unnest(ARRAY[{}]::uuid[]) AS k (id) \
             CROSS JOIN LATERAL (SELECT m.* FROM message m WHERE m.org_id = $1 AND m.id = k.id OFFSET 0) m \
             CROSS JOIN LATERAL (SELECT t.* FROM thread t WHERE t.org_id = $1 AND t.id = m.thread_id OFFSET 0) t \
             CROSS JOIN LATERAL (SELECT c.name FROM contact c WHERE c.org_id = $1 AND c.id = t.contact_id OFFSET 0) c",
            placeholders(2, n)
        ),
    }
}
