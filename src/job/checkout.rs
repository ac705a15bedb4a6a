//! What git knows better than the disk: on Windows, files are checked out with other line ends, and links as small files.
//!
//! The tag is to be that of every other machine, so such files count as git has them. `docs/platforms.md` describes the differences.

use crate::desk::Desk;
use crate::error::Result;
use crate::job::git;
use crate::need::{Exited, Listing};
use crate::options::{Checkout, Options};
use crate::path::RelPath;
use crate::print::plural;
use crate::report::Note;

/// What git has of some folders' files, each list sorted.
#[derive(Debug, Default)]
pub(super) struct Git {
    /// Symbolic links.
    pub(super) links: Vec<RelPath>,
    /// Regular files that are executable.
    executable: Vec<RelPath>,
    /// Regular files that are not.
    other: Vec<RelPath>,
    /// Files with LF in git and CRLF on disk.
    converted: Vec<RelPath>,
}

impl Git {
    /// Whether a file is executable; `None` where git does not know it.
    pub(super) fn executable(&self, path: &RelPath) -> Option<bool> {
        let path = RelPath::new(path.plain());
        let is_in = |list: &[RelPath]| list.binary_search(&path).is_ok();
        if is_in(&self.executable) { Some(true) } else { is_in(&self.other).then_some(false) }
    }

    /// The text of a file as git has it.
    pub(super) fn text(&self, path: &RelPath, bytes: &[u8]) -> Vec<u8> {
        let is_converted = self.converted.binary_search(&RelPath::new(path.plain())).is_ok();
        let mut text = bytes.to_vec();
        if is_converted {
            let mut rest = bytes.iter().peekable();
            text.clear();
            while let Some(&byte) = rest.next() {
                if byte != b'\r' || rest.peek() != Some(&&b'\n') {
                    text.push(byte);
                }
            }
        }
        text
    }

    /// Those files, sorted, whose line ends on disk are not those of git; says so.
    pub(super) fn altered(&self, desk: &Desk, files: &[RelPath]) -> Vec<RelPath> {
        let mut altered = take(&mut files.to_vec(), &self.converted);
        altered.sort_unstable();
        altered.dedup();
        if let [first, others @ ..] = altered.as_slice() {
            let more = if others.is_empty() { String::new() } else { format!(" (and {})", plural(others.len(), "more file")) };
            desk.tell(Note::info(format!("{first}: CRLF on disk, LF in git; counted as in git, as on every other machine{more}")));
        }
        altered
    }
}

/// Takes links that are files on disk out of the files; gives those files, sorted, whose LF in git is CRLF on disk.
pub(super) async fn as_in_git(desk: &Desk, options: &Options, listing: &mut Listing) -> Result<Vec<RelPath>> {
    let folders: Vec<String> = options.paths.iter().map(|path| String::from_utf8_lossy(&path.plain()).into_owned()).collect();
    let Some(git) = ask_git(desk, options, &folders).await else { return Ok(Vec::new()) };
    let links = take(&mut listing.files, &git.links);
    listing.links.extend(links);
    Ok(git.altered(desk, &listing.files))
}

/// Whether files count as git has them.
pub(super) fn is_as_in_git(options: &Options) -> bool {
    match options.checkout {
        Checkout::Auto => options.host.windows,
        Checkout::AsIs => false,
        Checkout::AsInGit => true,
    }
}

/// Asks git for the files of some folders; `None` where they count as they are on disk.
pub(super) async fn ask_git(desk: &Desk, options: &Options, folders: &[String]) -> Option<Git> {
    if !is_as_in_git(options) {
        return None;
    }
    let format = "--format=%(objectmode) %(eolinfo:index) %(eolinfo:worktree) %(path)";
    let because = "what does git know of these files?";
    let Some(known) = printed(git::run(desk, options, &args(&["ls-files", "-z", format], folders), None, because).await) else {
        desk.tell(Note::warning("git does not say what it has of these files, so they count as they are on disk; the tag can differ from that of other machines"));
        return None;
    };
    let mut git = Git::default();
    for known in known.split(|&byte| byte == 0).filter_map(parse) {
        let path = RelPath::new(known.path);
        if known.is_converted && !known.is_link {
            git.converted.push(path.clone());
        }
        let list = match (known.is_link, known.is_executable) {
            (true, _) => &mut git.links,
            (false, true) => &mut git.executable,
            (false, false) => &mut git.other,
        };
        list.push(path);
    }
    if !git.converted.is_empty() {
        // A file that was edited is another file than git has, whatever its line ends.
        let diff = ["diff", "--name-only", "--relative", "-z", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"];
        let edited = git::run_on_files(desk, options, "", &args(&diff, folders), "which files were edited?").await;
        let edited = printed(edited).unwrap_or_default();
        let edited: Vec<&[u8]> = edited.split(|&byte| byte == 0).collect();
        git.converted.retain(|path| !edited.contains(&path.as_bytes()));
    }
    for list in [&mut git.links, &mut git.executable, &mut git.other, &mut git.converted] {
        list.sort_unstable();
    }
    Some(git)
}

/// Takes those out of a list of files that git names so.
fn take(files: &mut Vec<RelPath>, named: &[RelPath]) -> Vec<RelPath> {
    let mut taken = Vec::new();
    files.retain(|path| {
        let is_named = !named.is_empty() && named.binary_search(&RelPath::new(path.plain())).is_ok();
        if is_named {
            taken.push(path.clone());
        }
        !is_named
    });
    taken
}

/// A file as git has it.
struct Known<'a> {
    path: &'a [u8],
    is_link: bool,
    is_executable: bool,
    is_converted: bool,
}

/// `100644 lf crlf docker/a` (git ls-files, "--format", "eolinfo").
fn parse(line: &[u8]) -> Option<Known<'_>> {
    let mut words = line.splitn(4, |&byte| byte == b' ');
    let (mode, index, disk, path) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(Known { path, is_link: mode == b"120000", is_executable: mode == b"100755", is_converted: index == b"lf" && disk == b"crlf" })
}

/// Arguments for some folders.
fn args<'a>(args: &[&'a str], folders: &'a [String]) -> Vec<&'a str> {
    args.iter().copied().chain(["--"]).chain(folders.iter().map(String::as_str)).collect()
}

/// Returns what git printed; `None` if there is no git, or if it knows no such repository.
fn printed(exited: Result<Exited>) -> Option<Vec<u8>> {
    exited.ok().filter(Exited::ok).map(|exited| exited.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_git_is_read() {
        let line = parse(b"100644 lf crlf docker/a b").unwrap();
        assert_eq!((line.path, line.is_link, line.is_converted), (&b"docker/a b"[..], false, true));
        assert!(parse(b"120000   docker/current").unwrap().is_link);
        assert!(!parse(b"100644 mixed crlf x").unwrap().is_converted);
        assert!(parse(b"").is_none());
    }
}
