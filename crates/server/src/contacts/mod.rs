//! Contacts.
pub mod import;
