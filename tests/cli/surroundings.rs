//! The tag depends on names and contents, and on nothing else around them.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use crate::support::{Dir, Run};

/// Names that locales order in other ways than bytes do.
const NAMES: [&str; 8] = ["a", "B", "_b", "\u{e9}", "Z", "z-1", "z_1", "z.1"];

fn project(order: impl Iterator<Item = &'static str>) -> Dir {
    let dir = Dir::new();
    for name in order {
        dir.file(format!("docker/{name}"), name);
    }
    dir
}

fn tag(dir: &Dir) -> String {
    Run::new(dir, ["tag", "--path", "docker"]).run().ok()
}

#[test]
fn locale_and_time_zone_do_not_matter() {
    let dir = project(NAMES.into_iter());
    let expected = tag(&dir);
    for (name, value) in
        [("LC_ALL", "en_US.UTF-8"), ("LC_ALL", "C"), ("LANG", "de_DE.UTF-8"), ("LC_COLLATE", "tr_TR"), ("TZ", "Asia/Tokyo")]
    {
        let there = Run::new(&dir, ["tag", "--path", "docker"]).env(name, value).run().ok();
        assert_eq!(there, expected, "{name}={value}");
    }
}

#[test]
fn times_modes_and_umask_do_not_matter() {
    let dir = project(NAMES.into_iter());
    let expected = tag(&dir);
    let file = File::options().write(true).open(dir.path("docker/a")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
    dir.mode("docker/B", 0o755).mode("docker/_b", 0o400);
    assert_eq!(tag(&dir), expected);
    let strict = Run::through(&dir, &["/bin/sh", "-c", "umask 0777; exec \"$@\"", "sh"], ["tag", "--path", "docker"]).run();
    assert_eq!(strict.ok(), expected);
}

#[test]
fn the_checkout_folder_and_the_order_of_creation_do_not_matter() {
    let (dir, other) = (project(NAMES.into_iter()), project(NAMES.into_iter().rev()));
    fs::rename(other.path(""), other.beside("elsewhere")).unwrap();
    fs::create_dir(other.path("")).unwrap();
    assert_eq!(Run::new(&other, ["tag", "--path", "docker", "-C", "../elsewhere"]).run().ok(), tag(&dir));
}

#[test]
fn many_files_on_many_cores_have_one_order() {
    let dir = Dir::new();
    for index in 0..500 {
        dir.file(format!("docker/{}/{index}", index % 7), index.to_string());
    }
    let first = Run::new(&dir, ["manifest", "--path", "docker"]).run().ok();
    assert_eq!(first.lines().count(), 500);
    for _ in 0..5 {
        assert_eq!(Run::new(&dir, ["manifest", "--path", "docker"]).run().ok(), first);
    }
}

#[test]
fn a_name_a_content_or_a_place_that_changes_changes_the_tag() {
    let dir = project(NAMES.into_iter());
    let mut tags = vec![tag(&dir)];
    let mut expect_another = |change: &str| {
        let tag = tag(&dir);
        assert!(!tags.contains(&tag), "{change}");
        tags.push(tag);
    };
    dir.file("docker/a", "other");
    expect_another("content");
    fs::rename(dir.path("docker/a"), dir.path("docker/c")).unwrap();
    expect_another("name");
    dir.folder("docker/sub");
    fs::rename(dir.path("docker/c"), dir.path("docker/sub/c")).unwrap();
    expect_another("folder");
    dir.file("docker/empty", "");
    expect_another("an empty file more");
}
