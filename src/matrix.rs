//! In which order what is missing is built, and by which jobs: images that need each other together, everything else apart, and for each platform a job of its own where
//! that is wanted.

use serde_json::{Map, Value, json};

use crate::plan::{Origin, Target};

/// What one job builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The services with `build:`, in an order in which none needs a later one.
    pub services: Vec<String>,
    /// Their images.
    pub images: Vec<String>,
    /// The platforms that are built for; none where they are not known.
    pub platforms: Vec<String>,
    /// The one platform of several that this job builds.
    pub part: Option<String>,
}

/// The jobs for the missing images, which are given in build order. At most `most`: beyond that a job has several groups.
///
/// With `split`, a group whose images are all for the same platforms has one job for each of them.
pub fn entries(missing: &[&Target], split: bool, most: usize) -> Vec<Entry> {
    let mut units: Vec<(Vec<usize>, Option<&String>)> = Vec::new();
    for group in groups(missing) {
        let platforms = &missing[group[0]].platforms;
        match split && platforms.len() > 1 && group.iter().all(|index| missing[*index].platforms == *platforms) {
            true => units.extend(platforms.iter().map(|platform| (group.clone(), Some(platform)))),
            false => units.push((group, None)),
        }
    }
    let jobs = if units.len() > most { pack(units, most) } else { units };
    jobs.into_iter().map(|(group, part)| entry(missing, &group, part)).collect()
}

