//! One error type for every answer that is not a success, and the document it becomes.
//!
//! Variants are named by what the client can do. The text of an unforeseen error goes to the log only:
//! the client gets its request id.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tisara_cloud_api::client::CallError;
use tisara_cloud_api::codes::Action;
use tisara_domain::Timestamp;
use tisara_store as store;
use utoipa::ToSchema;

/// What handlers give back.
pub type Result<T, E = ApiError> = std::result::Result<T, E>;

/// The closed list of what can be wrong; programs go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No key, or one that is unknown or revoked.
    Unauthorized,
    /// E-mail address, password or code are wrong.
    WrongCredentials,
    /// The password is right; a code of the app, or a recovery code, is needed too.
    SecondFactorNeeded,
    /// The organization asks for a second factor, and this session was not proven by one.
    SecondFactorRequired,
    /// The refresh token was used before, or another device shows it: its session was ended.
    TokenReused,
    /// Whoever asks may not do this; the detail names the permission.
    Forbidden,
    /// A browser sent this from another site.
    CrossSite,
    /// This needs a password that was entered a moment ago: confirm it, then ask again.
    RecentSignInNeeded,
    /// The person belongs to several organizations, or to none: say in which this is to be done.
    OrganizationNeeded,
    /// The link or code is wrong, used up or too old.
    LinkInvalid,
    /// Too many wrong guesses; wait as long as `Retry-After` says.
    TooManyAttempts,
    /// Asked too often; wait as long as `Retry-After` says.
    RateLimited,
    /// There is no such thing, or it belongs to somebody else.
    NotFound,
    /// This path does not know the method.
    MethodNotAllowed,
    /// The request cannot be read: broken JSON, an id of the wrong kind, an unknown query parameter.
    Malformed,
    /// The request was read, and some of its values will not do; see `fields`.
    Invalid,
    /// The body is larger than this path takes.
    TooLarge,
    /// The body is of a type that this path does not take.
    UnsupportedType,
    /// A thing of this name or number is there already.
    AlreadyExists,
    /// The thing is in a state in which this cannot be done.
    WrongState,
    /// A limit of the organization is reached; `limit` says which, how much was used and when it begins anew.
    LimitReached,
    /// The Idempotency-Key was used before, with another request.
    IdempotencyKeyReused,
    /// The first request with this Idempotency-Key is still running.
    IdempotencyInProgress,
    /// The webhook's signature is absent or wrong.
    SignatureInvalid,
    /// The contact did not write within 24 hours: only a template may be sent.
    WindowClosed,
    /// The contact asked not to be written to, or cannot be reached.
    ContactUnreachable,
    /// Meta's access token is expired or does not allow this.
    TokenRejected,
    /// Meta refused the call.
    MetaRefused,
    /// Meta could not be reached, or gave no answer.
    MetaUnreachable,
    /// The file is empty.
    FileEmpty,
    /// The file is of a kind that cannot be imported.
    FileUnreadable,
    /// No column of the file holds phone numbers.
    NoPhoneColumn,
    /// Too much at once; wait and try again.
    Busy,
    /// The database cannot be reached for now.
    StorageUnavailable,
    /// The disk is full.
    StorageFull,
    /// It took too long.
    TimedOut,
    /// A fault of ours.
    Internal,
}

