//! The seam: what the core needs from a host, and what a host answers.

mod json;

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::digest::{Algorithm, Digest};
use crate::error::{Code, Error};
use crate::path::RelPath;
use crate::registry::{Request, Response};
use crate::secret::Secret;
use crate::shell::Env;
use crate::tree::Entry;

pub use json::answers;

/// One thing that a host is to do. Paths are relative to the project folder or absolute.
///
/// In JSON an object whose property `need` is the name: `{"need":"list","root":"docker"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "need", rename_all = "lowercase")]
pub enum Need {
    /// Walk a folder; answered by [`Answer::Listing`].
    List {
        /// The folder; its spelling is kept in the paths of the answer.
        root: RelPath,
    },
    /// Look into folders, without what is below theirs and without following links; answered by [`Answer::Entries`], in the same order.
    Entries {
        /// The folders; one that is a link itself is followed.
        folders: Vec<RelPath>,
    },
    /// Read a regular file whole, or standard input if the path is `-`; answered by [`Answer::Bytes`].
    ///
    /// Anything else is a failure at once: a pipe or a device may have no end. So is a file whose size is not the one that the system
    /// tells, such as those of `/proc`.
    Read {
        /// The file.
        path: String,
        /// A larger file is a failure.
        limit: u64,
    },
    /// Hash files; answered by [`Answer::Hashed`], in the same order.
    Hash {
        /// The files; in JSON as in [`Answer::Listing`].
        #[serde(serialize_with = "files")]
        paths: Arc<Vec<RelPath>>,
        /// With what.
        algorithm: Algorithm,
        /// Whether every CR LF in them is taken as LF ([`crate::digest::Text`]).
        text: bool,
    },
    /// Look which of these exist; answered by [`Answer::Exist`].
    Exist {
        /// Files or folders.
        paths: Vec<String>,
    },
    /// Send a request; answered by [`Answer::Response`] whatever its status.
    Http {
        /// What to send.
        request: Request,
        /// Why, for the log.
        because: String,
    },
    /// Run a program; answered by [`Answer::Exited`] whatever its exit code.
    Run(Command),
    /// Run a program that prints objects as `git cat-file --batch` does, and hash each as it comes; answered by [`Answer::Hashed`], in that
    /// order. `capture` is set, and nothing is kept of what is printed.
    ///
    /// An object is a line that ends with its size, so many bytes, and a line feed (git, "git-cat-file", "BATCH OUTPUT").
    Objects {
        /// The program.
        command: Command,
        /// With what to hash.
        algorithm: Algorithm,
    },
    /// Write a file; answered by [`Answer::Done`].
    Write {
        /// The file.
        path: String,
        /// What to write; not in JSON, hosts ask for it.
        #[serde(skip)]
        bytes: Secret<Vec<u8>>,
        /// What becomes of a file that is there, and who may read the new one.
        how: Writing,
    },
    /// Copy files into a folder of the run, with modes 644 and 755 and one time for all; answered by [`Answer::Done`].
    ///
    /// Files and links first; then the folders get their time, for which what is in them must be there.
    Stage {
        /// The folder.
        to: String,
        /// Folders in it, `.` for itself; those that lead to files are made anyway.
        folders: Vec<RelPath>,
        /// Each with the file that is copied, where it goes in the folder, and whether it is executable; `None`: as it is.
        files: Vec<(RelPath, RelPath, Option<bool>)>,
        /// Symbolic links with their targets.
        links: Vec<(RelPath, RelPath)>,
        /// When all of them were changed: seconds since 1970-01-01 UTC.
        time: u64,
    },
    /// Make every entry of `from`, but for those named in `except`, appear in `to` too (by symbolic links); answered by [`Answer::Done`].
    /// A `from` that does not exist is as good as an empty one.
    Mirror {
        /// The folder that has the entries.
        from: String,
        /// The folder that gets them; made where it is missing.
        to: String,
        /// Names that are left out.
        except: Vec<String>,
    },
    /// Wait; answered by [`Answer::Done`].
    Wait {
        /// How long.
        milliseconds: u32,
    },
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Writing {
    /// To the end of the file.
    Append,
    /// To a new file that takes the place of the old one at once. Only a regular file is replaced, so no link leads to another place.
    Replace,
    /// Likewise, whatever was there before, for its owner only (mode 600). A missing folder is made, for its owner only (mode 700).
    Private,
}

/// The largest text that is read whole: Compose files, Dockerfiles, ignore files, configuration.
pub const TEXT_LIMIT: u64 = 16 << 20;
/// The largest manifest that is read whole: about a million files.
pub const MANIFEST_LIMIT: u64 = 256 << 20;

fn files<S: Serializer>(paths: &[RelPath], serializer: S) -> Result<S::Ok, S::Error> {
    json::write_files(paths, serializer)
}

/// A program to run in the project folder, with nothing on its standard input but `stdin`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Program and arguments; never a shell line, and never with a secret in it.
    pub argv: Vec<String>,
    /// Variables that are set on top of the host's own environment.
    pub env: Env,
    /// Variables that are taken away.
    pub env_remove: Vec<String>,
    /// What to write to its standard input.
    pub stdin: Option<String>,
    /// Whether its output is wanted here, or goes to the user as it comes.
    pub capture: bool,
    /// Why it is run: the heading in the log, in `--dry-run` and in the summary.
    pub because: String,
}

