//! What branches and recent commits need: the commits themselves, and their images as git's objects tell them.

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::Repository;
use crate::job::attributes::Converted;
use crate::job::git;
use crate::job::kept::Kept;
use crate::job::prune::demand::{Demand, essence, in_order};
use crate::job::revision::Reader;
use crate::job::states::{self, State};
use crate::manifest::{self, Manifest};
use crate::map::Map;
use crate::need::Exited;
use crate::options::Options;
use crate::path::RelPath;
use crate::registry::about::Source;
use crate::report::Note;

/// What is needed.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// The commits that count, sorted.
    pub(super) commits: Vec<String>,
    /// Their images, as far as git's objects tell.
    pub(super) demands: Vec<Demand>,
    /// How many branches there are.
    pub(super) branches: usize,
}

impl Needed {
    /// The commit that counts of those that an image was built from.
    pub(super) fn source<'a>(&'a self, sources: &[Source]) -> Option<&'a str> {
        self.commits.iter().find(|commit| sources.iter().any(|source| source.is_of(commit))).map(String::as_str)
    }

    /// The commit whose image has this tag.
    pub(super) fn with_tag(&self, tag: &str) -> Option<&str> {
        self.demands.iter().find(|demand| demand.tag == tag).map(|demand| demand.commit.as_str())
    }

    /// The commit whose image has these inputs, made on another machine or another day perhaps.
    pub(super) fn with_inputs(&self, manifest: &Manifest) -> Option<&str> {
        let essence = essence(manifest);
        self.demands.iter().find(|demand| demand.essence == essence).map(|demand| demand.commit.as_str())
    }

    /// The commit whose image this may be, for all that git's objects tell. `is_present`: whether the repository has a tag with a hash.
    pub(super) fn can_be(&self, kept: &Kept, repository: &Repository, is_present: impl Fn(&str) -> bool) -> Option<&str> {
        let is_own = |demand: &&Demand| demand.repository.as_ref().is_none_or(|own| own == repository);
        // A variable of the job can be in the name of the repository.
        let is_any_own = self.demands.iter().any(|demand| is_own(&demand));
        let mut demands = self.demands.iter().filter(|demand| !is_any_own || is_own(demand));
        demands.find(|demand| demand.can_be(kept, is_present(&demand.tag))).map(|demand| demand.commit.as_str())
    }
}

/// Reads the commits that count, of every branch.
pub(super) async fn find(desk: &Desk, options: &Options) -> Result<Needed> {
    let reader = Reader::open(desk, options).await?;
    let ignored = join_all(options.ignored_commits.iter().map(|name| reader.commit(name))).await;
    let ignored = ignored.into_iter().collect::<Result<Vec<_>>>()?;
    let head = reader.commit("HEAD").await?;
    let heads = heads(desk, options, &reader, &head).await?;
    let commits = recent(desk, options, &reader, &heads).await?;
    let mut needed =
        Needed { commits: commits.iter().map(|(commit, _)| commit.clone()).collect(), branches: heads.len(), ..Needed::default() };
    // Many commits have the same tree, or were looked at already on another branch.
    let mut trees: Map<String, ()> = Map::new();
    let mut failed: Vec<(String, Error)> = Vec::new();
    let mut without: Option<Error> = None;
    for (commit, tree) in commits {
        if ignored.contains(&commit) || trees.get(&tree).is_some() {
            continue;
        }
        match demands(&reader, &commit).await {
            Ok(demands) => {
                trees.insert(tree, ());
                for demand in demands {
                    needed.add(demand);
                }
            }
            Err((error, true)) if commit != head => without = without.or(Some(error)),
            Err((error, _)) => failed.push((commit, error)),
        }
    }
    if let Some((_, first)) = failed.first() {
        return Err(uncomputable(&failed, first.clone()));
    }
    if let Some(error) = without {
        desk.tell(Note::info(format!("some commits have no images, such as where {}", error.headline())));
    }
    if needed.demands.is_empty() {
        return Err(Error::new(Code::NoTarget, "no commit that counts has an image, so every image would be deleted")
            .help("is it the right folder, and are these the right Compose files?"));
    }
    Ok(needed)
}

