//! The manifest that is kept beside its image: what is stored, what is left alone, and registries that do not want it.

use serde_json::{Value, json};

use crate::support::registry::digest;
use crate::support::{Project, REPOSITORY, Reply, artifacts, shell};

/// The types that the manifest of any image has.
const TYPES: [&str; 3] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"];

/// The tag that lists what refers to the image that the fake Docker pushes.
fn list() -> String {
    format!("{REPOSITORY}:{}", digest(b"pushed").replace(':', "-"))
}

/// What is stored under a name in the repository.
fn stored(project: &Project, name: &str) -> Value {
    let text = project.registry.get(&format!("{REPOSITORY}:{name}")).unwrap_or_else(|| panic!("no {name}"));
    serde_json::from_str(&text).unwrap()
}

/// How many requests there were that begin so.
fn asked(project: &Project, beginning: &str) -> usize {
    project.registry.lines().iter().filter(|line| line.starts_with(beginning)).count()
}

/// A registry that lists by itself what refers to an image.
fn with_referrers() -> Project {
    Project::around(|dir| {
        let store = dir.beside("registry");
        crate::support::Registry::scripted(dir, move |request, _| artifacts::referrers(&store, request))
    })
}

#[test]
fn a_pushed_image_has_its_manifest_beside_it() {
    let project = Project::new();
    project.build(&[]).ok();
    let list: Value = serde_json::from_str(&project.registry.get(&list()).unwrap()).unwrap();
    let entry = &list["manifests"][0];
    assert_eq!((&entry["mediaType"], &entry["annotations"]["vnd.docktag.tag"]), (&TYPES[0].into(), &project.tag.clone().into()));
    let artifact = stored(&project, entry["digest"].as_str().unwrap());
    assert_eq!((&artifact["subject"]["digest"], &artifact["subject"]["size"]), (&digest(b"pushed").into(), &6.into()));
    assert_eq!(types(&artifact), TYPES);
    let text = artifact["annotations"]["vnd.docktag.manifest"].as_str().unwrap();
    assert_eq!(shell::tag_of(&project.dir, "md5sum", text.as_bytes()), project.tag);
    // The list has the artifact's annotations, so that reading it is enough.
    assert_eq!(entry["annotations"], artifact["annotations"]);
}

/// The types of a manifest, its configuration and its one layer.
fn types(artifact: &Value) -> [&str; 3] {
    let layer = &artifact["layers"][0];
    [artifact, &artifact["config"], layer].map(|it| it["mediaType"].as_str().unwrap())
}

/// The project's state is beside its image, in a file of an image; and a later run reads it.
#[track_caller]
fn is_kept_in_a_layer(project: &Project) {
    project.build(&[]).is_silent_on(&["warning"]).ok();
    let list: Value = serde_json::from_str(&project.registry.get(&list()).unwrap()).unwrap();
    let artifact = stored(project, list["manifests"][0]["digest"].as_str().unwrap());
    assert_eq!((&artifact["subject"]["digest"], types(&artifact)), (&digest(b"pushed").into(), TYPES));
    let blobs = project.dir.beside("registry/example/app/blobs");
    let blob = |descriptor: &Value| blobs.join(descriptor["digest"].as_str().unwrap());
    let config: Value = serde_json::from_slice(&std::fs::read(blob(&artifact["config"])).unwrap()).unwrap();
    assert_eq!(config["rootfs"]["diff_ids"][0], artifact["layers"][0]["digest"]);
    // `tar` finds it too.
    let tar = std::process::Command::new("tar").arg("-xOf").arg(blob(&artifact["layers"][0])).arg("docktag.md5sum").output().unwrap();
    assert_eq!(tar.stdout, shell::recipe(&project.dir, "md5sum", &["docker"]), "{}", String::from_utf8_lossy(&tar.stderr));
    project.dir.file("docker/new", "n");
    project.build(&[]).says(&["1 file added since", "docker/new added"]).ok();
}

