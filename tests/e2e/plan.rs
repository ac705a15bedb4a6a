//! Plans, and what follows from them: the workflows of README on both CIs, platforms built apart, and a second BuildKit.

use std::fs;
use std::path::Path;
use std::process::Child;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Test;
use crate::circle::Circle;
use crate::compose::tags;
use crate::engine::{Engine, Needs};
use crate::orb::with_program;
use crate::project::{Project, Ran, ended};
use crate::registry::{digest, platforms};
use crate::runner::Runner;

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("the_workflow_of_readme_builds_each_missing_group_in_a_job_of_its_own", Needs::Own, github),
        ("the_workflow_of_readme_builds_each_platform_in_a_job_of_its_own_and_joins_them", Needs::Own, github_platforms),
        ("the_configurations_of_readme_share_what_is_missing_among_machines", Needs::Own, circle),
        ("platforms_built_at_once_do_not_overwrite_each_other", Needs::Own, parts),
        ("a_second_buildkit_builds_and_pushes_without_an_engine", Needs::Own, builder),
        ("a_second_buildkit_works_with_compose_5_too", Needs::Own, builder_with_compose_5),
        ("what_a_second_buildkit_builds_is_loaded_where_nothing_is_pushed", Needs::Own, loaded),
        ("a_secret_that_only_a_file_of_variables_has_reaches_a_second_buildkit", Needs::Own, secrets),
    ]
}

/// Three services: one built upon another one, and one that is neither; the images are for these platforms.
fn project(engine: &Engine, platforms: &str) -> Project {
    let project = Project::empty(engine);
    let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
    let image = |name: &str| format!("{}/{}/{name}", engine.get("ENGINE_REGISTRY"), project.image.rsplit('/').next().unwrap());
    let platforms = if platforms.is_empty() { String::new() } else { format!("      platforms: [{platforms}]\n") };
    let service = |name: &str| {
        format!("  {name}:\n    image: {}\n    build:\n      context: .\n      dockerfile: {name}.Dockerfile\n{platforms}", image(name))
    };
    let services = ["base", "app", "web"].map(service);
    put("compose.yaml", &format!("services:\n{}", services.concat()));
    put("base.Dockerfile", "FROM scratch\nCOPY busybox /bin/busybox\nCOPY busybox /bin/sh\n");
    put("app.Dockerfile", &format!("FROM {}\nCOPY run-tests.sh /\n", image("base")));
    put("web.Dockerfile", "FROM scratch\nCOPY web.txt /\n");
    put("run-tests.sh", "#!/bin/sh\necho tests pass\n");
    put("web.txt", "1");
    fs::copy(engine.get("ENGINE_BUSYBOX"), project.folder.join("busybox")).unwrap();
    project.shell("chmod +x run-tests.sh busybox").ok();
    project
}

/// A block of README, by its first line.
fn readme(first: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let block = text.split("```yaml\n").find(|block| block.starts_with(&format!("{first}\n")));
    block.unwrap_or_else(|| panic!("README has no block that begins with {first}")).split("```").next().unwrap().to_owned()
}

fn only_reads(requests: &[String]) {
    assert!(requests.iter().all(|request| request.starts_with("HEAD ") || request.starts_with("GET ")), "{requests:#?}");
}

fn github(engine: &Engine) -> Result<(), Failed> {
    let project = project(engine, "");
    let workflow = readme("# .github/workflows/images.yml");
    for (expected, change) in [(vec!["build base app", "build web"], "echo 2 > web.txt"), (vec!["build web"], "true"), (vec![], "true")] {
        let since = engine.mark();
        let run = Runner::new(&project).secret("GITHUB_TOKEN", "none").run_text(&workflow);
        run.ok();
        assert_eq!(run.names("build"), expected, "{}", run.text());
        assert_eq!(run.output("plan", "hit"), expected.is_empty().to_string());
        assert!(run.text().contains("tests pass"), "{}", run.text());
        assert!(tags(&project).values().all(|image| digest(image, None).is_some()));
        if expected.is_empty() {
            only_reads(&engine.requests(since));
        }
        project.shell(change).ok();
    }
    Ok(())
}

