//! What git knows of the branch that is checked out: its commit, where it began, which lines differ from those of a commit.

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::job::git::{self, Repository};
use crate::options::Options;
use crate::report::Note;

/// The branches that others begin at, where nobody says which: the first that there is counts.
const BASES: [&str; 6] = ["origin/HEAD", "@{upstream}", "origin/main", "origin/master", "main", "master"];

/// What git prints, without the end of its line; `None` where it says no.
async fn ask(desk: &Desk, options: &Options, args: &[&str], because: &str) -> Result<Option<String>> {
    let exited = git::run(desk, options, args, None, because).await?;
    Ok(exited.ok().then(|| String::from_utf8_lossy(&exited.stdout).trim().to_owned()).filter(|said| !said.is_empty()))
}

/// The commit that is checked out, where git says one.
pub(super) async fn head(desk: &Desk, options: &Options) -> Option<String> {
    let args = ["rev-parse", "--verify", "--quiet", "HEAD"];
    let said = ask(desk, options, &args, "which commit is this?").await.ok().flatten()?;
    (said.len() >= 40 && said.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(said)
}

/// The commit at which this branch began, and the branch that it began at; on that branch itself its own commit.
///
/// # Errors
/// [`Code::RevisionUnknown`] where that commit was not fetched, or there is none at all.
pub(super) async fn began(desk: &Desk, options: &Options, repository: &Repository) -> Result<(String, String)> {
    // The branch that a pull request is for (GitHub docs, "Variables reference").
    let target = options.host.env.get("GITHUB_BASE_REF").filter(|name| !name.is_empty()).map(|name| format!("origin/{name}"));
    let bases = match target {
        Some(target) => vec![target],
        None => BASES.map(str::to_owned).to_vec(),
    };
    for base in bases {
        // A name that is none of a branch is as good as one without a common commit.
        if let Some(commit) = ask(desk, options, &["merge-base", "HEAD", &base], "where did this branch begin?").await? {
            return Ok((commit, base));
        }
    }
    match head(desk, options).await {
        _ if repository.is_shallow => Err(Error::new(Code::RevisionUnknown, "where this branch began is not in this clone, which is shallow")
            .help("fetch the history with `git fetch --unshallow`, or some of it with `git fetch --deepen=100`; with `fetch-depth: 0` actions/checkout does")),
        Some(head) => Ok((head, "HEAD".to_owned())),
        None => Err(Error::new(Code::RevisionUnknown, "there is no commit yet").help("make one first")),
    }
}

/// The lines in which files differ from those of a commit; empty where git shows none.
pub(super) async fn lines(desk: &Desk, options: &Options, commit: &str, files: &[String]) -> String {
    let mut args = vec!["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "-M", commit, "--"];
    args.extend(files.iter().map(String::as_str));
    match git::run_on_files(desk, options, "", &args, "which lines differ?").await {
        Ok(exited) if exited.ok() => return crate::shell::printable(&String::from_utf8_lossy(&exited.stdout)),
        Ok(exited) => desk.tell(Note::warning(format!(
            "`--diff`: git cannot show what differs from {commit}: {}; is the commit here? `git fetch origin {commit}` brings it",
            exited.last_lines()
        ))),
        Err(error) => desk.tell(Note::warning(format!("`--diff`: {}", error.headline()))),
    }
    String::new()
}
