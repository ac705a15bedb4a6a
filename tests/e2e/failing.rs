//! A step of a Dockerfile fails: everything that reports the build names the step and its line, and shows the last lines.

use std::fs;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::Test;
use crate::action::nothing_built;
use crate::engine::{Engine, Needs};
use crate::project::{Project, Ran};
use crate::registry::digest;
use crate::runner::Runner;

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("a_failed_step_is_named_with_its_line_and_last_lines", Needs::Any, step),
        ("a_failed_copy_is_named_with_its_line", Needs::Any, copy),
        ("a_failed_step_is_named_for_the_service_that_has_it", Needs::Any, services),
        ("the_action_names_a_failed_step_with_its_line_and_last_lines", Needs::Any, action),
    ]
}

/// The step of the example that is replaced, its line, and a step that prints 40 lines and fails.
const STEP: (&str, u32, &str) =
    ("RUN sleep 2 && mkdir -p /etc/app /tmp /var/lib && chmod 1777 /tmp", 8, "RUN for i in $(seq 40); do echo \"line $i.\"; done; exit 3");

/// The example with another step.
fn failing(engine: &Engine, step: &str) -> Project {
    let project = Project::new(engine);
    let file = project.folder.join("docker/dev/Dockerfile");
    let text = fs::read_to_string(&file).unwrap();
    let before = text.lines().position(|line| line == STEP.0).unwrap();
    assert_eq!(before + 1, STEP.1 as usize);
    fs::write(&file, text.replace(STEP.0, step)).unwrap();
    project
}

/// Runs a build as GitHub's runner does; how it ended, and its job summary.
fn on_github(project: &Project, args: &[&str]) -> (Ran, String) {
    let summary = project.around().join("summary");
    fs::write(&summary, "").unwrap();
    let mut command = project.command(env!("CARGO_BIN_EXE_docktag"));
    command.arg("build").args(args).args(["--ci"]).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
    let ran = crate::project::ended(command.env("GITHUB_ENV", project.around().join("env")).output().unwrap());
    (ran, fs::read_to_string(summary).unwrap())
}

/// The annotation of a run.
fn annotation(ran: &Ran) -> &str {
    ran.stderr.lines().find(|line| line.starts_with("::error ")).unwrap_or_else(|| panic!("no annotation\n{}", ran.stderr))
}

/// What is said of a failed step first. In rare cases BuildKit does not print the line, and then docktag names none.
fn headline(log: &str, (file, line): (&str, u32), said: &str) -> String {
    match names(log, file, line) {
        true => format!("{file}:{line}: {said}"),
        false => said.to_owned(),
    }
}

/// Whether BuildKit printed a line of a file.
fn names(log: &str, file: &str, line: u32) -> bool {
    let printed = format!("{}:{line}", file.rsplit('/').next().unwrap_or(file));
    log.lines().any(|it| it.trim_end() == printed)
}

/// The last 20 lines of the output of the failed step are there, and no earlier ones.
fn has_last_lines(text: &str) {
    assert!(text.contains("line 40."), "{text}");
    assert!(!text.contains("line 20."), "{text}");
}

/// Neither the engine nor the registry has an image.
fn has_nothing(project: &Project) {
    nothing_built(project);
    assert_eq!(digest(&format!("{}:{}", project.image, project.tag()), None), None);
    assert_eq!(digest(&format!("{}:ci", project.image), None), None);
    assert!(project.left_over().is_empty(), "{:?}", project.left_over());
}

