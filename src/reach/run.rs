//! Goes through the instructions of the stages that are needed.
//!
//! rule: buildkit `frontend/dockerfile/dockerfile2llb/convert.go`, `dispatch`.

use super::graph::Graph;
use super::scope::Scope;
use super::state::{Ground, Step};
use super::{Kind, Reach, Source, Why, check, clean, copy, invalid};
use crate::dockerfile::{Command, Mount, MountType};
use crate::error::Result;
use crate::expand::{Expanded, Lex, Variables};

/// Runs what the target needs, in the order of the file.
pub(super) fn run(graph: &mut Graph<'_>, target: usize, reach: &mut Reach) -> Result<()> {
    for place in 0..graph.states.len() {
        let state = &mut graph.states[place];
        if !state.is_reached || state.is_done {
            continue;
        }
        state.is_done = true;
        let steps = std::mem::take(&mut state.steps);
        let base = state.base;
        let mut stage = Stage::new(graph, place, base);
        for step in &steps {
            stage.step(graph, step, reach).map_err(|error| error.line(step.line))?;
        }
        if let Some(state) = graph.states.get_mut(place) {
            state.scope = Some(stage.scope.settle());
            state.workdir = stage.workdir;
            state.steps = steps;
        }
    }
    // All of the target is in the image.
    touch(graph, target, "", 0, reach);
    if let Some(line) = graph.states.get(target).map(|state| state.line) {
        reach.sources.iter_mut().filter(|source| source.line == 0).for_each(|source| source.line = line);
    }
    Ok(())
}

/// A stage while it is gone through.
pub(super) struct Stage {
    pub(super) place: usize,
    pub(super) lex: Lex,
    pub(super) scope: Scope,
    pub(super) is_windows: bool,
    workdir: Option<String>,
}

impl Stage {
    fn new(graph: &mut Graph<'_>, place: usize, base: Option<usize>) -> Self {
        // A stage has the platform of the one it is built on, whatever its own `--platform` says.
        let from = base.and_then(|base| graph.states.get(base)).or_else(|| graph.states.get(place));
        let (scope, platform, workdir) = match from {
            Some(state) => (state.scope.as_ref().map(Scope::above), state.platform.clone(), state.workdir.clone()),
            None => (None, None, None),
        };
        let scope = scope.unwrap_or_else(|| Scope::new(false));
        let is_windows = platform.as_ref().is_some_and(|platform| platform.is_windows());
        if let Some(state) = graph.states.get_mut(place) {
            state.platform = platform;
        }
        Stage { place, lex: Lex::new(graph.build.dockerfile.escape), scope, is_windows, workdir }
    }

    pub(super) fn expand(&self, word: &str) -> Result<Expanded> {
        self.scope.expand(self.lex, word)
    }

    fn step(&mut self, graph: &mut Graph<'_>, step: &Step<'_>, reach: &mut Reach) -> Result<()> {
        match &*step.command {
            Command::Add(copy) => copy::copy(self, graph, step, copy, true, reach)?,
            Command::Copy(copy) => copy::copy(self, graph, step, copy, false, reach)?,
            Command::Run(mounts) => self.run(graph, step, mounts, reach)?,
            Command::Env(pairs) => {
                let mut expanded = Vec::new();
                for (name, value) in pairs {
                    expanded.push((self.expand(name)?, self.expand(value)?));
                }
                for (name, value) in expanded {
                    self.scope.set_env(&name.text, &value.text, name.sure && value.sure)?;
                }
            }
            Command::Arg(args) => {
                for (name, default) in args {
                    self.arg(graph, name, default.as_deref())?;
                }
            }
            Command::Workdir(path) => {
                let path = self.expand(path)?;
                self.workdir = match (&self.workdir, path.text.starts_with('/')) {
                    _ if !path.sure || self.is_windows => None,
                    (_, true) => Some(clean(&path.text)),
                    (Some(above), false) => Some(clean(&format!("{above}/{}", path.text))),
                    (None, false) => None,
                };
            }
            Command::Expose(ports) => {
                for port in ports {
                    let port = self.expand(port)?;
                    if port.sure {
                        port.words.iter().try_for_each(|port| check::port(port))?;
                    }
                }
            }
            Command::StopSignal(signal) => {
                let signal = self.expand(signal)?;
                if signal.sure {
                    check::signal(&signal.text)?;
                }
            }
            Command::Volume(paths) => {
                for path in paths {
                    let path = self.expand(path)?;
                    if path.sure && path.text.is_empty() {
                        return Err(invalid("a volume has an empty name"));
                    }
                }
            }
            Command::Words(words) => {
                for word in words {
                    self.expand(word)?;
                }
            }
            Command::Onbuild(_) | Command::Other => {}
        }
        Ok(())
    }

