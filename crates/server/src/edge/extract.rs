//! Bodies, queries and ids of requests; what cannot be read becomes a problem document.

use super::error::{ApiError, Code};
use axum::{
    Json,
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
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(ApiError::refused(
                Code::UnsupportedType,
                "Send JSON, with the header Content-Type: application/json.",
            )),
            Err(JsonRejection::JsonDataError(e)) => Err(ApiError::Malformed(json_detail(&e.body_text()))),
            Err(JsonRejection::JsonSyntaxError(e)) => Err(ApiError::Malformed(json_detail(&e.body_text()))),
            Err(e) if e.status() == http::StatusCode::PAYLOAD_TOO_LARGE => {
                Err(ApiError::refused(Code::TooLarge, "The body is larger than this path takes."))
            }
            Err(_) => Err(ApiError::Malformed("The body broke off or is no JSON.".to_owned())),
        }
    }
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
