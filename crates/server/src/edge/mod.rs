//! What every request passes: its id, its time-out, the fence around panics, the headers of the answer.

mod cursor;
mod error;
mod extract;
mod layers;
mod limits;
mod routes;

pub use cursor::{ById, ByName, Cursor, Page, PageQuery};
pub use error::{ApiError, Code, FieldProblem, Problem, ReachedLimit, Result};
pub use extract::{Body, Id, Params, TwoIds, maybe};
pub(crate) use layers::{around, no_method, no_path};
pub use limits::Limit;
pub(crate) use limits::{Limits, Verdict};
pub(crate) use routes::{Declared, Routes, placed, routes};
