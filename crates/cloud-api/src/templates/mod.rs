//! Message templates: what they are made of, and the calls that read and change them.

mod calls;
mod change;
mod component;
mod library;
mod template;
mod validate;

pub use change::{
    ArchiveOutcome, ComparedValue, MigrationOutcome, NewTemplate, TemplateComparison, TemplateCreated,
    TemplateEdit, TemplatePreview, TemplateSummary, UnpauseOutcome, UpsertTemplate, UpsertedTemplate,
};
pub use component::{
    Button, ButtonExample, ButtonKind, CarouselCard, ComponentKind, HeaderFormat, LimitedTimeOffer,
    NamedExample, OtpType, SupportedApp, TemplateComponent, TemplateExample,
};
pub use library::{LibraryFilter, LibraryTemplate};
pub use template::{
    Category, ParameterFormat, QualityScore, RejectedReason, TEMPLATE_FIELDS, Template, TemplateFilter,
    TemplateQuality, TemplateStatus,
};
pub use validate::{InvalidTemplate, variables};