    /// rule: `dispatchArg`: what is given beats the default, and both beat what stands before the first stage.
    fn arg(&mut self, graph: &mut Graph<'_>, name: &str, default: Option<&str>) -> Result<()> {
        let given = graph.build.args.get(name).map(|value| (value.clone(), true));
        let value = match (given, default) {
            (Some(given), _) => Some(given),
            (None, Some(default)) => Some(self.expand(default).map(|value| (value.text, value.sure))?),
            (None, None) => graph.args.get(name).value.map(|value| (value.to_owned(), true)),
        };
        if let Some((text, sure)) = value
            && !matches!(name, "BUILDKIT_SBOM_SCAN_CONTEXT" | "BUILDKIT_SBOM_SCAN_STAGE")
        {
            self.scope.set(name, &text, sure)?;
        }
        if let Some(state) = graph.states.get_mut(self.place) {
            state.names.push(name.to_owned());
        }
        Ok(())
    }

    /// rule: `dispatchRunMounts`.
    fn run(&mut self, graph: &Graph<'_>, step: &Step<'_>, mounts: &[String], reach: &mut Reach) -> Result<()> {
        // A program can read every file that is there.
        touch(graph, self.place, "", step.line, reach);
        for (text, &state) in mounts.iter().zip(&step.sources) {
            let mut sure = true;
            let parsed = Mount::parse(text, &mut |value| {
                let value = self.expand(value)?;
                sure &= value.sure;
                Ok(value.text)
            });
            if !sure {
                self.unsure(text, step.line, reach);
                continue;
            }
            let mut mount = parsed?;
            if mount.from.is_empty() && mount.kind == MountType::Cache {
                "scratch".clone_into(&mut mount.from);
            }
            let is_done = graph.states.get(state).is_some_and(|state| state.is_done);
            if !mount.from.is_empty() && !is_done {
                return Err(invalid(format!("the stage `{}` of a mount comes later", mount.from)));
            }
            if matches!(mount.kind, MountType::Secret | MountType::Ssh) {
                continue;
            }
            if !mount.target.starts_with('/')
                && self.workdir.as_ref().is_some_and(|above| clean(&format!("{above}/{}", mount.target)).is_empty())
                || mount.target.starts_with('/') && clean(&mount.target).is_empty()
            {
                return Err(invalid("a mount hides the whole container: give it a `target`"));
            }
            let path = clean(&mount.source);
            if mount.from.is_empty() {
                // rule: the client is asked for the files of a mount of memory too.
                let kind = if mount.kind == MountType::Tmpfs { Kind::Unread } else { Kind::Mount };
                reach.sources.push(Source { path, kind, ..Source::all(None, step.line) });
            } else {
                touch(graph, state, &path, step.line, reach);
            }
        }
        Ok(())
    }

    /// A base image may set what a source says, so that it can be anything.
    pub(super) fn unsure(&self, source: &str, line: u32, reach: &mut Reach) {
        if reach.whole.is_none() {
            reach.whole = Some(Why::Variable { source: source.to_owned(), line });
        }
        reach.sources.push(Source::all(None, line));
    }
}

/// Notes that a path of a stage is read, as far as it stands on a local context.
pub(super) fn touch(graph: &Graph<'_>, place: usize, path: &str, line: u32, reach: &mut Reach) {
    if let Some(source) = local(graph, place, line) {
        let required = source.required && !path.is_empty();
        reach.sources.push(Source { path: path.to_owned(), required, ..source });
    }
}

/// The local context that a state stands on, as a source of all of it.
pub(super) fn local(graph: &Graph<'_>, place: usize, line: u32) -> Option<Source> {
    let owner = graph.states.get(graph.owner(place))?;
    let Ground::Local(name) = &owner.ground else { return None };
    // What is not in the context may be made by an instruction of the stage.
    let is_bare = graph.states.get(place).is_some_and(|state| state.base.is_none() && (state.steps.is_empty() || state.is_replaced()));
    Some(Source { required: is_bare, ..Source::all(Some(name.clone()), line) })
}
