//! Two files that were made to have one md5 have one tag; docktag warns of them, and their sha256 tells them apart beside the image.

use serde_json::Value;

use crate::support::project::PUSH;
use crate::support::registry::digest;
use crate::support::shell::sh;
use crate::support::{Dir, Project, REPOSITORY, Ran, Run};

/// Two blocks of X. Wang, D. Feng, X. Lai and H. Yu, "Collisions for Hash Functions MD4, MD5, HAVAL-128 and RIPEMD" (2004).
const PAIR: [&str; 2] = [
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b\
     d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70",
    "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f8955ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b\
     d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70",
];
const WARNING: &str = "are different files with the same md5, so somebody made them to be taken for each other: use `--algorithm sha256`";

fn bytes(index: usize) -> Vec<u8> {
    let hex = PAIR[index].as_bytes();
    hex.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn the_pair_is_one() {
    let dir = Dir::new();
    dir.file("one", bytes(0)).file("two", bytes(1));
    let sums = |program: &str| {
        let text = String::from_utf8(sh(&dir, &format!("{program} one two"), &[])).unwrap();
        text.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sums("md5sum"), ["79054025255fb1a26e4bc422aef54eb4"; 2]);
    assert_ne!(sums("sha256sum")[0], sums("sha256sum")[1]);
}

/// A plain folder, and a project whose Dockerfile copies it; with these options.
#[track_caller]
fn both(dir: &Dir, args: &[&str], check: impl Fn(&Ran)) {
    dir.file("compose.yaml", "services: {app: {build: docker}}\n").file("docker/Dockerfile", "FROM scratch\nCOPY . /\n");
    for command in [&["tag", "--path", "docker"][..], &["manifest", "--path", "docker"], &["tag"], &["inputs"], &["manifest"]] {
        let ran = Run::new(dir, [command, args].concat()).run();
        ran.ok();
        check(&ran);
    }
}

#[test]
fn two_files_with_one_md5_are_a_warning() {
    let dir = Dir::new();
    dir.file("docker/one", bytes(0)).file("docker/sub/two", bytes(1)).file("docker/a", "x".repeat(128));
    both(&dir, &[], |ran| {
        ran.says(&[&format!("warning: docker/one and docker/sub/two {WARNING}")]);
    });
    both(&dir, &["--algorithm", "sha256"], |ran| {
        ran.is_silent_on(&["warning"]);
    });
}

#[test]
fn a_collision_is_found_among_copies() {
    let dir = Dir::new();
    // Sorted by name, the first two are equal.
    dir.file("docker/1", bytes(0)).file("docker/2", bytes(0)).file("docker/3", bytes(1)).file("docker/4", bytes(1));
    both(&dir, &[], |ran| {
        ran.says(&[&format!("warning: docker/2 and docker/3 {WARNING}")]);
    });
}

#[test]
fn equal_files_are_no_warning() {
    let dir = Dir::new();
    for name in ["docker/one", "docker/two"] {
        dir.file(name, bytes(0)).file(format!("{name}.short"), "x").file(format!("{name}.empty"), "");
    }
    both(&dir, &[], |ran| {
        ran.is_silent_on(&["warning"]);
    });
}

/// A project with one of the pair among its inputs, with plain folders and with Compose files.
fn projects() -> [(Project, &'static [&'static str]); 2] {
    let plain = Project::new();
    plain.dir.file("docker/file", bytes(0));
    let compose = Project::new();
    compose.dir.file("docker/file", bytes(0)).file("docker/Dockerfile", "FROM scratch\nCOPY file /\n");
    compose.dir.file("docker-compose.yml", format!("services: {{app: {{image: '{}', build: docker}}}}\n", compose.image));
    [(plain, &["--path", "docker"]), (compose, &[])]
}

fn run(project: &Project, job: &str, mode: &[&str], args: &[&str]) -> Ran {
    let image = if mode.is_empty() { &[][..] } else { &["--image", &project.image] };
    Run::new(&project.dir, [&[job], mode, image, args].concat()).run()
}

#[test]
fn a_file_that_was_exchanged_is_found_by_verify() {
    for (project, mode) in projects() {
        let built = run(&project, "build", mode, &[]);
        built.says(&[": pushed, sha256:"]).ok();
        run(&project, "build", mode, &["--verify"]).says(&["hit, sha256:"]).ok();
        project.dir.file("docker/file", bytes(1));
        assert_eq!(run(&project, "build", mode, &[]).ok(), built.ok(), "one tag for both");
        for job in ["build", "plan", "pull"] {
            let ran = run(&project, job, mode, &["--verify"]);
            ran.fails(1, &["the sha256 of its inputs is another one, though their md5 is the same", "help: "]);
        }
        run(&project, "build", mode, &["--verify", "--force"]).says(&[": pushed, sha256:"]).ok();
    }
}