impl fmt::Display for Command {
    /// As one would type it in a shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.argv.iter().map(|word| crate::shell::quote(word)).collect();
        f.write_str(&words.join(" "))
    }
}

/// What a host answers.
///
/// In JSON an object with the answer's name and its value, `{"exist":[true]}`, or `"done"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Need::List`]. In JSON the files of a folder can be together: `{"folder":"docker","names":"a/b"}` for `docker/a` and `docker/b`.
    Listing(Listing),
    /// To [`Need::Entries`]: what is in each folder, in any order; folders in them are empty here.
    /// In JSON an object a folder: `{"files":["a"],"folders":["b"],"links":[["c","a"]],"others":[]}`.
    Entries(Vec<Vec<Entry>>),
    /// To [`Need::Read`]; base64 in JSON.
    Bytes(Vec<u8>),
    /// To [`Need::Hash`]; not in JSON, but as [`Hashed::list`] takes them.
    Hashed(Vec<Hashed>),
    /// To [`Need::Exist`], in the same order.
    Exist(Vec<bool>),
    /// To [`Need::Http`].
    Response(Response),
    /// To [`Need::Run`].
    Exited(Exited),
    /// To needs that give nothing back.
    Done,
    /// It could not be done.
    Failed(Failure),
}

/// What is below a folder; symbolic links are not followed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Regular files, as `find ROOT -type f` prints them, in any order.
    pub files: Vec<RelPath>,
    /// Symbolic links.
    pub links: Vec<RelPath>,
    /// Folders with nothing in them.
    pub empty_dirs: Vec<RelPath>,
}

/// A file or object that was read from its start to its end, and did not change meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashed {
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many bytes.
    pub size: u64,
    /// Whether its owner may execute it: what git records of a mode. Of an object this is not known: `false`.
    pub executable: bool,
}

