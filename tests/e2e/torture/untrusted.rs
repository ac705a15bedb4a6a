//! Untrusted work: what a fork can do, what `--verify` finds out, and attacks by a project's files.

mod attack;
mod bake;
mod cache;
mod events;
mod exports;
mod files;
mod git;
mod inputs;
mod login;
mod tags;
mod terminal;

use std::fs;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::{Project, Ran};
use crate::registry;
use crate::torture::faults::proxy::{Act, Proxy};
use crate::torture::faults::wire::{Reply, Request};
use crate::torture::{Figure, record};

/// A pull request of `stranger/app`, in which nobody has a secret.
const FORK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/workflows/fork.json");

/// The repository that such a pull request is for.
const BASE_REPOSITORY: &str = "acme/app";

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("torture_a_fork_neither_moves_nor_poisons_a_tag", Needs::Any, fork),
        ("torture_verify_finds_an_image_that_is_another_one", Needs::Any, retagged),
        ("torture_verify_finds_an_index_that_is_another_one", Needs::Any, retagged_index),
        ("torture_tags_of_a_compose_file_overwrite_nothing", Needs::Any, tags::test),
        ("torture_a_folder_like_a_bare_repository_starts_no_program", Needs::Any, git::bare),
        ("torture_the_configuration_of_a_repository_starts_no_program", Needs::Any, git::own),
        ("torture_a_compose_file_exports_no_cache_for_a_fork", Needs::Any, exports::fork),
        ("torture_a_cache_export_to_a_managed_name_is_refused", Needs::Any, exports::managed),
        ("torture_a_second_buildkit_exports_what_docktag_decided_alone", Needs::Own, exports::builder),
        ("torture_a_build_cache_under_a_hash_tag_is_no_image", Needs::Any, exports::build_cache),
        ("torture_a_poisoned_cache_gets_into_no_image", Needs::Any, cache::poisoned),
        ("torture_only_a_trusted_branch_moves_the_moving_tag", Needs::Any, cache::moving),
        ("torture_a_proxy_of_the_project_changes_the_tag", Needs::Any, cache::proxy),
        ("torture_a_text_that_bake_evaluates_is_not_built", Needs::Any, bake::texts),
        ("torture_a_name_that_is_two_things_is_not_built", Needs::Any, bake::names),
        ("torture_an_export_that_bake_evaluates_is_refused", Needs::Any, bake::exports),
        ("torture_a_hash_beside_other_letters_is_a_hash", Needs::Any, tags::glued),
        ("torture_two_inputs_are_never_one_line", Needs::Any, inputs::lines),
        ("torture_another_source_of_a_secret_is_another_tag", Needs::Any, inputs::secrets),
        ("torture_files_with_one_md5_are_told_apart", Needs::Any, inputs::collision),
        ("torture_files_that_never_end_are_refused", Needs::Any, files::endless),
        ("torture_names_planted_in_a_shared_folder_are_replaced", Needs::Any, files::planted),
        ("torture_names_of_files_do_not_rule_the_terminal", Needs::Any, terminal::test),
        ("torture_events_that_strangers_cause_push_nothing", Needs::Any, events::test),
        ("torture_a_compose_file_cannot_read_the_password", Needs::Any, login::variable),
        ("torture_a_forks_registry_gets_no_login", Needs::Any, login::registry),
    ]
}

/// A service of its own; `more` stands under `build:`.
fn lay_out(engine: &Engine, more: &str) -> Project {
    let project = Project::empty(engine);
    let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
    put("compose.yaml", &format!("services:\n  app:\n    image: {}\n    build: {{context: .{more}}}\n", project.image));
    put("Dockerfile", "FROM scratch\nCOPY a /\n");
    put("a", &project.image);
    project
}

/// The requests that could have changed something.
fn writes(proxy: &Proxy) -> Vec<String> {
    proxy.seen().iter().filter(|request| !["GET", "HEAD"].contains(&request.method.as_str())).map(Request::line).collect()
}

fn image(project: &Project) -> String {
    project.plain(&["tag"]).ok().split_whitespace().last().unwrap().to_owned()
}

