//! Message templates: what they hold, and the calls that read and change them.

pub(crate) mod category;
mod change;
mod format;
pub(crate) mod life;
mod list;
pub(crate) mod pacing;
mod shape;
mod template;

pub(crate) use change::{RESTRICTED, create, delete, edit, unpause};
pub(crate) use list::{get, list};
pub(crate) use shape::{Button, ButtonKind, Header, Shape};
pub(crate) use template::{Category, LONGEST_LIFE_S, Template};
