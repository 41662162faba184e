//! Counts of changes, so that what was once worked out of many rows may be kept exactly as long as it
//! holds: a transaction that sees the same count sees the same rows.
//!
//! A transaction notes what it changes; the counts themselves are written as its last statements, in one
//! order, so that two writers wait for each other as shortly as can be and never in a circle.

use crate::{OrgTx, Result, Tx, args, seam::Arg, usage::Counted};
use std::collections::BTreeSet;
use tisara_domain::{FieldId, LabelId, OrgId, id::TypedId as _};

/// What may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Topic {
    /// Which contacts there are, and what stands in their rows.
    Contacts,
    /// A contact was erased or went up in another; then nothing about contacts is as it was.
    Erasures,
    /// When somebody last wrote.
    Inbound,
    /// Who has a label.
    Label(LabelId),
    /// What stands in a field.
    Field(FieldId),
}

impl Topic {
    const fn word(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Erasures => "erasures",
            Self::Inbound => "inbound",
            Self::Label(_) => "label",
            Self::Field(_) => "field",
        }
    }

    fn key(self) -> Arg<'static> {
        Arg::Id(Some(match self {
            Self::Label(id) => id.to_bytes(),
            Self::Field(id) => id.to_bytes(),
            Self::Contacts | Self::Erasures | Self::Inbound => [0; 16],
        }))
    }
}

/// What an open transaction has changed and counted.
#[derive(Default)]
pub(crate) struct Changes {
    topics: BTreeSet<(OrgId, Topic)>,
    pub(crate) counted: Counted,
}

impl Tx<'_> {
    /// Writes the counts of what was changed, and what was counted; at the end of the transaction.
    pub(crate) fn write_changes(&mut self) -> Result<()> {
        let Changes { topics, counted } = std::mem::take(&mut self.1);
        for (org, topic) in topics {
            self.execute(
                "INSERT INTO change_count (org_id, topic, key, n) VALUES ($1, $2, $3, 1) \
                 ON CONFLICT (org_id, topic, key) DO UPDATE SET n = change_count.n + 1",
                args![org, topic.word(), topic.key()],
            )?;
        }
        self.write_counted(counted)
    }
}

impl OrgTx<'_, '_> {
    /// Notes that this transaction changes something.
    pub(crate) fn note_change(&mut self, topic: Topic) {
        let org = self.org;
        self.tx.1.topics.insert((org, topic));
    }

    /// How often something has changed.
    pub(crate) fn count_changes(&mut self, topic: Topic) -> Result<i64> {
        let found = self.tx.find(
            "SELECT n FROM change_count WHERE org_id = $1 AND topic = $2 AND key = $3",
            args![self.org, topic.word(), topic.key()],
            |row| row.get(0),
        )?;
        Ok(found.unwrap_or(0))
    }
}