/// The images that need each other, each group in the order of the list.
fn groups(missing: &[&Target]) -> Vec<Vec<usize>> {
    // The number of the group that an image is in: that of its first image.
    let mut numbers: Vec<usize> = (0..missing.len()).collect();
    for (index, target) in missing.iter().enumerate() {
        for context in &target.contexts {
            let Origin::Target(image) = &context.origin else { continue };
            let Some(other) = missing.iter().position(|other| other.image == *image) else { continue };
            let (one, both) = (numbers[index].max(numbers[other]), numbers[index].min(numbers[other]));
            for number in numbers.iter_mut().filter(|number| **number == one) {
                *number = both;
            }
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); missing.len()];
    for (index, number) in numbers.into_iter().enumerate() {
        groups[number].push(index);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Puts groups together until there are few enough jobs; those of one platform stay among themselves.
fn pack(units: Vec<(Vec<usize>, Option<&String>)>, most: usize) -> Vec<(Vec<usize>, Option<&String>)> {
    let total = units.len();
    let mut kinds: Vec<(Option<&String>, Vec<Vec<usize>>)> = Vec::new();
    for (group, part) in units {
        match kinds.iter_mut().find(|(of, _)| *of == part) {
            Some((_, groups)) => groups.push(group),
            None => kinds.push((part, vec![group])),
        }
    }
    let mut shares: Vec<usize> = kinds.iter().map(|(_, groups)| (most * groups.len() / total).max(1)).collect();
    while shares.iter().sum::<usize>() > most.max(kinds.len()) {
        if let Some(largest) = shares.iter_mut().max() {
            *largest -= 1;
        }
    }
    let mut jobs = Vec::new();
    for ((part, groups), share) in kinds.into_iter().zip(shares) {
        let mut bins: Vec<Vec<usize>> = vec![Vec::new(); share];
        // The largest first, so that the small ones fill what is left. (A sort would be 4 kB of the wasm.)
        let largest = groups.iter().map(Vec::len).max().unwrap_or_default();
        for size in (1..=largest).rev() {
            for group in groups.iter().filter(|group| group.len() == size) {
                if let Some(least) = bins.iter_mut().min_by_key(|bin| bin.len()) {
                    least.extend_from_slice(group);
                }
            }
        }
        jobs.extend(bins.into_iter().map(|bin| (bin, part)));
    }
    jobs
}

fn entry(missing: &[&Target], group: &[usize], part: Option<&String>) -> Entry {
    let targets = || group.iter().map(|index| missing[*index]);
    let mut platforms: Vec<String> = part.cloned().into_iter().collect();
    for platform in targets().filter(|_| part.is_none()).flat_map(|target| &target.platforms) {
        if !platforms.contains(platform) {
            platforms.push(platform.clone());
        }
    }
    Entry {
        services: targets().flat_map(|target| target.built.iter().cloned()).collect(),
        images: targets().map(|target| target.image.to_string()).collect(),
        platforms,
        part: part.cloned(),
    }
}

/// Groups what is missing so that each group needs nothing of its own or of later ones, as indices.
pub fn waves(targets: &[&Target]) -> Vec<Vec<usize>> {
    let mut waves: Vec<Vec<usize>> = Vec::new();
    let mut open: Vec<usize> = (0..targets.len()).collect();
    while !open.is_empty() {
        let needs_open = |index: &usize| {
            targets[*index]
                .contexts
                .iter()
                .any(|context| matches!(&context.origin, Origin::Target(image) if open.iter().any(|other| targets[*other].image == *image)))
        };
        let (later, mut now): (Vec<usize>, Vec<usize>) = open.iter().partition(|index| needs_open(index));
        if now.is_empty() {
            // Targets that need each other were refused when they got their names.
            now.clone_from(&later);
        }
        open.retain(|index| !now.contains(index));
        waves.push(now);
    }
    waves
}

/// How many services the name of a job spells out.
const NAMED: usize = 4;

/// A job's name for people.
pub fn name(entry: &Entry) -> String {
    let mut name = entry.services[..entry.services.len().min(NAMED)].join(" ");
    if entry.services.len() > NAMED {
        name.push_str(&format!(" and {} more", entry.services.len() - NAMED));
    }
    match &entry.part {
        Some(platform) => format!("{name} ({platform})"),
        None => name,
    }
}

/// The value of `strategy.matrix` in a workflow of GitHub: `fromJSON` of this (GitHub docs, "Running variations of jobs in a workflow").
///
/// ```
/// use docktag::matrix::{Entry, github};
///
/// let app = Entry { services: vec!["base".into(), "app".into()], images: vec![], platforms: vec!["linux/amd64".into()], part: None };
/// assert_eq!(
///     github(&[app]).to_string(),
///     r#"{"include":[{"images":"","name":"base app","part":"","platforms":"linux/amd64","services":"base app"}]}"#
/// );
/// assert_eq!(github(&[]).to_string(), r#"{"include":[]}"#);
/// ```
pub fn github(entries: &[Entry]) -> Value {
    let include = entries.iter().map(|entry| {
        let mut object = Map::new();
        for (key, value) in [
            ("name", name(entry)),
            ("services", entry.services.join(" ")),
            ("images", entry.images.join(" ")),
            ("platforms", entry.platforms.join(" ")),
            ("part", entry.part.clone().unwrap_or_default()),
        ] {
            object.insert(key.to_owned(), value.into());
        }
        Value::Object(object)
    });
    json!({ "include": include.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::image::Reference;
    use crate::plan::Context;

    fn target(name: &str, needs: &[&str], platforms: &[&str]) -> Target {
        let image = |name: &str| Reference::parse(&format!("a/{name}:1")).unwrap();
        let context = |name: &&str| Context { name: (*name).to_owned(), origin: Origin::Target(image(name)), is_given: false };
        Target {
            image: image(name),
            tag: "1".to_owned(),
            sha256: None,
            manifest: Rc::default(),
            dockerfile: None,
            moving: None,
            services: vec![name.to_owned()],
            built: vec![name.to_owned()],
            is_renamed: true,
            is_local: false,
            tags: Vec::new(),
            contexts: needs.iter().map(context).collect(),
            platforms: platforms.iter().map(|platform| (*platform).to_owned()).collect(),
            part: None,
        }
    }

    /// `services@part` of every job.
    fn said(targets: &[Target], split: bool, most: usize) -> Vec<String> {
        let entries = entries(&targets.iter().collect::<Vec<_>>(), split, most);
        let part = |entry: &Entry| entry.part.as_ref().map(|part| format!("@{part}")).unwrap_or_default();
        entries.iter().map(|entry| format!("{}{}", entry.services.join(" "), part(entry))).collect()
    }

    #[test]
    fn images_that_need_each_other_are_built_together() {
        let targets =
            [target("base", &[], &[]), target("db", &[], &[]), target("app", &["base", "gone"], &[]), target("web", &["app"], &[])];
        assert_eq!(said(&targets, true, 9), ["base app web", "db"]);
        let both = [target("a", &[], &[]), target("b", &[], &[]), target("c", &["b", "a"], &[])];
        assert_eq!(said(&both, false, 9), ["a b c"]);
        assert!(said(&[], true, 9).is_empty());
    }

    #[test]
    fn a_group_for_the_same_platforms_is_split_and_another_is_not() {
        let two = ["linux/amd64", "linux/arm64"];
        let targets =
            [target("base", &[], &two), target("app", &["base"], &two), target("tool", &[], &two[..1]), target("x", &["tool"], &two)];
        assert_eq!(said(&targets, true, 9), ["base app@linux/amd64", "base app@linux/arm64", "tool x"]);
        assert_eq!(said(&targets, false, 9), ["base app", "tool x"]);
        let entries = entries(&targets.iter().collect::<Vec<_>>(), false, 9);
        assert_eq!(entries[0].platforms, two);
    }

    #[test]
    fn there_are_no_more_jobs_than_allowed() {
        let two = ["linux/amd64", "linux/arm64"];
        let targets: Vec<Target> =
            (0..300).map(|number| target(&format!("s{number}"), &[], if number < 20 { &two } else { &two[..1] })).collect();
        let all: Vec<&Target> = targets.iter().collect();
        for (split, most, count) in [(false, 256, 256), (true, 256, 256), (true, 7, 7), (true, 1, 3), (false, 1, 1), (false, 400, 300)] {
            let jobs = entries(&all, split, most);
            // Shares are rounded down.
            assert!(jobs.len() <= count && jobs.len() + 2 >= count, "{split} {most}: {}", jobs.len());
            let mut services: Vec<String> =
                jobs.iter().flat_map(|job| job.services.iter().map(|name| format!("{name} {:?}", job.part))).collect();
            services.sort();
            services.dedup();
            assert_eq!(services.len(), if split { 320 } else { 300 }, "each once");
        }
    }

    #[test]
    fn what_another_target_needs_is_built_first() {
        let (app, base, lib) = (target("app", &["lib"], &[]), target("base", &[], &[]), target("lib", &["base"], &[]));
        assert_eq!(waves(&[&app, &base, &lib]), [vec![1], vec![2], vec![0]]);
        assert_eq!(waves(&[&app, &base]), [vec![0, 1]]);
        assert!(waves(&[]).is_empty());
    }

    #[test]
    fn a_long_name_is_cut() {
        let targets =
            [target("a", &[], &[]), target("b", &["a"], &[]), target("c", &["a"], &[]), target("d", &["a"], &[]), target("e", &["a"], &[])];
        let jobs = entries(&targets.iter().collect::<Vec<_>>(), false, 9);
        assert_eq!(name(&jobs[0]), "a b c d and 1 more");
    }
}
