//! The files of a commit, read from git's objects without a checkout: the jobs see them as they see a disk.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use crate::desk::{Desk, Files, join_all};
use crate::digest::Algorithm;
use crate::error::Result;
use crate::job::git::{self, Item, Kind, Repository};
use crate::job::objects::{Store, add, find};
use crate::job::submodules::{self, Submodule};
use crate::need::{Answer, Failure, FailureKind, Hashed, Listing, Need};
use crate::options::{Checkout, Options};
use crate::path::RelPath;
use crate::tree::{Entry, Folder, Node};

/// Reads commits of one repository.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    desk: Desk,
    options: Rc<Options>,
    pub(super) repository: Rc<Repository>,
    store: Rc<RefCell<Store>>,
    submodules: Rc<submodules::Known>,
    /// The top folder, absolute; empty where the host does not say where it is.
    top: Rc<str>,
}

/// Symbolic links that are followed on the way to a file, as Linux does (`path_resolution(7)`).
const LINKS: usize = 40;
/// Objects that one git is asked to print; several work at once.
const BATCH: usize = 4096;

impl Reader {
    /// A reader for the repository that the project folder is in.
    pub(super) async fn open(desk: &Desk, options: &Options) -> Result<Reader> {
        let repository = git::open(desk, options).await?;
        let top = options.host.folder.strip_suffix(repository.prefix.trim_end_matches('/')).unwrap_or(&options.host.folder);
        Ok(Reader {
            top: top.trim_end_matches('/').into(),
            desk: desk.clone(),
            // Files count as git has them already; and a manifest that is on the disk is none of this commit.
            options: Rc::new(Options { checkout: Checkout::AsIs, reuse: None, ..options.clone() }),
            repository: Rc::new(repository),
            store: Rc::default(),
            submodules: Rc::default(),
        })
    }

    /// The options for jobs over a commit.
    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// The commit that a revision names.
    pub(super) async fn commit(&self, revision: &str) -> Result<String> {
        git::commit(&self.desk, &self.options, &self.repository, revision).await
    }

    /// The host's desk.
    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// A commit, with the files of its submodules as far as they are here.
    pub(super) async fn at(&self, commit: &str) -> Result<Tree> {
        let items = git::tree(&self.desk, &self.options, commit).await?;
        Ok(self.with_submodules(items).await)
    }

    /// A tree of git with the files of its submodules as far as they are here.
    pub(super) async fn with_submodules(&self, items: Vec<Item>) -> Tree {
        let (items, submodules) = submodules::expand(&self.desk, &self.options, &self.repository, &self.submodules, items).await;
        Tree { items: items.into(), submodules: submodules.into() }
    }

    /// A desk over the files of a tree, and what will have been asked for there.
    pub(super) async fn over(&self, tree: Tree) -> Result<(Desk, Rc<RefCell<Seen>>)> {
        let links: Vec<&Item> = tree.items.iter().filter(|item| item.kind == Kind::Link).collect();
        self.load(&tree, &links).await?;
        let seen = Rc::<RefCell<Seen>>::default();
        let revision = Revision { reader: self.clone(), tree, seen: Rc::clone(&seen) };
        Ok((self.desk.over(Rc::new(revision)), seen))
    }

    /// The contents of files of a tree, in their order.
    pub(super) async fn contents(&self, tree: &Tree, items: &[&Item]) -> Result<Vec<Rc<[u8]>>> {
        self.load(tree, items).await?;
        let store = self.store.borrow();
        Ok(items.iter().map(|item| find(&store.contents, &item.object).map(Rc::clone).unwrap_or_default()).collect())
    }

    /// Where a folder of the host is in a tree, by names alone; `None` outside of the repository.
    pub(super) fn place(&self, path: &[u8]) -> Option<Vec<u8>> {
        resolved(self.parts(path)?)
    }

