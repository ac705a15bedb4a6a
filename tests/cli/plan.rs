//! `plan`: what is there, which jobs build the rest, and registries that are asked for hundreds of images at once.

use std::fs;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::registry::{MANIFEST, Request, digest};
use crate::support::{Dir, Ran, Registry, Reply, Run, programs};

/// Services by name, with the services that each is built with, in a project whose images go to this registry.
fn project(dir: &Dir, registry: &Registry, services: &[(&str, &[&str])]) {
    let mut text = "services:\n".to_owned();
    for (name, needs) in services {
        text.push_str(&format!("  {name}:\n    image: {}/shop/{name}\n    build:\n      context: .\n", registry.address));
        text.push_str("      dockerfile_inline: |\n        FROM scratch\n        COPY src /\n      args: { NAME: x }\n      labels: [");
        text.push_str(&format!("{name}]\n"));
        if !needs.is_empty() {
            text.push_str("      additional_contexts:\n");
            needs.iter().for_each(|need| text.push_str(&format!("        {need}: service:{need}\n")));
        }
    }
    dir.file("compose.yaml", &text).file("src/main", "1");
}

fn plan(dir: &Dir, args: &[&str]) -> Ran {
    Run::new(dir, [&["plan"], args].concat()).run()
}

/// Service and image.
fn images(dir: &Dir) -> Vec<(String, String)> {
    let text = Run::new(dir, ["tag"]).run().ok();
    text.lines().filter_map(|line| line.split_once('\t')).map(|(service, image)| (service.to_owned(), image.to_owned())).collect()
}

fn put(registry: &Registry, image: &str) {
    registry.put(image.split_once('/').unwrap().1, MANIFEST);
}

fn services(value: &Value) -> Vec<&str> {
    let jobs = value["matrix"]["include"].as_array().unwrap();
    jobs.iter().map(|job| job["services"].as_str().unwrap()).collect()
}

const FAMILY: [(&str, &[&str]); 5] = [("app", &["lib"]), ("base", &[]), ("lib", &["base"]), ("tool", &[]), ("web", &["tool"])];

#[test]
fn images_stand_in_build_order_with_what_became_of_them() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    project(&dir, &registry, &FAMILY);
    let images = images(&dir);
    put(&registry, &images[1].1);
    let ran = plan(&dir, &["--json"]);
    ran.ok();
    let value = ran.json();
    let rows: Vec<(&str, &str)> = value["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| (target["services"][0].as_str().unwrap(), target["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(rows, [("base", "hit"), ("tool", "missing"), ("lib", "missing"), ("web", "missing"), ("app", "missing")]);
    assert_eq!(value["hit"], false);
    assert_eq!(services(&value), ["tool web", "lib app"]);
    let base = &value["targets"][0];
    assert_eq!((base["digest"].as_str(), &base["present"]), (Some(digest(MANIFEST.as_bytes()).as_str()), &base["platforms"]));
    assert_eq!(value["targets"][2]["needs"], json!([base["image"]]));
    assert_eq!(value["matrix"]["include"][1]["images"], format!("{} {}", images[2].1, images[0].1));

    let table = plan(&dir, &[]).ok();
    assert!(table.starts_with("RESULT   SERVICES  PLATFORMS    IMAGE\nhit      base "), "{table}");
    assert!(table.ends_with("\n\njob 1: tool web\njob 2: lib app\n"), "{table}");
    let heads: Vec<String> = registry.lines().into_iter().filter(|line| line.starts_with("HEAD")).collect();
    assert_eq!(heads.len(), 10, "one for each image and run: {heads:?}");
    assert!(registry.lines().iter().all(|line| line.starts_with("HEAD") || line == "GET /v2/"), "{:?}", registry.lines());
}

/// A family of images whose registry does not exist.
fn without_registry(dir: &Dir) -> String {
    project(dir, &Registry::honest(&Dir::new()), &FAMILY);
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let text = String::from_utf8(dir.read("compose.yaml")).unwrap();
    let address = text.split("image: ").nth(1).unwrap().split('/').next().unwrap().to_owned();
    dir.file("compose.yaml", text.replace(&address, &nowhere));
    nowhere
}

