//! `prune` deletes nothing that it is not certain of. With real registries it is met in `tests/e2e`.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::git::{commit, git, path};
use crate::support::project::PUSH;
use crate::support::{Project, REPOSITORY, Reply, Run};

/// A project in git whose registry lists the tags that it has, and answers deletions so.
fn project(deletion: u16) -> Project {
    changing(deletion, |_, _| {})
}

/// The same; before each list of tags, the stored files can change: how many lists there were before is given too.
fn changing(deletion: u16, change: fn(&Path, usize)) -> Project {
    Project::around(|dir| {
        let store = dir.beside("registry").join(REPOSITORY);
        crate::support::Registry::scripted(dir, move |request, before| {
            if request.method == "DELETE" {
                return Some(Reply::status(deletion));
            }
            if request.target.contains("/tags/list?") && !request.target.contains("last=") {
                change(&store, before);
            }
            // One tag a page.
            let rest = request.target.strip_prefix(&format!("/v2/{REPOSITORY}/tags/list?"))?;
            let mut tags: Vec<String> = std::fs::read_dir(&store)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| name != "blobs" && !name.starts_with("sha256:"))
                .collect();
            tags.sort();
            let at = rest.strip_prefix("last=").map_or(0, |last| tags.iter().position(|tag| tag == last).unwrap() + 1);
            let reply = Reply::json(200, &json!({ "name": REPOSITORY, "tags": tags.get(at..=at) }).to_string());
            Some(match tags.get(at) {
                Some(tag) if at + 1 < tags.len() => {
                    reply.header("link", format!("</v2/{REPOSITORY}/tags/list>; rel=\"first\", <list?last={tag}>; rel=\"next\""))
                }
                _ => reply,
            })
        })
    })
}

fn run(project: &Project, job: &str, args: &[&str]) -> Run {
    project.job(job, args).env("PATH", path(&project.dir))
}

/// Two builds, of which the first is of a commit that no branch ends with; and images that are none of docktag's.
fn built(deletion: u16) -> Project {
    build_two(project(deletion))
}

