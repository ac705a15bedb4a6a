//! `explain`: for which services a file counts, and why or why not.

use crate::support::{Dir, Ran, Run};

fn explain(args: &[&str]) -> Ran {
    let dir = Dir::new();
    dir.file("compose.yaml", "services:\n  app: {build: .}\n  web: {build: web}\n");
    dir.file("Dockerfile", "FROM scratch\nCOPY src /src\nRUN --mount=type=bind,source=tools/x,target=/x true\n")
        .file(".dockerignore", "*.md\nsrc/**/tmp\n");
    dir.file("src/a", "1").file("src/tmp/b", "2").file("tools/x", "3").file("README.md", "4").file("other", "5");
    dir.link("src/now", "nowhere");
    dir.file("web/Dockerfile", "FROM scratch\nCOPY index /\n").file("web/index", "6").file("web/other", "7");
    Run::new(&dir, [&["explain"], args].concat()).run()
}

#[test]
fn every_service_says_whether_a_file_counts_and_why() {
    for (file, app, web) in [
        ("src/a", "counts: COPY at Dockerfile:2", "does not count: it is outside of the folders that the build reads"),
        ("./src/../tools/x", "counts: RUN at Dockerfile:3", "does not count: it is outside"),
        ("src/now", "counts: COPY at Dockerfile:2", "does not count: it is outside"),
        ("src/tmp/b", "does not count: ignored by .dockerignore:2", "does not count: it is outside"),
        ("README.md", "does not count: ignored by .dockerignore:1", "does not count: it is outside"),
        ("other", "does not count: no instruction reads it", "does not count: it is outside"),
        ("Dockerfile", "counts: the Dockerfile", "does not count: it is outside"),
        ("web/index", "does not count: no instruction reads it", "counts: COPY at web/Dockerfile:2"),
        ("compose.yaml", "does not count: what it says of the service counts, the file itself does not", "does not count: what it says"),
        ("src", "counts: 2 of the 3 files in it", "does not count: it is outside"),
        ("web", "does not count: 0 of the 3 files in it", "counts: 2 of the 3 files in it"),
    ] {
        let said = explain(&[file]).ok();
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[1].starts_with(&format!("  app  {app}")) && lines[2].starts_with(&format!("  web  {web}")), "{file}: {said}");
    }
}

#[test]
fn several_files_and_json() {
    let json = explain(&["src/a", "README.md", "--json"]).json();
    assert_eq!(json["files"][0]["path"], "src/a");
    assert_eq!(
        json["files"][0]["services"][0],
        serde_json::json!({"service": "app", "counts": true, "why": "COPY at Dockerfile:2", "line": 2})
    );
    assert_eq!(json["files"][1]["services"][0]["counts"], false);
}

#[test]
fn what_is_not_there_cannot_be_explained() {
    explain(&["nosuch"]).fails(2, &["nosuch: no such file or folder, expected something to explain"]);
    explain(&[]).fails(2, &["nothing to explain, expected a file", "such as `docktag explain src/main.c`"]);
}

#[test]
fn in_a_plain_folder_every_file_counts() {
    let said = explain(&["--path", "web", "web/other", "src/a", "web"]).ok();
    assert!(said.contains("web/other\n  counts: it is a file in a folder of `--path`\n"), "{said}");
    assert!(said.contains("src/a\n  does not count: it is no regular file"), "{said}");
    assert!(said.contains("web\n  counts: 3 of the files in it\n"), "{said}");
}

#[test]
fn what_counts_for_an_image_counts_for_those_that_are_built_with_it() {
    let dir = Dir::new();
    dir.file(
        "compose.yaml",
        "name: shop\nservices:\n  a-app: {build: {context: app, additional_contexts: {b: 'service:base'}}}\n  base: {build: base}\n  core: {build: core}\n  other: {build: other}\n",
    );
    dir.file("app/Dockerfile", "FROM scratch\nCOPY --from=b /f /\n").file("other/Dockerfile", "FROM scratch\n");
    dir.file("base/Dockerfile", "FROM shop-core\nCOPY f /\n").file("base/f", "1");
    dir.file("core/Dockerfile", "FROM scratch\nCOPY . /\n").file("core/g", "1");
    let lines = |file: &str| -> Vec<String> {
        Run::new(&dir, ["explain", file])
            .run()
            .ok()
            .lines()
            .skip(1)
            .map(|line| line.trim().split("  ").last().unwrap().trim().to_owned())
            .collect()
    };
    let outside = "does not count: it is outside of the folders that the build reads";
    assert_eq!(
        lines("base/f"),
        ["counts: through `base`: COPY at base/Dockerfile:2", "counts: COPY at base/Dockerfile:2", outside, outside]
    );
    assert_eq!(
        lines("core/g"),
        [
            "counts: through `base`, `core`: COPY at core/Dockerfile:2",
            "counts: through `core`: COPY at core/Dockerfile:2",
            "counts: COPY at core/Dockerfile:2",
            outside
        ]
    );
    assert_eq!(lines("app/Dockerfile")[0], "counts: the Dockerfile");
    assert_eq!(lines("core")[0], "counts: through `base`, `core`: 2 of the 2 files in it");
}
