//! A whole tree through an ignore file.

use super::{Ignore, Inherited};
use crate::error::Result;
use crate::path::RelPath;
use crate::tree::{Entry, Folder, Node};

/// A context after its ignore file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filtered {
    /// What the builder sees. An excluded folder is in it where something inside is kept.
    pub kept: Folder,
    /// What it does not see, in the order of the tree; of a folder that is left out whole, only the folder.
    pub left_out: Vec<LeftOut>,
}

/// A file, link or folder that an ignore file leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The path below the context's root.
    pub path: RelPath,
    /// The line that excludes it.
    pub line: Option<u32>,
}

/// A folder that the walk is in.
struct Open<'a> {
    name: &'a [u8],
    entries: std::slice::Iter<'a, Entry>,
    inherited: Inherited,
    kept: Folder,
    /// Where the folder is excluded itself: the line, and how much was left out before it.
    excluded: Option<(Option<u32>, usize)>,
    /// How long the path is without this folder.
    above: usize,
}

/// What of a context the builder sees, and what is left out by which line.
///
/// # Errors
/// As [`Ignore::decide`].
///
/// rule: tonistiigi/fsutil a72de9dcf763 `filter.go` `Walk`
pub fn filter(tree: &Folder, ignore: &Ignore) -> Result<Filtered> {
    let mut left_out: Vec<LeftOut> = Vec::new();
    let mut path = Vec::new();
    let root =
        Open { name: b"", entries: tree.entries.iter(), inherited: ignore.root(), kept: Folder::default(), excluded: None, above: 0 };
    let mut open = vec![root];
    loop {
        let Some(folder) = open.last_mut() else { return Ok(Filtered::default()) };
        let Some(entry) = folder.entries.next() else {
            let Some(done) = open.pop() else { continue };
            let Some(parent) = open.last_mut() else { return Ok(Filtered { kept: done.kept, left_out }) };
            match done.excluded {
                Some((line, before)) if done.kept.entries.is_empty() => {
                    left_out.truncate(before);
                    left_out.push(LeftOut { path: RelPath::new(path.as_slice()), line });
                }
                _ => parent.kept.entries.push(Entry { name: done.name.into(), node: Node::Folder(done.kept) }),
            }
            path.truncate(done.above);
            continue;
        };
        let above = path.len();
        if above > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(&entry.name);
        let inner = if let Node::Folder(inner) = &entry.node { Some(inner) } else { None };
        let decision = ignore.decide(&path, inner.is_some(), &folder.inherited)?;
        if let Some(inner) = inner.filter(|_| decision.enter) {
            open.push(Open {
                name: &entry.name,
                entries: inner.entries.iter(),
                inherited: decision.inherited,
                kept: Folder::default(),
                excluded: decision.excluded.then_some((decision.line, left_out.len())),
                above,
            });
            continue;
        }
        if decision.excluded {
            left_out.push(LeftOut { path: RelPath::new(path.as_slice()), line: decision.line });
        } else {
            folder.kept.entries.push(entry.clone());
        }
        path.truncate(above);
    }
}
