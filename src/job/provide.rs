//! The part of `build` that works: what is missing is built, pushed and proved. An engine is needed from here on.

use crate::compose::{Flavor, overrides};
use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::job::build::{Asked, target_report};
use crate::job::compose::{self, Project};
use crate::job::inputs;
use crate::job::login::log_in;
use crate::job::moving::point_and_prove;
use crate::job::registry::Client;
use crate::need::{Command, Exited, FailureKind};
use crate::options::{Cache, Options};
use crate::plan::{self, Builder, CachePlan};
use crate::registry::reply::Presence;
use crate::report::{Note, Outcome, Planned, Report, TargetReport};
use crate::secret::Secret;

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
    pub(super) repository: &'a Repository,
}

impl Build<'_> {
    pub(super) async fn provide(&self, project: &mut Project, report: &Report, misses: &[Asked]) -> Result<Built> {
        if !self.options.dry_run {
            self.check_engine(project).await?;
        }
        if self.options.given_login().is_some_and(|(registry, ..)| registry == self.repository.registry()) && self.options.pushes() {
            self.client.ping(self.repository).await?;
        }
        self.check_line_ends(report)?;
        if self.options.reuse.is_some() {
            inputs::verify(self.desk, self.options, &report.manifest).await?;
        }
        let builder = self.builder(project).await?;
        compose::name_files(self.desk, self.options, project).await?;
        if !self.options.dry_run {
            log_in(self.desk, self.options, project).await?;
        }
        let services: Vec<String> = misses.iter().flat_map(|asked| asked.target.built.clone()).collect();
        let pulls = self.prepare(project, misses, builder).await?;
        let build = project.command(&["build"], &services, "build what is missing");
        let push = project.command(&["push"], &services, "push what was built");
        if self.options.dry_run {
            let commands = pulls.iter().chain([&build]).chain(self.options.pushes().then_some(&push));
            return Ok(Built::Planned(
                commands.map(|command| Planned { because: command.because.clone(), action: command.to_string() }).collect(),
            ));
        }

        for pull in pulls {
            // Without the old image the build takes longer, that is all.
            match self.desk.run(pull).await {
                Ok(exited) if exited.ok() => {}
                _ => self.desk.tell(Note::warning("the last image could not be pulled, so the build starts without cache")),
            }
        }
        let exited = self.run(build).await?;
        if !exited.ok() {
            let help = match self.options.cache {
                Cache::Registry => {
                    "its output is above; if it says that cache export is not supported, `--cache registry` needs the engine's containerd image store or another buildx driver: leave it out"
                }
                _ => "its output is above",
            };
            return Err(
                Error::new(Code::BuildFailed, format!("`compose build {}` failed ({})", services.join(" "), exited.how())).help(help)
            );
        }
        if let Err(error) = inputs::verify(self.desk, self.options, &report.manifest).await {
            self.forget(project, misses).await;
            return Err(error);
        }
        if !self.options.pushes() {
            let built = misses
                .iter()
                .map(|asked| TargetReport { milliseconds: Some(exited.milliseconds), ..target_report(&asked.target, Outcome::Built) });
            return Ok(Built::Done(built.collect()));
        }
        let pushed = self.run(push).await?;
        let took = exited.milliseconds + pushed.milliseconds;
        let proofs = join_all(misses.iter().map(|asked| self.prove(asked, &pushed))).await;
        let proofs = proofs.into_iter().map(|proof| proof.map(|it| TargetReport { milliseconds: Some(took), ..it }));
        Ok(Built::Done(proofs.collect::<Result<_>>()?))
    }

    /// What is built from files with other line ends is another image than the one that the tag names.
    fn check_line_ends(&self, report: &Report) -> Result<()> {
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
    async fn check_engine(&self, project: &Project) -> Result<()> {
        let command = project.docker(&["version", "--format", "{{.Server.Version}}"], "is there an engine?");
        match self.desk.run(command).await {
            Ok(exited) if exited.ok() => {
                self.desk.tell(Note::detail(format!("engine {}", String::from_utf8_lossy(&exited.stdout).trim())));
                Ok(())
            }
            Ok(exited) => {
                Err(Error::new(Code::NoEngine, format!("the image has to be built, and no Docker engine answers: {}", exited.last_lines()))
                    .help("start Docker, or point DOCKER_HOST at an engine; only a hit needs none"))
            }
            // Compose v1 works without the docker command, and will say itself what it lacks.
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(()),
            Err(failure) => Err(Error::new(Code::NoEngine, failure.message).at("docker")),
        }
    }

    /// Which builder will work; where it was open, the choice is made explicit, so that it is what we planned for.
    async fn builder(&self, project: &mut Project) -> Result<Builder> {
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
    async fn prepare(&self, project: &mut Project, misses: &[Asked], builder: Builder) -> Result<Vec<Command>> {
        if builder == Builder::Classic && project.compose.flavor == Flavor::V2 {
            self.desk.tell(Note::warning(
                "DOCKER_BUILDKIT=0: this Compose takes no cache from an image then, so every step is built; unset it to have one",
            ));
        }
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
            let cache = CachePlan { mode: self.options.cache, builder, from };
            all.extend(plan::build_overrides(&asked.target, &project.model, &project.compose, &cache)?);
        }
        let file = format!("{}/docktag.override.yml", self.options.host.scratch);
        let text = overrides::render(&all);
        let said = format!("{file}: {text}");
        self.desk.tell(if self.options.dry_run { Note::info(said) } else { Note::detail(said) });
        self.desk.write(file.clone(), Secret::new(text.into_bytes()), false).await.map_err(|failure| failure.of_writing(&file))?;
        project.files.push(file);
        Ok(pulls)
    }

    /// Where the cache comes from: what was named, else the moving tag; images that are not there are left out.
    async fn cache_sources(&self, asked: &Asked) -> Vec<String> {
        if self.options.cache_from.is_empty() {
            let is_there = matches!(asked.moving, Some(Presence::Hit(_)));
            return asked.target.moving.iter().filter(|_| is_there).map(Reference::to_string).collect();
        }
        let checks = self.options.cache_from.iter().map(|source| async move {
            let missing = match Reference::parse(source) {
                Ok(image) => self.client.presence(&image).await == Presence::Miss,
                Err(_) => false,
            };
            if missing {
                self.desk.tell(Note::warning(format!("{source}: not in the registry, so it is no cache")));
            }
            (!missing).then(|| source.clone())
        });
        join_all(checks).await.into_iter().flatten().collect()
    }

    async fn run(&self, command: Command) -> Result<Exited> {
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

    /// "Pushed" is a fact only when the registry says so. A push that failed because the tag is immutable and another job was faster is as good.
    async fn prove(&self, asked: &Asked, pushed: &Exited) -> Result<TargetReport> {
        let (ok, how) = (pushed.ok(), pushed.how());
        let target = &asked.target;
        let image = &target.image;
        let found = match self.client.presence(image).await {
            Presence::Hit(found) => found,
            Presence::Unknown(error) => return Err(error),
            _ if ok => {
                return Err(Error::new(Code::PushFailed, "`compose push` ended well, but the registry does not have the image")
                    .at(image)
                    .help("its output is above; does the service's `image:` name this repository?"));
            }
            _ => {
                return Err(Error::new(Code::PushFailed, format!("`compose push` failed ({how})"))
                    .at(image)
                    .help("its output is above; if it says that access is denied, log in with an account that may push here"));
            }
        };
        let was_there = matches!(&asked.image, Presence::Hit(before) if before.digest == found.digest);
        if !ok && was_there {
            return Err(Error::new(
                Code::PushFailed,
                format!("`compose push` failed ({how}), and the registry still has the image of before"),
            )
            .at(image)
            .help("its output is above; an immutable tag cannot be built anew"));
        }
        let outcome = match ok {
            true => {
                self.desk.tell(Note::info(format!("{image}: pushed, {}", found.digest)));
                Outcome::Pushed
            }
            false => {
                self.desk.tell(Note::warning(format!("{image}: the push failed, but the registry has the image: another job was faster, or the tag is immutable; taken as a hit")));
                Outcome::Hit
            }
        };
        let moving = match &target.moving {
            Some(moving) => Some(point_and_prove(self.desk, self.client, asked, moving, &found.digest).await),
            None => None,
        };
        // Only the summary shows it, so nobody else pays for the request.
        let bytes = if self.options.ci { self.client.size(image).await } else { None };
        Ok(TargetReport { digest: Some(found.digest), bytes, moving, ..target_report(target, outcome) })
    }
}
