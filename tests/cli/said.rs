//! What a project's files can say: each row of the table in `docs/reliability.md` says whether another text gives another tag.

use std::fs;

use crate::support::{Dir, Run};

/// A text of the table, and two projects that differ in it only.
type Row = (&'static str, Said, &'static str, &'static str);

/// Where the two texts stand.
#[derive(Clone, Copy)]
enum Said {
    /// The keys of `build:`.
    Build,
    /// The keys of the service, beside `image` and `build`.
    Service,
    /// The keys of the Compose file, beside `services`.
    Top,
    /// The Dockerfile behind its `FROM scratch`.
    Dockerfile,
    /// The whole Compose file.
    Compose,
    /// A file of its own.
    File(&'static str),
}

use Said::{Build, Compose, Dockerfile, File, Service, Top};

const ROWS: [Row; 44] = [
    ("`image`", Compose, "services: {app: {image: example/app, build: .}}", "services: {app: {image: example/other, build: .}}"),
    ("`build.tags`", Build, "tags: [example/app:one]", "tags: [example/app:two]"),
    ("`build.cache_from`", Build, "cache_from: [example/app:one]", "cache_from: [example/app:two]"),
    ("`build.cache_to`", Build, "cache_to: ['type=local,dest=/one']", "cache_to: ['type=local,dest=/two']"),
    ("`build.args`", Build, "args: {A: one}", "args: {A: two}"),
    ("`build.args` with a proxy", Build, "args: {http_proxy: one}", "args: {http_proxy: two}"),
    ("`build.secrets`", Build, "secrets: [s]", "secrets: [t]"),
    ("`build.ssh`", Build, "ssh: [default]", "ssh: [default=./a]"),
    ("`build.context`", Build, "dockerfile: Dockerfile", "context: sub"),
    ("`build.additional_contexts`", Build, "additional_contexts: {one: ./sub}", "additional_contexts: {one: .}"),
    ("`build.dockerfile`", Build, "dockerfile: Dockerfile", "dockerfile: sub/Dockerfile"),
    ("`build.dockerfile_inline`", Build, "dockerfile_inline: FROM scratch", "dockerfile_inline: FROM alpine"),
    ("`build.target`", Build, "target: one", "target: two"),
    ("`build.platforms`", Build, "platforms: [linux/amd64]", "platforms: [linux/arm64]"),
    ("`build.labels`", Build, "labels: {a: one}", "labels: {a: two}"),
    ("`build.extra_hosts`", Build, "extra_hosts: ['a:10.0.0.1']", "extra_hosts: ['a:10.0.0.2']"),
    ("`build.network`", Build, "network: none", "network: host"),
    ("`build.privileged`", Build, "privileged: false", "privileged: true"),
    ("`build.entitlements`", Build, "entitlements: [network.host]", "entitlements: [security.insecure]"),
    ("`build.isolation`", Build, "isolation: default", "isolation: hyperv"),
    ("`build.shm_size`", Build, "shm_size: 1mb", "shm_size: 2mb"),
    ("`build.ulimits`", Build, "ulimits: {nofile: 1000}", "ulimits: {nofile: 2000}"),
    ("`build.provenance`", Build, "provenance: false", "provenance: mode=max"),
    ("`build.sbom`", Build, "sbom: false", "sbom: true"),
    ("`build.no_cache`", Build, "no_cache: false", "no_cache: true"),
    ("`build.pull`", Build, "pull: false", "pull: true"),
    ("`platform`", Service, "platform: linux/amd64", "platform: linux/arm64"),
    ("`command`", Service, "command: one", "command: two"),
    ("`volumes`", Service, "volumes: ['.:/one']", "volumes: ['.:/two']"),
    ("`develop`", Service, "develop: {watch: [{path: a, action: rebuild}]}", "develop: {watch: [{path: sub, action: rebuild}]}"),
    ("`x-docktag`", Top, "x-docktag: {algorithm: md5}", "x-docktag: {algorithm: sha256}"),
    ("`.env`", File(".env"), "V=one", "V=two"),
    ("`DOCKER_DEFAULT_PLATFORM` in `.env`", File(".env"), "DOCKER_DEFAULT_PLATFORM=linux/amd64", "DOCKER_DEFAULT_PLATFORM=linux/s390x"),
    ("`DOCKER_HOST` in `.env`", File(".env"), "DOCKER_HOST=tcp://one", "DOCKER_HOST=tcp://two"),
    ("`# syntax=`", File("Dockerfile"), "# syntax=one\nFROM scratch", "# syntax=two\nFROM scratch"),
    ("`FROM`", File("Dockerfile"), "FROM one", "FROM two"),
    ("`COPY`", File("a"), "one", "two"),
    ("`ADD` of an address", Dockerfile, "ADD https://a.example/one /", "ADD https://a.example/two /"),
    ("`RUN`", Dockerfile, "RUN [\"/one\"]", "RUN [\"/two\"]"),
    ("`RUN --mount=type=cache`", Dockerfile, "RUN --mount=type=cache,target=/one [\"/x\"]", "RUN --mount=type=cache,target=/two [\"/x\"]"),
    ("`ONBUILD`", Dockerfile, "ONBUILD COPY a /one", "ONBUILD COPY a /two"),
    ("`.dockerignore`", File(".dockerignore"), "unused", "sub/inner"),
    ("`.gitattributes`", File(".gitattributes"), "a filter=one diff=one", "a filter=two diff=two text eol=crlf"),
    (
        "`.gitmodules`",
        File(".gitmodules"),
        "[submodule \"x\"]\npath = sub\nurl = ext::one",
        "[submodule \"x\"]\npath = sub\nurl = ext::two",
    ),
];

#[test]
fn each_text_changes_the_tag_or_not_as_the_table_says() {
    let table = table();
    for (name, said, one, two) in ROWS {
        let effect = &table.iter().find(|(text, _)| text == name).unwrap_or_else(|| panic!("docs/reliability.md has no row {name}")).1;
        let [one, two] = [one, two].map(|text| tag(said, text));
        match effect.split([' ', ',', ';', ':']).next() {
            Some("changes") => assert_ne!(one, two, "{name}"),
            Some("stays") => assert_eq!(one, two, "{name}"),
            _ => panic!("docs/reliability.md, {name}: `{effect}`, expected `changes` or `stays`"),
        }
    }
    for (text, _) in &table {
        assert!(ROWS.iter().any(|row| row.0 == text), "docs/reliability.md: {text} has no test");
    }
}

/// The first and last cells.
fn table() -> Vec<(String, String)> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.md")).unwrap();
    let text = text.split_once("<!-- said -->").unwrap().1.split_once("<!-- end of said -->").unwrap().0;
    let cells = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        Some((cells.next()?, cells.next_back()?))
    };
    text.trim().lines().skip(2).filter_map(cells).collect()
}

