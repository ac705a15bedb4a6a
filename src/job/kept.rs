//! The manifest that is kept beside its image in the registry, so that a later run can say what has changed since.

use crate::desk::Desk;
use crate::digest::Algorithm;
use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::job::provenance::Provenance;
use crate::job::registry::Client;
use crate::manifest::{self, Manifest};
use crate::naming::hash_of;
use crate::options::Options;
use crate::plan::Target;
use crate::refresh;
use crate::registry::about::{About, Source};
use crate::registry::artifact::{self, Listed};
use crate::registry::carrier::{Carrier, MANIFEST_TYPE};
use crate::registry::pages::Pages;
use crate::registry::reply::{self, Descriptor, Presence};
use crate::registry::{Call, Endpoint, Method, Response, tags};
use crate::report::Note;

/// A larger one is not kept: hosts read no larger answers, and nobody reads such a list.
const MOST: usize = 4 * 1024 * 1024;
/// So many pages of what refers to an image are read.
const PAGES: usize = 20;
/// How often the list of what refers to an image is written, where another job writes it too.
const ROUNDS: usize = 3;

/// A manifest that was kept beside an image.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) manifest: Manifest,
    pub(super) about: About,
    /// The commits that the image was built from: the same bytes can come from several.
    pub(super) sources: Vec<Source>,
}

/// Keeps the manifest of an image that was just pushed. The image is there all the same, so trouble is a warning.
pub(super) async fn keep(
    desk: &Desk,
    options: &Options,
    client: &Client<'_>,
    target: &Target,
    found: &Descriptor,
    sha256: Option<&String>,
    provenance: Option<&Provenance>,
) {
    let image = &target.image;
    if !options.keep_manifest || target.manifest.len() > MOST {
        return;
    }
    let created = (options.host.now > 0).then(|| refresh::rfc3339(options.host.now));
    let about = About {
        tag: target.tag.clone(),
        sha256: sha256.cloned(),
        created,
        source: provenance.map(|it| it.source(options, &target.manifest)),
    };
    match store(client, image, found, &target.manifest, options.algorithm, &about).await {
        Ok(()) => desk.tell(Note::detail(format!("{image}: its manifest is kept beside it"))),
        Err(error) => desk.tell(Note::warning(format!(
            "{}; the image is there, but its manifest could not be kept beside it, so the next run cannot say what has changed since; `--keep-manifest false` does without",
            error.headline()
        ))),
    }
}

async fn store(client: &Client<'_>, image: &Reference, found: &Descriptor, text: &[u8], algorithm: Algorithm, about: &About) -> Result<()> {
    let repository = &image.repository;
    let mut subject = found.clone();
    if subject.size == 0 {
        let response = client.send(repository, &Call::get(&by_digest(repository, &found.digest)), "how large is its manifest?").await?;
        subject.size = expect(image, response, 200)?.body.len() as u64;
    }
    let small = artifact::with_text(&subject, text, about);
    let stored = small.unwrap_or_else(|| artifact::with_layer(&subject, text, algorithm, about));
    provide(client, image, &stored).await?;
    let own = by_digest(repository, &artifact::sha256(&stored.manifest));
    let call = Call::put(&own, MANIFEST_TYPE, stored.manifest.clone());
    let put = client.send(repository, &call, &format!("keep the manifest beside {image}")).await?;
    if put.status / 100 != 2 {
        return Err(reply::refusal(image, &put));
    }
    // A registry that keeps the list by itself says so (distribution-spec, "Pushing Manifests with Subject").
    if put.header("oci-subject").is_some() {
        return Ok(());
    }
    for _ in 0..ROUNDS {
        // Another job can have written the list between our reading and our writing: it is read again until it has ours.
        let (list, now) = read_list(client, repository, &found.digest).await?;
        let Some(longer) = artifact::add(now.as_deref(), &stored.manifest) else { return Ok(()) };
        let put = client.send(repository, &artifact::put_list(&list, longer), &format!("list it under {list}")).await?;
        if put.status / 100 != 2 {
            return Err(reply::refusal(&list, &put));
        }
    }
    let (list, now) = read_list(client, repository, &found.digest).await?;
    match artifact::add(now.as_deref(), &stored.manifest) {
        None => Ok(()),
        Some(_) => Err(Error::new(Code::RegistryUnknown, "other jobs write this list at the same time").at(list)),
    }
}

