//! A whole project: files, a Compose file, a fake Docker with Compose, a fake registry.

use std::ffi::OsStr;
use std::fs;

use crate::support::programs::{self, Call, Rule};
use crate::support::registry::{MANIFEST, Request};
use crate::support::{Dir, Ran, Registry, Reply, Run, shell};

/// The repository's name in its registry.
pub(crate) const REPOSITORY: &str = "example/app";

/// The Compose file of the project.
const COMPOSE_FILE: &str = r#"
services:
  app:
    build: {context: docker, cache_from: ["$DOCKER_IMAGE"]}
    image: $DOCKER_IMAGE
  db: {image: redis:7}
"#;

/// A Compose file that docktag leaves to Compose: a directive of YAML.
pub(crate) const NOT_COVERED: &str = "%YAML 1.1\n---\nservices: {}\n";

/// What the fake Compose makes of the project, in the JSON of v2 and the YAML of v1; the shell puts the variables in.
const MODEL_V2: &str = r#"cat <<END
{"name":"project","services":{"app":{"build":{"context":"/p/docker","cache_from":["$DOCKER_IMAGE"]},"image":"$DOCKER_IMAGE"},"db":{"image":"redis:7"}}}
END"#;
const MODEL_V1: &str = r#"cat <<END
services:
  app:
    build:
      context: /p/docker
    image: $DOCKER_IMAGE
  db:
    image: redis:7
version: '3.2'
END"#;

/// Puts the image that `docker push` is called with into the fake registry.
pub(crate) const PUSH: &str =
    r#"image=${2#*/}; mkdir -p "$root/registry/${image%:*}"; printf '%s' 'pushed' > "$root/registry/${image%:*}/${image##*:}""#;

pub(crate) struct Project {
    pub(crate) dir: Dir,
    pub(crate) registry: Registry,
    /// `127.0.0.1:PORT/example/app`.
    pub(crate) image: String,
    /// The tag of the files as they were made.
    pub(crate) tag: String,
}

impl Project {
    /// Compose v2, BuildKit, an engine that works, a registry that is empty.
    pub(crate) fn new() -> Self {
        Project::with(|_, _| None)
    }

    /// The same with a registry that misbehaves.
    pub(crate) fn with(behaviour: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Project::around(|dir| Registry::scripted(dir, behaviour))
    }

    pub(crate) fn around(registry: impl FnOnce(&Dir) -> Registry) -> Self {
        let dir = Dir::with_docker();
        dir.file("docker-compose.yml", COMPOSE_FILE);
        let registry = registry(&dir);
        let image = format!("{}/{REPOSITORY}", registry.address);
        let tag = shell::tag_of(&dir, "md5sum", &shell::recipe(&dir, "md5sum", &["docker"]));
        let project = Project { dir, registry, image, tag };
        project.docker(&[]);
        project
    }

    /// A project whose Compose file only Compose can read.
    pub(crate) fn not_covered() -> Self {
        let project = Project::new();
        project.dir.file("docker-compose.yml", NOT_COVERED);
        project
    }

    /// A registry that wants this before it answers anything.
    pub(crate) fn behind(authorization: &str, challenge: &'static str) -> Self {
        let authorization = authorization.to_owned();
        Project::with(move |request, _| {
            (request.header("authorization") != Some(&authorization)).then(|| Reply::status(401).header("www-authenticate", challenge))
        })
    }

    /// The docker command with Compose v2; what is given here comes first.
    pub(crate) fn docker(&self, rules: &[Rule<'_>]) -> &Self {
        let usual = [
            (r#""compose config --format json"|"compose -f "*" config --format json""#, MODEL_V2),
            (r#""compose version --short""#, "echo 2.40.3"),
            (r#""compose "*" build app""#, "echo building >&2"),
            (r#""push "*"#, PUSH),
            (r#""compose pull app db"|"compose -f "*" pull app db""#, ""),
            (r#""image inspect "*"#, r#"echo "[\"x@sha256:$(printf pushed | sha256sum | cut -c1-64)\"]""#),
            (r#""version --format "*"#, "echo 28.5.2"),
            (r#""buildx version""#, "echo v0.29.1"),
            (r#""pull "*|"image rm "*"#, ""),
        ];
        programs::install(&self.dir, "docker", &[rules, &usual].concat());
        self
    }

    /// Compose v1 beside a docker command that knows no Compose; what is given here comes first.
    pub(crate) fn docker_compose_v1(&self, rules: &[Rule<'_>]) -> &Self {
        self.docker(&[("compose*", "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1")]);
        let usual = [
            (r#""config"|"-f "*" config""#, MODEL_V1),
            (r#""-f "*" config --format json""#, MODEL_V2),
            (r#""version --short""#, "echo 1.29.2"),
            (r#"*" build app""#, ""),
            (r#"*"pull app db""#, ""),
        ];
        programs::install(&self.dir, "docker-compose", &[rules, &usual].concat());
        self
    }

    /// Puts the image for the files as they are into the registry.
    pub(crate) fn is_there(&self) -> &Self {
        self.registry.put(&format!("{REPOSITORY}:{}", self.tag), MANIFEST);
        self
    }

    /// `docktag JOB --path docker --image ... ARGS`, ready to run.
    pub(crate) fn job<S: AsRef<OsStr>>(&self, job: &str, args: impl IntoIterator<Item = S>) -> Run {
        let given = [job, "--path", "docker", "--image", &self.image];
        let args: Vec<_> =
            given.iter().map(|it| OsStr::new(*it).to_owned()).chain(args.into_iter().map(|it| it.as_ref().to_owned())).collect();
        Run::new(&self.dir, args)
    }

    /// `docktag build ...`, run to its end.
    #[track_caller]
    pub(crate) fn build(&self, args: &[&str]) -> Ran {
        self.job("build", args).run()
    }

    /// `build` fails with exit code 1 and these words, and nothing was built: a registry that did not answer is not one that lacks the image.
    #[track_caller]
    pub(crate) fn is_unknown(&self, texts: &[&str]) -> Ran {
        let ran = self.build(&[]);
        ran.fails(1, texts).says(&["help: "]);
        self.only_read();
        ran
    }

    /// Writes Docker's `config.json` in the home folder.
    pub(crate) fn docker_config(&self, text: &str) -> &Self {
        let folder = self.dir.beside("home/.docker");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.json"), text).unwrap();
        self
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        programs::calls(&self.dir)
    }

    /// The command lines of the programs that were run.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.calls().iter().map(Call::line).collect()
    }

    /// Nothing was built, pushed, pulled or removed: what was run only asked.
    #[track_caller]
    pub(crate) fn only_read(&self) -> &Self {
        let asks = |line: &String| ["config", "version", "docker-credential-x get"].iter().any(|word| line.contains(word));
        assert!(self.lines().iter().all(asks), "{:#?}", self.lines());
        self
    }
}
