//! The images that a project builds itself, under all names that its files can use for them.

use crate::compose::project::{Project, Service};
use crate::map::Map;
use crate::options::Options;
use crate::reach;

/// The services that are built, by the normalised names of their images.
pub(super) struct Named<'a>(Map<String, Vec<&'a Service>>);

impl<'a> Named<'a> {
    pub(super) fn new(options: &Options, project: &'a Project) -> Self {
        let mut services: Map<String, Vec<&'a Service>> = Map::new();
        for service in project.services.iter().filter(|service| service.build.is_some()) {
            for name in image_names(options, project, service) {
                match services.get_mut(&name) {
                    Some(others) => others.push(service),
                    None => drop(services.insert(name, vec![service])),
                }
            }
        }
        // A name that somebody wrote comes before one that Compose makes up.
        services.values_mut().for_each(|services| services.sort_by_key(|service| service.image.is_none()));
        Named(services)
    }

    /// The service whose image a build finds under a name. A build that begins with its own image's name means the one in the registry.
    pub(super) fn built_as(&self, image: &str, user: &Service) -> Option<&'a Service> {
        let services = self.0.get(&reach::normalized(image).ok()?)?;
        let is_own = services.iter().any(|service| service.name == user.name);
        services.first().copied().filter(|_| !is_own)
    }
}

/// The normalised names of the image of a service: the one in its Compose file, or the one that Compose gives it.
///
/// rule: Compose `pkg/api/api.go`, `GetImageNameOrDefault`; a `_` in Compose v1, `compose/service.py`, `image_name`.
pub(super) fn image_names(options: &Options, project: &Project, service: &Service) -> Vec<String> {
    let made_up = |separator: char| format!("{}{separator}{}", project.name, service.name);
    let prefixed = |name: &str| options.repository_prefix.as_ref().map(|prefix| behind(prefix, name));
    let names: Vec<String> = match &service.image {
        Some(image) => [image.clone()].into_iter().chain(prefixed(image).filter(|_| is_bare(image))).collect(),
        None => [made_up('-'), made_up('_')].into_iter().chain(prefixed(&made_up('-'))).collect(),
    };
    names.iter().filter_map(|name| reach::normalized(name).ok()).collect()
}

/// Whether an image has neither a registry nor an owner, as in `image: web`: it would go to Docker Hub's `library/`.
pub(super) fn is_bare(image: &str) -> bool {
    !image.contains('/')
}

/// A name behind a prefix.
pub(super) fn behind(prefix: &str, name: &str) -> String {
    format!("{}/{name}", prefix.strip_suffix('/').unwrap_or(prefix))
}
