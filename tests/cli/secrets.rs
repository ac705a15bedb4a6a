//! A password that docktag is given is seen by nobody but the registry, and by the engine's client through a file of the run.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::programs::{Call, install};
use crate::support::{Dir, Project, Ran, Run};

const PASSWORD: &str = "pa$$ w'ord\"\u{e9}";
/// The variables that can hold a password.
const VARIABLES: [&str; 3] = ["DOCKER_PASSWORD", "DOCKTAG_PASSWORD", "INPUT_PASSWORD"];

fn encoded() -> String {
    STANDARD.encode(format!("ci:{PASSWORD}"))
}

/// A registry that wants the login.
fn project() -> Project {
    Project::behind(&format!("Basic {}", encoded()), "Basic realm=x")
}

fn with_password(project: &Project, args: &[&str]) -> Run {
    project.job("build", [&["--username", "ci"], args].concat()).env("DOCKER_PASSWORD", PASSWORD)
}

/// Nowhere in what was printed, nor in what any program was given as argument or variable.
#[track_caller]
fn is_kept(project: &Project, ran: &Ran) {
    for secret in [PASSWORD.to_owned(), encoded()] {
        ran.is_silent_on(&[&secret]);
        for call in project.calls() {
            let seen = call.argv.iter().chain(call.env.values()).find(|text| text.contains(&secret));
            assert_eq!(seen, None, "seen by {}", call.line());
        }
    }
}

fn call(project: &Project, end: &str) -> Call {
    project.calls().into_iter().find(|call| call.line().ends_with(end)).unwrap()
}

#[test]
fn a_password_is_kept_in_a_whole_build() {
    for args in [&[][..], &["-v"], &["--json", "-v"]] {
        let project = project();
        let ran = with_password(&project, args).run();
        ran.says(&[": pushed, sha256:"]).ok();
        is_kept(&project, &ran);
        let piped = project.job("build", [&["--username", "ci", "--password-stdin", "--force"], args].concat()).stdin(PASSWORD).run();
        piped.ok();
        is_kept(&project, &piped);
    }
}

#[test]
fn a_password_is_kept_with_compose_v1() {
    let project = project();
    project.docker_compose_v1(&[]);
    let ran = with_password(&project, &["-v"]).run();
    ran.says(&[": pushed, sha256:"]).ok();
    is_kept(&project, &ran);
}

