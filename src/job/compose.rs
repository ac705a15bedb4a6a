//! Compose: which one there is, what it makes of the project, and how it is told to work.

use crate::compose::files;
use crate::compose::model::Model;
use crate::compose::{Compose, Flavor, paths};
use crate::desk::{Desk, join};
use crate::error::{Code, Error, Result};
use crate::job::definition::Dollar;
use crate::need::{Command, Exited, Failure, FailureKind};
use crate::options::Options;
use crate::report::{Note, Variable};
use crate::secret::Secret;
use crate::shell::Env;

/// A project as Compose sees it.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) compose: Compose,
    pub(super) model: Model,
    /// What is said of the project besides its files: `--profile`, `--env-file` and so on.
    settings: Vec<String>,
    /// The files that are named with `-f`; empty: Compose finds them.
    pub(super) files: Vec<String>,
    /// Those that are not ours.
    pub(super) own_files: Vec<String>,
    /// The variables that every Compose command gets.
    pub(super) env: Env,
    /// The Compose file that is read from standard input, if one of the files is `-`.
    pub(super) stdin: Option<String>,
    /// What only the files of variables have, for builds that Compose does not run itself.
    pub(super) secret_variables: Vec<(String, Secret)>,
    /// Texts of the builds that some versions of Compose do not escape.
    pub(super) dollars: Vec<Dollar>,
}

impl Project {
    /// A project whose model we read ourselves: which Compose there is, is not known yet.
    pub(super) fn new(options: &Options, model: Model, files: Vec<String>, variables: &[Variable]) -> Self {
        Project {
            compose: Compose { program: Vec::new(), flavor: Flavor::V2 },
            model,
            settings: settings(options, &files),
            own_files: files.clone(),
            files,
            env: variables.iter().map(|it| (it.name.clone(), it.value.clone())).collect(),
            stdin: None,
            secret_variables: Vec::new(),
            dollars: Vec::new(),
        }
    }

    /// Reads the Compose file from standard input, if one of the files is `-`: every Compose command gets it.
    pub(super) async fn read_stdin(&mut self, desk: &Desk) -> Result<()> {
        if self.own_files.iter().any(|file| file == files::STDIN) {
            let text = desk.read(files::STDIN.to_owned()).await.map_err(|failure| failure.of_file("standard input"))?;
            self.stdin = Some(String::from_utf8_lossy(&text).into_owned());
        }
        Ok(())
    }

    /// A command of Compose for this project.
    pub(super) fn command(&self, args: &[&str], services: &[String], because: &str) -> Command {
        let mut argv = self.compose.program.clone();
        argv.extend_from_slice(&self.settings);
        for file in &self.files {
            argv.extend(["-f".to_owned(), file.clone()]);
        }
        argv.extend(args.iter().map(|&arg| arg.to_owned()));
        argv.extend(services.iter().cloned());
        Command { argv, env: self.env.clone(), stdin: self.stdin.clone(), because: because.to_owned(), ..Command::default() }
    }

    /// A command of the engine's client, in the same environment.
    pub(super) fn docker(&self, args: &[&str], because: &str) -> Command {
        let argv = std::iter::once("docker").chain(args.iter().copied()).map(str::to_owned).collect();
        Command { argv, env: self.env.clone(), capture: true, because: because.to_owned(), ..Command::default() }
    }
}

/// Asks Compose for its model, with the recipe's variables set.
pub(super) async fn load(desk: &Desk, options: &Options, variables: &[Variable]) -> Result<Project> {
    let (mut project, text) = ask(desk, options, variables).await?;
    project.model = model(options, &text)?;
    Ok(project)
}

/// What `compose config` prints, and the files that it is made of.
pub(super) async fn config_text(desk: &Desk, options: &Options) -> Result<(Vec<String>, Vec<u8>)> {
    let (project, text) = ask(desk, options, &[]).await?;
    let files = match project.files.is_empty() {
        true => find_files(desk, options, project.compose.flavor).await?,
        false => project.files,
    };
    Ok((files, text.stdout))
}

