//! Where a build gets its cache from.

use crate::compose::overrides::{List, ServiceOverride};
use crate::desk::join_all;
use crate::image::Reference;
use crate::job::build::Asked;
use crate::job::compose::Project;
use crate::job::provide::Build;
use crate::registry::reply::Presence;
use crate::report::Note;

impl Build<'_> {
    /// Says which caches of the Compose files are left out.
    pub(super) fn tell_unused_caches(&self, project: &Project, overrides: &[ServiceOverride]) {
        for ServiceOverride { service, build, .. } in overrides {
            let Some(build) = build else { continue };
            let own = project.model.build(service);
            if matches!(build.cache_from, List::Replace(_)) {
                self.desk.tell(Note::info(format!(
                    "service `{service}`: `cache_from` is ignored ({}), since any branch can write it: if only trusted branches do, pass `--cache-from`; `--trusted-branch '*'` trusts all",
                    own.cache_from.join(", ")
                )));
            }
            if self.options.pushes() && !self.gives_cache && !own.cache_to.is_empty() {
                self.desk.tell(Note::info(format!(
                    "service `{service}`: `cache_to` is ignored ({}), since this branch is not trusted",
                    own.cache_to.join(", ")
                )));
            }
        }
    }

    /// Where the cache comes from: what was named, else the moving tag; images that are not there are left out.
    pub(super) async fn cache_sources(&self, asked: &Asked) -> Vec<String> {
        if self.options.cache_from.is_empty() {
            let is_there = matches!(asked.moving, Some(Presence::Hit(_)));
            return asked.target.moving.iter().filter(|_| is_there).map(Reference::to_string).collect();
        }
        let checks = self.options.cache_from.iter().map(|source| async move {
            let missing = match Reference::parse(source) {
                Ok(image) => self.client.presence(&image).await == Presence::Miss,
                Err(_) => false,
            };
            if missing {
                self.desk.tell(Note::warning(format!("{source}: not in the registry, so it is no cache")));
            }
            (!missing).then(|| source.clone())
        });
        join_all(checks).await.into_iter().flatten().collect()
    }
}
