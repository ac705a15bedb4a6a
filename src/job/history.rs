//! The last commits of a branch, oldest first, each with what it changed: trees are not read anew for each of them.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::job::git::{self, Item};
use crate::job::revision::Seen;
use crate::options::Options;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) id: String,
    /// Seconds since 1970.
    pub(super) time: u64,
    pub(super) subject: String,
}

/// A name that differs between two trees; `None` where it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: Rc<[u8]>,
    pub(super) before: Option<Item>,
    pub(super) after: Option<Item>,
}

/// The last commits up to this one, oldest first: those that were the head of a branch, without those that were merged into it.
pub(super) async fn commits(desk: &Desk, options: &Options, head: &str, count: usize) -> Result<Vec<Commit>> {
    let count = format!("--max-count={count}");
    let args = ["log", "--no-show-signature", "--first-parent", "-z", "--format=%H %ct %s", "--encoding=UTF-8", &count, head, "--"];
    let exited = git::run(desk, options, &args, None, "which commits are there?").await?;
    if !exited.ok() {
        return Err(Error::new(Code::NoRepository, format!("its history cannot be read: {}", exited.last_lines())).at(head));
    }
    let said = String::from_utf8_lossy(&exited.stdout);
    let mut commits: Vec<Commit> = said.split('\0').filter_map(commit).collect();
    commits.reverse();
    Ok(commits)
}

/// What each commit but the first changed in the one before it.
pub(super) async fn changes(desk: &Desk, options: &Options, commits: &[Commit]) -> Result<Vec<Vec<Change>>> {
    let mut pairs = String::new();
    for pair in commits.windows(2) {
        pairs.push_str(&format!("{} {}\n", pair[1].id, pair[0].id));
    }
    let args = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--always"];
    let exited = git::run(desk, options, &args, Some(pairs), "what did they change?").await?;
    let broken = || Error::new(Code::NoRepository, format!("git does not say what the commits changed: {}", exited.last_lines()));
    if !exited.ok() {
        return Err(broken());
    }
    let mut all: Vec<Vec<Change>> = Vec::new();
    let mut words = exited.stdout.split(|&byte| byte == 0);
    while let Some(word) = words.next() {
        match word.strip_prefix(b":") {
            Some(line) => {
                let path = words.next().ok_or_else(broken)?;
                all.last_mut().ok_or_else(broken)?.push(change(line, path).ok_or_else(broken)?);
            }
            None if word.is_empty() => {}
            None => all.push(Vec::new()),
        }
    }
    if all.len() + 1 == commits.len().max(1) { Ok(all) } else { Err(broken()) }
}

/// The tree after a commit, sorted by path.
pub(super) fn apply(items: &[Item], changes: &[Change]) -> Vec<Item> {
    let mut items = items.to_vec();
    for change in changes {
        match (items.binary_search_by(|item| item.path.cmp(&change.path)), &change.after) {
            (Ok(index), Some(after)) => items[index] = after.clone(),
            (Ok(index), None) => drop(items.remove(index)),
            (Err(index), Some(after)) => items.insert(index, after.clone()),
            (Err(_), None) => {}
        }
    }
    items
}

/// What differs between two trees, each sorted by path.
pub(super) fn between(before: &[Item], after: &[Item]) -> Vec<Change> {
    let mut changes = Vec::new();
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.path.cmp(&new.path),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        if let Some(item) = after.or(before).filter(|_| before != after) {
            changes.push(Change { path: Rc::clone(&item.path), before: before.cloned(), after: after.cloned() });
        }
    }
}

/// Whether a change can matter to what was made of a tree of which this was seen.
pub(super) fn matters(seen: &Seen, change: &Change, before: &[Item], after: &[Item]) -> bool {
    let holds = |list: &[Vec<u8>], path: &[u8]| list.binary_search_by(|other| other.as_slice().cmp(path)).is_ok();
    let path = &*change.path;
    // Something that was looked for below it, where it is a file now or was one, is another thing too.
    let below = [path, b"/"].concat();
    let next = seen.places.partition_point(|place| *place < below);
    if holds(&seen.places, path) || seen.places.get(next).is_some_and(|place| place.starts_with(&below)) {
        return true;
    }
    let is_same_kind = match (&change.before, &change.after) {
        (Some(before), Some(after)) => before.kind == after.kind && before.kind != git::Kind::Link,
        _ => false,
    };
    if is_same_kind {
        return false;
    }
    let is_below = |root: &Vec<u8>| root.is_empty() || path.starts_with(root) && path.get(root.len()) == Some(&b'/');
    if seen.roots.iter().any(is_below) {
        return true;
    }
    // The first folder on the way that is in one of the trees only is what its own folder shows of the change.
    let is_folder = |items, folder| git::below(items, folder).is_some();
    let mut ends: Vec<usize> = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(index, _)| index).collect();
    ends.push(path.len());
    let mut above: &[u8] = b"";
    for end in ends {
        let name = &path[..end];
        if end == path.len() || is_folder(before, name) != is_folder(after, name) {
            return holds(&seen.folders, above) || holds(&seen.folders, name) || holds(&seen.places, name);
        }
        above = name;
    }
    false
}