fn github_platforms(engine: &Engine) -> Result<(), Failed> {
    let project = project(engine, "linux/amd64, linux/arm64");
    let run = Runner::new(&project).secret("GITHUB_TOKEN", "none").run_text(&readme("# .github/workflows/platforms.yml"));
    run.ok();
    let jobs = ["build base app (linux/amd64)", "build base app (linux/arm64)", "build web (linux/amd64)", "build web (linux/arm64)"];
    assert_eq!(run.names("build"), jobs, "{}", run.text());
    for image in tags(&project).values() {
        assert_eq!(platforms(image), ["linux/amd64", "linux/arm64"], "{image}");
        let moving = format!("{}:ci", image.rsplit_once(':').unwrap().0);
        assert_eq!(digest(&moving, None), digest(image, None));
    }
    Ok(())
}

/// The jobs of a workflow: what each is, and its parameters of the orb.
fn jobs(configuration: &Value, workflow: &str) -> Vec<(String, Value)> {
    let listed = configuration["workflows"][workflow]["jobs"].as_array().unwrap();
    let job = |job: &Value| {
        let (name, given) = job.as_object().unwrap().iter().next().unwrap();
        let mut given = given.clone();
        // These are the workflow's own.
        for key in ["context", "name", "requires"] {
            given.as_object_mut().unwrap().remove(key);
        }
        (name.strip_prefix("docktag/").unwrap().to_owned(), given)
    };
    listed.iter().map(job).collect()
}

/// A pipeline: the first configuration, then the second one with the parameters that the first one found.
fn pipeline(project: &Project) -> (Value, Vec<String>) {
    let file = project.folder.join("../parameters.json").display().to_string();
    let setup = Circle::configuration(&readme("# .circleci/config.yml, which asks").replace("/tmp/docktag.json", &file));
    let (name, mut given) = jobs(&setup, "plan").remove(0);
    let then = given["steps"].take();
    assert_eq!(then, json!([{ "continuation/continue": { "configuration_path": ".circleci/images.yml", "parameters": file } }]));
    given.as_object_mut().unwrap().remove("steps");
    Circle::new(project).job(&name, &given).ok();
    let parameters: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();

    let mut text = readme("# .circleci/images.yml, which builds");
    let declared = Circle::configuration(&text)["parameters"].clone();
    for (name, value) in parameters.as_object().unwrap() {
        let kind = if value.is_boolean() {
            "boolean"
        } else if value.is_number() {
            "integer"
        } else {
            "string"
        };
        assert_eq!(declared[name]["type"], kind, "{name}");
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text = text.replace(&format!("<< pipeline.parameters.{name} >>"), &value);
    }
    let configuration = Circle::configuration(&text);
    let workflows = configuration["workflows"].as_object().unwrap().keys();
    let runs = |workflow: &&String| {
        let it = &configuration["workflows"][*workflow];
        it["when"] != false && it["unless"] != true
    };
    let workflow = workflows.filter(runs).collect::<Vec<_>>();
    assert_eq!(workflow.len(), 1, "{workflow:?}");
    let mut ran = Vec::new();
    for (name, mut given) in jobs(&configuration, workflow[0]) {
        // There is no terminal here.
        for step in given.get_mut("steps").and_then(Value::as_array_mut).into_iter().flatten() {
            step["run"] = step["run"].as_str().unwrap().replace("run --rm", "run --rm -T").into();
        }
        let count = given.get("parallelism").and_then(Value::as_u64).unwrap_or(1) as usize;
        for index in 0..count {
            let out = Circle::node(project, index, count).job(&name, &given);
            out.ok();
            let built = out.stderr.lines().find(|line| line.starts_with("$ ") && line.contains(" build "));
            ran.push(format!("{name} {}", built.and_then(|line| line.rsplit_once(" build ")).map_or("", |(_, services)| services)));
            assert!(name != "tests" || out.stdout.contains("tests pass"), "{}", out.stdout);
        }
    }
    (parameters, ran)
}

fn circle(engine: &Engine) -> Result<(), Failed> {
    let project = with_program(project(engine, ""));
    let (parameters, ran) = pipeline(&project);
    assert_eq!((&parameters["docktag_hit"], &parameters["docktag_jobs"]), (&json!(false), &json!(2)));
    assert_eq!(ran, ["build base app", "build web", "tests "]);
    project.shell("echo 2 > web.txt").ok();
    assert_eq!(pipeline(&project).1, ["build web", "tests "]);
    let since = engine.mark();
    let (parameters, ran) = pipeline(&project);
    assert_eq!((&parameters["docktag_hit"], ran), (&json!(true), vec!["tests ".to_owned()]));
    only_reads(&engine.requests(since));
    Ok(())
}

