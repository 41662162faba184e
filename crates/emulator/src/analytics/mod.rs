//! What Meta's analytics answer, counted from what really happened here.

mod answer;
mod counts;
mod modifiers;
mod rates;
mod templates;

pub(crate) use answer::field;
pub(crate) use counts::{Counted, Counts, Key};
pub(crate) use modifiers::Field;
pub(crate) use rates::{RateCard, SAMPLE as SAMPLE_RATES};
pub(crate) use templates::{template_analytics, template_group, template_group_analytics, template_groups};
