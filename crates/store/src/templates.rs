//! Message templates as Meta last told of them, and the versions that were ever used.

use crate::{OrgTx, Result, args, seam::Row};
use serde_json::Value;
use tisara_domain::{TemplateId, Timestamp, WabaId};

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its id here.
    pub id: TemplateId,
    /// The account it belongs to.
    pub waba_id: WabaId,
    /// Its id at Meta.
    pub meta_id: String,
    /// Its name, shared by its translations.
    pub name: String,
    /// Meta's language code, as `en_US`.
    pub language: String,
    /// Meta's word: `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    pub category: String,
    /// Meta's word: `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED`, `DELETED`, …
    pub status: String,
    /// Meta's word: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    pub quality: String,
    /// Meta's word for why it was rejected.
    pub rejected_reason: Option<String>,
    /// The newest version, from 1.
    pub version: u32,
    /// When Meta last told of it.
    pub synced_at: Timestamp,
}

/// A template as a synchronization finds it at Meta.
#[derive(Clone, Debug)]
pub struct PutTemplate {
    /// The id it gets if it is new here.
    pub id: TemplateId,
    /// The account it belongs to.
    pub waba_id: WabaId,
    /// Its id at Meta.
    pub meta_id: String,
    /// Its name.
    pub name: String,
    /// Meta's language code.
    pub language: String,
    /// Meta's category.
    pub category: String,
    /// Meta's status.
    pub status: String,
    /// Meta's quality.
    pub quality: String,
    /// Why it was rejected.
    pub rejected_reason: Option<String>,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: String,
    /// The components as Meta gave them, JSON.
    pub components: String,
}

/// What a template said at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateVersion {
    /// The template.
    pub template_id: TemplateId,
    /// From 1.
    pub version: u32,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: String,
    /// The components as Meta gave them, JSON.
    pub components: String,
    /// When it was first seen.
    pub created_at: Timestamp,
}

/// Where a written template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplatePut {
    /// Its id.
    pub id: TemplateId,
    /// Its newest version.
    pub version: u32,
    /// Whether that version is new.
    pub new_version: bool,
}

const COLUMNS: &str = "id, waba_id, meta_id, name, language, category, status, quality, rejected_reason, \
                       version, synced_at";

fn read(row: &Row<'_>) -> Result<Template> {
    Ok(Template {
        id: row.get(0)?,
        waba_id: row.get(1)?,
        meta_id: row.get(2)?,
        name: row.get(3)?,
        language: row.get(4)?,
        category: row.get(5)?,
        status: row.get(6)?,
        quality: row.get(7)?,
        rejected_reason: row.get(8)?,
        version: row.get(9)?,
        synced_at: row.get(10)?,
    })
}

/// Whether two lists of components say the same. Meta signs the links of example media anew with
/// every answer, so examples do not count.
fn same_components(a: &str, b: &str) -> bool {
    fn without_examples(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove("example");
                map.values_mut().for_each(without_examples);
            }
            Value::Array(list) => list.iter_mut().for_each(without_examples),
            _ => {}
        }
    }
    if a == b {
        return true;
    }
    let (Ok(mut a), Ok(mut b)) = (serde_json::from_str::<Value>(a), serde_json::from_str::<Value>(b)) else {
        return false;
    };
    without_examples(&mut a);
    without_examples(&mut b);
    a == b
}

