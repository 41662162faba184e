//! One Graph call: its path without the version, its parameters wherever they were written, its
//! token.

use super::error::{GraphError, Outcome, words};
use axum::extract::{FromRequest as _, Multipart, Request};
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use serde_json::{Map, Value};

/// Meta: a send is small; 3 MB is far above any message.
const BODY_LIMIT: usize = 3 << 20;
/// Meta: 100 MB for documents, and some room for the form around them.
const UPLOAD_LIMIT: usize = 105 << 20;

/// A call, read from HTTP.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The version in the path, if any.
    pub(crate) version: Option<u32>,
    /// The path after the version.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Scheme and host the caller used, for absolute links in answers.
    pub(crate) base: String,
}

impl Call {
    /// Reads the call; the second part is a refusal that needs no more than the path.
    pub(crate) async fn read(req: Request) -> Result<Self, (Option<u32>, GraphError)> {
        let (parts, body) = req.into_parts();
        let full = parts.uri.path();
        let (version, path) = split_version(full);
        let limit =
            if path.ends_with("/media") || path.starts_with("/upload:") { UPLOAD_LIMIT } else { BODY_LIMIT };
        let path = path.to_owned();
        let query = parts.uri.query().map(|q| form(q.as_bytes())).unwrap_or_default();
        let host = parts.headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost");
        let base = format!("http://{host}");
        let body = axum::body::to_bytes(body, limit).await.map_err(|_| {
            let e =
                GraphError::invalid(format!("The body could not be read or is larger than {limit} bytes."));
            (version, e.status(413))
        })?;
        Ok(Self { method: parts.method, version, path, query, headers: parts.headers, body, base })
    }

    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|s| !s.is_empty()).collect()
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// The access token: `Authorization: Bearer` (or `OAuth`), else the query parameter.
    pub(crate) fn token(&self) -> Option<&str> {
        let header = self.headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()).and_then(|h| {
            let (kind, token) = h.split_once(' ')?;
            (kind.eq_ignore_ascii_case("bearer") || kind.eq_ignore_ascii_case("oauth")).then(|| token.trim())
        });
        // Meta: a token among the parameters goes before the header's; clients with one session count on it.
        self.query("access_token").or(header)
    }

    fn content_type(&self) -> &str {
        self.headers.get(header::CONTENT_TYPE).and_then(|h| h.to_str().ok()).unwrap_or("application/json")
    }

    pub(crate) fn is_json(&self) -> bool {
        let kind = self.content_type();
        !kind.starts_with("application/x-www-form-urlencoded") && !kind.starts_with("multipart/form-data")
    }

    /// All parameters in one object: query string, then JSON or form body over it. Values of forms
    /// that are JSON objects or arrays are read as such.
    pub(crate) async fn parameters(&self) -> Outcome<Map<String, Value>> {
        let mut all = Map::new();
        for (k, v) in &self.query {
            if k != "access_token" {
                all.insert(k.clone(), form_value(v));
            }
        }
        if self.body.is_empty() {
            return Ok(all);
        }
        if self.content_type().starts_with("multipart/form-data") {
            for part in self.multipart().await? {
                if let Ok(text) = std::str::from_utf8(&part.bytes) {
                    all.insert(part.name, form_value(text));
                }
            }
        } else if self.is_json() {
            match serde_json::from_slice(&self.body) {
                Ok(Value::Object(body)) => all.extend(body),
                Ok(_) => return Err(GraphError::invalid("The body must be a JSON object.")),
                Err(e) => {
                    return Err(GraphError::invalid(format!("The body is not valid JSON: {}", words(&e))));
                }
            }
        } else {
            for (k, v) in form(&self.body) {
                all.insert(k, form_value(&v));
            }
        }
        Ok(all)
    }

    /// The parts of a multipart form.
    pub(crate) async fn multipart(&self) -> Outcome<Vec<Part>> {
        let broken =
            |e: &dyn std::fmt::Display| GraphError::invalid(format!("The form could not be read: {e}"));
        let mut req = Request::new(axum::body::Body::from(self.body.clone()));
        *req.headers_mut() = self.headers.clone();
        let mut form = Multipart::from_request(req, &()).await.map_err(|e| broken(&e))?;
        let mut parts = Vec::new();
        while let Some(field) = form.next_field().await.map_err(|e| broken(&e))? {
            parts.push(Part {
                name: field.name().unwrap_or_default().to_owned(),
                file_name: field.file_name().map(str::to_owned),
                mime: field.content_type().map(str::to_owned),
                bytes: field.bytes().await.map_err(|e| broken(&e))?,
            });
        }
        Ok(parts)
    }
}

/// One part of a multipart form.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) mime: Option<String>,
    pub(crate) bytes: Bytes,
}

/// Takes `/v25.0` off a path.
fn split_version(path: &str) -> (Option<u32>, &str) {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let version = first
        .strip_prefix('v')
        .and_then(|v| v.split_once('.'))
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse::<u32>().ok()?)));
    match version {
        Some((major, _)) => {
            (Some(major), path.trim_start_matches('/').get(first.len()..).unwrap_or_default())
        }
        None => (None, path),
    }
}

pub(crate) fn form(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn form_value(text: &str) -> Value {
    if text.starts_with(['{', '['])
        && let Ok(v) = serde_json::from_str(text)
    {
        return v;
    }
    Value::String(text.to_owned())
}

/// Meta's answer to an edge that the object does not have.
pub(crate) fn unknown_edge(call: &Call, id: &str, edge: &str) -> GraphError {
    if call.method == Method::GET {
        return GraphError::new(100).message(format!("(#100) Tried accessing nonexisting field ({edge})"));
    }
    GraphError::unsupported(call.method.as_str(), id)
}

/// A parameter that is true or false; Meta also takes both as text and as 1 and 0.
pub(crate) fn truth(all: &Map<String, Value>, name: &str) -> Outcome<Option<bool>> {
    let Some(given) = all.get(name) else { return Ok(None) };
    match text(all, name).as_deref() {
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        _ => Err(GraphError::invalid(format!("Param {name} must be true or false, not {given}."))),
    }
}

/// A parameter as text, whether it was written as text, number or truth.
pub(crate) fn text(all: &Map<String, Value>, name: &str) -> Option<String> {
    match all.get(name)? {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_taken_off_the_path() {
        assert_eq!(split_version("/v25.0/123/messages"), (Some(25), "/123/messages"));
        assert_eq!(split_version("/123/messages"), (None, "/123/messages"));
        assert_eq!(split_version("/vat/messages"), (None, "/vat/messages"));
        assert_eq!(split_version("/v25.0"), (Some(25), ""));
    }

    #[test]
    fn form_values_may_be_json() {
        assert_eq!(form_value("[1]"), serde_json::json!([1]));
        assert_eq!(form_value("{broken"), serde_json::json!("{broken"));
    }
}