#[test]
fn what_does_not_fit_is_kept_in_a_layer() {
    let many = Project::new();
    for number in 0..1500 {
        many.dir.file(format!("docker/folder/file-{number}"), "x");
    }
    is_kept_in_a_layer(&many);
    let odd = Project::new();
    odd.dir.file(b"docker/\xff", "x");
    is_kept_in_a_layer(&odd);
}

#[test]
fn keeping_takes_two_requests_where_the_registry_lists_and_five_elsewhere() {
    // The first time four more: two for each of both parts.
    for (make, expected) in [(with_referrers as fn() -> Project, 2 + 4), (Project::new, 5 + 4)] {
        let [with, without] = [&[][..], &["--keep-manifest=false"]].map(|args| {
            let project = make();
            project.build(args).ok();
            project.registry.lines()
        });
        assert_eq!(with.len(), without.len() + expected, "{with:#?}");
    }
}

#[test]
fn the_parts_that_all_have_in_common_are_stored_once() {
    let project = Project::new();
    project.build(&[]).ok();
    project.dir.file("docker/new", "n");
    project.build(&[]).says(&[": pushed"]).ok();
    assert_eq!((asked(&project, "POST"), asked(&project, "PUT /v2/example/app/manifests/sha256:")), (2, 2));
}

/// What older versions stored: an index without images, or an image manifest with an empty configuration and a layer of a type of its own.
#[test]
fn what_older_versions_kept_is_read() {
    let kind = "application/vnd.docktag.manifest.v1";
    let old = "900150983cd24fb0d6963f7d28e17f72  docker/old\n";
    let tag = docktag::manifest::tag(docktag::digest::Algorithm::Md5, old.as_bytes());
    let subject = json!({"mediaType": "application/vnd.docker.distribution.manifest.v2+json", "digest": digest(b"old"), "size": 3});
    let index = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "artifactType": kind, "manifests": [], "subject": subject,
        "annotations": {"vnd.docktag.tag": tag, "vnd.docktag.manifest": old},
    });
    let layer = json!({"mediaType": kind, "digest": digest(old.as_bytes()), "size": old.len()});
    let manifest = json!({
        "schemaVersion": 2, "mediaType": TYPES[0], "artifactType": kind, "layers": [layer], "subject": subject,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2},
        "annotations": {"vnd.docktag.tag": tag},
    });
    for artifact in [index, manifest] {
        let project = Project::new();
        project.registry.put(&format!("{REPOSITORY}:ci"), "old");
        let blobs = project.dir.beside("registry/example/app/blobs");
        std::fs::create_dir_all(&blobs).unwrap();
        std::fs::write(blobs.join(digest(old.as_bytes())), old).unwrap();
        let bytes = artifact.to_string();
        std::fs::write(project.dir.beside("registry/example/app").join(digest(bytes.as_bytes())), &bytes).unwrap();
        let entry = json!({
            "mediaType": artifact["mediaType"], "artifactType": kind, "digest": digest(bytes.as_bytes()), "size": bytes.len(),
            "annotations": artifact["annotations"],
        });
        let list = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]});
        project.registry.put(&format!("{REPOSITORY}:{}", digest(b"old").replace(':', "-")), &list.to_string());
        project.build(&[]).says(&["docker/old removed"]).ok();
    }
}

#[test]
fn a_long_list_is_read_page_by_page() {
    let old = "900150983cd24fb0d6963f7d28e17f72  docker/old\n";
    let tag = docktag::manifest::tag(docktag::digest::Algorithm::Md5, old.as_bytes());
    let annotations = json!({"vnd.docktag.tag": tag, "vnd.docktag.manifest": old});
    let project = Project::with(move |request, _| {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let page = match query {
            "" => json!({"manifests": []}),
            _ => json!({"manifests": [{"digest": "sha256:1", "annotations": annotations}]}),
        };
        let reply = Reply::status(200).body(page.to_string());
        let link = format!("<{path}?page=2>; rel=\"next\"");
        path.contains("/referrers/").then(|| if query.is_empty() { reply.header("link", link) } else { reply })
    });
    project.registry.put(&format!("{REPOSITORY}:ci"), "old");
    project.build(&[]).says(&["docker/old removed"]).ok();
}

