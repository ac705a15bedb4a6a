//! Paths in messages are those that the user wrote, or lead from the folder that the user is in.

use crate::support::{Dir, Ran, Run};

/// A project in `x` beside an empty folder `run`.
fn project() -> Dir {
    let dir = Dir::new();
    dir.folder("run").file("x/app/Dockerfile", "FROM scratch\nCOPY ./a /\n").file("x/app/a", "1");
    dir.file("x/compose.yaml", "services: {app: {build: {context: ./app, dockerfile: ./Dockerfile}, image: acme/app}}\n");
    dir
}

/// A run in the folder `run`, which may be reached through a link.
fn run(dir: &Dir, folder: &str, args: &[&str]) -> Ran {
    let folder = dir.path(folder);
    let script = "cd \"$1\" && shift && exec \"$0\" \"$@\"";
    let args = [&[folder.to_str().unwrap()], args].concat();
    Run::through(dir, &["/bin/sh", "-c", script], args).run()
}

#[test]
fn compose_files_and_files_of_variables_are_named_as_they_were_given() {
    let dir = project();
    dir.file("x/bad.yaml", "services:\n  app: {build: {contxt: x}}\n").file("x/bad.env", "A=${\n");
    let absolute = dir.path("x/bad.yaml").display().to_string();
    for file in ["../x/bad.yaml", "./../x/./bad.yaml", &absolute] {
        run(&dir, "run", &["tag", "-f", file]).fails(2, &[&format!("error: {file}:2: services.app.build.contxt")]);
    }
    for file in ["../x/none.yaml", "./none.yaml", "none.yaml"] {
        run(&dir, "run", &["tag", "-f", file]).fails(2, &[&format!("error: {file}: no such file")]);
    }
    for file in ["../x/bad.env", "./../x/bad.env", "../run/../x/bad.env"] {
        let ran = run(&dir, "run", &["tag", "-f", "../x/compose.yaml", "--env-file", file]);
        ran.fails(2, &[&format!("error: {file}:1: ")]);
    }
    run(&dir, "run", &["tag", "-C", "../x", "-f", "./bad.yaml"]).fails(2, &["error: ./bad.yaml:2: "]);
}

#[test]
fn what_other_files_name_is_found_from_here() {
    let dir = project();
    dir.file("x/extends.yaml", "services: {app: {extends: {file: ./more/none.yaml, service: s}}}\n");
    dir.file("x/include.yaml", "include: [more/none.yaml]\nservices: {app: {build: app}}\n");
    for file in ["extends", "include"] {
        let file = format!("../x/{file}.yaml");
        run(&dir, "run", &["tag", "-f", &file]).fails(2, &["error: ../x/more/none.yaml: no such file"]);
    }
    dir.file("x/other.yaml", "services:\n  app: {build: ../other}\n");
    let said = ["error: ../other/Dockerfile: no such Dockerfile", "names it at ../x/other.yaml:2"];
    run(&dir, "run", &["tag", "-f", "../x/other.yaml"]).fails(2, &said);
}

#[test]
fn a_dockerfile_is_named_from_the_folder_that_the_user_is_in() {
    let dir = project();
    dir.file("x/app/Dockerfile", "FROM scratch\nCOPY nothing /\n").link("linked", ".");
    let said = "Dockerfile:2: `nothing` is not in the build context";
    for (folder, args, place) in [
        ("run", &["-f", "../x/compose.yaml"][..], "../x/app"),
        ("linked/run", &["-f", "../x/compose.yaml"], "../x/app"),
        ("run", &["-C", "../x"], "app"),
        ("x", &["-f", "./compose.yaml"], "app"),
        ("x/app", &[], "."),
    ] {
        let place = if place == "." { String::new() } else { format!("{place}/") };
        for job in ["tag", "plan", "build", "inputs"] {
            run(&dir, folder, &[&[job], args].concat()).fails(2, &[&format!("error: {place}{said}")]);
        }
    }
    dir.file("x/app/Dockerfile", "FROM acme/base:latest\n");
    run(&dir, "run", &["tag", "-f", "../x/compose.yaml"]).says(&["`acme/base` (../x/app/Dockerfile:1)"]).ok();
}

#[test]
fn an_annotation_names_the_file_below_the_checkout() {
    let dir = project();
    dir.file("x/bad.yaml", "services:\n  app: {build: {contxt: x}}\n");
    for (folder, file) in [("run", "../x/bad.yaml"), ("x", "./bad.yaml"), ("x/app", "../bad.yaml")] {
        let args = [dir.path(folder).display().to_string(), "tag".to_owned(), "--ci".to_owned(), "-f".to_owned(), file.to_owned()];
        let script = "cd \"$1\" && shift && exec \"$0\" \"$@\"";
        let ran = Run::through(&dir, &["/bin/sh", "-c", script], args)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_WORKSPACE", dir.path(""))
            .env("GITHUB_ENV", dir.beside("home/env"))
            .run();
        ran.fails(2, &[&format!("{file}:2: "), "::error file=x/bad.yaml,line=2,"]);
    }
}

#[test]
fn explain_repeats_what_it_was_asked() {
    let dir = project();
    for (folder, args, file) in [
        ("x", &[][..], "./app/a"),
        ("run", &["-f", "../x/compose.yaml"], "../x/app/a"),
        ("run", &["-f", "../x/compose.yaml"], "./../x//app/a"),
    ] {
        let text = run(&dir, folder, &[&["explain", file], args].concat()).ok();
        assert_eq!(text.lines().next(), Some(file), "{text}");
        let json = run(&dir, folder, &[&["explain", file, "--json"], args].concat()).json();
        assert_eq!(json["files"][0]["path"], "app/a");
    }
    let text = run(&dir, "x", &["explain", "--path", "app", "./app/a"]).ok();
    assert!(text.starts_with("./app/a\n"), "{text}");
}