async fn ask(desk: &Desk, options: &Options, variables: &[Variable]) -> Result<(Project, Exited)> {
    check_files(desk, options).await?;
    let mut project = Project::new(options, Model::default(), options.files.clone(), variables);
    project.read_stdin(desk).await?;
    let text = match &options.compose {
        // `docker compose` is v2 or newer, so nobody has to be asked; the version is worth a question only if this fails.
        None => match config(desk, &mut project, words(&["docker", "compose"]), Flavor::V2).await {
            Ok(exited) if exited.ok() => exited,
            other => fall_back(desk, &mut project, other).await?,
        },
        Some(program) if program.last().is_some_and(|last| last == "compose") => {
            let exited =
                config(desk, &mut project, program.clone(), Flavor::V2).await.map_err(|failure| missing(&program.join(" "), &failure))?;
            if !exited.ok() && !has_version(desk, program).await {
                return Err(Error::new(Code::NoCompose, format!("cannot be run: {}", exited.last_lines()))
                    .at(program.join(" "))
                    .help("install Docker's Compose plugin, or name another Compose with `--compose`"));
            }
            exited
        }
        Some(program) => standalone(desk, &mut project, program.clone()).await?.map_err(|failure| missing(&program.join(" "), &failure))?,
    };
    if !text.ok() {
        return Err(refused(desk, options, &project, &text).await);
    }
    let warnings = String::from_utf8_lossy(&text.stderr);
    for line in warnings.lines().map(str::trim).filter(|line| !line.is_empty()) {
        desk.tell(Note::detail(format!(
            "compose config: {}",
            line.chars().filter(|character| !character.is_control()).collect::<String>()
        )));
    }
    desk.tell(Note::detail(format!("Compose: {} ({:?})", project.compose.program.join(" "), project.compose.flavor)));
    Ok((project, text))
}

/// Finds out which Compose there is, where that is not known yet.
pub(super) async fn start(desk: &Desk, options: &Options, project: &mut Project) -> Result<()> {
    if project.compose.program.is_empty() {
        project.compose = look(desk, options).await?;
    }
    keep_engine(options, project);
    Ok(())
}

async fn look(desk: &Desk, options: &Options) -> Result<Compose> {
    let programs = match &options.compose {
        Some(program) => vec![program.clone()],
        None => vec![words(&["docker", "compose"]), words(&["docker-compose"])],
    };
    let mut refused = None;
    for program in programs {
        let Ok(version) = desk.run(version_command(&program)).await else { continue };
        match Flavor::of_version(&String::from_utf8_lossy(&version.stdout)).filter(|_| version.ok()) {
            Some(flavor) => {
                desk.tell(Note::detail(format!("Compose: {} ({flavor:?})", program.join(" "))));
                return Ok(Compose { program, flavor });
            }
            None => refused = Some((program, version)),
        }
    }
    Err(match (&options.compose, refused) {
        (Some(_), Some((program, version))) => silent(&program, &version),
        (Some(program), None) => Error::new(Code::NoCompose, "not found, expected this program on PATH")
            .at(program.join(" "))
            .help("install it, or name another Compose with `--compose`"),
        (None, _) => no_compose(),
    })
}

/// Compose v1 takes the engine's address from `.env` too, so the project could send what is built, and all logins, elsewhere.
///
/// rule: docker-compose 1.29, `compose/cli/docker_client.py`, `docker_client`; an empty variable counts as none.
fn keep_engine(options: &Options, project: &mut Project) {
    if project.compose.flavor == Flavor::V2 {
        return;
    }
    for name in ["DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] {
        if options.host.env.get(name).is_none() {
            project.env.insert(name.to_owned(), String::new());
        }
    }
}

