//! What a user should know of the inputs of a project: what makes a tag change too often, or too seldom.

use crate::compose::project::Project;
use crate::desk::{Desk, join};
use crate::error::Result;
use crate::image::Reference;
use crate::job::draft::{Draft, familiar};
use crate::job::look::Looked;
use crate::job::place::{Places, below};
use crate::job::services::Found;
use crate::job::{per_commit, strong};
use crate::need::Hashed;
use crate::options::Options;
use crate::path::RelPath;
use crate::reach::PickedKind;
use crate::reach::remote::without_login;
use crate::report::Note;

/// A context is large from here on.
const LARGE: u64 = 100_000_000;
/// A pointer file of Git LFS is about this long (git-lfs `docs/spec.md`).
const POINTER: std::ops::Range<u64> = 100..300;
const POINTER_BEGIN: &[u8] = b"version https://git-lfs.github.com/spec/";
/// So many files are looked into.
const POINTERS: usize = 20;

/// Warnings, each with the services that it is about.
#[derive(Default)]
struct Warnings(Vec<(String, Vec<String>)>);

impl Warnings {
    fn add(&mut self, draft: &Draft<'_>, text: String) {
        let service = draft.service.name.clone();
        match self.0.iter_mut().find(|(other, _)| *other == text) {
            Some((_, services)) if services.contains(&service) => {}
            Some((_, services)) => services.push(service),
            None => self.0.push((text, vec![service])),
        }
    }
}

/// Tells what there is to tell.
pub(super) async fn tell(desk: &Desk, options: &Options, project: &Project, found: &Found<'_>) -> Result<()> {
    let mut warnings = Warnings::default();
    for draft in &found.drafts {
        of_dockerfile(options, draft, &mut warnings);
    }
    for (index, draft) in found.drafts.iter().enumerate() {
        of_files(found, index, draft, &mut warnings);
    }
    of_checkout(desk, options, project, found, &mut warnings).await;
    for (text, services) in warnings.0 {
        let several = if services.len() > 1 { "services" } else { "service" };
        desk.tell(Note::warning(format!("{several} `{}`: {text}", services.join("`, `"))));
    }
    // A file with other line ends on disk has the digest of its text.
    let (paths, hashed): (Vec<RelPath>, Vec<&Hashed>) = found.digests.iter().map(|(path, hashed)| (path.clone(), hashed)).unzip();
    let paths = Places::new(options, project).paths_of_host(&paths);
    let as_hashed = paths.iter().zip(hashed).filter(|(path, _)| found.altered.binary_search(path).is_err());
    strong::warn(desk, options, as_hashed.map(|(path, hashed)| (path, hashed.digest, hashed.size)).collect()).await
}

