//! `--verify`: a hit has to show that it is the image that its tag names.

use crate::support::registry::digest;
use crate::support::{Project, REPOSITORY, Reply};

/// A project whose image was built and pushed, with its manifest beside it.
fn built() -> Project {
    let project = Project::new();
    project.build(&[]).ok();
    project.docker(&[("compose*|build*", "exit 99")]);
    project
}

impl Project {
    /// What the tag names, and the tag that lists what is kept beside that.
    fn name(&self, tag: &str) -> String {
        format!("{REPOSITORY}:{tag}")
    }

    #[track_caller]
    fn is_not_verified(&self, why: &str) {
        let texts = [&self.image, "cannot be verified that this is the image for these inputs: ", why, "build --force"];
        for job in ["build", "plan", "pull"] {
            let ran = self.job(job, ["--verify", "--json"]).run();
            ran.fails(1, &texts);
            assert_eq!(ran.json()["error"]["code"], "not-verified", "{job}");
        }
        self.build(&[]).says(&["hit, sha256:"]).ok();
    }
}

#[test]
fn an_image_with_its_manifest_is_a_hit() {
    let project = built();
    project.build(&["--verify"]).says(&["hit, sha256:"]).ok();
    project.job("plan", ["--verify"]).run().ok();
    project.docker(&[]).job("pull", ["--verify"]).run().ok();
    project.job("build", [""; 0]).env("DOCKTAG_VERIFY", "true").run().says(&["hit, sha256:"]).ok();
}

#[test]
fn an_image_that_was_tagged_by_hand_is_found_out() {
    let project = built();
    project.registry.put(&project.name(&project.tag), "another image");
    project.is_not_verified(&format!("no manifest that makes this tag is kept beside {}", digest(b"another image")));
}

#[test]
fn an_image_of_other_inputs_is_found_out() {
    let project = built();
    project.dir.file("docker/Dockerfile", "FROM scratch\nLABEL a=b\n");
    let other = project.job("tag", [""; 0]).run().ok().trim().rsplit(':').next().unwrap().to_owned();
    project.registry.put(&project.name(&other), "pushed");
    project.job("build", ["--verify"]).run().fails(1, &[&other, "no manifest that makes this tag is kept beside"]);
}

#[test]
fn an_image_without_a_manifest_is_unknown() {
    let project = Project::new();
    project.build(&["--keep-manifest=false"]).ok();
    project.is_not_verified("no manifest that makes this tag is kept");
}

#[test]
fn a_text_that_was_changed_is_found_out() {
    let project = built();
    let manifests = project.dir.beside("registry/example/app");
    let is_artifact = |text: &String| text.contains("\"subject\"");
    for entry in std::fs::read_dir(manifests).unwrap().map(Result::unwrap) {
        if let Some(text) = std::fs::read_to_string(entry.path()).ok().filter(is_artifact) {
            std::fs::write(entry.path(), text.replace("docker/Dockerfile", "docker/dockerfile")).unwrap();
        }
    }
    project.is_not_verified("what is kept beside it is not its manifest: its digest is another one");
}

#[test]
fn what_is_listed_beside_another_image_does_not_count() {
    let project = built();
    let list = |of: &[u8]| project.name(&digest(of).replace(':', "-"));
    project.registry.put(&project.name(&project.tag), "another image");
    project.registry.put(&list(b"another image"), &project.registry.get(&list(b"pushed")).unwrap());
    project.is_not_verified("it says that it belongs to another image");
}

#[test]
fn a_registry_that_sends_another_manifest_than_it_names_is_found_out() {
    let lies = Project::with(|request, _| {
        let is_head = request.method == "HEAD" && request.target.contains("/manifests/");
        let headers = |reply: Reply| reply.header("content-type", crate::support::registry::MANIFEST_TYPE);
        is_head.then(|| headers(Reply::status(200)).header("docker-content-digest", digest(b"another image")))
    });
    lies.is_there();
    lies.job("build", ["--verify"]).run().fails(1, &["the registry called it sha256:", "and sent sha256:", "nothing was built"]);
    lies.only_read();
}

#[test]
fn trouble_with_what_is_kept_is_unknown_too() {
    let project = Project::with(|request, _| request.target.contains("/referrers/").then(|| Reply::status(403)));
    project.is_there();
    project.job("build", ["--verify"]).run().fails(1, &["status 403", "nothing was built"]);
    project.only_read();
}

#[test]
fn what_is_built_anyway_need_not_show_anything() {
    let project = Project::new();
    project.is_there().build(&["--verify", "--force"]).says(&["built anyway because of `--force`", "pushed, sha256:"]).ok();
    project.build(&["--verify"]).says(&["hit, sha256:"]).ok();
}

#[test]
fn without_a_push_an_image_that_is_not_verified_is_built() {
    let project = Project::new();
    project.is_there().build(&["--verify", "--push=false"]).says(&["cannot be verified", "built without asking further"]).ok();
}

#[test]
fn nothing_is_asked_of_a_miss() {
    let project = Project::new();
    project.build(&["--verify", "--dry-run"]).says(&[": miss"]).ok();
    // The image and its moving tag, each with HEAD and GET.
    assert_eq!(project.registry.lines().len(), 4, "{:?}", project.registry.lines());
}
