//! What has changed, told by a real registry and a real git.

use std::fs;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::Project;
use crate::registry::{digest, manifest};

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("a_rebuild_says_what_has_changed_since_the_last_one", Needs::Any, rebuild),
        ("a_commit_says_what_has_changed_since", Needs::Any, commit),
    ]
}

/// A service with a Compose file of its own.
fn lay_out(engine: &Engine) -> Project {
    let project = Project::empty(engine);
    let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
    put("compose.yaml", &format!("services:\n  app:\n    image: {}\n    build: {{context: ., args: {{VERSION: '1'}}}}\n", project.image));
    put("Dockerfile", "FROM scratch\nARG VERSION\nCOPY a b /\n");
    put("a", "one\n");
    put("b", "two\n");
    project
}

fn rebuild(engine: &Engine) -> Result<(), Failed> {
    let project = lay_out(engine);
    project.plain(&["build"]).ok();
    fs::write(project.folder.join("a"), "other\n").unwrap();
    let compose = fs::read_to_string(project.folder.join("compose.yaml")).unwrap();
    fs::write(project.folder.join("compose.yaml"), compose.replace("'1'", "'2'")).unwrap();

    let said = project.plain(&["why"]).ok().to_owned();
    assert!(said.contains(&format!("since {}:ci (", project.image)), "{said}");
    assert!(
        said.contains("changed\n  a  (COPY at Dockerfile:3)\n") && said.contains("argument VERSION changed  (ARG at Dockerfile:2)"),
        "{said}"
    );

    let built = project.plain(&["build"]);
    built.ok();
    assert!(built.stderr.contains("app: 1 file changed, argument VERSION changed since "), "{}", built.stderr);
    assert!(!built.stderr.contains("could not be kept"), "{}", built.stderr);
    // It is kept as a small image, which is in the list of what refers to this one.
    let list = format!("{}:{}", project.image, digest(&format!("{}:ci", project.image), None).unwrap().replace(':', "-"));
    let list = manifest(&list);
    assert_eq!(list["manifests"][0]["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert!(list["manifests"][0]["annotations"]["vnd.docktag.manifest"].as_str().unwrap().contains("  Dockerfile\n"), "{list}");
    assert!(project.plain(&["why"]).ok().contains("nothing that counts has changed"));
    // Nothing of it is an image of the project.
    project.plain(&["pull"]).ok();
    Ok(())
}

fn commit(engine: &Engine) -> Result<(), Failed> {
    let project = lay_out(engine);
    let git = "git -c user.name=t -c user.email=t@example.com -c init.defaultBranch=main";
    project.shell(&format!("{git} init -q && {git} add -A && {git} commit -qm first")).ok();
    project.plain(&["build"]).ok();
    project.shell("mv b c && sed -i 's/COPY a b/COPY a c/' Dockerfile").ok();
    for against in [&["--against", "HEAD"][..], &[]] {
        let said = project.plain(&[&["why", "--diff"], against].concat()).ok().to_owned();
        assert!(said.contains("renamed\n  b -> c  (COPY at Dockerfile:3)\n") && said.contains("\n-COPY a b /\n+COPY a c /\n"), "{said}");
    }
    Ok(())
}
