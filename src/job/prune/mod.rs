//! `prune`: which images in the registry no branch and no recent commit needs, and their deletion.
//!
//! Whatever is not certain is kept: an image that was built from a commit that counts, or may be that of one ([`certain`]); an image without a
//! kept manifest that names it, one that shares its digest with something that is kept, one that is young.

mod certain;
mod demand;
mod heads;
mod judge;
mod needed;
mod show;

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::job::prune::judge::{Judged, Verdict};
use crate::job::registry::Client;
use crate::job::{kept, login, model, services};
use crate::options::Options;
use crate::registry::{reply, tags};
use crate::report::{Document, Note, Report};

/// A repository and what became of its tags.
struct Pruned {
    repository: Repository,
    tags: Vec<Judged>,
}

/// Looks through the repositories of the project's images.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    let mut options = options.clone();
    let repositories = repositories(desk, &mut options).await?;
    let options = &options;
    let needed = needed::find(desk, options).await?;
    let tags = if options.keep_tags { format!(", tags: {}", needed.heads.tags.len()) } else { String::new() };
    desk.tell(Note::info(format!(
        "commits of this git repository whose images are needed: {} (heads: {}, commits of each: {}{tags})",
        needed.commits.len(),
        needed.heads.branches.len(),
        options.keep_commits
    )));
    let client = Client::to_delete(desk, options);
    let mut looked = Vec::new();
    for repository in repositories {
        let tags = judge::look(&client, &repository, &needed).await?;
        looked.push((repository, tags));
    }
    certain::find(&needed, looked.iter_mut().flat_map(|(_, tags)| tags).filter_map(|tag| tag.candidate.as_mut()).collect()).await?;
    let mut pruned = Vec::new();
    for (repository, tags) in looked {
        let tags = judge::decide(&client, options, &repository, tags).await?;
        pruned.push(Pruned { repository, tags });
    }
    // Nothing is deleted before everything is known, as in a run that only lists.
    if options.delete {
        for it in &mut pruned {
            judge::look_again(&client, &it.repository, &mut it.tags).await?;
            delete(desk, &client, &it.repository, &mut it.tags).await?;
        }
    }
    let document =
        Document { text: show::text(options, &pruned).into_bytes(), json: show::json(&pruned), markdown: show::markdown(options, &pruned) };
    Ok(Report { document: Some(Box::new(document)), ..services::report(options, &[])? })
}

/// Where the project's images are; a login without a registry becomes one for theirs.
async fn repositories(desk: &Desk, options: &mut Options) -> Result<Vec<Repository>> {
    if options.is_plain() {
        let help = "give it with `--image example/app`, as in the build job";
        let image = options.image.clone().ok_or_else(|| Error::new(Code::Usage, "the repository of the image is not known").help(help))?;
        return Ok(vec![image]);
    }
    let project = model::load(desk, options).await?;
    let found = services::find(desk, options, &project, None).await?;
    options.login = login::with_registry(desk, options, &found.targets)?;
    let mut repositories: Vec<Repository> = Vec::new();
    for target in found.targets.iter().filter(|target| !target.is_local) {
        if !repositories.contains(&target.image.repository) {
            repositories.push(target.image.repository.clone());
        }
    }
    match repositories.is_empty() {
        false => Ok(repositories),
        true => Err(Error::new(Code::NoTarget, "no service has an image in a registry")
            .help("give the options and variables of the build jobs, such as `--image`, or `--path` and `--image`; otherwise each service needs an `image:`, or use `--repository-prefix`")),
    }
}

/// Deletes what is not needed, and what was kept beside it.
async fn delete(desk: &Desk, client: &Client<'_>, repository: &Repository, tags: &mut [Judged]) -> Result<()> {
    let mut digests: Vec<String> = tags.iter().filter(|tag| tag.verdict == Verdict::Unneeded).map(|tag| tag.digest.clone()).collect();
    digests.sort_unstable();
    digests.dedup();
    // One after the other: what is refused once is refused always, and then the rest is not tried.
    for digest in digests {
        let image = Reference { repository: repository.clone(), tag: None, digest: Some(digest.clone()) };
        let beside = kept::list(client, &image, &digest).await.unwrap_or_default();
        let response = client.send(repository, &tags::delete(repository, &digest), &format!("delete {image}")).await?;
        match response.status {
            200..=299 | 404 => desk.tell(Note::info(format!("{image}: deleted"))),
            400 | 405 | 501 => {
                return Err(Error::new(Code::RegistryDenied, format!("{} deletes no images this way (status {})", repository.registry(), response.status))
                    .at(&image)
                    .help("a registry of one's own needs `storage.delete.enabled: true` (REGISTRY_STORAGE_DELETE_ENABLED); others delete by rules of their own, and this list tells what"));
            }
            _ => return Err(reply::refusal(&image, &response)),
        }
        let deleted = tags.iter_mut().filter(|tag| tag.verdict == Verdict::Unneeded && tag.digest == digest);
        deleted.for_each(|tag| tag.verdict = Verdict::Deleted);
        kept::forget(desk, client, &image, beside).await;
    }
    Ok(())
}

/// Everything that several questions gave, or the first error.
async fn all<'a, T: 'a, F: Future<Output = Result<T>> + 'a>(questions: impl IntoIterator<Item = F>) -> Result<Vec<T>> {
    join_all(questions).await.into_iter().collect()
}
