//! Changes one thing of a random project at a time, and compares images and tags before and after.

use std::collections::BTreeMap;
use std::fmt::Debug;

use libtest_mimic::Failed;

use crate::random::Random;
use crate::torture::Counts;

/// The images and tags of a project's services, by service.
pub(crate) type Seen = BTreeMap<String, Pair>;

/// What the builder made, and docktag's tag for it.
pub(crate) struct Pair {
    pub(crate) image: String,
    pub(crate) tag: String,
}

/// What a different image with the same tag means.
pub(crate) enum Verdict {
    /// The images have the same content.
    SameImage,
    /// docktag says that it does not count what was changed.
    Told,
    /// A tag that lies.
    Lie,
}

/// Builds, computes tags, and decides.
pub(crate) struct Trial<Look, Judge> {
    pub(crate) seed: u64,
    /// Changes of this project.
    pub(crate) changes: u64,
    /// Returns `None` if the builder cannot build the project, and an error if docktag fails on what can be built.
    pub(crate) look: Look,
    /// Is asked if an image differs and its tag does not.
    pub(crate) judge: Judge,
}

impl<Look, Judge> Trial<Look, Judge> {
    /// Tries a project that `change` alters, which also says what it does.
    pub(crate) fn run<P: Clone + Debug>(
        &mut self,
        mut project: P,
        mut change: impl FnMut(&mut P) -> String,
        counts: &mut Counts,
    ) -> Result<(), Failed>
    where
        Look: FnMut(&P) -> Result<Option<Seen>, String>,
        Judge: FnMut(&P, &P, [&str; 2]) -> Result<Verdict, String>,
    {
        let seed = self.seed;
        let Some(mut seen) = (self.look)(&project).map_err(|said| format!("seed {seed}: {said}"))? else {
            counts.broken += 1;
            return Ok(());
        };
        counts.projects += 1;
        for _ in 0..self.changes {
            let before = project.clone();
            let what = change(&mut project);
            counts.changes += 1;
            let looked = (self.look)(&project).map_err(|said| format!("seed {seed}: after {what}: {said}"))?;
            let Some(now) = looked else {
                counts.broken += 1;
                project = before;
                continue;
            };
            for (service, Pair { image, tag }) in &now {
                let Some(old) = seen.get(service) else { continue };
                let (mut is_same_image, is_same_tag) = (*image == old.image, *tag == old.tag);
                if !is_same_image && is_same_tag {
                    match (self.judge)(&before, &project, [&old.image, image])? {
                        Verdict::SameImage => is_same_image = true,
                        Verdict::Told => {
                            counts.told += 1;
                            continue;
                        }
                        Verdict::Lie => {
                            let said = format!(
                                "seed {seed}: {what} gives {service} another image with the same tag\nbefore: {before:?}\nafter: {project:?}\n{}\n{image}",
                                old.image
                            );
                            return Err(said.into());
                        }
                    }
                }
                counts.add(is_same_image, is_same_tag, || format!("seed {seed}: {service}: {what}\n{project:?}\n"));
            }
            seen = now;
        }
        Ok(())
    }
}

/// The project of a seed, and what its changes are chosen with.
pub(crate) fn random<P>(seed: u64, new: impl FnOnce(&mut Random) -> P) -> (P, Random) {
    let mut random = Random::new(seed);
    (new(&mut random), random)
}
