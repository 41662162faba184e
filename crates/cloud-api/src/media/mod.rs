//! Files: for messages (by id, kept 30 days) and for templates and profile pictures (by handle).

mod file;
mod limits;
mod resumable;

pub use file::{MediaDownload, MediaFile, MediaId, MediaInfo};
pub use limits::{MediaKind, UnfitFile};
pub use resumable::{UploadHandle, UploadProgress, UploadSession};
