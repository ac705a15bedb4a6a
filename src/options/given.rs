//! From what a user wrote, on a command line, as inputs or as an object, to the options of a job.

use crate::compose::files::STDIN;
use crate::digest::Algorithm;
use crate::error::{Code, Error, Result};
use crate::glob::is_filepath_pattern;
use crate::image::{Repository, check_tag};
use crate::naming::has_hash;
use crate::options::table::{COMMAND, Definition, OPTIONS, Takes};
use crate::options::{Cache, Checkout, Host, Job, Login, Options, Push, Spelling};
use crate::path::RelPath;
use crate::platform;
use crate::refresh::Refresh;
use crate::registry::trust::is_insecure_entry;
use crate::secret::Secret;
use crate::share::Share;

/// What counts for services only.
const COMPOSE_ONLY: [&str; 6] = ["platform", "ignore-arg", "salt", "pin-bases", "refresh", "repository-prefix"];
/// What is said of Compose files, which a job that only hashes a plain folder does not read.
const COMPOSE_FILES: [&str; 6] = ["file", "env-file", "profile", "project-directory", "project-name", "service"];

/// Values by option, as they were written; what is not in it was not given.
///
/// ```
/// use docktag::options::{Given, Host, Job, Spelling};
///
/// let mut given = Given::new(Spelling::CommandLine);
/// given.text("path", b"docker\nshared")?; // a list: one item a line
/// given.text("image", b"ghcr.io/acme/app")?;
/// let options = given.options(Job::Tag, Host::default())?;
/// assert_eq!(options.paths.len(), 2);
/// assert!(given.text("paht", b"docker").is_err());
/// # Ok::<(), docktag::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    spelling: Spelling,
    values: Vec<(&'static str, Vec<Secret<Vec<u8>>>)>,
}

impl Given {
    /// Nothing given yet, by someone who spells options so.
    pub fn new(spelling: Spelling) -> Self {
        Given { spelling, values: Vec::new() }
    }

    /// An option given as one text: lists have one item a line. Empty is as good as not given, but for the moving tag, where it means none.
    ///
    /// # Errors
    /// [`Code::Usage`] with the names that there are, for one that is none.
    pub fn text(&mut self, name: &str, text: &[u8]) -> Result<()> {
        let definition = self.definition(name)?;
        if let Takes::Many(_) = definition.takes {
            let lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
            return self.items(name, lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect());
        }
        if !text.is_empty() || definition.name == "moving-tag" {
            self.set(definition.name, vec![Secret::new(text)]);
        }
        Ok(())
    }

