//! One HTTP call: address, token, answer, and the sorting of what went wrong.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::error::{CallError, ErrorEnvelope, GraphError, NotSent, Unknown};
use super::{Calls, Client, usage};

/// The longest answer that is read; Meta's are far shorter.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// A query as pairs of name and value.
pub(crate) type Query<'a> = &'a [(&'a str, &'a str)];

/// What a call carries.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// JSON, already written.
    Json(Bytes),
    /// A form with files.
    Multipart(reqwest::multipart::Form),
}

impl Body {
    /// Writes a value as JSON.
    pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, CallError> {
        json_bytes(value).map(Self::Json)
    }
}

/// Writes a value as JSON.
pub(crate) fn json_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, CallError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| not_built(&error.to_string()))
}

pub(crate) fn not_built(why: &str) -> CallError {
    CallError::NotSent(NotSent::Request(why.to_owned()))
}

impl Client {
    /// The address of a call below the version, each segment escaped.
    pub(crate) fn url(&self, segments: &[&str]) -> Result<Url, CallError> {
        let graph = &self.inner.graph;
        extend(&graph.base_url, std::iter::once(graph.version.as_str()).chain(segments.iter().copied()))
    }

    /// The address of a call without a version, on the second host.
    pub(crate) fn unversioned_url(&self, segments: &[&str]) -> Result<Url, CallError> {
        extend(&self.inner.unversioned_base, segments.iter().copied())
    }

    /// Sends a request that is ready but for its token.
    pub(crate) async fn execute(&self, request: reqwest::RequestBuilder) -> Result<Answer, CallError> {
        let response = request.send().await.map_err(|error| CallError::from_reqwest(&error))?;
        let status = response.status();
        let (headers, body) = read(response, MAX_ANSWER_BYTES).await?;
        Ok(Answer { status, headers, body })
    }

    pub(crate) fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        self.http().request(method, url)
    }
}

/// Appends segments to a base address. An id is one segment and stays one: it can neither climb with
/// `..` nor add a query.
fn extend<'a>(base: &Url, segments: impl Iterator<Item = &'a str>) -> Result<Url, CallError> {
    let mut url = base.clone();
    {
        let mut path = url.path_segments_mut().map_err(|()| not_built("the address cannot carry a path"))?;
        path.pop_if_empty();
        for segment in segments {
            if segment.is_empty() || segment == "." || segment == ".." {
                return Err(not_built("an id in the address is empty or not an id"));
            }
            path.push(segment);
        }
    }
    Ok(url)
}

/// Reads a body up to a limit; an ordinary answer of one chunk is not copied.
pub(crate) async fn read(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<(HeaderMap, Bytes), CallError> {
    let http_status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let first = next_chunk(&mut response).await?.unwrap_or_default();
    let mut all = None::<BytesMut>;
    let mut total = first.len();
    while let Some(chunk) = next_chunk(&mut response).await? {
        total += chunk.len();
        if total > limit {
            return Err(CallError::Unknown(Unknown::Unreadable { http_status }));
        }
        all.get_or_insert_with(|| BytesMut::from(first.as_ref())).extend_from_slice(&chunk);
    }
    if total > limit {
        return Err(CallError::Unknown(Unknown::Unreadable { http_status }));
    }
    Ok((headers, all.map_or(first, BytesMut::freeze)))
}

pub(crate) async fn next_chunk(response: &mut reqwest::Response) -> Result<Option<Bytes>, CallError> {
    response.chunk().await.map_err(|error| {
        // The request was answered in part: whatever broke now broke after sending.
        CallError::Unknown(if error.is_timeout() {
            Unknown::TimedOut
        } else {
            Unknown::Broken(error.without_url().to_string())
        })
    })
}

/// An HTTP answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The error in the answer, or what else there is to say about an answer that is not what was asked.
    pub(crate) fn refusal(&self) -> CallError {
        match serde_json::from_slice::<ErrorEnvelope>(&self.body) {
            Ok(envelope) => CallError::Refused(Box::new(GraphError {
                http_status: self.status.as_u16(),
                body: envelope.error,
                beside: envelope.extra,
                retry_after: usage::retry_after(&self.headers),
            })),
            Err(_) => CallError::Unknown(Unknown::Unreadable { http_status: self.status.as_u16() }),
        }
    }

    /// The answer as a type.
    pub(crate) fn into<T: DeserializeOwned>(self) -> Result<T, CallError> {
        if !self.status.is_success() || names_error(&self.body) {
            return Err(self.refusal());
        }
        serde_json::from_slice(&self.body).map_err(|_| self.refusal())
    }
}

