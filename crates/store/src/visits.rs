//! The operator's staff, and their visits to organizations: who looked, why, when, at what.

use crate::{OrgTx, Result, Tx, args, keys, seam::Row};
use tisara_domain::{OrgId, Timestamp, UserId, VisitId};

/// One of the operator's staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Since when.
    pub added_at: Timestamp,
}

/// A time in which one of the staff may look into an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVisit {
    /// Its id.
    pub id: VisitId,
    /// Who looks.
    pub user_id: UserId,
    /// Why, as they say.
    pub reason: String,
    /// From when.
    pub begins_at: Timestamp,
    /// Until when; moved forward when it is ended before.
    pub ends_at: Timestamp,
}

/// A visit, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// What was written.
    pub visit: NewVisit,
    /// Where.
    pub org_id: OrgId,
    /// The visitor's name.
    pub name: String,
    /// The visitor's address.
    pub email: String,
}

/// Something that was looked at in a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The path of the request, with its ids.
    pub path: String,
    /// How often.
    pub times: i64,
    /// When last.
    pub last_at: Timestamp,
}

const SELECT: &str = "SELECT v.id, v.user_id, v.reason, v.begins_at, v.ends_at, v.org_id, u.name, u.email \
                      FROM visit v JOIN user_account u ON u.id = v.user_id";

fn read(row: &Row<'_>) -> Result<Visit> {
    Ok(Visit {
        visit: NewVisit {
            id: row.get(0)?,
            user_id: row.get(1)?,
            reason: row.get(2)?,
            begins_at: row.get(3)?,
            ends_at: row.get(4)?,
        },
        org_id: row.get(5)?,
        name: row.get(6)?,
        email: row.get(7)?,
    })
}

impl Tx<'_> {
    /// Makes a person one of the staff. `false` when they are.
    ///
    /// # Errors
    /// As the database says.
    pub fn add_staff(&mut self, user: UserId, now: Timestamp) -> Result<bool> {
        let added = self.execute(
            "INSERT INTO staff (user_id, added_at) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING",
            args![user, now],
        )?;
        Ok(added == 1)
    }

    /// Takes a person off the staff; their visits are over at once. `false` when they are not of it.
    ///
    /// # Errors
    /// As the database says.
    pub fn remove_staff(&mut self, user: UserId, now: Timestamp) -> Result<bool> {
        self.execute("UPDATE visit SET ends_at = $2 WHERE user_id = $1 AND ends_at > $2", args![user, now])?;
        Ok(self.execute("DELETE FROM staff WHERE user_id = $1", args![user])? == 1)
    }

    /// Whether a person is of the staff.
    ///
    /// # Errors
    /// As the database says.
    pub fn is_staff(&mut self, user: UserId) -> Result<bool> {
        Ok(self.find("SELECT 1 FROM staff WHERE user_id = $1", args![user], |_| Ok(()))?.is_some())
    }

    /// All of the staff, by address.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_staff(&mut self) -> Result<Vec<Staff>> {
        self.list(
            "SELECT s.user_id, u.name, u.email, s.added_at FROM staff s JOIN user_account u ON u.id = s.user_id \
             ORDER BY u.email_fold",
            &[],
            |row| {
                Ok(Staff {
                    user_id: row.get(0)?,
                    name: row.get(1)?,
                    email: row.get(2)?,
                    added_at: row.get(3)?,
                })
            },
        )
    }

    /// Up to `limit` visits of one of the staff, newest first, from behind `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_visits_of(&mut self, user: UserId, after: Option<VisitId>, limit: u32) -> Result<Vec<Visit>> {
        self.list(
            &format!("{SELECT} WHERE v.user_id = $1 AND v.id < $2 ORDER BY v.id DESC LIMIT $3"),
            args![user, after.unwrap_or(keys::last()), limit],
            read,
        )
    }

    /// Ends a visit of one of the staff that is not over. `false` when there is none such.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_visit_of(&mut self, user: UserId, id: VisitId, now: Timestamp) -> Result<bool> {
        let ended = self.execute(
            "UPDATE visit SET ends_at = $3 WHERE user_id = $1 AND id = $2 AND ends_at > $3",
            args![user, id, now],
        )?;
        Ok(ended == 1)
    }
}

