//! Teams: members who see each other's threads.

use crate::{OrgTx, Result, args, fold::fold};
use tisara_domain::{TeamId, Timestamp, UserId};

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// What it is called; unique in the organization, however it is spelt.
    pub name: String,
    /// Who is in it.
    pub members: Vec<UserId>,
}

impl OrgTx<'_, '_> {
    /// Writes a new, empty team. `false` when one of that name is there.
    ///
    /// # Errors
    /// As the database says.
    pub fn create_team(&mut self, id: TeamId, name: &str, now: Timestamp) -> Result<bool> {
        let written = self.tx.execute(
            "INSERT INTO team (org_id, id, name, name_fold, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (org_id, name_fold) DO NOTHING",
            args![self.org, id, name, fold(name), now],
        )?;
        Ok(written == 1)
    }

    /// All teams with their members, by name; 200 at most.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_teams(&mut self) -> Result<Vec<Team>> {
        let mut teams = self.tx.list(
            "SELECT id, name FROM team WHERE org_id = $1 ORDER BY name_fold LIMIT 200",
            args![self.org],
            |row| Ok(Team { id: row.get(0)?, name: row.get(1)?, members: Vec::new() }),
        )?;
        let members = self.tx.list(
            "SELECT team_id, user_id FROM team_member WHERE org_id = $1 ORDER BY team_id, user_id",
            args![self.org],
            |row| Ok((row.get::<TeamId>(0)?, row.get::<UserId>(1)?)),
        )?;
        for (team, user) in members {
            if let Some(team) = teams.iter_mut().find(|t| t.id == team) {
                team.members.push(user);
            }
        }
        Ok(teams)
    }

    /// Whether there is such a team.
    ///
    /// # Errors
    /// As the database says.
    pub fn has_team(&mut self, id: TeamId) -> Result<bool> {
        let found =
            self.tx
                .find("SELECT 1 FROM team WHERE org_id = $1 AND id = $2", args![self.org, id], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Deletes a team; its members stay. `false` when there is no such team.
    ///
    /// # Errors
    /// As the database says.
    pub fn delete_team(&mut self, id: TeamId) -> Result<bool> {
        self.tx.execute("DELETE FROM team_member WHERE org_id = $1 AND team_id = $2", args![self.org, id])?;
        let deleted =
            self.tx.execute("DELETE FROM team WHERE org_id = $1 AND id = $2", args![self.org, id])?;
        Ok(deleted == 1)
    }

    /// Puts a member into a team; once is enough.
    ///
    /// # Errors
    /// As the database says.
    pub fn join_team(&mut self, id: TeamId, user: UserId) -> Result<()> {
        self.tx.execute(
            "INSERT INTO team_member (org_id, team_id, user_id) VALUES ($1, $2, $3) \
             ON CONFLICT (org_id, team_id, user_id) DO NOTHING",
            args![self.org, id, user],
        )?;
        Ok(())
    }

    /// Takes a member out of a team. `false` when they were not in it.
    ///
    /// # Errors
    /// As the database says.
    pub fn leave_team(&mut self, id: TeamId, user: UserId) -> Result<bool> {
        let left = self.tx.execute(
            "DELETE FROM team_member WHERE org_id = $1 AND team_id = $2 AND user_id = $3",
            args![self.org, id, user],
        )?;
        Ok(left == 1)
    }
}