/// Whether a body opens with an `error` member. Meta has answered errors with status 200 at times, and a
/// tolerant type would read such an answer as an empty success.
fn names_error(body: &[u8]) -> bool {
    let text = body.trim_ascii_start();
    let Some(text) = text.strip_prefix(b"{") else { return false };
    text.trim_ascii_start().starts_with(b"\"error\"")
}

impl Calls<'_> {
    async fn exchange(
        &self,
        method: Method,
        mut url: Url,
        query: Query<'_>,
        body: Body,
    ) -> Result<Answer, CallError> {
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.token.prove(&mut url);
        let request =
            self.client.request(method, url).header(http::header::AUTHORIZATION, self.token.header());
        let request = match body {
            Body::Empty => request,
            Body::Json(json) => request.header(http::header::CONTENT_TYPE, "application/json").body(json),
            Body::Multipart(form) => request
                .timeout(std::time::Duration::from_millis(self.client.graph().media_timeout_ms))
                .multipart(form),
        };
        self.client.execute(request).await
    }

    /// Any call whose answer is JSON.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        segments: &[&str],
        query: Query<'_>,
        body: Body,
    ) -> Result<T, CallError> {
        let url = self.client.url(segments)?;
        self.exchange(method, url, query, body).await?.into()
    }

    /// As [`Self::call`] on the host without versions.
    pub(crate) async fn call_unversioned<T: DeserializeOwned>(
        &self,
        method: Method,
        segments: &[&str],
        query: Query<'_>,
        body: Body,
    ) -> Result<T, CallError> {
        let url = self.client.unversioned_url(segments)?;
        self.exchange(method, url, query, body).await?.into()
    }

    /// Reads an object or a list.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: Query<'_>,
    ) -> Result<T, CallError> {
        self.call(Method::GET, segments, query, Body::Empty).await
    }

    /// Sends JSON.
    pub(crate) async fn post<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        segments: &[&str],
        body: &B,
    ) -> Result<T, CallError> {
        self.call(Method::POST, segments, &[], Body::json(body)?).await
    }

    /// Posts without a body, the parameters in the query.
    pub(crate) async fn post_query<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: Query<'_>,
    ) -> Result<T, CallError> {
        self.call(Method::POST, segments, query, Body::Empty).await
    }

    /// Deletes.
    pub(crate) async fn delete<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: Query<'_>,
    ) -> Result<T, CallError> {
        self.call(Method::DELETE, segments, query, Body::Empty).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(segments: &[&str]) -> Result<Url, CallError> {
        extend(&Url::parse("https://graph.facebook.com").unwrap(), segments.iter().copied())
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        assert_eq!(url(&["v25.0", "1", "messages"]).unwrap().path(), "/v25.0/1/messages");
        assert_eq!(url(&["v25.0", "1/../me?x=1#y"]).unwrap().path(), "/v25.0/1%2F..%2Fme%3Fx=1%23y");
        assert!(url(&["v25.0", ".."]).is_err());
        assert!(url(&["v25.0", ""]).is_err());
    }

    #[test]
    fn an_error_is_seen_behind_status_200() {
        assert!(names_error(br#" {"error":{"code":1}}"#));
        assert!(!names_error(br#"{"errors":[]}"#));
        assert!(!names_error(b"[]"));
    }
}
