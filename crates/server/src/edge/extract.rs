//! Bodies, queries and ids of requests; what cannot be read becomes a problem document.

use super::error::{ApiError, Code};
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::request::Parts,
};
use serde::{Deserialize as _, de::DeserializeOwned};
use tisara_domain::id::TypedId;

/// A JSON body.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = match Bytes::from_request(Request::from_parts(parts.clone(), body), state).await {
            Ok(bytes) => bytes,
            Err(e) if e.status() == http::StatusCode::PAYLOAD_TOO_LARGE => {
                return Err(ApiError::refused(Code::TooLarge, "The body is larger than this path takes."));
            }
            Err(_) => return Err(ApiError::Malformed("The body broke off.".to_owned())),
        };
        if holds_nul(&bytes) {
            return Err(ApiError::Malformed(
                "The body holds the character U+0000, which no text has.".to_owned(),
            ));
        }
        let request = Request::from_parts(parts, axum::body::Body::from(bytes));
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(ApiError::refused(
                Code::UnsupportedType,
                "Send JSON, with the header Content-Type: application/json.",
            )),
            Err(JsonRejection::JsonDataError(e)) => Err(ApiError::Malformed(json_detail(&e.body_text()))),
            Err(JsonRejection::JsonSyntaxError(e)) => Err(ApiError::Malformed(json_detail(&e.body_text()))),
            Err(_) => Err(ApiError::Malformed("The body is no JSON.".to_owned())),
        }
    }
}

/// Whether a text of the JSON holds U+0000, which can only be written `\u0000`: PostgreSQL cannot keep it.
fn holds_nul(json: &[u8]) -> bool {
    let mut escaped = false;
    json.iter().enumerate().any(|(at, byte)| {
        let was_escaped = escaped;
        escaped = *byte == b'\\' && !was_escaped;
        was_escaped && json[at..].starts_with(b"u0000")
    })
}

/// What serde says, without the words the framework puts before it.
fn json_detail(text: &str) -> String {
    let text = text.split_once(": ").map_or(text, |(_, rest)| rest);
    format!("The body is not what this path takes: {text}.")
}

/// The query of the address.
#[derive(Clone, Copy, Debug)]
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(ApiError::Malformed(
                "The query holds the character U+0000, which no text has.".to_owned(),
            ));
        }
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Self(query)),
            Err(e) => Err(ApiError::Malformed(format!(
                "The query of the address is not what this path takes: {}.",
                e.body_text().trim_start_matches("Failed to deserialize query string: ")
            ))),
        }
    }
}

/// The two ids in the path, in its order.
#[derive(Clone, Copy, Debug)]
pub struct TwoIds<A, B>(pub A, pub B);

impl<S: Send + Sync, A: TypedId, B: TypedId> FromRequestParts<S> for TwoIds<A, B> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Ok(Path((a, b))) = path else { return Err(ApiError::NotFound(A::PREFIX)) };
        let a = a.parse().map_err(|_| ApiError::NotFound(A::PREFIX))?;
        Ok(Self(a, b.parse().map_err(|_| ApiError::NotFound(B::PREFIX))?))
    }
}

/// The one id in the path. One of the wrong kind is simply not found.
#[derive(Clone, Copy, Debug)]
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: TypedId> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or(ApiError::NotFound(T::PREFIX))
    }
}

/// Reads a value that may be absent (leave it), `null` (remove it) or given.
pub fn maybe<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_written_nul_is_found() {
        assert!(holds_nul(br#"{"a":"b\u0000"}"#) && holds_nul(br#""\\\u0000""#));
        assert!(!holds_nul(br#""\\u0000""#) && !holds_nul(br#""u0000""#) && !holds_nul(b"\\"));
    }
}
