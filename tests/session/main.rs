//! Jobs with a host that is played: every answer is prepared, so every failure path costs microseconds.

mod build;
mod compose;
mod host;
mod inputs;
mod pull;
mod registry;
