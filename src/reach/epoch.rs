//! `SOURCE_DATE_EPOCH`: a time, or something whose time is taken.
//!
//! rule: buildkit `frontend/dockerfile/dockerfile2llb/epoch.go`.

use super::graph::Graph;
use super::remote::{Address, address};
use super::{Remote, invalid};
use crate::dockerfile::{Command, Copy, Stage};
use crate::error::Result;
use crate::expand::{Lex, Variables};

/// What the time comes from, where that is fetched.
///
/// # Errors
/// For a value that is neither a time nor a context nor a stage that fetches one thing.
pub(super) fn source(graph: &Graph<'_>) -> Result<Option<Remote>> {
    const NAME: &str = "SOURCE_DATE_EPOCH";
    let given = graph.build.args.get(NAME).map(String::as_str);
    let Some(value) = given.or(graph.args.get(NAME).value).filter(|value| !value.is_empty()) else { return Ok(None) };
    if value.parse::<i64>().is_ok() || value == "context" || graph.named_context(value, None)?.is_some() {
        return Ok(None);
    }
    let stages = &graph.build.dockerfile.stages;
    let named = stages.iter().find(|stage| stage.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(value)));
    let Some(stage) = named else {
        return Err(invalid(format!("{NAME} is `{value}`, and not a number of seconds, a context or a stage")));
    };
    remote(graph, stage).map(Some).map_err(|error| error.line(stage.line))
}

fn remote(graph: &Graph<'_>, stage: &Stage) -> Result<Remote> {
    let wrong = || invalid("the stage of SOURCE_DATE_EPOCH is more than one `ADD` of an address to `scratch`");
    let lex = Lex::new(graph.build.dockerfile.escape);
    if graph.args.expand(lex, &stage.base)?.text != "scratch" {
        return Err(wrong());
    }
    let mut scope = graph.args.clone();
    let mut found = None;
    for instruction in &stage.instructions {
        match &instruction.command {
            Command::Arg(args) => {
                for (name, default) in args {
                    match (graph.build.args.get(name), default) {
                        (Some(given), _) => scope.set(name, given, true)?,
                        (None, Some(default)) => {
                            let value = scope.expand(lex, default)?.text;
                            scope.set(name, &value, true)?;
                        }
                        (None, None) => {}
                    }
                }
            }
            Command::Add(copy) if found.is_none() => {
                let Copy { sources, checksum, .. } = &**copy;
                let [source] = sources.as_slice() else { return Err(wrong()) };
                let source = scope.expand(lex, source)?.text;
                let (git, pinned) = match address(&source)? {
                    Address::Path => return Err(wrong()),
                    Address::File => (false, !checksum.is_empty()),
                    Address::Git(git) => (true, git.is_pinned() || !checksum.is_empty()),
                };
                found = Some(Remote { address: source, git, pinned, line: instruction.line });
            }
            _ => return Err(wrong()),
        }
    }
    found.ok_or_else(wrong)
}
