//! Segments: saved rules that say which contacts are meant.
//!
//! A rule is worked out as sets of contact ids, one for each of its conditions, which are then cut and
//! joined in memory. A condition's set is read by one statement along an index and kept ([`Sets`]) as
//! long as the counts of changes say that it holds; so a rule over millions of rows is answered in
//! milliseconds, and never from what was.

mod evaluate;
mod leaf;
mod rule;
mod sets;
mod stored;

pub use evaluate::ContactSet;
pub use rule::{Compare, Did, Rule, RuleProblem};
pub use sets::Sets;
pub use stored::{Segment, SegmentChange};
