//! Which files of a context the sources of a build lead to.
//!
//! rule: buildkit `solver/llbsolver/file/backend.go`, fsutil `copy/copy.go` and `followlinks.go`.

mod find;
mod walk;

use super::{Kind, Source, invalid};
use crate::error::{Code, Error, Result};
use crate::glob::{Pattern, filepath_match};
use crate::ignore::Ignore;
use crate::map::{Map, Set};
use crate::path::RelPath;
use crate::tree::{Folder, Node};

use find::{Found, Tree};
use walk::{Rules, walk};

/// The files that a build reads of a context.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The files, links and empty folders, sorted by the bytes of their paths, each once.
    pub picked: Vec<Picked>,
}

impl Selection {
    /// Whether anything at or below a path is picked.
    pub fn has_below(&self, path: &RelPath) -> bool {
        let start = self.picked.partition_point(|it| it.path < *path);
        let mut near = self.picked.iter().skip(start).take_while(|it| it.path.as_bytes().starts_with(path.as_bytes()));
        near.any(|it| is_at_or_below(it.path.as_bytes(), path.as_bytes()))
    }
}

impl Source {
    /// Whether a builder looks into a folder because of this source: it copies the folder or something in it, or looks for a pattern there.
    pub fn leads_into(&self, folder: &RelPath) -> bool {
        let parts =
            |path: &'_ [u8]| path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect::<Vec<_>>();
        // A class can be a slash, and `**` any number of parts.
        let is_open = self.path.contains("**") || self.path.contains('[');
        let matches = |(part, name): (&Vec<u8>, &Vec<u8>)| part == name || filepath_match(part, name) != Ok(false);
        !matches!(self.kind, Kind::Unread) && (is_open || parts(self.path.as_bytes()).iter().zip(&parts(folder.as_bytes())).all(matches))
    }
}

/// Something of a context that a build reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Picked {
    /// The path below the context.
    pub path: RelPath,
    /// What it is.
    pub kind: PickedKind,
    /// The source that leads to it: its place in the list that was given. There may be others.
    pub source: usize,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PickedKind {
    /// A regular file: its content.
    File,
    /// A symbolic link: the text of its target.
    Link(Box<[u8]>),
    /// An empty folder: that it is there.
    Folder,
}

/// Selects what the sources of the context `name` (none for the main one) lead to; `context` is the folder that `.dockerignore` left.
///
/// ```
/// use docktag::reach::{Kind, Source, select};
/// use docktag::tree::{Folder, Node};
///
/// let mut context = Folder::default();
/// context.insert(b"src/main.go", Node::File);
/// context.insert(b"README.md", Node::File);
/// let source = Source { path: "s*".to_owned(), kind: Kind::Copy, ..Source::all(None, 2) };
/// let selection = select(&context, None, &[source])?;
/// assert_eq!(selection.picked.len(), 1);
/// assert_eq!(selection.picked[0].path.to_string(), "src/main.go");
/// # Ok::<(), docktag::error::Error>(())
/// ```
///
/// # Errors
/// [`Code::SourceMissing`] with the Dockerfile's line, for a path without wildcards that is not there;
/// [`Code::SourceSpecial`] for a pipe, a socket or a device that is read;
/// [`Code::DockerfileInvalid`] for a pattern that BuildKit refuses.
pub fn select(context: &Folder, name: Option<&str>, sources: &[Source]) -> Result<Selection> {
    let tree = Tree { root: context };
    let ours = || sources.iter().enumerate().filter(|(_, source)| source.context.as_deref() == name);
    // Where everything is asked for, the client is sent no patterns, and none of them can be wrong.
    if ours().all(|(_, source)| !source.path.is_empty()) {
        check_patterns(context, &mut ours().map(|(_, source)| source))?;
    }

    // Folders and files that are read with all that is in them, and the first source that wants them.
    let mut whole: Map<Vec<u8>, usize> = Map::new();
    let mut picked = Vec::new();
    let mut walks: Vec<(Vec<u8>, usize, Rules)> = Vec::new();
    // Folders that are looked through for a wildcard, which must have been sent.
    let mut searched: Vec<(Vec<u8>, usize)> = Vec::new();
    for (index, source) in ours() {
        let mut found = Found::default();
        let at_line = |error: Error| error.line(source.line);
        match &source.kind {
            Kind::Unread => continue,
            Kind::Mount => tree.literal(&source.path, source, &mut found)?,
            Kind::Copy => tree.wildcard(&source.path, source, &mut found)?,
            Kind::Parents { root, pattern } => {
                if !find::has_wildcard(root) && !find::has_wildcard(pattern) {
                    tree.literal(&source.path, source, &mut found)?;
                    found.paths = Set::new();
                }
                tree.wildcard(root, source, &mut found)?;
                if source.required && find::has_wildcard(pattern) && !find::has_wildcard(root) {
                    searched.extend(found.paths.keys().map(|folder| (folder.clone(), index)));
                }
            }
        }
        picked.extend(found.links.drain(..).map(|(path, target)| Picked {
            path: RelPath::new(path),
            kind: PickedKind::Link(target),
            source: index,
        }));
        searched.extend(found.searched.map(|folder| (folder, index)));
        // A pattern is read when there is something to copy.
        let rules = if found.paths.is_empty() { Rules::default() } else { Rules::new(source).map_err(at_line)? };
        for (path, ()) in found.paths {
            if rules.is_empty() {
                whole.insert_new(path, index);
            } else {
                walks.push((path, index, rules.clone()));
            }
        }
    }

    let mut last: Option<&[u8]> = None;
    for (path, &index) in &whole {
        if last.is_some_and(|last| is_at_or_below(path, last)) {
            continue;
        }
        last = Some(path);
        let line = sources.get(index).map(|source| source.line);
        walk(context, path, index, &Rules::default(), &mut picked).map_err(|error| error.line(line))?;
    }
    for (path, index, rules) in &walks {
        // A folder that is read as a whole needs no second look.
        if !is_covered(path, &whole) {
            let line = sources.get(*index).map(|source| source.line);
            walk(context, path, *index, rules, &mut picked).map_err(|error| error.line(line))?;
        }
    }
    picked.sort_unstable();
    picked.dedup_by(|b, a| a.path == b.path);

    let asked: Vec<&[u8]> = ours().map(|(_, source)| source.path.as_bytes()).collect();
    let mut looked_at = Set::new();
    for (folder, index) in searched {
        if looked_at.add(folder.clone())
            && !is_sent(&folder, &picked, context, &asked)
            && let Some(source) = sources.get(index)
        {
            return Err(missing(&folder, source));
        }
    }
    Ok(Selection { picked })
}

