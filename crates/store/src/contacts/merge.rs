//! Two contacts that turned out to be one person.

use super::{HistoryKind, resolve::Known};
use crate::{OrgTx, Result, args, changes::Topic};
use tisara_domain::{ContactId, NumberId, ThreadId, Timestamp};

impl OrgTx<'_, '_> {
    /// Lets `other` go up in `kept`: labels, values where `kept` has none, the consent ledger,
    /// identities, history, threads with their messages, and its rows in the ledgers of campaigns. An
    /// opt-out of either holds for both.
    pub(super) fn merge_contacts(&mut self, kept: &mut Known, other: &Known, now: Timestamp) -> Result<()> {
        self.note_change(Topic::Contacts);
        self.note_change(Topic::Erasures);
        let (org, other_id, kept_id) = (self.org, other.id, kept.id);
        let args = args![org, other_id, kept_id];
        for (table, key) in [("contact_label", "label_id"), ("contact_field", "field_id")] {
            self.tx.execute(
                &format!(
                    "UPDATE {table} SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2 AND NOT EXISTS \
                     (SELECT 1 FROM {table} o WHERE o.org_id = $1 AND o.contact_id = $3 AND o.{key} = {table}.{key})"
                ),
                args,
            )?;
            self.tx.execute(
                &format!("DELETE FROM {table} WHERE org_id = $1 AND contact_id = $2"),
                args![self.org, other.id],
            )?;
        }
        for table in ["consent", "contact_identity", "recipient"] {
            self.tx.execute(
                &format!("UPDATE {table} SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2"),
                args,
            )?;
        }
        self.tx.execute(
            "INSERT INTO contact_history (org_id, contact_id, at, kind, detail) \
             SELECT k.org_id, k.id, h.at, h.kind, h.detail FROM contact_history h \
             JOIN contact k ON k.org_id = h.org_id AND k.id = $3 \
             WHERE h.org_id = $1 AND h.contact_id = $2 ON CONFLICT DO NOTHING",
            args,
        )?;
        self.tx.execute(
            "DELETE FROM contact_history WHERE org_id = $1 AND contact_id = $2",
            args![self.org, other.id],
        )?;
        self.merge_threads(kept.id, other.id, now)?;

        // The codes of consent rise: unknown, opted in, opted out.
        let (consent, reachable) = self.tx.get(
            "SELECT max(consent), max(reachable) FROM contact WHERE org_id = $1 AND id IN ($2, $3)",
            args,
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
        )?;
        let (email, language) = self.tx.get(
            "SELECT email, language FROM contact WHERE org_id = $1 AND id = $2",
            args![self.org, other.id],
            |row| Ok((row.get::<Option<String>>(0)?, row.get::<Option<String>>(1)?)),
        )?;
        self.tx.execute("DELETE FROM contact WHERE org_id = $1 AND id = $2", args![self.org, other.id])?;
        self.tx.execute(
            "UPDATE contact SET consent = $3, reachable = $4, email = COALESCE(email, $5), \
             language = COALESCE(language, $6), updated_at = $7 WHERE org_id = $1 AND id = $2",
            args![self.org, kept.id, consent, reachable, email, language, now],
        )?;
        if kept.name.is_empty() && !other.name.is_empty() {
            self.tx.execute(
                "UPDATE contact SET name = $3, name_fold = $4 WHERE org_id = $1 AND id = $2",
                args![self.org, kept.id, other.name, crate::fold::fold(&other.name)],
            )?;
            kept.name.clone_from(&other.name);
        }
        if kept.phone.is_none()
            && let Some(phone) = &other.phone
        {
            self.tx.execute(
                "UPDATE contact SET phone = $3 WHERE org_id = $1 AND id = $2",
                args![self.org, kept.id, phone],
            )?;
            kept.phone = Some(phone.clone());
        }
        let detail = serde_json::json!({ "contact": other.id, "phone": other.phone, "name": other.name });
        self.note_history(kept.id, now, HistoryKind::Merged, &detail)
    }

    fn merge_threads(&mut self, kept: ContactId, other: ContactId, now: Timestamp) -> Result<()> {
        let threads = |tx: &mut Self, contact: ContactId| {
            tx.tx.list(
                "SELECT id, number_id FROM thread WHERE org_id = $1 AND contact_id = $2",
                args![tx.org, contact],
                |row| Ok((row.get::<ThreadId>(0)?, row.get::<NumberId>(1)?)),
            )
        };
        let has = threads(self, kept)?;
        for (from, number) in threads(self, other)? {
            match has.iter().find(|(_, n)| *n == number) {
                Some((into, _)) => self.merge_thread(*into, from, now)?,
                None => {
                    self.tx.execute(
                        "UPDATE thread SET contact_id = $3 WHERE org_id = $1 AND id = $2",
                        args![self.org, from, kept],
                    )?;
                }
            }
        }
        Ok(())
    }

    /// Moves what is in thread `from` to thread `into`. Of two open conversations the one of `into`
    /// stays open.
    fn merge_thread(&mut self, into: ThreadId, from: ThreadId, now: Timestamp) -> Result<()> {
        let org = self.org;
        let args = args![org, from, into];
        for table in ["message", "message_search"] {
            self.tx.execute(
                &format!("UPDATE {table} SET thread_id = $3 WHERE org_id = $1 AND thread_id = $2"),
                args,
            )?;
        }
        self.tx.execute(
            "UPDATE conversation SET state = 'resolved', resolved_at = $3 WHERE org_id = $1 AND id = \
             (SELECT f.conversation_id FROM thread f JOIN thread i ON i.org_id = f.org_id AND i.id = $4 \
             WHERE f.org_id = $1 AND f.id = $2 AND i.conversation_id IS NOT NULL)",
            args![self.org, from, now, into],
        )?;
        self.tx
            .execute("UPDATE conversation SET thread_id = $3 WHERE org_id = $1 AND thread_id = $2", args)?;
        self.tx.execute(
            "UPDATE thread SET \
             last_line = CASE WHEN f.last_message_at > thread.last_message_at THEN f.last_line ELSE thread.last_line END, \
             last_message_at = CASE WHEN f.last_message_at > thread.last_message_at THEN f.last_message_at \
             ELSE thread.last_message_at END, \
             last_inbound_at = CASE WHEN thread.last_inbound_at IS NULL OR f.last_inbound_at > thread.last_inbound_at \
             THEN f.last_inbound_at ELSE thread.last_inbound_at END, \
             unread = thread.unread + f.unread, \
             conversation_id = COALESCE(thread.conversation_id, f.conversation_id) \
             FROM thread f WHERE thread.org_id = $1 AND thread.id = $3 AND f.org_id = $1 AND f.id = $2",
            args,
        )?;
        self.tx.execute("DELETE FROM thread WHERE org_id = $1 AND id = $2", args![self.org, from])?;
        Ok(())
    }
}