    /// The parts of a path of the host, from the top folder on.
    fn parts(&self, path: &[u8]) -> Option<Vec<Vec<u8>>> {
        Some(match path.strip_prefix(b"/") {
            Some(_) => parts(path.strip_prefix(self.top.as_bytes()).filter(|rest| rest.first().is_none_or(|&byte| byte == b'/'))?),
            None => [parts(self.repository.prefix.as_bytes()), parts(path)].concat(),
        })
    }

    /// Reads contents that are not known yet.
    async fn load(&self, tree: &Tree, items: &[&Item]) -> Result<()> {
        for (folder, mut objects) in tree.by_folder(items) {
            objects.retain(|object| find(&self.store.borrow().contents, object).is_none());
            if !objects.is_empty() {
                let contents = git::contents(&self.desk, &self.options, &folder, &objects).await?;
                add(&mut self.store.borrow_mut().contents, objects.into_iter().zip(contents));
            }
        }
        Ok(())
    }

    /// Hashes files of a tree, in their order: each object is hashed once, however many commits have it.
    pub(super) async fn hash(&self, tree: &Tree, items: &[&Item], algorithm: Algorithm) -> std::result::Result<Vec<Hashed>, Failure> {
        for (folder, mut objects) in tree.by_folder(items) {
            objects.retain(|object| find(self.store.borrow().hashed(algorithm), object).is_none());
            let parts = objects.chunks(BATCH.min(objects.len() / 4 + 64)).map(|part| {
                let args = [&git::inside(&folder)[..], &["cat-file", "--batch"]].concat();
                self.desk.objects(git::command(&args, Some(git::lines(part)), "hash files of the commit"), algorithm)
            });
            let mut hashed = Vec::with_capacity(objects.len());
            for part in join_all(parts).await {
                hashed.extend(part?);
            }
            if hashed.len() != objects.len() {
                return Err(other("git printed other objects than it was asked for"));
            }
            add(self.store.borrow_mut().hashed_mut(algorithm), objects.into_iter().zip(hashed));
        }
        let store = self.store.borrow();
        items.iter().map(|item| find(store.hashed(algorithm), &item.object).copied()).collect::<Option<_>>().ok_or_else(not_found)
    }
}

/// The names of one commit.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    /// Sorted by path.
    pub(super) items: Rc<[Item]>,
    /// Sorted by place.
    pub(super) submodules: Rc<[Submodule]>,
}

impl Tree {
    /// What stands at a place.
    pub(super) fn item(&self, place: &[u8]) -> Option<&Item> {
        self.items.binary_search_by(|item| (*item.path).cmp(place)).ok().map(|index| &self.items[index])
    }

    /// The objects of files by the folder whose repository has them, sorted, each once.
    fn by_folder(&self, items: &[&Item]) -> Vec<(Rc<str>, Vec<Rc<str>>)> {
        let mut all: Vec<(Rc<str>, Vec<Rc<str>>)> = Vec::new();
        for item in items {
            // The innermost one comes last.
            let submodule = self.submodules.iter().rfind(|submodule| submodule.is_read && submodule.has(&item.path));
            let folder = submodule.map(|submodule| Rc::clone(&submodule.folder)).unwrap_or_default();
            match all.iter_mut().find(|(other, _)| *other == folder) {
                Some((_, objects)) => objects.push(Rc::clone(&item.object)),
                None => all.push((folder, vec![Rc::clone(&item.object)])),
            }
        }
        for (_, objects) in &mut all {
            objects.sort_unstable();
            objects.dedup();
        }
        all
    }
}

/// The files of one commit.
struct Revision {
    reader: Reader,
    tree: Tree,
    seen: Rc<RefCell<Seen>>,
}

/// What was asked for in a tree: where nothing of it differs in another tree, what was made of the first one holds for that too.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Files that were read or hashed, links on the way to them, and places that were looked at.
    pub(super) places: Vec<Vec<u8>>,
    /// Folders whose entries were listed.
    pub(super) folders: Vec<Vec<u8>>,
    /// Folders of which everything below was listed.
    pub(super) roots: Vec<Vec<u8>>,
}