/// Whether a path is another one, or in it.
fn is_at_or_below(path: &[u8], above: &[u8]) -> bool {
    above.is_empty() || path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

fn is_covered(path: &[u8], whole: &Map<Vec<u8>, usize>) -> bool {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).chain([0, path.len()]);
    ends.filter_map(|end| path.get(..end)).any(|above| whole.contains_key(above))
}

/// Whether the client sends a folder: it sends no folder that has nothing in it that is asked for (rule: fsutil `filter.go`, `Walk`).
fn is_sent(folder: &[u8], picked: &[Picked], context: &Folder, asked: &[&[u8]]) -> bool {
    if folder.is_empty() {
        return true;
    }
    let start = picked.partition_point(|it| it.path.as_bytes() < folder);
    let mut near = picked.get(start..).unwrap_or_default().iter().take_while(|it| it.path.as_bytes().starts_with(folder));
    if near.any(|it| is_at_or_below(it.path.as_bytes(), folder)) {
        return true;
    }
    let Some(Node::Folder(inner)) = context.get(folder) else { return false };
    // What is asked for is more than what is read: `--exclude` comes later.
    if asked.iter().any(|path| path.is_empty()) {
        return true;
    }
    let mut sent = asked.to_vec();
    sent.extend(asked.iter().flat_map(|path| find::starts_with_links(context, path)));
    Ignore::from_patterns(&sent).is_ok_and(|sent| walk::is_asked(inner, folder, &sent))
}

/// The client refuses a pattern that it cannot read, before anything is copied (rule: fsutil `filter.go`).
fn check_patterns(context: &Folder, sources: &mut dyn Iterator<Item = &Source>) -> Result<()> {
    let mut has_bad = false;
    let mut patterns: Vec<(&[u8], u32)> = Vec::new();
    for source in sources {
        if !source.path.contains(['*', '?', '[', '\\', '^']) {
            patterns.push((source.path.as_bytes(), source.line));
            continue;
        }
        let path = source.path.as_bytes();
        match Pattern::new(path) {
            Ok(pattern) => has_bad |= pattern.is_bad(),
            Err(_) => return Err(wrong_pattern(&source.path, source.line)),
        }
        patterns.push((path, source.line));
    }
    if !has_bad {
        return Ok(());
    }
    // Whether it is refused depends on the files: only what no pattern before it matches comes to it.
    let texts: Vec<&[u8]> = patterns.iter().map(|(text, _)| *text).collect();
    let ignore = Ignore::from_patterns(&texts)?;
    let line = patterns.iter().find(|(text, _)| Pattern::new(text).is_ok_and(|pattern| pattern.is_bad())).map(|(_, line)| *line);
    for entry in &context.entries {
        ignore
            .decide(&entry.name, matches!(entry.node, Node::Folder(_)), &ignore.root())
            .map_err(|error| invalid(error.message.clone()).line(line))?;
    }
    Ok(())
}

fn wrong_pattern(path: &str, line: u32) -> Error {
    invalid(format!("`{path}` is a pattern with a `[` or `\\` that nothing ends")).line(line)
}

fn missing(path: &[u8], source: &Source) -> Error {
    let path = RelPath::new(path);
    let of = source.context.as_ref().map(|name| format!(" of `{name}`")).unwrap_or_default();
    Error::new(Code::SourceMissing, format!("`{path}` is not in the build context{of}"))
        .line(source.line)
        .help("check the path, and that `.dockerignore` does not exclude it")
}
