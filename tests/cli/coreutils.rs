//! Manifest and tag are, byte for byte, what GNU `find`, `md5sum` and `sort` make of the same folder.

use std::fs;
use std::os::unix::net::UnixListener;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::support::shell::{recipe, sh, sh_with, tag_of};
use crate::support::{Dir, Run};

/// One tree, both algorithms: manifest, tag and `-c` by the real tools.
#[track_caller]
fn check(dir: &Dir, folders: &[&str]) {
    for (algorithm, program) in [("md5", "md5sum"), ("sha256", "sha256sum")] {
        let options: Vec<&str> = folders.iter().flat_map(|folder| ["--path", folder]).chain(["--algorithm", algorithm]).collect();
        let manifest = Run::new(dir, [&["manifest"], &options[..]].concat()).run();
        manifest.ok();
        let expected = recipe(dir, program, folders);
        assert!(manifest.stdout == expected, "docktag:\n{}\n{program}:\n{}", manifest.stdout.escape_ascii(), expected.escape_ascii());
        let tag = Run::new(dir, [&["tag"], &options[..]].concat()).run().ok();
        assert_eq!(tag, format!("{}\n", tag_of(dir, program, &manifest.stdout)));
        sh_with(dir, &format!("{program} --check --strict --quiet -"), &[], &manifest.stdout);
    }
}

/// A part of a path from bytes that mean something to a shell, to `find`, to `md5sum`, to `sort` or to a terminal.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = select(b"ab Z.-_#*?\\\n\r\t\"'$`~:;|&%{}\x01\x1b\x7f\xc3\xa9\xff".to_vec());
    let special = select(vec![
        b" a ".to_vec(),
        b"-rf".to_vec(),
        b"# docktag 1".to_vec(),
        b"*".to_vec(),
        b"\\n".to_vec(),
        b"\\".to_vec(),
        b"a\\b".to_vec(),
        b"...".to_vec(),
        "\u{e9}\u{1f433}".as_bytes().to_vec(),
        vec![0xff; 3],
        vec![b'x'; 255],
    ]);
    prop_oneof![4 => prop::collection::vec(byte, 1..8), 1 => special].prop_filter("a name of its own", |name| name != b"." && name != b"..")
}

#[derive(Debug, Clone)]
enum Entry {
    File(Vec<u8>),
    Folder,
    Link(Vec<u8>),
}

fn entry() -> impl Strategy<Value = (Vec<u8>, Entry)> {
    let path = prop::collection::vec(name(), 1..4).prop_map(|parts| parts.join(&b'/'));
    let content = prop_oneof![9 => prop::collection::vec(any::<u8>(), 0..80), 1 => Just(vec![0; 200_000])];
    let kind = prop_oneof![8 => content.prop_map(Entry::File), 1 => Just(Entry::Folder), 1 => name().prop_map(Entry::Link)];
    (path, kind)
}

#[test]
fn any_tree_has_the_recipes_manifest() {
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let trees = prop::collection::vec(entry(), 0..24);
    let result = TestRunner::new(config).run(&trees, |tree| {
        let dir = Dir::with_docker();
        for (path, entry) in tree {
            let path = [b"docker/".to_vec(), path].concat();
            let file = dir.path(&path);
            // A file can stand where a later entry wants a folder, and the other way round: that entry is left out.
            if file.symlink_metadata().is_ok() || fs::create_dir_all(file.parent().unwrap()).is_err() {
                continue;
            }
            match entry {
                Entry::File(content) => dir.file(&path, content),
                Entry::Folder => dir.folder(&path),
                Entry::Link(target) => dir.link(&path, target),
            };
        }
        check(&dir, &["docker"]);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn each_odd_name_is_written_as_md5sum_writes_it() {
    let dir = Dir::new();
    let names: [&[u8]; 16] = [
        b"a\nb",
        b"a\\b",
        b"a\\nb",
        b"a\rb",
        b"\\",
        b"\n",
        b" a",
        b"a ",
        b" ",
        b"\ta\t",
        b"-",
        b"--help",
        b"#",
        b"*",
        b"a\xff\xfe",
        b"\xc3\xa9",
    ];
    for (index, name) in names.iter().enumerate() {
        dir.file([b"docker/", *name].concat(), index.to_string());
    }
    check(&dir, &["docker"]);
}

#[test]
fn names_are_sorted_as_they_are_printed() {
    let dir = Dir::new();
    // A newline sorts before every letter, but is printed as `\n`, which sorts after the upper-case ones.
    for name in ["a\nz", "aZ", "a\\z", "a[", "a]", "aa", "a\n", "a", "a/b\n", "b/\r", "b/\\", "b/]"] {
        dir.file(format!("docker/{}", name.replacen("a/", "c/", 1)), name);
    }
    check(&dir, &["docker"]);
}

#[test]
fn long_names_and_deep_folders_are_listed() {
    let dir = Dir::new();
    dir.file(format!("docker/{}", "x".repeat(255)), "long");
    // As deep as one path can name.
    dir.file(format!("docker/{}deep", "d/".repeat(1800)), "deep");
    check(&dir, &["docker"]);
}

#[test]
fn only_regular_files_are_listed() {
    let dir = Dir::with_docker();
    dir.folder("docker/empty").link("docker/to-file", "Dockerfile").link("docker/to-folder", "empty").link("docker/dangling", "nowhere");
    dir.link("docker/loop", "loop").link("docker/up", "..").file("docker/empty-file", "");
    sh(&dir, "mkfifo docker/fifo", &[]);
    let _socket = UnixListener::bind(dir.path("docker/socket")).unwrap();
    check(&dir, &["docker"]);
}

#[test]
fn what_a_plain_folder_tag_does_not_see_is_said() {
    let dir = Dir::with_docker();
    dir.folder("docker/empty").link("docker/link", "Dockerfile").link("docker/loop", "loop").mode("docker/Dockerfile", 0o755);
    let ran = Run::new(&dir, ["tag", "--path", "docker"]).run();
    ran.ok();
    ran.says(&["not the 1 executable bit, 2 symbolic links, 1 empty folder here"]);
    let plain = Run::new(&Dir::with_docker(), ["tag", "--path", "docker"]).run();
    plain.ok();
    assert_eq!(plain.stderr, "", "where nothing is left out, nothing is said");
}
