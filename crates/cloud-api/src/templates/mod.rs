//! Message templates: what they are made of, and the calls that read and change them.

mod component;
mod template;

pub use component::{
    Button, ButtonKind, CarouselCard, ComponentKind, HeaderFormat, LimitedTimeOffer, NamedExample, OtpType,
    SupportedApp, TemplateComponent, TemplateExample,
};
pub use template::{
    Category, ParameterFormat, QualityScore, RejectedReason, TEMPLATE_FIELDS, Template, TemplateFilter,
    TemplateQuality, TemplateStatus,
};
