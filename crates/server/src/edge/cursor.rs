//! Lists by cursor.
//!
//! A cursor says after which row a list goes on. It is opaque to clients and read back strictly: the
//! wrong list's cursor, a cut one or an invented one is refused. It need not be signed, since it only
//! moves a position within what the caller may see anyway.

use super::error::{ApiError, Result};
use serde::{Deserialize, Serialize};
use tisara_domain::{Timestamp, id::TypedId};
use utoipa::{IntoParams, ToSchema};

/// Rows a page, when nothing is said.
const DEFAULT_LIMIT: u16 = 50;
/// The most rows a page.
const MAX_LIMIT: u16 = 200;

/// A position in a list.
pub trait Cursor: Sized {
    /// One letter a list, so that cursors of different lists are not mixed up.
    const LIST: u8;
    /// The position as bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// The position of bytes; `None` when they are none.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct PageQuery {
    /// Rows a page, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
    /// `next` of the page before.
    pub after: Option<String>,
}

impl PageQuery {
    /// Rows a page.
    ///
    /// # Errors
    /// When it is out of bounds.
    pub fn limit(&self) -> Result<u32> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(u32::from(limit)),
            _ => Err(ApiError::field("limit", "must be from 1 to 200")),
        }
    }

    /// The position to go on from.
    ///
    /// # Errors
    /// When it is no cursor of this list.
    pub fn after<C: Cursor>(&self) -> Result<Option<C>> {
        self.after.as_deref().map(read).transpose()
    }
}

impl PageQuery {
    /// The row to go on from, in a list sorted by id.
    ///
    /// # Errors
    /// When it is no cursor of this list.
    pub fn after_id<T: TypedId>(&self) -> Result<Option<T>> {
        Ok(self.after::<ById<T>>()?.map(|c| c.0))
    }
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give it as `after` to get the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of up to `limit` rows; a full one is taken to have a successor.
    pub fn new<C: Cursor>(items: Vec<T>, limit: u32, position: impl Fn(&T) -> C) -> Self {
        let full = u32::try_from(items.len()).is_ok_and(|n| n >= limit);
        let next = items.last().filter(|_| full).map(|last| write(&position(last)));
        Self { items, next }
    }

    /// The same page with other rows.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

fn write<C: Cursor>(cursor: &C) -> String {
    let mut text = format!("{:02x}", C::LIST);
    for byte in cursor.to_bytes() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

fn read<C: Cursor>(text: &str) -> Result<C> {
    let refused =
        || ApiError::field("after", "is not a cursor of this list: give the `next` of the page before");
    if text.len() > 1_024 || !text.is_ascii() {
        return Err(refused());
    }
    let bytes = (0..text.len())
        .step_by(2)
        .map(|i| text.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(refused)?;
    match bytes.split_first() {
        Some((list, rest)) if *list == C::LIST => C::from_bytes(rest).ok_or_else(refused),
        _ => Err(refused()),
    }
}

/// The letter of the list of a kind: first and second of its prefix tell the kinds apart.
const fn letter<T: TypedId>() -> u8 {
    let prefix = T::PREFIX.as_bytes();
    prefix[0] ^ prefix[1].rotate_left(3)
}

/// Lists sorted by the id of their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ById<T>(pub T);

impl<T: TypedId> Cursor for ById<T> {
    const LIST: u8 = letter::<T>();
    fn to_bytes(&self) -> Vec<u8> {
        TypedId::to_bytes(self.0).to_vec()
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(<T as TypedId>::from_bytes(bytes.try_into().ok()?)))
    }
}

/// Lists sorted by time, newest first, then by id.
impl<T: TypedId> Cursor for (Timestamp, T) {
    const LIST: u8 = letter::<T>() ^ 0x80;
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.0.to_be_bytes().to_vec();
        bytes.extend(TypedId::to_bytes(self.1));
        bytes
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, id) = bytes.split_at_checked(8)?;
        let at = i64::from_be_bytes(at.try_into().ok()?);
        Some((Timestamp(at), <T as TypedId>::from_bytes(id.try_into().ok()?)))
    }
}

/// Lists sorted by a running number.
impl Cursor for i64 {
    const LIST: u8 = b'#';
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_be_bytes(bytes.try_into().ok()?))
    }
}

/// Lists sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByName<const LIST: u8>(pub String);

impl<const LIST: u8> Cursor for ByName<LIST> {
    const LIST: u8 = LIST;
    fn to_bytes(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        String::from_utf8(bytes.to_vec()).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tisara_domain::{CampaignId, ContactId};

    #[test]
    fn a_cursor_is_read_back_and_only_by_its_own_list() {
        let id = <ContactId as TypedId>::from_bytes([7; 16]);
        let text = write(&ById(id));
        assert_eq!(read::<ById<ContactId>>(&text).unwrap(), ById(id));
        assert!(read::<ById<CampaignId>>(&text).is_err());
        assert!(read::<(Timestamp, ContactId)>(&text).is_err());
        let at = (Timestamp(-5), id);
        assert_eq!(read::<(Timestamp, ContactId)>(&write(&at)).unwrap(), at);
    }

    #[test]
    fn invented_cursors_are_refused() {
        for text in ["", "zz", "1", "00ff", "é", &"0".repeat(999)] {
            assert!(read::<ById<ContactId>>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_full_page_has_a_successor_and_a_short_one_has_none() {
        assert!(Page::new(vec![1_i64, 2], 2, |n| *n).next.is_some());
        assert!(Page::new(vec![1_i64], 2, |n| *n).next.is_none());
    }

    #[test]
    fn the_limit_has_bounds() {
        assert_eq!(PageQuery::default().limit().unwrap(), 50);
        assert!(PageQuery { limit: Some(0), after: None }.limit().is_err());
        assert!(PageQuery { limit: Some(201), after: None }.limit().is_err());
    }
}
