//! What the tests stand on.

pub(crate) mod artifacts;
pub(crate) mod dir;
pub(crate) mod git;
pub(crate) mod obeyed;
pub(crate) mod programs;
pub(crate) mod project;
pub(crate) mod proxy;
pub(crate) mod registry;
pub(crate) mod run;
pub(crate) mod shell;
pub(crate) mod tls;
pub(crate) mod wire;

pub(crate) use dir::Dir;
pub(crate) use project::{Project, REPOSITORY};
pub(crate) use proxy::ForwardProxy;
pub(crate) use registry::{Registry, Reply};
pub(crate) use run::{Ran, Run};