/// Stores layer and configuration, which are the same for all small texts: so they are asked for first.
async fn provide(client: &Client<'_>, image: &Reference, stored: &Carrier) -> Result<()> {
    let call = artifact::blob(Method::Head, &image.repository, &artifact::sha256(&stored.config));
    if client.send(&image.repository, &call, "are its parts there?").await?.status == 200 {
        return Ok(());
    }
    // The configuration comes last, so that the layer exists if it does.
    upload(client, image, &stored.layer).await?;
    upload(client, image, &stored.config).await
}

/// Stores a part (distribution-spec, "POST then PUT").
async fn upload(client: &Client<'_>, image: &Reference, bytes: &[u8]) -> Result<()> {
    let repository = &image.repository;
    let because = format!("store what is kept beside {image}");
    let begun = expect(image, client.send(repository, &artifact::begin_upload(repository), &because).await?, 202)?;
    let location = begun.header("location").unwrap_or_default();
    let host = Endpoint::host_of(repository.registry());
    let Some(call) = artifact::finish_upload(&host, location, bytes.to_vec()) else {
        let message = format!("the registry wants the upload at `{}`, expected a place of its own", location.escape_debug());
        return Err(Error::new(Code::RegistryUnknown, message).at(image));
    };
    expect(image, client.send(repository, &call, &because).await?, 201).map(|_| ())
}

/// The manifest that is kept beside an image; `None` where none is.
///
/// # Errors
/// Where the registry does not answer as one, and [`Code::ManifestInvalid`] where what is kept is not the image's manifest.
pub(super) async fn read(client: &Client<'_>, image: &Reference, digest: &str) -> Result<Option<Kept>> {
    let all = list(client, image, digest).await?;
    let about: Vec<About> = all.iter().map(|listed| listed.about.clone()).collect();
    let Some(mut listed) = newest(all, image) else { return Ok(None) };
    let text = match listed.text.take() {
        Some(text) => text.into_bytes(),
        None => fetch(client, image, digest, &listed.digest).await?,
    };
    let algorithm = manifest::algorithm(&text);
    if manifest::tag(algorithm, &text) != listed.about.tag {
        return Err(foreign(image, "its text does not make the tag that it is said to make"));
    }
    let manifest = Manifest::parse(algorithm, &text).map_err(|error| foreign(image, &error.message))?;
    manifest.check_version().map_err(|error| error.at(format!("the manifest kept beside {image}")))?;
    let sources = about.into_iter().filter(|about| about.tag == listed.about.tag).filter_map(|about| about.source).collect();
    Ok(Some(Kept { manifest, about: listed.about, sources }))
}

/// The text of an artifact that is listed without it; `subject` is the digest of the image.
async fn fetch(client: &Client<'_>, image: &Reference, subject: &str, digest: &str) -> Result<Vec<u8>> {
    let repository = &image.repository;
    let own = by_digest(repository, digest);
    let because = format!("what was {image} made of?");
    let stored = expect(image, client.send(repository, &Call::get(&own), &because).await?, 200)?;
    if digest.starts_with("sha256:") && reply::verified_digest(&own, &stored)? != digest {
        return Err(foreign(image, "its digest is another one"));
    }
    if artifact::subject(&stored.body).as_deref() != Some(subject) {
        return Err(foreign(image, "it says that it belongs to another image"));
    }
    if let Some(text) = artifact::text(&stored.body) {
        return Ok(text.into_bytes());
    }
    let layer = artifact::layer(&stored.body).ok_or_else(|| foreign(image, "it has not one list of inputs"))?;
    let call = artifact::blob(Method::Get, repository, &layer.digest);
    let bytes = expect(image, client.send(repository, &call, &because).await?, 200)?.body;
    match artifact::sha256(&bytes) == layer.digest {
        true => layer.text(bytes).ok_or_else(|| foreign(image, "it has not one list of inputs")),
        false => Err(foreign(image, "the digest of its text is another one")),
    }
}

/// Deletes what was kept beside an image that is gone. It takes a few kB, so that it stays is no failure.
pub(super) async fn forget(desk: &Desk, client: &Client<'_>, image: &Reference, beside: Vec<Listed>) {
    let repository = &image.repository;
    let fallback = artifact::fallback(repository, image.digest.as_deref().unwrap_or_default());
    let mut lists = Vec::new();
    for list in [artifact::own_list(&fallback), fallback] {
        // Others keep signatures and the like there.
        if matches!(read_index(client, &list).await, Ok(Some(text)) if !artifact::has_others(&text))
            && let Presence::Hit(found) = client.presence(&list).await
            && Some(&found.digest) != image.digest.as_ref()
        {
            lists.push(found.digest);
        }
    }
    for digest in beside.into_iter().map(|listed| listed.digest).chain(lists) {
        let because = format!("delete what was kept beside {image}");
        match client.send(repository, &tags::delete(repository, &digest), &because).await {
            Ok(response) if response.status / 100 == 2 || response.status == 404 => {}
            _ => desk.tell(Note::detail(format!("{repository}@{digest}: stays, though its image is gone"))),
        }
    }
}