    /// An input of the action, by its name there.
    ///
    /// # Errors
    /// As [`Given::text`].
    pub fn input(&mut self, name: &str, text: &[u8]) -> Result<()> {
        match OPTIONS.iter().find(|it| it.input == Some(name)) {
            // Blocks of YAML leave blanks around items that nobody means.
            Some(Definition { name, takes: Takes::Many(_), .. }) => {
                let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
                self.items(name, lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
            }
            Some(definition) => self.text(definition.name, text),
            None => Err(self.unknown(name)),
        }
    }

    /// An option given as a list of values, taken as they are.
    ///
    /// # Errors
    /// As [`Given::text`].
    pub fn items(&mut self, name: &str, items: Vec<Vec<u8>>) -> Result<()> {
        let definition = self.definition(name)?;
        if !items.is_empty() {
            self.set(definition.name, items.into_iter().map(Secret::new).collect());
        }
        Ok(())
    }

    /// Whether an option was given.
    pub fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(given, _)| *given == name)
    }

    /// The options of a job.
    ///
    /// # Errors
    /// [`Code::Usage`] for options that the job does not have, that contradict each other or lack a partner, and for values that are none of
    /// those allowed; the errors of the grammars of paths, images and tags.
    pub fn options(&self, job: Job, host: Host) -> Result<Options> {
        for (name, _) in &self.values {
            self.check_job(name, job)?;
            if self.definition(name)?.takes == Takes::Flag {
                self.flag(name)?;
            }
        }
        let mut options = Options::new(job);
        options.paths = self.values("path").iter().map(|path| RelPath::root(path.expose())).collect::<Result<_>>()?;
        options.image = self.one("image")?.as_deref().map(Repository::parse).transpose()?;
        let algorithm = self.choice("algorithm", &[("auto", None), ("md5", Some(Algorithm::Md5)), ("sha256", Some(Algorithm::Sha256))])?;
        options.algorithm = algorithm.unwrap_or_default();
        options.is_algorithm_given = algorithm.is_some();
        options.checkout =
            self.choice("checkout", &[("auto", Checkout::Auto), ("as-is", Checkout::AsIs), ("as-in-git", Checkout::AsInGit)])?;
        options.reuse = self.one("reuse")?;
        if let Some(tag) = self.one("moving-tag")? {
            options.moving_tag = (!tag.is_empty()).then_some(tag);
        }
        if let Some(tag) = &options.moving_tag {
            check_tag(tag).map_err(|error| error.of("`--moving-tag`"))?;
            if has_hash(tag) {
                return Err(Error::new(Code::Usage, format!("`--moving-tag {tag}`: could be a tag with a hash, which never moves"))
                    .help("a moving tag has fewer than 32 hexadecimal digits in a row, such as `ci`"));
            }
        }
        options.trusted_branches = self.many("trusted-branch")?;
        if let Some(pattern) = options.trusted_branches.iter().find(|it| !is_filepath_pattern(it.as_bytes())) {
            return Err(Error::new(Code::Usage, format!("`--trusted-branch`: `{}` is not a pattern", pattern.escape_debug()))
                .help("such as `main`, `release/*` or `*`"));
        }
        options.files = self.many("file")?;
        if options.files.iter().any(|file| file == STDIN) {
            self.check_stdin(job)?;
        }
        options.env_files = self.many("env-file")?;
        options.profiles = self.many("profile")?;
        options.project_directory = self.one("project-directory")?;
        options.project_name = self.one("project-name")?;
        // No name of a service has a blank in it, and a matrix of jobs names several in one text.
        let services = self.many("service")?;
        options.services = services.iter().flat_map(|names| names.split_whitespace()).map(str::to_owned).collect();
        options.platform = self.one("platform")?.map(|text| platform::parse(&text)).transpose()?;
        options.ignored_args = self.many("ignore-arg")?;
        options.salt = self.one("salt")?;
        options.pin_bases = self.flag("pin-bases")?;
        options.refresh = self.one("refresh")?.map(|text| Refresh::parse(&text)).transpose()?;
        options.repository_prefix = self.one("repository-prefix")?;
        if let Some(prefix) = &options.repository_prefix {
            Repository::parse(&format!("{prefix}x")).map_err(|error| error.of("`--repository-prefix`"))?;
        }
        options.compose = self.one("compose")?.map(|command| command.split_whitespace().map(str::to_owned).collect());
        options.push = self.push()?;
        options.or_build = self.flag("or-build")?;
        options.keep_manifest = self.choice("keep-manifest", &[("true", true), ("false", false)])?;
        options.force = self.flag("force")?;
        options.builder = self.one("builder")?;
        self.jobs(&mut options)?;
        options.strict = self.flag("strict")?;
        options.cache = self.choice("cache", &[("inline", Cache::Inline), ("registry", Cache::Registry), ("none", Cache::None)])?;
        options.cache_from = self.many("cache-from")?;
        if options.cache == Cache::None && !options.cache_from.is_empty() {
            return Err(Error::new(Code::Usage, "`--cache none` and `--cache-from` contradict each other").help("leave one of them out"));
        }
        options.insecure = self.many("insecure-registry")?;
        if let Some(entry) = options.insecure.iter().find(|entry| !is_insecure_entry(entry)) {
            return Err(Error::new(
                Code::Usage,
                format!("`--insecure-registry`: `{}` is neither a registry nor a network", entry.escape_debug()),
            )
            .help("such as `registry.example:5000` or `10.0.0.0/8`"));
        }
        options.verify = self.flag("verify")?;
        if let Some(text) = self.one("registry-timeout")? {
            options.registry_timeout = milliseconds(&text)?;
        }
        options.explained = self.many("input")?;
        if job == Job::Explain && options.explained.is_empty() {
            return Err(Error::new(Code::Usage, "nothing to explain, expected a file").help("such as `docktag explain src/main.c`"));
        }
        options.against = self.one("against")?;
        options.diff = self.flag("diff")?;
        options.commits = self.number("commits", 1)?;
        options.keep_branches = self.flag("keep-branches")?;
        options.keep_tags = self.flag("keep-tags")?;
        options.keep_commits = self.number("keep-commits", 1)?;
        options.keep_days = self.number("keep-days", 0)?;
        options.ignored_commits = self.many("ignore-commit")?;
        options.delete = self.flag("delete")?;
        if job == Job::Prune && !options.keep_branches && !options.keep_tags && !self.has("keep-commits") {
            return Err(Error::new(Code::Usage, "`prune` has to know what is to be kept").help(
                "`--keep-branches` keeps the images of all branches, `--keep-tags` those of git tags, `--keep-commits 20` those of the last 20 commits of each branch; nothing is deleted without `--delete`",
            ));
        }
        options.plot = self.one("plot")?;
        options.dry_run = self.flag("dry-run")?;
        options.ci = self.flag("ci")?;
        options.login = self.login()?;
        options.host = host;
        self.check_mode(&options)?;
        Ok(options)
    }

    fn set(&mut self, name: &'static str, values: Vec<Secret<Vec<u8>>>) {
        self.values.retain(|(given, _)| *given != name);
        self.values.push((name, values));
    }

    fn definition(&self, name: &str) -> Result<&'static Definition> {
        Definition::find(name).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> Error {
        let (what, first) = match self.spelling {
            Spelling::CommandLine => ("option", None),
            Spelling::Inputs => ("input", Some(COMMAND.0)),
        };
        let names = OPTIONS.iter().filter_map(|it| match self.spelling {
            Spelling::CommandLine => Some(it.name),
            Spelling::Inputs => it.input,
        });
        let names: Vec<&str> = first.into_iter().chain(names).collect();
        Error::new(Code::Usage, format!("`{}` is no {what}, expected one of {}", name.escape_debug(), names.join(", ")))
            .help("mend its name, or leave it out")
    }

    /// Checks that standard input can be read as a Compose file, and that nothing else needs it.
    fn check_stdin(&self, job: Job) -> Result<()> {
        let wrong = |message: &str| Err(Error::new(Code::Usage, format!("`--file -`: {message}")).help("name a file with `--file`"));
        match self.spelling {
            Spelling::Inputs => wrong("the action has no standard input"),
            Spelling::CommandLine if self.has("password-stdin") => wrong("`--password-stdin` reads standard input too"),
            Spelling::CommandLine if job == Job::Env || self.flag("ci")? => wrong("later steps cannot read this standard input"),
            Spelling::CommandLine => Ok(()),
        }
    }

    /// An option that the job does not have is a mistake, unless it is at its default: a runner gives every input of an action.
    fn check_job(&self, name: &str, job: Job) -> Result<()> {
        let definition = self.definition(name)?;
        let default = definition.default.or_else(|| (definition.takes == Takes::Flag).then_some("false"));
        let is_default = self.values(name).iter().all(|value| Some(value.expose().as_slice()) == default.map(str::as_bytes));
        if definition.jobs.contains(&job) || is_default {
            return Ok(());
        }
        let jobs: Vec<&str> = definition.jobs.iter().map(|job| job.as_str()).collect();
        Err(Error::new(Code::Usage, format!("`--{name}` is nothing for `{}`, only for {}", job.as_str(), jobs.join(", ")))
            .help("leave it out"))
    }

    /// A plain folder has no services, so what says something of them contradicts it.
    fn check_mode(&self, options: &Options) -> Result<()> {
        if !options.is_plain() {
            return Ok(());
        }
        let mut others = COMPOSE_ONLY.to_vec();
        if !options.job.asks_registry() {
            others.extend(COMPOSE_FILES);
        }
        let is_given = |name: &&str| self.values(name).iter().any(|value| value.expose() != b"false");
        let plain = if options.paths.is_empty() { "reuse" } else { "path" };
        match others.into_iter().find(is_given) {
            None => Ok(()),
            Some(name) => {
                Err(Error::new(Code::Usage, format!("`--{name}` and `--{plain}` contradict each other: a plain folder has no services"))
                    .help("leave one of them out"))
            }
        }
    }

    /// What is said of several jobs that share the work.
    fn jobs(&self, options: &mut Options) -> Result<()> {
        options.split_platforms = self.flag("split-platforms")?;
        options.part = self.one("part")?.map(|text| platform::parse(&text).map_err(|error| error.of("`--part`"))).transpose()?;
        options.share = self.one("share")?.map(|text| Share::parse(&text)).transpose()?;
        options.continuation = self.one("continuation")?;
        options.max_jobs = self.number("max-jobs", 1)?;
        match options.share.is_some() && options.part.is_some() {
            true => Err(Error::new(Code::Usage, "`--share` and `--part` contradict each other: a share says itself which platform it is")
                .help("leave one of them out")),
            false => Ok(()),
        }
    }

    fn push(&self) -> Result<Push> {
        let push = self.choice("push", &[("auto", Push::Auto), ("true", Push::Yes), ("false", Push::No)])?;
        match (self.flag("no-push")?, push) {
            (true, Push::Yes) => {
                Err(Error::new(Code::Usage, "`--no-push` and `--push=true` contradict each other").help("leave one of them out"))
            }
            (true, _) => Ok(Push::No),
            (false, push) => Ok(push),
        }
    }

    fn login(&self) -> Result<Option<Login>> {
        let password = self.one("password")?.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()).filter(|text| !text.is_empty());
        let (registry, user) = (self.registry()?, self.one("username")?);
        let is_given = registry.is_some() || user.is_some() || password.is_some();
        Ok(is_given.then(|| Login { registry, user, password: password.map(Secret::new) }))
    }

    /// The registry of the login, as it stands in image names.
    fn registry(&self) -> Result<Option<String>> {
        let Some(text) = self.one("registry")? else { return Ok(None) };
        let host = text.strip_prefix("https://").unwrap_or(&text).trim_end_matches('/');
        let parsed = match host {
            "docker.io" | "index.docker.io" | "registry-1.docker.io" | "index.docker.io/v1" => return Ok(Some("docker.io".to_owned())),
            host => Repository::parse(&format!("{host}/x")),
        };
        match parsed {
            Ok(repository) if repository.registry() == host => Ok(Some(host.to_owned())),
            _ => Err(Error::new(
                Code::Usage,
                format!("`--registry`: `{}` is no registry, expected a host such as ghcr.io", text.escape_debug()),
            )
            .help("give the part of the image's name before the first `/`")),
        }
    }

    fn values(&self, name: &str) -> &[Secret<Vec<u8>>] {
        self.values.iter().find(|(given, _)| *given == name).map(|(_, values)| values.as_slice()).unwrap_or_default()
    }

    fn many(&self, name: &str) -> Result<Vec<String>> {
        self.values(name).iter().map(|value| utf8(name, value)).collect()
    }

    fn one(&self, name: &str) -> Result<Option<String>> {
        match self.values(name) {
            [] => Ok(None),
            [value] => utf8(name, value).map(Some),
            many => Err(Error::new(Code::Usage, format!("`--{name}` was given {} times, expected once", many.len()))),
        }
    }

    /// A number that is not smaller than `least`; the default of the definition where none is given, else 1.
    fn number(&self, name: &str, least: usize) -> Result<usize> {
        let default = Definition::find(name).and_then(|it| it.default).unwrap_or("1");
        let given = self.one(name)?.unwrap_or_else(|| default.to_owned());
        let number = given.parse::<u32>().ok().map(|number| number as usize);
        number.filter(|number| *number >= least).ok_or_else(|| {
            Error::new(Code::Usage, format!("`--{name}`: `{}` is no number, expected one from {least} on", given.escape_debug()))
                .help("mend the value, or leave it out")
        })
    }

    fn flag(&self, name: &str) -> Result<bool> {
        self.choice(name, &[("false", false), ("true", true)])
    }

    /// A value out of those that there are; the default of the definition where none is given.
    fn choice<T: Copy>(&self, name: &str, values: &[(&str, T)]) -> Result<T> {
        let default = Definition::find(name).and_then(|it| it.default).unwrap_or_else(|| values[0].0);
        let given = self.one(name)?.unwrap_or_else(|| default.to_owned());
        let found = values.iter().find(|(value, _)| given.eq_ignore_ascii_case(value));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let all: Vec<&str> = values.iter().map(|(value, _)| *value).collect();
            Error::new(Code::Usage, format!("`--{name}`: `{}` is none of {}", given.escape_debug(), all.join(", ")))
                .help("mend the value, or leave it out")
        })
    }
}

/// The job that the action's input names.
///
/// # Errors
/// [`Code::Usage`] with the names that there are.
pub fn command(text: &str) -> Result<Job> {
    COMMAND.1.iter().copied().find(|job| job.as_str() == text).ok_or_else(|| {
        let all: Vec<&str> = COMMAND.1.iter().map(|job| job.as_str()).collect();
        Error::new(Code::Usage, format!("`{}`: `{}` is none of {}", COMMAND.0, text.escape_debug(), all.join(", ")))
            .help("mend the value, or leave it out")
    })
}

fn utf8(name: &str, value: &Secret<Vec<u8>>) -> Result<String> {
    String::from_utf8(value.expose().clone()).map_err(|_| Error::new(Code::Usage, format!("`--{name}` is not UTF-8")))
}

/// Seconds, a minute at most.
fn milliseconds(seconds: &str) -> Result<u32> {
    let number: Option<u32> = seconds.parse().ok().filter(|number| (1..=60).contains(number));
    number.map(|number| number * 1000).ok_or_else(|| {
        Error::new(Code::Usage, format!("`--registry-timeout`: `{}` is no time, expected seconds from 1 to 60", seconds.escape_debug()))
            .help("a minute is what a registry in trouble is given at most; the default is 10")
    })
}