fn commit(line: &str) -> Option<Commit> {
    let mut words = line.splitn(3, ' ');
    let (id, time) = (words.next()?, words.next()?);
    Some(Commit { id: id.to_owned(), time: time.parse().ok()?, subject: words.next().unwrap_or_default().to_owned() })
}

/// `100644 100755 OBJECT OBJECT M` (git, "git-diff-tree", "RAW OUTPUT FORMAT").
fn change(line: &[u8], path: &[u8]) -> Option<Change> {
    let text = std::str::from_utf8(line).ok()?;
    let [old_mode, new_mode, old, new, ..] = text.split(' ').collect::<Vec<_>>()[..] else { return None };
    let path: Rc<[u8]> = path.into();
    let item =
        |mode: &str, object: &str| git::kind(mode.as_bytes()).map(|kind| Item { path: Rc::clone(&path), kind, object: object.into() });
    Some(Change { before: item(old_mode, old), after: item(new_mode, new), path: Rc::clone(&path) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::git::Kind;

    fn item(path: &str, kind: Kind) -> Item {
        Item { path: path.as_bytes().into(), kind, object: "0".into() }
    }

    #[test]
    fn a_raw_line_is_read() {
        let read = change(b"100644 000000 0123 0000 D", b"a b").unwrap();
        assert_eq!((read.before.unwrap().kind, read.after), (Kind::File, None));
        assert!(change(b"100644 100644", b"a").is_none());
    }

    #[test]
    fn changes_make_the_next_tree() {
        let before = [item("a", Kind::File), item("b", Kind::File)];
        let change = |path: &str, after: Option<Item>| Change { path: path.as_bytes().into(), before: None, after };
        let changes = [change("a", None), change("b", Some(item("b", Kind::Executable))), change("c", Some(item("c", Kind::File)))];
        assert_eq!(apply(&before, &changes), [item("b", Kind::Executable), item("c", Kind::File)]);
    }

    #[test]
    fn two_trees_are_compared() {
        let before = [item("a", Kind::File), item("b", Kind::File), item("c", Kind::File)];
        let after = [item("b", Kind::Executable), item("c", Kind::File), item("d", Kind::Link)];
        let changes = between(&before, &after);
        let kinds = |change: &Change| [&change.before, &change.after].map(|item| item.as_ref().map(|item| item.kind));
        let expected = [[Some(Kind::File), None], [Some(Kind::File), Some(Kind::Executable)], [None, Some(Kind::Link)]];
        assert_eq!(changes.iter().map(kinds).collect::<Vec<_>>(), expected);
        assert_eq!(apply(&before, &changes), after);
    }

    #[test]
    fn a_change_matters_where_something_of_it_was_seen() {
        let list = |paths: &[&str]| paths.iter().map(|path| path.as_bytes().to_vec()).collect::<Vec<_>>();
        let mut seen = Seen { places: list(&["app/Dockerfile", "app/a", "x/y"]), folders: list(&["app"]), roots: list(&["docker"]) };
        seen.sort();
        let tree = [item("app/a", Kind::File), item("app/sub/b", Kind::File), item("docker/d", Kind::File)];
        let of = |path: &str, before: Option<Kind>, after: Option<Kind>| {
            let change = Change {
                path: path.as_bytes().into(),
                before: before.map(|kind| item(path, kind)),
                after: after.map(|kind| item(path, kind)),
            };
            matters(&seen, &change, &tree, &apply(&tree, std::slice::from_ref(&change)))
        };
        let (file, exec, link) = (Some(Kind::File), Some(Kind::Executable), Some(Kind::Link));
        // Contents: of what was read only.
        assert!(of("app/a", file, file) && !of("app/sub/b", file, file) && !of("docker/d", file, file));
        // Kinds and names: where the folder was listed.
        assert!(of("docker/d", file, exec) && of("docker/e/f", None, file) && of("app/c", None, file) && of("app/a", file, None));
        assert!(of("app/l", link, link));
        // A new name in a folder that was not listed, or a new folder in one that was.
        assert!(!of("app/sub/c", None, file) && of("app/new/c", None, file) && !of("other/c", None, file));
        // The last name of a folder takes the folder with it.
        assert!(of("app/sub/b", file, None));
        // What was looked for below a name that becomes a file.
        assert!(of("x", None, file) && !of("y", None, file));
    }
}
