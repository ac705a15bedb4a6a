//! Texts that docktag counts as they are written, and that Bake, with which Compose builds, reads as something else.

use libtest_mimic::Failed;

use super::attack::{Run, ended, held, project, put};
use crate::engine::Engine;
use crate::project::Project;
use crate::registry::{self, digest};
use crate::torture::hosts::{HOSTS, Host};

/// What stands under `build:`, and the commands that make its files: `counted` is what docktag counts, `built` what Bake takes.
const TEXTS: [(&str, &str); 11] = [
    (
        r#"{context: ., dockerfile: X, additional_contexts: {x: './src/$${lower("A")}'}}"#,
        r#"mkdir -p 'src/${lower("A")}' src/a; echo counted >'src/${lower("A")}/f'; echo built >src/a/f; printf 'FROM scratch\nCOPY --from=x f /f\n' >X"#,
    ),
    (
        r#"{context: './src/$${lower("A")}', dockerfile: ../../X}"#,
        r#"mkdir -p 'src/${lower("A")}' src/a; echo counted >'src/${lower("A")}/f'; echo built >src/a/f; printf 'FROM scratch\nCOPY f /f\n' >X"#,
    ),
    (
        "{context: ., dockerfile: X, args: {A: '%{if(true)}x%{endif}'}}",
        r"echo counted >'%{if(true)}x%{endif}'; echo built >x; printf 'FROM scratch\nARG A\nCOPY ${A} /f\n' >X",
    ),
    (r#"{context: ., dockerfile_inline: "FROM scratch\nCOPY <<E /f\n%{if true}built%{else}counted%{endif}\nE\n"}"#, "true"),
    (
        r#"{context: ., dockerfile: 'D$${lower("X")}'}"#,
        r#"echo counted >counted; echo built >built; printf 'FROM scratch\nCOPY counted /f\n' >'D${lower("X")}'; printf 'FROM scratch\nCOPY built /f\n' >Dx"#,
    ),
    (
        "{context: ., dockerfile: \"De\\u0301\"}",
        r"echo counted >counted; echo built >built; printf 'FROM scratch\nCOPY counted /f\n' >$'De\xcc\x81'; printf 'FROM scratch\nCOPY built /f\n' >$'D\xc3\xa9'",
    ),
    (
        "{context: ., dockerfile: X, additional_contexts: {x: \"./e\\u0301\"}}",
        r"mkdir -p $'e\xcc\x81' $'\xc3\xa9'; echo counted >$'e\xcc\x81/f'; echo built >$'\xc3\xa9/f'; printf 'FROM scratch\nCOPY --from=x f /f\n' >X",
    ),
    (
        "{context: ., dockerfile: X, args: {A: \"\\ufeffx\"}}",
        r"echo counted >$'\xef\xbb\xbfx'; echo built >x; printf 'FROM scratch\nARG A\nCOPY ${A} /f\n' >X",
    ),
    (
        "{context: ., dockerfile: one/X}",
        r#"mkdir -p 'r${lower("A")}' ra; ln -s 'r${lower("A")}' two; ln -s two one; echo counted >counted; echo built >built; printf 'FROM scratch\nCOPY counted /f\n' >'r${lower("A")}/X'; printf 'FROM scratch\nCOPY built /f\n' >ra/X"#,
    ),
    (
        "{context: ., dockerfile: X, additional_contexts: {x: 'cwd://src'}}",
        r"mkdir src; echo built >src/f; printf 'FROM scratch\nCOPY --from=x f /f\n' >X",
    ),
    (
        "{context: ., dockerfile: X, additional_contexts: {x: 'z://src'}}",
        r"mkdir -p z:/src; echo built >z:/src/f; printf 'FROM scratch\nCOPY --from=x f /f\n' >X",
    ),
];

fn compose(project: &Project, build: &str) {
    put(project, "compose.yaml", format!("services:\n  app:\n    image: '{}'\n    build: {build}\n", project.image));
}

/// `plan` and `build` refuse the project, and nothing is pushed.
#[track_caller]
fn is_refused(project: &Project, host: Host, text: &str) -> u64 {
    let tag = project.plain(&["tag"]).ok().split_whitespace().last().unwrap().to_owned();
    for job in ["plan", "build"] {
        ended(&Run::of(job).on(project, host), 2, text);
    }
    ended(&Run { options: &[("strict", "")], ..Run::of("build") }.on(project, host), 2, text);
    assert_eq!(digest(&tag, None), None, "{host:?}: {tag} was pushed");
    3
}

pub(super) fn texts(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for (build, files) in TEXTS {
        let project = project(engine, "");
        compose(&project, build);
        project.shell(files).ok();
        for host in HOSTS {
            let text = if build.contains("://") { "is a folder of this machine for Buildx" } else { "Compose builds with Bake" };
            count += is_refused(&project, host, text);
        }
        // What Compose makes of it is not what was counted, so the attack is one.
        project.shell("docker compose build app && docker compose push app").ok();
        let found = registry::file(&format!("{}:latest", project.image), None, "f");
        assert_eq!(found.as_deref().map(str::trim), Some("built"), "{build}");
    }
    let project = project(engine, "");
    compose(&project, "{context: ., labels: {a: '$${timestamp()}'}}");
    for host in HOSTS {
        count += is_refused(&project, host, "Compose builds with Bake");
    }
    // What Compose escapes is built as it is written.
    for host in HOSTS {
        let literal = r#"{context: ., dockerfile_inline: "FROM scratch\nARG A\nCOPY <<\"E\" /f\n$${A} $$A\nE\nCOPY g$${A} /g\n", args: {A: '$${b}'}}"#;
        put(&project, "g${b}", format!("{host:?}"));
        compose(&project, literal);
        ended(&Run { options: &[("force", "")], ..Run::of("build") }.on(&project, host), 0, "pushed");
        let image = super::attack::image(&project);
        let files = ["f", "g"].map(|file| registry::file(&image, None, file).unwrap());
        assert_eq!(files, ["${A} $A\n".to_owned(), format!("{host:?}")]);
    }
    held("inputs", count);
    Ok(())
}

pub(super) fn names(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    let project = project(engine, "");
    for (build, text) in [
        ("{context: ., args: {'a=evil': '1'}}", "is not the name of an argument"),
        ("{context: ., labels: {'a=b': '1'}}", "is not the name of a label"),
        ("{context: ., ssh: {'a,b': ./a}}", "is not the name of a key"),
    ] {
        compose(&project, build);
        for host in HOSTS {
            count += is_refused(&project, host, text);
        }
    }
    // Compose v1 gives its builder this text as it is.
    let build = "DOCKER_BUILDKIT=1 docker build -q --build-arg a=evil=1 -t x - <<<$'FROM scratch\\nARG a=good\\nLABEL a=$a'";
    let built = project.shell(&format!("docker inspect --format '{{{{.Config.Labels.a}}}}' $({build})"));
    assert_eq!(built.ok().trim(), "evil=1");
    held("inputs", count);
    Ok(())
}

pub(super) fn exports(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        let victim = format!("{}-victim:900150983cd24fb0d6963f7d28e17f72", project.image);
        registry::put(&victim);
        let before = digest(&victim, None);
        for entry in [
            format!(r#"type=registry,$${{lower("REF")}}={victim}"#),
            format!("type=registry,%{{if true}}ref%{{endif}}={victim}"),
            format!("type=registry,reference={victim}"),
        ] {
            compose(&project, &format!("{{context: ., cache_to: ['{entry}']}}"));
            let path = [("path", "."), ("image", project.image.as_str())];
            for options in [&[][..], &path] {
                put(&project, "a", format!("{entry} {options:?}"));
                let image = if options.is_empty() { String::new() } else { "${DOCKER_IMAGE}".to_owned() };
                if !image.is_empty() {
                    put(
                        &project,
                        "compose.yaml",
                        format!("services:\n  app:\n    image: '{image}'\n    build: {{context: ., cache_to: ['{entry}']}}\n"),
                    );
                }
                ended(&Run { options, ..Run::of("build") }.on(&project, host), 2, "cache_to");
                assert_eq!(digest(&victim, None), before, "{host:?} {entry}");
                count += 1;
            }
        }
    }
    held("exports", count);
    Ok(())
}
