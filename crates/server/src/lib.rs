//! The HTTP edge and the features, by folder.
pub mod app;
pub mod contacts;
pub mod edge;