impl Code {
    /// All of them.
    const ALL: &'static [Self] = &[
        Self::Unauthorized,
        Self::WrongCredentials,
        Self::SecondFactorNeeded,
        Self::SecondFactorRequired,
        Self::TokenReused,
        Self::Forbidden,
        Self::CrossSite,
        Self::RecentSignInNeeded,
        Self::OrganizationNeeded,
        Self::LinkInvalid,
        Self::TooManyAttempts,
        Self::RateLimited,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Malformed,
        Self::Invalid,
        Self::TooLarge,
        Self::UnsupportedType,
        Self::AlreadyExists,
        Self::WrongState,
        Self::LimitReached,
        Self::IdempotencyKeyReused,
        Self::IdempotencyInProgress,
        Self::SignatureInvalid,
        Self::WindowClosed,
        Self::ContactUnreachable,
        Self::TokenRejected,
        Self::MetaRefused,
        Self::MetaUnreachable,
        Self::FileEmpty,
        Self::FileUnreadable,
        Self::NoPhoneColumn,
        Self::Busy,
        Self::StorageUnavailable,
        Self::StorageFull,
        Self::TimedOut,
        Self::Internal,
    ];

    /// What an answer of this status can mean, for the API's description; `None` for statuses of no refusal.
    pub(crate) fn meanings(status: StatusCode) -> Option<String> {
        let of_status = Self::ALL.iter().filter(|code| code.meaning().0 == status);
        let lines: Vec<String> =
            of_status.map(|code| format!("`{}`: {}.", word(*code), code.meaning().1)).collect();
        (!lines.is_empty()).then(|| lines.join(" "))
    }

    /// Status and title.
    const fn meaning(self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::Unauthorized => (S::UNAUTHORIZED, "Not signed in"),
            Self::WrongCredentials => (S::UNAUTHORIZED, "Wrong e-mail address, password or code"),
            Self::SecondFactorNeeded => (S::UNAUTHORIZED, "A code is needed too"),
            Self::SecondFactorRequired => (S::FORBIDDEN, "The organization asks for a second factor"),
            Self::TokenReused => (S::UNAUTHORIZED, "The token was used before"),
            Self::Forbidden => (S::FORBIDDEN, "Not allowed"),
            Self::CrossSite => (S::FORBIDDEN, "Sent from another site"),
            Self::RecentSignInNeeded => (S::FORBIDDEN, "Confirm your password first"),
            Self::OrganizationNeeded => (S::CONFLICT, "Which organization?"),
            Self::LinkInvalid => (S::UNPROCESSABLE_ENTITY, "The link does not work any more"),
            Self::TooManyAttempts => (S::TOO_MANY_REQUESTS, "Too many attempts"),
            Self::RateLimited => (S::TOO_MANY_REQUESTS, "Asked too often"),
            Self::NotFound => (S::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::Malformed => (S::BAD_REQUEST, "The request cannot be read"),
            Self::Invalid => (S::UNPROCESSABLE_ENTITY, "Some values will not do"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "Too large"),
            Self::UnsupportedType => (S::UNSUPPORTED_MEDIA_TYPE, "Wrong type of content"),
            Self::AlreadyExists => (S::CONFLICT, "Already there"),
            Self::WrongState => (S::CONFLICT, "Not in this state"),
            Self::LimitReached => (S::FORBIDDEN, "A limit is reached"),
            Self::IdempotencyKeyReused => (S::UNPROCESSABLE_ENTITY, "Idempotency-Key used before"),
            Self::IdempotencyInProgress => (S::CONFLICT, "Still running"),
            Self::SignatureInvalid => (S::UNAUTHORIZED, "Signature missing or wrong"),
            Self::WindowClosed => (S::CONFLICT, "The 24-hour window is closed"),
            Self::ContactUnreachable => (S::CONFLICT, "The contact cannot be written to"),
            Self::TokenRejected => (S::UNPROCESSABLE_ENTITY, "Meta does not accept the access token"),
            Self::MetaRefused => (S::UNPROCESSABLE_ENTITY, "Meta refused"),
            Self::MetaUnreachable => (S::BAD_GATEWAY, "Meta cannot be reached"),
            Self::FileEmpty => (S::UNPROCESSABLE_ENTITY, "The file is empty"),
            Self::FileUnreadable => (S::UNPROCESSABLE_ENTITY, "The file cannot be read"),
            Self::NoPhoneColumn => (S::UNPROCESSABLE_ENTITY, "No column with phone numbers"),
            Self::Busy => (S::TOO_MANY_REQUESTS, "Too much at once"),
            Self::StorageUnavailable => (S::SERVICE_UNAVAILABLE, "The database is not reachable"),
            Self::StorageFull => (S::INSUFFICIENT_STORAGE, "The disk is full"),
            Self::TimedOut => (S::SERVICE_UNAVAILABLE, "It took too long"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "A fault of ours"),
        }
    }
}

/// One value of a request that will not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Where it is, such as `bindings[0].source.field`.
    pub field: String,
    /// What is wrong and what would do.
    pub message: String,
}

impl FieldProblem {
    /// A problem of the value at `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// A limit of an organization that is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReachedLimit {
    /// `messages_per_month`, `api_calls_per_day` or `seats`.
    pub limit: String,
    /// At most.
    pub most: i64,
    /// So far.
    pub used: i64,
    /// When it begins anew; absent for what is freed only by using less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub frees_at: Option<Timestamp>,
}

/// What every refusal looks like: RFC 9457, `application/problem+json`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem: `urn:tisara:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: String,
    /// The HTTP status once more.
    pub status: u16,
    /// What happened here, and what to do.
    pub detail: String,
    /// The kind, for programs.
    pub code: Code,
    /// The values that will not do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// With `limit_reached`: the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<ReachedLimit>,
    /// Names this request in the logs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// How long to wait before trying again, in seconds.
    #[serde(skip)]
    pub retry_after_s: Option<u32>,
}

