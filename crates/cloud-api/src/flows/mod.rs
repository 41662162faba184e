//! Forms (Flows): made from a JSON file, published, sent in messages and templates, and answered by a server.

mod calls;
pub mod endpoint;

pub use calls::{
    FLOW_FIELDS, Flow, FlowAsset, FlowCreated, FlowMetadata, FlowMigration, FlowPreview, FlowSaved,
    FlowStatus, FlowValidationError,
};
