//! Images for several platforms, each built by a job of its own (`build --part`) and joined by another; and builders that push by themselves.

use std::fs;

use serde_json::{Value, json};

use crate::support::project::PUSH;
use crate::support::registry::{MANIFEST, digest};
use crate::support::{Dir, Ran, Registry, Reply, Run, programs};

const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// A project with one image for two platforms, and the name that it has.
fn project(dir: &Dir, registry: &Registry) -> String {
    let build = "build:\n      context: .\n      platforms: [linux/arm64, linux/amd64]\n      dockerfile_inline: |\n        FROM scratch\n        COPY a /\n";
    dir.file("compose.yaml", format!("services:\n  app:\n    image: {}/shop/app\n    {build}", registry.address)).file("a", "1");
    let text = Run::new(dir, ["tag"]).run().ok();
    text.trim().split_once('\t').unwrap().1.to_owned()
}

/// The name of a part, without the registry.
fn part(image: &str, platform: &str) -> String {
    format!("{}-{}", local(image), platform.replace('/', "-"))
}

fn local(image: &str) -> &str {
    image.split_once('/').unwrap().1
}

fn moving(image: &str) -> String {
    format!("{}:ci", local(image).split_once(':').unwrap().0)
}

fn run(dir: &Dir, args: &[&str]) -> Ran {
    Run::new(dir, args).run()
}

fn writes(registry: &Registry) -> Vec<String> {
    registry.lines().into_iter().filter(|line| line.starts_with("PUT")).collect()
}

#[test]
fn parts_are_joined_under_the_tag_without_an_engine() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    let image = project(&dir, &registry);
    PLATFORMS
        .iter()
        .for_each(|platform| registry.put(&part(&image, platform), &MANIFEST.replace("{}", &format!("{{\"x\":{platform:?}}}"))));
    let ran = run(&dir, &["join", "--json"]);
    ran.ok();
    let index = registry.get(local(&image)).unwrap();
    let value: Value = serde_json::from_str(&index).unwrap();
    let platforms: Vec<&str> =
        value["manifests"].as_array().unwrap().iter().map(|it| it["platform"]["architecture"].as_str().unwrap()).collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    assert_eq!(registry.get(&moving(&image)).as_ref(), Some(&index));
    let report = ran.json();
    assert_eq!(report["targets"][0]["outcome"], "joined");
    assert_eq!(report["targets"][0]["digest"], digest(index.as_bytes()));

    // Another one that does not know of it writes the same.
    fs::remove_file(dir.beside("registry").join(local(&image).replace(':', "/"))).unwrap();
    run(&dir, &["join"]).ok();
    assert_eq!(registry.get(local(&image)), Some(index));
}

#[test]
fn a_part_that_is_missing_is_named_and_nothing_is_written() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    let image = project(&dir, &registry);
    registry.put(&part(&image, "linux/amd64"), MANIFEST);
    let missing = format!("{image}-linux-arm64: the part for linux/arm64 is not in the registry");
    run(&dir, &["join"]).fails(3, &[&missing, "help: its job has not run, or failed: `docktag build --part linux/arm64 app`"]);
    assert_eq!(writes(&registry), [""; 0]);

    // One that has something else in it is as good as missing.
    let other = Registry::scripted(&Dir::new(), |request, _| {
        let index = r#"{"manifests":[{"platform":{"os":"linux","architecture":"s390x"}}]}"#;
        let reply = Reply::status(200).header("content-type", "application/vnd.oci.image.index.v1+json").body(index);
        request.target.contains("-linux-").then_some(reply)
    });
    project(&dir, &other);
    run(&dir, &["join"]).fails(3, &["the part for linux/amd64 has nothing for linux/amd64 in it", "--force --part linux/amd64 app"]);
    assert_eq!(writes(&other), [""; 0]);
}