fn build_two(project: Project) -> Project {
    // Images with different bytes.
    project.docker(&[(r#""push "*"#, &PUSH.replace("'pushed'", "\"$image\""))]);
    for text in ["1", "2"] {
        project.dir.file("docker/a", text);
        commit(&project.dir, text);
        run(&project, "build", &[]).run().ok();
    }
    project.registry.put(&format!("{REPOSITORY}:0123456789abcdef0123456789abcdef"), "of others");
    project
}

const OLD: [&str; 3] = ["--keep-branches", "--keep-days", "0"];

#[test]
fn what_is_to_be_kept_has_to_be_said() {
    let project = project(202);
    run(&project, "prune", &[]).run().fails(2, &["`prune` has to know what is to be kept", "help: `--keep-branches`"]);
    run(&project, "prune", &["--keep-commits", "0"]).run().fails(2, &["`--keep-commits`: `0` is no number"]);
    assert_eq!(project.registry.lines(), [""; 0]);
}

#[test]
fn without_delete_nothing_is_deleted_and_what_is_not_ours_never() {
    let project = built(202);
    let text = run(&project, "prune", &OLD).run().ok();
    assert!(text.contains("1 needed, 1 with a hash that docktag did not make") && text.contains("1 not needed"), "{text}");
    assert!(text.ends_with("nothing was deleted; `--delete` does\n"), "{text}");
    assert!(project.registry.lines().iter().all(|line| !line.starts_with("DELETE")), "{:?}", project.registry.lines());
    let young = run(&project, "prune", &["--keep-branches"]).run().ok();
    assert!(young.contains("1 too young"), "{young}");
    let all = run(&project, "prune", &["--keep-commits", "2", "--keep-days", "0"]).run().ok();
    assert!(all.contains("2 needed"), "{all}");

    run(&project, "prune", &[&OLD[..], &["--delete"]].concat()).run().says(&[": deleted"]).ok();
    let deleted = project.registry.lines().iter().filter(|line| line.starts_with("DELETE")).count();
    // The image, the manifest that was kept beside it, and the list of such.
    assert_eq!(deleted, 3, "{:?}", project.registry.lines());
}

#[test]
fn a_registry_that_deletes_nothing_is_told() {
    let refused = built(405);
    let ran = run(&refused, "prune", &[&OLD[..], &["--delete"]].concat()).run();
    ran.fails(1, &["deletes no images this way (status 405)", "help: ", "REGISTRY_STORAGE_DELETE_ENABLED"]);
    let forbidden = built(403);
    run(&forbidden, "prune", &[&OLD[..], &["--delete"]].concat()).run().fails(1, &["refuses access with status 403", "help: "]);
}

#[test]
fn a_branch_that_was_not_fetched_could_need_anything() {
    let project = built(202);
    let remote = project.dir.beside("remote");
    git(&project.dir, "project", &["clone", "-q", "--bare", ".", remote.to_str().unwrap()]);
    git(&project.dir, "project", &["remote", "add", "origin", remote.to_str().unwrap()]);
    run(&project, "prune", &OLD).run().ok();
    // Somebody pushes a branch.
    let other = project.dir.beside("other");
    git(&project.dir, "project", &["clone", "-q", remote.to_str().unwrap(), other.to_str().unwrap()]);
    git(&project.dir, "other", &["commit", "-q", "--allow-empty", "-m", "new"]);
    git(&project.dir, "other", &["push", "-q", "origin", "HEAD:refs/heads/new"]);
    run(&project, "prune", &OLD).run().fails(2, &["refs/heads/new: this branch was not fetched", "help: `git fetch origin"]);
    git(&project.dir, "project", &["fetch", "-q"]);
    run(&project, "prune", &OLD).run().ok();
    std::fs::remove_dir_all(&remote).unwrap();
    run(&project, "prune", &OLD).run().fails(2, &["git cannot list the branches and tags of `origin`: ", "help: "]);
}

#[test]
fn a_history_that_is_cut_is_not_known() {
    let project = built(202);
    let shallow = project.dir.path("").join(".git/shallow");
    let head = git(&project.dir, "project", &["rev-parse", "HEAD"]);
    std::fs::write(shallow, format!("{head}\n")).unwrap();
    run(&project, "prune", &["--keep-commits", "2"]).run().fails(2, &["its history is cut, expected 2 commits", "`fetch-depth: 0`"]);
    run(&project, "prune", &["--keep-commits", "1"]).run().ok();
}

/// A registry whose list of tags goes on: `next` says which page comes after the one that `last` names (0 is the first).
fn endless(next: fn(usize) -> usize) -> Project {
    Project::around(|dir| {
        crate::support::Registry::scripted(dir, move |request, _| {
            let rest = request.target.strip_prefix(&format!("/v2/{REPOSITORY}/tags/list?"))?;
            let page = rest.strip_prefix("last=").map_or(0, |last| last.parse().unwrap());
            let link = format!("</v2/{REPOSITORY}/tags/list?last={}>; rel=\"next\"", next(page));
            Some(Reply::json(200, &json!({ "name": REPOSITORY, "tags": [format!("t{page}")] }).to_string()).header("link", link))
        })
    })
}

#[test]
fn a_list_of_tags_without_end_is_not_used() {
    for (next, asked, message) in [
        (|_| 1, 2, "list of tags leads back to a page that was asked for already"),
        (|page| (page + 1) % 3, 4, "list of tags leads back to a page that was asked for already"),
        (|page| page + 1, 2000, "list of tags has more than 2000 pages"),
    ] as [(fn(usize) -> usize, usize, &str); 3]
    {
        let project = endless(next);
        commit(&project.dir, "1");
        run(&project, "prune", &[&OLD[..], &["--delete"]].concat())
            .run()
            .fails(1, &[message, "help: a list that is not whole is not used"]);
        let lines = project.registry.lines();
        assert_eq!(lines.iter().filter(|line| line.contains("/tags/list?")).count(), asked, "{message}");
        assert!(lines.iter().all(|line| line.starts_with("GET")), "{message}");
    }
}

/// A page that is none of the list may have any tags, or hide some: nothing is deleted on its word.
#[test]
fn a_list_of_tags_that_goes_on_elsewhere_is_not_used() {
    let elsewhere = ["/v2/example/other/tags/list?last=x", "https://other.example/?last=x", "/v2/example/app/manifests/ci?last=x"];
    for address in elsewhere {
        let project = Project::with(move |request, _| {
            let is_list = request.target.contains("/tags/list?");
            is_list.then(|| Reply::json(200, r#"{"tags":["a"]}"#).header("link", format!("</>; rel=first, <{address}>; rel=next")))
        });
        commit(&project.dir, "1");
        let ran = run(&project, "prune", &[&OLD[..], &["--delete"]].concat()).run();
        ran.fails(1, &[&format!("list of tags goes on at `{address}`, which is no page of it")]);
        project.only_read();
    }
}

#[test]
fn every_image_is_listed_with_date_commit_and_reason() {
    let project = built(202);
    let head = git(&project.dir, "project", &["rev-parse", "--short=7", "HEAD"]);
    let old = git(&project.dir, "project", &["rev-parse", "--short=7", "HEAD~1"]);
    let text = run(&project, "prune", &OLD).run().ok();
    let lines: Vec<Vec<&str>> = text.lines().filter(|line| line.starts_with("  ")).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 4, "{text}");
    let reason = |commit: &str| {
        let line = lines.iter().find(|line| line[2] == commit).unwrap_or_else(|| panic!("{text}"));
        assert!(line[1].len() == 10 && line[1].starts_with("20"), "{text}");
        line[3..].join(" ")
    };
    assert_eq!(reason(&head), format!("needed: built from commit {head}, which counts"));
    assert_eq!(reason(&old), "not needed: no commit that counts has these inputs");
    assert!(
        text.contains("left alone: has no hash") && text.contains("left alone: docktag did not make it, or kept no manifest"),
        "{text}"
    );
    let json = run(&project, "prune", &[&OLD[..], &["--json"]].concat()).run().json();
    for tag in json["repositories"][0]["tags"].as_array().unwrap() {
        assert!(
            tag["reason"].is_string() && tag["verdict"].is_string() && tag.get("created").is_some() && tag.get("revision").is_some(),
            "{tag}"
        );
    }
}

#[test]
fn a_tag_that_appears_before_the_deletion_keeps_its_image() {
    // Somebody gives the image another name while the rest is looked at.
    let project = build_two(changing(202, |store, before| {
        let tags = std::fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path());
        let is_hash = |path: &std::path::PathBuf| path.file_name().unwrap().len() == 32;
        if before == 1 {
            tags.filter(is_hash).for_each(|path| assert!(std::fs::copy(&path, path.with_extension("release")).is_ok()));
        }
    }));
    let text = run(&project, "prune", &[&OLD[..], &["--delete"]].concat()).run().ok();
    assert!(text.contains("release names it now") && !text.contains("deleted"), "{text}");
    assert!(project.registry.lines().iter().all(|line| !line.starts_with("DELETE")));
}

#[test]
fn what_others_keep_beside_an_image_is_not_deleted() {
    let project = built(202);
    let store = project.dir.beside("registry").join(REPOSITORY);
    for entry in std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.file_name().unwrap().to_string_lossy().starts_with("sha256-") {
            let mut list: Value = serde_json::from_slice(&std::fs::read(&entry).unwrap()).unwrap();
            list["manifests"].as_array_mut().unwrap().push(json!({ "artifactType": "application/vnd.dev.cosign", "digest": "sha256:1" }));
            std::fs::write(&entry, list.to_string()).unwrap();
        }
    }
    run(&project, "prune", &[&OLD[..], &["--delete"]].concat()).run().says(&[": deleted"]).ok();
    // The image and our manifest, and not the list.
    let deleted = project.registry.lines().iter().filter(|line| line.starts_with("DELETE")).count();
    assert_eq!(deleted, 2, "{:?}", project.registry.lines());
}

#[test]
fn nothing_is_deleted_before_all_repositories_are_known() {
    let project = built(202);
    let compose =
        format!("services:\n  app: {{build: docker, image: {}}}\n  zed: {{build: docker, image: {}x}}\n", project.image, project.image);
    project.dir.file("compose.yaml", compose);
    commit(&project.dir, "services");
    let args = ["prune", "--keep-branches", "--keep-days", "0"];
    // The second repository has no list of tags that can be read.
    let run = |args: &[&str]| Run::new(&project.dir, args).env("PATH", path(&project.dir)).run();
    let listed = run(&args);
    let deleted = run(&[&args[..], &["--delete"]].concat());
    assert!(listed.stderr.contains("/example/appx: "), "{}", listed.stderr);
    assert_eq!((listed.code, deleted.code), (Some(1), Some(1)), "{}{}", listed.stderr, deleted.stderr);
    assert!(project.registry.lines().iter().all(|line| !line.starts_with("DELETE")));
}
