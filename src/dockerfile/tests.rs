use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Dockerfile> {
    Dockerfile::parse(text.as_bytes(), None)
}

fn commands(text: &str) -> Vec<Command> {
    parse(&format!("FROM x\n{text}")).unwrap().stages.remove(0).instructions.into_iter().map(|it| it.command).collect()
}

#[test]
fn lines_are_counted_through_continuations_and_heredocs() {
    let file = parse("# a\n\nARG A\nFROM x\nRUN a \\\n# c\n\n b\nCOPY <<E /\nFROM y\nE\nUSER u").unwrap();
    assert_eq!((file.args[0].line, file.stages[0].line), (3, 4));
    let lines: Vec<_> = file.stages[0].instructions.iter().map(|it| (it.line, it.end)).collect();
    assert_eq!(lines, [(5, 8), (9, 11), (12, 12)]);
}

#[test]
fn sources_are_read_as_words_or_json() {
    for (text, sources, destination) in [
        ("COPY a b c", &["a", "b"][..], "c"),
        ("copy\ta   b", &["a"], "b"),
        ("COPY [\"a b\", \"c\"]", &["a b"], "c"),
        ("COPY ['a', 'b']", &["['a',"], "'b']"),
        ("COPY [\"a\", \"b\"] c", &["[\"a\",", "\"b\"]"], "c"),
        ("COPY a\\ b c", &["a\\", "b"], "c"),
        ("COPY a # b", &["a", "#"], "b"),
        ("COPY a \\\n\n# no\n  b", &["a"], "b"),
        ("COPY <<A b <<\"C\" d\n1\nA\n2\nC", &["b"], "d"),
        ("COPY --link=true --chown='1:2' -- --a b", &["--a"], "b"),
    ] {
        let found = commands(text);
        let [Command::Copy(copy)] = found.as_slice() else { panic!("{text}") };
        assert_eq!((copy.sources.join("|"), copy.destination.as_str()), (sources.join("|"), destination), "{text}");
    }
}

#[test]
fn directives_stand_at_the_top_only() {
    for (text, escape) in [
        ("# escape=`\nFROM x", '`'),
        ("#EsCaPe = ` \nFROM x", '`'),
        ("\u{feff}# check=skip=all\n# escape=`\nFROM x", '`'),
        ("# hello\n# escape=`\nFROM x", '\\'),
        ("\n# escape=`\nFROM x", '\\'),
        ("# other=1\n# escape=`\nFROM x", '\\'),
    ] {
        assert_eq!(parse(text).unwrap().escape, escape, "{text}");
    }
    for (text, image, known, line) in [
        ("# syntax=docker/dockerfile:1\nFROM x", "docker/dockerfile:1", true, 1),
        ("# escape=`\n#syntax = docker/dockerfile:1.7-labs foo\nFROM x", "docker/dockerfile:1.7-labs", true, 2),
        ("#!/usr/bin/x\n# syntax=docker.io/docker/dockerfile\nFROM x", "docker.io/docker/dockerfile", true, 2),
        (
            "#!/usr/bin/x\n# syntax=mirror.example.com/hub/docker/dockerfile-upstream:master\nFROM x",
            "mirror.example.com/hub/docker/dockerfile-upstream:master",
            true,
            2,
        ),
        ("# syntax=docker/dockerfile:2\nFROM x", "docker/dockerfile:2", false, 1),
        ("# syntax=acme/builder\nno: dockerfile", "acme/builder", false, 1),
        ("// syntax=acme/builder\nno: dockerfile", "acme/builder", false, 1),
        ("{\"syntax\": \"acme/builder\"}", "acme/builder", false, 1),
    ] {
        let syntax = parse(text).unwrap().syntax.unwrap();
        assert_eq!((syntax.image.as_str(), syntax.known, syntax.line), (image, known, line), "{text}");
    }
    for text in ["\n# syntax=a\nFROM x", " # syntax=a\nFROM x", "FROM x\n# syntax=a"] {
        assert_eq!(parse(text).unwrap().syntax, None, "{text}");
    }
    let given = Dockerfile::parse(b"# syntax=docker/dockerfile:1\nFROM x", Some("acme/builder foo")).unwrap();
    assert!(given.is_opaque());
}

