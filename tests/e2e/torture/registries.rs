//! Registries of several makes do what docktag needs: they store what is kept beside an image, and find it again.

use std::fs;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::{Project, Ran};
use crate::registry::digest;
use crate::torture::servers::{self, Server};
use crate::torture::{Figure, Rounds, record};

/// How many makes are tried: distribution 2 is there, Gitea takes ten minutes to build.
const MAKES: Rounds = Rounds { short: 1, minutes: 3, hours: 4 };

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_registries_store_what_is_kept", Needs::Any, all)]
}

fn all(engine: &Engine) -> Result<(), Failed> {
    let number = MAKES.number();
    let mut servers = Vec::new();
    if number >= 3 {
        servers.extend([Server::distribution3(), Server::in_memory()]);
    }
    if number >= 4 || servers::has_gitea() {
        servers.push(Server::gitea());
    }
    let open = (engine.get("ENGINE_REGISTRY"), None, true);
    let makes: Vec<_> = [open].into_iter().chain(servers.iter().map(|it| (it.address.as_str(), it.login, it.deletes))).collect();
    for (address, login, deletes) in &makes {
        tour(engine, address, *login, *deletes);
    }
    record(&Figure {
        promise: "Registries",
        what: "makes of registries in which an image is not built, found, explained, verified and pruned",
        tried: makes.len() as u64,
        wrong: 0,
        also: String::new(),
    });
    Ok(())
}

/// Everything that a project does with its registry.
fn tour(engine: &Engine, address: &str, login: Option<(&str, &str)>, deletes: bool) {
    let mut project = Project::empty(engine);
    project.image = format!("{address}/ci/{}", project.image.rsplit('/').next().unwrap());
    if let Some((user, password)) = login {
        let variables = [("DOCKTAG_USERNAME", user), ("DOCKER_PASSWORD", password), ("DOCKTAG_REGISTRY", address)];
        project.env.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    let write = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
    write("compose.yaml", &format!("services: {{app: {{image: {}, build: .}}}}\n", project.image));
    write("Dockerfile", "FROM scratch\nCOPY f /\n");
    write("f", &project.image);
    project.shell("git init -q . && git config user.name a && git config user.email a@example.org").ok();
    let commit = || project.shell("git add -A && git commit -q -m x").ok().to_owned();
    let image = || project.plain(&["tag"]).ok().trim().split('\t').nth(1).unwrap().to_owned();
    let user = login.map(|(user, password)| format!("{user}:{password}"));
    let digest = |image: &str| digest(image, user.as_deref());

    if login.is_some() {
        let mut command = project.command(env!("CARGO_BIN_EXE_docktag"));
        let ran = crate::project::ended(command.arg("build").env("DOCKER_PASSWORD", "wrong").output().unwrap());
        ran.failed(1, "refuses the login");
        assert!(!ran.stderr.contains("$ docker"), "{}", ran.stderr);
    }
    commit();
    let first = image();
    says(&project.plain(&["build"]), ": pushed, sha256:");
    says(&project.plain(&["build"]), ": hit, sha256:");
    says(&project.plain(&["build", "--verify"]), ": hit, sha256:");

    write("f", "another");
    commit();
    assert!(project.plain(&["why"]).ok().contains("1 file changed"), "{address}");
    let second = image();
    says(&project.plain(&["build"]), "1 file changed since");
    assert_eq!(digest(&format!("{}:ci", project.image)), digest(&second));

    // So many files that their list is no annotation.
    fs::create_dir(project.folder.join("many")).unwrap();
    (0..1500).for_each(|number| fs::write(project.folder.join(format!("many/file-{number}")), "x").unwrap());
    write("Dockerfile", "FROM scratch\nCOPY f /\nCOPY many /many\n");
    commit();
    let third = image();
    says(&project.plain(&["build"]), ": pushed, sha256:");
    says(&project.plain(&["build", "--verify"]), ": hit, sha256:");
    fs::write(project.folder.join("many/file-7"), "y").unwrap();
    assert!(project.plain(&["why"]).ok().contains("many/file-7"), "{address}");

    if !deletes {
        return;
    }
    project.plain(&["prune", "--delete", "--keep-days", "0", "--keep-commits", "1", "--keep-branches"]).ok();
    assert_eq!((digest(&first), digest(&second)), (None, None), "{address}");
    assert!(digest(&third).is_some(), "{address}");
}

/// It ended well, said this, and had nothing to warn of.
#[track_caller]
fn says(ran: &Ran, text: &str) {
    ran.ok();
    assert!(ran.stderr.contains(text) && !ran.stderr.contains("warning: "), "{}", ran.stderr);
}
