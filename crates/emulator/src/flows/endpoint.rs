//! Asking a business's endpoint, as the phone and Meta's health checks do.

use super::{seal, tell};
use crate::{
    Inner, chance,
    sync::{lock, read},
    webhooks::sign,
};
use bytes::Bytes;
use http::{Request, header};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use tisara_domain::Duration;

/// Why an endpoint gave no screen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("the flow has no endpoint")]
    NoEndpoint,
    #[error("the number has no public key")]
    NoKey,
    #[error("the endpoint did not answer within the time allowed")]
    Timeout,
    #[error("the endpoint could not be reached: {0}")]
    NoAnswer(String),
    #[error("the endpoint answered with status {0}")]
    Status(u16),
    #[error("the endpoint cannot decrypt the request (421), also not with the newest key")]
    CannotDecrypt,
    #[error("the flow token is no longer valid (427): {0}")]
    TokenInvalid(String),
    #[error("the endpoint took the signature for false (432)")]
    SignatureRefused,
    #[error(
        "the answer cannot be decrypted: it must be base64 of AES-128-GCM with the vector's bits inverted"
    )]
    NotOpened,
}

/// Meta's names of what goes wrong with an endpoint.
pub(crate) const ENDPOINT_ERRORS: [&str; 6] = [
    "no_http_response_error",
    "public-key-missing",
    "timeout_error",
    "unexpected_http_status_code",
    "business-decryption-error",
    "response-decryption-error",
];

impl EndpointError {
    /// Meta's name of it in alerts.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::NoEndpoint | Self::NoAnswer(_) => ENDPOINT_ERRORS[0],
            Self::NoKey => ENDPOINT_ERRORS[1],
            Self::Timeout => ENDPOINT_ERRORS[2],
            Self::Status(_) | Self::SignatureRefused | Self::TokenInvalid(_) => ENDPOINT_ERRORS[3],
            Self::CannotDecrypt => ENDPOINT_ERRORS[4],
            Self::NotOpened => ENDPOINT_ERRORS[5],
        }
    }
}

/// Whose endpoint is asked, and with which key.
pub(super) struct Asked {
    pub(super) flow: u64,
    pub(super) number: u64,
    /// The key the phone holds from an earlier call; the newest is fetched without one.
    pub(super) key: Option<String>,
}

/// Asks once; on 421 a second time with the newest key. Gives the answer and the key that was used.
/// Counts into the flow's health and tells of what that leads to.
pub(super) async fn ask(e: &Inner, whom: &Asked, request: &Value) -> Result<(Value, String), EndpointError> {
    let started = e.ambient.now();
    let newest = || {
        let d = read(&e.directory);
        d.number(whom.number).and_then(|n| n.flow_public_key.clone()).ok_or(EndpointError::NoKey)
    };
    let answered = match whom.key.clone().map_or_else(newest, Ok) {
        Err(error) => Err(error),
        Ok(key) => match post(e, whom.flow, &key, request).await {
            // Meta: the client fetches the key again and repeats the request.
            Err(EndpointError::CannotDecrypt) => match newest() {
                Ok(key) => post(e, whom.flow, &key, request).await.map(|v| (v, key)),
                Err(error) => Err(error),
            },
            other => other.map(|v| (v, key)),
        },
    };
    let now = e.ambient.now();
    let ms = u32::try_from(now.since(started).as_millis()).unwrap_or(u32::MAX);
    let error = match &answered {
        // The business says so on purpose: no fault of the endpoint.
        Ok(_) | Err(EndpointError::TokenInvalid(_)) => None,
        Err(error) => Some(error.kind()),
    };
    let d = read(&e.directory);
    if let Some(flow) = d.flows.get(&whom.flow) {
        let alert_after = e.behaviour().flows.alert_after;
        let alerts = lock(&flow.health).request(now.seconds(), ms, error, alert_after);
        for alert in alerts {
            tell(e, &d, flow, alert, now);
        }
    }
    drop(d);
    answered
}

/// Meta's health check: `ping`, answered with `{"data":{"status":"active"}}`.
pub(super) async fn ping(e: &Inner, flow: u64, number: u64) -> Result<(), EndpointError> {
    let key = {
        let d = read(&e.directory);
        d.number(number).and_then(|n| n.flow_public_key.clone()).ok_or(EndpointError::NoKey)?
    };
    let version = {
        let d = read(&e.directory);
        d.flows
            .get(&flow)
            .and_then(|f| f.data_api_version().map(str::to_owned))
            .unwrap_or_else(|| "3.0".into())
    };
    let answered = post(e, flow, &key, &json!({"version": version, "action": "ping"})).await;
    let healthy = match answered {
        Ok(answer) if answer["data"]["status"] == "active" => Ok(()),
        Ok(_) => Err(EndpointError::NotOpened),
        Err(error) => Err(error),
    };
    let now = e.ambient.now();
    let d = read(&e.directory);
    if let Some(flow) = d.flows.get(&flow) {
        let alert = lock(&flow.health).ping(now.seconds(), healthy.is_ok());
        if let Some(alert) = alert {
            tell(e, &d, flow, alert, now);
        }
    }
    drop(d);
    healthy
}

/// One call, sealed and signed.
async fn post(e: &Inner, flow: u64, key: &str, request: &Value) -> Result<Value, EndpointError> {
    let (url, secret) = {
        let d = read(&e.directory);
        let flow = d.flows.get(&flow).ok_or(EndpointError::NoEndpoint)?;
        let url = flow.endpoint().ok_or(EndpointError::NoEndpoint)?.to_owned();
        (url, d.apps.get(&flow.app).map(|a| a.secret.clone()).unwrap_or_default())
    };
    let seed = chance::join(e.seed ^ 0x666c_6f77, e.calls.fetch_add(1, Ordering::Relaxed));
    let sealed = seal::seal(key, request, seed).ok_or(EndpointError::NoKey)?;
    let body = sealed.body.to_string();
    let call = Request::post(url.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "facebookexternalua")
        .header("X-Hub-Signature-256", sign(&secret, body.as_bytes()))
        .body(Bytes::from(body))
        .map_err(|_| EndpointError::NoAnswer("its address is none".into()))?;
    let sink = read(&e.sink).clone();
    let timeout = e.ambient.sleep(Duration::from_millis(e.behaviour().flows.endpoint_timeout_ms));
    let answer = tokio::select! {
        answer = sink.call(call) => answer.map_err(EndpointError::NoAnswer)?,
        () = timeout => return Err(EndpointError::Timeout),
    };
    match answer.status().as_u16() {
        200 => sealed.open(answer.body()).ok_or(EndpointError::NotOpened),
        421 => Err(EndpointError::CannotDecrypt),
        427 => {
            let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            Err(EndpointError::TokenInvalid(said["error_msg"].as_str().unwrap_or_default().to_owned()))
        }
        432 => Err(EndpointError::SignatureRefused),
        status => Err(EndpointError::Status(status)),
    }
}
