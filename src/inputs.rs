//! All inputs of one image, and the manifest that they make.

use std::rc::Rc;

use crate::digest::Algorithm;
use crate::error::{Code, Error, Result};
use crate::manifest::{self, File, Manifest};
use crate::need::Hashed;
use crate::note;
use crate::path::RelPath;

/// Everything that goes into an image, but for the digests of files.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Lines for what is not a file: platform, target, arguments and so on.
    pub notes: Vec<Vec<u8>>,
    /// The Dockerfile and the digest of what was read of it; `None` where it is not a file.
    pub dockerfile: Option<File>,
    /// What is read of contexts; images that read the same share it.
    pub contents: Vec<Rc<Content>>,
}

/// What is read of a context. Paths are relative to the project folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// Regular files, sorted by path.
    pub files: Vec<RelPath>,
    /// Symbolic links with their targets.
    pub links: Vec<(RelPath, Box<[u8]>)>,
    /// Folders with nothing in them.
    pub dirs: Vec<RelPath>,
}

/// Files that were hashed, each once, sorted by path.
#[derive(Debug, Clone, Default)]
pub struct Digests {
    paths: Vec<RelPath>,
    hashed: Vec<Hashed>,
}

impl Digests {
    /// Files and what came of hashing them, in the same order. Both are sorted by path.
    pub fn new(paths: Vec<RelPath>, hashed: Vec<Hashed>) -> Self {
        Digests { paths, hashed }
    }

    /// Every file and what came of hashing it.
    pub fn iter(&self) -> impl Iterator<Item = (&RelPath, &Hashed)> {
        self.paths.iter().zip(&self.hashed)
    }

    /// What came of hashing a file.
    pub fn get(&self, path: &RelPath) -> Option<&Hashed> {
        self.paths.binary_search(path).ok().and_then(|index| self.hashed.get(index))
    }
}

/// The files of all these, sorted, each once.
pub fn files<'a>(inputs: impl IntoIterator<Item = &'a Inputs>) -> Vec<RelPath> {
    let mut contents: Vec<&Rc<Content>> = inputs.into_iter().flat_map(|inputs| &inputs.contents).collect();
    contents.sort_unstable_by_key(|content| Rc::as_ptr(content));
    contents.dedup_by_key(|content| Rc::as_ptr(content));
    let mut files: Vec<RelPath> = Vec::new();
    for content in contents {
        files.extend_from_slice(&content.files);
    }
    files.sort_unstable();
    files.dedup();
    files
}

impl Inputs {
    /// The manifest.
    ///
    /// # Errors
    /// [`Code::Changed`] where the Dockerfile was another when it was hashed than when it was read, and [`Code::Internal`] for a file that
    /// was not hashed.
    pub fn manifest(&self, algorithm: Algorithm, digests: &Digests) -> Result<Manifest> {
        let mut notes = self.notes.clone();
        let mut files = Vec::with_capacity(self.contents.iter().map(|content| content.files.len()).sum::<usize>() + 1);
        for content in &self.contents {
            for path in &content.files {
                let hashed = digests.get(path).ok_or_else(|| Error::new(Code::Internal, "was not hashed").at(path))?;
                if hashed.executable {
                    notes.push(note::exec(path));
                }
                files.push(File { path: path.clone(), digest: hashed.digest });
            }
            notes.extend(content.links.iter().map(|(path, target)| note::link(path, target)));
            notes.extend(content.dirs.iter().map(note::dir));
        }
        if let Some(dockerfile) = &self.dockerfile {
            add(&mut files, dockerfile)?;
        }
        if self.contents.len() > 1 {
            // Contexts can overlap.
            files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
            files.dedup();
            notes.sort_unstable();
            notes.dedup();
        }
        notes.push(manifest::VERSION.to_vec());
        Ok(Manifest { algorithm, notes, files })
    }
}

/// Adds the Dockerfile, where it is not one of the files that are copied too.
fn add(files: &mut Vec<File>, dockerfile: &File) -> Result<()> {
    match files.iter().find(|file| file.path == dockerfile.path) {
        None => files.push(dockerfile.clone()),
        Some(file) if file.digest == dockerfile.digest => {}
        Some(_) => {
            return Err(Error::new(Code::Changed, "changed while it was read")
                .at(&dockerfile.path)
                .help("is another process at work in this folder? run again when it is quiet"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::digest;

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes())
    }

    fn hashed(content: &str, executable: bool) -> Hashed {
        Hashed { digest: digest(Algorithm::Md5, content.as_bytes()), size: content.len() as u64, executable }
    }

    fn inputs() -> Inputs {
        let content = Content {
            files: vec![path("app/a"), path("app/run.sh")],
            links: vec![(path("app/now"), (*b"v2").into())],
            dirs: vec![path("app/empty")],
        };
        Inputs {
            notes: vec![note::platform("linux/amd64"), note::arg(Algorithm::Md5, "A", "a")],
            dockerfile: Some(File { path: path("app/Dockerfile"), digest: digest(Algorithm::Md5, b"FROM scratch\n") }),
            contents: vec![Rc::new(content)],
        }
    }

    #[test]
    fn a_manifest_has_everything_once_and_in_order() {
        let inputs = inputs();
        let files = files([&inputs, &inputs]);
        assert_eq!(files.len(), 2);
        let digests = Digests::new(files, vec![hashed("abc", false), hashed("", true)]);
        let text = String::from_utf8(inputs.manifest(Algorithm::Md5, &digests).unwrap().render()).unwrap();
        let expected = "\
# docktag 1
# arg A 0cc175b9c0f1b6a831c399e269772661
# dir app/empty
# exec app/run.sh
# link app/now -> v2
# platform linux/amd64
d367f1c05aee2ac7a960b71e390a2fbe  app/Dockerfile
900150983cd24fb0d6963f7d28e17f72  app/a
d41d8cd98f00b204e9800998ecf8427e  app/run.sh
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_dockerfile_that_is_copied_too_must_be_the_one_that_was_read() {
        let mut inputs = inputs();
        let content = Content { files: vec![path("app/Dockerfile")], ..Content::default() };
        inputs.contents.push(Rc::new(content));
        let digests = |text| Digests::new(files([&inputs]), vec![hashed(text, false), hashed("abc", false), hashed("", false)]);
        assert_eq!(inputs.manifest(Algorithm::Md5, &digests("FROM scratch\n")).unwrap().files.len(), 3);
        assert_eq!(inputs.manifest(Algorithm::Md5, &digests("FROM x\n")).unwrap_err().code, Code::Changed);
    }
}
