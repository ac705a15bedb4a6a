//! Two manifests compared.

use std::cmp::Ordering;

use serde::Serialize;

use crate::manifest::{File, Manifest};
use crate::note::Entry;
use crate::path::RelPath;

/// What differs between two manifests, each list sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Diff {
    /// In the new one only.
    pub added: Vec<RelPath>,
    /// In the old one only.
    pub removed: Vec<RelPath>,
    /// In both, with another digest.
    pub changed: Vec<RelPath>,
    /// The same digest under another path; these are neither among the added nor among the removed.
    pub renamed: Vec<Renamed>,
    /// What is not a file: arguments, modes, links and so on, sorted by kind and name.
    pub notes: Vec<NoteDiff>,
}

/// A file that has another path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// Its path in the old manifest.
    pub from: RelPath,
    /// Its path in the new one.
    pub to: RelPath,
}

/// A line that begins with `#` and is not in both manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteDiff {
    /// The word that begins it: `arg`, `base`, `exec` and so on (`docs/manifest.md`).
    pub kind: String,
    /// What it is about: the name of an argument, the path of a link; empty where there is but one such line.
    pub name: RelPath,
    /// Its value in the old manifest: a digest for arguments and keys, a link's target; `None` where it is not in there.
    pub before: Option<RelPath>,
    /// Its value in the new one.
    pub after: Option<RelPath>,
    /// The difference in words, such as `argument VERSION changed`.
    pub text: String,
}

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many differences there are.
    pub fn len(&self) -> usize {
        self.added.len() + self.removed.len() + self.changed.len() + self.renamed.len() + self.notes.len()
    }

    /// Every difference in words, and the path in the new state that it is about, where it is about a file.
    pub fn items(&self) -> Vec<(String, Option<&RelPath>)> {
        let mut all = Vec::with_capacity(self.len());
        for (paths, what) in [(&self.changed, "changed"), (&self.added, "added"), (&self.removed, "removed")] {
            all.extend(paths.iter().map(|path| (format!("{path} {what}"), Some(path))));
        }
        all.extend(self.renamed.iter().map(|it| (format!("{} renamed to {}", it.from, it.to), Some(&it.to))));
        all.extend(self.notes.iter().map(|note| (note.text.clone(), note.path())));
        all
    }

    /// What differs, without how: paths, and inputs that are no files by kind and name.
    pub fn subjects(&self) -> Vec<String> {
        let files = [&self.changed, &self.added, &self.removed].into_iter().flatten().chain(self.renamed.iter().map(|it| &it.to));
        let mut all: Vec<String> = files.map(RelPath::to_string).collect();
        all.extend(self.notes.iter().map(|note| match note.path() {
            Some(path) => path.to_string(),
            None => format!("{} {}", note.kind, note.name).trim_end().to_owned(),
        }));
        all
    }

    /// `docker/a changed, docker/b added and 3 more`; empty where nothing differs.
    pub fn summary(&self, at_most: usize) -> String {
        let all: Vec<String> = self.items().into_iter().map(|(text, _)| text).collect();
        let more = all.len().saturating_sub(at_most);
        let shown = all[..all.len() - more].join(", ");
        if more == 0 { shown } else { format!("{shown} and {more} more") }
    }

    /// `2 files changed, 1 added, argument VERSION changed`: how many of each kind; empty where nothing differs.
    pub fn counts(&self) -> String {
        let mut said: Vec<String> = Vec::new();
        let kinds = [
            (self.changed.len(), "changed"),
            (self.added.len(), "added"),
            (self.removed.len(), "removed"),
            (self.renamed.len(), "renamed"),
        ];
        for (count, what) in kinds.into_iter().filter(|(count, _)| *count > 0) {
            let files = match (said.is_empty(), count) {
                (true, 1) => " file",
                (true, _) => " files",
                (false, _) => "",
            };
            said.push(format!("{count}{files} {what}"));
        }
        match self.notes.as_slice() {
            [] => {}
            [one] => said.push(one.text.clone()),
            many if said.is_empty() => said.push(format!("{} inputs that are no files changed", many.len())),
            many => said.push(format!("{} inputs that are no files", many.len())),
        }
        said.join(", ")
    }
}

impl NoteDiff {
    /// The path in the new state that it is about, where that is one.
    pub fn path(&self) -> Option<&RelPath> {
        matches!(self.kind.as_str(), "exec" | "link" | "dir").then_some(&self.name)
    }
}

