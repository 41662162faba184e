//! Forms (Flows): made from a JSON file, published, sent in messages and templates.

mod calls;

pub use calls::{
    FLOW_FIELDS, Flow, FlowAsset, FlowCreated, FlowMetadata, FlowMigration, FlowPreview, FlowSaved,
    FlowStatus, FlowValidationError,
};
