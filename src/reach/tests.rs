use proptest::prelude::*;

use super::*;
use crate::map::Map;
use crate::tree::{Folder, Node};

/// What is given to a build, besides the Dockerfile.
#[derive(Default)]
struct Given {
    target: Option<&'static str>,
    args: Map<String, String>,
    platform: Option<&'static str>,
    contexts: Map<String, NamedContext>,
    images: Map<String, ImageConfig>,
}

impl Given {
    fn args(args: &[(&str, &str)]) -> Self {
        let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Given { args, ..Given::default() }
    }

    fn reach(&self, text: &str) -> Result<Reach> {
        let dockerfile = Dockerfile::parse(text.as_bytes(), self.args.get("BUILDKIT_SYNTAX").map(String::as_str))?;
        reach(&Build {
            dockerfile: &dockerfile,
            target: self.target,
            args: &self.args,
            platform: self.platform,
            build_platform: "linux/amd64",
            contexts: &self.contexts,
            images: &self.images,
        })
    }
}

fn found(text: &str) -> Reach {
    Given::default().reach(text).unwrap()
}

fn paths(reach: &Reach) -> Vec<&str> {
    reach.sources.iter().map(|source| source.path.as_str()).collect()
}

#[test]
fn only_what_the_target_needs_counts() {
    let text = "FROM a AS base\nCOPY base /\nFROM base AS test\nCOPY test /\nFROM scratch AS prod\nCOPY --from=base / /\nRUN --mount=source=m,target=/m x\n";
    for (target, expected, stages) in
        [(None, &["base", "m"][..], &[0, 2][..]), (Some("TEST"), &["base", "test"], &[0, 1]), (Some("base"), &["base"], &[0])]
    {
        let reach = Given { target, ..Given::default() }.reach(text).unwrap();
        assert_eq!((paths(&reach).as_slice(), reach.stages.as_slice()), (expected, stages), "{target:?}");
    }
    assert!(Given { target: Some("1"), ..Given::default() }.reach(text).is_err());
}

#[test]
fn a_variable_that_a_base_image_may_set_means_everything() {
    for (text, is_whole) in [
        ("FROM alpine\nCOPY $X/a /", true),
        ("FROM scratch\nCOPY $X/a /", false),
        ("FROM alpine\nARG X=1\nCOPY $X/a /", false),
        ("FROM alpine\nARG X\nCOPY $X/a /", true),
        ("FROM alpine\nENV Y=$X\nCOPY $Y/a /", true),
        ("FROM alpine AS a\nFROM a\nENV X=1\nCOPY $X/a /", false),
        ("FROM alpine\nRUN --mount=source=$X,target=/a b", true),
        ("FROM alpine AS a\nCOPY $X /\nFROM scratch\nCOPY a /", false),
        ("FROM alpine AS a\nARG X=1\nFROM a\nCOPY $X/a /", true),
        ("FROM alpine AS a\nENV X=1\nARG X=2\nFROM a\nCOPY $X/a /", false),
    ] {
        let reach = found(text);
        assert_eq!(reach.whole.is_some(), is_whole, "{text}");
        assert_eq!(paths(&reach).contains(&""), is_whole, "{text}");
    }
    let known =
        ImageConfig { env: vec![("X".to_owned(), "src".to_owned())], onbuild: vec!["COPY onb /".to_owned()], workdir: String::new() };
    let given = Given { images: Map::from([("docker.io/library/alpine:latest".to_owned(), known)]), ..Given::default() };
    assert_eq!(paths(&given.reach("FROM alpine\nCOPY $X/a /").unwrap()), ["onb", "src/a"]);
}

#[test]
fn a_stage_begins_with_the_environment_of_the_one_below() {
    for (text, expected) in [
        ("FROM scratch AS a\nENV X=env\nARG X=arg\nCOPY $X /\nFROM a\nCOPY $X /", &["arg", "env"][..]),
        ("FROM scratch AS a\nENV X=env\nFROM a AS b\nARG X=arg\nCOPY $X /\nFROM b\nCOPY $X /", &["arg", "env"]),
        ("FROM scratch AS a\nARG X=arg\nFROM a AS b\nFROM b\nCOPY $X /", &["arg"]),
        ("FROM scratch AS a\nARG X=arg\nENV X=env\nFROM a\nARG Y=$X\nCOPY $Y /", &["env"]),
    ] {
        assert_eq!(paths(&found(text)), expected, "{text}");
    }
}

