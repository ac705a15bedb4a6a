//! Manifests of anything at all: what is written can be read back, so two inputs never have one text.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use docktag::digest::{Algorithm, digest};
use docktag::manifest::{File, Manifest};
use docktag::note::{Entry, Kind, Shape};
use docktag::path::RelPath;
use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes that mean something in a line more often than not.
fn text(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let sign = prop_oneof![
        1 => any::<u8>(),
        8 => proptest::sample::select(b"ab ->\\\n\r#=".as_slice()),
    ];
    vec(sign, 0..most)
}

fn entry() -> impl Strategy<Value = Entry> {
    (proptest::sample::select(Kind::ALL), text(12), text(12)).prop_map(|(kind, name, value)| match kind.shape() {
        Shape::Name => Entry { kind, name, value: Vec::new() },
        Shape::Value => Entry { kind, name: Vec::new(), value },
        // Digests and hashes have no blank.
        Shape::Pair => Entry { kind, name, value: value.into_iter().filter(|&byte| byte != b' ').collect() },
        Shape::Arrow => Entry { kind, name, value },
    })
}

fn manifest() -> impl Strategy<Value = Manifest> {
    let file = (text(8), text(3)).prop_filter_map("a file has a name", |(path, content)| {
        (!path.is_empty()).then(|| File { path: RelPath::new(path), digest: digest(Algorithm::Md5, &content) })
    });
    (vec(entry(), 0..6), vec(file, 0..6)).prop_map(|(entries, files)| {
        let notes = entries.iter().map(Entry::render).collect();
        Manifest { algorithm: Algorithm::Md5, notes, files }
    })
}

/// What a manifest says, whatever the order of its lines.
fn said(manifest: &Manifest) -> (Vec<Entry>, Vec<(RelPath, String)>) {
    let mut entries: Vec<Entry> = manifest.notes.iter().map(|line| Entry::parse(line).unwrap()).collect();
    let mut files: Vec<_> = manifest.files.iter().map(|file| (file.path.clone(), file.digest.to_string())).collect();
    entries.sort();
    files.sort();
    (entries, files)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn an_entry_is_read_back(entry in entry()) {
        prop_assert_eq!(Entry::parse(&entry.render()), Some(entry));
    }

    #[test]
    fn a_line_that_is_read_is_the_only_one_of_its_entry(line in text(24)) {
        let line = [b"# link ", line.as_slice()].concat();
        if let Some(entry) = Entry::parse(&line) {
            prop_assert_eq!(entry.render(), line);
        }
    }

    #[test]
    fn a_manifest_is_read_back(manifest in manifest()) {
        let text = manifest.render();
        prop_assume!(!text.is_empty());
        let read = Manifest::parse(Algorithm::Md5, &text).unwrap();
        prop_assert_eq!(said(&read), said(&manifest));
        prop_assert_eq!(read.render(), text);
    }

    #[test]
    fn two_manifests_with_one_text_say_the_same(one in manifest(), other in manifest()) {
        prop_assert!(one.render() != other.render() || said(&one) == said(&other));
    }
}
