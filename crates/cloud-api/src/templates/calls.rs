//! The calls that read and change templates.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::change::{
    ArchiveOutcome, MigrationOutcome, NewTemplate, TemplateComparison, TemplateCreated, TemplateEdit,
    TemplatePreview, TemplateSummary, UnpauseOutcome, UpsertTemplate, UpsertedTemplate,
};
use super::template::{Category, QualityScore, TEMPLATE_FIELDS, Template, TemplateFilter, TemplateStatus};
use crate::client::call::Body;
use crate::client::{CallError, Calls, Page, PageRequest, page};
use crate::wire::Success;

#[derive(Deserialize)]
struct WithSummary {
    #[serde(default)]
    summary: TemplateSummary,
}

impl Calls<'_> {
    /// Lists the templates of a WABA, with [`TEMPLATE_FIELDS`].
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_templates(
        &self,
        waba_id: &str,
        filter: &TemplateFilter,
        page: &PageRequest,
    ) -> Result<Page<Template>, CallError> {
        let mut query = page.query(&[("fields", TEMPLATE_FIELDS)]);
        let filters = [
            ("name", filter.name.as_deref()),
            ("name_or_content", filter.name_or_content.as_deref()),
            ("language", filter.language.as_deref()),
            ("status", filter.status.as_ref().map(TemplateStatus::as_str)),
            ("category", filter.category.as_ref().map(Category::as_str)),
            ("quality_score", filter.quality_score.as_ref().map(QualityScore::as_str)),
        ];
        query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))));
        self.get(&[waba_id, "message_templates"], &page::borrowed(&query)).await
    }

    /// Reads one template, with [`TEMPLATE_FIELDS`].
    ///
    /// # Errors
    /// [`CallError`]; code 100/33 when it does not exist.
    pub async fn get_template(&self, template_id: &str) -> Result<Template, CallError> {
        self.get(&[template_id], &[("fields", TEMPLATE_FIELDS)]).await
    }

    /// Makes a template. Check it with [`NewTemplate::validate`] before.
    ///
    /// # Errors
    /// [`CallError`]; the 2388xxx codes say what Meta does not like.
    pub async fn create_template(
        &self,
        waba_id: &str,
        template: &NewTemplate,
    ) -> Result<TemplateCreated, CallError> {
        self.post(&[waba_id, "message_templates"], template).await
    }

    /// Changes a template.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn edit_template(&self, template_id: &str, edit: &TemplateEdit) -> Result<Success, CallError> {
        self.post(&[template_id], edit).await
    }

    /// Deletes **every language** of a name. The name is locked for 30 days.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn delete_template_name(&self, waba_id: &str, name: &str) -> Result<Success, CallError> {
        self.delete(&[waba_id, "message_templates"], &[("name", name)]).await
    }

    /// Deletes one language of a name. With messages under way it becomes `PENDING_DELETION` first.
    ///
    /// # Errors
    /// [`CallError`]; disabled templates cannot be deleted.
    pub async fn delete_template(
        &self,
        waba_id: &str,
        template_id: &str,
        name: &str,
    ) -> Result<Success, CallError> {
        self.delete(&[waba_id, "message_templates"], &[("hsm_id", template_id), ("name", name)]).await
    }

    /// Sets a template free that pacing has paused; pauses for quality end by themselves.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn unpause_template(&self, template_id: &str) -> Result<UnpauseOutcome, CallError> {
        self.post_query(&[template_id, "unpause"], &[]).await
    }

    /// Deletes several templates by id, each one language of its name.
    ///
    /// # Errors
    /// [`CallError`]; disabled templates cannot be deleted.
    pub async fn delete_templates(&self, waba_id: &str, template_ids: &[&str]) -> Result<Success, CallError> {
        let ids = format!("[{}]", template_ids.join(","));
        self.delete(&[waba_id, "message_templates"], &[("hsm_ids", &ids)]).await
    }

    /// Counts the templates of an account, and says how many it may have.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn count_templates(&self, waba_id: &str) -> Result<TemplateSummary, CallError> {
        let summary = "total_count,message_template_count,message_template_limit,are_translations_complete";
        let list: WithSummary = self
            .get(&[waba_id, "message_templates"], &[("fields", "id"), ("limit", "1"), ("summary", summary)])
            .await?;
        Ok(list.summary)
    }

    /// Compares how people take two templates. Meta: over 7, 30, 60 or 90 days.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn compare_templates(
        &self,
        template_id: &str,
        other_id: &str,
        start: i64,
        end: i64,
    ) -> Result<Page<TemplateComparison>, CallError> {
        let (start, end) = (start.to_string(), end.to_string());
        let others = format!("[{other_id}]");
        let query = [("template_ids", others.as_str()), ("start", &start), ("end", &end)];
        self.get(&[template_id, "compare"], &query).await
    }

    /// Takes templates over from another WABA of the business, 500 a page.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn migrate_templates(
        &self,
        to_waba_id: &str,
        from_waba_id: &str,
        page_number: u32,
    ) -> Result<MigrationOutcome, CallError> {
        let page_number = page_number.to_string();
        let query = [("source_waba_id", from_waba_id), ("page_number", page_number.as_str())];
        self.post_query(&[to_waba_id, "migrate_message_templates"], &query).await
    }

    /// Makes or changes authentication templates in several languages at once.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn upsert_templates(
        &self,
        waba_id: &str,
        template: &UpsertTemplate,
    ) -> Result<Page<UpsertedTemplate>, CallError> {
        self.post(&[waba_id, "upsert_message_templates"], template).await
    }

    /// Reads Meta's own texts of authentication templates. `languages` is a list with commas.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_template_previews(
        &self,
        waba_id: &str,
        languages: &str,
        add_security_recommendation: bool,
        code_expiration_minutes: Option<u32>,
    ) -> Result<Page<TemplatePreview>, CallError> {
        let mut query = PageRequest::default().query(&[
            ("category", Category::Authentication.as_str()),
            ("languages", languages),
            ("add_security_recommendation", if add_security_recommendation { "true" } else { "false" }),
        ]);
        if let Some(minutes) = code_expiration_minutes {
            query.push(("code_expiration_minutes", minutes.to_string()));
        }
        self.get(&[waba_id, "message_template_previews"], &page::borrowed(&query)).await
    }

    /// Puts templates away.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn archive_templates(
        &self,
        waba_id: &str,
        template_ids: &[&str],
    ) -> Result<ArchiveOutcome, CallError> {
        self.move_templates(waba_id, "archive", template_ids).await
    }

    /// Takes templates out again.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn unarchive_templates(
        &self,
        waba_id: &str,
        template_ids: &[&str],
    ) -> Result<ArchiveOutcome, CallError> {
        self.move_templates(waba_id, "unarchive", template_ids).await
    }

    async fn move_templates(
        &self,
        waba_id: &str,
        to: &str,
        template_ids: &[&str],
    ) -> Result<ArchiveOutcome, CallError> {
        let body = Body::json(&json!({"hsm_ids": template_ids.join(",")}))?;
        self.call_unversioned(Method::POST, &[waba_id, "message_templates", to], &[], body).await
    }
}