#[test]
fn arguments_count_where_something_takes_them() {
    let given = Given::args(&[("A", "1"), ("B", "2"), ("C", "3"), ("D", "x"), ("BUILDKIT_INLINE_CACHE", "1"), ("TARGETARCH", "z")]);
    let names = |text: &str| {
        given
            .reach(text)
            .unwrap()
            .args
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with("BUILDKIT"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (text, expected) in [
        ("FROM scratch", ""),
        ("ARG A\nFROM scratch", ""),
        ("ARG A\nFROM alpine:$A", "A"),
        ("ARG A\nFROM scratch\nARG A", "A"),
        ("ARG B\nARG X=$B\nFROM scratch\nARG X", "B"),
        ("FROM scratch AS a\nARG A\nFROM scratch\nARG C", "C"),
        ("FROM scratch AS a\nARG A\nFROM a\nARG C", "A C"),
        ("FROM --platform=linux/$TARGETARCH alpine", "TARGETARCH"),
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
    assert_eq!(given.reach("FROM scratch").unwrap().args, [("BUILDKIT_INLINE_CACHE".to_owned(), "1".to_owned())]);
}

#[test]
fn proxies_count_without_an_arg() {
    let names = ["http_proxy", "HTTPS_PROXY", "Ftp_Proxy", "NO_PROXY", "all_proxy"];
    let mut pairs: Vec<_> = names.iter().map(|&name| (name, "p")).collect();
    pairs.extend([("PROXY", "p"), ("MY_HTTP_PROXY", "p")]);
    let reach = Given::args(&pairs).reach("FROM scratch").unwrap();
    let mut found: Vec<_> = reach.args.iter().map(|(name, _)| name.as_str()).collect();
    found.sort_unstable_by_key(|name| names.iter().position(|other| other == name));
    assert_eq!(found, names);
}

#[test]
fn images_are_named_in_full() {
    let reach = found(
        "# syntax=docker/dockerfile:1\nFROM --platform=linux/arm64 a/b AS x\nFROM scratch\nCOPY --from=x / /\nCOPY --from=nginx:1 / /\nRUN --mount=from=nginx:1,target=/n x\n",
    );
    let bases: Vec<_> =
        reach.bases.iter().map(|base| (base.reference.as_str(), base.platform.as_deref(), base.line, base.syntax)).collect();
    assert_eq!(
        bases,
        [
            ("docker.io/a/b:latest", Some("linux/arm64"), 2, false),
            ("docker.io/docker/dockerfile:1", None, 1, true),
            ("docker.io/library/nginx:1", None, 5, false),
        ]
    );
    assert!(Given::default().reach("FROM Bad AS a\nFROM scratch").is_err());
}

#[test]
fn another_reader_means_everything() {
    let given = Given { contexts: Map::from([("lib".to_owned(), NamedContext::Local)]), ..Given::args(&[("A", "1"), ("http_proxy", "x")]) };
    let reach = given.reach("# syntax=acme/builder\n?").unwrap();
    assert_eq!(reach.whole, Some(Why::Syntax { image: "acme/builder".to_owned() }));
    assert_eq!(reach.sources.iter().map(|source| source.context.as_deref()).collect::<Vec<_>>(), [None, Some("lib")]);
    assert_eq!(reach.args, [("A", "1"), ("http_proxy", "x")].map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn named_contexts_stand_in_for_stages_and_images() {
    let contexts = Map::from([
        ("lib".to_owned(), NamedContext::Local),
        ("alpine".to_owned(), NamedContext::Image("debian:12".to_owned())),
        ("src".to_owned(), NamedContext::Remote("https://example.com/a.git#main".to_owned())),
    ]);
    let given = Given { contexts, ..Given::default() };
    let reach = given.reach("FROM alpine AS lib\nCOPY gone /\nFROM alpine\nCOPY --from=lib a /\nCOPY --from=src / /\nCOPY b /\n").unwrap();
    let sources: Vec<_> = reach.sources.iter().map(|source| (source.context.as_deref(), source.path.as_str())).collect();
    assert_eq!(sources, [(Some("lib"), "a"), (None, "b")]);
    assert_eq!(reach.bases.iter().map(|base| base.reference.as_str()).collect::<Vec<_>>(), ["docker.io/library/debian:12"]);
    assert!(reach.remotes[0].git && !reach.remotes[0].pinned);
    // A program in a stage on a context can read all of it.
    let reach = given.reach("FROM lib\nRUN make").unwrap();
    assert!(reach.sources.iter().all(|source| source.context.as_deref() == Some("lib") && source.path.is_empty()));
}

#[test]
fn addresses_are_pinned_or_not() {
    let sum = format!("sha256:{}", "a".repeat(64));
    for (text, expected) in [
        ("ADD https://example.com/a.tgz /".to_owned(), &[(false, false)][..]),
        (format!("ADD --checksum={sum} https://example.com/a.tgz /"), &[(false, true)]),
        ("ADD https://example.com/a.git#v1 git@example.com:a/b /".to_owned(), &[(true, false), (true, false)]),
        (format!("ADD https://example.com/a.git#{} /", "a".repeat(40)), &[(true, true)]),
        ("ADD https://example.com/a.git?commit=abc&subdir=x /".to_owned(), &[(true, true)]),
        ("ADD github.com/a/b ftp://x /".to_owned(), &[]),
    ] {
        let reach = found(&format!("FROM scratch\n{text}"));
        assert_eq!(reach.remotes.iter().map(|remote| (remote.git, remote.pinned)).collect::<Vec<_>>(), expected, "{text}");
    }
    for wrong in ["COPY https://example.com/a /", "COPY git@example.com:a /", "ADD --checksum=x a /", "ADD https://a.b/c.git?foo=1 /"] {
        assert!(Given::default().reach(&format!("FROM scratch\n{wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn what_the_builder_refuses_is_refused_with_its_line() {
    for (text, line) in [
        ("FROM $X", 1),
        ("FROM --platform=$X a", 1),
        ("FROM --platform=foo a", 1),
        ("FROM scratch\nCOPY ${X:?} /", 2),
        ("FROM scratch\nCOPY \"a b\" /", 2),
        ("FROM scratch\nCOPY --from=$X a /", 2),
        ("FROM scratch\nCOPY --from=7 a /", 2),
        ("FROM scratch AS a\nCOPY --from=b a /\nFROM scratch AS b\nFROM a", 2),
        ("FROM scratch AS a\nCOPY --from=a a /", 1),
        ("FROM scratch\nCOPY --chmod=999 a /", 2),
        ("FROM scratch\nCOPY --chmod=u+y a /", 2),
        ("FROM scratch\nCOPY --link --chown=me a /", 2),
        ("FROM scratch\nSTOPSIGNAL NO", 2),
        ("FROM scratch\nEXPOSE 99999", 2),
        ("FROM scratch\nEXPOSE 5-3", 2),
        ("FROM scratch\nVOLUME $X", 2),
        ("FROM scratch\nRUN --mount=type=$X,target=/x y", 2),
        ("FROM scratch\nRUN --mount=type=tmpfs x", 2),
        ("FROM scratch\nCOPY <<E /\n${X:?}\nE", 2),
        ("FROM scratch AS a\nONBUILD FOO\nFROM a", 3),
    ] {
        assert_eq!(Given::default().reach(text).unwrap_err().line, Some(line), "{text}");
    }
    for right in [
        "EXPOSE 80 1-3/udp 127.0.0.1:80:8080 $X",
        "STOPSIGNAL sigrtmin+3",
        "STOPSIGNAL 9",
        "COPY --chmod=u=rwx,go+X a /",
        "COPY --link --chown=1:root a /",
    ] {
        assert!(Given::default().reach(&format!("FROM scratch\n{right}")).is_ok(), "{right}");
    }
}

#[test]
fn platforms_are_read_and_written() {
    for (text, expected, normal) in [
        ("linux/amd64", "linux/amd64", "linux/amd64"),
        ("linux/arm", "linux/arm", "linux/arm/v7"),
        ("linux/arm64", "linux/arm64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64/v8", "linux/arm64"),
        ("Linux/AArch64", "linux/arm64", "linux/arm64"),
        ("arm64", "linux/arm64", "linux/arm64"),
        ("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"),
        ("windows", "windows/amd64", "windows/amd64"),
    ] {
        let platform = Platform::parse(text).unwrap();
        assert_eq!((platform.to_string().as_str(), platform.normal().to_string().as_str()), (expected, normal), "{text}");
    }
    for wrong in ["", "foo", "*", "a/b/c/d", "linux/", "linux(x/amd64", "a b"] {
        assert!(Platform::parse(wrong).is_err(), "{wrong}");
    }
}

fn folder(paths: &[&str]) -> Folder {
    let mut folder = Folder::default();
    for path in paths {
        match (path.split_once(" -> "), path.strip_suffix('/')) {
            (Some((link, target)), _) => folder.insert(link.as_bytes(), Node::Link(target.as_bytes().into())),
            (None, Some(empty)) => folder.insert(empty.as_bytes(), Node::Folder(Folder::default())),
            (None, None) => folder.insert(path.as_bytes(), Node::File),
        }
    }
    folder
}

fn picked(folder: &Folder, text: &str) -> Result<String> {
    let selection = select(folder, None, &found(&format!("FROM scratch\n{text}")).sources)?;
    Ok(selection.picked.iter().map(|it| it.path.to_string()).collect::<Vec<_>>().join(" "))
}

#[test]
fn sources_lead_to_files_links_and_empty_folders() {
    let tree = folder(&["a", "d/b.go", "d/e/", "d/l -> ../a", "d/s/c.go", "l -> d/s", "m -> /l/c.go", "x[y/z", "w -> w", "o -> ../../a"]);
    for (text, expected) in [
        ("COPY a /", "a"),
        ("COPY d /", "d/b.go d/e d/l d/s/c.go"),
        ("COPY d/* /", "a d/b.go d/e d/l d/s/c.go"),
        ("COPY */*.go /", "d/b.go"),
        ("COPY **/*.go /", "d/b.go"),
        ("COPY d[/]*.go /", "d/b.go"),
        ("COPY l /", "d/s/c.go l"),
        ("COPY m /", "d/s/c.go l m"),
        ("COPY o /", "a o"),
        ("COPY --parents **/*.go /", "d/b.go d/s/c.go"),
        ("COPY --parents d/./s /", "d/s/c.go"),
        ("COPY --exclude=*.go --exclude=!b.go d /", "d/b.go d/e d/l d/s/c.go"),
        ("COPY --exclude=**/*.go d /", "d/e d/l d/s"),
        ("COPY --exclude=s --exclude=e d /", "d/b.go d/l"),
        ("COPY x[[]y/z /", "x[y/z"),
        ("COPY no* /", ""),
        ("RUN --mount=source=d/s,target=/x y", "d/s/c.go"),
        ("RUN --mount=type=tmpfs,target=/x y", ""),
        ("COPY d/s /\nCOPY d /", "d/b.go d/e d/l d/s/c.go"),
    ] {
        assert_eq!(picked(&tree, text).unwrap(), expected, "{text}");
    }
    for (text, code) in [
        ("COPY b /", Code::SourceMissing),
        ("COPY a/b /", Code::SourceMissing),
        ("COPY w /", Code::SourceMissing),
        ("COPY no/*.go /", Code::SourceMissing),
        ("COPY d/*.rs /", Code::SourceMissing),
        ("COPY --parents d/x /", Code::SourceMissing),
        ("COPY --parents d/./*.rs /", Code::SourceMissing),
        ("RUN --mount=source=*.go,target=/x y", Code::SourceMissing),
        ("COPY [\"[a\", \"/\"]", Code::DockerfileInvalid),
        ("COPY src\\\\main.go /", Code::DockerfileInvalid),
        ("COPY --exclude=[ d /", Code::DockerfileInvalid),
    ] {
        let error = picked(&tree, text).unwrap_err();
        assert_eq!((error.code, error.line), (code, Some(2)), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn no_dockerfile_breaks_it(
        text in "(FROM x\n|FROM scratch AS a\n|COPY |ADD |--from=a |--from=0 |--parents |--exclude=a |RUN --mount=|target=/a|,|source=|from=|ENV A=|ARG A=|ONBUILD |WORKDIR |EXPOSE |\\$A|\\$\\{A[:#%/?-]*|\\}|[a /*.\\[\\]\\\\\n\"'=é])*"
    ) {
        let tree = folder(&["a", "d/a", "l -> d", "w -> w", "e/"]);
        if let Ok(reach) = Given::default().reach(&format!("FROM scratch\n{text}")) {
            let _ = select(&tree, None, &reach.sources);
        }
    }
}
