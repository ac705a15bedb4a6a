//! Which tags of a repository are needed, and which are not.

use serde_json::Value;

use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::job::kept::{self, Kept};
use crate::job::prune::all;
use crate::job::prune::certain::Candidate;
use crate::job::prune::demand::in_order;
use crate::job::prune::needed::Needed;
use crate::job::registry::Client;
use crate::naming::hash_of;
use crate::options::Options;
use crate::refresh;
use crate::registry::about::Source;
use crate::registry::pages::Pages;
use crate::registry::reply::{self, Descriptor, Presence};
use crate::registry::{Call, tags};

/// A tag and what is to become of it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) tag: String,
    pub(super) digest: String,
    pub(super) verdict: Verdict,
    /// Why.
    pub(super) reason: String,
    /// When its image was built, and from which commit, where that was kept.
    pub(super) created: Option<String>,
    pub(super) source: Option<Source>,
}

/// What is to become of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It carries no hash: a moving tag, or one of others.
    Other,
    /// A commit that counts needs it.
    Needed,
    /// A commit that counts may need it: git alone cannot tell.
    Uncertain,
    /// Nothing is kept beside it that shows that docktag made it.
    Foreign,
    /// It is younger than `--keep-days`: what a job is about to use may be on no branch yet.
    Young,
    /// Its digest is that of a tag that is kept, or part of one.
    Shared,
    /// Nothing needs it.
    Unneeded,
    /// Nothing needed it, and it is gone.
    Deleted,
}

const DAY: u64 = 24 * 60 * 60;

/// A tag on the way to its verdict.
#[derive(Debug)]
pub(super) struct Looked {
    judged: Judged,
    found: Descriptor,
    /// The image, if no commit that counts is known to need it.
    pub(super) candidate: Option<Candidate>,
}

/// Looks at every tag of a repository.
pub(super) async fn look(client: &Client<'_>, repository: &Repository, needed: &Needed) -> Result<Vec<Looked>> {
    let names = names(client, repository).await?;
    let found = all(names.iter().map(|tag| present(client, repository, tag))).await?;
    let mut looked = Vec::new();
    for (name, found) in names.iter().zip(found) {
        // One that went in the meantime is nobody's concern.
        let Some(found) = found else { continue };
        let (judged, kept) = judge(client, repository, needed, name, &found).await?;
        looked.push(Looked { judged, found, candidate: kept.map(|kept| Candidate::new(repository, kept)) });
    }
    Ok(looked)
}

/// Judges every tag, now that it is known which images a commit may need.
pub(super) async fn decide(client: &Client<'_>, options: &Options, repository: &Repository, looked: Vec<Looked>) -> Result<Vec<Judged>> {
    let young = refresh::rfc3339(options.host.now.saturating_sub(DAY.saturating_mul(options.keep_days as u64)));
    let decided = looked.into_iter().map(|Looked { mut judged, found, candidate }| {
        match candidate {
            None => {}
            Some(Candidate { reason: Some(reason), .. }) => judged.set(Verdict::Uncertain, reason),
            // Without a date nobody knows how young it is.
            Some(_) if judged.created.as_ref().is_none_or(|created| *created > young) => {
                judged.set(Verdict::Young, format!("`--keep-days` is {}", options.keep_days));
            }
            Some(_) => judged.set(Verdict::Unneeded, "no commit that counts has these inputs"),
        }
        (judged, found)
    });
    let mut judged: Vec<(Judged, Descriptor)> = decided.collect();
    // The parts of an index have tags of their own (`HASH-linux-arm64`), and go with it.
    let indexes = judged.iter().filter(|(tag, found)| tag.verdict == Verdict::Unneeded && is_index(found));
    let indexes: Vec<(String, String)> = indexes.map(|(tag, _)| (tag.tag.clone(), tag.digest.clone())).collect();
    for (index, digest) in indexes {
        let parts = parts(client, repository, &digest).await?;
        let is_part =
            |tag: &Judged| tag.verdict == Verdict::Foreign && tag.tag.starts_with(&format!("{index}-")) && parts.contains(&tag.digest);
        for (tag, _) in judged.iter_mut().filter(|(tag, _)| is_part(tag)) {
            tag.set(Verdict::Unneeded, format!("part of {index}"));
        }
    }
    // What is kept keeps all that it is made of.
    let stays = judged.iter().filter(|(tag, _)| tag.verdict != Verdict::Unneeded);
    let parts = all(stays.clone().filter(|(_, found)| is_index(found)).map(|(tag, _)| parts(client, repository, &tag.digest))).await?;
    let mut digests: Vec<String> = stays.map(|(tag, _)| tag.digest.clone()).chain(parts.concat()).collect();
    digests.sort_unstable();
    let mut judged: Vec<Judged> = judged.into_iter().map(|(tag, _)| tag).collect();
    for tag in judged.iter_mut().filter(|tag| tag.verdict == Verdict::Unneeded) {
        if digests.binary_search(&tag.digest).is_ok() {
            tag.set(Verdict::Shared, "shares its image with a tag that is kept, or is a part of one");
        }
    }
    Ok(judged)
}