#[test]
fn a_file_that_is_exchanged_during_the_build_is_not_pushed() {
    for (project, mode) in projects() {
        std::fs::write(project.dir.beside("home/other"), bytes(1)).unwrap();
        project.docker(&[(r#""compose "*" build app""#, "cp \"$root/home/other\" docker/file")]);
        run(&project, "build", mode, &[])
            .fails(1, &["inputs changed during the build: files were exchanged for others with the same md5", "help: "]);
        let lines = project.lines();
        assert!(!lines.iter().any(|line| line.starts_with("docker push")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with("docker image rm")), "the image keeps no tag: {lines:#?}");
    }
}

/// Stores what is kept beside the pushed image once more, with or without its sha256.
fn keep_again(project: &Project, change: impl Fn(&mut Value)) {
    let list = format!("{REPOSITORY}:{}", digest(b"pushed").replace(':', "-"));
    let mut index: Value = serde_json::from_str(&project.registry.get(&list).unwrap()).unwrap();
    let entry = &mut index["manifests"][0];
    let stored = project.registry.get(&format!("{REPOSITORY}:{}", entry["digest"].as_str().unwrap())).unwrap();
    let mut artifact: Value = serde_json::from_str(&stored).unwrap();
    change(&mut artifact["annotations"]);
    let text = artifact.to_string();
    entry["annotations"] = artifact["annotations"].clone();
    entry["digest"] = digest(text.as_bytes()).into();
    entry["size"] = text.len().into();
    project.registry.put(&format!("{REPOSITORY}:{}", digest(text.as_bytes())), &text);
    project.registry.put(&list, &index.to_string());
}

#[test]
fn the_sha256_is_beside_an_image_whose_tag_is_an_md5() {
    for (project, mode) in projects() {
        run(&project, "build", mode, &[]).ok();
        let strong = run(&project, "tag", mode, &["--algorithm", "sha256"]).ok();
        let sha256 = strong.trim().rsplit(':').next().unwrap().to_owned();
        keep_again(&project, |annotations| assert_eq!(annotations["vnd.docktag.sha256"], sha256));
        run(&project, "build", mode, &["--verify"]).says(&["hit, sha256:"]).ok();

        keep_again(&project, |annotations| drop(annotations.as_object_mut().unwrap().remove("vnd.docktag.sha256")));
        run(&project, "build", mode, &[]).says(&["hit, sha256:"]).ok();
        run(&project, "build", mode, &["--verify"]).fails(1, &["no sha256 of its inputs is kept beside it", "help: "]);
    }
    let (project, mode) = &projects()[1];
    run(project, "build", mode, &["--algorithm", "sha256"]).ok();
    keep_again(project, |annotations| assert_eq!(annotations.get("vnd.docktag.sha256"), None, "the tag is one already"));
    run(project, "build", mode, &["--algorithm", "sha256", "--verify"]).says(&["hit, sha256:"]).ok();
}

/// A project with an image for two platforms whose parts were built from these files; then it is joined with the last of them.
fn joined(files: [usize; 2], args: &[&str]) -> (Project, Ran) {
    let project = Project::new();
    let build = "build: {context: docker, platforms: [linux/amd64, linux/arm64]}";
    project.dir.file("docker-compose.yml", format!("services: {{app: {{image: '{}', {build}}}}}\n", project.image));
    project.dir.file("docker/Dockerfile", "FROM scratch\nCOPY file /\n");
    // Each part has a digest of its own.
    project.docker(&[(r#""push "*"#, &PUSH.replace("'pushed'", "\"$2\""))]);
    for (index, part) in files.into_iter().zip(["linux/amd64", "linux/arm64"]) {
        project.dir.file("docker/file", bytes(index));
        run(&project, "build", &[], &[&["--part", part], args].concat()).says(&[": pushed, sha256:"]).ok();
    }
    let ran = run(&project, "join", &[], &[]);
    ran.says(&[": joined of linux/amd64, linux/arm64"]).ok();
    (project, ran)
}

const NOT_ACCEPTED: &str = ": `--verify` will not accept this image, since a part may have other inputs: ";

#[test]
fn a_join_keeps_the_sha256_only_if_every_part_has_it() {
    let (project, ran) = joined([1, 1], &[]);
    ran.is_silent_on(&[NOT_ACCEPTED]);
    run(&project, "build", &[], &["--verify"]).says(&["hit, sha256:"]).ok();

    let (project, ran) = joined([0, 1], &[]);
    ran.says(&[NOT_ACCEPTED, "-linux-amd64: ", "the sha256 of its inputs is another one, though their md5 is the same"]);
    run(&project, "build", &[], &["--verify"]).fails(1, &["no sha256 of its inputs is kept beside it", "help: "]);

    let (project, ran) = joined([1, 1], &["--keep-manifest=false"]);
    ran.says(&[NOT_ACCEPTED, "-linux-amd64: ", "no manifest that makes this tag is kept beside"]);
    run(&project, "build", &[], &["--verify"]).fails(1, &["no sha256 of its inputs is kept beside it", "help: "]);
}
