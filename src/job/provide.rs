//! The part of `build` that works: what is missing is built, pushed and proved. An engine is needed from here on.

use crate::compose::Flavor;
use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::job::build::{Asked, target_report};
use crate::job::compose::{self, Project};
use crate::job::login::log_in;
use crate::job::provenance::Provenance;
use crate::job::registry::Client;
use crate::job::strict::{self, Stage};
use crate::job::{added, failed, inputs, remote, services, strong};
use crate::matrix;
use crate::need::{Command, Exited, FailureKind};
use crate::options::{Cache, Options};
use crate::plan::{self, Builder, CachePlan, Origin, Target};
use crate::platform;
use crate::report::{Note, Outcome, Planned, Report, TargetReport};

/// What a build came to.
pub(super) enum Built {
    Done(Vec<TargetReport>),
    Planned(Vec<Planned>),
}

/// The part of the job that works: an engine is needed from here on.
pub(super) struct Build<'a> {
    pub(super) desk: &'a Desk,
    pub(super) options: &'a Options,
    pub(super) client: &'a Client<'a>,
    /// With `--strict`: what the builds see.
    pub(super) stages: &'a [Stage],
    /// Whether this build may become the cache of others.
    pub(super) gives_cache: bool,
}

impl Build<'_> {
    pub(super) async fn provide(&self, project: &mut Project, report: &Report, misses: &[Asked]) -> Result<Built> {
        if let Some(builder) = self.options.builder.as_ref().filter(|_| self.options.pushes()) {
            return self.provide_on(builder, project, report, misses).await;
        }
        self.check_exports(project)?;
        compose::start(self.desk, self.options, project).await?;
        added::check_dollars(self.desk, project).await?;
        let engine = match self.options.dry_run {
            true => None,
            false => self.check_engine(project).await?,
        };
        self.check_login(misses).await?;
        self.check_line_ends(report)?;
        if self.options.reuse.is_some() {
            inputs::verify(self.desk, self.options, &report.manifest).await?;
        }
        let builder = self.builder(project).await?;
        remote::check_parts(project, misses)?;
        if builder == Builder::Classic && (self.options.strict || !self.options.is_plain()) {
            return Err(Error::new(
                Code::Usage,
                "the classic builder would build, which reads other files than BuildKit: it ignores `Dockerfile.dockerignore`, and variables of base images beat arguments",
            )
            .help("unset DOCKER_BUILDKIT and COMPOSE_DOCKER_CLI_BUILD; Compose v1 needs Buildx too (`docker buildx version`)"));
        }
        if self.options.is_plain() {
            compose::name_files(self.desk, self.options, project).await?;
        }
        if !self.options.dry_run {
            log_in(self.desk, self.options, project).await?;
        }
        // Another builder has a Dockerfile frontend of its own.
        let engine = engine.filter(|_| self.options.builder.is_none());
        let has_contexts = plan::has_contexts(builder, project.compose.flavor, engine);
        let cache_pulls = self.prepare(project, misses, builder, has_contexts).await?;
        let built = |misses: &[&Asked]| misses.iter().flat_map(|asked| asked.target.built.clone()).collect::<Vec<_>>();
        // Image by image, so that nothing else is pushed that the Compose files could name.
        let pushes: Vec<Command> = misses
            .iter()
            .map(|asked| Command { capture: false, ..project.docker(&["push", &asked.target.image.to_string()], "push what was built") })
            .collect();

        let targets: Vec<&Target> = misses.iter().map(|asked| &asked.target).collect();
        let waves = if has_contexts { vec![(0..misses.len()).collect()] } else { matrix::waves(&targets) };
        let waves: Vec<(Vec<Command>, Vec<String>)> = waves
            .iter()
            .map(|wave| {
                let wave: Vec<&Asked> = wave.iter().map(|&index| &misses[index]).collect();
                let before = if has_contexts { Vec::new() } else { bases(project, &wave, &targets) };
                (before, built(&wave))
            })
            .collect();
        let build = |services: &[String]| project.command(&["build"], services, "build what is missing");
        if self.options.dry_run {
            let builds = waves.iter().flat_map(|(before, services)| before.iter().cloned().chain([build(services)]));
            let commands = cache_pulls.into_iter().chain(builds).chain(pushes.into_iter().filter(|_| self.options.pushes()));
            return Ok(Built::Planned(
                commands.map(|command| Planned { because: command.because.clone(), action: command.to_string() }).collect(),
            ));
        }

        let sha256 = self.sha256(report, &targets).await?;
        for pull in cache_pulls {
            // Without the old image the build takes longer, that is all.
            match self.desk.run(pull).await {
                Ok(exited) if exited.ok() => {}
                _ => self.desk.tell(Note::warning("the last image could not be pulled, so the build starts without cache")),
            }
        }
        let mut took = 0;
        for (before, services) in waves {
            for command in before {
                self.must(command, "the image that the next build needs could not be provided").await?;
            }
            let exited = self.run(build(&services)).await?;
            took += exited.milliseconds;
            if !exited.ok() {
                return Err(self.build_failed(&services, &exited, &targets));
            }
        }
        if let Err(error) = self.verify(report, &targets, &sha256).await {
            self.forget(project, misses).await;
            return Err(error);
        }
        if !self.options.pushes() {
            self.tag_here(project, misses).await?;
            let built =
                misses.iter().map(|asked| TargetReport { milliseconds: Some(took), ..target_report(&asked.target, Outcome::Built) });
            return Ok(Built::Done(built.collect()));
        }
        let pushed = join_all(pushes.into_iter().map(|push| self.run(push))).await.into_iter().collect::<Result<Vec<_>>>()?;
        took += pushed.iter().map(|exited| exited.milliseconds).max().unwrap_or_default();
        let provenance = Provenance::find(self.desk, self.options).await;
        let proofs = join_all(
            misses
                .iter()
                .zip(&pushed)
                .zip(&sha256)
                .map(|((asked, pushed), sha256)| self.prove(asked, pushed, sha256.as_ref(), provenance.as_ref())),
        )
        .await;
        let proofs = proofs.into_iter().map(|proof| proof.map(|it| TargetReport { milliseconds: Some(took), ..it }));
        Ok(Built::Done(proofs.collect::<Result<_>>()?))
    }

    fn build_failed(&self, services: &[String], exited: &Exited, targets: &[&Target]) -> Error {
        let help = match self.options.cache {
            Cache::Registry => Some(
                "if it says that cache export is not supported, `--cache registry` needs the engine's containerd image store or another buildx driver: leave it out",
            ),
            _ => None,
        };
        let message = format!("`compose build {}` failed ({})", services.join(" "), exited.how());
        failed::build(self.options, message, exited, help, targets)
    }

    /// What the Compose files export must not be taken for an image.
    pub(super) fn check_exports(&self, project: &Project) -> Result<()> {
        if self.options.pushes() { plan::check_exports(&project.model, self.options.moving_tag.as_deref()) } else { Ok(()) }
    }

    /// Gives what was built here the project's own tags, as Compose does.
    async fn tag_here(&self, project: &Project, misses: &[Asked]) -> Result<()> {
        for target in misses.iter().map(|asked| &asked.target) {
            for tag in &target.tags {
                let command = project.docker(&["tag", &target.image.to_string(), tag], "name it as the Compose file does too");
                self.must(command, "the image could not be named").await?;
            }
        }
        Ok(())
    }

    /// The sha256 of the targets' inputs. If nothing is pushed, nothing is kept beside it, and nobody asks.
    pub(super) async fn sha256(&self, report: &Report, targets: &[&Target]) -> Result<Vec<Option<String>>> {
        match self.options.pushes() {
            true => strong::tags(self.desk, self.options, &report.manifest, targets).await,
            false => Ok(vec![None; targets.len()]),
        }
    }

    /// What is pushed under a tag must have been built from the inputs that gave it its name. `sha256` is what they were before the build.
    pub(super) async fn verify(&self, report: &Report, targets: &[&Target], sha256: &[Option<String>]) -> Result<()> {
        // What was built are copies, which were compared with what was hashed.
        if self.options.strict {
            return Ok(());
        }
        match self.options.is_plain() {
            true => inputs::verify(self.desk, self.options, &report.manifest).await?,
            false => services::verify(self.desk, self.options, targets).await?,
        }
        match self.sha256(report, targets).await? == sha256 {
            true => Ok(()),
            false => Err(Error::new(Code::Changed, "inputs changed during the build: files were exchanged for others with the same md5")
                .help("nothing was pushed; use `--algorithm sha256`")),
        }
    }

    /// Finds out whether a login that was given works, before much work is done with it.
    pub(super) async fn check_login(&self, misses: &[Asked]) -> Result<()> {
        let Some((registry, ..)) = self.options.given_login().filter(|_| self.options.pushes()) else { return Ok(()) };
        match misses.iter().map(|asked| &asked.target.image.repository).find(|repository| repository.registry() == registry) {
            Some(repository) => self.client.ping(repository).await,
            None => Ok(()),
        }
    }

    /// What is built from files with other line ends is another image than the one that the tag names.
    pub(super) fn check_line_ends(&self, report: &Report) -> Result<()> {
        let Some(file) = report.altered.first() else { return Ok(()) };
        let error = Error::new(
            Code::CheckoutDiffers,
            "has CRLF on disk and LF in git, so an image built here is another one than on other machines",
        )
        .at(file)
        .help(
            "check out with `git config core.autocrlf false`, write `* -text` into .gitattributes, or build without a push: `--push=false`",
        );
        if self.options.pushes() {
            return Err(error);
        }
        self.desk.tell(Note::warning(error.headline()));
        Ok(())
    }

    /// A build needs an engine; one question before it tells "no engine" from "the build failed".
    /// Its major version is given back, where it says one.
    async fn check_engine(&self, project: &mut Project) -> Result<Option<u32>> {
        let format = "{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}";
        let command = project.docker(&["version", "--format", format], "is there an engine?");
        match self.desk.run(command).await {
            Ok(exited) if exited.ok() => {
                let said = String::from_utf8_lossy(&exited.stdout).trim().to_owned();
                self.desk.tell(Note::detail(format!("engine {said}")));
                let (version, platform) = said.split_once(' ').unwrap_or((&said, ""));
                self.set_platform(project, Some(platform).filter(|platform| !platform.is_empty()))?;
                Ok(version.split('.').next().and_then(|major| major.parse().ok()))
            }
            Ok(exited) => {
                Err(Error::new(Code::NoEngine, format!("the image has to be built, and no Docker engine answers: {}", exited.last_lines()))
                    .help("start Docker, or point DOCKER_HOST at an engine; only a hit needs none"))
            }
            // Compose v1 builds without the docker command, and will say itself what it lacks.
            Err(failure) if failure.kind == FailureKind::NotFound && !self.options.pushes() => Ok(None),
            Err(failure) if failure.kind == FailureKind::NotFound => {
                Err(Error::new(Code::NoEngine, "not found, and images are pushed with it").at("docker").help("install the docker command"))
            }
            Err(failure) => Err(Error::new(Code::NoEngine, failure.message).at("docker")),
        }
    }

    /// The tags say which platform the images are for. Compose is told if the engine would build for another one, or if a variable names one.
    /// Otherwise the variable is empty, since Compose would not set it for services that list other platforms, and a file such as `.env` must
    /// not set it behind the tag.
    pub(super) fn set_platform(&self, project: &mut Project, engine: Option<&str>) -> Result<()> {
        if self.options.is_plain() {
            return Ok(());
        }
        let wanted = self.options.default_platform()?;
        let is_engines = engine.is_none_or(|engine| platform::parse(engine).as_ref() == Ok(&wanted));
        let is_named = self.options.host.env.get(platform::VARIABLE).is_some_and(|value| !value.is_empty());
        let value = if is_engines && !is_named { String::new() } else { wanted };
        project.env.insert(platform::VARIABLE.to_owned(), value);
        Ok(())
    }

    /// Which builder will work; where it was open, the choice is made explicit, so that it is what we planned for.
    async fn builder(&self, project: &mut Project) -> Result<Builder> {
        if let Some(builder) = &self.options.builder {
            remote::check_flavor(project)?;
            // What it builds is loaded into the engine, since nothing is pushed (buildx docs, "Build variables").
            project.env.insert("BUILDX_BUILDER".to_owned(), builder.clone());
            return Ok(Builder::BuildKit);
        }
        if let Some(builder) = plan::builder(project.compose.flavor, &self.options.host.env) {
            return Ok(builder);
        }
        let buildx = self.desk.run(project.docker(&["buildx", "version"], "is BuildKit there?")).await;
        let builder = if buildx.is_ok_and(|exited| exited.ok()) { Builder::BuildKit } else { Builder::Classic };
        let value = if builder == Builder::BuildKit { "1" } else { "0" };
        project.env.insert("DOCKER_BUILDKIT".to_owned(), value.to_owned());
        project.env.insert("COMPOSE_DOCKER_CLI_BUILD".to_owned(), value.to_owned());
        Ok(builder)
    }

    /// Writes the override with the cache, and names it behind the project's files. Returns the pulls that the classic builder needs:
    /// it takes cache from images on the engine only, while BuildKit reads the registry and would lose its inline cache by a pull
    /// (see `docs/adr/0006-cache.md`).
    pub(super) async fn prepare(
        &self,
        project: &mut Project,
        misses: &[Asked],
        builder: Builder,
        has_contexts: bool,
    ) -> Result<Vec<Command>> {
        if builder == Builder::Classic && project.compose.flavor == Flavor::V2 {
            self.desk.tell(Note::warning(
                "DOCKER_BUILDKIT=0: this Compose takes no cache from an image then, so every step is built; unset it to have one",
            ));
        }
        let targets: Vec<&Target> = misses.iter().map(|asked| &asked.target).collect();
        let mut all = Vec::new();
        let mut pulls = Vec::new();
        for asked in misses {
            let from = self.cache_sources(asked).await;
            let takes_pulled = builder == Builder::Classic && project.compose.flavor == Flavor::V1;
            if takes_pulled && self.options.cache != Cache::None {
                pulls.extend(
                    from.iter().map(|image| Command { capture: false, ..project.docker(&["pull", image], "pull the last image as cache") }),
                );
            }
            let cache = CachePlan {
                mode: self.options.cache,
                builder,
                pushes: self.options.pushes(),
                gives: self.gives_cache,
                shares: self.options.shares_cache(),
                from,
            };
            let missing = has_contexts.then_some(targets.as_slice());
            let target = self.loadable(&asked.target)?;
            // Compose refuses a build for another platform than this variable says.
            if let Some(platform) = &target.part {
                project.env.insert(platform::VARIABLE.to_owned(), platform.clone());
            }
            all.extend(plan::overrides(&target, &project.model, &project.compose, &cache, missing)?);
        }
        all.extend(plan::without_writes(&project.model, &all));
        added::check(self.desk, project, &all).await?;
        self.tell_unused_caches(project, &all);
        strict::prepare(self.desk, self.options, self.stages, &mut all).await?;
        added::add(self.desk, self.options, project, "docktag.override.yml", &all).await?;
        Ok(pulls)
    }

    /// Runs what the next step cannot do without.
    async fn must(&self, command: Command, otherwise: &str) -> Result<()> {
        let line = command.to_string();
        match self.run(command).await? {
            exited if exited.ok() => Ok(()),
            exited => {
                Err(failed::error(self.options, Code::BuildFailed, format!("{otherwise} ({})", exited.how()), &exited, None).at(line))
            }
        }
    }

    pub(super) async fn run(&self, command: Command) -> Result<Exited> {
        let place = command.argv.join(" ");
        self.desk
            .run(command)
            .await
            .map_err(|failure| Error::new(Code::BuildFailed, format!("cannot be run: {}", failure.message)).at(place))
    }

    /// Takes the tag from an image on the engine that was not built from the inputs that the tag names.
    async fn forget(&self, project: &Project, misses: &[Asked]) {
        for asked in misses {
            let image = asked.target.image.to_string();
            // It may not exist; nothing else can be done about it here.
            drop(self.desk.run(project.docker(&["image", "rm", &image], "forget the image whose inputs changed")).await);
        }
    }
}

/// Where a build cannot be told what to take: what it needs is brought to the engine, under the name that the Dockerfile uses.
fn bases(project: &Project, wave: &[&Asked], missing: &[&Target]) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut provided: Vec<&str> = Vec::new();
    for context in wave.iter().flat_map(|asked| &asked.target.contexts).filter(|context| !context.is_given) {
        if provided.contains(&context.name.as_str()) {
            continue;
        }
        provided.push(&context.name);
        let (image, is_built) = match &context.origin {
            Origin::Pinned(image) => (image.clone(), false),
            Origin::Target(image) => (image.to_string(), missing.iter().any(|target| target.image == *image)),
        };
        if !is_built {
            commands.push(Command { capture: false, ..project.docker(&["pull", &image], "pull what the next build needs") });
        }
        commands.push(project.docker(&["tag", &image, &context.name], "name it as the Dockerfile does"));
    }
    commands
}
