//! What reaches a build without being in the Compose files: it counts if the Dockerfile can see it.

use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Dir, Run};

/// A service with this Dockerfile, and with more keys under `build:`.
fn project(dockerfile: &str, build: &str) -> Dir {
    let dir = Dir::new();
    dir.file("compose.yaml", format!("services: {{s: {{image: acme/s, build: {{context: .{build}}}}}}}\n"));
    dir.file("Dockerfile", dockerfile).file("a", "a");
    dir
}

fn tag(dir: &Dir) -> Run {
    Run::new(dir, ["tag"])
}

/// The tag of the only service, with these variables.
#[track_caller]
fn with(dir: &Dir, variables: &[(&str, &str)], args: &[&str]) -> String {
    let run = Run::new(dir, [&["tag"], args].concat());
    variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run().ok()
}

#[test]
fn the_epoch_of_the_environment_counts_if_the_dockerfile_names_it() {
    let epoch = |dir: &Dir, args: &[&str]| ["1", "2"].map(|value| with(dir, &[("SOURCE_DATE_EPOCH", value)], args));
    for dockerfile in [
        "FROM scratch\nARG SOURCE_DATE_EPOCH\nCOPY a /\n",
        "ARG SOURCE_DATE_\\\nEPOCH\nFROM scratch\n",
        "FROM scratch\nARG SOURCE_\\\n# a comment\nDATE_EPOCH\nCOPY a /\n",
        "FROM scratch\nARG SOURCE_\\ \n\n  \nDATE_EPOCH\nCOPY a /\n",
        "# syntax=example.org/frontend\nFROM scratch\n",
    ] {
        let dir = project(dockerfile, "");
        let [one, two] = epoch(&dir, &[]);
        assert!(one != two && one != with(&dir, &[], &[]), "{dockerfile}");
        let [one, two] = epoch(&dir, &["--ignore-arg", "SOURCE_DATE_EPOCH"]);
        assert_eq!(one, two, "{dockerfile}");
    }
    let unseen = project("FROM scratch\nCOPY a /\n", "");
    assert_eq!(epoch(&unseen, &[]), [with(&unseen, &[], &[]), with(&unseen, &[], &[])]);
    // The Compose file wins.
    let given = project("FROM scratch\nARG SOURCE_DATE_EPOCH\n", ", args: {SOURCE_DATE_EPOCH: '7'}");
    assert_eq!(epoch(&given, &[]), [with(&given, &[], &[]), with(&given, &[], &[])]);
}