#[test]
fn a_part_that_is_a_build_cache_is_refused() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    let image = project(&dir, &registry);
    registry.put(&part(&image, "linux/amd64"), MANIFEST);
    registry.put(
        &part(&image, "linux/arm64"),
        &MANIFEST.replace(r#""config":{}"#, r#""config":{"mediaType":"application/vnd.buildkit.cacheconfig.v0"}"#),
    );
    let said = format!("{image}-linux-arm64: is a build cache and no image");
    run(&dir, &["join"]).fails(3, &[&said, "help: build it anew with `--force`"]);
    assert_eq!(writes(&registry), [""; 0]);
}

#[test]
fn a_join_on_another_branch_leaves_the_moving_tag() {
    for (branch, args, moves) in
        [("topic", &["join"][..], false), ("main", &["join"], true), ("topic", &["join", "--trusted-branch", "topic"], true)]
    {
        let dir = Dir::new();
        let registry = Registry::honest(&dir);
        let image = project(&dir, &registry);
        PLATFORMS.iter().for_each(|platform| registry.put(&part(&image, platform), MANIFEST));
        let gitlab = [("GITLAB_CI", "true"), ("CI_COMMIT_BRANCH", branch), ("CI_DEFAULT_BRANCH", "main")];
        let ran = gitlab.iter().fold(Run::new(&dir, args), |run, (name, value)| run.env(name, value)).run();
        ran.ok();
        assert!(registry.get(local(&image)).is_some(), "{}", ran.stderr);
        assert_eq!(registry.get(&moving(&image)).is_some(), moves, "{}", ran.stderr);
    }
}

#[test]
fn what_is_there_is_not_joined_again() {
    let dir = Dir::new();
    let index = json!({"manifests": [{"platform": {"os": "linux", "architecture": "amd64"}}, {"platform": {"os": "linux", "architecture": "arm64"}}]});
    let registry = Registry::honest(&dir);
    let image = project(&dir, &registry);
    registry.put(local(&image), &index.to_string());
    run(&dir, &["join"]).says(&[": hit, sha256:", "points at"]).ok();
    assert_eq!(writes(&registry), ["PUT /v2/shop/app/manifests/ci"], "the moving tag alone");
}

#[test]
fn a_join_that_is_refused_fails() {
    let dir = Dir::new();
    let registry = Registry::scripted(&dir, |request, _| (request.method == "PUT").then(|| Reply::status(403)));
    let image = project(&dir, &registry);
    PLATFORMS.iter().for_each(|platform| registry.put(&part(&image, platform), MANIFEST));
    run(&dir, &["join"]).fails(1, &[&image, "refuses access with status 403", "help:"]);
    // One that says yes and stores nothing.
    let dir = Dir::new();
    let registry = Registry::scripted(&dir, |request, _| (request.method == "PUT").then(|| Reply::status(201)));
    let image = project(&dir, &registry);
    PLATFORMS.iter().for_each(|platform| registry.put(&part(&image, platform), MANIFEST));
    run(&dir, &["join"]).fails(1, &["the registry has something else under this name"]);
}

#[test]
fn nothing_is_joined_where_nothing_is_to_be_written() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    let image = project(&dir, &registry);
    PLATFORMS.iter().for_each(|platform| registry.put(&part(&image, platform), MANIFEST));
    run(&dir, &["join", "--dry-run"]).says(&["every platform is there, and would be joined"]).ok();
    Run::new(&dir, ["join"]).env("CIRCLE_PR_USERNAME", "stranger").run().says(&["nothing is joined"]).ok();
    assert_eq!(writes(&registry), [""; 0]);
}

