//! Lists by cursor.

use serde::{Deserialize, Serialize};

use crate::wire::Extra;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    #[serde(default = "Vec::new")]
    pub data: Vec<T>,
    /// Where the neighbours are. Absent when everything fitted on one page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paging: Option<Paging>,
    /// What else came, such as `summary`.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<T> Page<T> {
    /// Cursor of the next page; `None` on the last. Meta: `next` is absent on the last page, while
    /// `cursors.after` is not.
    #[must_use]
    pub fn next_cursor(&self) -> Option<&str> {
        let paging = self.paging.as_ref()?;
        paging.next.as_ref()?;
        paging.cursors.as_ref()?.after.as_deref()
    }
}

/// Where the neighbours of a page are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paging {
    /// Ends of this page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursors: Option<Cursors>,
    /// Address of the next page. Not followed: it carries a token and names its own host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Address of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Ends of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cursors {
    /// Cursor of the first row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Cursor of the last row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Which page of a list to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows a page; Meta's default is 25.
    pub limit: Option<u32>,
    /// Cursor after which to go on.
    pub after: Option<String>,
}

impl PageRequest {
    /// The first page.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { limit: Some(limit), after: None }
    }

    /// The page after a cursor.
    #[must_use]
    pub fn after(limit: u32, cursor: impl Into<String>) -> Self {
        Self { limit: Some(limit), after: Some(cursor.into()) }
    }

    /// The query of this page behind other parameters.
    pub(crate) fn query(&self, others: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let mut query: Vec<_> = others.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        if let Some(limit) = self.limit {
            query.push(("limit", limit.to_string()));
        }
        if let Some(after) = &self.after {
            query.push(("after", after.clone()));
        }
        query
    }
}

/// Borrowed pairs of a query that was put together.
pub(crate) fn borrowed<'a>(query: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    query.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_next_although_it_has_a_cursor() {
        let page: Page<u8> =
            serde_json::from_str(r#"{"data":[1],"paging":{"cursors":{"before":"a","after":"b"}}}"#).unwrap();
        assert_eq!(page.next_cursor(), None);
        let page: Page<u8> = serde_json::from_str(
            r#"{"data":[1],"paging":{"cursors":{"before":"a","after":"b"},"next":"https://graph.facebook.com/x"}}"#,
        )
        .unwrap();
        assert_eq!(page.next_cursor(), Some("b"));
        assert_eq!(serde_json::from_str::<Page<u8>>("{}").unwrap().next_cursor(), None);
    }
}
