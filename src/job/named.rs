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
    let names = match &service.image {
        Some(image) => vec![image.clone()],
        None => {
            let own = format!("{}_{}", project.name, service.name);
            let prefixed = options.repository_prefix.as_ref().map(|prefix| prefixed(prefix, project, service));
            [service.image_or_default.clone(), own].into_iter().chain(prefixed).collect()
        }
    };
    names.iter().filter_map(|name| reach::normalized(name).ok()).collect()
}

/// The repository of a service without `image:` behind a prefix.
pub(super) fn prefixed(prefix: &str, project: &Project, service: &Service) -> String {
    let slash = if prefix.ends_with('/') { "" } else { "/" };
    format!("{prefix}{slash}{}-{}", project.name, service.name)
}