impl Hashed {
    /// Many files: their digests one behind the other, their sizes, and for each a byte that is 0 where it is not executable.
    /// `None` where these are not of the same number of files.
    ///
    /// ```
    /// use docktag::digest::{Algorithm, digest};
    /// use docktag::need::Hashed;
    ///
    /// let empty = digest(Algorithm::Md5, b"");
    /// let hashed = Hashed::list(empty.as_bytes(), &[0.0], &[1]).unwrap();
    /// assert_eq!(hashed, [Hashed { digest: empty, size: 0, executable: true }]);
    /// assert!(Hashed::list(empty.as_bytes(), &[0.0, 1.0], &[1, 0]).is_none());
    /// ```
    pub fn list(digests: &[u8], sizes: &[f64], executable: &[u8]) -> Option<Vec<Hashed>> {
        let width = digests.len().checked_div(sizes.len()).unwrap_or_default();
        if digests.len() != width * sizes.len() || executable.len() != sizes.len() {
            return None;
        }
        let mut hashed = Vec::with_capacity(sizes.len());
        for (index, (size, executable)) in sizes.iter().zip(executable).enumerate() {
            let digest = Digest::from_bytes(&digests[index * width..][..width])?;
            hashed.push(Hashed { digest, size: *size as u64, executable: *executable != 0 });
        }
        Some(hashed)
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exited {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it printed, where that was to be captured; base64 in JSON.
    pub stdout: Vec<u8>,
    /// Likewise; else the end of what it printed to both, if the host passed that on.
    pub stderr: Vec<u8>,
    /// How long it ran.
    pub milliseconds: u64,
}

impl Exited {
    /// Whether it ended well.
    pub fn ok(&self) -> bool {
        self.code == Some(0)
    }

    /// `exit code 17`, or that a signal ended it.
    pub fn how(&self) -> String {
        match self.code {
            Some(code) => format!("exit code {code}"),
            None => "ended by a signal".to_owned(),
        }
    }

    /// The last lines of the captured output, for a message; control characters are left out.
    pub fn last_lines(&self) -> String {
        let text = if self.stderr.trim_ascii().is_empty() { &self.stdout } else { &self.stderr };
        let text = String::from_utf8_lossy(text);
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.chars().filter(|character| !character.is_control()).collect::<String>().trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        lines[lines.len().saturating_sub(5)..].join("; ")
    }
}

/// Why a host could not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of trouble it was.
    pub kind: FailureKind,
    /// The file it is about, where the need named several.
    pub path: Option<RelPath>,
    /// The system's words.
    pub message: String,
}

/// The kinds of trouble that a job tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No such file, folder or program.
    NotFound,
    /// A file where a folder was expected.
    IsAFile,
    /// A folder where a file was expected.
    IsAFolder,
    /// A symbolic link where a folder was expected.
    IsALink,
    /// A file that changed while it was read.
    Changed,
    /// The host's name has no address.
    Dns,
    /// No connection.
    Connect,
    /// A connection, but no trust.
    Tls,
    /// A connection, but no trust in us: a certificate of ours is missing, or not the right one.
    Certificate,
    /// No answer in time.
    Timeout,
    /// An answer that was cut off, or is not HTTP.
    Garbled,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// The kind of that name.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "not-found" => FailureKind::NotFound,
            "is-a-file" => FailureKind::IsAFile,
            "is-a-folder" => FailureKind::IsAFolder,
            "is-a-link" => FailureKind::IsALink,
            "changed" => FailureKind::Changed,
            "dns" => FailureKind::Dns,
            "connect" => FailureKind::Connect,
            "tls" => FailureKind::Tls,
            "certificate" => FailureKind::Certificate,
            "timeout" => FailureKind::Timeout,
            "garbled" => FailureKind::Garbled,
            "other" => FailureKind::Other,
            _ => return None,
        })
    }
}

impl Failure {
    /// This failure to write `place`, as a user's error.
    pub fn of_writing(self, place: impl fmt::Display) -> Error {
        Error::new(Code::Unreadable, format!("cannot be written: {}", self.message))
            .at(place)
            .help("does its folder exist, and may this user write there?")
    }

    /// This failure to read `place`, as a user's error.
    pub fn of_file(self, place: impl fmt::Display) -> Error {
        let place = self.path.as_ref().map_or_else(|| place.to_string(), RelPath::to_string);
        match self.kind {
            FailureKind::NotFound => Error::new(Code::Changed, "disappeared while it was used")
                .at(place)
                .help("is another process at work in this folder? run again when it is quiet"),
            FailureKind::Changed => Error::new(Code::Changed, "changed while it was read")
                .at(place)
                .help("is another process at work in this folder? run again when it is quiet"),
            _ => Error::new(Code::Unreadable, format!("cannot be read: {}", self.message))
                .at(place)
                .help("every input must be readable: a tag that leaves one out would lie"),
        }
    }
}
