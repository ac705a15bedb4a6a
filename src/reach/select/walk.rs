//! All that is in a folder, as far as `--parents` and `--exclude` let it through.
//!
//! rule: fsutil `copy/copy.go`, `copier.copy`.

use super::super::{Kind, Source, invalid};
use super::{Picked, PickedKind, Tree};
use crate::error::{Code, Error, Result};
use crate::glob::Pattern;
use crate::ignore::{Ignore, Inherited};
use crate::path::RelPath;
use crate::tree::{Entry, Folder, Node};

/// What is let through; nothing is held back by the empty rules.
#[derive(Clone, Default)]
pub(super) struct Rules {
    include: Option<(Ignore, Option<Pattern>)>,
    exclude: Option<Ignore>,
    /// Something in an excluded folder may be kept.
    has_exceptions: bool,
}

impl Rules {
    /// The rules of a source.
    ///
    /// # Errors
    /// For a pattern that BuildKit refuses.
    pub(super) fn new(source: &Source) -> Result<Self> {
        let mut rules = Rules::default();
        if let Kind::Parents { pattern, .. } = &source.kind
            && !pattern.is_empty()
        {
            let include = Ignore::from_patterns(&[pattern.as_bytes()]).map_err(refused)?;
            // A `!` in front means the opposite.
            let reaches = Pattern::new(pattern.as_bytes()).ok().filter(|_| !pattern.starts_with('!'));
            rules.include = Some((include, reaches));
        }
        if !source.exclude.is_empty() {
            rules.has_exceptions = source.exclude.iter().any(|pattern| pattern.trim_start().starts_with('!'));
            let patterns: Vec<&[u8]> = source.exclude.iter().map(String::as_bytes).collect();
            rules.exclude = Some(Ignore::from_patterns(&patterns).map_err(refused)?);
        }
        Ok(rules)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }
}

fn refused(error: Error) -> Error {
    invalid(error.message.clone())
}

/// A folder while its entries are gone through.
struct Open<'a> {
    entries: std::slice::Iter<'a, Entry>,
    /// The length of its path.
    length: usize,
    include: Inherited,
    exclude: Inherited,
    /// It is copied even if nothing in it is.
    is_included: bool,
    is_empty: bool,
}

/// Whether a folder, or something in it, matches what is asked for; a wrong pattern matches nothing.
pub(super) fn is_asked(folder: &Folder, path: &[u8], asked: &Ignore) -> bool {
    let mut open = vec![(folder, path.to_vec(), asked.root())];
    while let Some((folder, path, above)) = open.pop() {
        let Ok(decision) = asked.decide(&path, true, &above) else { return false };
        if decision.excluded {
            return true;
        }
        for entry in &folder.entries {
            let path = [&path[..], b"/", &entry.name].concat();
            match &entry.node {
                Node::Folder(inner) => open.push((inner, path, decision.inherited.clone())),
                _ if asked.decide(&path, false, &decision.inherited).is_ok_and(|decision| decision.excluded) => return true,
                _ => {}
            }
        }
    }
    false
}

/// Picks what is at `path`, and in it.
///
/// # Errors
/// [`Code::SourceSpecial`] for something that a manifest cannot describe; for a pattern that BuildKit refuses.
pub(super) fn walk(context: &Folder, path: &[u8], source: usize, rules: &Rules, picked: &mut Vec<Picked>) -> Result<()> {
    let tree = Tree { root: context };
    let Some(folder) = tree.folder(path) else {
        return match context.get(path) {
            Some(Node::Other) => Err(special(path)),
            Some(Node::File) => {
                picked.push(Picked { path: RelPath::new(path), kind: PickedKind::File, source });
                Ok(())
            }
            _ => Ok(()),
        };
    };
    let mut buffer = path.to_vec();
    let below = if path.is_empty() { 0 } else { path.len() + 1 };
    let mut open = vec![Open {
        entries: folder.entries.iter(),
        length: path.len(),
        include: Inherited::default(),
        exclude: Inherited::default(),
        is_included: rules.include.is_none(),
        is_empty: true,
    }];
    while let Some(top) = open.last_mut() {
        buffer.truncate(top.length);
        let Some(entry) = top.entries.next() else {
            // The context itself is there anyway.
            let is_picked = top.is_empty && top.is_included && !buffer.is_empty();
            let is_empty = top.is_empty && !is_picked;
            if is_picked {
                picked.push(Picked { path: RelPath::new(buffer.as_slice()), kind: PickedKind::Folder, source });
            }
            open.pop();
            if let Some(above) = open.last_mut() {
                above.is_empty &= is_empty;
            }
            continue;
        };
        if !buffer.is_empty() {
            buffer.push(b'/');
        }
        buffer.extend_from_slice(&entry.name);
        let is_folder = matches!(entry.node, Node::Folder(_));
        let relative = buffer.get(below..).unwrap_or_default();
        let mut next = Open {
            entries: [].iter(),
            length: buffer.len(),
            include: Inherited::default(),
            exclude: Inherited::default(),
            is_included: true,
            is_empty: true,
        };
        let mut enter = true;
        if let Some((include, reaches)) = &rules.include {
            let decision = include.decide(relative, is_folder, &top.include).map_err(refused)?;
            // What an ignore file excludes is what this includes.
            next.is_included = decision.excluded;
            enter = decision.excluded || reaches.as_ref().is_none_or(|pattern| pattern.reaches_into(relative));
            next.include = decision.inherited;
        }
        if let Some(exclude) = &rules.exclude {
            let decision = exclude.decide(relative, is_folder, &top.exclude).map_err(refused)?;
            next.is_included &= !decision.excluded;
            enter &= !decision.excluded || rules.has_exceptions;
            next.exclude = decision.inherited;
        }
        match &entry.node {
            Node::Folder(folder) if enter => {
                next.entries = folder.entries.iter();
                open.push(next);
            }
            Node::File if next.is_included => {
                top.is_empty = false;
                picked.push(Picked { path: RelPath::new(buffer.as_slice()), kind: PickedKind::File, source });
            }
            Node::Link(target) if next.is_included => {
                top.is_empty = false;
                picked.push(Picked { path: RelPath::new(buffer.as_slice()), kind: PickedKind::Link(target.clone()), source });
            }
            Node::Other if next.is_included => return Err(special(&buffer)),
            _ => {}
        }
    }
    Ok(())
}

/// BuildKit copies pipes and devices as they are, and sockets as empty files.
fn special(path: &[u8]) -> Error {
    let path = RelPath::new(path);
    Error::new(Code::SourceSpecial, format!("`{path}` is a pipe, a socket or a device, and the build would copy it"))
        .help("remove it, or exclude it with a line in `.dockerignore`")
}