#[test]
fn what_the_builder_refuses_is_refused_with_its_line() {
    for (text, line) in [
        ("", None),
        ("# only\n", None),
        ("ARG A", None),
        ("RUN x", Some(1)),
        ("FROM x\nCPY a b", Some(2)),
        ("FROM x\n\nCOPY a", Some(3)),
        ("FROM x\nCOPY --foo a b", Some(2)),
        ("FROM x\nCOPY --link --link a b", Some(2)),
        ("FROM x\nCOPY a <<E\nE", Some(2)),
        ("FROM x\nCOPY [\"a\", 1]", Some(2)),
        ("FROM x\nRUN <<E\nfoo", Some(2)),
        ("FROM x y", Some(1)),
        ("FROM x AS 1x", Some(1)),
        ("FROM x AS é", Some(1)),
        ("# escape=x\nFROM x", Some(1)),
        ("# escape=`\n# escape=`\nFROM x", Some(2)),
        ("FROM x\nENV A", Some(2)),
        ("FROM x\nENV A=1 B", Some(2)),
        ("FROM x\nONBUILD ONBUILD RUN x", Some(2)),
        ("FROM x\nONBUILD FROM x", Some(2)),
        ("FROM x\nSHELL sh", Some(2)),
        ("FROM x\nHEALTHCHECK --interval=1us CMD x", Some(2)),
        ("FROM x\nHEALTHCHECK --retries=-1 CMD x", Some(2)),
        ("FROM x\nRUN --mount=from=$A,target=/x y", Some(2)),
        ("FROM x\nRUN --mount=a\\\"b y", Some(2)),
        ("FROM x\nRUN --network=x y", Some(2)),
        ("FROM x\nRUN --security=x y", Some(2)),
        ("FROM x\nRUN --device=a,b y", Some(2)),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!((error.code, error.line), (Code::DockerfileInvalid, line), "{text}: {error}");
    }
}

#[test]
fn a_line_has_a_greatest_length() {
    let line = |length: usize| format!("FROM x\nRUN {}\nUSER u\n", "a".repeat(length - 4));
    assert!(parse(&line(65_535)).is_ok());
    assert_eq!(parse(&line(65_536)).unwrap_err().line, Some(2));
}

#[test]
fn mounts_are_read_as_csv() {
    let read = |text: &str| Mount::parse(text, &mut |value| Ok(value.replace("$A", "v")));
    let mount = read("type=cache,\"target=/a,b\",ro,src=$A").unwrap();
    assert_eq!((mount.kind, mount.target.as_str(), mount.source.as_str()), (MountType::Cache, "/a,b", "v"));
    for wrong in [
        "",
        "type=x",
        "foo",
        "foo=1",
        "required",
        "size=1m",
        "sharing=x",
        "sharing=shared",
        "uid=1",
        "type=secret",
        "type=ssh,source=x",
        "type=cache,mode=9",
        "\"a",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn long_files_are_read_in_a_moment() {
    let args = format!("FROM x\n{}", "ARG A=1\n".repeat(100_000));
    assert_eq!(parse(&args).unwrap().stages[0].instructions.len(), 100_000);
    let joined = format!("FROM x\nRUN a{}\n", " \\\n b".repeat(200_000));
    assert!(parse(&joined).is_ok());
    let heredocs: String = (0..5_000).map(|number| format!("RUN <<E{number}\nRUN <<X\nE{number}\n")).collect();
    assert_eq!(parse(&format!("FROM x\n{heredocs}")).unwrap().stages[0].instructions.len(), 5_000);
    assert!(parse(&format!("FROM x\n{}", "ONBUILD ".repeat(100_000).replace(" ", " \\\n"))).is_err());
    assert!(parse(&format!("FROM x\nCOPY {} a", "[".repeat(60_000))).is_ok());
}

proptest! {
    #[test]
    fn no_bytes_break_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Dockerfile::parse(&bytes, None);
    }

    #[test]
    fn no_text_breaks_the_parser(
        text in "(FROM x|RUN|COPY|ADD|ENV|ARG|ONBUILD|HEALTHCHECK CMD|LABEL|--mount=|--from=|<<E|E|\\$\\{A|\\[\"|[ \\\\\n\"'`#=,$a\u{a0}é])*"
    ) {
        let _ = parse(&format!("FROM x\n{text}"));
    }
}
