//! Message templates: what they hold, and the calls that read and change them.

pub(crate) mod category;
mod change;
mod format;
mod library;
pub(crate) mod life;
mod list;
mod moves;
pub(crate) mod pacing;
mod shape;
mod template;

pub(crate) use change::{RESTRICTED, create, delete, edit, unpause};
pub(crate) use library::{library, previews};
pub(crate) use list::{get, list};
pub(crate) use moves::{compare, migrate, put_away, upsert};
pub(crate) use shape::{Button, ButtonKind, Header, Shape};
pub(crate) use template::{Category, LONGEST_LIFE_S, Template};