fn fork(engine: &Engine) -> Result<(), Failed> {
    // The registry would take everything from everybody: what keeps it unharmed is that nothing is sent. And one that lets nobody write.
    let mut refused = 0;
    for is_open in [true, false] {
        let mut project = lay_out(engine, "");
        project.plain(&["build"]).ok();
        let (ours, moving) = (image(&project), format!("{}:ci", project.image));
        let before = registry::digest(&moving, None);
        assert!(before.is_some());
        let real = project.image.clone();
        let proxy = Proxy::start(engine.get("ENGINE_REGISTRY"), None, move |request, _| {
            match is_open || ["GET", "HEAD"].contains(&request.method.as_str()) {
                true => Act::Pass { bare: false },
                false => Act::Say(Reply::json(403, r#"{"errors":[{"code":"DENIED","message":"read only"}]}"#)),
            }
        });
        project.image = real.replace(engine.get("ENGINE_REGISTRY"), &proxy.address);
        let compose = fs::read_to_string(project.folder.join("compose.yaml")).unwrap();
        fs::write(project.folder.join("compose.yaml"), compose.replace(&real, &project.image)).unwrap();
        fs::write(project.folder.join("a"), "the fork's").unwrap();
        project.env.insert("GITHUB_EVENT_NAME".to_owned(), "pull_request".to_owned());
        project.env.insert("GITHUB_EVENT_PATH".to_owned(), FORK.to_owned());
        let theirs = image(&project).replace(&proxy.address, engine.get("ENGINE_REGISTRY"));
        assert_ne!(theirs, ours);
        for args in [&["build"][..], &["build", "--force"], &["build", "--cache", "registry"], &["pull", "--or-build"]] {
            project.plain(args).ok();
        }
        assert_eq!(writes(&proxy), Vec::<String>::new(), "a fork's job wrote to the registry");
        if !is_open {
            // Who demands a push with a token that can only read hears that it failed, and has changed nothing.
            let ran = project.plain(&["build", "--push=true"]);
            assert_eq!(ran.code, Some(1), "{}", ran.stderr);
            refused = writes(&proxy).len();
            assert!(refused > 0, "nobody tried to push: {}", ran.stderr);
        }
        assert_eq!(registry::digest(&theirs, None), None);
        assert_eq!(registry::digest(&moving, None), before);
        project.image = real;
    }
    record(&Figure {
        promise: "Untrusted work",
        what: "jobs of a fork's pull request that wrote to a registry, one open to everybody and one that lets nobody write",
        tried: 8,
        wrong: 0,
        also: format!("a push that was demanded there was refused at the first of {refused} tries, and no tag had changed"),
    });
    Ok(())
}

fn retagged(engine: &Engine) -> Result<(), Failed> {
    let project = lay_out(engine, "");
    project.plain(&["build"]).ok();
    is_verified(&project);
    let good = image(&project);
    // By docker, as somebody would do it.
    fs::write(project.folder.join("a"), "other").unwrap();
    let wrong = image(&project);
    project.shell(&format!("docker pull -q {good} && docker tag {good} {wrong} && docker push -q {wrong} && docker rmi {wrong}")).ok();
    is_found_out(&project);
    // And it can be mended.
    project.plain(&["build", "--verify", "--force"]).ok();
    is_verified(&project);
    figure("an image that was tagged by hand", 1);
    Ok(())
}

fn retagged_index(engine: &Engine) -> Result<(), Failed> {
    let project = lay_out(engine, ", platforms: [linux/amd64, linux/s390x]");
    for platform in ["linux/amd64", "linux/s390x"] {
        project.plain(&["build", "--part", platform]).ok();
    }
    project.plain(&["join"]).ok();
    is_verified(&project);
    let good = image(&project);
    fs::write(project.folder.join("a"), "other").unwrap();
    registry::retag(&good, &image(&project));
    is_found_out(&project);
    figure("an index of several platforms that was tagged by hand", 1);
    Ok(())
}

fn is_verified(project: &Project) {
    let says = |ran: Ran, what: &str| assert!(ran.code == Some(0) && ran.stderr.contains(what), "{}{}", ran.stdout, ran.stderr);
    says(project.plain(&["build", "--verify"]), "hit, sha256:");
    says(project.plain(&["plan", "--verify"]), "nothing is missing of 1 image");
}

fn is_found_out(project: &Project) {
    // Whoever does not ask for it believes the registry.
    assert!(project.plain(&["build", "--moving-tag="]).stderr.contains("hit, sha256:"));
    for job in ["build", "plan", "pull"] {
        project.plain(&[job, "--verify"]).failed(1, "cannot be verified that this is the image for these inputs");
    }
}

fn figure(what: &'static str, tried: u64) {
    record(&Figure {
        promise: "Untrusted work",
        what,
        tried,
        wrong: 0,
        also: "found out by `--verify` in `build`, `plan` and `pull`".to_owned(),
    });
}