/// A docker command that builds like this.
fn docker(dir: &Dir, builds: &str) {
    let rules = [
        (r#""compose version --short""#, "echo 2.40.3"),
        (r#""version --format "*"#, "echo 28.5.2 linux/amd64"),
        (r#""compose -f "*" build app""#, builds),
        (r#""push "*"#, PUSH),
        (r#""image rm "*"#, ""),
    ];
    programs::install(dir, "docker", &rules);
}

#[test]
fn one_platform_is_built_and_pushed_under_its_own_name() {
    let dir = Dir::with_docker();
    let registry = Registry::honest(&dir);
    let image = project(&dir, &registry);
    docker(&dir, "");
    let build = |platform: &str| run(&dir, &["build", "--part", platform, "--json"]);
    let report = build("arm64").json();
    assert_eq!(report["targets"][0]["image"], format!("{image}-linux-arm64"));
    assert_eq!(registry.get(&part(&image, "linux/arm64")).as_deref(), Some("pushed"));
    assert_eq!(
        (registry.get(local(&image)), registry.get(&moving(&image))),
        (None, None),
        "the tag and the moving tag are for all platforms"
    );
    let calls = programs::calls(&dir);
    let app = &calls.iter().rev().find(|call| call.line().ends_with("build app")).unwrap().added_text;
    assert!(app.contains(r#""platforms": !override ["linux/arm64"]"#) && app.contains(r#""platform":"linux/arm64""#), "{app}");

    // Again: its part is there.
    let before = calls.len();
    assert_eq!(build("linux/arm64").json()["hit"], true);
    assert_eq!(programs::calls(&dir).len(), before);
    build("linux/amd64").ok();
    run(&dir, &["join"]).ok();
    // All of it is there.
    assert_eq!(build("linux/amd64").json()["targets"][0]["image"], image);
}

#[test]
fn inputs_that_change_give_no_part() {
    let dir = Dir::with_docker();
    let registry = Registry::honest(&dir);
    project(&dir, &registry);
    docker(&dir, "echo 2 > a");
    run(&dir, &["build", "--part", "linux/arm64"]).fails(1, &["inputs changed during the build", "a"]);
    assert_eq!(writes(&registry), [""; 0]);
    assert!(!programs::calls(&dir).iter().any(|call| call.argv[1] == "push"));
}

#[test]
fn a_plan_is_shared_among_jobs() {
    let dir = Dir::with_docker();
    let registry = Registry::honest(&dir);
    let image = project(&dir, &registry);
    docker(&dir, "");
    run(&dir, &["plan", "--split-platforms", "--continuation", "parameters.json"]).ok();
    let parameters: Value = serde_json::from_slice(&fs::read(dir.path("parameters.json")).unwrap()).unwrap();
    assert_eq!((&parameters["docktag_hit"], &parameters["docktag_jobs"]), (&json!(false), &json!(2)));
    for (index, platform) in PLATFORMS.iter().enumerate() {
        let share = format!("{}:{index}/2", parameters["docktag_missing"].as_str().unwrap());
        run(&dir, &["build", "--split-platforms", "--share", &share]).ok();
        assert!(registry.get(&part(&image, platform)).is_some(), "{platform}");
    }
    let share = format!("{}:2/3", parameters["docktag_missing"].as_str().unwrap());
    run(&dir, &["build", "--split-platforms", "--share", &share]).says(&["nothing is left for this share"]).ok();
}

/// What the builder pushes, by digest.
const PUSHED: &str =
    r#"{"manifests":[{"platform":{"os":"linux","architecture":"amd64"}},{"platform":{"os":"linux","architecture":"arm64"}}]}"#;
/// What one that lost a platform on the way pushes.
const LESS: &str = r#"{"manifests":[{"platform":{"os":"linux","architecture":"amd64"}}]}"#;

/// A docker command with the builder `big`, and an engine that does not answer.
fn with_builder(dir: &Dir, bakes: &str) {
    with_builder_of(dir, PUSHED, bakes);
}

fn with_builder_of(dir: &Dir, pushed: &str, bakes: &str) {
    let print = r#"image=$(sed -n 's/.*"image":"\([^"]*\)".*/\1/p' "$call/override"); echo "{\"target\":{\"app\":{\"tags\":[\"$image\"],\"output\":[\"type=docker\"]}}}""#;
    let sha = digest(pushed.as_bytes());
    let bake = format!(
        r#"cat > "$root/bake"; mkdir -p "$root/registry/shop/app"; printf %s '{pushed}' > "$root/registry/shop/app/{sha}"
        while [ "$1" != --metadata-file ]; do shift; done; echo '{{"app":{{"containerimage.digest":"{sha}"}}}}' > "$2"; {bakes}"#
    );
    let rules = [
        (r#""compose version --short""#, "echo 2.40.3"),
        (r#""compose -f "*" build --print app""#, print),
        (r#""buildx bake --builder big "*" app""#, bake.as_str()),
        (r#""buildx bake "*"#, "echo 'ERROR: no builder found' >&2; exit 1"),
    ];
    programs::install(dir, "docker", &rules);
}

#[test]
fn a_builder_pushes_by_digest_and_the_name_comes_when_inputs_were_checked() {
    let dir = Dir::with_docker();
    let registry = Registry::honest(&dir);
    let image = project(&dir, &registry);
    with_builder(&dir, "");
    run(&dir, &["build", "--builder", "big"]).says(&[": pushed, sha256:"]).ok();
    assert_eq!(registry.get(local(&image)).as_deref(), Some(PUSHED));
    assert_eq!(registry.get(&moving(&image)).as_deref(), Some(PUSHED));
    let bake: Value = serde_json::from_slice(&fs::read(dir.beside("bake")).unwrap()).unwrap();
    let (repository, _) = image.rsplit_once(':').unwrap();
    let output = format!("type=image,name={repository},push=true,push-by-digest=true,name-canonical=true");
    assert_eq!(bake["target"]["app"], json!({"tags": [], "output": [output]}));

    let changing = Dir::with_docker();
    let registry = Registry::honest(&changing);
    project(&changing, &registry);
    with_builder(&changing, "echo 2 > a");
    run(&changing, &["build", "--builder", "big"]).fails(1, &["inputs changed during the build"]);
    assert_eq!(writes(&registry), [""; 0]);
}

#[test]
fn a_builder_that_does_not_work_fails_the_build() {
    let dir = Dir::with_docker();
    let registry = Registry::honest(&dir);
    project(&dir, &registry);
    with_builder(&dir, "");
    run(&dir, &["build", "--builder", "none"])
        .fails(1, &["`docker buildx bake --builder none app` failed (exit code 1)", "docker buildx ls"]);
    with_builder_of(&dir, LESS, "");
    run(&dir, &["build", "--builder", "big"]).fails(1, &["is there, but not for linux/arm64", "so it got no tag", "docker buildx inspect"]);
    fs::remove_dir_all(dir.beside("registry/shop")).unwrap();
    with_builder(&dir, "exit 3");
    run(&dir, &["build", "--builder", "big"]).fails(1, &["failed (exit code 3)"]);
    with_builder(&dir, r#"echo '{}' > "$2""#);
    run(&dir, &["build", "--builder", "big"]).fails(1, &["does not say what it pushed for `app`", "a driver that pushes"]);
    let old = [(r#""compose version --short""#, "echo 2.20.0"), (r#""compose "*"#, "echo 'unknown flag: --print' >&2; exit 16")];
    programs::install(&dir, "docker", &old);
    run(&dir, &["build", "--builder", "big"])
        .fails(1, &["compose build --print: does not say how it builds (exit code 16): unknown flag", "2.37.3"]);
    programs::install(&dir, "docker", &[(r#""compose version --short""#, "echo 1.29.2")]);
    run(&dir, &["build", "--builder", "big"]).fails(2, &["`--builder` needs Compose v2"]);
    assert_eq!(writes(&registry), [""; 0]);
    let planned = {
        with_builder(&dir, "");
        run(&dir, &["build", "--builder", "big", "--dry-run"]).ok()
    };
    assert!(planned.contains("would ask Compose how it builds: ") && planned.contains("buildx bake --builder big"), "{planned}");
}

#[test]
fn what_a_builder_built_is_loaded_where_nothing_is_pushed() {
    let dir = Dir::with_docker();
    let registry = Registry::honest(&dir);
    project(&dir, &registry);
    docker(&dir, "");
    run(&dir, &["build", "--builder", "big", "--no-push", "--platform", "linux/amd64"]).ok();
    let calls = programs::calls(&dir);
    let build = calls.iter().find(|call| call.line().ends_with("build app")).unwrap();
    assert_eq!(build.env.get("BUILDX_BUILDER").map(String::as_str), Some("big"));
    assert!(build.added_text.contains(r#"!override ["linux/amd64"]"#), "an engine has one platform: {}", build.added_text);
    assert_eq!(writes(&registry), [""; 0]);
}
