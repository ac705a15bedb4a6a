//! Two states that are two images must have two tags: links, named contexts, secrets, files with one md5.

use std::fs;

use libtest_mimic::Failed;

use super::attack::{Run, compose, ended, held, project, put, said};
use super::cache::forget;
use crate::engine::Engine;
use crate::project::Project;
use crate::registry;
use crate::torture::hosts::{self, HOSTS, Host};

/// The only image of a project, as a host names it; `None` if the project is refused.
fn image_on(project: &Project, host: Host) -> Option<String> {
    let ran = Run::of("tag").on(project, host);
    let text = said(&ran) + &hosts::written(project);
    let begin = format!("{}:", project.image);
    let tag: String = text.split_once(&begin)?.1.chars().take_while(char::is_ascii_alphanumeric).collect();
    (ran.code == Some(0)).then(|| begin + &tag)
}

/// Two trees whose lines would be one, if names were written as they are.
const TREES: [(&str, &str); 6] = [
    ("ln -s b 'd/a ->'", "ln -s -- '-> b' d/a"),
    ("ln -s c 'd/a -> b'", "ln -s 'b -> c' d/a"),
    ("ln -s ' -> b' d/a", "ln -s b 'd/a -> '"),
    ("ln -s $'b\\n# link d/e -> f' d/a", "ln -s b d/a; ln -s f d/e"),
    ("ln -s '\\-> b' d/a", "ln -s -- '-> b' d/a"),
    ("echo 1 >$'d/a\\nb'", "echo 1 >'d/a\\nb'"),
];
/// Compose keys of which two could be one line.
const CONTEXTS: [(&str, &str); 3] = [
    (", additional_contexts: {'n=./d': ./e}", ", additional_contexts: {n: './d=./e'}"),
    (", additional_contexts: {n: 'docker-image://x:1'}", ", additional_contexts: {'n=docker-image': '//x:1'}"),
    (
        ", additional_contexts: {n: \"docker-image://x\\n# context m docker-image://y\"}",
        ", additional_contexts: {n: 'docker-image://x', m: 'docker-image://y'}",
    ),
];

pub(super) fn lines(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        put(&project, "Dockerfile", "FROM scratch\nCOPY d /d\n");
        for (number, (one, other)) in TREES.iter().enumerate() {
            let mut found = Vec::new();
            for tree in [one, other] {
                project.shell(&format!("rm -rf d && mkdir d && echo {number} >d/file && {tree}")).ok();
                let image = image_on(&project, host).unwrap();
                ended(&Run { options: &[("moving-tag", "other")], ..Run::of("build") }.on(&project, host), 0, "pushed");
                found.push((registry::layers(&image), image));
            }
            assert_ne!(found[0].0, found[1].0, "{host:?} {one}: no attack, since the images are one");
            assert_ne!(found[0].1, found[1].1, "{host:?} {one}: one tag for two images");
            count += 1;
        }
        project.shell("mkdir -p d e; echo 1 >e/file").ok();
        put(&project, "Dockerfile", "FROM scratch\nCOPY --from=n . /\n");
        for (one, other) in CONTEXTS {
            let images = [one, other].map(|more| {
                compose(&project, &project.image, more);
                image_on(&project, host)
            });
            // What neither reader takes has no tag.
            assert!(images[0].is_none() || images[0] != images[1], "{host:?} {one}: {images:?}");
            count += 1;
        }
    }
    held("inputs", count);
    Ok(())
}

/// Another source of a secret is another tag; another value is not, since nobody could compare it.
pub(super) fn secrets(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let mut project = project(engine, "");
        fs::copy(engine.get("ENGINE_BUSYBOX"), project.folder.join("busybox")).unwrap();
        let file = format!("seen-{}", project.image.rsplit('/').next().unwrap());
        let run = format!("RUN --mount=type=secret,id=s [\"/busybox\", \"sh\", \"-c\", \"cat /run/secrets/s >/{file}\"]");
        put(&project, "Dockerfile", format!("FROM scratch\nCOPY busybox /\n{run}\n"));
        put(&project, ".dockerignore", "*\n!busybox\n");
        for name in ["a", "b"] {
            put(&project, name, format!("of file {name}"));
            project.env.insert(format!("SECRET_{name}"), format!("of variable {name}"));
        }
        for sources in [["file: a", "file: b"], ["environment: SECRET_a", "environment: SECRET_b"]] {
            let mut found = Vec::new();
            for source in sources {
                compose(&project, &project.image, ", secrets: [s]");
                let text = fs::read_to_string(project.folder.join("compose.yaml")).unwrap();
                put(&project, "compose.yaml", format!("{text}secrets:\n  s: {{ {source} }}\n"));
                ended(&Run { options: &[("cache", "none")], ..Run::of("build") }.on(&project, host), 0, "pushed");
                forget(&project, &file);
                let image = image_on(&project, host).unwrap();
                found.push((registry::file(&image, None, &file).unwrap(), image));
            }
            assert_ne!(found[0].0, found[1].0, "{host:?} {sources:?}: no attack, since the images are one");
            assert_ne!(found[0].1, found[1].1, "{host:?} {sources:?}: one tag for two images");
            let before = image_on(&project, host);
            put(&project, "b", "changed");
            project.env.insert("SECRET_b".to_owned(), "changed".to_owned());
            assert_eq!(image_on(&project, host), before, "{host:?} {sources:?}");
            count += 1;
        }
    }
    held("inputs", count);
    Ok(())
}

/// Two messages with one md5 (X. Wang, D. Feng, X. Lai, H. Yu, "Collisions for Hash Functions MD4, MD5, HAVAL-128 and RIPEMD", 2004).
const COLLISION: [&str; 2] = [
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70",
    "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f8955ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5bd8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70",
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

pub(super) fn collision(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    let [harmless, harmful] = COLLISION.map(bytes);
    for host in HOSTS {
        let project = project(engine, "");
        put(&project, "Dockerfile", "FROM scratch\nCOPY a own /\n");
        // The image is this test's own.
        put(&project, "own", &project.image);
        put(&project, "a", &harmless);
        ended(&Run::of("build").on(&project, host), 0, "pushed");
        let image = image_on(&project, host).unwrap();
        // Reviewed, built and pushed: then the other one takes its place, and has its tag.
        put(&project, "a", &harmful);
        assert_eq!(image_on(&project, host).as_ref(), Some(&image), "{host:?}: the files have not one md5");
        for job in ["plan", "build", "pull"] {
            ended(&Run { options: &[("verify", "")], ..Run::of(job) }.on(&project, host), 1, "the sha256 of its inputs is another one");
            count += 1;
        }
        // With the file that was built it is verified, and sha256 tells the two apart.
        let sha256 = [("algorithm", "sha256")];
        ended(&Run { options: &sha256, ..Run::of("plan") }.on(&project, host), 0, "1 of 1 image to be built");
        ended(&Run { options: &sha256, ..Run::of("build") }.on(&project, host), 0, "pushed");
        put(&project, "a", &harmless);
        ended(&Run { options: &[("verify", "")], ..Run::of("plan") }.on(&project, host), 0, "nothing is missing of 1 image");
        ended(&Run { options: &sha256, ..Run::of("plan") }.on(&project, host), 0, "1 of 1 image to be built");
        // Both in one project: somebody made them.
        put(&project, "Dockerfile", "FROM scratch\nCOPY a b own /\n");
        put(&project, "b", &harmful);
        for job in ["tag", "plan", "build"] {
            ended(&Run::of(job).on(&project, host), 0, "are different files with the same md5");
            count += 1;
        }
    }
    held("inputs", count);
    Ok(())
}