/// What a user said of the project, in the words that every Compose has (`docker compose --help`, `docker-compose --help`).
fn settings(options: &Options, files: &[String]) -> Vec<String> {
    // Without it, the folder of our own file would be the project's: standard input is in none.
    let of_stdin = || {
        let named = files.iter().find(|file| *file != files::STDIN).map_or_else(|| ".".to_owned(), |file| paths::parent(file));
        files.iter().any(|file| file == files::STDIN).then_some(named)
    };
    let folder = options.project_directory.clone().or_else(of_stdin);
    let given = |name: &str, values: &[String]| values.iter().flat_map(|value| [name.to_owned(), value.clone()]).collect::<Vec<_>>();
    [
        given("--env-file", &options.env_files),
        given("--profile", &options.profiles),
        given("--project-directory", folder.as_slice()),
        given("-p", options.project_name.as_slice()),
    ]
    .concat()
}

/// Names the project's files one by one, so that another can stand behind them, and checks that Compose sees the same project.
pub(super) async fn name_files(desk: &Desk, options: &Options, project: &mut Project) -> Result<()> {
    if !project.files.is_empty() {
        return Ok(());
    }
    project.files = find_files(desk, options, project.compose.flavor).await?;
    let exited = desk.run(config_command(project)).await.map_err(|failure| missing(&project.compose.program.join(" "), &failure))?;
    if !exited.ok() || model(options, &exited).as_ref() != Ok(&project.model) {
        return Err(Error::new(Code::ComposeFileInvalid, "Compose found other files by itself than these")
            .at(project.files.join(", "))
            .help("name the project's Compose files with `--file`, in order"));
    }
    Ok(())
}

/// What `compose config` printed, without the services that are not to be worked for.
fn model(options: &Options, exited: &Exited) -> Result<Model> {
    choose(options, Model::parse(&String::from_utf8_lossy(&exited.stdout))?)
}

/// A model without the services that are not to be worked for.
pub(super) fn choose(options: &Options, mut model: Model) -> Result<Model> {
    if let Some(missing) = options.services.iter().find(|name| !model.services.iter().any(|service| service.name == **name)) {
        let names: Vec<&str> = model.services.iter().map(|service| service.name.as_str()).collect();
        return Err(Error::new(Code::Usage, format!("`--service {missing}`: no such service, there are {}", names.join(", ")))
            .help("is its profile active, and is it the right Compose file?"));
    }
    if !options.services.is_empty() {
        model.services.retain(|service| options.services.contains(&service.name));
    }
    Ok(model)
}

async fn check_files(desk: &Desk, options: &Options) -> Result<()> {
    if options.files.is_empty() {
        return Ok(());
    }
    let exist = desk.exist(options.files.clone()).await.map_err(|failure| failure.of_file("`--file`"))?;
    match options.files.iter().zip(exist).find(|(file, exists)| !exists && *file != files::STDIN) {
        Some((file, _)) => Err(Error::new(Code::ComposeFileMissing, "no such Compose file")
            .at(file)
            .help("name an existing one with `--file`, relative to the project folder (`-C`)")),
        None => Ok(()),
    }
}

/// `docker compose config` did not work: because there is no `docker compose`, or because it refuses the files?
async fn fall_back(desk: &Desk, project: &mut Project, first: std::result::Result<Exited, Failure>) -> Result<Exited> {
    if let Ok(refused) = first
        && has_version(desk, &words(&["docker", "compose"])).await
    {
        return Ok(refused);
    }
    match standalone(desk, project, words(&["docker-compose"])).await? {
        Ok(exited) => Ok(exited),
        Err(_) => Err(no_compose()),
    }
}

fn no_compose() -> Error {
    Error::new(Code::NoCompose, "neither `docker compose` nor `docker-compose` can be run, expected one of them")
        .help("install Docker's Compose plugin, or name the program with `--compose`")
}

/// A program that does not say its version as a Compose does.
fn silent(program: &[String], version: &Exited) -> Error {
    Error::new(Code::NoCompose, format!("does not say which version it is ({}: {})", version.how(), version.last_lines()))
        .at(program.join(" "))
        .help("name a Compose with `--compose`, such as `--compose 'docker compose'`")
}

