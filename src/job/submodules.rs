//! Submodules of a commit: git's tree has the id of a commit of another repository, and a checkout has the files of that commit.

use std::cell::RefCell;
use std::rc::Rc;

use crate::desk::Desk;
use crate::job::git::{self, Item, Kind, Repository};
use crate::map::Map;
use crate::options::Options;

/// A submodule of a commit.
#[derive(Debug, Clone)]
pub(super) struct Submodule {
    /// Its place below the top folder.
    pub(super) place: Rc<[u8]>,
    /// The folder of its checkout, as the host names it.
    pub(super) folder: Rc<str>,
    /// The commit that it has to be at.
    pub(super) commit: Rc<str>,
    /// Whether this commit could be read, so that its files are known.
    pub(super) is_read: bool,
}

impl Submodule {
    /// Whether a place is this folder or below it.
    pub(super) fn has(&self, place: &[u8]) -> bool {
        place.strip_prefix(&*self.place).is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b'/'))
    }
}

/// The files of a submodule's commits, by folder and commit; `None` if a commit is not here. Many commits have the same one.
pub(super) type Known = RefCell<Map<(Rc<str>, Rc<str>), Option<Rc<[Item]>>>>;

/// Puts the files of submodules into a tree, as far as their commits are in checkouts here; they stay sorted by path.
pub(super) async fn expand(
    desk: &Desk,
    options: &Options,
    repository: &Repository,
    known: &Known,
    items: Vec<Item>,
) -> (Vec<Item>, Vec<Submodule>) {
    let (mut open, mut items): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.kind == Kind::Submodule);
    let mut submodules = Vec::new();
    while let Some(item) = open.pop() {
        let folder: Rc<str> = folder(repository, &item.path).unwrap_or_default().into();
        let key = (Rc::clone(&folder), Rc::clone(&item.object));
        let read = known.borrow().get(&key).cloned();
        let tree = match read {
            Some(tree) => tree,
            None => {
                let is_here = !folder.is_empty() && git::is_checkout(desk, &folder).await;
                let tree = if is_here { git::tree_in(desk, options, &folder, &item.object).await.ok() } else { None };
                let tree: Option<Rc<[Item]>> = tree.map(Into::into);
                known.borrow_mut().insert(key, tree.clone());
                tree
            }
        };
        submodules.push(Submodule { place: Rc::clone(&item.path), folder, commit: Rc::clone(&item.object), is_read: tree.is_some() });
        for inner in tree.iter().flat_map(|tree| tree.iter()) {
            let inner = Item { path: [&item.path, &b"/"[..], &inner.path].concat().into(), ..inner.clone() };
            if inner.kind == Kind::Submodule { &mut open } else { &mut items }.push(inner);
        }
        if tree.is_none_or(|tree| tree.is_empty()) {
            items.push(item);
        }
    }
    items.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    submodules.sort_unstable_by(|a, b| a.place.cmp(&b.place));
    (items, submodules)
}

/// Why what is in a submodule is not known.
pub(super) fn not_here(submodule: &Submodule) -> String {
    let commit = submodule.commit.get(..12).unwrap_or(&submodule.commit);
    format!("a submodule whose commit {commit} is not here")
}

/// What brings the commits of a submodule.
pub(super) fn how_to_get(submodule: &Submodule) -> String {
    let folder = &submodule.folder;
    format!("`git submodule update --init {folder}` checks it out, `git -C {folder} fetch` brings its other commits")
}

/// A place below the top folder as the host names it; `None` if that is no text.
pub(super) fn folder(repository: &Repository, place: &[u8]) -> Option<String> {
    let place = std::str::from_utf8(place).ok()?;
    Some(crate::path::way(&format!("/{}", repository.prefix), &format!("/{place}")))
}