fn of_dockerfile(options: &Options, draft: &Draft<'_>, warnings: &mut Warnings) {
    let place = |line: u32| draft.text.path.as_ref().filter(|_| line > 0).map(|_| format!(" ({}:{line})", draft.place)).unwrap_or_default();
    for base in draft.strangers.iter().filter(|base| !base.syntax && !options.pin_bases) {
        if base.reference.ends_with(":latest") {
            warnings.add(
                draft,
                format!(
                    "the base image `{}`{} can become another one while the tag stays: name a version, or use `--pin-bases` or `--refresh`",
                    familiar(&base.reference),
                    place(base.line)
                ),
            );
        }
    }
    for remote in draft.reach.remotes.iter().filter(|remote| !remote.pinned) {
        let pin = match (remote.git, remote.line) {
            (true, _) => "pin it with a commit id, or ",
            // No context that is not a repository can be pinned.
            (false, 0) => "",
            (false, _) => "pin it with `--checksum`, or ",
        };
        warnings.add(
            draft,
            format!(
                "what is fetched from {}{} can change while the tag stays: {pin}use `--refresh`",
                // A query can hold a token.
                without_login(&remote.address).split('?').next().unwrap_or_default(),
                place(remote.line)
            ),
        );
    }
    if let Some((tag, what)) = draft.service.image.as_deref().and_then(|image| changing_tag(options, image)) {
        let image = draft.service.image_or_default.strip_suffix(&format!(":{tag}")).unwrap_or(&draft.service.image_or_default);
        warnings.add(
            draft,
            format!("the tag `{tag}` of its image has {what} in it, so no build is ever a hit: write `image: {image}`, and put `{image}:{tag}` into `build.tags`"),
        );
    }
    for (name, value) in draft.reach.args.iter().filter(|(name, _)| !options.ignored_args.contains(name)) {
        if let Some(variable) = per_commit::variable_of(&options.host.env, value) {
            warnings.add(
                draft,
                format!("the argument `{name}` is that of {variable}, so the tag changes with it: leave it out with `--ignore-arg {name}`"),
            );
        }
    }
    let build = draft.service.build.iter();
    for (name, value) in build.filter_map(|build| build.other.get("labels")?.as_object()).flatten() {
        if let Some(variable) = value.as_str().and_then(|value| per_commit::variable_of(&options.host.env, value)) {
            warnings.add(
                draft,
                format!("the label `{name}` is that of {variable}, so the tag changes with it: leave it out of `build.labels`"),
            );
        }
    }
}

/// The tag of an image, and what in it is different for every commit, run or day.
fn changing_tag(options: &Options, image: &str) -> Option<(String, String)> {
    let tag = Reference::parse(image).ok()?.tag?;
    let what = per_commit::in_tag(&options.host.env, options.host.now, &tag)?;
    Some((tag, what))
}

fn of_files(found: &Found<'_>, index: usize, draft: &Draft<'_>, warnings: &mut Warnings) {
    for (looked, (_, folder)) in found.looked[index].iter().zip(&draft.folders) {
        let files = looked.selection.picked.iter().filter(|picked| picked.kind == PickedKind::File);
        let mut secrets: Vec<String> = Vec::new();
        // Bytes by the first part of the path.
        let (mut total, mut parts): (u64, Vec<(&[u8], u64)>) = (0, Vec::new());
        for picked in files {
            let bytes = picked.path.as_bytes();
            let name = bytes.rsplit(|&byte| byte == b'/').next().unwrap_or(bytes);
            let path = below(folder, &picked.path);
            if is_secret(name) {
                secrets.push(path.to_string());
            }
            let size = found.digests.get(&path).map_or(0, |hashed| hashed.size);
            let part = bytes.split(|&byte| byte == b'/').next().unwrap_or(bytes);
            total = total.saturating_add(size);
            match parts.last_mut().filter(|(last, _)| *last == part) {
                Some((_, sum)) => *sum = sum.saturating_add(size),
                None => parts.push((part, size)),
            }
        }
        if !secrets.is_empty() {
            let more = if secrets.len() > 3 { format!(" and {} more", secrets.len() - 3) } else { String::new() };
            secrets.truncate(3);
            warnings.add(
                draft,
                format!(
                    "{}{more} looks like a secret and goes into the image: leave it out in .dockerignore, or give it as a build secret",
                    secrets.join(", ")
                ),
            );
        }
        if let Some(line) = looked.selection.picked.iter().find_map(|picked| git_folder(&picked.path)) {
            warnings.add(
                draft,
                format!(
                    "`{}` is among the inputs, and no two clones have the same: add the line `{line}` to {}",
                    below(folder, &line),
                    ignore_file(looked, folder)
                ),
            );
        }
        let largest = parts.iter().max_by_key(|(_, size)| *size);
        if total > LARGE
            && let Some((name, size)) = largest.filter(|(_, size)| *size > total / 2)
        {
            let file = ignore_file(looked, folder);
            warnings.add(
                draft,
                format!(
                    "{} MB of the {} MB that count are in `{}`: if the image does not need it, add the line `{}` to {file}",
                    size / 1_000_000,
                    total / 1_000_000,
                    RelPath::new(*name),
                    RelPath::new(*name)
                ),
            );
        }
    }
}