/// Why a request gets no success.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No key, or one that does not open anything.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// No such thing here. The text is its noun.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The request cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// Values that will not do.
    #[error("{} of the values will not do", .0.len())]
    Invalid(Vec<FieldProblem>),
    /// A rule says no; the code says which.
    #[error("{detail}")]
    Refused {
        /// The rule.
        code: Code,
        /// What happened and what to do.
        detail: String,
    },
    /// It came too often.
    #[error("{detail}")]
    Throttled {
        /// The rule.
        code: Code,
        /// What happened and what to do.
        detail: String,
        /// How long to wait, in seconds.
        retry_after_s: u32,
    },
    /// A limit of the organization is reached.
    #[error("{detail}")]
    Limited {
        /// What happened and what to do.
        detail: String,
        /// The limit.
        limit: ReachedLimit,
        /// How long to wait, in seconds, where waiting helps.
        retry_after_s: Option<u32>,
    },
    /// A call to Meta came to nothing.
    #[error("a call to Meta came to nothing")]
    Meta(#[source] CallError),
    /// Storage failed.
    #[error("storage failed")]
    Storage(#[source] store::Error),
    /// A file or folder of ours failed.
    #[error("a file operation failed")]
    File(#[from] std::io::Error),
    /// Anything unforeseen.
    #[error("unforeseen")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    /// A rule says no.
    pub fn refused(code: Code, detail: impl Into<String>) -> Self {
        Self::Refused { code, detail: detail.into() }
    }

    /// One value that will not do.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldProblem::new(field, message)])
    }

    /// Something that cannot be, unless there is a fault in this program.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The document that the client gets.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (code, detail) = match self {
            Self::Unauthorized(_) => (Code::Unauthorized, self.to_string()),
            Self::NotFound(_) => (Code::NotFound, format!("{self}.")),
            Self::Malformed(_) => (Code::Malformed, self.to_string()),
            Self::Invalid(fields) => (Code::Invalid, one_line(fields)),
            Self::Refused { code, detail } | Self::Throttled { code, detail, .. } => (*code, detail.clone()),
            Self::Limited { detail, .. } => (Code::LimitReached, detail.clone()),
            Self::Meta(e) => meta(e),
            Self::Storage(e) => storage(e),
            Self::File(e) if e.kind() == std::io::ErrorKind::StorageFull => (
                Code::StorageFull,
                "The disk of this installation is full. Its operator must free some space.".to_owned(),
            ),
            Self::File(_) | Self::Internal(_) => internal(),
        };
        let (status, title) = code.meaning();
        Problem {
            kind: format!("urn:tisara:problem:{}", word(code)),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            code,
            fields: if let Self::Invalid(fields) = self { fields.clone() } else { Vec::new() },
            limit: if let Self::Limited { limit, .. } = self { Some(limit.clone()) } else { None },
            request_id: String::new(),
            retry_after_s: match (code, self) {
                (_, Self::Limited { retry_after_s, .. }) => *retry_after_s,
                (_, Self::Throttled { retry_after_s, .. }) => Some(*retry_after_s),
                (Code::StorageUnavailable | Code::TimedOut | Code::Busy | Code::MetaUnreachable, _) => {
                    Some(5)
                }
                (Code::IdempotencyInProgress, _) => Some(1),
                (Code::StorageFull, _) => Some(60),
                _ => None,
            },
        }
    }
}

