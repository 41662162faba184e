//! Messages to send: `POST /{phone_number_id}/messages`.
//!
//! The same types are written by the client and read by whoever answers such calls. [`OutgoingMessage::validate`]
//! checks Meta's published limits before a call is spent on finding out.

mod contact;
mod interactive;
mod marketing;
mod message;
mod order;
mod simple;
mod template;
mod validate;

pub use contact::{
    ContactAddress, ContactCard, ContactEmail, ContactName, ContactOrg, ContactPhone, ContactUrl,
};
pub use interactive::{
    Action as InteractiveAction, ActionParameters, CarouselCard, Header, HeaderMedia, Interactive,
    InteractiveKind, ListRow, ListSection, ProductItem, ReplyButton, ReplyButtonText, TextPart,
};
pub use marketing::{BidSpec, MarketingMessage, ProductPolicy};
pub use message::{Content, Context, MAX_CALLBACK_DATA, OutgoingMessage, Recipient, RecipientType};
pub use order::{Amount, PaymentItem, PaymentOrder, SavedAddress};
pub use simple::{Location, Media, Pin, Reaction, ReadReceipt, Text, TypingIndicator};
pub use template::{
    ButtonSubType, Card, Component, ComponentKind, Currency, DateTime, Language, LimitedTimeOffer, Parameter,
    ParameterKind, ProductRef, TemplateMessage,
};
pub use validate::{InvalidMessage, Violation};
