//! Message templates: what they hold, and the calls that read and change them.

mod list;
mod shape;
mod template;

pub(crate) use list::{get, list};
pub(crate) use shape::{Button, ButtonKind, Header, Shape};
pub(crate) use template::{Category, Template};