fn step(engine: &Engine) -> Result<(), Failed> {
    let project = failing(engine, STEP.2);
    let args = ["--path", "docker", "--image", &project.image];
    let (file, line) = ("docker/dev/Dockerfile", STEP.1);
    let said = format!("the step `{}` failed: `compose build app` failed (exit code ", STEP.2);

    let ran = project.docktag(&["build"]);
    ran.failed(1, &format!("error: {}", headline(&ran.stderr, (file, line), &said)));
    assert!(ran.stderr.contains("help: its output is above") && ran.stdout.is_empty(), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("line 1."), "the whole output is passed on\n{}", ran.stderr);

    let (ran, summary) = on_github(&project, &args);
    let first = headline(&ran.stderr, (file, line), &said);
    ran.failed(1, &first);
    assert!(summary.contains(&first) && !summary.contains("is above"), "{summary}");
    has_last_lines(&summary);
    let annotation = annotation(&ran);
    let place = if names(&ran.stderr, file, line) { "::error file=docker/dev/Dockerfile,line=8," } else { "::error title=" };
    assert!(annotation.starts_with(place), "{annotation}");
    has_last_lines(annotation);

    let ran = project.docktag(&["build", "--json"]);
    let object: Value = serde_json::from_str(&ran.stdout).unwrap();
    let error = &object["error"];
    assert_eq!((ran.code, &object["exit"]), (Some(1), &Value::from(1)));
    let place = names(&ran.stderr, file, line).then_some((file, u64::from(line)));
    assert_eq!(error["place"].as_str().zip(error["line"].as_u64()), place, "{error}");
    let output: Vec<&str> = error["output"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(output.len(), 20, "{output:#?}");
    has_last_lines(&output.join("\n"));
    has_nothing(&project);
    Ok(())
}

fn copy(engine: &Engine) -> Result<(), Failed> {
    // Of a stage, so that nothing is missing when the inputs are hashed.
    let project = failing(engine, "COPY --from=0 /missing /x");
    let file = project.folder.join("docker/dev/Dockerfile");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("FROM scratch\n", "FROM scratch AS first\nFROM scratch\n")).unwrap();
    let (ran, summary) = on_github(&project, &["--path", "docker", "--image", &project.image]);
    let said = "the step `COPY --from=0 /missing /x` failed: `compose build app` failed (exit code ";
    let first = headline(&ran.stderr, ("docker/dev/Dockerfile", 9), said);
    ran.failed(1, &first);
    assert!(summary.contains(&first) && summary.contains("/missing: no such file"), "{summary}");
    assert!(annotation(&ran).contains("%0Afailed to solve: lstat /missing: no such file"), "{}", annotation(&ran));
    has_nothing(&project);
    Ok(())
}

/// Two services with Dockerfiles of one name, of which one fails.
fn services(engine: &Engine) -> Result<(), Failed> {
    let project = Project::empty(engine);
    let service = |name: &str| format!("  {name}: {{build: {name}, image: '{}/{name}'}}\n", project.image);
    fs::write(project.folder.join("compose.yml"), format!("services:\n{}{}", service("app"), service("my.web"))).unwrap();
    for (name, step) in [("app", "COPY a /\n"), ("my.web", "COPY a /\nCOPY --from=0 /missing /x\n")] {
        let folder = project.folder.join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a"), "1").unwrap();
        fs::write(folder.join("Dockerfile"), format!("FROM scratch AS first\nFROM scratch\n{step}")).unwrap();
    }
    let ran = project.plain(&["build"]);
    let said = "the step `COPY --from=0 /missing /x` failed: `compose build app my.web` failed";
    ran.failed(1, &format!("error: {}", headline(&ran.stderr, ("my.web/Dockerfile", 4), said)));
    Ok(())
}

fn action(engine: &Engine) -> Result<(), Failed> {
    let project = failing(engine, STEP.2);
    let run = Runner::new(&project).run("build.yml");
    let said = format!("the step `{}` failed: `compose build app` failed (exit code ", STEP.2);
    let first = headline(&run.text(), ("docker/dev/Dockerfile", STEP.1), &said);
    run.failed(&first);
    let errors = run.obeyed("error");
    has_last_lines(errors.iter().find(|error| error.contains(&first)).unwrap());
    let summary = run.summary("build");
    assert!(summary.contains(&first) && !summary.contains("is above"), "{summary}");
    has_last_lines(summary);
    has_nothing(&project);
    Ok(())
}
