//! Paths and wildcards to what is there, symbolic links followed inside of the context.

use super::super::{Source, clean};
use super::missing;
use crate::error::Result;
use crate::glob::filepath_match;
use crate::map::Set;
use crate::tree::{Folder, Node};

/// rule: containerd/continuity `fs.RootPath`.
const LINKS_MAX: usize = 255;

/// A context in which paths are looked up.
pub(super) struct Tree<'a> {
    pub(super) root: &'a Folder,
}

/// Where a source leads.
#[derive(Default)]
pub(super) struct Found {
    /// What is read, by its path without links.
    pub(super) paths: Set<Vec<u8>>,
    /// The links on the way: path and target.
    pub(super) links: Vec<(Vec<u8>, Box<[u8]>)>,
    /// The folder that was looked through for a wildcard without finding anything.
    pub(super) searched: Option<Vec<u8>>,
}

impl Tree<'_> {
    /// A path as it is, links followed.
    pub(super) fn literal(&self, path: &str, source: &Source, found: &mut Found) -> Result<()> {
        match self.follow(path.as_bytes(), found) {
            Some(path) => {
                found.paths.add(path);
                Ok(())
            }
            None if source.required => Err(missing(path.as_bytes(), source)),
            None => Ok(()),
        }
    }

    /// A path with wildcards (rule: fsutil `copy.go`, `ResolveWildcards`): links are followed in front of the wildcards, and then in
    /// what they match.
    pub(super) fn wildcard(&self, path: &str, source: &Source, found: &mut Found) -> Result<()> {
        let Some(at) = wildcard_at(path) else { return self.literal(path, source, found) };
        let (before, pattern) = path.split_at_checked(at).unwrap_or((path, ""));
        let before = before.strip_suffix('/').unwrap_or(before);
        let folder = match self.follow(before.as_bytes(), found) {
            Some(folder) => folder,
            None if source.required => return Err(missing(before.as_bytes(), source)),
            None => return Ok(()),
        };
        let mut matches = Vec::new();
        if let Some(inner) = self.folder(&folder) {
            if pattern.contains('[') {
                // A class can be a slash, so that the parts do not match one by one.
                search_all(inner, pattern.as_bytes(), &mut matches);
            } else {
                let parts: Vec<&[u8]> = pattern.as_bytes().split(|&byte| byte == b'/').collect();
                search(inner, &parts, &mut matches);
            }
        }
        if matches.is_empty() && source.required {
            found.searched = Some(folder.clone());
        }
        for path in matches {
            let path = if folder.is_empty() { path } else { [&folder[..], b"/", &path].concat() };
            match self.follow(&path, found) {
                Some(path) => {
                    found.paths.add(path);
                }
                None if source.required => return Err(missing(&path, source)),
                None => {}
            }
        }
        Ok(())
    }

    /// The folder at a path without links; the root for an empty one.
    pub(super) fn folder(&self, path: &[u8]) -> Option<&Folder> {
        match path.is_empty() {
            true => Some(self.root),
            false => match self.root.get(path)? {
                Node::Folder(folder) => Some(folder),
                _ => None,
            },
        }
    }

    /// The path without links, where it leads to something.
    fn follow(&self, path: &[u8], found: &mut Found) -> Option<Vec<u8>> {
        let mut folders = vec![self.root];
        let mut done: Vec<Vec<u8>> = Vec::new();
        let mut open: Vec<Vec<u8>> = parts_reversed(path);
        let mut links = 0;
        while let Some(part) = open.pop() {
            match folders.last()?.child(&part)? {
                Node::Folder(folder) => {
                    folders.push(folder);
                    done.push(part);
                }
                Node::Link(target) => {
                    links += 1;
                    if links > LINKS_MAX {
                        return None;
                    }
                    let above = done.join(&b'/');
                    let at = if above.is_empty() { part } else { [&above[..], b"/", &part].concat() };
                    found.links.push((at, target.clone()));
                    let to = if target.starts_with(b"/") { target.to_vec() } else { [&above[..], b"/", target].concat() };
                    let mut next = open;
                    next.extend(parts_reversed(&clean_bytes(&to)));
                    open = next;
                    folders.truncate(1);
                    done.clear();
                }
                Node::File | Node::Other if open.is_empty() => done.push(part),
                Node::File | Node::Other => return None,
            }
        }
        Some(done.join(&b'/'))
    }
}

fn parts_reversed(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|&byte| byte == b'/').rev().filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect()
}

/// As [`clean`], for the target of a link, which need not be UTF-8.
fn clean_bytes(path: &[u8]) -> Vec<u8> {
    if let Ok(path) = std::str::from_utf8(path) {
        return clean(path).into_bytes();
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join(&b'/')
}

/// Whether a path has wildcards (rule: `containsWildcards`); an escaped one is none.
pub(super) fn has_wildcard(path: &str) -> bool {
    wildcard_at(path).is_some()
}

/// Where the first part with a wildcard begins.
fn wildcard_at(path: &str) -> Option<usize> {
    let mut start = 0;
    for part in path.split('/') {
        let mut bytes = part.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'*' | b'?' | b'[' => return Some(start),
                b'\\' => {
                    bytes.next();
                }
                _ => {}
            }
        }
        start += part.len() + 1;
    }
    None
}

/// The starts of a path whose last part is a wildcard that matches a link: the client sends all that such a start matches, and not only
/// what the whole path does (rule: fsutil `followlinks.go`, `append`).
pub(super) fn starts_with_links<'a>(context: &Folder, path: &'a [u8]) -> Vec<&'a [u8]> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let has_link = |start: &&[u8]| {
        let parts: Vec<&[u8]> = start.split(|&byte| byte == b'/').collect();
        let mut matches = Vec::new();
        search(context, &parts, &mut matches);
        matches.iter().any(|path| matches!(context.get(path), Some(Node::Link(_))))
    };
    ends.filter_map(|end| path.get(..end)).filter(|start| start.iter().any(|byte| b"*?[".contains(byte))).filter(has_link).collect()
}

/// What matches part by part.
fn search(folder: &Folder, parts: &[&[u8]], matches: &mut Vec<Vec<u8>>) {
    let mut open = vec![(folder, Vec::new(), 0)];
    while let Some((folder, above, depth)) = open.pop() {
        let Some(part) = parts.get(depth) else { continue };
        for entry in &folder.entries {
            if filepath_match(part, &entry.name) != Ok(true) {
                continue;
            }
            let path: Vec<u8> = if depth == 0 { entry.name.to_vec() } else { [&above[..], b"/", &entry.name].concat() };
            match (&entry.node, depth + 1 == parts.len()) {
                (_, true) => matches.push(path),
                (Node::Folder(inner), false) => open.push((inner, path, depth + 1)),
                _ => {}
            }
        }
    }
}

/// What matches as a whole path; what is in a folder that matches is not looked at.
fn search_all(folder: &Folder, pattern: &[u8], matches: &mut Vec<Vec<u8>>) {
    let mut open = vec![(folder, Vec::new())];
    while let Some((folder, above)) = open.pop() {
        for entry in &folder.entries {
            let path: Vec<u8> = if above.is_empty() { entry.name.to_vec() } else { [&above[..], b"/", &entry.name].concat() };
            if filepath_match(pattern, &path) == Ok(true) {
                matches.push(path);
            } else if let Node::Folder(inner) = &entry.node {
                open.push((inner, path));
            }
        }
    }
}