/// Returns the path up to its part `.git`; `None` if it has none.
fn git_folder(path: &RelPath) -> Option<RelPath> {
    let parts: Vec<&[u8]> = path.as_bytes().split(|&byte| byte == b'/').collect();
    let end = parts.iter().position(|part| *part == b".git")?;
    Some(RelPath::new(parts[..=end].join(&b'/')))
}

/// Returns the ignore file of a folder, or the name that it would have.
fn ignore_file(looked: &Looked, folder: &str) -> String {
    looked.context.ignore_file.clone().unwrap_or_else(|| below(folder, &RelPath::new(*b".dockerignore")).to_string())
}

/// What a checkout can lack: the contents of Git LFS, and submodules.
async fn of_checkout(desk: &Desk, options: &Options, project: &Project, found: &Found<'_>, warnings: &mut Warnings) {
    let places = Places::new(options, project);
    let (attributes, modules) = (places.of_host(".gitattributes"), places.of_host(".gitmodules"));
    let (attributes, modules) = join(desk.read_if_there(&attributes), desk.read_if_there(&modules)).await;
    let text = |read: Result<Option<Vec<u8>>>| String::from_utf8_lossy(&read.ok().flatten().unwrap_or_default()).into_owned();
    let modules = text(modules);
    let modules: Vec<&str> =
        modules.lines().filter_map(|line| line.trim().strip_prefix("path")?.trim_start().strip_prefix('=').map(str::trim)).collect();
    let has_pointers = text(attributes).contains("filter=lfs");
    let mut looked_into = 0;
    for (index, draft) in found.drafts.iter().enumerate() {
        for (looked, (_, folder)) in found.looked[index].iter().zip(&draft.folders) {
            for picked in &looked.selection.picked {
                let path = below(folder, &picked.path);
                let name = path.to_string();
                if picked.kind == PickedKind::Folder && modules.contains(&name.as_str()) {
                    warnings.add(draft, format!("{name} is a submodule that is not checked out: use `git submodule update --init`, or `submodules: true` in actions/checkout"));
                }
                let is_small = found.digests.get(&path).is_some_and(|hashed| POINTER.contains(&hashed.size));
                if picked.kind != PickedKind::File || !has_pointers || !is_small || looked_into == POINTERS {
                    continue;
                }
                looked_into += 1;
                let content = desk.read_if_there(&places.of_host(&name)).await.ok().flatten().unwrap_or_default();
                if content.starts_with(POINTER_BEGIN) {
                    warnings.add(
                        draft,
                        format!(
                            "{name} is a pointer of Git LFS and not the file itself: use `git lfs pull`, or `lfs: true` in actions/checkout"
                        ),
                    );
                }
            }
        }
    }
}

/// Names that secrets have by custom.
fn is_secret(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    let name = name.to_ascii_lowercase();
    let is_example = ["example", "sample", "template", "dist", "pub"].iter().any(|word| name.ends_with(word));
    let is_named = matches!(
        name.as_str(),
        ".env" | "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" | ".netrc" | ".git-credentials" | ".pypirc" | ".dockercfg" | ".htpasswd"
    );
    let is_kind = [".key", ".p12", ".pfx", ".jks", ".kdbx", ".ppk"].iter().any(|end| name.ends_with(end) && name.len() > end.len());
    !is_example && (is_named || is_kind || name.starts_with(".env."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for (name, secret) in [
            (".env", true),
            (".env.production", true),
            (".env.example", false),
            ("id_rsa", true),
            ("id_rsa.pub", false),
            ("server.key", true),
            (".key", false),
            ("keyboard.txt", false),
        ] {
            assert_eq!(is_secret(name.as_bytes()), secret, "{name}");
        }
    }
}
