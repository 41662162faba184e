//! Values that go into SQL.

use postgres_types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use std::borrow::Cow;
use tisara_domain::{
    ApiKeyId, CampaignId, CampaignState, ConsentId, ContactId, ConversationId, FieldId, InvitationId, JobId,
    LabelId, MailId, MessageId, NumberId, OrgId, PasskeyId, Phone, RecipientState, Region, RoleId, SegmentId,
    SessionId, SigningKeyId, SkipReason, TeamId, TemplateId, ThreadId, Timestamp, UserId, VisitId, WabaId,
    consent::ConsentState, id::TypedId, message::MessageState,
};

/// One value for one placeholder. A NULL keeps its type, which PostgreSQL wants to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg<'a> {
    /// A whole number, moment, state or truth value.
    Int(Option<i64>),
    /// A fraction.
    Real(Option<f64>),
    /// A text.
    Text(Option<Cow<'a, str>>),
    /// Bytes.
    Bytes(Option<Cow<'a, [u8]>>),
    /// An id of 16 bytes.
    Id(Option<[u8; 16]>),
}

/// What can stand as a value in SQL.
pub trait ToArg {
    /// This value for a placeholder.
    fn to_arg(&self) -> Arg<'_>;
}

impl<T: ToArg + ?Sized> ToArg for &T {
    fn to_arg(&self) -> Arg<'_> {
        (**self).to_arg()
    }
}

impl ToArg for Arg<'_> {
    fn to_arg(&self) -> Arg<'_> {
        match self {
            Self::Int(v) => Arg::Int(*v),
            Self::Real(v) => Arg::Real(*v),
            Self::Id(v) => Arg::Id(*v),
            Self::Text(v) => Arg::Text(v.as_deref().map(Cow::Borrowed)),
            Self::Bytes(v) => Arg::Bytes(v.as_deref().map(Cow::Borrowed)),
        }
    }
}

macro_rules! int_args {
    ($($t:ty),*) => {$(
        impl ToArg for $t { fn to_arg(&self) -> Arg<'_> { Arg::Int(Some(i64::from(*self))) } }
        impl ToArg for Option<$t> { fn to_arg(&self) -> Arg<'_> { Arg::Int(self.map(i64::from)) } }
    )*};
}
int_args!(i64, i32, i16, u32, u16, u8, bool);

macro_rules! coded_args {
    ($($t:ty => $f:expr),* $(,)?) => {$(
        impl ToArg for $t { fn to_arg(&self) -> Arg<'_> { let f: fn(&$t) -> i64 = $f; Arg::Int(Some(f(self))) } }
        impl ToArg for Option<$t> { fn to_arg(&self) -> Arg<'_> { let f: fn(&$t) -> i64 = $f; Arg::Int(self.as_ref().map(f)) } }
    )*};
}
coded_args!(
    Timestamp => |t| t.0,
    RecipientState => |s| s.code(),
    SkipReason => |r| r.code(),
    MessageState => |s| s.code(),
    ConsentState => |s| s.code(),
);

macro_rules! id_args {
    ($($t:ty),*) => {$(
        impl ToArg for $t { fn to_arg(&self) -> Arg<'_> { Arg::Id(Some(self.to_bytes())) } }
        impl ToArg for Option<$t> { fn to_arg(&self) -> Arg<'_> { Arg::Id(self.map(TypedId::to_bytes)) } }
    )*};
}
id_args!(
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

macro_rules! text_args {
    ($($t:ty => $f:expr),* $(,)?) => {$(
        impl ToArg for $t { fn to_arg(&self) -> Arg<'_> { let f: fn(&$t) -> &str = $f; Arg::Text(Some(Cow::Borrowed(f(self)))) } }
        impl ToArg for Option<$t> { fn to_arg(&self) -> Arg<'_> { let f: fn(&$t) -> &str = $f; Arg::Text(self.as_ref().map(|v| Cow::Borrowed(f(v)))) } }
    )*};
}
text_args!(
    String => |s| s.as_str(),
    Phone => |p| p.as_str(),
    Region => |r| r.as_str(),
    CampaignState => |s| s.as_str(),
);

impl ToArg for str {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Text(Some(Cow::Borrowed(self)))
    }
}

impl ToArg for Option<&str> {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Text(self.map(Cow::Borrowed))
    }
}

impl ToArg for Cow<'_, str> {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Text(Some(Cow::Borrowed(self)))
    }
}

impl ToArg for [u8] {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(Some(Cow::Borrowed(self)))
    }
}

impl ToArg for Vec<u8> {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(Some(Cow::Borrowed(self)))
    }
}

impl ToArg for Option<Vec<u8>> {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(self.as_deref().map(Cow::Borrowed))
    }
}

/// The values for a statement's placeholders, in their order: `args![org, name]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::seam::ToArg::to_arg(&$value)),*] };
}

impl rusqlite::ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        let value = match self {
            Self::Int(Some(v)) => ValueRef::Integer(*v),
            Self::Real(Some(v)) => ValueRef::Real(*v),
            Self::Text(Some(v)) => ValueRef::Text(v.as_bytes()),
            Self::Bytes(Some(v)) => ValueRef::Blob(v),
            Self::Id(Some(v)) => ValueRef::Blob(v),
            _ => ValueRef::Null,
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

impl ToSql for Arg<'_> {
    /// Writes the value in the width that the column has.
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Int(Some(v)) => match *ty {
                Type::INT2 => i16::try_from(*v)?.to_sql(ty, out),
                Type::INT4 => i32::try_from(*v)?.to_sql(ty, out),
                Type::BOOL => (*v != 0).to_sql(ty, out),
                Type::FLOAT8 => (*v as f64).to_sql(ty, out),
                _ => v.to_sql(ty, out),
            },
            Self::Real(Some(v)) => v.to_sql(ty, out),
            Self::Text(Some(v)) => {
                if *ty == Type::JSONB {
                    // The binary form of jsonb is a version byte and the text.
                    out.extend_from_slice(&[1]);
                }
                out.extend_from_slice(v.as_bytes());
                Ok(IsNull::No)
            }
            Self::Bytes(Some(v)) => {
                out.extend_from_slice(v);
                Ok(IsNull::No)
            }
            // The binary forms of uuid and of bytea are both the plain bytes.
            Self::Id(Some(v)) => {
                out.extend_from_slice(v);
                Ok(IsNull::No)
            }
            _ => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