#[test]
fn a_registry_that_cannot_be_reached_is_told_of_once() {
    let dir = Dir::new();
    let nowhere = without_registry(&dir);
    let said = |ran: &Ran| ran.stderr.lines().filter(|line| line.contains("no connection") && !line.contains("asking again")).count();
    let ran = plan(&dir, &[]);
    ran.fails(1, &[&format!("{nowhere}: no connection"), "5 of 5 images are unknown, so there is no plan"]);
    assert_eq!(said(&ran), 1, "{}", ran.stderr);
    let ran = plan(&dir, &["--push=false"]);
    ran.says(&["5 images are unknown: ", " and 2 more"]).ok();
    assert_eq!(said(&ran), 1, "{}", ran.stderr);
    let ran = Run::new(&dir, ["build"]).run();
    ran.fails(1, &[&format!("{nowhere}: no connection")]);
    assert_eq!(said(&ran), 1, "{}", ran.stderr);
    let ran = Run::new(&dir, ["build", "--push=false", "--dry-run"]).run();
    assert_eq!(said(&ran), 1, "{}", ran.stderr);
    let ran = Run::new(&dir, ["pull"]).run();
    ran.fails(1, &[&format!("{nowhere}: no connection")]);
    assert_eq!(said(&ran), 1, "{}", ran.stderr);
}

#[test]
fn two_registries_that_cannot_be_reached_are_two_messages() {
    let dir = Dir::new();
    without_registry(&dir);
    let text = String::from_utf8(dir.read("compose.yaml")).unwrap();
    let (one, other) = text.split_at(text.find("\n  lib:").unwrap());
    let address = text.split("image: ").nth(1).unwrap().split('/').next().unwrap();
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    dir.file("compose.yaml", format!("{one}{}", other.replace(address, &nowhere)));
    let ran = plan(&dir, &["--push=false"]);
    ran.says(&["2 images are unknown: ", "3 images are unknown: "]).ok();
}

#[test]
fn nothing_missing_is_an_empty_matrix() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    project(&dir, &registry, &FAMILY[1..2]);
    put(&registry, &images(&dir)[0].1);
    let output = dir.beside("output");
    fs::write(&output, "").unwrap();
    let files = dir.beside("env");
    fs::write(&files, "").unwrap();
    let ran = Run::new(&dir, ["plan", "--ci", "--continuation", "../parameters.json"])
        .env("GITHUB_OUTPUT", &output)
        .env("GITHUB_ENV", files)
        .run();
    ran.ok();
    let text = fs::read_to_string(output).unwrap();
    assert!(text.contains("hit=true\n") && text.contains("matrix={\"include\":[]}\n"), "{text}");
    let parameters: Value = serde_json::from_slice(&fs::read(dir.beside("parameters.json")).unwrap()).unwrap();
    assert_eq!((&parameters["docktag_hit"], &parameters["docktag_jobs"]), (&json!(true), &json!(1)));
}

