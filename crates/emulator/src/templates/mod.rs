//! Message templates: what they hold, and the calls that read and change them.

mod change;
mod format;
pub(crate) mod life;
mod list;
mod shape;
mod template;

pub(crate) use change::{create, delete, edit, unpause};
pub(crate) use list::{get, list};
pub(crate) use shape::{Button, ButtonKind, Header, Shape};
pub(crate) use template::{Category, Template};
