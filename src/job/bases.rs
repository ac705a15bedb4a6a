//! The digests of base images, with `--pin-bases`: what the registry has under their names now.

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::draft::{Draft, familiar};
use crate::job::registry::Client;
use crate::note;
use crate::options::Options;
use crate::plan::{Context, Origin, Target};
use crate::registry::reply::Presence;

/// Digests by reference, with registry and tag.
#[derive(Debug, Clone, Default)]
pub(super) struct Pins(Vec<(String, String)>);

/// Asks for every base image once. Also returns for each draft why one of its base images has no digest.
pub(super) async fn ask(desk: &Desk, options: &Options, drafts: &[Draft<'_>]) -> (Pins, Vec<Option<Error>>) {
    let mut references: Vec<(&str, String)> = Vec::new();
    for draft in drafts {
        // A reference with a digest names what it means for ever.
        for base in draft.strangers.iter().filter(|base| !base.reference.contains('@')) {
            if !references.iter().any(|(known, _)| *known == base.reference) {
                let place =
                    draft.text.path.as_ref().map_or_else(|| draft.service.name.clone(), |_| format!("{}:{}", draft.place, base.line));
                references.push((&base.reference, place));
            }
        }
    }
    let client = &Client::new(desk, options, false);
    let asked = join_all(references.iter().map(|(reference, place)| async move {
        let image = Reference::parse(&familiar(reference))?;
        match client.presence(&image).await {
            Presence::Hit(found) => Ok(((*reference).to_owned(), found.digest)),
            Presence::Unknown(error) => Err(error),
            Presence::Miss | Presence::Doubtful => {
                Err(Error::new(Code::RegistryUnknown, format!("the base image `{image}` is not in its registry"))
                    .at(place)
                    .help("mend its name, or leave `--pin-bases` out"))
            }
        }
    }))
    .await;
    let unknown: Vec<(&str, &Error)> =
        references.iter().zip(&asked).filter_map(|((reference, _), asked)| Some((*reference, asked.as_ref().err()?))).collect();
    let error = |draft: &Draft<'_>| {
        let error = unknown.iter().find(|(reference, _)| draft.strangers.iter().any(|base| base.reference == *reference));
        error.map(|(_, error)| (*error).clone())
    };
    let errors = drafts.iter().map(error).collect();
    (Pins(asked.into_iter().filter_map(Result::ok).collect()), errors)
}

/// The digests with which targets got their names, read from their manifests.
pub(super) fn of_targets(targets: &[&Target]) -> Pins {
    let mut pins = Vec::new();
    for line in targets.iter().flat_map(|target| target.manifest.split(|&byte| byte == b'\n')) {
        let words = line.strip_prefix(b"# base ").and_then(|rest| std::str::from_utf8(rest).ok());
        if let Some((reference, digest)) = words.and_then(|words| words.split_once(' '))
            && let Ok(reference) = crate::reach::normalized(reference)
        {
            pins.push((reference, digest.to_owned()));
        }
    }
    Pins(pins)
}

impl Pins {
    /// Lines of a service's manifest.
    pub(super) fn notes(&self, draft: &Draft<'_>) -> Vec<Vec<u8>> {
        self.of(draft).map(|(reference, digest)| note::base(&familiar(reference), digest)).collect()
    }

    /// What a service's build takes in the place of the names; the program that reads the Dockerfile cannot be replaced so.
    pub(super) fn contexts(&self, draft: &Draft<'_>) -> Vec<Context> {
        let is_image = |reference: &str| draft.reach.bases.iter().any(|base| base.reference == reference && !base.syntax);
        let pinned = self.of(draft).filter(|(reference, _)| is_image(reference));
        pinned
            .filter_map(|(reference, digest)| {
                let name = familiar(reference);
                // What was pinned was asked for, so it is a reference.
                let repository = Reference::parse(&name).ok()?.repository;
                Some(Context { name, origin: Origin::Pinned(format!("{repository}@{digest}")), is_given: false })
            })
            .collect()
    }

    fn of<'a>(&'a self, draft: &'a Draft<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
        let wanted: Vec<&str> = draft.strangers.iter().map(|base| base.reference.as_str()).collect();
        self.0
            .iter()
            .map(|(reference, digest)| (reference.as_str(), digest.as_str()))
            .filter(move |(reference, _)| wanted.contains(reference))
    }
}
