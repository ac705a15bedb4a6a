//! What a build consists of: stages, images, contexts.

use std::borrow::Cow;
use std::rc::Rc;

use super::scope::Scope;
use super::{ImageConfig, NamedContext, Platform};
use crate::dockerfile::Command;
use crate::error::Result;

/// A stage, or an image or context that `COPY --from` or a mount names.
pub(super) struct State<'a> {
    /// Its place in the Dockerfile, where it is a stage of it.
    pub(super) stage: Option<usize>,
    pub(super) name: &'a str,
    /// What stands after `FROM`, expanded.
    pub(super) base_name: String,
    pub(super) line: u32,
    /// The value of `--platform`; later the platform it really has.
    pub(super) platform: Option<Rc<Platform>>,
    /// The stage it is built on.
    pub(super) base: Option<usize>,
    /// The named context that stands in for it.
    pub(super) replaced: Option<(String, &'a NamedContext)>,
    pub(super) steps: Vec<Step<'a>>,
    /// The states that its instructions name.
    pub(super) needs: Vec<usize>,
    pub(super) ground: Ground<'a>,
    /// What it holds is known, so that others can copy from it.
    pub(super) is_done: bool,
    pub(super) is_reached: bool,
    /// The variables in `FROM`, and those that `ARG` in it takes from outside.
    pub(super) names: Vec<String>,
    /// None before it is known what the state stands on.
    pub(super) scope: Option<Rc<Scope>>,
    /// The working directory; none where the base image may set it.
    pub(super) workdir: Option<String>,
}

/// An instruction with the states that it names.
pub(super) struct Step<'a> {
    pub(super) command: Cow<'a, Command>,
    pub(super) line: u32,
    pub(super) sources: Vec<usize>,
}

/// What a state without a base is made of.
#[derive(Clone)]
pub(super) enum Ground<'a> {
    /// Nothing: `scratch`.
    Empty,
    /// A named local context.
    Local(String),
    /// A repository or an address.
    Remote,
    /// An image, with what is known of it.
    Image(Option<&'a ImageConfig>),
}

impl Ground<'_> {
    pub(super) fn variables(&self, platform: &Platform) -> Result<(Scope, Option<String>)> {
        let mut scope = Scope::new(matches!(self, Ground::Image(None)));
        let path = match platform.is_windows() {
            true => "c:\\Windows\\System32;c:\\Windows;C:\\Windows\\System32\\WindowsPowerShell\\v1.0",
            false => "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        };
        scope.set_env("PATH", path, !matches!(self, Ground::Image(None)))?;
        match self {
            Ground::Image(None) => Ok((scope, None)),
            Ground::Image(Some(image)) => {
                for (name, value) in &image.env {
                    scope.set_env(name, value, true)?;
                }
                Ok((scope, Some(image.workdir.clone())))
            }
            _ => Ok((scope, Some(String::new()))),
        }
    }
}

impl State<'_> {
    pub(super) fn is_replaced(&self) -> bool {
        self.replaced.is_some()
    }

    pub(super) fn new(base_name: String, line: u32) -> Self {
        State {
            stage: None,
            name: "",
            base_name,
            line,
            platform: None,
            base: None,
            replaced: None,
            steps: Vec::new(),
            needs: Vec::new(),
            ground: Ground::Empty,
            is_done: false,
            is_reached: false,
            names: Vec::new(),
            scope: None,
            workdir: None,
        }
    }
}
