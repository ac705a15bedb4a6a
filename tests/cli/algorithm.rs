//! `--algorithm`.

use docktag::digest::Kernel;

use crate::support::{Dir, Run};

#[test]
fn the_recipes_hash_is_the_default() {
    let dir = Dir::with_docker();
    let plain = Run::new(&dir, ["tag", "--path", "docker"]).run().ok();
    assert_eq!(plain.trim().len(), 32);
    assert_eq!(Run::new(&dir, ["tag", "--path", "docker", "--algorithm", "md5"]).run().ok(), plain);
    let sha = Run::new(&dir, ["tag", "--path", "docker", "--algorithm", "sha256"]).run().ok();
    assert_eq!(sha.trim().len(), 64);
}

#[test]
fn a_hash_that_is_not_known_names_those_that_are() {
    let dir = Dir::with_docker();
    Run::new(&dir, ["tag", "--path", "docker", "--algorithm", "sha1"]).run().fails(2, &["sha1", "md5", "sha256"]);
}

#[test]
fn whatever_hashes_the_tag_is_the_same() {
    let dir = Dir::with_docker();
    for number in 0..60 {
        dir.file(format!("docker/many/{number}"), "x".repeat(number * 37));
    }
    dir.sparse("docker/large", 300 << 10);
    for algorithm in ["md5", "sha256"] {
        let args = ["tag", "--path", "docker", "--algorithm", algorithm];
        let tag = Run::new(&dir, args).run().ok();
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
            assert_eq!(Run::new(&dir, args).env("DOCKTAG_LANES", kernel.name()).run().ok(), tag, "{algorithm} with {kernel:?}");
        }
    }
    let run = Run::new(&dir, ["tag", "--path", "docker"]).env("DOCKTAG_LANES", "mmx").run();
    run.fails(2, &["DOCKTAG_LANES: `mmx` is nothing", "help: give one of scalar"]);
}
