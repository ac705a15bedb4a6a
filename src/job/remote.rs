//! Building with a builder of buildx that is not the engine's own: what is missing is pushed from there, by digest, and gets its name when its
//! inputs were checked. No engine is needed here.

use crate::compose::Flavor;
use crate::compose::bake::{self, Wanted};
use crate::desk::join_all;
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::build::Asked;
use crate::job::compose::{self, Project};
use crate::job::login::log_in;
use crate::job::provenance::Provenance;
use crate::job::provide::{Build, Built};
use crate::job::{added, failed, inputs};
use crate::need::{Command, Exited};
use crate::plan::{Builder, Target};
use crate::registry::is_loopback;
use crate::registry::reply::Presence;
use crate::report::{Note, Planned, Report, TargetReport};

impl Build<'_> {
    /// Builds what is missing on `builder`, and pushes it.
    pub(super) async fn provide_on(&self, builder: &str, project: &mut Project, report: &Report, misses: &[Asked]) -> Result<Built> {
        self.check_exports(project)?;
        self.check_login(misses).await?;
        self.check_line_ends(report)?;
        if self.options.reuse.is_some() {
            inputs::verify(self.desk, self.options, &report.manifest).await?;
        }
        compose::start(self.desk, self.options, project).await?;
        check_flavor(project)?;
        added::check_dollars(self.desk, project).await?;
        if self.options.is_plain() {
            compose::name_files(self.desk, self.options, project).await?;
        }
        if !self.options.dry_run {
            log_in(self.desk, self.options, project).await?;
        }
        self.set_platform(project, None)?;
        self.prepare(project, misses, Builder::BuildKit, true).await?;
        let services: Vec<String> = misses.iter().flat_map(|asked| asked.target.built.clone()).collect();
        let print = Command { capture: true, ..project.command(&["build", "--print"], &services, "ask Compose how it builds") };
        let metadata = format!("{}/docktag.built.json", self.options.host.scratch);
        let mut build = Command {
            capture: false,
            ..project.docker(
                &["buildx", "bake", "--builder", builder, "--file", "-", "--metadata-file", &metadata],
                "build and push what is missing",
            )
        };
        // Compose asks for no leave to read the project's own contexts either.
        build.env.insert("BUILDX_BAKE_ENTITLEMENTS_FS".to_owned(), "0".to_owned());
        if self.options.dry_run {
            let planned = |command: Command| Planned { because: command.because.clone(), action: command.to_string() };
            return Ok(Built::Planned(vec![planned(print), planned(build)]));
        }
        let targets: Vec<&Target> = misses.iter().map(|asked| &asked.target).collect();
        let sha256 = self.sha256(report, &targets).await?;
        let printed = self.run(print).await?;
        if !printed.ok() {
            return Err(Error::new(Code::BuildFailed, format!("does not say how it builds ({}): {}", printed.how(), printed.last_lines()))
                .at("compose build --print")
                .help("`--builder` takes Compose's own definition of the build: use Compose 2.37.3 or newer"));
        }
        let wanted: Vec<Wanted> = misses.iter().map(|asked| self.wanted(&asked.target)).collect();
        let bake = bake::by_digest(&printed.stdout, &wanted)?;
        if bake.privileged {
            build.argv.extend(["--allow", "security.insecure"].map(str::to_owned));
        }
        // Compose gives its builds what only `.env` has, and nothing else of it.
        for (name, value) in project.secret_variables.iter().filter(|(name, _)| bake.variables.contains(name)) {
            build.env.insert(name.clone(), value.expose().clone());
        }
        build.argv.extend(bake.targets.iter().cloned());
        build.stdin = Some(bake.text);
        let exited = self.run(build).await?;
        if !exited.ok() {
            let message = format!("`docker buildx bake --builder {builder} {}` failed ({})", bake.targets.join(" "), exited.how());
            let help =
                "does the builder exist (`docker buildx ls`), run, and have a driver that pushes (docker-container, kubernetes, remote)?";
            return Err(failed::build(self.options, message, &exited, Some(help), &targets));
        }
        let digests = bake::digests(&self.desk.read(metadata.clone()).await.map_err(|failure| failure.of_file(&metadata))?, &bake.targets)?;
        // What was pushed has no name yet, so nobody can take it for what it may not be.
        self.verify(report, &targets, &sha256).await?;
        let provenance = Provenance::find(self.desk, self.options).await;
        let named = misses
            .iter()
            .zip(&digests)
            .zip(&sha256)
            .map(|((asked, digest), sha256)| self.give_name(asked, digest, &exited, sha256.as_ref(), provenance.as_ref()));
        Ok(Built::Done(join_all(named).await.into_iter().collect::<Result<_>>()?))
    }

    async fn give_name(
        &self,
        asked: &Asked,
        digest: &str,
        exited: &Exited,
        sha256: Option<&String>,
        provenance: Option<&Provenance>,
    ) -> Result<TargetReport> {
        let image = &asked.target.image;
        self.client.has_pushed(&image.repository);
        let pushed = Reference { repository: image.repository.clone(), tag: None, digest: Some(digest.to_owned()) };
        let by_digest = Target { image: pushed.clone(), ..asked.target.clone() };
        match asked.target.platforms.len() {
            0 | 1 => {}
            _ => match self.client.presence_of(&by_digest).await.0 {
                Presence::Hit(_) => {}
                Presence::Unknown(error) => return Err(error),
                _ => {
                    return Err(Error::new(
                        Code::BuildFailed,
                        "what the builder pushed is not for all platforms of the Compose file, so it got no tag",
                    )
                    .at(image)
                    .help("can the builder build for all of them (`docker buildx inspect`)?"));
                }
            },
        }
        if let Err(error) = self.client.retag(&pushed, image, digest).await {
            // As after any push: a tag that is immutable and exists is as good.
            self.desk.tell(Note::warning(error.headline()));
            let refused = Exited { code: None, ..exited.clone() };
            return self.prove(asked, &refused, sha256, provenance).await;
        }
        let milliseconds = Some(exited.milliseconds);
        Ok(TargetReport { milliseconds, ..self.prove(asked, exited, sha256, provenance).await? })
    }

    /// What another builder built is loaded into the engine where nothing is pushed, and only one platform can be: that of this machine, if it
    /// is among them.
    pub(super) fn loadable(&self, target: &Target) -> Result<Target> {
        let own = self.options.default_platform()?;
        let is_loaded = self.options.builder.is_some() && !self.options.pushes();
        let part = (is_loaded && target.platforms.len() > 1 && target.platforms.contains(&own)).then_some(own);
        Ok(Target { part: target.part.clone().or(part), ..target.clone() })
    }

    fn wanted(&self, target: &Target) -> Wanted {
        let repository = &target.image.repository;
        let registry = repository.registry();
        // BuildKit takes the loopback interface for insecure by itself, as the engine does.
        let insecure = !is_loopback(registry) && self.client.is_insecure(registry);
        Wanted { image: target.image.to_string(), repository: repository.to_string(), insecure }
    }
}

/// Compose v1 neither says how it builds nor knows builders.
pub(super) fn check_flavor(project: &Project) -> Result<()> {
    match project.compose.flavor {
        Flavor::V2 => Ok(()),
        Flavor::V1 => Err(Error::new(Code::Usage, "`--builder` needs Compose v2 or newer, and this is v1")
            .at(project.compose.program.join(" "))
            .help("install Docker's Compose plugin, or leave `--builder` out")),
    }
}

/// One platform out of several is something that Compose v1 cannot be told.
pub(super) fn check_parts(project: &Project, misses: &[Asked]) -> Result<()> {
    match project.compose.flavor {
        Flavor::V1 if misses.iter().any(|asked| asked.target.part.is_some()) => {
            Err(Error::new(Code::Usage, "`--part` needs Compose 2.24.4 or newer, and this is v1")
                .at(project.compose.program.join(" "))
                .help("install Docker's Compose plugin"))
        }
        _ => Ok(()),
    }
}