#[test]
fn what_is_unknown_is_no_plan_unless_nothing_is_to_be_pushed() {
    let dir = Dir::new();
    let registry = Registry::scripted(&dir, |request, _| request.target.contains("/shop/base/").then(|| Reply::status(403)));
    project(&dir, &registry, &FAMILY[1..3]);
    put(&registry, &images(&dir)[1].1);
    let ran = plan(&dir, &["--json"]);
    assert_eq!(ran.code, Some(1));
    let value = ran.json();
    assert_eq!((&value["error"]["code"], &value["exit"]), (&json!("registry-denied"), &json!(1)));
    // What was found out of the others is told all the same; but there are no jobs.
    let outcomes: Vec<&str> = value["targets"].as_array().unwrap().iter().map(|it| it["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["unknown", "hit"]);
    assert!(value.get("matrix").is_none() && value.get("hit").is_none(), "{value}");
    let ran = plan(&dir, &[]);
    ran.fails(
        1,
        &["shop/base:", "refuses access with status 403", "1 of 2 images is unknown, so there is no plan", "`--push=false` takes"],
    );
    let table = ran.text();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(rows, [["RESULT", "SERVICES"], ["unknown", "base"], ["hit", "lib"]]);
    for file in ["output", "env", "summary"] {
        fs::write(dir.beside(file), "").unwrap();
    }
    let files = [("GITHUB_OUTPUT", "output"), ("GITHUB_ENV", "env"), ("GITHUB_STEP_SUMMARY", "summary")];
    let run = files.iter().fold(Run::new(&dir, ["plan", "--ci", "--continuation", "../parameters.json"]), |run, (name, file)| {
        run.env(name, dir.beside(file))
    });
    assert_eq!(run.run().code, Some(1));
    let read = |file: &str| fs::read_to_string(dir.beside(file)).unwrap();
    assert!(read("output").contains("\nhit=\n") && read("output").contains("\nmatrix=\n"), "{}", read("output"));
    assert!(read("output").contains("\"outcome\":\"hit\""), "{}", read("output"));
    assert!(read("summary").starts_with("### docktag plan: 1 hit, 1 unknown\n"), "{}", read("summary"));
    assert!(read("summary").contains("status 403; 1 of 2 images is unknown, so there is no plan"), "{}", read("summary"));
    assert_eq!(read("env"), "");
    assert!(!dir.beside("parameters.json").exists(), "no plan is handed on");
    let value = plan(&dir, &["--push=false", "--json"]).json();
    assert_eq!(value["targets"][0]["outcome"], "unknown");
    assert!(value["targets"][0]["reason"].as_str().unwrap().contains("status 403"));
    assert_eq!(services(&value), ["base"]);
}

#[test]
fn an_image_that_lacks_a_platform_is_missing() {
    let index = |platforms: &[&str]| {
        let manifests: Vec<Value> = platforms.iter().map(|it| json!({"platform": {"os": "linux", "architecture": it}})).collect();
        json!({ "manifests": manifests }).to_string()
    };
    for (there, expected) in [(index(&["amd64"]), "missing"), (index(&["arm64", "amd64", "s390x"]), "hit")] {
        let dir = Dir::new();
        let bytes = there.clone();
        let registry = Registry::scripted(&dir, move |request, _| {
            let reply = Reply::status(200).header("content-type", "application/vnd.oci.image.index.v1+json");
            let reply = reply.header("docker-content-digest", digest(bytes.as_bytes())).body(bytes.as_bytes());
            request.target.contains("/manifests/").then_some(reply)
        });
        project(&dir, &registry, &FAMILY[1..2]);
        let text = fs::read_to_string(dir.path("compose.yaml")).unwrap();
        dir.file("compose.yaml", text.replace("      args:", "      platforms: [linux/amd64, linux/arm64]\n      args:"));
        let value = plan(&dir, &["--json", "--split-platforms"]).json();
        assert_eq!(value["targets"][0]["outcome"], expected);
        let jobs = value["matrix"]["include"].as_array().unwrap();
        let parts: Vec<&str> = jobs.iter().map(|job| job["part"].as_str().unwrap()).collect();
        assert_eq!(parts, if expected == "hit" { vec![] } else { vec!["linux/amd64", "linux/arm64"] });
        let requests = registry.lines();
        assert_eq!(requests.iter().filter(|line| line.contains("/manifests/")).count(), 2, "one question more: {requests:?}");
    }
}

/// 300 services, each with a repository of its own.
fn many(dir: &Dir, registry: &Registry) -> Vec<(String, String)> {
    let names: Vec<String> = (0..300).map(|number| format!("service{number:03}")).collect();
    let services: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    project(dir, registry, &services);
    images(dir)
}

#[test]
fn three_hundred_images_are_asked_for_politely() {
    let dir = Dir::new();
    let tokens = Registry::scripted(&Dir::new(), |request, _| {
        let repository = request.target.split("scope=repository%3A").nth(1).and_then(|rest| rest.split("%3Apull").next());
        Some(Reply::json(200, &format!(r#"{{"token":"for-{}"}}"#, repository.unwrap_or_default().replace("%2F", "."))))
    });
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", tokens.address);
    let (open, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&most);
    let registry = Registry::scripted(&dir, move |request, _| {
        counted.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(3));
        open.fetch_sub(1, Ordering::SeqCst);
        let repository = request.target.strip_prefix("/v2/").and_then(|rest| rest.split_once("/manifests/")).map_or("", |(name, _)| name);
        let right = format!("Bearer for-{}", repository.replace('/', "."));
        let is_right =
            request.header("authorization").is_some_and(|it| it == right || (repository.is_empty() && it.starts_with("Bearer for-")));
        (!is_right).then(|| Reply::status(401).header("www-authenticate", challenge.clone()))
    });
    let images = many(&dir, &registry);
    images.iter().skip(3).for_each(|(_, image)| put(&registry, image));
    let ran = plan(&dir, &["--json"]);
    ran.ok();
    assert_eq!(services(&ran.json()), ["service000", "service001", "service002"]);
    let mut heads: Vec<String> = registry.lines().into_iter().filter(|line| line.starts_with("HEAD")).collect();
    heads.dedup();
    assert_eq!((heads.len(), registry.requests().len()), (300, 302), "one for each image, two to find out how to ask");
    assert_eq!(tokens.requests().len(), 300, "one for each repository");
    let most = most.load(Ordering::SeqCst);
    assert!((2..=16).contains(&most), "{most} at once");
}

#[test]
fn a_registry_that_wants_time_gets_it_from_all_requests_together() {
    let dir = Dir::new();
    let (count, closed) = (AtomicUsize::new(0), Mutex::new(None::<Instant>));
    let registry = Registry::scripted(&dir, move |_, _| {
        let mut closed = closed.lock().unwrap();
        // Twice it has enough for a second.
        if [40, 150].contains(&count.fetch_add(1, Ordering::SeqCst)) {
            *closed = Some(Instant::now() + Duration::from_secs(1));
        }
        let is_closed = closed.is_some_and(|until| Instant::now() < until);
        is_closed.then(|| Reply::status(429).header("retry-after", "1"))
    });
    let images = many(&dir, &registry);
    put(&registry, &images[299].1);
    let ran = plan(&dir, &["--json"]);
    ran.ok();
    assert_eq!(services(&ran.json()).len(), 256, "299 groups in as many jobs as a matrix has");
    let requests = registry.requests().len();
    assert!((303..=301 + 2 * 16).contains(&requests), "only what was on its way is asked twice: {requests}");
    assert_eq!(ran.stderr.matches("asking again").count(), 2, "{}", ran.stderr);
}

#[test]
fn a_registry_that_wants_no_more_today_is_left_alone() {
    let dir = Dir::new();
    let registry = Registry::scripted(&dir, |request: &Request, _| {
        (request.method == "HEAD").then(|| Reply::status(429).header("retry-after", "3600"))
    });
    many(&dir, &registry);
    plan(&dir, &[]).fails(1, &["too many requests", "300 of 300 images"]);
    let requests = registry.requests().len();
    assert!(requests <= 17, "{requests} requests were sent");
}

#[test]
fn a_credential_helper_is_asked_once() {
    let dir = Dir::new();
    let registry = Registry::scripted(&dir, |request, _| {
        (request.header("authorization") != Some("Basic Y2k6cmlnaHQ="))
            .then(|| Reply::status(401).header("www-authenticate", "Basic realm=x"))
    });
    many(&dir, &registry);
    programs::install(&dir, "docker-credential-x", &[("get", r#"echo '{"Username":"ci","Secret":"right"}'"#)]);
    let home = dir.beside("home/.docker");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("config.json"), r#"{"credsStore":"x"}"#).unwrap();
    plan(&dir, &["--json"]).ok();
    assert_eq!(programs::calls(&dir).len(), 1);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    project(&dir, &registry, &FAMILY);
    plan(&dir, &["--max-jobs", "0"]).fails(2, &["`--max-jobs`: `0` is no number, expected one from 1 on", "help:"]);
    plan(&dir, &["--part", "linux/arm64"]).fails(2, &["--part"]);
    let build = |args: &[&str]| Run::new(&dir, [&["build"], args].concat()).run();
    build(&["--share", "1/2"]).fails(2, &["`--share`: `1/2` is no share", "--continuation"]);
    build(&["--share", "00000000-00:0/1"]).fails(1, &["`--share` is of a plan for other images"]);
    build(&["--share", "00000000-0:0/1", "--part", "linux/arm64"]).fails(2, &["contradict each other"]);
    build(&["--part", "linux"]).fails(2, &["`--part`: `linux` is no platform"]);
    build(&["--part", "linux/arm64"]).fails(2, &["no image is for several platforms of which this is one", "build.platforms"]);
    plan(&dir, &["--continuation", "nowhere/else/x"]).fails(1, &["nowhere/else/x: cannot be written", "does its folder exist"]);
    Run::new(&dir, ["join", "--path", "src"]).run().fails(2, &["--path"]);
    Run::new(&dir, ["join"]).run().says(&["nothing to join"]).ok();
}

#[test]
fn names_of_services_may_stand_in_one_text() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    project(&dir, &registry, &FAMILY);
    let ran = Run::new(&dir, ["plan", "--json"]).env("DOCKTAG_SERVICE", "tool web").run();
    assert_eq!(services(&ran.json()), ["tool web"]);
}
