//! The Compose files of a project, read by ourselves; Compose is asked only for what our reader does not cover.

use crate::compose::paths;
use crate::compose::project::Project;
use crate::compose::read::{self, Read, Request};
use crate::compose::template;
use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::job::{compose, later};
use crate::map::{Map, Set};
use crate::options::{Job, Options};
use crate::path::RelPath;
use crate::report::{Note, Variable};

/// Reads the project.
pub(super) async fn load(desk: &Desk, options: &Options) -> Result<Project> {
    let request = request(options);
    let mut project = match complete(desk, &request, Map::new()).await {
        // Compose reads the disk, and these files are not there.
        Err(error) if error.code == Code::ComposeNotCovered && !desk.is_over() => {
            desk.tell(Note::detail(format!("{error}; Compose is asked instead")));
            from_compose(desk, options, &request, error).await?
        }
        Ok(project) => {
            warn(desk, options, &project);
            project
        }
        Err(error) if error.code == Code::ComposeFileMissing && options.files.is_empty() => {
            return Err(error.help(
                "name one with `--file`, the project folder with `-C`, or a plain folder with everything that goes into the image with `--path docker`",
            ));
        }
        Err(error) => return Err(error),
    };
    complete_builds(options, &mut project);
    find_local_contexts(desk, options, &mut project).await;
    Ok(project)
}

/// Takes build contexts that look like an address as the folders that they are, if there is one.
///
/// rule: Buildx `build/opt.go`, `loadInputs`: a folder of this name comes first, below the folder that Compose is started in.
async fn find_local_contexts(desk: &Desk, options: &Options, project: &mut Project) {
    for build in project.services.iter_mut().filter_map(|service| service.build.as_mut()) {
        if paths::is_fetched(&build.context) && desk.entries(vec![RelPath::new(build.context.as_bytes())]).await.is_ok() {
            build.context = paths::absolute(&options.host.folder, &build.context);
        }
    }
}

/// Reads the project with the recipe's variables set; `None` where only Compose can say what it makes of it, or why it refuses it.
pub(super) async fn with_variables(desk: &Desk, options: &Options, variables: &[Variable]) -> Result<Option<Project>> {
    let mut request = request(options);
    variables.iter().for_each(|it| request.env.insert(it.name.clone(), it.value.clone()));
    match complete(desk, &request, Map::new()).await {
        Ok(project) => {
            project.warnings.iter().for_each(|warning| desk.tell(Note::detail(warning.clone())));
            Ok(Some(project))
        }
        Err(error) if matches!(error.code, Code::ComposeNotCovered | Code::ComposeFileInvalid | Code::ComposeFileMissing) => {
            desk.tell(Note::detail(format!("{error}; Compose is asked instead")));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What Compose would be told. With a repository, the recipe's variables have it: the hash comes later.
fn request(options: &Options) -> Request {
    let mut env = options.host.env.clone();
    if let Some(repository) = &options.image {
        let moving = options.moving_tag.as_ref().map(|tag| format!("{repository}:{tag}")).unwrap_or_default();
        env.insert("DOCKER_IMAGE".to_owned(), repository.to_string());
        env.insert("DOCKER_IMAGE_CI".to_owned(), moving);
        env.insert("DOCKER_IMAGE_MD5".to_owned(), String::new());
    }
    if let Some(files) = env.get(later::COMPOSE_FILE) {
        let separator = options.host.path_separator();
        let own: Vec<&str> = files.split(separator.as_str()).filter(|file| !later::is_ours(file)).collect();
        env.insert(later::COMPOSE_FILE.to_owned(), own.join(&separator));
    }
    Request {
        files: options.files.clone(),
        env_files: options.env_files.clone(),
        profiles: options.profiles.clone(),
        project_directory: options.project_directory.clone(),
        project_name: options.project_name.clone(),
        env,
        folder: options.host.folder.clone(),
    }
}

/// Fills in what an empty `context`, `dockerfile` or platform stands for: the working folder, the context's `Dockerfile`, the default platform.
/// `model` prints them as `compose config` does, empty.
///
/// rule: Compose, `pkg/compose/build_bake.go`: bake takes each empty value for one that is not given, and runs in the working folder.
fn complete_builds(options: &Options, project: &mut Project) {
    if options.job == Job::Model {
        return;
    }
    for build in project.services.iter_mut().filter_map(|service| service.build.as_mut()) {
        if build.context.is_empty() {
            build.context = paths::clean(&options.host.folder);
        }
        if build.dockerfile.is_none() && build.dockerfile_inline.is_none() {
            build.dockerfile = Some("Dockerfile".to_owned());
        }
        build.platforms.retain(|platform| !platform.is_empty());
    }
}

/// Reads files until the reader has them all.
async fn complete(desk: &Desk, request: &Request, mut files: Map<String, Option<Vec<u8>>>) -> Result<Project> {
    loop {
        match read::read(request, &files)? {
            Read::Done(project) => return Ok(*project),
            Read::Need(paths) => {
                let texts = join_all(paths.iter().map(|path| content(desk, path))).await;
                for (path, text) in paths.into_iter().zip(texts) {
                    files.insert(path, text?);
                }
            }
        }
    }
}

/// The content of a file. A folder `.env` is passed over (rule: compose-go `cli/options.go`, `WithEnvFiles`; `loader/include.go`).
async fn content(desk: &Desk, path: &str) -> Result<Option<Vec<u8>>> {
    match paths::base(path) {
        ".env" => desk.read_unless_folder(path).await,
        _ => desk.read_if_there(path).await,
    }
}

/// What `compose config` prints is a Compose file too, without anything that our reader does not cover.
async fn from_compose(desk: &Desk, options: &Options, request: &Request, reason: Error) -> Result<Project> {
    let (files, text) = match compose::config_text(desk, options).await {
        Ok(config) => config,
        Err(error) if error.code == Code::NoCompose => {
            let help = reason.help.as_ref().map(|help| format!("{help}; ")).unwrap_or_default();
            return Err(reason.help(format!("{help}where Compose is installed, it is asked for what docktag does not read itself")));
        }
        Err(error) => return Err(error),
    };
    let name = format!("{}/.docktag-config.json", request.folder);
    let request = Request {
        files: vec![name.clone()],
        env_files: Vec::new(),
        project_directory: request
            .project_directory
            .clone()
            .or_else(|| Some(paths::parent(&paths::absolute(&request.folder, files.first()?)))),
        ..request.clone()
    };
    let text = Map::from([(name, Some(text))]);
    let project = complete(desk, &request, text).await.map_err(|error| error.at("compose config"))?;
    Ok(Project { files, ..project })
}

fn warn(desk: &Desk, options: &Options, project: &Project) {
    let reaches = |warning: &&String| {
        !template::is_unset_warning(warning) || project.blanks.iter().any(|name| template::unset_warning(name) == **warning)
    };
    let mut said = Set::new();
    for warning in project.warnings.iter().filter(reaches).filter(|warning| said.add(warning.as_str())) {
        // The recipe's own variables are set where they are used.
        let is_recipe = options.image.is_none() && warning.contains("\"DOCKER_IMAGE");
        let help = if is_recipe { "; docktag sets it where `--image` says which repository it is" } else { "" };
        desk.tell(Note::warning(format!("{warning}{help}")));
    }
}
