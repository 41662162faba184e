//! Typed ids: a UUIDv7 of 16 bytes in the database, a TypeID (`contact_01h…`) wherever a person or a
//! program outside sees it. The types keep a contact's id from being taken for a campaign's.

use crate::{rng::Rng, time::Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// What all ids can do; the concrete types are made by the macro below.
pub trait TypedId: Copy + Eq + fmt::Debug + fmt::Display + FromStr + Send + Sync + 'static {
    /// The word before the underscore.
    const PREFIX: &'static str;

    /// An id from its 16 bytes.
    fn from_bytes(bytes: [u8; 16]) -> Self;

    /// The 16 bytes, in the order in which they sort by time.
    fn to_bytes(self) -> [u8; 16];

    /// A fresh UUIDv7 of the moment `now`.
    fn new(now: Timestamp, rng: &Rng) -> Self {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &rng.bytes()).into_uuid();
        Self::from_bytes(uuid.into_bytes())
    }
}

/// The text is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {article} id: it should look like {prefix}_01h455vb4pex5vsknk084sn02q", article = article(.prefix), prefix = .prefix)]
pub struct IdError {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

fn article(prefix: &str) -> String {
    let a = if prefix.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{a} {prefix}")
}

/// Crockford's base 32 in lower case, as the TypeID specification 0.3 wants it.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SUFFIX_LEN: usize = 26;

/// The 26 characters that stand for 16 bytes.
fn encode(bytes: [u8; 16]) -> [u8; SUFFIX_LEN] {
    let n = u128::from_be_bytes(bytes);
    let mut out = [b'0'; SUFFIX_LEN];
    for (i, c) in out.iter_mut().enumerate() {
        let shift = 5 * (SUFFIX_LEN - 1 - i);
        *c = ALPHABET[((n >> shift) & 31) as usize];
    }
    out
}

/// The 16 bytes that 26 characters stand for; `None` for anything else.
fn decode(text: &str) -> Option<[u8; 16]> {
    let text = text.as_bytes();
    // 26 × 5 bits are 130: the first character may only carry 3 of them.
    if text.len() != SUFFIX_LEN || text[0] > b'7' {
        return None;
    }
    let mut n: u128 = 0;
    for c in text {
        let digit = ALPHABET.iter().position(|a| a == c)?;
        n = (n << 5) | digit as u128;
    }
    Some(n.to_be_bytes())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl TypedId for $name {
            const PREFIX: &'static str = $prefix;
            fn from_bytes(bytes: [u8; 16]) -> Self { Self(bytes) }
            fn to_bytes(self) -> [u8; 16] { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let suffix = encode(self.0);
                write!(f, "{}_{}", $prefix, std::str::from_utf8(&suffix).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(s: &str) -> Result<Self, IdError> {
                s.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(IdError { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'_, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self { Self::from_bytes(id.0) }
        }
    )*};
}

ids! {
    /// A business.
    OrgId = "org";
    /// A WhatsApp Business Account of an organization.
    WabaId = "waba";
    /// A business phone number.
    NumberId = "number";
    /// A customer of an organization.
    ContactId = "contact";
    /// One entry of the consent ledger.
    ConsentId = "consent";
    /// A tag on contacts.
    LabelId = "label";
    /// A typed custom attribute of contacts.
    FieldId = "field";
    /// A saved rule over contacts.
    SegmentId = "segment";
    /// A message template.
    TemplateId = "template";
    /// A send to many.
    CampaignId = "campaign";
    /// One message outside campaigns.
    MessageId = "message";
    /// All messages of contact × number.
    ThreadId = "thread";
    /// A case opened in a thread.
    ConversationId = "conversation";
    /// A long task.
    JobId = "job";
    /// A key to the API.
    ApiKeyId = "key";
    /// A person who signs in.
    UserId = "user";
    /// One sign-in of a person, on one browser or device.
    SessionId = "session";
    /// A key that access tokens are signed with.
    SigningKeyId = "sign";
    /// An e-mail that waits to be sent.
    MailId = "mail";
    /// A role that an organization made for itself.
    RoleId = "role";
    /// People of an organization who share threads.
    TeamId = "team";
    /// An invitation to become a member.
    InvitationId = "invitation";
    /// A passkey of a person.
    PasskeyId = "passkey";
    /// A time in which one of the operator's staff may look into an organization.
    VisitId = "visit";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn the_specifications_example_is_read_and_written() {
        // From the TypeID specification's own examples.
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        let id = ContactId::from_bytes(uuid.into_bytes());
        assert_eq!(id.to_string(), "contact_01h455vb4pex5vsknk084sn02q");
        assert_eq!("contact_01h455vb4pex5vsknk084sn02q".parse(), Ok(id));
    }

    #[test]
    fn another_kind_is_refused() {
        assert!("campaign_01h455vb4pex5vsknk084sn02q".parse::<ContactId>().is_err());
        assert!("contact_81h455vb4pex5vsknk084sn02q".parse::<ContactId>().is_err());
        assert!("contact_".parse::<ContactId>().is_err());
    }

    #[test]
    fn later_ids_sort_later() {
        let rng = Rng::seeded(1);
        let a = OrgId::new(Timestamp::from_millis(1_000), &rng);
        let b = OrgId::new(Timestamp::from_millis(1_001), &rng);
        assert!(a < b);
        assert!(a.to_string() < b.to_string());
    }

    proptest! {
        #[test]
        fn every_id_survives_the_round_trip(bytes: [u8; 16]) {
            let id = CampaignId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse::<CampaignId>(), Ok(id));
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = text.parse::<OrgId>();
        }
    }
}
