//! What an operator does to a person's account on the machine itself. Over the API nobody can.

use super::email::Email;
use crate::{
    edge::Result,
    mail::{Letters, Sealed},
};
use tisara_domain::Ambient;
use tisara_engine::Vault;
use tisara_store::{Store, users::RemovedFactors};
use url::Url;

/// What is to be taken away, from whom, and why.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The address of the account, however it is written.
    pub email: String,
    /// Why; the person reads it.
    pub reason: String,
    /// How browsers reach the server, for the e-mail.
    pub public_url: Url,
}

/// Takes every second factor of a person away, ends their sessions, on browsers and devices, forgets their
/// browsers, puts it on record and tells the person by e-mail, which a running server sends. `None` when nobody
/// has that address.
///
/// # Errors
/// As the database says.
pub async fn remove_second_factors(
    store: &Store,
    ambient: &Ambient,
    vault: &Vault,
    removal: Removal,
) -> Result<Option<RemovedFactors>> {
    let now = ambient.now();
    let fold = Email::looked_up(&removal.email);
    let found = store.read(move |tx| tx.find_user_by_email(&fold)).await?;
    let Some(user) = found else { return Ok(None) };
    let letter = Letters(&removal.public_url).second_factors_removed(&user.email, &removal.reason);
    let mail = Sealed::with(ambient, vault, &letter)?;
    let removed = store
        .write(move |tx| {
            let removed = tx.remove_second_factors(user.id, &removal.reason, now)?;
            mail.queue(tx, now)?;
            Ok::<_, tisara_store::Error>(removed)
        })
        .await?;
    tracing::info!(user = %user.id, "an operator removed the second factors of a person");
    Ok(Some(removed))
}