/// What is kept beside an image: as the registry lists it, or under the tag that clients write where registries list nothing.
pub(super) async fn list(client: &Client<'_>, image: &Reference, digest: &str) -> Result<Vec<Listed>> {
    let repository = &image.repository;
    let because = format!("what is kept beside {image}?");
    let first = artifact::referrers(repository, digest);
    let mut response = client.send(repository, &first, &because).await?;
    if let (200, Some(mut listed)) = (response.status, artifact::listed(&response.body)) {
        // A list can come in pages (distribution-spec, "Listing Referrers").
        let mut pages = Pages::new("what refers to an image", PAGES, &first);
        while let Some(next) = pages.next(image, &response)? {
            response = expect(image, client.send(repository, &next, &because).await?, 200)?;
            listed.extend(artifact::listed(&response.body).unwrap_or_default());
        }
        return Ok(listed);
    }
    if matches!(response.status, 401 | 403 | 429) {
        return Err(reply::refusal(image, &response));
    }
    let (_, list) = read_list(client, repository, digest).await?;
    let mut listed = list.and_then(|list| artifact::listed(&list)).unwrap_or_default();
    // Such a list is a tag, and no registry has looked whether what it says is so: the artifacts are read themselves.
    listed.iter_mut().for_each(|listed| listed.text = None);
    Ok(listed)
}

/// The tag with the list of what refers to an image, and the list; `None` where there is none.
async fn read_list(client: &Client<'_>, repository: &Repository, digest: &str) -> Result<(Reference, Option<Vec<u8>>)> {
    let fallback = artifact::fallback(repository, digest);
    match read_index(client, &fallback).await? {
        // GitLab takes this tag for the digest, and so answers with the image.
        Some(image) if artifact::sha256(&image) == digest => {
            let own = artifact::own_list(&fallback);
            let list = read_index(client, &own).await?;
            Ok((own, list))
        }
        list => Ok((fallback, list)),
    }
}

async fn read_index(client: &Client<'_>, list: &Reference) -> Result<Option<Vec<u8>>> {
    let response = client.send(&list.repository, &Call::get(list), &format!("what does {list} list?")).await?;
    match response.status {
        404 => Ok(None),
        _ => expect(list, response, 200).map(|response| Some(response.body)),
    }
}

/// The manifest that the image's own tag names, else the one of the last build: the same image can come from several.
fn newest(mut all: Vec<Listed>, image: &Reference) -> Option<Listed> {
    if let Some(hash) = image.tag.as_deref().and_then(hash_of) {
        all.retain(|listed| listed.about.tag == hash);
    }
    let mut newest: Option<Listed> = None;
    for listed in all {
        if newest.as_ref().is_none_or(|other| other.about.created <= listed.about.created) {
            newest = Some(listed);
        }
    }
    newest
}

fn by_digest(repository: &Repository, digest: &str) -> Reference {
    Reference { repository: repository.clone(), tag: None, digest: Some(digest.to_owned()) }
}

fn expect(image: &Reference, response: Response, status: u16) -> Result<Response> {
    if response.status == status { Ok(response) } else { Err(reply::refusal(image, &response)) }
}

fn foreign(image: &Reference, what: &str) -> Error {
    Error::new(Code::ManifestInvalid, format!("what is kept beside it is not its manifest: {what}"))
        .at(image)
        .help("was it written by another program? name a file or a revision with `--against` instead")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(tag: &str, created: &str) -> Listed {
        let about = About { tag: tag.to_owned(), created: Some(created.to_owned()), ..About::default() };
        Listed { digest: created.to_owned(), about, text: None }
    }

    #[test]
    fn of_several_the_one_that_the_tag_names_counts_else_the_last() {
        let hashes = ["0".repeat(32), "1".repeat(32)];
        let all = || vec![listed(&hashes[0], "2026-11-24T08:00:00Z"), listed(&hashes[1], "2026-11-23T08:00:00Z")];
        let newest = |image: &str| newest(all(), &Reference::parse(image).unwrap()).map(|listed| listed.about.tag);
        assert_eq!(newest("a/b:ci"), Some(hashes[0].clone()));
        assert_eq!(newest(&format!("a/b:dev-{}", hashes[1])), Some(hashes[1].clone()));
        assert_eq!(newest(&format!("a/b:{}", "2".repeat(32))), None);
    }
}
