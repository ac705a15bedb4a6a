//! Jobs with a host that is played: every answer is prepared, so every failure path costs microseconds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may fail loudly and use the machine"
)]

mod build;
mod compose;
mod host;
mod inputs;
mod pull;
mod reading;
mod registry;
