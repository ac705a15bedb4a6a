//! Credentials: where they come from, and a Docker configuration of the run that has them.

use crate::compose::Flavor;
use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::job::compose::Project;
use crate::need::{Command, Exited, FailureKind, Writing};
use crate::options::{Login, Options};
use crate::plan::Target;
use crate::registry::credential::{self, Credential, DockerConfig, Lookup, server};
use crate::report::Note;
use crate::secret::Secret;

/// The credentials for a registry, and words for where they come from.
pub(super) async fn credential(desk: &Desk, options: &Options, registry: &str) -> Result<(Credential, String)> {
    if let Some((_, user, password)) = options.given_login().filter(|(of, ..)| *of == registry) {
        let credential = Credential::Password { user: user.to_owned(), password: password.clone() };
        return Ok((credential, format!("of the user `{user}` that was given")));
    }
    let Some((place, text)) = config(desk, options).await? else { return Ok((Credential::Anonymous, String::new())) };
    match DockerConfig::parse(&text, &place)?.lookup(registry) {
        Lookup::Found(credential) => Ok((credential, format!("from {place}"))),
        Lookup::Helper(name) => {
            let source = format!("from the credential helper docker-credential-{name}");
            Ok((ask_helper(desk, &name, registry, &place).await?, source))
        }
    }
}

/// The login with its registry: without one named, that of the images, if they have one.
///
/// If the code is not trusted, its Compose files must not say who gets the password.
pub(super) fn with_registry(desk: &Desk, options: &Options, targets: &[Target]) -> Result<Option<Login>> {
    let Some(login) = &options.login else { return Ok(None) };
    if login.registry.is_some() || login.user.is_none() || options.image.is_some() {
        return Ok(Some(login.clone()));
    }
    if let Some(reason) = &options.untrusted {
        if login.password.is_some() {
            desk.tell(Note::warning(format!(
                "{reason}: the login is not used, since the Compose files would say which registry gets it; name that with `--registry`"
            )));
        }
        return Ok(None);
    }
    let mut registries: Vec<&str> =
        targets.iter().filter(|target| !target.is_local).map(|target| target.image.repository.registry()).collect();
    registries.sort_unstable();
    registries.dedup();
    match registries.as_slice() {
        [registry] => Ok(Some(Login { registry: Some((*registry).to_owned()), ..login.clone() })),
        [] => Ok(Some(login.clone())),
        many => {
            Err(Error::new(Code::Usage, format!("`--username` is for one registry, and the images go to several: {}", many.join(", ")))
                .help("say which one with `--registry`, and log in to the others with `docker login`"))
        }
    }
}

/// Lets the project's programs use the login that was given, where one was: by a Docker configuration in the run's own folder, which
/// is the user's with that login.
pub(super) async fn log_in(desk: &Desk, options: &Options, project: &mut Project) -> Result<()> {
    let Some((registry, user, password)) = options.given_login() else { return Ok(()) };
    if project.env.get("DOCKER_CONFIG").is_some() {
        return Ok(());
    }
    let for_v1 = project.compose.flavor == Flavor::V1;
    let found = config(desk, options).await?;
    let place = found.as_ref().map_or("config.json", |(place, _)| place).to_owned();
    let text = found.as_ref().map(|(_, text)| text.as_slice());
    let config = credential::with_login(text, &place, registry, user, password, for_v1)?;
    let folder = format!("{}/docker", options.host.scratch);
    let file = format!("{folder}/config.json");
    if let Some(own) = &options.host.docker_config {
        // Plugins, contexts and builders are found there.
        desk.mirror(own.clone(), folder.clone(), vec!["config.json".to_owned()]).await.map_err(|failure| failure.of_writing(own))?;
    }
    desk.write(file.clone(), Secret::new(config), Writing::Private).await.map_err(|failure| failure.of_writing(&file))?;
    project.env.insert("DOCKER_CONFIG".to_owned(), folder);
    Ok(())
}

/// Docker's configuration and where it is; `None` if there is none.
pub(super) async fn config(desk: &Desk, options: &Options) -> Result<Option<(String, Vec<u8>)>> {
    let Some(folder) = &options.host.docker_config else { return Ok(None) };
    let place = format!("{folder}/config.json");
    Ok(desk.read_if_there(&place).await?.map(|text| (place, text)))
}

async fn ask_helper(desk: &Desk, name: &str, registry: &str, place: &str) -> Result<Credential> {
    let program = format!("docker-credential-{name}");
    let failed = |message: String| {
        Error::new(Code::CredentialHelper, message)
            .at(&program)
            .help(format!("{place} names it for {registry}: install or mend it, or give `--username` and `--password-stdin`"))
    };
    let command = Command {
        argv: vec![program.clone(), "get".to_owned()],
        stdin: Some(server(registry).to_owned()),
        capture: true,
        because: format!("ask {program} for the login to {registry}"),
        ..Command::default()
    };
    match desk.run(command).await {
        Ok(exited) if exited.ok() => credential::helper_answer(&exited.stdout).ok_or_else(|| failed("printed no credentials".to_owned())),
        Ok(Exited { stdout, .. }) if credential::helper_knows_nothing(&stdout) => Ok(Credential::Anonymous),
        // A helper says what is wrong on its standard output, where credentials would stand: those are not shown.
        Ok(exited) if exited.stdout.contains(&b'{') => Err(failed(exited.how())),
        Ok(exited) => Err(failed(format!("{}: {}", exited.how(), exited.last_lines()))),
        Err(failure) if failure.kind == FailureKind::NotFound => Err(failed("not found, expected this program on PATH".to_owned())),
        Err(failure) => Err(failed(failure.message)),
    }
}
