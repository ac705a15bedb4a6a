//! `COPY` and `ADD`.
//!
//! rule: buildkit `frontend/dockerfile/dockerfile2llb/convert_copy.go`.

use std::rc::Rc;

use super::graph::Graph;
use super::remote::{Address, address};
use super::run::{Stage, local};
use super::state::Step;
use super::{Kind, Reach, Remote, Source, check, clean, invalid};
use crate::dockerfile::Copy;
use crate::error::Result;
use crate::expand::{Expanded, Lex};

pub(super) fn copy(stage: &Stage, graph: &Graph<'_>, step: &Step<'_>, copy: &Copy, is_add: bool, reach: &mut Reach) -> Result<()> {
    check_values(stage, copy)?;
    let mut sources = Vec::new();
    for source in &copy.sources {
        sources.push((source, stage.expand(source)?));
    }
    stage.expand(&copy.destination)?;
    let text = Lex { plain_quotes: true, ..Lex::new('\\') };
    for content in &copy.texts {
        stage.scope.expand(text, content)?;
    }

    let checksum = stage.expand(&copy.checksum)?;
    check_checksum(&checksum, &sources)?;

    let from = step.sources.first().copied();
    if let Some(from) = from
        && !graph.states.get(from).is_some_and(|state| state.is_done)
    {
        return Err(invalid(format!("the stage `{}` of --from comes later", copy.from.as_deref().unwrap_or_default())));
    }
    let place = match from {
        // What other stages and images hold is not looked at.
        Some(from) => local(graph, from, step.line),
        None => Some(Source::all(None, step.line)),
    };
    let exclude: Rc<[String]> = copy.exclude.as_slice().into();
    // One `--keep-git-dir` is for all sources, also where an address says it (rule: `cfg.keepGitDir`).
    let mut keep_git_dir = copy.keep_git_dir;
    let mut commit = Some(checksum.text.clone()).filter(|it| !it.is_empty());
    for (written, source) in sources {
        let remote = |git: bool, pinned: bool| Remote { address: source.text.clone(), git, pinned, line: step.line };
        match address(&source.text)? {
            Address::Git(git) => {
                if !is_add {
                    return Err(invalid("COPY takes no address: use ADD"));
                }
                if let (Some(one), Some(other)) = (keep_git_dir, git.keep_git_dir)
                    && one != other
                {
                    return Err(invalid("--keep-git-dir and the address contradict each other"));
                }
                keep_git_dir = git.keep_git_dir.or(keep_git_dir);
                if let (Some(one), Some(other)) = (&commit, &git.checksum)
                    && one != other
                {
                    return Err(invalid("--checksum and the address contradict each other"));
                }
                let pinned = git.is_pinned() || commit.is_some();
                commit = git.checksum.or(commit);
                reach.remotes.push(remote(true, pinned));
                // rule: only http and https are left out of what the client is asked for.
                if !source.text.starts_with("http://") && !source.text.starts_with("https://") {
                    reach.sources.push(Source { path: clean(&source.text), kind: Kind::Unread, ..Source::all(None, step.line) });
                }
            }
            Address::File => {
                if !is_add {
                    return Err(invalid("COPY takes no address: use ADD"));
                }
                if let Some(checksum) = &commit
                    && source.sure
                {
                    check::digest(checksum)?;
                }
                reach.remotes.push(remote(false, commit.is_some()));
            }
            Address::Path if !source.sure && from.is_none() => stage.unsure(written, step.line, reach),
            Address::Path => {
                let Some(place) = &place else { continue };
                if !source.sure {
                    reach.sources.push(Source { kind: Kind::Mount, required: false, ..place.clone() });
                    continue;
                }
                let text = match stage.is_windows {
                    true => windows_path(&source.text)?,
                    false => source.text.clone(),
                };
                let kind = if copy.parents { parents(&text) } else { Kind::Copy };
                let unpack = copy.unpack.unwrap_or(is_add);
                reach.sources.push(Source { path: clean(&text), kind, exclude: Rc::clone(&exclude), unpack, ..place.clone() });
            }
        }
    }
    Ok(())
}

fn check_values(stage: &Stage, copy: &Copy) -> Result<()> {
    let owner = stage.expand(&copy.chown)?;
    if copy.link && owner.sure && !owner.text.is_empty() && !check::is_numeric_owner(&owner.text) {
        return Err(invalid(format!("`--chown={}` with --link needs numbers", owner.text)));
    }
    let mode = stage.expand(&copy.chmod)?;
    if mode.sure && !mode.text.is_empty() {
        check::mode(&mode.text)?;
    }
    Ok(())
}

fn check_checksum(checksum: &Expanded, sources: &[(&String, Expanded)]) -> Result<()> {
    if checksum.text.is_empty() {
        return Ok(());
    }
    match sources {
        [(_, source)] => match address(&source.text)? {
            // As an address without a scheme it is a repository here, and a path everywhere else.
            Address::Path if source.sure && !source.text.starts_with("github.com/") => {
                Err(invalid("--checksum is for addresses, and not for files of the context"))
            }
            _ => Ok(()),
        },
        _ => Err(invalid("--checksum is for one source")),
    }
}

/// `root/./pattern`; without `/./` everything is the pattern.
fn parents(source: &str) -> Kind {
    let (root, pattern) = source.split_once("/./").unwrap_or(("", source));
    Kind::Parents { root: clean(root), pattern: clean(pattern) }
}

/// rule: `util/system/path.go`, `NormalizePath` for Windows.
fn windows_path(path: &str) -> Result<String> {
    let path = path.replace('\\', "/");
    if path.starts_with("//") {
        return Err(invalid("a source on another machine"));
    }
    match path.split_once(':') {
        None => Ok(path),
        Some((drive, rest)) if drive.eq_ignore_ascii_case("c") && !rest.is_empty() => Ok(rest.to_owned()),
        Some(_) => Err(invalid("a source on another drive than C:")),
    }
}
