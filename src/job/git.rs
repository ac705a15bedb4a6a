//! What git is asked: which commit a name means, where a branch began, which lines differ.

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::job::login::hidden_variables;
use crate::need::{Command, Exited};
use crate::options::Options;
use crate::report::Note;
use crate::shell::Env;

/// The branches that others begin at, where nobody says which: the first that there is counts.
const BASES: [&str; 6] = ["origin/HEAD", "@{upstream}", "origin/main", "origin/master", "main", "master"];

/// Runs git in the project folder, and captures what it prints.
pub(super) async fn run(desk: &Desk, options: &Options, args: &[&str], because: &str) -> Result<Exited> {
    let argv = ["git"].iter().chain(args).map(|&word| word.to_owned()).collect();
    let env = Env::from([("GIT_LITERAL_PATHSPECS".to_owned(), "1".to_owned()), ("LC_ALL".to_owned(), "C".to_owned())]);
    let command = Command { argv, env, env_remove: hidden_variables(options), stdin: None, capture: true, because: because.to_owned() };
    desk.run(command).await.map_err(|failure| no_git(&format!("git cannot be run: {}", failure.message)))
}

/// What git prints, without the end of its line; `None` where it says no.
async fn ask(desk: &Desk, options: &Options, args: &[&str], because: &str) -> Result<Option<String>> {
    let exited = run(desk, options, args, because).await?;
    Ok(exited.ok().then(|| String::from_utf8_lossy(&exited.stdout).trim().to_owned()).filter(|said| !said.is_empty()))
}

/// The commit that is checked out, where git says one.
pub(super) async fn head(desk: &Desk, options: &Options) -> Option<String> {
    commit(desk, options, "HEAD").await.ok().flatten()
}

/// The commit that a name means; `None` where there is none of that name here.
pub(super) async fn commit(desk: &Desk, options: &Options, name: &str) -> Result<Option<String>> {
    if name.starts_with('-') {
        return Ok(None);
    }
    ask(desk, options, &["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")], &format!("which commit is {name}?")).await
}

/// Whether this clone has only the last commits.
///
/// # Errors
/// [`Code::NoGit`] where this is no repository.
pub(super) async fn is_shallow(desk: &Desk, options: &Options) -> Result<bool> {
    let exited = run(desk, options, &["rev-parse", "--is-shallow-repository"], "is this a whole clone?").await?;
    match exited.ok() {
        true => Ok(exited.stdout.trim_ascii() == b"true"),
        false => Err(no_git(&exited.last_lines())),
    }
}

/// The commit at which this branch began, and the branch that it began at.
///
/// # Errors
/// [`Code::NoGit`], [`Code::HistoryShallow`] where the commit was not fetched, and [`Code::RevisionUnknown`] where there is no commit at all.
pub(super) async fn merge_base(desk: &Desk, options: &Options) -> Result<(String, String)> {
    let is_shallow = is_shallow(desk, options).await?;
    // The branch that a pull request is for (GitHub docs, "Variables reference").
    let target = options.host.env.get("GITHUB_BASE_REF").filter(|name| !name.is_empty()).map(|name| format!("origin/{name}"));
    let bases: Vec<String> = match target {
        Some(target) => vec![target],
        None => BASES.map(str::to_owned).to_vec(),
    };
    for base in bases {
        if commit(desk, options, &base).await?.is_none() {
            continue;
        }
        if let Some(commit) = ask(desk, options, &["merge-base", "HEAD", &base], &format!("where did this branch leave {base}?")).await? {
            return Ok((commit, base));
        }
        if is_shallow {
            break;
        }
    }
    match (is_shallow, commit(desk, options, "HEAD").await?) {
        (true, _) => Err(shallow("where this branch began")),
        (false, Some(head)) => Ok((head, "HEAD".to_owned())),
        (false, None) => Err(Error::new(Code::RevisionUnknown, "this repository has no commit yet").help("make one first")),
    }
}

/// The error for a revision that is not here.
pub(super) fn unknown(name: &str, is_shallow: bool) -> Error {
    match is_shallow {
        true => shallow(&format!("`{}`", name.escape_debug())),
        false => Error::new(Code::RevisionUnknown, "is no file, no revision of this repository and no image with a tag")
            .at(format!("`--against {}`", name.escape_debug()))
            .help("mend its name; a branch of the remote is `origin/NAME`, and is there after `git fetch`"),
    }
}

fn shallow(what: &str) -> Error {
    Error::new(Code::HistoryShallow, format!("{what} is not in this clone, which has only the last commits"))
        .help("fetch the rest with `git fetch --unshallow`, or some of it with `git fetch --deepen=100`; in GitHub Actions give actions/checkout `fetch-depth: 0`")
}

fn no_git(why: &str) -> Error {
    Error::new(Code::NoGit, format!("git does not know this folder: {why}"))
        .help("name a manifest's file or an image with `--against`, or run this in a clone")
}

/// The lines in which files differ from those of a commit; empty where git shows none.
pub(super) async fn diff(desk: &Desk, options: &Options, commit: &str, files: Vec<String>) -> String {
    let mut args = vec!["diff", "--no-color", "--no-ext-diff", "--no-textconv", "-M", commit, "--"];
    args.extend(files.iter().map(String::as_str));
    let said = match run(desk, options, &args, "which lines differ?").await {
        Ok(exited) if exited.ok() => exited.stdout,
        Ok(exited) => {
            let help = format!("is the commit here? `git fetch origin {commit}` brings it");
            desk.tell(Note::warning(format!("`--diff`: git cannot show what differs from {commit}: {}; {help}", exited.last_lines())));
            return String::new();
        }
        Err(error) => {
            desk.tell(Note::warning(format!("`--diff`: {}", error.headline())));
            return String::new();
        }
    };
    printable(&String::from_utf8_lossy(&said))
}

/// Files can hold what a terminal would obey.
fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() && !matches!(character, '\n' | '\t') {
            true => safe.extend(character.escape_debug()),
            false => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_write_to_the_terminal() {
        assert_eq!(printable("+a\tb\r\n-\u{1b}[2Jx\u{9b}y\n"), "+a\tb\\r\n-\\u{1b}[2Jx\\u{9b}y\n");
    }
}
