//! Strict builds: what was not counted is not there.

use std::fs;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::Project;

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("strict_builds_have_what_counts_and_depend_on_nothing_else", Needs::Any, services),
        ("strict_builds_lack_what_a_plain_folder_does_not_count", Needs::Any, folders),
    ]
}

/// Files of two services, one of which reads another folder too, and has files that do not count.
fn write(project: &Project) {
    let put = |name: &str, text: &str| {
        let path = project.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put(
        "compose.yml",
        &format!(
            "services:\n  app:\n    build: {{context: app, additional_contexts: {{shared: ./shared}}}}\n    image: {0}/app\n  web:\n    build: {{context: ., dockerfile: web/Dockerfile}}\n    image: {0}/web\n",
            project.image
        ),
    );
    put("app/Dockerfile", "FROM scratch\nCOPY a sub /x/\nCOPY --from=shared . /shared/\n");
    put("app/a", "1");
    put("app/sub/run.sh", "2");
    put("app/other", "not counted");
    put("shared/s", "3");
    // The Dockerfile's own ignore file counts, and that of the context does not.
    put("web/Dockerfile", "FROM scratch\nCOPY . /\n");
    put("web/Dockerfile.dockerignore", "app\n");
    put(".dockerignore", "shared\n");
    project.shell("chmod 755 app/sub/run.sh; ln -s ../a app/sub/link; mkdir shared/empty").ok();
}

/// The files of an image with modes, sizes, times and names, without what the engine adds.
fn files(project: &Project, image: &str) -> String {
    let list = "docker export $id | TZ=UTC tar tv | grep -Ev ' (dev|etc|proc|sys)/| .dockerenv' | sort -k 6";
    project.shell(&format!("docker pull -q {image} >&2; id=$(docker create {image} x); {list}; docker rm $id >&2")).ok().to_owned()
}

fn services(engine: &Engine) -> Result<(), Failed> {
    let project = Project::empty(engine);
    write(&project);
    let images: Vec<String> = project.plain(&["build", "--strict"]).ok().lines().map(str::to_owned).collect();
    let app = files(&project, &images[0]);
    for line in [
        "-rwxr-xr-x 0/0 1 2000-01-01 00:00 x/run.sh",
        "lrwxrwxrwx 0/0 0 2000-01-01 00:00 x/link -> ../a",
        "drwxr-xr-x 0/0 0 2000-01-01 00:00 shared/empty/",
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(app.lines().any(|it| words(it) == line), "{line}\n{app}");
    }
    assert!(!app.contains("other"), "{app}");
    let web = files(&project, &images[1]);
    assert!(web.contains(" shared/s") && web.contains(" .dockerignore") && !web.contains(" app/"), "{web}");

    // Modes, times and what does not count are others on another machine: the image is the same.
    let layers = |image: &str| project.shell(&format!("docker image inspect -f '{{{{json .RootFS.Layers}}}}' {image}")).ok().to_owned();
    let before = layers(&images[1]);
    project.shell("chmod 600 web/Dockerfile; touch -d 2020-02-02 shared/s .; docker builder prune -af").ok();
    fs::write(project.folder.join("app/other"), "something else").unwrap();
    let again = project.plain(&["build", "--strict", "--force", "--cache", "none"]);
    assert_eq!(again.ok().lines().collect::<Vec<_>>(), images);
    assert_eq!(layers(&images[1]), before);
    assert!(project.left_over().is_empty(), "{:?}", project.left_over());
    Ok(())
}

fn folders(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    project.docktag(&["build", "--strict"]).ok();
    project.docktag(&["pull"]).ok();

    // A Dockerfile that reads more than is counted: without strict, its image depends on what the tag does not tell.
    let compose = "services:\n  app:\n    build: {context: ., dockerfile: docker/dev/Dockerfile}\n    image: ${DOCKER_IMAGE}\n";
    fs::remove_file(project.folder.join("docker-compose.yml")).ok();
    fs::write(project.folder.join("compose.yml"), compose).unwrap();
    fs::write(project.folder.join("docker/dev/Dockerfile"), "FROM scratch\nCOPY docker /docker\nCOPY outside /\n").unwrap();
    fs::write(project.folder.join("outside"), "1").unwrap();
    let ran = project.docktag(&["build", "--strict"]);
    ran.failed(1, "`compose build app` failed");
    assert!(ran.stderr.contains("\"/outside\": not found"), "{}", ran.stderr);
    project.docktag(&["pull"]).failed(3, "not in the registry");
    project.docktag(&["build"]).ok();
    // A Dockerfile that does not count at all.
    fs::write(project.folder.join("compose.yml"), compose.replace("docker/dev/Dockerfile", "Dockerfile")).unwrap();
    project.docktag(&["build", "--strict"]).failed(2, "the Dockerfile `Dockerfile` of the context . is not among the files that count");
    Ok(())
}