impl Seen {
    /// Puts it in order, for many questions.
    pub(super) fn sort(&mut self) {
        for list in [&mut self.places, &mut self.folders, &mut self.roots] {
            list.sort_unstable();
            list.dedup();
        }
    }
}

impl Files for Revision {
    fn answer(&self, need: Need) -> Pin<Box<dyn Future<Output = std::result::Result<Answer, Need>> + '_>> {
        Box::pin(async move {
            let answer = match need {
                Need::List { root } => self.list(&root).map(Answer::Listing),
                Need::Entries { folders } => {
                    folders.iter().map(|folder| self.entries(folder)).collect::<std::result::Result<_, _>>().map(Answer::Entries)
                }
                Need::Read { path, .. } => self.read(&path).await.map(Answer::Bytes),
                Need::Hash { paths, algorithm, .. } => self.hash(&paths, algorithm).await.map(Answer::Hashed),
                Need::Exist { paths } => Ok(Answer::Exist(paths.iter().map(|path| self.exists(path)).collect())),
                need => return Err(need),
            };
            Ok(answer.unwrap_or_else(Answer::Failed))
        })
    }
}

impl Revision {
    /// As `find ROOT` walks: a root that ends in `/` may be a link.
    fn list(&self, root: &RelPath) -> std::result::Result<Listing, Failure> {
        let place = self.place(root.as_bytes(), root.as_bytes().ends_with(b"/")).ok_or_else(not_found)?;
        self.seen.borrow_mut().roots.push(place.clone());
        match self.item(&place) {
            Some(Item { kind: Kind::Link, .. }) => return Err(Failure { kind: FailureKind::IsALink, ..other("") }),
            Some(Item { kind: Kind::File | Kind::Executable, .. }) => return Err(Failure { kind: FailureKind::IsAFile, ..other("") }),
            _ => {}
        }
        let mut listing = Listing::default();
        for item in git::below(&self.tree.items, &place).ok_or_else(not_found)? {
            let path = root.join(item.path.get(if place.is_empty() { 0 } else { place.len() + 1 }..).unwrap_or_default());
            match item.kind {
                Kind::File | Kind::Executable => listing.files.push(path),
                Kind::Link => listing.links.push(path),
                Kind::Submodule => listing.empty_dirs.push(path),
            }
        }
        Ok(listing)
    }

    fn entries(&self, folder: &RelPath) -> std::result::Result<Vec<Entry>, Failure> {
        let of_folder = |kind| Failure { kind, path: Some(folder.clone()), message: "not in the commit".to_owned() };
        let place = self.place(folder.as_bytes(), true).ok_or_else(|| of_folder(FailureKind::NotFound))?;
        self.seen.borrow_mut().folders.push(place.clone());
        match self.item(&place).map(|item| item.kind) {
            Some(Kind::File | Kind::Executable) => return Err(of_folder(FailureKind::IsAFile)),
            Some(Kind::Submodule) => return Ok(Vec::new()),
            _ => {}
        }
        let mut items = git::below(&self.tree.items, &place).ok_or_else(|| of_folder(FailureKind::NotFound))?;
        let skip = if place.is_empty() { 0 } else { place.len() + 1 };
        let mut entries = Vec::new();
        while let Some((item, rest)) = items.split_first() {
            let below = &item.path[skip..];
            let Some(end) = below.iter().position(|&byte| byte == b'/') else {
                let node = match item.kind {
                    Kind::File | Kind::Executable => Node::File,
                    Kind::Link => Node::Link(self.target(item).as_ref().into()),
                    Kind::Submodule => Node::Folder(Folder::default()),
                };
                entries.push(Entry { name: below.into(), node });
                items = rest;
                continue;
            };
            entries.push(Entry { name: below[..end].into(), node: Node::Folder(Folder::default()) });
            let inside = &item.path[..=skip + end];
            items = &items[items.partition_point(|other| other.path.starts_with(inside))..];
        }
        Ok(entries)
    }

