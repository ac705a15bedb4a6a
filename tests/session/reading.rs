//! How much work it is to read a project: the rounds of questions, and the files that are asked for.

use docktag::compose::project::Project;
use docktag::compose::read::{Read, Request, read};
use docktag::map::Map;

/// A project in `/p`, and how it was read.
struct Reading {
    project: Project,
    rounds: usize,
    asked: Vec<String>,
}

fn reading(files: &[(String, String)], chosen: &[String]) -> Reading {
    let request = Request { folder: "/p".to_owned(), files: chosen.to_vec(), ..Request::default() };
    let mut known = Map::new();
    let (mut rounds, mut asked) = (0, Vec::new());
    loop {
        match read(&request, &known).unwrap() {
            Read::Done(project) => return Reading { project: *project, rounds, asked },
            Read::Need(paths) => {
                rounds += 1;
                for path in paths {
                    let content = files.iter().find(|(name, _)| path == format!("/p/{name}"));
                    known.insert(path.clone(), content.map(|(_, text)| text.clone().into_bytes()));
                    asked.push(path);
                }
            }
        }
    }
}

/// Reads a small and a large project of one shape: the large one has more files, and takes no more rounds.
#[track_caller]
fn assert_rounds_do_not_grow(shape: impl Fn(usize) -> (Vec<(String, String)>, Vec<String>)) {
    let rounds = [2, 60].map(|count| {
        let (files, chosen) = shape(count);
        let reading = reading(&files, &chosen);
        let mut asked = reading.asked.clone();
        asked.sort_unstable();
        asked.dedup();
        assert_eq!(asked.len(), reading.asked.len(), "a file is asked for twice");
        assert!(reading.project.services.iter().filter(|service| service.build.is_some()).count() >= count);
        reading.rounds
    });
    assert_eq!(rounds[0], rounds[1], "rounds for 2 and for 60");
}

fn file(name: impl Into<String>, text: impl Into<String>) -> (String, String) {
    (name.into(), text.into())
}

fn main_file() -> Vec<String> {
    vec!["compose.yaml".to_owned()]
}

#[test]
fn includes_are_asked_for_at_once() {
    assert_rounds_do_not_grow(|count| {
        let mut text = "include:\n".to_owned();
        let mut files = Vec::new();
        for index in 0..count {
            text.push_str(&format!("  - m{index}/a.yaml\n"));
            files.push(file(format!("m{index}/a.yaml"), format!("include: [b.yaml]\nservices: {{a{index}: {{build: .}}}}\n")));
            files.push(file(format!("m{index}/b.yaml"), format!("services: {{b{index}: {{build: \"${{OWN}}\"}}}}\n")));
            files.push(file(format!("m{index}/.env"), format!("OWN=own{index}\n")));
        }
        files.push(file("compose.yaml", text));
        (files, main_file())
    });
}

#[test]
fn includes_of_several_files_are_asked_for_at_once() {
    assert_rounds_do_not_grow(|count| {
        let mut files = Vec::new();
        for index in 0..count {
            files.push(file(format!("f{index}.yaml"), format!("include: [m{index}.yaml]\n")));
            files.push(file(format!("m{index}.yaml"), format!("services: {{s{index}: {{build: .}}}}\n")));
        }
        (files, (0..count).map(|index| format!("f{index}.yaml")).collect())
    });
}

/// Every service has a file of its own, which is `N` in this line.
fn one_file_for_each_service(service: &str, content: &str) {
    assert_rounds_do_not_grow(|count| {
        let mut text = "services:\n".to_owned();
        let mut files = Vec::new();
        for index in 0..count {
            let name = format!("f{index}.yaml");
            text.push_str(&format!("  s{index}: {}\n", service.replace('N', &name)));
            files.push(file(name, content));
        }
        files.push(file("compose.yaml", text));
        (files, main_file())
    });
}

#[test]
fn bases_of_extends_are_asked_for_at_once() {
    one_file_for_each_service("{extends: {file: N, service: b}}", "services: {b: {build: .}}\n");
}

#[test]
fn files_of_labels_are_asked_for_at_once() {
    one_file_for_each_service("{build: ., label_file: N}", "A=1\n");
}

#[test]
fn an_included_project_has_its_own_variables_below_those_of_the_outer_one() {
    let files = [
        file("compose.yaml", "include: [a/c.yaml, {path: b/c.yaml, env_file: [a/.env]}, d/c.yaml]\n"),
        file(".env", "OUTER=outer\n"),
        file("a/.env", "OUTER=a\nOWN=a\n"),
        file("a/c.yaml", "services: {a: {build: {context: ., target: \"$OUTER-$OWN\"}}}\n"),
        file("b/.env", "OWN=b\n"),
        file("b/c.yaml", "services: {b: {build: {context: ., target: \"$OUTER-$OWN\"}}}\n"),
        file("d/c.yaml", "services: {d: {build: {context: ., target: \"$OUTER-$OWN\"}}}\n"),
    ];
    let project = reading(&files, &main_file()).project;
    let targets: Vec<_> = project.services.iter().map(|it| it.build.as_ref().unwrap().target.clone().unwrap()).collect();
    assert_eq!(targets, ["outer-a", "outer-a", "outer-"]);
}

/// Only the services that a further file names are merged and checked again; all others stay as they are.
#[test]
fn a_further_file_changes_what_it_names() {
    let files = [
        file(
            "a.yaml",
            "services:\n  a: {build: {context: a, args: [A=1]}, ports: ['80:80']}\n  b: {build: b, dns: ['', 1.1.1.1]}\nx-a: {k: 1}\n",
        ),
        file("b.yaml", "services:\n  a: {build: {args: {B: 2}}}\n  b: !reset null\nx-a: {l: 2}\nname: other\n"),
        file("c.yaml", "services:\n  a: {build: {args: !reset null}}\n  c: {extends: {file: a.yaml, service: a}}\n"),
    ];
    let project = reading(&files, &["a.yaml".to_owned(), "b.yaml".to_owned(), "c.yaml".to_owned()]).project;
    let args = |index: usize| {
        project.services[index].build.as_ref().unwrap().args.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
    };
    let names: Vec<&str> = project.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!((names, project.name.as_str()), (vec!["a", "c"], "other"));
    assert_eq!((args(0), args(1)), (vec![], vec!["A=1".to_owned()]));
}