/// The code as it stands in JSON.
fn word(code: Code) -> String {
    serde_json::to_value(code).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn one_line(fields: &[FieldProblem]) -> String {
    match fields {
        [only] => format!("{}: {}", only.field, only.message),
        _ => format!("{} values will not do; see fields.", fields.len()),
    }
}

fn internal() -> (Code, String) {
    (Code::Internal, "Something went wrong here. Quote the request_id when you report it.".to_owned())
}

fn storage(e: &store::Error) -> (Code, String) {
    match e {
        store::Error::Unavailable(_) | store::Error::Closed => (
            Code::StorageUnavailable,
            "The database cannot be reached for now; nothing was written. Try again in a few seconds.".to_owned(),
        ),
        store::Error::TimedOut(_) | store::Error::Conflict(_) => (
            Code::StorageUnavailable,
            "The database is too busy for now; nothing was written. Try again in a few seconds.".to_owned(),
        ),
        store::Error::CommitUnknown => (
            Code::StorageUnavailable,
            "The connection to the database broke while saving. Look whether it was done before you repeat it, or \
             send an Idempotency-Key."
                .to_owned(),
        ),
        store::Error::DiskFull => (
            Code::StorageFull,
            "The disk of this installation is full; nothing was written. Its operator must free some space.".to_owned(),
        ),
        store::Error::Duplicate { .. } => (Code::AlreadyExists, "This exists already.".to_owned()),
        _ => internal(),
    }
}

fn meta(e: &CallError) -> (Code, String) {
    match (e, e.graph()) {
        (_, Some(error)) => {
            let (code, meaning) = match error.action() {
                Action::Reauthorise | Action::StopAccount => (Code::TokenRejected, error.meaning()),
                // The table speaks of messages here; what handlers ask Meta for themselves is none.
                Action::Retry | Action::MayHaveGoneOut => {
                    (Code::MetaUnreachable, "WhatsApp had a fault. Try again in a few seconds.")
                }
                _ => (Code::MetaRefused, error.meaning()),
            };
            let mut number = error.code().to_string();
            if let Some(subcode) = error.body.error_subcode {
                number.push_str(&format!("/{subcode}"));
            }
            (
                code,
                format!(
                    "{meaning} Meta says: {} (code {number}).",
                    error.body.details().trim_end_matches('.')
                ),
            )
        }
        _ if e.may_have_gone_out() => {
            (Code::MetaUnreachable, "Meta gave no answer; try again in a few seconds.".to_owned())
        }
        _ => (Code::MetaUnreachable, "Meta could not be reached; try again in a few seconds.".to_owned()),
    }
}

impl From<store::Error> for ApiError {
    fn from(e: store::Error) -> Self {
        Self::Storage(e)
    }
}

impl From<CallError> for ApiError {
    fn from(e: CallError) -> Self {
        Self::Meta(e)
    }
}

impl store::IsTransient for ApiError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Storage(e) if e.is_transient())
    }

    fn storage(&self) -> Option<&store::Error> {
        if let Self::Storage(e) = self { Some(e) } else { None }
    }
}

/// Logs what is our fault or our database's, once and with its whole chain of causes.
fn log(error: &ApiError, problem: &Problem) {
    if problem.status < 500 {
        return;
    }
    // The store says when the database stops working and when it works again; not every request does.
    if let ApiError::Storage(e) = error
        && e.is_outage()
    {
        tracing::debug!(status = problem.status, error = %e, "a request failed: the database is in the way");
        return;
    }
    if let ApiError::Refused { code: Code::StorageUnavailable, .. } = error {
        return;
    }
    let mut chain = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        chain.push_str(": ");
        chain.push_str(&inner.to_string());
        cause = inner.source();
    }
    tracing::error!(status = problem.status, error = chain, "a request failed");
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = self.problem();
        log(&self, &problem);
        problem.into_response()
    }
}

impl IntoResponse for Problem {
    /// The body is written by the edge, which knows the request's id.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED && self.code == Code::Unauthorized {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tisara_cloud_api::client::{ErrorEnvelope, GraphError};
    use utoipa::PartialSchema as _;

    fn refusal(http_status: u16, body: &str) -> Problem {
        let envelope: ErrorEnvelope = serde_json::from_str(body).unwrap();
        ApiError::Meta(CallError::Refused(Box::new(GraphError {
            http_status,
            body: envelope.error,
            beside: envelope.extra,
            retry_after: None,
        })))
        .problem()
    }

    #[test]
    fn the_list_of_codes_is_whole() {
        let schema = serde_json::to_value(Code::schema()).unwrap();
        let described = schema["enum"].as_array().or_else(|| schema["oneOf"].as_array()).unwrap();
        assert_eq!(described.len(), Code::ALL.len(), "{schema}");
    }

    #[test]
    fn a_refusal_by_meta_is_told_in_plain_words_by_both_of_its_numbers() {
        let too_long = refusal(
            400,
            r#"{"error":{"message":"Invalid parameter","code":100,"error_subcode":2388040,"error_user_msg":"The body is 2000 long."}}"#,
        );
        assert_eq!(too_long.code, Code::MetaRefused);
        assert_eq!(
            too_long.detail,
            "A part of the template is too long. Meta says: The body is 2000 long (code 100/2388040)."
        );
        let expired =
            refusal(401, r#"{"error":{"message":"Session has expired.","code":190,"error_subcode":463}}"#);
        assert_eq!(expired.code, Code::TokenRejected);
        assert!(expired.detail.starts_with("The connection to WhatsApp has run out"), "{}", expired.detail);
        let fault = refusal(500, r#"{"error":{"message":"oops","code":131000}}"#);
        assert_eq!(fault.code, Code::MetaUnreachable);
        assert!(!fault.detail.contains("message may have gone out"), "{}", fault.detail);
    }
}