impl OrgTx<'_, '_> {
    /// Writes a visit that begins.
    ///
    /// # Errors
    /// As the database says.
    pub fn begin_visit(&mut self, visit: &NewVisit) -> Result<()> {
        self.tx.execute(
            "INSERT INTO visit (org_id, id, user_id, reason, begins_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)",
            args![self.org, visit.id, visit.user_id, visit.reason, visit.begins_at, visit.ends_at],
        )?;
        Ok(())
    }

    /// The visit in which one of the staff may look now.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_visit_now(&mut self, user: UserId, now: Timestamp) -> Result<Option<VisitId>> {
        self.tx.find(
            "SELECT v.id FROM visit v JOIN staff s ON s.user_id = v.user_id WHERE v.org_id = $1 \
             AND v.user_id = $2 AND v.ends_at > $3 ORDER BY v.ends_at DESC LIMIT 1",
            args![self.org, user, now],
            |row| row.get(0),
        )
    }

    /// Notes that something was looked at.
    ///
    /// # Errors
    /// As the database says.
    pub fn note_look(&mut self, visit: VisitId, path: &str, now: Timestamp) -> Result<()> {
        self.tx.execute(
            "INSERT INTO visit_look (org_id, visit_id, path, times, last_at) VALUES ($1, $2, $3, 1, $4) \
             ON CONFLICT (org_id, visit_id, path) DO UPDATE SET times = visit_look.times + 1, \
             last_at = excluded.last_at",
            args![self.org, visit, path, now],
        )?;
        Ok(())
    }

    /// Up to `limit` visits to the organization, newest first, from behind `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_visits(&mut self, after: Option<VisitId>, limit: u32) -> Result<Vec<Visit>> {
        self.tx.list(
            &format!("{SELECT} WHERE v.org_id = $1 AND v.id < $2 ORDER BY v.id DESC LIMIT $3"),
            args![self.org, after.unwrap_or(keys::last()), limit],
            read,
        )
    }

    /// One visit to the organization.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_visit(&mut self, id: VisitId) -> Result<Option<Visit>> {
        self.tx.find(&format!("{SELECT} WHERE v.org_id = $1 AND v.id = $2"), args![self.org, id], read)
    }

    /// Up to `limit` things that were looked at in a visit, by path.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_looks(&mut self, visit: VisitId, limit: u32) -> Result<Vec<Look>> {
        self.tx.list(
            "SELECT path, times, last_at FROM visit_look WHERE org_id = $1 AND visit_id = $2 ORDER BY path LIMIT $3",
            args![self.org, visit, limit],
            |row| Ok(Look { path: row.get(0)?, times: row.get(1)?, last_at: row.get(2)? }),
        )
    }

    /// Ends a visit that is not over. `false` when there is none such.
    ///
    /// # Errors
    /// As the database says.
    pub fn end_visit(&mut self, id: VisitId, now: Timestamp) -> Result<bool> {
        let ended = self.tx.execute(
            "UPDATE visit SET ends_at = $3 WHERE org_id = $1 AND id = $2 AND ends_at > $3",
            args![self.org, id, now],
        )?;
        Ok(ended == 1)
    }

    /// The addresses of the owners.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_owner_emails(&mut self) -> Result<Vec<String>> {
        self.tx.list(
            "SELECT u.email FROM member m JOIN user_account u ON u.id = m.user_id \
             WHERE m.org_id = $1 AND m.role = 'owner' ORDER BY m.user_id LIMIT 50",
            args![self.org],
            |row| row.get(0),
        )
    }
}