/// A difference in words: `argument VERSION changed`, `target prod (was dev)`. The values of arguments and keys are not shown: they are digests.
fn words(kind: &str, name: &RelPath, before: Option<&RelPath>, after: Option<&RelPath>) -> String {
    let what = match (before, after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let word = match kind {
        "arg" => "argument",
        "base" => "base image",
        "build" => "build key",
        "dir" => "empty folder",
        "dockerfile" => "Dockerfile",
        "refresh" => "period",
        other => other,
    };
    match (kind, before, after) {
        ("exec", None, _) => format!("{name} is executable now"),
        ("exec", ..) => format!("{name} is no longer executable"),
        ("link", Some(before), Some(after)) => format!("link {name} -> {after} (was {before})"),
        ("link", Some(to), None) | ("link", None, Some(to)) => format!("link {name} -> {to} {what}"),
        ("salt", ..) => format!("salt {what}"),
        ("context" | "dockerfile" | "target" | "refresh", Some(before), Some(after)) => format!("{word} {after} (was {before})"),
        ("context" | "dockerfile" | "target" | "refresh", before, after) => {
            let value = after.or(before).map(RelPath::to_string).unwrap_or_default();
            format!("{word} {value} {what}")
        }
        _ => format!("{word} {name} {what}"),
    }
}

/// Compares two manifests.
///
/// ```
/// use docktag::digest::Algorithm;
/// use docktag::{diff::diff, manifest::Manifest};
///
/// let old = "# arg V 1\n# exec a\n900150983cd24fb0d6963f7d28e17f72  a\n00000000000000000000000000000000  b\n";
/// let new = "# arg V 2\nd41d8cd98f00b204e9800998ecf8427e  a\n00000000000000000000000000000000  c\n";
/// let [old, new] = [old, new].map(|text| Manifest::parse(Algorithm::Md5, text.as_bytes()));
/// let diff = diff(&old?, &new?);
/// assert_eq!(diff.summary(5), "a changed, b renamed to c, argument V changed, a is no longer executable");
/// assert_eq!(diff.counts(), "1 file changed, 1 renamed, 2 inputs that are no files");
/// # Ok::<(), docktag::error::Error>(())
/// ```
pub fn diff(old: &Manifest, new: &Manifest) -> Diff {
    let (before, after) = (by_path(old), by_path(new));
    let mut diff = Diff::default();
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    merge(&before, &after, &mut |a, b| a.path.cmp(&b.path), &mut |old, new| match (old, new) {
        (Some(old), Some(new)) if old.digest != new.digest => diff.changed.push(new.path.clone()),
        (Some(_), Some(_)) => {}
        (Some(old), None) => removed.push(*old),
        (None, Some(new)) => added.push(*new),
        (None, None) => {}
    });
    // A file that keeps its name in another folder is the better match; then any with the same content.
    pair(&mut removed, &mut added, &mut diff.renamed, |a, b| (a.digest, name(&a.path)).cmp(&(b.digest, name(&b.path))));
    pair(&mut removed, &mut added, &mut diff.renamed, |a, b| a.digest.cmp(&b.digest));
    diff.renamed.sort_unstable_by(|a, b| a.to.cmp(&b.to));
    for (files, paths) in [(removed, &mut diff.removed), (added, &mut diff.added)] {
        paths.extend(files.into_iter().map(|file| file.path.clone()));
        paths.sort_unstable();
    }
    let (before, after) = (notes(old), notes(new));
    merge(&before, &after, &mut |a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)), &mut |old, new| {
        let Some((kind, name, _)) = new.or(old) else { return };
        let value = |note: Option<&Note>| note.map(|(.., value)| value.clone());
        if value(old) != value(new) {
            let (before, after) = (value(old), value(new));
            let text = words(kind, name, before.as_ref(), after.as_ref());
            diff.notes.push(NoteDiff { kind: kind.clone(), name: name.clone(), before, after, text });
        }
    });
    leave_out_modes(&mut diff);
    diff
}

/// Kind, name and value.
type Note = (String, RelPath, RelPath);

/// The lines that begin with `#`, sorted.
fn notes(manifest: &Manifest) -> Vec<Note> {
    let mut all: Vec<Note> = manifest.notes.iter().map(|line| note(line)).filter(|(kind, ..)| kind != "docktag").collect();
    all.sort_unstable();
    all
}

/// Takes a line apart. If its kind is not known, the rest of it is the name.
fn note(line: &[u8]) -> Note {
    if let Some(Entry { kind, name, value }) = Entry::parse(line) {
        return (kind.word().to_owned(), RelPath::new(name), RelPath::new(value));
    }
    let line = line.strip_prefix(b"# ").unwrap_or(line);
    let end = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
    let name = line.get(end + 1..).unwrap_or_default();
    (String::from_utf8_lossy(&line[..end]).into_owned(), RelPath::new(name), RelPath::new(*b""))
}

/// A mode is worth a word only where the file itself stayed.
fn leave_out_modes(diff: &mut Diff) {
    let is = |notes: &[NoteDiff], path: &RelPath, is_new: bool| {
        notes.iter().any(|note| note.kind == "exec" && note.name == *path && note.after.is_some() == is_new)
    };
    let kept: Vec<&Renamed> = diff.renamed.iter().filter(|it| is(&diff.notes, &it.from, false) && is(&diff.notes, &it.to, true)).collect();
    let is_said = |note: &NoteDiff| {
        let (files, renamed) = match note.after {
            Some(_) => (&diff.added, kept.iter().any(|it| it.to == note.name)),
            None => (&diff.removed, kept.iter().any(|it| it.from == note.name)),
        };
        files.binary_search(&note.name).is_ok() || renamed
    };
    let said: Vec<bool> = diff.notes.iter().map(|note| note.kind == "exec" && is_said(note)).collect();
    let mut said = said.into_iter();
    diff.notes.retain(|_| !said.next().unwrap_or_default());
}

