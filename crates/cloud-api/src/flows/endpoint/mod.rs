//! The server behind a form: what Meta asks it, encrypted for the number's own key, and what it answers.
//!
//! The order of work: [`FlowKey::open`] checks the signature and decrypts, the form's logic looks at
//! [`FlowRequest::action`], [`FlowChannel::seal`] encrypts the answer, which goes out as `text/plain`. What
//! fails becomes the HTTP status of [`FlowFailure::http_status`], by which Meta knows what to do.
//!
//! Meta: the AES key by RSA-OAEP with SHA-256 (also in MGF1), the data by AES-128-GCM with the tag of 16
//! bytes behind it, the answer by the same key under the initial vector with every bit inverted.
//!
//! # Timing of the decryption
//!
//! RUSTSEC-2023-0071 ("Marvin") tells of the `rsa` crate up to 0.9: how long a decryption took gave the key
//! away to whoever could have ciphertexts of their own choice decrypted, many times over. Here:
//!
//! - the signature comes first and cannot be left out. Without the app's secret nobody has anything decrypted
//!   but what Meta encrypted, so there are no chosen ciphertexts to measure;
//! - the version used (0.10) computes in constant time, and each decryption is blinded on top of that;
//! - every way in which a signed body cannot be opened is one and the same failure.

mod exchange;
mod key;
mod message;

pub use exchange::{EncryptedFlowRequest, FlowChannel, FlowFailure, MAX_FLOW_BODY_BYTES};
pub use key::{FlowKey, FlowPublicKey, InvalidFlowKey};
pub use message::{DATA_API_VERSION, FlowAction, FlowAnswer, FlowRequest};