impl Needed {
    /// Adds an image that no other commit needs in the same way.
    fn add(&mut self, demand: Demand) {
        let is_same = |other: &Demand| {
            (&other.tag, &other.repository, &other.submodules, &other.converted, &other.manifest)
                == (&demand.tag, &demand.repository, &demand.submodules, &demand.converted, &demand.manifest)
        };
        if !self.demands.iter().any(is_same) {
            self.demands.push(demand);
        }
    }
}

/// Commits whose images could be any.
fn uncomputable(failed: &[(String, Error)], first: Error) -> Error {
    let (commit, _) = &failed[0];
    let more = match failed.len() {
        1 => String::new(),
        2 => " (and those of 1 more commit)".to_owned(),
        count => format!(" (and those of {} more commits)", count - 1),
    };
    let all: Vec<String> = failed.iter().map(|(commit, _)| format!("--ignore-commit {commit}")).collect();
    let help = first.help.as_ref().map(|help| format!("{help}; ")).unwrap_or_default();
    Error::new(first.code, format!("the images that it needs cannot be computed{more}: {}", first.headline()))
        .at(format!("commit {commit}"))
        .help(format!("{help}to keep only what was built from such commits, go on with `{}`", all.join(" ")))
}

/// The images of a commit; an error with whether the commit certainly has none.
async fn demands(reader: &Reader, commit: &str) -> std::result::Result<Vec<Demand>, (Error, bool)> {
    let fatal = |error| (error, false);
    let tree = reader.at(commit).await.map_err(fatal)?;
    let (desk, _) = reader.over(tree.clone()).await.map_err(fatal)?;
    let states = match states::read(&desk, reader.options()).await {
        Ok(states) => states,
        Err(error) => {
            let has_none = tree.submodules.iter().all(|submodule| submodule.is_read) && has_no_image(&desk, reader.options(), &error).await;
            return Err((error, has_none));
        }
    };
    let converted = Converted::read(reader, &tree).await.map_err(fatal)?;
    let demand = |state: State| {
        let manifest = in_order(Manifest::parse(manifest::algorithm(&state.manifest), &state.manifest)?);
        let is_converted = |path: &&RelPath| state.place(reader, path).is_none_or(|place| converted.has(&place));
        let unsure = manifest.files.iter().map(|file| &file.path).filter(is_converted).cloned().collect();
        let submodules = tree.submodules.iter().map(|submodule| state.path(reader, &submodule.place)).collect();
        Ok(Demand {
            commit: commit.to_owned(),
            repository: state.repository,
            tag: state.tag,
            essence: essence(&manifest),
            submodules,
            converted: unsure,
            manifest,
        })
    };
    states.into_iter().map(demand).collect::<Result<_>>().map_err(fatal)
}

/// Whether a commit that has an error has no images: there is no Compose file or folder yet, or no service that is built.
async fn has_no_image(desk: &Desk, options: &Options, error: &Error) -> bool {
    match error.code {
        Code::NoTarget | Code::PathMissing | Code::PathNotAFolder => true,
        Code::Usage => !options.services.is_empty(),
        // A file that another one includes can be made by an earlier step.
        Code::ComposeFileMissing if options.files.is_empty() => error.place.is_none(),
        Code::ComposeFileMissing => desk.exist(options.files.clone()).await.is_ok_and(|found| !found.contains(&true)),
        _ => false,
    }
}

/// The heads of all branches. Those of the remote have to be here: what they need could not be known otherwise.
async fn heads(desk: &Desk, options: &Options, reader: &Reader, head: &str) -> Result<Vec<String>> {
    let mut heads = vec![head.to_owned()];
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