#[test]
fn a_password_is_kept_where_things_fail() {
    for rule in [(r#"*" build app""#, "exit 1"), (r#""push "*"#, "exit 1"), ("version*", "exit 1"), ("compose*version*", "exit 1")] {
        let project = project();
        project.docker(&[rule]);
        let ran = with_password(&project, &["-v", "--json"]).run();
        assert_ne!(ran.code, Some(0), "{rule:?}");
        is_kept(&project, &ran);
    }
    let refused = Project::behind("nobody", "Basic realm=x");
    let ran = with_password(&refused, &["-v", "--json"]).run();
    ran.fails(1, &["refuses the login"]);
    is_kept(&refused, &ran);
}

#[test]
fn the_login_is_in_a_file_for_its_owner_only() {
    let project = project();
    let umask = ["/bin/sh", "-c", "umask 0; exec \"$@\"", "sh"];
    let args = ["build", "--path", "docker", "--image", &project.image, "--username", "ci"];
    Run::through(&project.dir, &umask, args).env("DOCKER_PASSWORD", PASSWORD).run().ok();
    for end in ["build app".to_owned(), format!("push {}:{}", project.image, project.tag)] {
        let call = call(&project, &end);
        assert_eq!(call.config.unwrap()["auths"][&project.registry.address]["auth"], encoded());
        assert_eq!(call.modes, ["600", "700"], "the file, and the folder of the run");
        assert!(!fs::exists(&call.env["DOCKER_CONFIG"]).unwrap());
    }
}

#[test]
fn a_password_is_not_for_the_helpers_of_other_registries() {
    let project = project();
    let other = Project::behind("nobody", "Basic realm=x");
    project.docker_config(r#"{"credsStore":"x"}"#);
    install(&project.dir, "docker-credential-x", &[("get", "echo 'credentials not found'; exit 1")]);
    let ran = with_password(&project, &["--cache-from", &format!("{}:1", other.image)]).run();
    ran.ok();
    assert!(project.lines().contains(&"docker-credential-x get".to_owned()), "{:#?}", project.lines());
    is_kept(&project, &ran);
    assert!(other.registry.requests().iter().all(|request| request.header("authorization").is_none()), "{:?}", other.registry.requests());
}

#[test]
fn who_gives_no_password_has_no_file() {
    let project = Project::new();
    project.docker_config("{}").build(&[]).ok();
    assert!(project.calls().iter().all(|call| !call.env.contains_key("DOCKER_CONFIG")));
}

#[test]
fn the_users_own_configuration_is_left_alone_and_still_found() {
    let project = project();
    let own = r#"{ "auths": {"registry.example": {"auth": "b3RoZXI6bG9naW4="}}, "currentContext": "far" }"#;
    project.docker_config(own);
    let folder = project.dir.beside("home/.docker");
    for file in ["cli-plugins/docker-compose", "contexts/meta/far/meta.json"] {
        fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
        fs::write(folder.join(file), "").unwrap();
    }
    with_password(&project, &[]).run().ok();
    let call = call(&project, "build app");
    let config = call.config.unwrap();
    assert_eq!(config["auths"]["registry.example"]["auth"], "b3RoZXI6bG9naW4=");
    assert_eq!(config["currentContext"], "far");
    assert_eq!(call.configuration, ["./cli-plugins/docker-compose", "./config.json", "./contexts/meta/far/meta.json"]);
    assert_eq!(fs::read_to_string(folder.join("config.json")).unwrap(), own);
    assert!(fs::exists(folder.join("contexts/meta/far/meta.json")).unwrap(), "only links went with the folder of the run");
}

#[test]
fn a_helper_for_all_registries_does_not_hide_the_login() {
    let project = project();
    project.docker_config(r#"{"credsStore":"x","auths":{"registry.example":{}}}"#);
    with_password(&project, &[]).run().ok();
    let config = call(&project, "build app").config.unwrap();
    assert_eq!((&config["credHelpers"][&project.registry.address], &config["credsStore"]), (&"".into(), &"x".into()));

    let project = self::project();
    project.docker_compose_v1(&[]).docker_config(r#"{"credsStore":"x","auths":{"registry.example":{}}}"#);
    with_password(&project, &[]).run().ok();
    let config = call(&project, "build app").config.unwrap();
    // v1 would fall back to the common helper.
    assert_eq!((&config["credHelpers"]["registry.example"], &config["credsStore"]), (&"x".into(), &().into()));
}

#[test]
fn a_password_is_no_tag_and_no_manifest() {
    let project = project();
    let ran = with_password(&project, &["--reuse", "docker-ci.md5", "--dry-run"]).run();
    ran.ok();
    is_kept(&project, &ran);
    assert_eq!(Run::new(&project.dir, ["tag", "--path", "docker"]).env("DOCKER_PASSWORD", PASSWORD).run().ok().trim(), project.tag);
}

#[test]
fn a_password_is_no_variable_of_a_compose_file() {
    for name in VARIABLES {
        let dir = Dir::new();
        dir.file("compose.yaml", format!("services: {{app: {{build: ., image: 'example/app:${{{name}:-unset}}'}}}}\n"));
        dir.file("Dockerfile", format!("FROM scratch\nARG {name}\n"));
        let ran = Run::new(&dir, ["tag"]).env(name, "s3cret").run();
        assert!(ran.ok().starts_with("app\texample/app:unset-"), "{name}: {}", ran.text());
        // A list of names takes the values from the environment too.
        dir.file("compose.yaml", format!("services: {{app: {{build: {{context: ., args: [{name}]}}}}}}\n"));
        let tag = |password: &str| Run::new(&dir, ["tag"]).env(name, password).run().ok();
        assert_eq!(tag("s3cret"), tag("other"), "{name}");
    }
}

#[test]
fn no_program_gets_a_variable_with_a_password() {
    for name in VARIABLES {
        let project = Project::behind(&format!("Basic {}", STANDARD.encode("ci:stored")), "Basic realm=x");
        project.docker_config(r#"{"credsStore":"x"}"#);
        install(&project.dir, "docker-credential-x", &[("get", r#"echo '{"Username":"ci","Secret":"stored"}'"#)]);
        install(&project.dir, "git", &[("*", "exit 128")]);
        for args in [&[][..], &["--force", "--trusted-branch", "main"]] {
            project.job("build", args).env(name, PASSWORD).run().ok();
        }
        project.job("pull", ["--moving-tag", ""]).env(name, PASSWORD).run().ok();
        let calls = project.calls();
        for program in ["docker", "docker-credential-x", "git"] {
            assert!(calls.iter().any(|call| call.argv[0] == program), "{program} was not run");
        }
        for call in calls {
            let seen = call.env.iter().find(|(key, value)| VARIABLES.contains(&key.as_str()) || value.contains(PASSWORD));
            assert_eq!(seen, None, "{name} is seen by {}", call.line());
        }
    }
}

/// No program sees these variables, so the build would get an empty secret, and its image would be pushed.
#[test]
fn a_build_secret_cannot_be_read_from_the_variable_of_the_password() {
    for variable in VARIABLES {
        let project = Project::new();
        let secrets = format!("secrets: {{s: {{environment: {variable}}}}}\n");
        let service = "services: {app: {image: $DOCKER_IMAGE, build: {context: docker, secrets: [s]}}}\n";
        project.dir.file("docker-compose.yml", format!("{secrets}{service}"));
        let run = project.job("build", [""; 0]).env(variable, "hunter2");
        let said = format!("service `app`: secrets: `s` is read from {variable}, which docktag passes to no other program");
        run.run().fails(2, &[&said, "help: give the build its secret in a variable of another name"]).is_silent_on(&["hunter2"]);
        project.only_read();
        project.dir.file("docker-compose.yml", secrets + &service.replace("$DOCKER_IMAGE", "acme/app"));
        Run::new(&project.dir, ["tag"]).env(variable, "hunter2").run().fails(2, &[&said]);
    }
}
