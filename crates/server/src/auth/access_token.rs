//! Access tokens: short JWTs (RFC 9068), signed with Ed25519 by keys that change by themselves.
//!
//! A token says whose session it is and nothing of what it allows: the session is looked up at every
//! request, so ending it holds at once. One algorithm is taken, whatever a header says, and only keys of
//! ours by their id.

use crate::{
    app::App,
    edge::{ApiError, Result},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tisara_domain::{Duration, SessionId, SigningKeyId, Timestamp, UserId};
use tisara_store::signing_keys::SigningKey;

const ALGORITHM: &str = "EdDSA";
const KIND: &str = "at+jwt";
const AUDIENCE: &str = "tisara";
/// Longer ones are none of ours.
const LONGEST: usize = 2_000;
/// The clock of the node that made it may be ahead by so much, in seconds.
const AHEAD_S: i64 = 60;

/// Other entries, such as `crit`, are refused: they would have to be understood.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: SigningKeyId,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

/// Keys that were opened before.
#[derive(Default)]
pub(crate) struct SigningKeys(Mutex<HashMap<SigningKeyId, Arc<Opened>>>);

struct Opened {
    id: SigningKeyId,
    pair: Ed25519KeyPair,
    signs_until: Timestamp,
    ends_at: Timestamp,
}

fn place(id: SigningKeyId) -> String {
    format!("signing_key.secret/{id}")
}

impl SigningKeys {
    fn keep(&self, app: &App, key: &SigningKey) -> Result<Arc<Opened>> {
        let seed = app.vault.open_own(&place(key.id), &key.secret).map_err(ApiError::internal)?;
        let pair =
            Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|e| ApiError::internal(e.to_string()))?;
        let opened =
            Arc::new(Opened { id: key.id, pair, signs_until: key.signs_until, ends_at: key.ends_at });
        let now = app.ambient.now();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, key| key.ends_at > now);
        kept.insert(key.id, Arc::clone(&opened));
        Ok(opened)
    }

    fn kept(&self, fits: impl Fn(&Opened) -> bool) -> Option<Arc<Opened>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values().filter(|key| fits(key)).max_by_key(|key| key.signs_until).cloned()
    }

    /// The key that signs now; made when there is none.
    async fn current(&self, app: &App) -> Result<Arc<Opened>> {
        let now = app.ambient.now();
        if let Some(key) = self.kept(|key| key.signs_until > now) {
            return Ok(key);
        }
        let id = app.ambient.id::<SigningKeyId>();
        let seed = app.ambient.rng().bytes::<32>();
        let signs_until = now.plus(Duration::from_secs(app.settings.signing_key_s));
        let fresh = SigningKey {
            id,
            secret: app.vault.seal_own(&place(id), &seed).map_err(ApiError::internal)?,
            signs_until,
            ends_at: signs_until.plus(Duration::from_secs(app.settings.access_token_s)),
        };
        let key = app
            .store
            .write(move |tx| match tx.find_current_signing_key(now)? {
                Some(key) => Ok(key),
                None => tx.create_signing_key(&fresh).map(|()| fresh.clone()),
            })
            .await?;
        self.keep(app, &key)
    }

    async fn find(&self, app: &App, id: SigningKeyId) -> Result<Option<Arc<Opened>>> {
        let now = app.ambient.now();
        if let Some(key) = self.kept(|key| key.id == id) {
            return Ok(Some(key).filter(|key| key.ends_at > now));
        }
        let found = app.store.read(move |tx| tx.find_signing_key(id, now)).await?;
        found.map(|key| self.keep(app, &key)).transpose()
    }
}

/// A token for a session, good from now on for [`access_token_s`](crate::Settings::access_token_s).
pub(crate) async fn access_token(app: &App, user: UserId, session: SessionId) -> Result<String> {
    let key = app.signing_keys.current(app).await?;
    let now = app.ambient.now().seconds();
    let header = Header { alg: ALGORITHM.to_owned(), typ: KIND.to_owned(), kid: key.id };
    let claims = Claims {
        iss: issuer(app),
        aud: AUDIENCE.to_owned(),
        sub: user,
        sid: session,
        iat: now,
        exp: now.saturating_add_unsigned(app.settings.access_token_s),
    };
    let signed = format!("{}.{}", write(&header)?, write(&claims)?);
    let signature = URL_SAFE_NO_PAD.encode(key.pair.sign(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

/// Whether somebody shows an access token, and no API key.
pub(super) fn looks_like_one(token: &str) -> bool {
    token.starts_with("eyJ")
}

/// Whose session a token is of.
pub(super) async fn open(app: &App, token: &str) -> Result<(UserId, SessionId)> {
    const WRONG: ApiError = ApiError::Unauthorized(
        "This access token is wrong or has run out. Get a new one with POST /api/v1/tokens/refresh.",
    );
    if token.len() > LONGEST {
        return Err(WRONG);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(WRONG)?;
    let (header, claims) = signed.split_once('.').ok_or(WRONG)?;
    let header: Header = read(header).ok_or(WRONG)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| WRONG)?;
    if header.alg != ALGORITHM || header.typ != KIND {
        return Err(WRONG);
    }
    let key = app.signing_keys.find(app, header.kid).await?.ok_or(WRONG)?;
    let public = UnparsedPublicKey::new(&ED25519, key.pair.public_key());
    public.verify(signed.as_bytes(), &signature).map_err(|_| WRONG)?;
    let claims: Claims = read(claims).ok_or(WRONG)?;
    let now = app.ambient.now().seconds();
    let is_now = claims.iat <= now.saturating_add(AHEAD_S) && now < claims.exp;
    if !is_now || claims.aud != AUDIENCE || claims.iss != issuer(app) {
        return Err(WRONG);
    }
    Ok((claims.sub, claims.sid))
}

/// Whether the holder of this Ed25519 key signed this.
pub(crate) fn device_signed(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(message, signature).is_ok()
}

fn issuer(app: &App) -> String {
    app.settings.public_url.origin().ascii_serialization()
}

fn write(part: &impl Serialize) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).map_err(ApiError::internal)?))
}

fn read<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
