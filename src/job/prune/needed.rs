//! What branches and recent commits need: their tags, and their inputs as far as these do not depend on the machine or the day.

use crate::desk::Desk;
use crate::digest::{Digest, Hasher};
use crate::error::{Code, Error, Result};
use crate::job::git;
use crate::job::revision::Reader;
use crate::job::states;
use crate::manifest::{self, Manifest};
use crate::map::Map;
use crate::need::Exited;
use crate::options::Options;
use crate::report::Note;

/// What is needed.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// Tags, sorted.
    tags: Vec<String>,
    /// What [`essence`] makes of manifests, sorted.
    essences: Vec<Digest>,
    /// How many commits were looked at.
    pub(super) commits: usize,
    /// How many branches there are.
    pub(super) branches: usize,
}

/// Lines of a manifest that depend on the machine, the day or the environment: two manifests that differ in these only can be of one commit.
const PASSING: [&str; 6] = ["platform", "arg", "base", "refresh", "image", "remote"];

impl Needed {
    /// Whether a commit that counts has this tag.
    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.tags.binary_search_by(|other| other.as_str().cmp(tag)).is_ok()
    }

    /// Whether a commit that counts has these inputs, made on another machine or another day perhaps.
    pub(super) fn has_inputs(&self, manifest: &Manifest) -> bool {
        self.essences.binary_search(&essence(manifest)).is_ok()
    }
}

/// Reads the commits that count, of every branch.
pub(super) async fn find(desk: &Desk, options: &Options) -> Result<Needed> {
    let reader = Reader::open(desk, options).await?;
    let heads = heads(desk, options, &reader).await?;
    let commits = recent(desk, options, &reader, &heads).await?;
    let mut needed = Needed { commits: commits.len(), branches: heads.len(), ..Needed::default() };
    // Many commits have the same tree, or were looked at already on another branch.
    let mut trees: Vec<String> = Vec::new();
    let mut skipped: Option<Error> = None;
    for (commit, tree) in commits {
        match trees.binary_search(&tree) {
            Ok(_) => continue,
            Err(index) => trees.insert(index, tree),
        }
        match states::read(&reader.at(&commit).await?, reader.options()).await {
            Ok(states) => {
                for state in states {
                    needed.essences.push(essence(&Manifest::parse(manifest::algorithm(&state.manifest), &state.manifest)?));
                    needed.tags.push(state.tag);
                }
            }
            // A commit that has no images needs none; one whose images cannot be known could need any.
            Err(error) if error.code.exit() == 2 && error.code != Code::ComposeNotCovered => skipped = skipped.or(Some(error)),
            Err(error) => return Err(error.of(&format!("commit {commit}"))),
        }
    }
    if let Some(error) = skipped {
        desk.tell(Note::info(format!("some commits have no images, such as where {}", error.headline())));
    }
    needed.tags.sort_unstable();
    needed.essences.sort_unstable();
    if needed.tags.is_empty() {
        return Err(Error::new(Code::NoTarget, "no commit that counts has an image, so every image would be deleted")
            .help("is it the right folder, and are these the right Compose files?"));
    }
    Ok(needed)
}

/// The heads of all branches. Those of the remote have to be here: what they need could not be known otherwise.
async fn heads(desk: &Desk, options: &Options, reader: &Reader) -> Result<Vec<String>> {
    let mut heads = vec![reader.commit("HEAD").await?];
    if !options.keep_branches {
        return Ok(heads);
    }
    let args = ["for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes"];
    heads.extend(lines(desk, options, &args, "list the branches").await?);
    let remotes = lines(desk, options, &["remote"], "list the remotes").await?;
    for remote in &remotes {
        // The option keeps git from running `remote.*.uploadpack` of the configuration.
        let args = ["ls-remote", "--heads", "--upload-pack=git-upload-pack", "--", remote];
        let listed = git::run_with_remote(desk, options, &args, "which branches does the remote have now?").await?;
        let listed = printed(listed, &format!("list the branches of `{remote}`"))
            .map_err(|error| error.help("`prune` deletes nothing until it knows all branches; may this machine read the remote?"))?;
        for (commit, name) in listed.iter().filter_map(|line| line.split_once('\t')) {
            if reader.commit(commit).await.is_err() {
                return Err(Error::new(Code::RevisionUnknown, "this branch was not fetched, so what it needs is not known")
                    .at(name)
                    .help(format!("`git fetch {remote} '+refs/heads/*:refs/remotes/{remote}/*'` brings all branches; `fetch-depth: 0` for actions/checkout does")));
            }
            heads.push(commit.to_owned());
        }
    }
    heads.sort_unstable();
    heads.dedup();
    Ok(heads)
}

/// The last commits of each head with their trees.
async fn recent(desk: &Desk, options: &Options, reader: &Reader, heads: &[String]) -> Result<Vec<(String, String)>> {
    let count = format!("--max-count={}", options.keep_commits);
    let mut commits: Map<String, String> = Map::new();
    for head in heads {
        let args = ["log", "--no-show-signature", "--first-parent", "--format=%H %T %P", &count, head, "--"];
        let said = lines(desk, options, &args, "list the commits").await?;
        // Where the history was cut, the last commit that is here still has parents.
        let is_cut = reader.repository.is_shallow && said.len() < options.keep_commits;
        if is_cut {
            return Err(Error::new(Code::RevisionUnknown, format!("its history is cut, expected {} commits", options.keep_commits))
                .at(head)
                .help("this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout"));
        }
        for line in &said {
            let mut words = line.split(' ');
            if let (Some(commit), Some(tree)) = (words.next(), words.next()) {
                commits.insert(commit.to_owned(), tree.to_owned());
            }
        }
    }
    Ok(commits.into_iter().collect())
}

async fn lines(desk: &Desk, options: &Options, args: &[&str], what: &str) -> Result<Vec<String>> {
    printed(git::run(desk, options, args, None, what).await?, what)
}

/// Returns the lines that git printed; `what` is what git was asked to do.
fn printed(exited: Exited, what: &str) -> Result<Vec<String>> {
    match exited.ok() {
        true => Ok(String::from_utf8_lossy(&exited.stdout).lines().map(str::to_owned).collect()),
        false => Err(Error::new(Code::NoRepository, format!("git cannot {what}: {}", exited.last_lines()))),
    }
}

/// The digest of a manifest without what passes.
fn essence(manifest: &Manifest) -> Digest {
    let mut hasher = Hasher::new(manifest.algorithm);
    let is_passing = |note: &[u8]| {
        let kind = note.strip_prefix(b"# ").and_then(|rest| rest.split(|&byte| byte == b' ').next()).unwrap_or_default();
        kind == b"docktag" || PASSING.iter().any(|passing| passing.as_bytes() == kind)
    };
    for note in manifest.notes.iter().filter(|note| !is_passing(note)) {
        hasher.update(note);
        hasher.update(b"\n");
    }
    for file in &manifest.files {
        hasher.update(file.digest.as_bytes());
        hasher.update(file.path.as_bytes());
        hasher.update(b"\0");
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;

    #[test]
    fn what_passes_does_not_count() {
        let of = |notes: &str| {
            let text = format!("# docktag 1\n{notes}900150983cd24fb0d6963f7d28e17f72  a\n");
            essence(&Manifest::parse(Algorithm::Md5, text.as_bytes()).unwrap())
        };
        assert_eq!(of("# platform linux/arm64\n# base php sha256:1\n# arg V 2\n# refresh 2026-11\n"), of("# platform linux/amd64\n"));
        assert_ne!(of("# exec a\n"), of("# platform linux/amd64\n"));
    }
}