/// Whether a program is a Compose at all: what refuses the project says its version still.
async fn has_version(desk: &Desk, program: &[String]) -> bool {
    let version = desk.run(version_command(program)).await;
    version.is_ok_and(|version| version.ok() && Flavor::of_version(&String::from_utf8_lossy(&version.stdout)).is_some())
}

/// `docker-compose` can be v1 or newer: it is asked, while it makes its model.
async fn standalone(desk: &Desk, project: &mut Project, program: Vec<String>) -> Result<std::result::Result<Exited, Failure>> {
    let asked = version_command(&program);
    // v1 knows no `--format`; the YAML that both print is read too.
    let (version, exited) = join(desk.run(asked), config(desk, project, program.clone(), Flavor::V1)).await;
    let (version, exited) = match (version, exited) {
        (Ok(version), Ok(exited)) => (version, exited),
        (Err(failure), _) | (_, Err(failure)) => return Ok(Err(failure)),
    };
    match Flavor::of_version(&String::from_utf8_lossy(&version.stdout)) {
        Some(flavor) if version.ok() => project.compose.flavor = flavor,
        _ => return Err(silent(&program, &version)),
    }
    Ok(Ok(exited))
}

async fn config(desk: &Desk, project: &mut Project, program: Vec<String>, flavor: Flavor) -> std::result::Result<Exited, Failure> {
    project.compose = Compose { program, flavor };
    desk.run(config_command(project)).await
}

fn config_command(project: &Project) -> Command {
    let args: &[&str] = match project.compose.flavor {
        Flavor::V1 => &["config"],
        Flavor::V2 => &["config", "--format", "json"],
    };
    Command { capture: true, ..project.command(args, &[], "read the Compose files") }
}

pub(super) fn version_command(program: &[String]) -> Command {
    let argv = [program, &words(&["version", "--short"])].concat();
    Command { argv, capture: true, because: "which Compose is it?".to_owned(), ..Command::default() }
}

/// Compose refused the project; where that is because there are no files, say so ourselves.
async fn refused(desk: &Desk, options: &Options, project: &Project, exited: &Exited) -> Error {
    if options.files.is_empty()
        && let Err(error) = find_files(desk, options, project.compose.flavor).await
    {
        return error;
    }
    let error =
        Error::new(Code::ComposeFileInvalid, format!("Compose refuses the project: {}", exited.last_lines())).help("mend the Compose file");
    if project.files.is_empty() { error } else { error.at(project.files.join(", ")) }
}

async fn find_files(desk: &Desk, options: &Options, flavor: Flavor) -> Result<Vec<String>> {
    let dotenv = desk.read_unless_folder(".env").await?.unwrap_or_default();
    let dotenv = String::from_utf8_lossy(&dotenv);
    if let Some(files) = files::from_variable(&options.host.env, &dotenv, options.host.list_separator) {
        return Ok(files);
    }
    let mut folder = String::new();
    for _ in 0..=options.host.depth {
        let candidates = files::candidates(flavor, &folder);
        let exist = desk.exist(candidates.clone()).await.map_err(|failure| failure.of_file("Compose files"))?;
        let found = files::choose(flavor, &candidates, &exist);
        if !found.is_empty() {
            return Ok(found);
        }
        folder.push_str("../");
    }
    Err(Error::new(
        Code::ComposeFileMissing,
        format!("no Compose file, expected {} in the project folder or above it", files::names(flavor).0.join(", ")),
    )
    .help("name it with `--file`, or the project folder with `-C`"))
}

pub(super) fn missing(program: &str, failure: &Failure) -> Error {
    let message = match failure.kind {
        FailureKind::NotFound => "not found, expected this program on PATH".to_owned(),
        _ => format!("cannot be run: {}", failure.message),
    };
    Error::new(Code::NoCompose, message).at(program).help("install it, or name another Compose with `--compose`")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
