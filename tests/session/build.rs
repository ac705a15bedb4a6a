//! What happens on a miss, step by step, and when a step fails.

use docktag::compose::overrides;
use docktag::error::Code;
use docktag::need::{Command, Exited, FailureKind};
use docktag::options::{Cache, Job, Login, Options, Push};
use docktag::report::Outcome;
use docktag::secret::Secret;

use crate::host::{Host, SHA, TAG, answer, hit, miss, options};

const HEAD: &str = "HEAD /v2/a/b/manifests/a4f4";

/// A registry that lacks the image until it is pushed, and has the moving tag of an older one.
fn cold() -> Host {
    let mut host = Host::new();
    host.reply("HEAD /v2/a/b/manifests/ci", [hit()]);
    host.reply(HEAD, [miss(), hit()]);
    host.reply("GET /v2/a/b/manifests", [hit()]);
    host.reply("PUT", [answer(201, &[], "")]);
    host
}

fn lines(host: &Host) -> Vec<String> {
    host.ran.iter().map(ToString::to_string).collect()
}

#[test]
fn a_miss_is_built_pushed_and_proved_in_that_order() {
    let mut host = cold();
    let report = host.run(options(Job::Build)).unwrap();
    assert_eq!(report.hit, Some(false));
    assert_eq!((report.targets[0].outcome, report.targets[0].digest.as_deref()), (Outcome::Pushed, Some(SHA)));
    let files = "-f docker-compose.yml";
    let override_file = "-f /scratch/docktag.override.yml";
    assert_eq!(
        lines(&host),
        [
            "docker compose config --format json".to_owned(),
            "docker version --format '{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}'".to_owned(),
            format!("docker compose {files} config --format json"),
            format!("docker compose {files} {override_file} build app"),
            format!("docker push reg.example/a/b:{TAG}"),
            "git rev-parse --verify --quiet HEAD".to_owned(),
        ]
    );
    assert_eq!(host.ran[3].env["DOCKER_IMAGE"], format!("reg.example/a/b:{TAG}"));
    let text = String::from_utf8_lossy(&host.files["/scratch/docktag.override.yml"]).into_owned();
    assert_eq!(text, r#"{"services":{"app":{"build":{"cache_from":["reg.example/a/b:ci"],"cache_to":["type=inline"]}}}}"#);
}

#[test]
fn a_moving_tag_that_is_not_there_is_no_cache() {
    let mut host = cold();
    host.reply("HEAD /v2/a/b/manifests/ci", [miss(), hit()]);
    host.reply("GET /v2/a/b/manifests", [miss(), miss(), hit()]);
    host.run(options(Job::Build)).unwrap();
    assert!(!String::from_utf8_lossy(&host.files["/scratch/docktag.override.yml"]).contains("cache_from"));
}

#[test]
fn caches_that_are_named_replace_the_moving_tag_and_missing_ones_are_told() {
    let mut host = cold();
    host.reply("HEAD /v2/a/b/manifests/gone", [miss()]);
    let mut options = options(Job::Build);
    options.cache_from = vec!["reg.example/a/b:main".to_owned(), "reg.example/a/b:gone".to_owned(), "type=gha".to_owned()];
    host.reply("HEAD /v2/a/b/manifests/main", [hit()]);
    host.run(options).unwrap();
    let text = String::from_utf8_lossy(&host.files["/scratch/docktag.override.yml"]).into_owned();
    assert!(text.contains(r#""cache_from":["reg.example/a/b:main","type=gha"]"#), "{text}");
    assert!(host.said().contains("reg.example/a/b:gone: not in the registry"), "{}", host.said());
}

/// The same with Compose v1 and the classic builder.
fn classic(host: &mut Host) -> Options {
    let (_, mut compose) = host.programs.remove(0);
    host.program("docker-compose", move |command, files| match is(command, "version") {
        true => Ok(Exited { code: Some(0), stdout: b"1.29.2".to_vec(), ..Exited::default() }),
        false => compose(command, files),
    });
    let mut options = Options { compose: Some(vec!["docker-compose".to_owned()]), ..options(Job::Build) };
    options.host.env.insert("COMPOSE_DOCKER_CLI_BUILD".to_owned(), "0".to_owned());
    options
}

#[test]
fn the_classic_builder_pulls_its_cache_and_buildkit_does_not() {
    let mut host = cold();
    let options_of_v1 = classic(&mut host);
    host.run(options_of_v1).unwrap();
    assert_eq!(host.ran("pull"), ["docker pull reg.example/a/b:ci"]);
    assert!(!String::from_utf8_lossy(&host.files["/scratch/docktag.override.yml"]).contains("cache_to"));

    let mut host = cold();
    host.run(options(Job::Build)).unwrap();
    assert!(host.ran("pull").is_empty());
}

#[test]
fn a_cache_that_cannot_be_pulled_is_a_warning() {
    let mut host = cold();
    let options_of_v1 = classic(&mut host);
    host.exits("docker pull", 1, "");
    assert_eq!(host.run(options_of_v1).unwrap().targets[0].outcome, Outcome::Pushed);
    assert!(host.said().contains("the build starts without cache"), "{}", host.said());
}

#[test]
fn a_builder_that_takes_no_cache_is_told() {
    let mut host = cold();
    let mut without = options(Job::Build);
    without.host.env.insert("DOCKER_BUILDKIT".to_owned(), "0".to_owned());
    host.run(without).unwrap();
    assert!(host.ran("pull").is_empty());
    assert!(host.said().contains("Warning: DOCKER_BUILDKIT=0: this Compose takes no cache"), "{}", host.said());
}

#[test]
fn registry_cache_and_no_cache() {
    for (cache, expected) in
        [(Cache::Registry, r#""cache_to":["type=registry,ref=reg.example/a/b:ci-cache,mode=max"]"#), (Cache::None, r#""app":{"build":{}}"#)]
    {
        let mut host = cold();
        let mut options = options(Job::Build);
        options.cache = cache;
        host.run(options).unwrap();
        let text = String::from_utf8_lossy(&host.files["/scratch/docktag.override.yml"]).into_owned();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn no_engine_is_told_before_anything_is_built() {
    let mut host = cold();
    host.exits("docker version", 1, "Cannot connect to the Docker daemon");
    let error = host.run(options(Job::Build)).unwrap_err();
    assert_eq!(error.code, Code::NoEngine);
    assert!(error.to_string().contains("Cannot connect to the Docker daemon; start Docker"), "{error}");
    assert!(host.ran("build").is_empty());
}

#[test]
fn a_build_that_fails_pushes_nothing() {
    let mut host = cold();
    fail(&mut host, "build", 17);
    let error = host.run(options(Job::Build)).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (Code::BuildFailed, "`compose build app` failed (exit code 17)"));
    assert!(host.ran("push").is_empty());
}

#[test]
fn inputs_that_change_during_the_build_are_not_pushed_and_the_tag_is_taken_back() {
    let mut host = cold();
    during(&mut host, "build", |files| {
        files.insert("docker/Dockerfile".to_owned(), b"changed".to_vec());
        files.insert("docker/new".to_owned(), b"new".to_vec());
    });
    let error = host.run(options(Job::Build)).unwrap_err();
    assert_eq!(error.code, Code::Changed);
    assert!(error.to_string().contains("docker/Dockerfile changed, docker/new added; nothing was pushed"), "{error}");
    assert!(host.ran("push").is_empty());
    assert_eq!(host.ran("rm"), [format!("docker image rm reg.example/a/b:{TAG}")]);
}

#[test]
fn what_is_said_of_the_inputs_is_said_once() {
    let mut host = cold();
    host.files.insert("docker/.git/index".to_owned(), Vec::new());
    let tag = host.run(options(Job::Tag)).unwrap().tag;
    host.notes.clear();
    host.model(&format!(r#"{{"services":{{"app":{{"image":"reg.example/a/b:{tag}","build":{{}}}}}}}}"#));
    host.run(Options { push: Push::No, ..options(Job::Build) }).unwrap();
    assert_eq!(host.ran("build").len(), 1);
    assert_eq!(host.said().matches("holds a `.git` folder").count(), 1, "{}", host.said());
}

#[test]
fn a_stale_manifest_is_refused_before_anything_is_built() {
    let mut host = cold();
    host.reply(HEAD, [miss()]);
    host.files.insert("m".to_owned(), b"900150983cd24fb0d6963f7d28e17f72  docker/Dockerfile\n".to_vec());
    host.files.insert("docker/Dockerfile".to_owned(), b"changed since".to_vec());
    for paths in [options(Job::Build).paths, Vec::new()] {
        let error = host.run(Options { reuse: Some("m".to_owned()), paths, ..options(Job::Build) }).unwrap_err();
        assert!(
            error.to_string().starts_with("m: does not describe the files that are here: docker/Dockerfile changed; delete it"),
            "{error}"
        );
    }
    assert!(host.ran("build").is_empty());
}

#[test]
fn a_push_that_fails_is_an_error() {
    let mut host = cold();
    host.reply(HEAD, [miss()]);
    host.exits("docker push", 1, "");
    let error = host.run(options(Job::Build)).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (Code::PushFailed, "`docker push` failed (exit code 1)"));
    assert!(!host.requests.iter().any(|request| request.starts_with("PUT")), "the moving tag moved");
}

#[test]
fn a_push_that_ended_well_is_believed_only_when_the_registry_agrees() {
    let mut host = cold();
    host.reply(HEAD, [miss()]);
    let error = host.run(options(Job::Build)).unwrap_err();
    assert!(error.message.contains("ended well, but the registry does not have the image"), "{error}");
}

#[test]
fn a_refused_push_of_an_image_that_is_there_now_is_a_hit() {
    let mut host = cold();
    host.exits("docker push", 1, "");
    let report = host.run(options(Job::Build)).unwrap();
    assert_eq!(report.targets[0].outcome, Outcome::Hit);
    assert!(host.said().contains("another job was faster, or the tag is immutable"), "{}", host.said());
}

#[test]
fn a_forced_push_that_fails_is_not_excused_by_the_image_of_before() {
    let mut host = cold();
    host.reply(HEAD, [hit()]);
    host.exits("docker push", 1, "");
    let error = host.run(Options { force: true, ..options(Job::Build) }).unwrap_err();
    assert!(error.message.contains("still has the image of before"), "{error}");
}

#[test]
fn force_builds_and_pushes_on_a_hit() {
    let mut host = cold();
    host.reply(HEAD, [hit()]);
    let report = host.run(Options { force: true, ..options(Job::Build) }).unwrap();
    assert_eq!(report.targets[0].outcome, Outcome::Pushed);
    assert_eq!((host.ran("build").len(), host.ran("push").len()), (1, 1));
}

#[test]
fn no_push_and_no_moving_tag() {
    let mut host = cold();
    let report = host.run(Options { push: Push::No, ..options(Job::Build) }).unwrap();
    assert_eq!(report.targets[0].outcome, Outcome::Built);
    assert!(host.ran("push").is_empty() && !host.requests.iter().any(|request| request.starts_with("PUT")));

    let mut host = cold();
    let report = host.run(Options { moving_tag: None, ..options(Job::Build) }).unwrap();
    assert_eq!(report.targets[0].moving, None);
    assert!(!host.requests.iter().any(|request| request.contains("manifests/ci")), "{:?}", host.requests);
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let mut host = cold();
    let report = host.run(Options { dry_run: true, ..options(Job::Build) }).unwrap();
    assert_eq!(report.targets[0].outcome, Outcome::Missing);
    let planned: Vec<&str> = report.planned.iter().map(|planned| planned.because.as_str()).collect();
    assert_eq!(planned, ["build what is missing", "push what was built", "set a tag"]);
    assert!(host.ran.iter().all(|command| command.to_string().contains("config")), "{:?}", lines(&host));
}

#[test]
fn a_login_is_checked_before_the_build_and_lives_in_a_folder_of_the_run() {
    let mut host = cold();
    let login = |password: &str| Some(Login { registry: None, user: Some("ci".to_owned()), password: Some(Secret::new(password)) });
    host.reply("GET /v2/", [answer(401, &[("www-authenticate", "Basic realm=x")], "")]);
    host.reply("GET /v2/ [Basic Y2k6czNjcmV0]", [answer(200, &[], "{}")]);
    host.reply("GET /v2/a/b/manifests", [hit()]);
    host.run(Options { login: login("s3cret"), ..options(Job::Build) }).unwrap();
    assert!(String::from_utf8_lossy(&host.files["/scratch/docker/config.json"]).contains("Y2k6czNjcmV0"));
    let build = host.ran.iter().find(|command| command.argv.contains(&"build".to_owned())).unwrap();
    assert_eq!(build.env["DOCKER_CONFIG"], "/scratch/docker");
    assert!(build.env_remove.contains(&"DOCKER_PASSWORD".to_owned()));

    let mut host = cold();
    host.reply("GET /v2/", [answer(401, &[("www-authenticate", "Basic realm=x")], "")]);
    let error = host.run(Options { login: login("wrong"), ..options(Job::Build) }).unwrap_err();
    assert_eq!(error.code, Code::RegistryDenied);
    assert!(host.ran("build").is_empty());
}

#[test]
fn services_that_are_not_named_by_the_hash_are_left_alone_and_told() {
    let mut host = cold();
    host.model(&format!(
        r#"{{"services":{{"app":{{"image":"reg.example/a/b:{TAG}","build":{{}}}},"mail":{{"image":"mail:dev","build":{{}}}}}}}}"#
    ));
    host.run(options(Job::Build)).unwrap();
    assert!(host.ran("build")[0].ends_with(" build app"));
    assert!(host.said().contains("service `mail`: left alone"), "{}", host.said());
}

#[test]
fn another_compose_file_than_compose_finds_is_not_guessed() {
    let mut host = cold();
    let model = overrides::render(&[]);
    host.program("docker compose -f", move |_, _| Ok(Exited { code: Some(0), stdout: model.clone().into_bytes(), ..Exited::default() }));
    let error = host.run(options(Job::Build)).unwrap_err();
    assert!(error.to_string().contains("name the project's Compose files with `--file`"), "{error}");
}

#[test]
fn compose_that_disappears_is_an_error() {
    let mut host = cold();
    host.program("docker compose -f docker-compose.yml -f", |_, _| Err(FailureKind::NotFound));
    assert_eq!(host.run(options(Job::Build)).unwrap_err().code, Code::BuildFailed);
}

fn is(command: &Command, word: &str) -> bool {
    command.argv.iter().any(|it| it == word)
}

/// Lets one of Compose's commands fail.
fn fail(host: &mut Host, word: &'static str, code: i32) {
    let (name, mut before) = host.programs.remove(0);
    host.program(
        &name,
        move |command, files| if is(command, word) { Ok(Exited { code: Some(code), ..Exited::default() }) } else { before(command, files) },
    );
}

/// Lets something happen to the disk while one of Compose's commands runs.
fn during(host: &mut Host, word: &'static str, happen: fn(&mut std::collections::BTreeMap<String, Vec<u8>>)) {
    let (name, mut before) = host.programs.remove(0);
    host.program(&name, move |command, files| {
        if is(command, word) {
            happen(files);
        }
        before(command, files)
    });
}
