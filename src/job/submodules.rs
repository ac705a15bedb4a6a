//! Submodules of a commit: git's tree has the id of a commit of another repository, and a checkout has the files of that commit.

use std::rc::Rc;

use crate::desk::Desk;
use crate::job::git::{self, Item, Kind, Repository};
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

/// Puts the files of submodules into a tree, as far as their commits are in checkouts here; they stay sorted by path.
pub(super) async fn expand(desk: &Desk, options: &Options, repository: &Repository, items: Vec<Item>) -> (Vec<Item>, Vec<Submodule>) {
    let (mut open, mut items): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.kind == Kind::Submodule);
    let mut submodules = Vec::new();
    while let Some(item) = open.pop() {
        let folder = folder(repository, &item.path);
        let tree = match &folder {
            Some(folder) if git::is_checkout(desk, folder).await => git::tree_in(desk, options, folder, &item.object).await.ok(),
            _ => None,
        };
        submodules.push(Submodule {
            place: Rc::clone(&item.path),
            folder: folder.unwrap_or_default().into(),
            commit: Rc::clone(&item.object),
            is_read: tree.is_some(),
        });
        for inner in tree.iter().flatten() {
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

/// A place below the top folder as the host names it; `None` if that is no text.
pub(super) fn folder(repository: &Repository, place: &[u8]) -> Option<String> {
    let place = std::str::from_utf8(place).ok()?;
    Some(crate::path::way(&format!("/{}", repository.prefix), &format!("/{place}")))
}
