//! Symbolic links on the way to a file.

use crate::desk::Desk;
use crate::map::Map;
use crate::path::RelPath;
use crate::tree::{Entry, Node};

/// As many links as the kernel follows on one way, and some more.
const MOST: usize = 64;

/// What was found in folders, by their paths; none in those that cannot be read.
pub(super) type Seen = Map<String, Vec<Entry>>;

/// Returns the targets of all links on the way to a folder, as the host names it: those of links in targets too.
pub(super) async fn targets(desk: &Desk, seen: &mut Seen, folder: &str) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    let mut here = start(folder);
    let mut open: Vec<String> = folder.rsplit('/').map(str::to_owned).collect();
    while let Some(part) = open.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                here = format!("{here}/..");
                continue;
            }
            _ => {}
        }
        match link(desk, seen, &here, &part).await {
            Some(target) => {
                if target.starts_with('/') {
                    here = start(&target);
                }
                open.extend(target.rsplit('/').map(str::to_owned));
                targets.push(target);
                if targets.len() == MOST {
                    break;
                }
            }
            None if here == "/" => here = format!("/{part}"),
            None => here = format!("{here}/{part}"),
        }
    }
    targets
}

fn start(path: &str) -> String {
    if path.starts_with('/') { "/".to_owned() } else { ".".to_owned() }
}

/// The target of a name in a folder, if it is a link.
async fn link(desk: &Desk, seen: &mut Seen, folder: &str, name: &str) -> Option<String> {
    if seen.get(folder).is_none() {
        let found = desk.entries(vec![RelPath::new(folder.as_bytes())]).await;
        seen.insert(folder.to_owned(), found.ok().and_then(|found| found.into_iter().next()).unwrap_or_default());
    }
    let entry = seen.get(folder)?.iter().find(|entry| *entry.name == *name.as_bytes())?;
    match &entry.node {
        Node::Link(target) => Some(String::from_utf8_lossy(target).into_owned()),
        _ => None,
    }
}