#[test]
fn the_proxies_of_dockers_configuration_count_if_the_dockerfile_names_one() {
    let configured = |dir: &Dir, config: &str, variables: &[(&str, &str)]| {
        std::fs::create_dir_all(dir.beside("home/.docker")).unwrap();
        std::fs::write(dir.beside("home/.docker/config.json"), config).unwrap();
        with(dir, variables, &[])
    };
    let of = |proxy: &str| format!(r#"{{"proxies":{{"default":{{"httpProxy":"{proxy}"}},"tcp://b":{{"httpProxy":"http://of-b"}}}}}}"#);
    for dockerfile in
        ["FROM scratch\nARG HTTP_PROXY\n", "FROM scratch\nARG http_proxy\n", "FROM base:1\nRUN echo $http_proxy > /p\n", "# syntax=a/b\n"]
    {
        let dir = project(dockerfile, "");
        let (none, one, two) = (with(&dir, &[], &[]), configured(&dir, &of("http://one"), &[]), configured(&dir, &of("http://two"), &[]));
        assert!(one != two && one != none, "{dockerfile}");
        let of_b = [("DOCKER_HOST", "tcp://b")];
        assert_eq!(configured(&dir, &of("http://one"), &of_b), configured(&dir, &of("http://of-b"), &[]));
        assert_eq!(configured(&dir, &of(""), &[]), none);
        assert_eq!(configured(&dir, "broken", &[]), none);
    }
    let unseen = project("FROM scratch\nCOPY a /\n", "");
    assert_eq!(configured(&unseen, &of("http://one"), &[]), with(&unseen, &[], &[]));
}

#[test]
fn all_proxies_of_dockers_configuration_count_if_a_step_can_see_them_together() {
    let of = |dir: &Dir, key: &str, value: &str| {
        std::fs::create_dir_all(dir.beside("home/.docker")).unwrap();
        let config = format!(r#"{{"proxies":{{"default":{{"httpProxy":"http://a","{key}":"{value}"}}}}}}"#);
        std::fs::write(dir.beside("home/.docker/config.json"), config).unwrap();
        with(dir, &[], &[])
    };
    for dockerfile in [
        "FROM b:1\nRUN env | grep -i _proxy >/p\n",
        "FROM b:1\nRUN for name in https all; do eval echo \\$${name}_proxy; done >/p\n",
        "FROM b:1\nARG HTTP_PROXY\nRUN env >/p\n",
    ] {
        let dir = project(dockerfile, "");
        for key in ["httpsProxy", "noProxy", "ftpProxy", "allProxy"] {
            assert_ne!(of(&dir, key, "http://one"), of(&dir, key, "http://two"), "{dockerfile} {key}");
        }
    }
}

#[test]
fn a_source_policy_counts_by_its_content() {
    let dir = project("FROM scratch\nCOPY a /\n", "");
    let policy = |text: &str| {
        dir.file("policy.json", text);
        with(&dir, &[("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", "policy.json")], &[])
    };
    let (one, two) = (policy("{\"rules\":[]}"), policy("{}"));
    assert!(one != two && one != with(&dir, &[], &[]));
}

#[test]
fn pipes_sockets_and_devices_are_named_if_the_build_copies_them() {
    let dir = project("FROM scratch\nCOPY src /src\n", "");
    dir.file("src/a", "a");
    let before = tag(&dir).run().ok();
    let fifo = |name: &str| mknodat(CWD, dir.path(name), FileType::Fifo, Mode::RUSR, 0).unwrap();
    fifo("pipe");
    assert_eq!(tag(&dir).run().ok(), before, "nothing copies it");
    fifo("src/pipe");
    tag(&dir).run().fails(2, &["Dockerfile:2: `src/pipe` is a pipe, a socket or a device", "help: remove it, or exclude it"]);
    dir.file(".dockerignore", "src/pipe\n");
    assert_eq!(tag(&dir).run().ok(), before);
    let _socket = UnixListener::bind(dir.path("src/socket")).unwrap();
    tag(&dir).run().fails(2, &["Dockerfile:2: `src/socket` is a pipe, a socket or a device"]);
    for dockerfile in ["FROM scratch\nCOPY src/socket /\n", "FROM scratch\nADD src/s* /\n", "FROM b:1\nRUN --mount=source=src true\n"] {
        dir.file("Dockerfile", dockerfile);
        tag(&dir).run().fails(2, &["Dockerfile:2: `src/socket` is a pipe, a socket or a device"]);
    }
}

/// A service whose context is a repository.
fn remote(address: &str, build: &str) -> Dir {
    let dir = Dir::new();
    dir.file("compose.yaml", format!("services: {{s: {{image: acme/s, build: {{context: '{address}'{build}}}}}}}\n"));
    dir
}

const COMMIT: &str = "https://git.example.org/a.git#0123456789012345678901234567890123456789";

#[test]
fn a_context_that_can_change_is_warned_of() {
    let can_change = "can change while the tag stays: ";
    for (address, pin) in [
        ("https://git.example.org/a.git", "pin it with a commit id, or use `--refresh`"),
        ("git@git.example.org:a.git#main", "pin it with a commit id, or use `--refresh`"),
        ("https://example.org/a.tar.gz", ": use `--refresh`"),
    ] {
        tag(&remote(address, "")).run().says(&[can_change, pin]).ok();
        let inline = |text: &str| remote(address, &format!(", dockerfile_inline: \"{text}\""));
        tag(&inline("FROM scratch\\nCOPY . /\\n")).run().says(&[can_change, pin]).ok();
        tag(&inline("FROM scratch\\n")).run().is_silent_on(&[can_change]).ok();
    }
    tag(&remote(COMMIT, "")).run().is_silent_on(&[can_change]).ok();
}

#[test]
fn what_is_local_of_a_build_with_a_remote_context_counts() {
    let manifest = |dir: &Dir| Run::new(dir, ["manifest"]).run().text();
    let dir = remote(COMMIT, ", additional_contexts: {one: ./local, two: 'docker-image://base:latest'}");
    dir.file("local/a", "1");
    let before = manifest(&dir);
    tag(&dir).run().says(&["the base image `base` can become another one"]).ok();
    dir.file("local/a", "2");
    assert!(manifest(&dir) != before && before.contains("  local/a\n"), "{before}");

    let dir = remote(COMMIT, "");
    let file = dir.path("own/Dockerfile");
    dir.file("own/Dockerfile", "FROM scratch\n");
    let text = std::str::from_utf8(&dir.read("compose.yaml")).unwrap().replace("}}}", &format!(", dockerfile: '{}'}}}}}}", file.display()));
    dir.file("compose.yaml", text);
    let before = manifest(&dir);
    assert!(before.contains("  own/Dockerfile\n") && before.contains("# dockerfile own/Dockerfile\n"), "{before}");
    assert!(!before.contains(&*dir.path("").to_string_lossy()), "{before}");
    dir.file("own/Dockerfile", "FROM scratch\nCOPY . /\n");
    assert_ne!(manifest(&dir), before);
}

#[test]
fn an_image_layout_counts_with_all_its_files() {
    let dir = Dir::new();
    dir.file("Dockerfile", "FROM base\n").file("layout/index.json", "1").file("layout/blobs/sha256/0", "1");
    // No ignore file is looked at.
    dir.file("layout/.dockerignore", "**\n");
    let of = |reference: &str| {
        let text = format!("services: {{s: {{image: acme/s, build: {{context: ., additional_contexts: {{base: '{reference}'}}}}}}}}\n");
        dir.file("compose.yaml", text);
        Run::new(&dir, ["manifest"]).run().text()
    };
    let absolute = format!("oci-layout://{}", dir.path("layout").display());
    for reference in ["oci-layout://layout", "oci-layout://./layout:v1", &absolute] {
        let before = of(reference);
        assert!(!before.contains(&*dir.path("").to_string_lossy()) && before.contains("  layout/.dockerignore\n"), "{before}");
        dir.file("layout/index.json", "2");
        assert_ne!(of(reference), before);
        dir.file("layout/index.json", "1");
    }
    assert_eq!(of("oci-layout://layout"), of(&absolute));
    // A digest says what it is.
    let digest = format!("oci-layout://layout@sha256:{}", "0".repeat(64));
    assert!(!of(&digest).contains("  layout/"));
    assert_eq!(of(&digest), of(&digest.replace("layout@", &format!("{}@", dir.path("layout").display()))));
}

#[test]
fn a_folder_whose_name_looks_like_an_address_is_a_folder() {
    for context in ["github.com/acme/s", "git@host:a"] {
        let dir = remote(context, "");
        dir.file(format!("{context}/Dockerfile"), "FROM scratch\nCOPY . /\n").file(format!("{context}/a"), "1");
        let before = tag(&dir).run().is_silent_on(&["can change while the tag stays"]).ok();
        dir.file(format!("{context}/a"), "2");
        assert_ne!(tag(&dir).run().ok(), before, "{context}");
        tag(&remote(context, "")).run().says(&["can change while the tag stays"]).ok();
    }
}

/// The manifest is kept in the registry, where others read it; and a token for each job would give each job another tag.
#[test]
fn a_login_in_an_address_is_neither_in_the_manifest_nor_in_the_tag() {
    for (key, name) in [("context: ", ""), ("context: ., additional_contexts: {other: ", "}")] {
        let [one, two] = ["u:first-token@", "second-token@"].map(|login| {
            let dir = Dir::new();
            let build = format!("{{{key}'https://{login}r.example/a.git?ref=main'{name}}}");
            dir.file("compose.yaml", format!("services: {{s: {{image: acme/s, build: {build}}}}}\n"));
            dir.file("Dockerfile", "FROM scratch\nCOPY --from=other . /\n");
            let said = Run::new(&dir, ["manifest", "s"]).run();
            said.is_silent_on(&["first-token", "second-token"]);
            Run::new(&dir, ["inputs", "s", "-v"]).run().is_silent_on(&["first-token", "second-token"]);
            (said.ok(), with(&dir, &[], &[]))
        });
        assert_eq!(one, two, "{key}");
    }
}