/// A request for a digest, or for the list of what is kept beside one (`sha256-…`): not for a tag that somebody chose.
fn is_digest(request: &str) -> bool {
    request.contains("/manifests/sha256:") || request.contains("/manifests/sha256-")
}

fn all_ended(children: Vec<Child>) -> Vec<Ran> {
    children.into_iter().map(|child| ended(child.wait_with_output().unwrap())).collect()
}

fn parts(engine: &Engine) -> Result<(), Failed> {
    let project = project(engine, "linux/amd64, linux/s390x");
    let images: Vec<String> = tags(&project).into_values().collect();
    // The last job comes too early.
    project.plain(&["join"]).failed(3, "the part for linux/amd64 is not in the registry");
    let both = ["linux/amd64", "linux/s390x"];
    let since = engine.mark();
    for ran in all_ended(both.iter().map(|platform| project.start_plain(&["build", "--part", platform])).collect()) {
        ran.ok();
    }
    // No name is written by both, and none that anybody else reads.
    let mut names: Vec<String> =
        engine.requests(since).into_iter().filter(|request| request.starts_with("PUT ") && request.contains("/manifests/")).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "{names:#?}");
    names.retain(|request| !is_digest(request));
    assert_eq!(names.len(), 6, "{names:#?}");
    assert!(images.iter().all(|image| digest(image, None).is_none()));

    let joins = all_ended(vec![project.start_plain(&["join"]), project.start_plain(&["join"])]);
    for ran in &joins {
        ran.ok();
    }
    for image in &images {
        assert_eq!(platforms(image), both, "{image}");
        let there = digest(image, None);
        assert_eq!(digest(&format!("{}:ci", image.rsplit_once(':').unwrap().0), None), there);
        let part = |platform: &str| digest(&format!("{image}-{}", platform.replace('/', "-")), None);
        assert!(both.iter().all(|platform| part(platform).is_some() && part(platform) != there));
    }
    // Now it is a hit for everybody, also without an engine.
    let mut project = project;
    let host = project.env.insert("DOCKER_HOST".to_owned(), "unix:///nonexistent".to_owned());
    project.plain(&["build"]).ok();
    project.plain(&["build", "--part", both[1]]).ok();
    let plan: Value = serde_json::from_str(project.plain(&["plan", "--split-platforms", "--json"]).ok()).unwrap();
    assert_eq!((&plan["hit"], &plan["targets"][0]["present"]), (&json!(true), &json!(both)));
    project.env.extend(host.map(|host| ("DOCKER_HOST".to_owned(), host)));
    Ok(())
}

/// A builder of that name that is the second BuildKit, until it is dropped.
pub(crate) struct Builder<'a>(&'a Project, &'static str);

impl<'a> Builder<'a> {
    pub(crate) fn new(engine: &Engine, project: &'a Project, name: &'static str) -> Self {
        let address = engine.builder();
        project
            .shell(&format!("docker buildx rm {name} >/dev/null 2>&1; docker buildx create --name {name} --driver remote {address}"))
            .ok();
        Builder(project, name)
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        self.0.shell(&format!("docker buildx rm {}", self.1));
    }
}

fn without_engine(project: &Project, args: &[&str]) -> Ran {
    let args: Vec<String> = args.iter().map(|arg| format!("'{arg}'")).collect();
    project.shell(&format!("DOCKER_HOST=unix:///nonexistent {} {}", env!("CARGO_BIN_EXE_docktag"), args.join(" ")))
}

