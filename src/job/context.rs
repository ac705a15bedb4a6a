//! Build contexts: what the builder sees of a folder.

use std::rc::Rc;

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::ignore::{Filtered, Ignore, Inherited, filter};
use crate::job::checkout::Git;
use crate::job::place::Places;
use crate::need::FailureKind;
use crate::path::RelPath;
use crate::tree::{Entry, Folder, Node};

/// A folder as the builder sees it, and what its ignore file leaves out.
pub(super) struct Context {
    pub(super) filtered: Filtered,
    /// The ignore file, where there is one.
    pub(super) ignore_file: Option<String>,
    /// Folders that cannot be read: the path below the context, and why. They are empty in the tree.
    pub(super) unreadable: Vec<(RelPath, Error)>,
}

/// Looks into contexts.
pub(super) struct Contexts<'a> {
    desk: &'a Desk,
    places: &'a Places,
    /// What git knows better than the disk, where it was asked.
    git: Option<&'a Git>,
}

/// A folder, as it stands in a manifest, and the candidates for its ignore file.
pub(super) type Walk = (String, Vec<String>);

impl<'a> Contexts<'a> {
    pub(super) fn new(desk: &'a Desk, places: &'a Places, git: Option<&'a Git>) -> Self {
        Contexts { desk, places, git }
    }

    /// Walks folders; each is walked once with each of its ignore files, however often it stands in the list.
    pub(super) async fn walk_all(&self, walks: Vec<Walk>) -> Result<Vec<Result<Rc<Context>>>> {
        let mut files: Vec<String> = walks.iter().flat_map(|(_, candidates)| candidates.clone()).collect();
        files.sort_unstable();
        files.dedup();
        // rule: buildkit `frontend/dockerui/config.go`: a folder of this name is passed over.
        let texts = join_all(files.iter().map(|file| self.desk.read_unless_folder(file))).await;
        let text_of = |file: &String| files.binary_search(file).ok().and_then(|index| texts.get(index));
        let is_there = |file: &&String| text_of(file).is_some_and(|text| !matches!(text, Ok(None)));
        // The first ignore file that exists counts alone.
        let chosen: Vec<(String, Option<String>)> =
            walks.into_iter().map(|(folder, candidates)| (folder, candidates.iter().find(is_there).cloned())).collect();
        let mut distinct = chosen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let walk = |(folder, file): &'_ (String, Option<String>)| {
            let text = file.as_ref().and_then(text_of).cloned().transpose().map(Option::flatten);
            let (folder, file) = (folder.clone(), file.clone());
            async move { self.walk(&folder, file.as_deref(), &text?.unwrap_or_default()).await }
        };
        let walked = join_all(distinct.iter().map(walk)).await;
        let find = |walk: &(String, Option<String>)| distinct.binary_search(walk).ok().and_then(|index| walked.get(index)).cloned();
        Ok(chosen.iter().filter_map(find).collect())
    }

    async fn walk(&self, folder: &str, ignore_file: Option<&str>, text: &[u8]) -> Result<Rc<Context>> {
        let at = |error: Error| match ignore_file {
            Some(file) if error.code == Code::IgnoreInvalid => error.at(file),
            _ => error,
        };
        let ignore = Ignore::parse(text).map_err(at)?;
        let root = self.places.of_host(folder);
        let (mut tree, unreadable) = walk(self.desk, &root, &ignore).await.map_err(at)?;
        if let Some(git) = self.git {
            self.make_links(git, &RelPath::new(RelPath::new(root.as_bytes()).plain()), &mut tree).await?;
        }
        let filtered = filter(&tree, &ignore).map_err(at)?;
        Ok(Rc::new(Context { filtered, ignore_file: ignore_file.map(str::to_owned), unreadable }))
    }
}

