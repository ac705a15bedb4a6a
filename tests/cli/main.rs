//! The program as a user meets it: the real binary, in temporary folders, with an environment that holds only what a test puts there.
//!
//! Around it stand fakes: a registry on the loopback interface that can misbehave, and programs on PATH that write down how they were
//! called. They are for faults; a real engine and a real registry are met in `tests/e2e`. GNU coreutils and findutils are real here.
#![cfg(target_os = "linux")] // GNU tools to compare with, and /proc to look into a run
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the rules on input and output are for the core")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where something is not as it must be")]

mod support;

mod accepted;
mod advice;
mod algorithm;
mod backtest;
mod bare;
mod blanks;
mod branches;
mod builders;
mod certain;
mod changes;
mod collisions;
mod commands;
mod compose;
mod coreutils;
mod credentials;
mod definitions;
mod documents;
mod earlier;
mod engine;
mod env;
mod explain;
mod folders;
mod git_config;
mod github;
mod hanging;
mod heads;
mod helpers;
mod interrupt;
mod json;
mod kept;
mod memory;
mod names;
mod options;
mod outside;
mod own_images;
mod parts;
mod plan;
mod prune;
mod pull;
mod push;
mod reach;
mod reads;
mod refusals;
mod registries;
mod replaced;
mod retag;
mod retries;
mod reuse;
mod said;
mod secrets;
mod services;
mod shown;
mod spelling;
mod statuses;
mod surroundings;
mod tokens;
mod trust;
mod variables;
mod vectors;
mod verify;
mod why;
mod writes;
mod written;