    async fn read(&self, path: &str) -> std::result::Result<Vec<u8>, Failure> {
        let item = self.place(path.as_bytes(), true).and_then(|place| self.item(&self.saw(place))).ok_or_else(not_found)?;
        self.reader.load(&self.tree, &[item]).await.map_err(|error| other(&error.to_string()))?;
        Ok(self.target(item).to_vec())
    }

    async fn hash(&self, paths: &Arc<Vec<RelPath>>, algorithm: Algorithm) -> std::result::Result<Vec<Hashed>, Failure> {
        let mut items = Vec::with_capacity(paths.len());
        for path in paths.iter() {
            let item = self.place(path.as_bytes(), true).and_then(|place| self.item(&self.saw(place)));
            items.push(item.ok_or_else(|| Failure { path: Some(path.clone()), ..not_found() })?);
        }
        let hashed = self.reader.hash(&self.tree, &items, algorithm).await?;
        Ok(items.iter().zip(hashed).map(|(item, hashed)| Hashed { executable: item.kind == Kind::Executable, ..hashed }).collect())
    }

    fn exists(&self, path: &str) -> bool {
        self.place(path.as_bytes(), true).is_some_and(|place| {
            let place = self.saw(place);
            self.item(&place).is_some() || git::below(&self.tree.items, &place).is_some()
        })
    }

    /// The text of a link, or a file that was loaded.
    fn target(&self, item: &Item) -> Rc<[u8]> {
        find(&self.reader.store.borrow().contents, &item.object).map(Rc::clone).unwrap_or_default()
    }

    fn item(&self, place: &[u8]) -> Option<&Item> {
        self.tree.item(place)
    }

    /// Where a path of the host is in the tree, links on the way followed; `None` outside of the repository.
    fn place(&self, path: &[u8], follow_last: bool) -> Option<Vec<u8>> {
        let mut place = Vec::new();
        let mut open = self.reader.parts(path)?;
        open.reverse();
        let mut links = 0;
        while let Some(part) = open.pop() {
            if part == b".." {
                place.truncate(above(&place)?);
                continue;
            }
            let before = place.len();
            push(&mut place, &part);
            if let Some(item @ Item { kind: Kind::Link, .. }) = self.item(&place)
                && (follow_last || !open.is_empty())
            {
                self.seen.borrow_mut().places.push(place.clone());
                links += 1;
                let target = self.target(item);
                if links > LINKS || target.first() == Some(&b'/') {
                    return None;
                }
                place.truncate(before);
                open.extend(parts(&target).into_iter().rev());
            }
        }
        Some(place)
    }

    /// Remembers that a file or place was asked for.
    fn saw(&self, place: Vec<u8>) -> Vec<u8> {
        self.seen.borrow_mut().places.push(place.clone());
        place
    }
}

/// Where a path from the top folder is in a tree, by names alone; `None` outside of the repository.
pub(super) fn place_of(path: &[u8]) -> Option<Vec<u8>> {
    resolved(parts(path))
}

fn resolved(parts: Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let mut place = Vec::new();
    for part in parts {
        match part.as_slice() {
            b".." => place.truncate(above(&place)?),
            part => push(&mut place, part),
        }
    }
    Some(place)
}

/// The parts of a path.
fn parts(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|&byte| byte == b'/').filter(|part| !part.is_empty() && *part != b".").map(<[u8]>::to_vec).collect()
}

fn push(place: &mut Vec<u8>, part: &[u8]) {
    if !place.is_empty() {
        place.push(b'/');
    }
    place.extend_from_slice(part);
}

/// How long the path of the folder is that a place is in; `None` for the top folder.
fn above(place: &[u8]) -> Option<usize> {
    (!place.is_empty()).then(|| place.iter().rposition(|&byte| byte == b'/').unwrap_or_default())
}

fn not_found() -> Failure {
    Failure { kind: FailureKind::NotFound, ..other("not in the commit") }
}

fn other(message: &str) -> Failure {
    Failure { kind: FailureKind::Other, path: None, message: message.to_owned() }
}
