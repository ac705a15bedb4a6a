//! Whether the build of this branch may become the cache of others. `docs/adr/0023-trusted-caches.md` says why.

use crate::ci::trust::{self, Branch};
use crate::desk::{Desk, join};
use crate::error::Result;
use crate::glob::filepath_match;
use crate::job::git::{self, Symbolic};
use crate::options::Options;
use crate::report::Note;

/// The event of a GitHub workflow; empty elsewhere.
pub(super) async fn event(desk: &Desk, options: &Options) -> Result<Vec<u8>> {
    match options.host.env.get("GITHUB_EVENT_PATH").filter(|path| !path.is_empty()) {
        Some(path) => Ok(desk.read_if_there(path).await?.unwrap_or_default()),
        None => Ok(Vec::new()),
    }
}

/// Whether this build may move the moving tag and write the cache that all builds read: only what was merged may get into other images.
pub(super) async fn gives_cache(desk: &Desk, options: &Options) -> Result<bool> {
    if options.shares_cache() && (options.is_plain() || options.untrusted.is_none()) {
        return Ok(true);
    }
    let why = match &options.untrusted {
        Some(reason) => Some(reason.clone()),
        None => match branch(desk, options, &event(desk, options).await?).await {
            Ok(Some(branch)) => refusal(&options.trusted_branches, &branch),
            // Nobody else's branches are here.
            Ok(None) => None,
            Err(error) => Some(format!("the branch is not known: {}", error.headline())),
        },
    };
    if let Some(why) = &why {
        desk.tell(Note::info(format!("the moving tag stays: {why}")));
    }
    Ok(why.is_none())
}

const NAME_THEM: &str = "`--trusted-branch` names the branches that move it";

/// Why a branch is not trusted, and what would change that.
fn refusal(trusted: &[String], branch: &Branch) -> Option<String> {
    let Some(name) = &branch.name else {
        return Some(
            "no branch is known for this job, as for a tag, a pull request or a detached HEAD; `--trusted-branch '*'` trusts all"
                .to_owned(),
        );
    };
    let shown = name.escape_debug();
    match (trusted, &branch.default) {
        ([], Some(default)) if default == name => None,
        ([], Some(default)) => Some(format!("the branch `{shown}` is not the default branch `{}`; {NAME_THEM}", default.escape_debug())),
        ([], None) => Some(format!(
            "whether `{shown}` is the default branch is not known; run `git remote set-head origin --auto`, or name the branch with `--trusted-branch`"
        )),
        // `*` stands for slashes too.
        (patterns, _) => {
            let flat = |text: &str| text.replace('/', "\u{1}").into_bytes();
            let is_named = patterns.iter().any(|pattern| filepath_match(&flat(pattern), &flat(name)).unwrap_or_default());
            (!is_named).then(|| format!("the branch `{shown}` is none of `{}`", patterns.join("`, `")))
        }
    }
}

/// Returns the branch that is built: from the CI service, or else from git. `None` if there is neither a service nor a repository.
///
/// # Errors
/// [`Code::NoRepository`](crate::error::Code::NoRepository) if git cannot read the repository.
async fn branch(desk: &Desk, options: &Options, event: &[u8]) -> Result<Option<Branch>> {
    let told = trust::branch(&options.host.env, event);
    let is_complete = told.as_ref().is_some_and(|branch| branch.default.is_some() || branch.name.is_none());
    if is_complete || (told.is_some() && !options.trusted_branches.is_empty()) {
        return Ok(told);
    }
    let (head, default) = join(git::symbolic(desk, options, "HEAD"), git::symbolic(desk, options, "refs/remotes/origin/HEAD")).await;
    let default = match default {
        Ok(Symbolic::Name(name)) => Some(name.strip_prefix("origin/").unwrap_or(&name).to_owned()),
        _ => None,
    };
    if let Some(branch) = told {
        return Ok(Some(Branch { default, ..branch }));
    }
    let name = match head? {
        Symbolic::Name(name) => Some(name),
        Symbolic::Other => None,
        Symbolic::NoRepository => return Ok(None),
    };
    // A repository that knows no other one has no branches of others.
    let remotes = git::run(desk, options, &["remote"], None, "is there a remote?").await?;
    let is_alone = remotes.ok() && remotes.stdout.trim_ascii().is_empty();
    let default = default.or_else(|| name.clone().filter(|_| is_alone));
    Ok(Some(Branch { name, default }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_branches_give_their_cache() {
        let of = |patterns: &[&str], name: Option<&str>, default: Option<&str>| {
            let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
            refusal(&patterns, &Branch { name: name.map(str::to_owned), default: default.map(str::to_owned) })
        };
        assert_eq!(of(&[], Some("main"), Some("main")), None);
        assert_eq!(
            of(&[], Some("a"), Some("main")).unwrap(),
            "the branch `a` is not the default branch `main`; `--trusted-branch` names the branches that move it"
        );
        assert!(of(&[], Some("a"), None).unwrap().contains("run `git remote set-head origin --auto`"));
        assert!(of(&[], None, Some("main")).unwrap().starts_with("no branch is known for this job"));
        assert_eq!(of(&["main", "release/*"], Some("release/1/x"), None), None);
        assert_eq!(
            of(&["main", "release/*"], Some("evil/release/1"), None).unwrap(),
            "the branch `evil/release/1` is none of `main`, `release/*`"
        );
        assert_eq!(of(&["*"], Some("a/b"), None), None);
    }
}
