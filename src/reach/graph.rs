//! The stages, what each is built on, and which of them a target needs.

use std::borrow::Cow;
use std::rc::Rc;

use super::scope::Scope;
use super::state::{Ground, State, Step};
use super::{Build, NamedContext, Platform, Reach, base_of, invalid, normalized, remote};
use crate::dockerfile::{Command, Instruction, Mount, trigger};
use crate::error::Result;
use crate::expand::Lex;
use crate::map::Map;

/// More triggers than any real build has: each is read again for each stage.
const TRIGGERS_MAX: usize = 50_000;

/// All states of a build.
pub(super) struct Graph<'a> {
    pub(super) build: &'a Build<'a>,
    pub(super) states: Vec<State<'a>>,
    by_name: Map<&'a str, usize>,
    pub(super) target_platform: Rc<Platform>,
    /// The arguments before the first stage, and those that are always there.
    pub(super) args: Scope,
    /// Which variables the default of an argument before the first stage takes.
    pub(super) arg_names: Vec<Vec<String>>,
    pub(super) args_by_name: Map<String, usize>,
    triggers: usize,
    /// By stage: the one at the bottom of what it is built on.
    owners: Vec<usize>,
    /// The variables of grounds that have the same: whether others may be set, and whether it is Windows.
    grounds: Vec<((bool, bool), Rc<Scope>)>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(build: &'a Build<'a>) -> Result<Self> {
        let build_platform = Platform::parse(build.build_platform)?.normal();
        let target_platform = match build.platform {
            Some(platform) => Rc::new(Platform::parse(platform)?.normal()),
            None => Rc::new(build_platform.clone()),
        };
        let mut graph = Graph {
            build,
            states: Vec::new(),
            by_name: Map::new(),
            args: Scope::new(false),
            target_platform,
            arg_names: Vec::new(),
            args_by_name: Map::new(),
            triggers: 0,
            owners: Vec::new(),
            grounds: Vec::new(),
        };
        graph.set_args(&build_platform)?;
        graph.add_stages()?;
        Ok(graph)
    }

    /// rule: `buildDispatchStates`.
    fn add_stages(&mut self) -> Result<()> {
        let file = self.build.dockerfile;
        let lex = Lex::new(file.escape);
        for (place, stage) in file.stages.iter().enumerate() {
            let at_line = |error: crate::error::Error| error.line(stage.line);
            let base = self.args.expand(lex, &stage.base).map_err(at_line)?;
            if base.text.is_empty() {
                return Err(invalid(format!("`FROM {}` names nothing", stage.base)).line(stage.line));
            }
            let mut names = base.names;
            let mut platform = None;
            if let Some(text) = &stage.platform {
                let expanded = self.args.expand(lex, text).map_err(at_line)?;
                if expanded.text.is_empty() {
                    return Err(invalid(format!("`--platform={text}` becomes empty")).line(stage.line));
                }
                platform = Some(Rc::new(Platform::parse(&expanded.text).map_err(at_line)?));
                names.extend(expanded.names);
            }
            let replaced = match &stage.name {
                Some(name) => self.named_context(name, platform.as_deref()).map_err(at_line)?,
                None => None,
            };
            // A stage of the same name that comes later is not meant.
            let base_state = self.by_name.get(base.text.as_str()).copied().filter(|_| replaced.is_none());
            let name = stage.name.as_deref().unwrap_or_default();
            let state =
                State { stage: Some(place), name, platform, base: base_state, replaced, names, ..State::new(base.text, stage.line) };
            self.states.push(state);
            // It stands before this one, so its owner is known.
            self.owners.push(base_state.map_or(place, |base| self.owner(base)));
            if !name.is_empty() {
                self.by_name.insert(name, place);
            }
        }
        Ok(())
    }

    /// The named context that stands in for an image or a stage (rule: `dockerui.Client.NamedContext`).
    pub(super) fn named_context(&self, name: &str, platform: Option<&Platform>) -> Result<Option<(String, &'a NamedContext)>> {
        if name.eq_ignore_ascii_case("scratch") || name.eq_ignore_ascii_case("context") {
            return Ok(None);
        }
        let whole = normalized(name)?;
        if self.build.contexts.is_empty() {
            return Ok(None);
        }
        let name = whole.strip_suffix(":latest").unwrap_or(&whole);
        let hub = name.strip_prefix("docker.io/").unwrap_or(name);
        let familiar = match hub.strip_prefix("library/") {
            Some(rest) if hub.len() != name.len() => rest,
            _ => hub,
        };
        let platform = platform.unwrap_or(&*self.target_platform).clone().normal();
        let found = [format!("{familiar}::{platform}"), familiar.to_owned()]
            .into_iter()
            .find_map(|key| self.build.contexts.get(&key).map(|context| (key, context)));
        Ok(found)
    }

    /// The state to build (rule: `resolveTarget`).
    pub(super) fn target(&self, name: Option<&str>) -> Result<usize> {
        match name.filter(|name| !name.is_empty()) {
            None => Ok(self.states.len().saturating_sub(1)),
            Some(name) => self.by_name.get(name.to_ascii_lowercase().as_str()).copied().ok_or_else(|| {
                invalid(format!("no stage `{name}` in it, which `target` names"))
                    .help("see the names after `AS`; numbers and images are no targets")
            }),
        }
    }

    /// Finds what the instructions of all stages name, and refuses circles (rule: `buildStageDependencyGraph`).
    pub(super) fn connect(&mut self) -> Result<()> {
        for (place, stage) in self.build.dockerfile.stages.iter().enumerate() {
            let mut steps = Vec::with_capacity(stage.instructions.len());
            for Instruction { line, command, .. } in &stage.instructions {
                let sources = self.sources_of(command, *line).map_err(|error| error.line(*line))?;
                steps.push(Step { command: Cow::Borrowed(command), line: *line, sources });
            }
            self.add_steps(place, steps);
        }
        self.refuse_circles()
    }

    fn add_steps(&mut self, place: usize, steps: Vec<Step<'a>>) {
        if let Some(state) = self.states.get_mut(place) {
            state.needs.extend(steps.iter().flat_map(|step| &step.sources));
            let own = std::mem::replace(&mut state.steps, steps);
            // Triggers come before the stage's own instructions.
            state.steps.extend(own);
        }
    }

    /// rule: `toCommand`, `detectRunMount`.
    fn sources_of(&mut self, command: &Command, line: u32) -> Result<Vec<usize>> {
        match command {
            Command::Copy(copy) => {
                let Some(from) = &copy.from else { return Ok(Vec::new()) };
                let read = Lex::new(self.build.dockerfile.escape).expand(from, &crate::expand::NoVariables)?;
                if read.text != *from {
                    return Err(invalid("`--from` cannot have a variable in it: make a stage `FROM` it, and name that"));
                }
                match from.parse::<i64>() {
                    Ok(index) => match usize::try_from(index).ok().filter(|&index| index < self.states.len()) {
                        Some(index) => Ok(vec![index]),
                        None => Err(invalid(format!("no stage has the number {index}"))),
                    },
                    Err(_) => Ok(vec![self.state_of(from, line)]),
                }
            }
            Command::Run(mounts) => {
                let mut sources = Vec::new();
                for mount in mounts {
                    let from = Mount::from_of(mount)?;
                    // Where no `from` is given this is not what the mount reads, but a stage of that name is needed all the same.
                    sources.push(self.state_of(if from.is_empty() { "scratch" } else { &from }, line));
                }
                Ok(sources)
            }
            _ => Ok(Vec::new()),
        }
    }

    fn state_of(&mut self, name: &str, line: u32) -> usize {
        if let Some(&state) = self.by_name.get(name.to_ascii_lowercase().as_str()) {
            return state;
        }
        self.states.push(State::new(name.to_owned(), line));
        self.states.len() - 1
    }

    /// rule: `validateCircularDependency`.
    fn refuse_circles(&self) -> Result<()> {
        let mut is_open = vec![false; self.states.len()];
        let mut is_seen = vec![false; self.states.len()];
        for start in 0..self.states.len() {
            let mut path = vec![(start, self.needs_of(start))];
            if std::mem::replace(&mut is_seen[start], true) {
                continue;
            }
            is_open[start] = true;
            while let Some((state, rest)) = path.last_mut() {
                let Some(next) = rest.next() else {
                    is_open[*state] = false;
                    path.pop();
                    continue;
                };
                if is_open[next] {
                    let state = &self.states[*state];
                    return Err(invalid(format!("the stage `{}` needs itself", state.name)).line(state.line));
                }
                if !std::mem::replace(&mut is_seen[next], true) {
                    is_open[next] = true;
                    path.push((next, self.needs_of(next)));
                }
            }
        }
        Ok(())
    }

    fn needs_of(&self, state: usize) -> std::iter::Copied<std::slice::Iter<'_, usize>> {
        self.states[state].needs.iter().copied()
    }

    /// Marks what the target needs, and finds out what it stands on (rule: `resolveStages`).
    pub(super) fn resolve(&mut self, target: usize, reach: &mut Reach) -> Result<()> {
        let mut open = vec![target];
        while let Some(place) = open.pop() {
            let Some(state) = self.states.get_mut(place) else { continue };
            if std::mem::replace(&mut state.is_reached, true) {
                continue;
            }
            let line = state.line;
            self.stand(place, reach)
                .and_then(|()| self.add_triggers(place))
                .map_err(|error| if error.line.is_none() { error.line(line) } else { error })?;
            if let Some(state) = self.states.get(place) {
                open.extend(state.base);
                open.extend(&state.needs);
            }
        }
        // What is not needed must be an image's name all the same.
        for state in self.states.iter().filter(|state| !state.is_reached && state.base.is_none()) {
            if state.base_name != "scratch" || state.replaced.is_some() {
                normalized(&state.base_name).map_err(|error| error.line(state.line))?;
            }
        }
        Ok(())
    }

    /// rule: `resolveReachableStages`, `resolveBaseImage`.
    fn stand(&mut self, place: usize, reach: &mut Reach) -> Result<()> {
        let Some(state) = self.states.get(place).filter(|state| state.base.is_none()) else { return Ok(()) };
        let asked = state.platform.as_deref();
        let platform = state.platform.as_ref().unwrap_or(&self.target_platform);
        // Others can copy from it without anything being run.
        let mut is_done = state.stage.is_none();
        let (ground, platform) = match &state.replaced {
            // For nothing at all `--platform` means nothing.
            None if state.base_name == "scratch" => (Ground::Empty, &self.target_platform),
            replaced => {
                let reference = normalized(&state.base_name)?;
                let context = match replaced {
                    Some(context) => {
                        is_done = true;
                        Some(context.clone())
                    }
                    None => self.named_context(&reference, Some(platform))?,
                };
                let ground = match context {
                    Some((name, context)) => self.ground_of(name, context, state.line, asked, reach)?,
                    None => {
                        reach.bases.push(base_of(&reference, asked, state.line)?);
                        Ground::Image(self.build.images.get(&reference))
                    }
                };
                (ground, platform)
            }
        };
        let platform = Rc::clone(platform);
        let (scope, workdir) = self.variables(&ground, &platform)?;
        if let Some(state) = self.states.get_mut(place) {
            (state.ground, state.scope, state.workdir) = (ground, Some(scope), workdir);
            (state.platform, state.is_done) = (Some(platform), is_done);
        }
        Ok(())
    }

    /// The variables that a ground gives, and its working directory. Only those of an image that is known are its own.
    fn variables(&mut self, ground: &Ground<'_>, platform: &Platform) -> Result<(Rc<Scope>, Option<String>)> {
        let kind = match ground {
            Ground::Image(Some(_)) => None,
            Ground::Image(None) => Some((true, platform.is_windows())),
            _ => Some((false, platform.is_windows())),
        };
        if let Some((_, scope)) = self.grounds.iter().find(|(other, _)| Some(*other) == kind) {
            return Ok((Rc::clone(scope), if scope.is_open() { None } else { Some(String::new()) }));
        }
        let (mut scope, workdir) = ground.variables(platform)?;
        scope.count_with(&self.args);
        let scope = Rc::new(scope);
        self.grounds.extend(kind.map(|kind| (kind, Rc::clone(&scope))));
        Ok((scope, workdir))
    }

    fn ground_of(
        &self,
        name: String,
        context: &NamedContext,
        line: u32,
        platform: Option<&Platform>,
        reach: &mut Reach,
    ) -> Result<Ground<'a>> {
        Ok(match context {
            NamedContext::Local => Ground::Local(name),
            NamedContext::Image(reference) if reference == "scratch" => Ground::Empty,
            NamedContext::Image(reference) => {
                let base = base_of(reference, platform, line)?;
                let known = self.build.images.get(&base.reference);
                reach.bases.push(base);
                Ground::Image(known)
            }
            NamedContext::Remote(address) => {
                reach.remotes.push(remote::of_context(address));
                Ground::Remote
            }
            NamedContext::Other => Ground::Image(None),
        })
    }

    /// rule: `initOnBuildTriggers`.
    fn add_triggers(&mut self, place: usize) -> Result<()> {
        let Some(state) = self.states.get(place) else { return Ok(()) };
        let line = state.line;
        let mut texts: Vec<String> = match (&state.ground, state.base) {
            (Ground::Image(Some(image)), None) => image.onbuild.clone(),
            _ => Vec::new(),
        };
        if let Some(base) = state.base.and_then(|base| self.states.get(base)) {
            texts.extend(base.steps.iter().filter_map(|step| match &*step.command {
                Command::Onbuild(text) => Some(text.clone()),
                _ => None,
            }));
        }
        self.triggers += texts.len();
        if self.triggers > TRIGGERS_MAX {
            return Err(invalid(format!("more than {TRIGGERS_MAX} triggers of `ONBUILD`")));
        }
        let mut steps = Vec::new();
        for text in texts {
            let command = trigger(&text)?;
            let sources = self.sources_of(&command, line)?;
            steps.push(Step { command: Cow::Owned(command), line, sources });
        }
        self.add_steps(place, steps);
        Ok(())
    }

    pub(super) fn reached_stages(&self) -> Vec<usize> {
        self.states.iter().filter(|state| state.is_reached).filter_map(|state| state.stage).collect()
    }

    /// The state whose files those of `place` are built on.
    pub(super) fn owner(&self, place: usize) -> usize {
        self.owners.get(place).copied().unwrap_or(place)
    }
}
