//! The rows of segments.

use super::rule::Rule;
use crate::{
    OrgTx, Result, args,
    campaigns::{from_json, to_json},
    fold::fold,
    keys::last,
    seam::Row,
};
use tisara_domain::{SegmentId, Timestamp};

/// A saved rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its id.
    pub id: SegmentId,
    /// Unique in the organization.
    pub name: String,
    /// Whom it means.
    pub rule: Rule,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What to change of a segment; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct SegmentChange {
    /// Another name.
    pub name: Option<String>,
    /// Another rule.
    pub rule: Option<Rule>,
}

const SELECT: &str = "SELECT id, name, rule, created_at, updated_at FROM segment WHERE org_id = $1";

fn read(row: &Row<'_>) -> Result<Segment> {
    Ok(Segment {
        id: row.get(0)?,
        name: row.get(1)?,
        rule: from_json(row.get(2)?, 2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
    })
}

impl OrgTx<'_, '_> {
    /// Writes a new segment.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when one has that name, or as the database says.
    pub fn create_segment(&mut self, segment: &Segment) -> Result<()> {
        self.tx.execute(
            "INSERT INTO segment (org_id, id, name, name_fold, rule, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
            args![
                self.org,
                segment.id,
                segment.name,
                fold(&segment.name),
                to_json(&segment.rule)?,
                segment.created_at
            ],
        )?;
        Ok(())
    }

    /// The segment of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_segment(&mut self, id: SegmentId) -> Result<Option<Segment>> {
        self.tx.find(&format!("{SELECT} AND id = $2"), args![self.org, id], read)
    }

    /// The segment of that name, however it is capitalized.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_segment_by_name(&mut self, name: &str) -> Result<Option<Segment>> {
        self.tx.find(&format!("{SELECT} AND name_fold = $2"), args![self.org, fold(name)], read)
    }

    /// Up to `limit` segments, newest first, from behind `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_segments(&mut self, after: Option<SegmentId>, limit: u32) -> Result<Vec<Segment>> {
        let before = after.unwrap_or(last());
        let sql = format!("{SELECT} AND id < $2 ORDER BY id DESC LIMIT $3");
        self.tx.list(&sql, args![self.org, before, limit], read)
    }

    /// Changes a segment. `false` when there is none.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when another one has that name, or as the database says.
    pub fn update_segment(&mut self, id: SegmentId, change: &SegmentChange, now: Timestamp) -> Result<bool> {
        let rule = change.rule.as_ref().map(to_json).transpose()?;
        let changed = self.tx.execute(
            "UPDATE segment SET name = COALESCE($3, name), name_fold = COALESCE($4, name_fold), \
             rule = COALESCE($5, rule), updated_at = $6 WHERE org_id = $1 AND id = $2",
            args![self.org, id, change.name, change.name.as_deref().map(fold), rule, now],
        )?;
        Ok(changed == 1)
    }

    /// Removes a segment. Campaigns that were made with it keep its rule. `false` when there is none.
    ///
    /// # Errors
    /// As the database says.
    pub fn delete_segment(&mut self, id: SegmentId) -> Result<bool> {
        Ok(self.tx.execute("DELETE FROM segment WHERE org_id = $1 AND id = $2", args![self.org, id])? == 1)
    }
}
