//! The binary as people run it: what it prints, how it ends, and what survives when it is killed.

#![expect(unreachable_pub, reason = "a test has no callers outside")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

mod backup;
mod bad_input;
mod commands;
mod demo;
mod kill;
mod seed;
mod support;
mod tls;