/// What the registry and the commits that count say of a tag; with what was kept beside its image if no commit is known to need it.
async fn judge(
    client: &Client<'_>,
    repository: &Repository,
    needed: &Needed,
    name: &str,
    found: &Descriptor,
) -> Result<(Judged, Option<Kept>)> {
    let mut judged = Judged {
        tag: name.to_owned(),
        digest: found.digest.clone(),
        verdict: Verdict::Other,
        reason: "has no hash".to_owned(),
        created: None,
        source: None,
    };
    let Some(hash) = hash_of(name).filter(|_| !name.starts_with("sha256-")) else { return Ok((judged, None)) };
    let kept = match kept::read(client, &repository.with_tag(name)?, &found.digest).await {
        Ok(kept) => kept.filter(|kept| kept.about.tag == hash),
        Err(error) if matches!(error.code, Code::ManifestInvalid) => None,
        Err(error) => return Err(error),
    };
    if let Some(kept) = &kept {
        judged.created.clone_from(&kept.about.created);
        judged.source.clone_from(&kept.about.source);
    }
    let short = |commit: &str| commit.get(..7).unwrap_or(commit).to_owned();
    let sources = kept.as_ref().map(|kept| kept.sources.as_slice()).unwrap_or_default();
    if let Some(commit) = needed.source(sources) {
        judged.set(Verdict::Needed, format!("built from commit {}, which counts", short(commit)));
    } else if let Some(commit) = needed.with_tag(hash) {
        judged.set(Verdict::Needed, format!("commit {} has this tag", short(commit)));
    } else if let Some(kept) = kept {
        let kept = Kept { manifest: in_order(kept.manifest), ..kept };
        match needed.with_inputs(&kept.manifest) {
            Some(commit) => judged.set(Verdict::Needed, format!("commit {} has these inputs", short(commit))),
            None => return Ok((judged, Some(kept))),
        }
    } else {
        judged.set(Verdict::Foreign, "docktag did not make it, or kept no manifest");
    }
    Ok((judged, None))
}

impl Judged {
    fn set(&mut self, verdict: Verdict, reason: impl Into<String>) {
        (self.verdict, self.reason) = (verdict, reason.into());
    }
}

/// Looks again which tags there are, just before a deletion: an image that a tag names which is not to be deleted is kept.
pub(super) async fn look_again(client: &Client<'_>, repository: &Repository, judged: &mut [Judged]) -> Result<()> {
    let names = names(client, repository).await?;
    let found = all(names.iter().map(|tag| present(client, repository, tag))).await?;
    for (name, found) in names.iter().zip(&found) {
        let Some(found) = found else { continue };
        let is_listed = judged.iter().any(|tag| tag.verdict == Verdict::Unneeded && tag.tag == *name && tag.digest == found.digest);
        if is_listed {
            continue;
        }
        let mut digests = vec![found.digest.clone()];
        if is_index(found) {
            digests.extend(parts(client, repository, &found.digest).await?);
        }
        for tag in judged.iter_mut().filter(|tag| tag.verdict == Verdict::Unneeded && digests.contains(&tag.digest)) {
            tag.set(Verdict::Shared, format!("the tag {name} names it now"));
        }
    }
    Ok(())
}

/// All tags, page by page.
async fn names(client: &Client<'_>, repository: &Repository) -> Result<Vec<String>> {
    let place = Reference { repository: repository.clone(), tag: None, digest: None };
    let mut names = Vec::new();
    let first = tags::list(repository);
    let mut pages = Pages::new("tags", tags::PAGES, &first);
    let mut call = Some(first);
    while let Some(page) = call.take() {
        let response = client.send(repository, &page, "which tags are there?").await?;
        match response.status {
            200 => {}
            // A repository that does not exist has no tags.
            404 => break,
            _ => return Err(reply::refusal(&place, &response)),
        }
        let found = tags::names(&response).ok_or_else(|| {
            Error::new(Code::RegistryUnknown, "the registry's list of tags is none")
                .at(&place)
                .help("is the registry's name right, and is a proxy in between?")
        })?;
        names.extend(found);
        if names.len() > tags::MOST {
            return Err(pages.error(&place, &format!("has more than {} of them", tags::MOST)));
        }
        call = pages.next(&place, &response)?;
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

async fn present(client: &Client<'_>, repository: &Repository, tag: &str) -> Result<Option<Descriptor>> {
    match client.presence(&repository.with_tag(tag)?).await {
        Presence::Hit(found) => Ok(Some(found)),
        Presence::Unknown(error) => Err(error),
        Presence::Miss | Presence::Doubtful => Ok(None),
    }
}

fn is_index(found: &Descriptor) -> bool {
    found.media_type.ends_with("index.v1+json") || found.media_type.ends_with("manifest.list.v2+json")
}

/// The digests of what an index lists.
async fn parts(client: &Client<'_>, repository: &Repository, digest: &str) -> Result<Vec<String>> {
    let image = Reference { repository: repository.clone(), tag: None, digest: Some(digest.to_owned()) };
    let response = client.send(repository, &Call::get(&image), "what is it made of?").await?;
    let index: Value = match response.status {
        200 => serde_json::from_slice(&response.body).unwrap_or_default(),
        404 => return Ok(Vec::new()),
        _ => return Err(reply::refusal(&image, &response)),
    };
    let list = index["manifests"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(list.iter().filter_map(|item| item["digest"].as_str()).map(str::to_owned).collect())
}
