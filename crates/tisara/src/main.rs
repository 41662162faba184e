//! Tisara.
fn main() {}
