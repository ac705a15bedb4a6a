//! What git knows better than the disk: on Windows, files are checked out with other line ends, and links as small files.
//!
//! The tag is to be that of every other machine, so such files count as git has them. `docs/platforms.md` describes the differences.

use crate::desk::Desk;
use crate::error::Result;
use crate::job::login::hidden_variables;
use crate::need::{Command, Listing};
use crate::options::{Checkout, Options};
use crate::path::RelPath;
use crate::report::Note;
use crate::shell::Env;

/// Takes links that are files on disk out of the files; gives those files, sorted, whose LF in git is CRLF on disk.
pub(super) async fn as_in_git(desk: &Desk, options: &Options, listing: &mut Listing) -> Result<Vec<RelPath>> {
    let wanted = match options.checkout {
        Checkout::Auto => options.host.windows,
        Checkout::AsIs => false,
        Checkout::AsInGit => true,
    };
    if !wanted {
        return Ok(Vec::new());
    }
    let format = "--format=%(objectmode) %(eolinfo:index) %(eolinfo:worktree) %(path)";
    let Some(known) = ask(desk, options, &["ls-files", "-z", format], "what does git know of these files?").await else {
        desk.tell(Note::warning("git does not say what it has of these files, so they count as they are on disk; the tag can differ from that of other machines"));
        return Ok(Vec::new());
    };
    let (mut links, mut converted) = (Vec::new(), Vec::new());
    for known in known.split(|&byte| byte == 0).filter_map(parse) {
        let path = RelPath::new(known.path);
        if known.is_link {
            links.push(path);
        } else if known.is_converted {
            converted.push(path);
        }
    }
    if !converted.is_empty() {
        // A file that was edited is another file than git has, whatever its line ends.
        let edited = ask(desk, options, &["diff", "--name-only", "--relative", "-z"], "which files were edited?").await.unwrap_or_default();
        let edited: Vec<&[u8]> = edited.split(|&byte| byte == 0).collect();
        converted.retain(|path| !edited.contains(&path.as_bytes()));
    }
    let links = take(&mut listing.files, links);
    let mut altered = take(&mut listing.files.clone(), converted);
    altered.sort_unstable();
    altered.dedup();
    listing.links.extend(links);
    if !altered.is_empty() {
        desk.tell(Note::info(format!(
            "{}: CRLF on disk, LF in git; counted as in git, as on every other machine{}",
            altered[0],
            if altered.len() > 1 { format!(" (and {} files more)", altered.len() - 1) } else { String::new() }
        )));
    }
    Ok(altered)
}

/// Takes those out of a list of files that git names so.
fn take(files: &mut Vec<RelPath>, mut named: Vec<RelPath>) -> Vec<RelPath> {
    named.sort_unstable();
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
    is_converted: bool,
}

/// `100644 lf crlf docker/a` (git ls-files, "--format", "eolinfo").
fn parse(line: &[u8]) -> Option<Known<'_>> {
    let mut words = line.splitn(4, |&byte| byte == b' ');
    let (mode, index, disk, path) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(Known { path, is_link: mode == b"120000", is_converted: index == b"lf" && disk == b"crlf" })
}

/// What git prints for the folders; `None` where there is no git, or it knows no such repository.
async fn ask(desk: &Desk, options: &Options, args: &[&str], because: &str) -> Option<Vec<u8>> {
    let mut argv: Vec<String> = ["git"].iter().chain(args).chain(&["--"]).map(|&word| word.to_owned()).collect();
    argv.extend(options.paths.iter().map(|path| String::from_utf8_lossy(&path.plain()).into_owned()));
    let env = Env::from([("GIT_LITERAL_PATHSPECS".to_owned(), "1".to_owned())]);
    let command = Command { argv, env, env_remove: hidden_variables(options), stdin: None, capture: true, because: because.to_owned() };
    desk.run(command).await.ok().filter(|exited| exited.ok()).map(|exited| exited.stdout)
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
