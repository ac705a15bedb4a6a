//! `prune` deletes nothing that it is not certain of. With real registries it is met in `tests/e2e`.

use serde_json::json;

use crate::support::git::{commit, git, path};
use crate::support::project::PUSH;
use crate::support::{Project, REPOSITORY, Reply, Run};

/// A project in git whose registry lists the tags that it has, and answers deletions so.
fn project(deletion: u16) -> Project {
    Project::around(|dir| {
        let store = dir.beside("registry").join(REPOSITORY);
        crate::support::Registry::scripted(dir, move |request, _| {
            if request.method == "DELETE" {
                return Some(Reply::status(deletion));
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
                Some(tag) if at + 1 < tags.len() => reply.header("link", format!("</v2/{REPOSITORY}/tags/list?last={tag}>; rel=\"next\"")),
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
    let project = project(deletion);
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
    run(&project, "prune", &OLD).run().fails(2, &["git cannot list the branches of `origin`: ", "help: "]);
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
