//! A folder and everything below it, in memory.

use std::cmp::Ordering;

use crate::path::RelPath;

/// What is in a folder, sorted by name. Symbolic links are not followed.
///
/// ```
/// use docktag::tree::{Folder, Node};
///
/// let mut folder = Folder::default();
/// folder.insert(b"src/main.go", Node::File);
/// folder.insert(b"latest", Node::Link((*b"src/main.go").into()));
/// assert_eq!(folder.get(b"src/main.go"), Some(&Node::File));
/// assert!(folder.get(b"src/other.go").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folder {
    /// The entries, sorted by the bytes of their names, each name once.
    pub entries: Vec<Entry>,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name, without `/`.
    pub name: Box<[u8]>,
    /// What bears it.
    pub node: Node,
}

/// What a name can stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A regular file.
    File,
    /// A symbolic link, with the text of its target.
    Link(Box<[u8]>),
    /// A folder.
    Folder(Folder),
    /// A socket, pipe or device.
    Other,
}

impl Folder {
    /// What a path below this folder stands for; no link on the way is followed. Empty parts and `.` are skipped; the folder itself is `None`.
    pub fn get(&self, path: &[u8]) -> Option<&Node> {
        let mut parts = path.split(|&byte| byte == b'/').filter(|part| !part.is_empty() && *part != b".").peekable();
        let mut folder = self;
        loop {
            let node = folder.child(parts.next()?)?;
            match (parts.peek(), node) {
                (None, node) => return Some(node),
                (Some(_), Node::Folder(inner)) => folder = inner,
                (Some(_), _) => return None,
            }
        }
    }

    /// The entry of that name.
    pub fn child(&self, name: &[u8]) -> Option<&Node> {
        self.position(name).ok().map(|index| &self.entries[index].node)
    }

    /// Puts a node at a path below this folder; folders on the way are made, and what stood there before is replaced.
    pub fn insert(&mut self, path: &[u8], node: Node) {
        let (name, rest) = match path.iter().position(|&byte| byte == b'/') {
            Some(at) => (&path[..at], &path[at + 1..]),
            None => (path, &b""[..]),
        };
        let index = match self.position(name) {
            Ok(index) => index,
            Err(index) => {
                self.entries.insert(index, Entry { name: name.into(), node: Node::Folder(Folder::default()) });
                index
            }
        };
        let there = &mut self.entries[index].node;
        if rest.is_empty() {
            *there = node;
            return;
        }
        if !matches!(there, Node::Folder(_)) {
            *there = Node::Folder(Folder::default());
        }
        if let Node::Folder(inner) = there {
            inner.insert(rest, node);
        }
    }

    /// The paths of everything in here, folders before what they hold, in the order of the names.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&RelPath, &'a Node)) {
        self.walk_below(&[], visit);
    }

    fn walk_below<'a>(&'a self, above: &[u8], visit: &mut impl FnMut(&RelPath, &'a Node)) {
        for Entry { name, node } in &self.entries {
            let path = [above, name].concat();
            if let Node::Folder(inner) = node {
                visit(&RelPath::new(path.as_slice()), node);
                inner.walk_below(&[path.as_slice(), b"/"].concat(), visit);
            } else {
                visit(&RelPath::new(path), node);
            }
        }
    }

    fn position(&self, name: &[u8]) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| -> Ordering { (*entry.name).cmp(name) })
    }
}