impl OrgTx<'_, '_> {
    /// Writes a template, or brings the one of the same account, name and language up to date. Other
    /// components than before make a new version; older ones stay for what was sent with them.
    ///
    /// # Errors
    /// [`Duplicate`](crate::Error::Duplicate) when it is being written elsewhere at the same moment, or
    /// as the database says.
    pub fn put_template(&mut self, new: &PutTemplate, now: Timestamp) -> Result<TemplatePut> {
        let known = self.tx.find(
            "SELECT t.id, t.version, v.parameter_format, v.components FROM template t \
             JOIN template_version v ON v.org_id = t.org_id AND v.template_id = t.id AND v.version = t.version \
             WHERE t.org_id = $1 AND t.waba_id = $2 AND t.name = $3 AND t.language = $4",
            args![self.org, new.waba_id, new.name, new.language],
            |row| {
                let same = row.get::<&str>(2)? == new.parameter_format
                    && same_components(row.get::<&str>(3)?, &new.components);
                Ok((row.get(0)?, row.get::<u32>(1)?, same))
            },
        )?;
        let put = match known {
            Some((id, version, true)) => TemplatePut { id, version, new_version: false },
            Some((id, version, false)) => TemplatePut { id, version: version + 1, new_version: true },
            None => TemplatePut { id: new.id, version: 1, new_version: true },
        };
        if known.is_some() {
            self.tx.execute(
                "UPDATE template SET meta_id = $3, category = $4, status = $5, quality = $6, rejected_reason = $7, \
                 version = $8, synced_at = $9 WHERE org_id = $1 AND id = $2",
                args![
                    self.org,
                    put.id,
                    new.meta_id,
                    new.category,
                    new.status,
                    new.quality,
                    new.rejected_reason,
                    put.version,
                    now
                ],
            )?;
        } else {
            self.tx.execute(
                "INSERT INTO template (org_id, id, waba_id, meta_id, name, language, category, status, quality, \
                 rejected_reason, version, synced_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                args![
                    self.org,
                    put.id,
                    new.waba_id,
                    new.meta_id,
                    new.name,
                    new.language,
                    new.category,
                    new.status,
                    new.quality,
                    new.rejected_reason,
                    put.version,
                    now
                ],
            )?;
        }
        if put.new_version {
            self.tx.execute(
                "INSERT INTO template_version (org_id, template_id, version, parameter_format, components, \
                 created_at) VALUES ($1, $2, $3, $4, $5, $6)",
                args![self.org, put.id, put.version, new.parameter_format, new.components, now],
            )?;
        }
        Ok(put)
    }

    /// Marks the templates of an account that a whole synchronization begun at `since` did not find
    /// as deleted. Says how many.
    ///
    /// # Errors
    /// As the database says.
    pub fn mark_missing_templates(&mut self, waba: WabaId, since: Timestamp) -> Result<u64> {
        self.tx.execute(
            "UPDATE template SET status = 'DELETED' \
             WHERE org_id = $1 AND waba_id = $2 AND synced_at < $3 AND status <> 'DELETED'",
            args![self.org, waba, since],
        )
    }

    /// Takes over what a webhook says of a template: what is `None` stays. `false` when there is no
    /// such template here.
    ///
    /// # Errors
    /// As the database says.
    pub fn set_template_standing(
        &mut self,
        id: TemplateId,
        status: Option<(&str, Option<&str>)>,
        quality: Option<&str>,
        category: Option<&str>,
    ) -> Result<bool> {
        let (status, reason) = status.map_or((None, None), |(status, reason)| (Some(status), reason));
        let changed = self.tx.execute(
            "UPDATE template SET rejected_reason = CASE WHEN CAST($3 AS TEXT) IS NULL THEN rejected_reason ELSE $4 END, \
             status = COALESCE($3, status), quality = COALESCE($5, quality), category = COALESCE($6, category) \
             WHERE org_id = $1 AND id = $2",
            args![self.org, id, status, reason, quality, category],
        )?;
        Ok(changed == 1)
    }

    /// The template of that id.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_template(&mut self, id: TemplateId) -> Result<Option<Template>> {
        self.tx.find(
            &format!("SELECT {COLUMNS} FROM template WHERE org_id = $1 AND id = $2"),
            args![self.org, id],
            read,
        )
    }

    /// The template of that name and language in an account.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_template_by_name(
        &mut self,
        waba: WabaId,
        name: &str,
        language: &str,
    ) -> Result<Option<Template>> {
        self.tx.find(
            &format!(
                "SELECT {COLUMNS} FROM template WHERE org_id = $1 AND waba_id = $2 AND name = $3 AND language = $4"
            ),
            args![self.org, waba, name, language],
            read,
        )
    }

    /// The template that Meta calls `meta_id` in an account.
    ///
    /// # Errors
    /// As the database says.
    pub fn find_template_by_meta_id(&mut self, waba: WabaId, meta_id: &str) -> Result<Option<Template>> {
        self.tx.find(
            &format!("SELECT {COLUMNS} FROM template WHERE org_id = $1 AND waba_id = $2 AND meta_id = $3"),
            args![self.org, waba, meta_id],
            read,
        )
    }

    /// Up to `limit` templates of all accounts by name and language, from behind `after` on.
    ///
    /// # Errors
    /// As the database says.
    pub fn list_templates(&mut self, after: Option<&Template>, limit: u32) -> Result<Vec<Template>> {
        let (name, language) = after.map_or(("", ""), |t| (&t.name, &t.language));
        let id = after.map_or(crate::keys::first(), |t| t.id);
        self.tx.list(
            &format!(
                "SELECT {COLUMNS} FROM template WHERE org_id = $1 AND (name, language, id) > ($2, $3, $4) \
                 ORDER BY name, language, id LIMIT $5"
            ),
            args![self.org, name, language, id, limit],
            read,
        )
    }

    /// What a template said in that version.
    ///
    /// # Errors
    /// When there is no such version, or as the database says.
    pub fn get_template_version(&mut self, id: TemplateId, version: u32) -> Result<TemplateVersion> {
        self.tx.get(
            "SELECT template_id, version, parameter_format, components, created_at FROM template_version \
             WHERE org_id = $1 AND template_id = $2 AND version = $3",
            args![self.org, id, version],
            |row| {
                Ok(TemplateVersion {
                    template_id: row.get(0)?,
                    version: row.get(1)?,
                    parameter_format: row.get(2)?,
                    components: row.get(3)?,
                    created_at: row.get(4)?,
                })
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::same_components;

    #[test]
    fn only_what_is_said_makes_components_differ() {
        let a = r#"[{"type":"BODY","text":"Hi {{1}}","example":{"body_text":[["Ann"]]}}]"#;
        let b = r#"[ {"text":"Hi {{1}}", "type":"BODY"} ]"#;
        let c = r#"[{"type":"BODY","text":"Hello {{1}}"}]"#;
        assert!(same_components(a, b));
        assert!(!same_components(a, c));
        assert!(!same_components("not json", a));
    }
}