#[test]
fn a_list_without_end_is_not_used() {
    for (is_round, pages, message) in [(true, 2, "leads back to a page that was asked for already"), (false, 20, "has more than 20 pages")]
    {
        let project = Project::with(move |request, _| {
            let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
            let page = query.strip_prefix("page=").map_or(0, |page| page.parse().unwrap());
            let link = format!("<{path}?page={}>; rel=\"next\"", if is_round { 1 } else { page + 1 });
            path.contains("/referrers/").then(|| Reply::status(200).body(r#"{"manifests":[]}"#).header("link", link))
        });
        project.registry.put(&format!("{REPOSITORY}:ci"), "old");
        let ran = project.job("why", ["--against", &format!("{}:ci", project.image)]).run();
        ran.fails(1, &["the registry's list of what refers to an image", message]);
        assert_eq!(asked(&project, "GET /v2/example/app/referrers"), pages);
        // What has changed since is not known then, and the build goes on.
        project.build(&[]).is_silent_on(&["since"]).ok();
    }
}

#[test]
fn a_text_that_makes_another_tag_is_not_believed() {
    let project = Project::with(|request, _| {
        let entry =
            r#"{"digest":"sha256:1","annotations":{"vnd.docktag.tag":"0cc175b9c0f1b6a831c399e269772661","vnd.docktag.manifest":"x"}}"#;
        request.target.contains("/referrers/").then(|| Reply::status(200).body(format!(r#"{{"manifests":[{entry}]}}"#)))
    });
    project.registry.put(&format!("{REPOSITORY}:ci"), "old");
    project.build(&[]).is_silent_on(&["since"]).ok();
    let ran = project.job("why", ["--against", &format!("{}:ci", project.image)]).run();
    ran.fails(2, &["does not make the tag that it is said to make"]);
}

#[test]
fn a_registry_that_lists_by_itself_needs_no_tag_for_it() {
    let project = with_referrers();
    project.build(&[]).ok();
    assert_eq!(project.registry.get(&list()), None);
    project.dir.file("docker/new", "n");
    project.build(&[]).says(&["1 file added since", "docker/new added"]).ok();
}

#[test]
fn on_a_hit_nobody_asks_what_is_kept() {
    let project = Project::new();
    project.build(&[]).ok();
    let before = project.registry.lines().len();
    project.build(&[]).ok();
    assert_eq!(project.registry.lines().len() - before, 2, "{:#?}", project.registry.lines());
}

#[test]
fn a_miss_says_in_short_what_has_changed() {
    let project = Project::new();
    project.build(&[]).ok();
    project.dir.file("docker/Dockerfile", "FROM x\n");
    for name in ["a", "b", "c"] {
        project.dir.file(format!("docker/{name}"), name);
    }
    let ran = project.build(&["--json"]);
    let old = &project.tag;
    ran.says(&[
        &format!("docktag: app: 1 file changed, 3 added since {}:ci ({})", project.image, &old[..12]),
        "docktag:   docker/Dockerfile changed",
        "docktag:   docker/b added",
        &format!("docktag:   and 1 more: `docktag why app --against {}:{old}` lists all", project.image),
    ]);
    let why = ran.json()["targets"][0]["why"].clone();
    assert_eq!(why.as_array().unwrap().len(), 5, "{why}");
}

#[test]
fn a_summary_shows_why() {
    let project = Project::new();
    project.build(&[]).ok();
    project.dir.file("docker/new", "n");
    let summary = project.dir.beside("summary");
    let run = project.job("build", ["--ci"]);
    let run = ["GITHUB_ENV", "GITHUB_OUTPUT"].into_iter().fold(run, |run, name| run.env(name, project.dir.beside(name)));
    run.env("GITHUB_STEP_SUMMARY", &summary).run().ok();
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("Why `app` was missing:\n\n```\napp: 1 file added since"), "{summary}");
}

#[test]
fn it_can_be_switched_off() {
    let project = Project::new();
    project.build(&["--keep-manifest", "false"]).ok();
    project.dir.file("docker/new", "n");
    project.build(&["--keep-manifest=false"]).is_silent_on(&["since"]).ok();
    assert_eq!((asked(&project, "POST"), asked(&project, "GET /v2/example/app/referrers")), (0, 0));
}

#[test]
fn a_registry_that_refuses_it_is_a_warning() {
    for status in [403, 404, 405, 415] {
        let project = Project::with(move |request, _| {
            let is_artifact = request.method == "PUT" && request.target.contains("/manifests/sha256:");
            (request.method == "POST" || is_artifact).then(|| Reply::json(status, "{}"))
        });
        let ran = project.build(&[]);
        ran.says(&["warning: ", &format!("status {status}"), "could not be kept beside it", "--keep-manifest false"]).ok();
        assert!(project.registry.get(&format!("{REPOSITORY}:ci")).is_some());
    }
    let project = Project::with(|request, _| {
        let is_artifact = request.method == "PUT" && request.target.contains("/manifests/sha256:");
        is_artifact.then(|| Reply::json(400, r#"{"errors":[{"code":"MANIFEST_INVALID","message":"no artifacts here"}]}"#))
    });
    project.build(&[]).says(&["warning: ", "no artifacts here", "could not be kept"]).ok();
}

#[test]
fn an_upload_is_sent_to_nobody_else() {
    let project = Project::with(|request, _| {
        let is_artifact = request.method == "PUT" && request.target.contains("/manifests/sha256:");
        let elsewhere = || Reply::status(202).header("location", "http://127.0.0.1:1/v2/example/app/blobs/uploads/1");
        (request.method == "POST").then(elsewhere).or_else(|| is_artifact.then(|| Reply::json(400, "{}")))
    });
    project.build(&[]).says(&["warning: ", "wants the upload at `http://127.0.0.1:1/", "expected a place of its own"]).ok();
}

#[test]
fn a_list_that_another_job_writes_at_the_same_time_is_written_again() {
    let list = list().replace(':', "/manifests/");
    let project = Project::with(move |request, before| {
        // What another job wrote in the place of ours.
        let is_lost = request.method == "GET" && request.target.ends_with(&list) && before == 1;
        let other = r#"{"schemaVersion":2,"manifests":[{"artifactType":"application/x","digest":"sha256:1"}]}"#;
        is_lost.then(|| Reply::status(200).header("content-type", "application/vnd.oci.image.index.v1+json").body(other))
    });
    project.build(&[]).is_silent_on(&["warning"]).ok();
    let list: Value = serde_json::from_str(&project.registry.get(&self::list()).unwrap()).unwrap();
    assert_eq!((list["manifests"][0]["digest"].as_str(), list["manifests"].as_array().unwrap().len()), (Some("sha256:1"), 2));
    assert_eq!(asked(&project, "PUT /v2/example/app/manifests/sha256-"), 2);
}

#[test]
fn a_list_that_never_has_ours_is_given_up() {
    let list = list().replace(':', "/manifests/");
    let project = Project::with(move |request, _| {
        (request.method == "GET" && request.target.ends_with(&list))
            .then(|| Reply::json(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#))
    });
    project.build(&[]).says(&["warning: ", "other jobs write this list", "could not be kept"]).ok();
    assert_eq!(asked(&project, "PUT /v2/example/app/manifests/sha256-"), 3);
}

#[test]
fn trouble_with_what_is_kept_delays_no_build() {
    let project = Project::with(|request, _| request.target.contains("/referrers/").then(|| Reply::status(503)));
    project.build(&[]).ok();
    project.registry.put(&list(), "no list");
    project.dir.file("docker/new", "n");
    project.build(&[]).is_silent_on(&["warning", "asking again", "since"]).ok();
    assert_eq!(asked(&project, "GET /v2/example/app/referrers"), 1);
}

#[test]
fn what_is_not_pushed_is_not_kept() {
    let project = Project::new();
    project.build(&["--no-push"]).ok();
    project.build(&["--dry-run"]).ok();
    assert_eq!(asked(&project, "POST"), 0);
}
