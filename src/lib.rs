//! docktag hashes everything that goes into a Docker image, makes that hash the image's tag, and builds only what the registry lacks.
//!
//! This library holds every decision and does no input or output: a [`session::Session`] says what it needs, a host performs it.
//! The command line program is one host; see [`session::Session`] for the whole loop.

pub mod error;
pub mod secret;
pub mod shell;

pub mod bytes;
pub mod map;

pub mod digest;
pub mod image;
pub mod path;
pub mod tree;

pub mod expand;
pub mod glob;
pub mod manifest;
pub mod naming;
pub mod note;
pub mod platform;
pub mod refresh;
pub mod share;

pub mod compose;
pub mod diff;
pub mod dockerfile;
pub mod ignore;
pub mod registry;

pub mod reach;

pub mod options;
pub mod plan;
pub mod report;

pub mod matrix;

pub mod need;

pub mod inputs;

pub mod ci;
pub mod print;
pub mod say;

pub mod desk;

pub mod job;

pub mod session;

#[cfg(target_arch = "wasm32")]
pub mod wasm;
