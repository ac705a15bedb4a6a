//! What branches and recent commits need: the commits themselves, and their images as git's objects tell them.

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::Repository;
use crate::job::prune::demand::{Demand, essence, in_order};
use crate::job::prune::heads::Heads;
use crate::job::revision::Reader;
use crate::job::states::{self, State};
use crate::job::{family, model};
use crate::manifest::{self, Manifest};
use crate::map::Map;
use crate::options::Options;
use crate::registry::about::Source;
use crate::report::Note;

/// What is needed.
pub(super) struct Needed {
    pub(super) reader: Reader,
    /// The branches and tags whose commits count.
    pub(super) heads: Heads,
    /// The commits that count, sorted.
    pub(super) commits: Vec<String>,
    /// Those that have images.
    pub(super) counted: Vec<Counted>,
    /// Their images, as far as git's objects tell.
    pub(super) demands: Vec<Demand>,
}

/// A commit that counts.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) commit: String,
    /// Where the images of its services go, those of all profiles; `None` if one can go anywhere.
    repositories: Vec<Option<Repository>>,
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

    /// Whether a commit can have an image in a repository.
    pub(super) fn is_for(&self, commit: &Counted, repository: &Repository) -> bool {
        // A variable of the job can be in the name of the repository.
        commit.is_for(repository) || !self.counted.iter().any(|other| other.is_for(repository))
    }
}

impl Counted {
    fn is_for(&self, repository: &Repository) -> bool {
        self.repositories.iter().any(|own| own.as_ref().is_none_or(|own| own == repository))
    }
}

/// Reads the commits that count, of every branch.
pub(super) async fn find(desk: &Desk, options: &Options) -> Result<Needed> {
    let reader = Reader::open(desk, options).await?;
    let ignored = join_all(options.ignored_commits.iter().map(|name| reader.commit(name))).await;
    let ignored = ignored.into_iter().collect::<Result<Vec<_>>>()?;
    let head = reader.commit("HEAD").await?;
    let heads = Heads::find(desk, options, &head).await?;
    let commits = heads.recent(desk, options, &reader).await?;
    let mut needed = Needed {
        reader: reader.clone(),
        heads,
        commits: commits.iter().map(|(commit, _)| commit.clone()).collect(),
        counted: Vec::new(),
        demands: Vec::new(),
    };
    // Many commits have the same tree, or were looked at already on another branch.
    let mut trees: Map<String, ()> = Map::new();
    let mut failed: Vec<(String, Error)> = Vec::new();
    let mut without: Option<Error> = None;
    for (commit, tree) in commits {
        if trees.contains_key(&tree) {
            continue;
        }
        if ignored.contains(&commit) {
            // What may be its image is kept all the same.
            if let Ok(repositories) = ignored_repositories(&reader, &commit).await
                && !repositories.is_empty()
            {
                needed.counted.push(Counted { commit, repositories });
            }
            continue;
        }
        match demands(&reader, &commit).await {
            Ok((demands, repositories)) => {
                trees.insert(tree, ());
                needed.counted.push(Counted { commit, repositories });
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
    if needed.counted.is_empty() {
        return Err(Error::new(Code::NoTarget, "no commit that counts has an image, so every image would be deleted")
            .help("is it the right folder, and are these the right Compose files?"));
    }
    Ok(needed)
}

impl Needed {
    /// Adds an image that no other commit needs in the same way.
    fn add(&mut self, demand: Demand) {
        let is_same = |other: &Demand| (&other.tag, &other.repository) == (&demand.tag, &demand.repository);
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
    let help = match first.code {
        Code::SourceMissing | Code::DockerfileMissing => {
            "the commit does not have this file: does an earlier step of the job make it? ".to_owned()
        }
        _ => first.help.as_ref().map(|help| format!("{help}; ")).unwrap_or_default(),
    };
    Error::new(first.code, format!("the images that it needs cannot be computed{more}: {}", first.headline()))
        .at(format!("commit {commit}"))
        .help(format!(
            "{help}to keep what was built from such commits or may be theirs, without computing it, go on with `{}`",
            all.join(" ")
        ))
}

/// The images of a commit, and the repositories of all its services; an error with whether the commit certainly has none.
async fn demands(reader: &Reader, commit: &str) -> std::result::Result<(Vec<Demand>, Vec<Option<Repository>>), (Error, bool)> {
    let fatal = |error| (error, false);
    let tree = reader.at(commit).await.map_err(fatal)?;
    let (desk, _) = reader.over(tree.clone()).await.map_err(fatal)?;
    let repositories = repositories(&desk, reader.options()).await;
    let states = match states(&desk, reader.options()).await {
        Ok(states) => states,
        Err(error) => {
            let is_read = tree.submodules.iter().all(|submodule| submodule.is_read);
            return match is_read && has_no_image(&desk, reader.options(), &error).await {
                // Services of other profiles, or others than those that are asked for.
                true if repositories.as_ref().is_ok_and(|found| !found.is_empty()) => Ok((Vec::new(), repositories.unwrap_or_default())),
                has_none => Err((error, has_none)),
            };
        }
    };
    let demand = |state: State| {
        let manifest = in_order(Manifest::parse(manifest::algorithm(&state.manifest), &state.manifest)?);
        Ok(Demand { commit: commit.to_owned(), repository: state.repository, tag: state.tag, essence: essence(&manifest) })
    };
    let demands = states.into_iter().map(demand).collect::<Result<_>>().map_err(fatal)?;
    Ok((demands, repositories.unwrap_or_else(|_| vec![None])))
}

/// The images of the services of all profiles; of the active ones only, if others cannot be computed.
async fn states(desk: &Desk, options: &Options) -> Result<Vec<State>> {
    let all = Options { profiles: vec!["*".to_owned()], ..options.clone() };
    match states::read(&desk.quiet(), &all).await {
        Ok(states) => Ok(states),
        Err(_) => states::read(desk, options).await,
    }
}

/// The repositories of a commit whose images are not computed.
async fn ignored_repositories(reader: &Reader, commit: &str) -> Result<Vec<Option<Repository>>> {
    let (desk, _) = reader.over(reader.at(commit).await?).await?;
    repositories(&desk, reader.options()).await
}

/// Where the images of all services go, whatever their profiles; `None` if one can go anywhere.
async fn repositories(desk: &Desk, options: &Options) -> Result<Vec<Option<Repository>>> {
    if options.is_plain() {
        return Ok(vec![None]);
    }
    let project = model::load(&desk.quiet(), options).await?;
    let built = project.services.iter().filter(|service| service.build.is_some());
    Ok(built.map(|service| family::name(options, &project, service).ok().map(|name| name.repository)).collect())
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
