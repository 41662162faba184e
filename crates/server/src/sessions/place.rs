//! Where an address probably is, by a file that the operator brings: none is shipped, since those that are any good
//! have licences of their own. The file is read when a list is shown; nothing of it is stored.

use maxminddb::{MaxMindDbError, Reader, geoip2};
use serde::Serialize;
use std::{fmt, net::IpAddr, path::Path, sync::Arc};
use utoipa::ToSchema;

/// A database of addresses in MaxMind's format (MMDB), of cities or countries. Kept in memory; cheap to clone.
#[derive(Clone)]
pub struct Places(Arc<Reader<Vec<u8>>>);

/// Why a file does not do.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be read as a database of addresses (MMDB): {0}")]
pub struct PlacesError(#[from] MaxMindDbError);

/// Where an address probably is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Place {
    /// Its English name; absent where only the country is known.
    city: Option<String>,
    /// Two letters.
    country: Option<String>,
}

impl Places {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is not there, or something else.
    pub fn open(path: &Path) -> Result<Self, PlacesError> {
        Ok(Self(Arc::new(Reader::open_readfile(path)?)))
    }

    /// Where this address is; `None` when the file does not say. What stands in the file is not trusted to
    /// make sense.
    pub(super) fn find(&self, address: &str) -> Option<Place> {
        let address: IpAddr = address.parse().ok()?;
        let found = self.0.lookup(address).ok()?.decode::<geoip2::City<'_>>().ok()??;
        let place = Place {
            city: found.city.names.english.map(str::to_owned),
            country: found.country.iso_code.map(str::to_owned),
        };
        (place.city.is_some() || place.country.is_some()).then_some(place)
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Places").field(&self.0.metadata().database_type).finish()
    }
}