/// Walks two sorted lists together.
fn merge<T>(old: &[T], new: &[T], order: &mut dyn FnMut(&T, &T) -> Ordering, each: &mut dyn FnMut(Option<&T>, Option<&T>)) {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let next = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => order(a, b),
        };
        let before = if next.is_le() { old.next() } else { None };
        let after = if next.is_ge() { new.next() } else { None };
        each(before, after);
    }
}

/// Takes pairs that are equal in an order out of both lists.
fn pair<'a>(removed: &mut Vec<&'a File>, added: &mut Vec<&'a File>, renamed: &mut Vec<Renamed>, order: fn(&File, &File) -> Ordering) {
    removed.sort_by(|a, b| order(a, b));
    added.sort_by(|a, b| order(a, b));
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    merge(removed, added, &mut |a, b| order(a, b), &mut |old, now| match (old, now) {
        (Some(old), Some(now)) => renamed.push(Renamed { from: old.path.clone(), to: now.path.clone() }),
        (old, now) => {
            gone.extend(old);
            new.extend(now);
        }
    });
    (*removed, *added) = (gone, new);
}

/// The last part of a path.
fn name(path: &RelPath) -> &[u8] {
    path.as_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

/// The files sorted by path; a path that stands there twice (from folders that overlap) counts once.
fn by_path(manifest: &Manifest) -> Vec<&File> {
    let mut files = manifest.sorted(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Algorithm, digest};

    /// Files as `path=content`, other lines as they are.
    fn manifest(lines: &[&str]) -> Manifest {
        let mut manifest = Manifest::default();
        for line in lines {
            match line.split_once('=') {
                Some((path, content)) => {
                    manifest.files.push(File { path: RelPath::new(path.as_bytes()), digest: digest(Algorithm::Md5, content.as_bytes()) });
                }
                None => manifest.notes.push(line.as_bytes().to_vec()),
            }
        }
        manifest
    }

    #[track_caller]
    fn check(old: &[&str], new: &[&str], expected: &str) {
        assert_eq!(diff(&manifest(old), &manifest(new)).summary(9), expected);
    }

    #[test]
    fn a_file_with_the_same_content_elsewhere_is_renamed() {
        check(&["a/x=1"], &["b/x=1"], "a/x renamed to b/x");
        // The one of the same name first, whatever the order of the paths.
        check(&["a/x=1", "a/y=1"], &["b/y=1", "c/x=1"], "a/y renamed to b/y, a/x renamed to c/x");
        check(&["a=1", "b=1"], &["c=1"], "b removed, a renamed to c");
        check(&["a=1"], &["a=1", "b=1"], "b added");
    }

    #[test]
    fn a_mode_is_told_where_the_file_stayed() {
        check(&["a=1"], &["# exec a", "a=1"], "a is executable now");
        check(&["a=1"], &["# exec a", "a=2"], "a changed, a is executable now");
        check(&[], &["# exec a", "a=1"], "a added");
        check(&["# exec a", "a=1"], &[], "a removed");
        check(&["# exec a", "a=1"], &["# exec b", "b=1"], "a renamed to b");
        check(&["# exec a", "a=1"], &["b=1"], "a renamed to b, a is no longer executable");
        check(&["a\nb=1"], &["# exec a\\nb", "a\nb=1"], "a\\nb is executable now");
    }

    #[test]
    fn what_is_no_file_is_told_in_words() {
        let one = |old: &str, new: &str, expected: &str| {
            let list = |line: &str| if line.is_empty() { manifest(&[]) } else { manifest(&[line]) };
            assert_eq!(diff(&list(old), &list(new)).summary(9), expected);
        };
        one("# docktag 1", "", "");
        one("# arg A 00", "# arg A 11", "argument A changed");
        one("", "# arg A 11", "argument A added");
        one("# base php:8 sha256:a", "# base php:8 sha256:b", "base image php:8 changed");
        one("# link a -> b", "# link a -> c", "link a -> c (was b)");
        one("# link a -> b", "", "link a -> b removed");
        one("# target dev", "# target prod", "target prod (was dev)");
        one("", "# context app", "context app added");
        one("# platform linux/amd64", "# platform linux/arm64", "platform linux/amd64 removed, platform linux/arm64 added");
        one("# dir a", "", "empty folder a removed");
        one("# build labels 00", "# build labels 11", "build key labels changed");
        one("# image base 00", "# image base 11", "image base changed");
        one("# refresh 2026-W47", "# refresh 2026-W48", "period 2026-W48 (was 2026-W47)");
        one("# salt 00", "# salt 11", "salt changed");
        one("# new kind of line", "", "new kind of line removed");
        one("#", "# arg", "#  removed, argument  added");
    }
}