impl Contexts<'_> {
    /// Small files on disk that git knows as links are links, whose targets are what stands in them.
    async fn make_links(&self, git: &Git, root: &RelPath, tree: &mut Folder) -> Result<()> {
        for link in &git.links {
            let below = match root.as_bytes() {
                b"." => Some(link.as_bytes()),
                root => link.as_bytes().strip_prefix(root).and_then(|rest| rest.strip_prefix(b"/")),
            };
            let Some(path) = below.filter(|path| tree.get(path) == Some(&Node::File)) else { continue };
            let target = self.desk.read_if_there(&String::from_utf8_lossy(link.as_bytes())).await?.unwrap_or_default();
            tree.insert(path, Node::Link(target.into()));
        }
        Ok(())
    }
}

/// A folder that was looked into.
struct Level {
    entries: Vec<Entry>,
    /// Which level has it, and the index of its entry there.
    owner: Option<(usize, usize)>,
}

/// A folder to look into: its path below the root, what the ignore file says of it, and whose entry it is.
struct Open {
    path: Vec<u8>,
    inherited: Inherited,
    owner: Option<(usize, usize)>,
}

/// Walks a folder level by level, and leaves out the folders in which nothing can be kept. Also returns the folders that cannot be read.
async fn walk(desk: &Desk, root: &str, ignore: &Ignore) -> Result<(Folder, Vec<(RelPath, Error)>)> {
    let root = RelPath::new(root.as_bytes());
    let mut levels: Vec<Level> = Vec::new();
    let mut unreadable = Vec::new();
    let mut open = vec![Open { path: Vec::new(), inherited: ignore.root(), owner: None }];
    while !open.is_empty() {
        let folders: Vec<RelPath> =
            open.iter().map(|Open { path, .. }| if path.is_empty() { root.clone() } else { root.join(path) }).collect();
        let found = match desk.entries(folders.clone()).await {
            Ok(found) => found,
            Err(failure) if levels.is_empty() => {
                return Err(match failure.kind {
                    FailureKind::NotFound => no_context(&root, "no such folder, expected a build context"),
                    FailureKind::IsAFile => no_context(&root, "is a file, expected the folder of a build context"),
                    _ => failure.of_file(&root),
                });
            }
            // Some of them can be read, and a build may need no others.
            Err(_) => {
                let mut found = Vec::with_capacity(folders.len());
                for (folder, Open { path, .. }) in folders.iter().zip(&open) {
                    let entries = look_into(desk, folder).await.unwrap_or_else(|error| {
                        unreadable.push((RelPath::new(path.as_slice()), error));
                        Vec::new()
                    });
                    found.push(entries);
                }
                found
            }
        };
        if found.len() != open.len() {
            return Err(Error::new(Code::Internal, format!("entries of {} folders, expected {}", found.len(), open.len())));
        }
        let mut next = Vec::new();
        for (Open { path, inherited, owner }, mut entries) in open.into_iter().zip(found) {
            entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
            let level = levels.len();
            for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| matches!(entry.node, Node::Folder(_))) {
                let path = if path.is_empty() { entry.name.to_vec() } else { [&path, &b"/"[..], &entry.name].concat() };
                let decision = ignore.decide(&path, true, &inherited)?;
                if decision.enter {
                    next.push(Open { path, inherited: decision.inherited, owner: Some((level, index)) });
                }
            }
            levels.push(Level { entries, owner });
        }
        open = next;
    }
    Ok((assemble(levels), unreadable))
}

async fn look_into(desk: &Desk, folder: &RelPath) -> Result<Vec<Entry>> {
    let found = desk.entries(vec![folder.clone()]).await.map_err(|failure| failure.of_file(folder))?;
    Ok(found.into_iter().next().unwrap_or_default())
}

fn no_context(root: &RelPath, message: &str) -> Error {
    Error::new(Code::PathMissing, message).at(root).help("mend `build.context` in the Compose file, or is the checkout incomplete?")
}

/// Puts folders into those that hold them, which stand before them.
fn assemble(mut levels: Vec<Level>) -> Folder {
    while let Some(Level { entries, owner }) = levels.pop() {
        let folder = Folder { entries };
        match owner.and_then(|(level, index)| levels.get_mut(level)?.entries.get_mut(index)) {
            Some(entry) => entry.node = Node::Folder(folder),
            None => return folder,
        }
    }
    Folder::default()
}
