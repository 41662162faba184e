//! Values that come out of SQL.

use super::error::{Error, Result};
use postgres_types::{FromSql, Type};
use tisara_domain::{
    ApiKeyId, CampaignId, CampaignState, ConsentId, ContactId, ConversationId, FieldId, InvitationId, JobId,
    LabelId, MailId, MessageId, NumberId, OrgId, PasskeyId, RecipientState, Region, RoleId, SegmentId,
    SessionId, SigningKeyId, TeamId, TemplateId, ThreadId, Timestamp, UserId, VisitId, WabaId,
    consent::ConsentState, id::TypedId, message::MessageState,
};

/// One value of a result row, borrowed from the driver.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'r> {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// A fraction.
    Real(f64),
    /// A text.
    Text(&'r str),
    /// Bytes.
    Bytes(&'r [u8]),
}

/// A result row of either engine.
pub enum Row<'r> {
    /// SQLite's.
    Sqlite(&'r rusqlite::Row<'r>),
    /// PostgreSQL's.
    Postgres(&'r postgres::Row),
}

impl Row<'_> {
    /// The value in column `i` (from 0).
    ///
    /// # Errors
    /// When the column holds something else; that is a fault of ours or of the data.
    pub fn get<'s, T: Column<'s>>(&'s self, i: usize) -> Result<T> {
        T::from_cell(self.cell(i)?).ok_or(Error::Decode { column: i, wanted: T::WANTED })
    }

    /// The value in column `i` as the driver has it.
    pub(crate) fn cell(&self, i: usize) -> Result<Cell<'_>> {
        Ok(match self {
            Row::Sqlite(row) => {
                match row.get_ref(i).map_err(|_| Error::Decode { column: i, wanted: "a value" })? {
                    rusqlite::types::ValueRef::Null => Cell::Null,
                    rusqlite::types::ValueRef::Integer(v) => Cell::Int(v),
                    rusqlite::types::ValueRef::Real(v) => Cell::Real(v),
                    rusqlite::types::ValueRef::Text(t) => Cell::Text(
                        std::str::from_utf8(t).map_err(|_| Error::Decode { column: i, wanted: "UTF-8" })?,
                    ),
                    rusqlite::types::ValueRef::Blob(b) => Cell::Bytes(b),
                }
            }
            Row::Postgres(row) => {
                row.try_get(i).map_err(|_| Error::Decode { column: i, wanted: "a known type" })?
            }
        })
    }
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT2 => Cell::Int(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Cell::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Cell::Int(i64::from_sql(ty, raw)?),
            Type::BOOL => Cell::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Cell::Real(f64::from_sql(ty, raw)?),
            Type::BYTEA | Type::UUID => Cell::Bytes(raw),
            Type::JSONB => Cell::Text(std::str::from_utf8(raw.get(1..).unwrap_or_default())?),
            _ => Cell::Text(std::str::from_utf8(raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Cell::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::BOOL
                | Type::FLOAT8
                | Type::BYTEA
                | Type::UUID
                | Type::JSON
                | Type::JSONB
                | Type::TEXT
                | Type::VARCHAR
                | Type::BPCHAR
                | Type::NAME
                | Type::UNKNOWN
        )
    }
}

/// What a column can be read as.
pub trait Column<'r>: Sized {
    /// The expectation in words.
    const WANTED: &'static str;
    /// This type from a value; `None` when it does not fit.
    fn from_cell(cell: Cell<'r>) -> Option<Self>;
}

impl<'r, T: Column<'r>> Column<'r> for Option<T> {
    const WANTED: &'static str = T::WANTED;
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

impl<'r> Column<'r> for i64 {
    const WANTED: &'static str = "a whole number";
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        match cell {
            Cell::Int(v) => Some(v),
            _ => None,
        }
    }
}

macro_rules! small_ints {
    ($($t:ty),*) => {$(
        impl<'r> Column<'r> for $t {
            const WANTED: &'static str = concat!("a number that fits ", stringify!($t));
            fn from_cell(cell: Cell<'r>) -> Option<Self> { i64::from_cell(cell)?.try_into().ok() }
        }
    )*};
}
small_ints!(i32, u32, u16, u64, usize);

impl<'r> Column<'r> for bool {
    const WANTED: &'static str = "0 or 1";
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        i64::from_cell(cell).map(|v| v != 0)
    }
}

impl<'r> Column<'r> for f64 {
    const WANTED: &'static str = "a number";
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        match cell {
            Cell::Real(v) => Some(v),
            Cell::Int(v) => Some(v as f64),
            _ => None,
        }
    }
}

impl<'r> Column<'r> for &'r str {
    const WANTED: &'static str = "a text";
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        match cell {
            Cell::Text(t) => Some(t),
            _ => None,
        }
    }
}

impl<'r> Column<'r> for String {
    const WANTED: &'static str = "a text";
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        <&str>::from_cell(cell).map(str::to_owned)
    }
}

impl<'r> Column<'r> for Vec<u8> {
    const WANTED: &'static str = "bytes";
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        match cell {
            Cell::Bytes(b) => Some(b.to_vec()),
            _ => None,
        }
    }
}

macro_rules! coded_columns {
    ($($t:ty => $wanted:literal, $f:expr);* $(;)?) => {$(
        impl<'r> Column<'r> for $t {
            const WANTED: &'static str = $wanted;
            fn from_cell(cell: Cell<'r>) -> Option<Self> {
                let f: fn(i64) -> Option<Self> = $f;
                f(i64::from_cell(cell)?)
            }
        }
    )*};
}
coded_columns!(
    Timestamp => "a moment", |v| Some(Self(v));
    RecipientState => "a recipient's state", Self::from_code;
    MessageState => "a message's state", Self::from_code;
    ConsentState => "a state of consent", Self::from_code;
);

impl<'r> Column<'r> for CampaignState {
    const WANTED: &'static str = "a campaign's state";
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        <&str>::from_cell(cell)?.parse().ok()
    }
}

impl<'r> Column<'r> for Region {
    const WANTED: &'static str = "a country of two letters";
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        <&str>::from_cell(cell)?.parse().ok()
    }
}

macro_rules! id_columns {
    ($($t:ty),*) => {$(
        impl<'r> Column<'r> for $t {
            const WANTED: &'static str = "an id of 16 bytes";
            fn from_cell(cell: Cell<'r>) -> Option<Self> {
                match cell {
                    Cell::Bytes(b) => Some(Self::from_bytes(b.try_into().ok()?)),
                    _ => None,
                }
            }
        }
    )*};
}
id_columns!(
    OrgId,
    WabaId,
    NumberId,
    ContactId,
    ConsentId,
    LabelId,
    FieldId,
    SegmentId,
    TemplateId,
    CampaignId,
    MessageId,
    ThreadId,
    ConversationId,
    JobId,
    ApiKeyId,
    UserId,
    SessionId,
    MailId,
    RoleId,
    TeamId,
    InvitationId,
    PasskeyId,
    SigningKeyId,
    VisitId
);