fn built_elsewhere(engine: &Engine, project: &Project, name: &'static str) {
    let _builder = Builder::new(engine, project, name);
    let both = ["linux/amd64", "linux/arm64"];
    let since = engine.mark();
    without_engine(project, &["build", "--builder", name]).ok();
    for image in tags(project).values() {
        assert_eq!(platforms(image), both, "{image}");
        assert_eq!(digest(&format!("{}:ci", image.rsplit_once(':').unwrap().0), None), digest(image, None));
    }
    // The builder itself wrote no tag.
    let written: Vec<String> =
        engine.requests(since).into_iter().filter(|request| request.starts_with("PUT ") && request.contains("/manifests/")).collect();
    let tagged = written.iter().filter(|request| !is_digest(request)).count();
    assert_eq!(tagged, 6, "three tags and three moving tags: {written:#?}");
    let since = engine.mark();
    without_engine(project, &["build", "--builder", name]).ok();
    only_reads(&engine.requests(since));

    // One platform each, and joined.
    project.shell("echo 2 > web.txt").ok();
    for platform in both {
        without_engine(project, &["build", "--builder", name, "--part", platform, "web"]).ok();
    }
    without_engine(project, &["join"]).ok();
    assert_eq!(platforms(&tags(project)["web"]), both);
    let plan: Value = serde_json::from_str(project.plain(&["plan", "--json"]).ok()).unwrap();
    assert_eq!(plan["hit"], true);

    // Inputs that change meanwhile give no tag.
    project.shell("echo 3 > web.txt").ok();
    let image = tags(project)["web"].clone();
    let change = "mkdir -p ../bin && printf '#!/bin/sh\\ncase \"$*\" in *--print*) echo 4 > web.txt;; esac\\nexec docker compose \"$@\"\\n' > ../bin/slow && chmod +x ../bin/slow";
    project.shell(change).ok();
    let slow = project.folder.join("../bin/slow").display().to_string();
    without_engine(project, &["build", "--builder", name, "--compose", &slow, "web"]).failed(1, "inputs changed during the build");
    assert_eq!(digest(&image, None), None);
}

fn builder(engine: &Engine) -> Result<(), Failed> {
    built_elsewhere(engine, &project(engine, "linux/amd64, linux/arm64"), "docktag-tests");
    Ok(())
}

fn builder_with_compose_5(engine: &Engine) -> Result<(), Failed> {
    let mut project = project(engine, "linux/amd64, linux/arm64");
    project.env.insert("DOCKER_CONFIG".to_owned(), engine.compose5());
    built_elsewhere(engine, &project, "docktag-tests-5");
    Ok(())
}

/// A secret that only `.env` has reaches a build on another builder as it does one of Compose itself.
fn secrets(engine: &Engine) -> Result<(), Failed> {
    let mut project = Project::empty(engine);
    let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
    fs::copy(engine.get("ENGINE_BUSYBOX"), project.folder.join("busybox")).unwrap();
    let check = r#"["/busybox", "grep", "-qx", "f[i]rst s[e]cond", "/run/secrets/token"]"#;
    put("Dockerfile", &format!("FROM scratch\nCOPY busybox /\nARG N\nRUN --mount=type=secret,id=token,required=true {check}\n"));
    put(".env", "A=first\nTOKEN=\"${A} second\"\nOTHER=third\n");
    let compose = format!(
        "services:\n  app:\n    image: {}\n    build: {{context: ., args: [N], secrets: [token]}}\nsecrets:\n  token: {{environment: TOKEN}}\n",
        project.image
    );
    put("compose.yaml", &compose);
    let name = "docktag-tests-secrets";
    for (number, config) in [project.env["DOCKER_CONFIG"].clone(), engine.compose5()].into_iter().enumerate() {
        project.env.insert("DOCKER_CONFIG".to_owned(), config);
        let _builder = Builder::new(engine, &project, name);
        // Another argument each time, so that no builder remembers the step.
        let variables = |step: &str| format!("export N={}-{number}-{step}", project.image.rsplit('/').next().unwrap());
        let docktag = format!("{} build --builder {name}", env!("CARGO_BIN_EXE_docktag"));
        project.shell(&format!("{}; docker compose build", variables("compose"))).ok();
        let ran = project.shell(&format!("{}; {docktag} -v", variables("docktag")));
        ran.ok();
        assert!(![&ran.stdout, &ran.stderr].iter().any(|text| text.contains("first second")), "{}", ran.stderr);
        // The environment goes before the file, for Compose and for us.
        project.shell(&format!("{}; export TOKEN=other; ! docker compose build", variables("compose-other"))).ok();
        project.shell(&format!("{}; export TOKEN=other; {docktag}", variables("docktag-other"))).failed(1, "failed");
    }
    Ok(())
}

fn loaded(engine: &Engine) -> Result<(), Failed> {
    let project = project(engine, "linux/amd64, linux/arm64");
    let name = "docktag-tests-load";
    let _builder = Builder::new(engine, &project, name);
    let since = engine.mark();
    project.plain(&["pull", "--or-build", "--builder", name, "--platform", "linux/amd64"]).ok();
    let image = tags(&project)["app"].clone();
    assert_eq!(project.shell(&format!("docker run --rm {image} /run-tests.sh")).ok(), "tests pass\n");
    only_reads(&engine.requests(since));
    project.plain(&["build", "--builder", "nobody"]).failed(1, "does the builder exist");
    Ok(())
}
