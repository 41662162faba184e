//! Opening and sealing the secrets of organizations.
//!
//! The key-encryption key never enters the database; it seals each organization's data key, and that
//! seals the organization's secrets.

use tisara_domain::{
    OrgId, Rng, WabaId,
    seal::{Key, SealError},
};

const DATA_KEY_PLACE: &str = "organization.data_key";

/// The installation's keys. Cheap enough to clone.
#[derive(Clone, Debug)]
pub struct Vault {
    key: Key,
    rng: Rng,
}

impl Vault {
    /// A vault with the installation's key-encryption key. `rng` must be seeded by the operating
    /// system wherever secrets are real.
    #[must_use]
    pub const fn new(key: Key, rng: Rng) -> Self {
        Self { key, rng }
    }

    /// A fresh data key for an organization, sealed: what `organization.data_key` holds.
    ///
    /// # Errors
    /// Never in practice; see [`Key::seal`].
    pub fn new_data_key(&self) -> Result<Vec<u8>, SealError> {
        self.key.seal(&self.rng, DATA_KEY_PLACE, &Key::generate(&self.rng).to_bytes())
    }

    /// Seals a secret of the organization whose sealed data key this is, for one place.
    ///
    /// # Errors
    /// When the data key does not open: another installation's database.
    pub fn seal(&self, data_key: &[u8], place: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.data_key(data_key)?.seal(&self.rng, place, plain)
    }

    /// Opens a secret.
    ///
    /// # Errors
    /// When key or place are not the ones it was sealed with.
    pub fn open(&self, data_key: &[u8], place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.data_key(data_key)?.open(place, sealed)
    }

    /// Seals a secret of the installation itself, for one place.
    ///
    /// # Errors
    /// Never in practice; see [`Key::seal`].
    pub fn seal_own(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.key.seal(&self.rng, place, plain)
    }

    /// Opens a secret of the installation itself.
    ///
    /// # Errors
    /// When key or place are not the ones it was sealed with.
    pub fn open_own(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.key.open(place, sealed)
    }

    fn data_key(&self, sealed: &[u8]) -> Result<Key, SealError> {
        let bytes = self.key.open(DATA_KEY_PLACE, sealed)?;
        Ok(Key::from_bytes(bytes.try_into().map_err(|_| SealError)?))
    }
}

/// The place of an account's access token.
#[must_use]
pub fn waba_token_place(org: OrgId, waba: WabaId) -> String {
    format!("waba.token/{org}/{waba}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_organizations_secret_does_not_open_with_anothers_key() {
        let rng = Rng::seeded(5);
        let vault = Vault::new(Key::generate(&rng), rng.clone());
        let (a, b) = (vault.new_data_key().unwrap(), vault.new_data_key().unwrap());
        let sealed = vault.seal(&a, "waba.token/x", b"EAAJ").unwrap();
        assert_eq!(vault.open(&a, "waba.token/x", &sealed).unwrap(), b"EAAJ");
        assert!(vault.open(&b, "waba.token/x", &sealed).is_err());
        assert!(Vault::new(Key::generate(&rng), rng).open(&a, "waba.token/x", &sealed).is_err());
    }
}