/// The hash for a project in which this is said.
fn tag(said: Said, text: &str) -> String {
    let build = if let Build = said { text } else { "args: {A: '${V:-v}'}" };
    let context = if build.contains("context:") && !build.contains("additional") { "" } else { "context: ., " };
    let service = if let Service = said { format!(", {text}") } else { String::new() };
    let top = if let Top = said { text } else { "" };
    let compose = match said {
        Compose => text.to_owned(),
        _ => format!(
            "secrets: {{s: {{file: a}}, t: {{file: sub/inner}}}}\nservices: {{app: {{image: example/app, build: {{{context}{build}}}{service}}}}}\n{top}\n"
        ),
    };
    let last = if let Dockerfile = said { text } else { "" };
    let dir = Dir::new();
    dir.file(
        "Dockerfile",
        format!("FROM scratch AS one\nCOPY a /\nFROM scratch AS two\nARG A\nCOPY a /\nCOPY sub /sub\nENV A=$A\n{last}\n"),
    );
    dir.file("a", "a").file("sub/inner", "inner").file("sub/Dockerfile", "FROM scratch\n").file("compose.yaml", compose);
    if let File(name) = said {
        dir.file(name, format!("{text}\n"));
    }
    let ran = Run::new(&dir, ["tag"]).run();
    ran.ok().trim().rsplit([':', '-']).next().unwrap().to_owned()
}
