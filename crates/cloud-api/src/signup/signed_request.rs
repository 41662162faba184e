//! The callbacks by which a person withdraws our app or asks for deletion: a form with `signed_request`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use serde::{Deserialize, Serialize};

use crate::webhook::signature::keyed;
use crate::wire::{Extra, Timestamp, opt_text_or_number};

/// What a signed request says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignedRequest {
    /// Always `HMAC-SHA256`.
    pub algorithm: String,
    /// When. A number on the wire.
    #[serde(serialize_with = "Timestamp::opt_as_number", skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// Who, as this app knows them.
    #[serde(deserialize_with = "opt_text_or_number", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Fields without a name here.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What the deletion callback must answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionAnswer {
    /// Where the person can see how it stands.
    pub url: String,
    /// What they quote there.
    pub confirmation_code: String,
}

/// Why a signed request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignedRequestError {
    /// Not two parts with a dot between, or not base64, or not JSON.
    #[error("the signed request is malformed")]
    Malformed,
    /// Another algorithm than HMAC-SHA256.
    #[error("the signed request uses another algorithm")]
    Algorithm,
    /// Not signed with this app's secret.
    #[error("the signature does not fit the request")]
    Wrong,
}

/// Checks a signed request and reads it. The comparison takes a time that tells nothing.
///
/// # Errors
/// [`SignedRequestError`].
pub fn verify(app_secret: &[u8], signed_request: &str) -> Result<SignedRequest, SignedRequestError> {
    let (signature, payload) = signed_request.trim().split_once('.').ok_or(SignedRequestError::Malformed)?;
    let signature = decode(signature)?;
    // Nothing of the payload is looked at before its signature holds.
    keyed(app_secret)
        .chain_update(payload.as_bytes())
        .verify_slice(&signature)
        .map_err(|_| SignedRequestError::Wrong)?;
    let request: SignedRequest =
        serde_json::from_slice(&decode(payload)?).map_err(|_| SignedRequestError::Malformed)?;
    if !request.algorithm.eq_ignore_ascii_case("HMAC-SHA256") {
        return Err(SignedRequestError::Algorithm);
    }
    Ok(request)
}

/// Writes a signed request, as Meta would.
///
/// # Errors
/// When the request cannot be written as JSON.
pub fn sign(app_secret: &[u8], request: &SignedRequest) -> Result<String, serde_json::Error> {
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(request)?);
    let signature = keyed(app_secret).chain_update(payload.as_bytes()).finalize().into_bytes();
    Ok(format!("{}.{payload}", URL_SAFE_NO_PAD.encode(signature)))
}

fn decode(text: &str) -> Result<Vec<u8>, SignedRequestError> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| SignedRequestError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(algorithm: &str) -> SignedRequest {
        SignedRequest {
            algorithm: algorithm.into(),
            issued_at: Some(Timestamp(1_750_000_000)),
            user_id: Some("218471".into()),
            extra: Extra::new(),
        }
    }

    #[test]
    fn what_was_signed_is_read_and_nothing_else() {
        let signed = sign(b"secret", &request("HMAC-SHA256")).unwrap();
        assert_eq!(verify(b"secret", &signed), Ok(request("HMAC-SHA256")));
        assert_eq!(verify(b"other", &signed), Err(SignedRequestError::Wrong));
        let (signature, _) = signed.split_once('.').unwrap();
        let forged =
            format!("{signature}.{}", URL_SAFE_NO_PAD.encode(r#"{"algorithm":"HMAC-SHA256","user_id":"1"}"#));
        assert_eq!(verify(b"secret", &forged), Err(SignedRequestError::Wrong));
        assert_eq!(verify(b"secret", "no dot"), Err(SignedRequestError::Malformed));
        let none = sign(b"secret", &request("none")).unwrap();
        assert_eq!(verify(b"secret", &none), Err(SignedRequestError::Algorithm));
    }
}
