//! Words to instructions.
//!
//! rule: buildkit `frontend/dockerfile/instructions/parse.go`.

use super::flags::{Flags, Kind};
use super::heredoc::{self, Heredoc};
use super::lines::{self, Node};
use super::words::lower;
use super::{Stage, check, invalid, mount};
use crate::error::Result;
use crate::expand::shorten;
use crate::map::{Map, Set};

/// An instruction with its lines, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The first line.
    pub line: u32,
    /// The last line; the text of heredocs belongs to it.
    pub end: u32,
    /// What it says.
    pub command: Command,
}

/// What an instruction says, nothing expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `ADD`. The largest of all by far, so it stands by itself.
    Add(Box<Copy>),
    /// `COPY`.
    Copy(Box<Copy>),
    /// `RUN`: the values of its `--mount` flags.
    Run(Vec<String>),
    /// `ENV`: names and values.
    Env(Vec<(String, String)>),
    /// `ARG`: names, and the default of each that has one.
    Arg(Vec<(String, Option<String>)>),
    /// `ONBUILD`: the instruction for the stage that is built on this one.
    Onbuild(String),
    /// `WORKDIR`.
    Workdir(String),
    /// `EXPOSE`.
    Expose(Vec<String>),
    /// `STOPSIGNAL`.
    StopSignal(String),
    /// `VOLUME`.
    Volume(Vec<String>),
    /// `LABEL`, `USER`: words that only have to be expandable.
    Words(Vec<String>),
    /// Any other: nothing in it is expanded when an image is built.
    Other,
}

/// `ADD` or `COPY`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copy {
    /// The sources, without heredocs.
    pub sources: Vec<String>,
    /// The texts of heredocs that are expanded.
    pub texts: Vec<String>,
    /// The destination.
    pub destination: String,
    /// `--from`: a stage, an image or a named context.
    pub from: Option<String>,
    /// `--chown`.
    pub chown: String,
    /// `--chmod`.
    pub chmod: String,
    /// `--checksum` of `ADD`.
    pub checksum: String,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--link`.
    pub link: bool,
    /// `--parents`.
    pub parents: bool,
    /// `--keep-git-dir`, where it is given.
    pub keep_git_dir: Option<bool>,
    /// `--unpack`, where it is given.
    pub unpack: Option<bool>,
}

/// What one instruction turns out to be.
pub(super) enum Parsed {
    Stage(Stage),
    Command(Command),
}

/// Reads an instruction that `ONBUILD` kept.
///
/// # Errors
/// [`Code::DockerfileInvalid`](crate::error::Code::DockerfileInvalid) for what is not exactly one instruction.
pub fn trigger(text: &str) -> Result<Command> {
    let mut nodes = Vec::new();
    lines::read(text.as_bytes(), &mut |node| {
        nodes.push(node);
        Ok(())
    })?;
    match (nodes.pop(), nodes.is_empty()) {
        (Some(node), true) => match parse(node)? {
            Parsed::Command(command) => Ok(command),
            Parsed::Stage(_) => Err(invalid("`FROM` cannot stand after `ONBUILD`")),
        },
        _ => Err(invalid("`ONBUILD` takes one instruction")),
    }
}

pub(super) fn parse(node: Node) -> Result<Parsed> {
    let name = lower(&node.words.name);
    let flags = |allowed: &[(&'static str, Kind)]| Flags::parse(&node.words.flags, allowed);
    let args = &node.words.args;
    let json = node.words.json;
    let command = match name.as_str() {
        "from" => return from(&node).map(Parsed::Stage),
        "add" => Command::Add(Box::new(copy(&node, true)?)),
        "copy" => Command::Copy(Box::new(copy(&node, false)?)),
        "run" => run(&node)?,
        "env" | "label" => {
            flags(&[])?;
            let pairs = pairs(args, &node.words.name)?;
            match name.as_str() {
                "env" => Command::Env(pairs),
                _ => Command::Words(pairs.into_iter().flat_map(|(name, value)| [name, value]).collect()),
            }
        }
        // Flags of ARG and STOPSIGNAL are read over.
        "arg" => Command::Arg(args_of(some(args, "ARG")?)?),
        "stopsignal" => Command::StopSignal(one(args, "STOPSIGNAL")?),
        "workdir" => {
            flags(&[])?;
            Command::Workdir(one(args, "WORKDIR")?)
        }
        "user" => {
            flags(&[])?;
            Command::Words(vec![one(args, "USER")?])
        }
        "maintainer" => {
            one(args, "MAINTAINER")?;
            flags(&[])?;
            Command::Other
        }
        "expose" => {
            flags(&[])?;
            Command::Expose(some(args, "EXPOSE")?.to_vec())
        }
        "volume" => {
            flags(&[])?;
            let volumes: Vec<String> = some(args, "VOLUME")?.iter().map(|it| it.trim().to_owned()).collect();
            if volumes.iter().any(String::is_empty) {
                return Err(invalid("a volume has an empty name"));
            }
            Command::Volume(volumes)
        }
        "cmd" | "entrypoint" => {
            flags(&[])?;
            Command::Other
        }
        "shell" => {
            flags(&[])?;
            if !json {
                return Err(invalid("SHELL needs a JSON array, such as [\"/bin/sh\", \"-c\"]"));
            }
            some(args, "SHELL")?;
            Command::Other
        }
        "healthcheck" => {
            healthcheck(&node)?;
            Command::Other
        }
        "onbuild" => onbuild(&node)?,
        _ => return Err(invalid(format!("unknown instruction `{}`", shorten(&node.words.name)))),
    };
    Ok(Parsed::Command(command))
}

fn from(node: &Node) -> Result<Stage> {
    let args = &node.words.args;
    let (base, name) = match args.as_slice() {
        [base] => (base, None),
        [base, word, name] if word.eq_ignore_ascii_case("as") => {
            let name = lower(name);
            let follows =
                |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '_' | '.');
            if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(follows) {
                return Err(invalid(format!(
                    "`{}` is not a name of a stage: letters, digits, `-`, `_` and `.`, a letter first",
                    shorten(&name)
                )));
            }
            (base, Some(name))
        }
        _ => return Err(invalid("FROM takes an image, or `image AS name`")),
    };
    let flags = Flags::parse(&node.words.flags, &[("platform", Kind::One)])?;
    let platform = flags.get("platform").filter(|it| !it.is_empty()).map(str::to_owned);
    Ok(Stage { name, base: base.clone(), platform, line: node.line, instructions: Vec::new() })
}

fn copy(node: &Node, is_add: bool) -> Result<Copy> {
    let instruction = if is_add { "ADD" } else { "COPY" };
    let (destination, sources) = match node.words.args.split_last() {
        Some((destination, sources)) if !sources.is_empty() => (destination, sources),
        _ => return Err(invalid(format!("{instruction} needs a source and a destination"))),
    };
    let mut allowed = vec![("chown", Kind::One), ("chmod", Kind::One), ("link", Kind::Bool), ("exclude", Kind::Many)];
    match is_add {
        true => allowed.extend([("keep-git-dir", Kind::Bool), ("checksum", Kind::One), ("unpack", Kind::Bool)]),
        false => allowed.extend([("from", Kind::One), ("parents", Kind::Bool)]),
    }
    let flags = Flags::parse(&node.words.flags, &allowed)?;
    // A word that cannot be read as the name of a heredoc is a path.
    let heredoc_of = |word: &str| heredoc::parse(word).ok().flatten();
    if heredoc_of(destination).is_some() {
        return Err(invalid(format!("a heredoc is the destination of {instruction}, where only sources can be one")));
    }
    let mut copy = Copy {
        destination: destination.clone(),
        from: flags.get("from").filter(|it| !it.is_empty()).map(str::to_owned),
        chown: flags.text("chown"),
        chmod: flags.text("chmod"),
        checksum: flags.text("checksum"),
        exclude: flags.all("exclude"),
        link: flags.is_true("link"),
        parents: flags.is_true("parents"),
        keep_git_dir: flags.get("keep-git-dir").map(|it| it == "true"),
        unpack: flags.get("unpack").map(|it| it == "true"),
        ..Copy::default()
    };
    // Of two with the same name the later one counts, for both.
    let texts: Map<&str, &str> = node.heredocs.iter().map(|it| (it.name.as_str(), it.content.as_str())).collect();
    let mut seen = Set::new();
    for source in sources {
        match heredoc_of(source) {
            None => copy.sources.push(source.clone()),
            Some(named) if named.expand && seen.add((named.name.clone(), named.chomp)) => {
                copy.texts.push(content_of(texts.get(named.name.as_str()).copied().unwrap_or_default(), &named));
            }
            Some(_) => {}
        }
    }
    Ok(copy)
}

fn content_of(content: &str, named: &Heredoc) -> String {
    match named.chomp {
        true => content.split('\n').map(|line| line.trim_start_matches('\t')).collect::<Vec<_>>().join("\n"),
        false => content.to_owned(),
    }
}

fn run(node: &Node) -> Result<Command> {
    let allowed = [("mount", Kind::Many), ("device", Kind::Many), ("security", Kind::One), ("network", Kind::One)];
    let flags = Flags::parse(&node.words.flags, &allowed)?;
    let mounts = flags.all("mount");
    for text in &mounts {
        mount::check(text)?;
    }
    for text in flags.all("device") {
        mount::check_device(&text)?;
    }
    if let Some(mode) = flags.get("security").filter(|mode| !matches!(*mode, "sandbox" | "insecure")) {
        return Err(invalid(format!("`--security={mode}` is neither sandbox nor insecure")));
    }
    if let Some(mode) = flags.get("network").filter(|mode| !matches!(*mode, "default" | "none" | "host")) {
        return Err(invalid(format!("`--network={mode}` is none of default, none and host")));
    }
    Ok(Command::Run(mounts))
}

fn healthcheck(node: &Node) -> Result<()> {
    let (kind, command) = node.words.args.split_first().ok_or_else(|| invalid("HEALTHCHECK needs an argument"))?;
    if kind.eq_ignore_ascii_case("NONE") {
        // Its flags are read over.
        return if command.is_empty() { Ok(()) } else { Err(invalid("HEALTHCHECK NONE takes no argument")) };
    }
    const TIMES: [&str; 4] = ["interval", "timeout", "start-period", "start-interval"];
    let mut allowed = vec![("retries", Kind::One)];
    allowed.extend(TIMES.map(|name| (name, Kind::One)));
    let flags = Flags::parse(&node.words.flags, &allowed)?;
    if !kind.eq_ignore_ascii_case("CMD") {
        return Err(invalid(format!("HEALTHCHECK takes CMD or NONE, and not `{kind}`")));
    }
    if command.is_empty() {
        return Err(invalid("HEALTHCHECK CMD needs a command"));
    }
    for name in TIMES {
        match flags.get(name) {
            Some(value) if !value.is_empty() => check::interval(value)?,
            _ => {}
        }
    }
    match flags.get("retries") {
        Some(value) if !value.is_empty() && !value.parse::<i32>().is_ok_and(|count| count >= 0) => {
            Err(invalid(format!("`--retries={value}` is not a number of tries")))
        }
        _ => Ok(()),
    }
}

fn onbuild(node: &Node) -> Result<Command> {
    let inner = some(&node.words.args, "ONBUILD")?.first().map(|name| name.trim().to_ascii_uppercase()).unwrap_or_default();
    Flags::parse(&node.words.flags, &[])?;
    if matches!(inner.as_str(), "ONBUILD" | "MAINTAINER" | "FROM") {
        return Err(invalid(format!("`ONBUILD {inner}` is not allowed")));
    }
    let original = node.original.trim_start();
    let mut text = original.get("ONBUILD".len()..).unwrap_or_default().trim_start().to_owned();
    for heredoc in &node.heredocs {
        text.push('\n');
        text.push_str(&heredoc.content);
        text.push_str(&heredoc.name);
    }
    Ok(Command::Onbuild(text))
}

fn pairs(args: &[String], instruction: &str) -> Result<Vec<(String, String)>> {
    let pairs: Vec<_> = some(args, instruction)?.chunks(2).filter_map(|pair| Some((pair.first()?.clone(), pair.get(1)?.clone()))).collect();
    match pairs.iter().any(|(name, _)| name.is_empty()) {
        true => Err(invalid(format!("{instruction} has an empty name"))),
        false => Ok(pairs),
    }
}

fn args_of(args: &[String]) -> Result<Vec<(String, Option<String>)>> {
    let mut found = Vec::new();
    for arg in args {
        match arg.split_once('=') {
            Some(("", _)) => return Err(invalid("ARG has an empty name")),
            Some((name, value)) => found.push((name.to_owned(), Some(value.to_owned()))),
            None => found.push((arg.clone(), None)),
        }
    }
    Ok(found)
}

fn some<'a>(args: &'a [String], instruction: &str) -> Result<&'a [String]> {
    if args.is_empty() { Err(invalid(format!("{instruction} needs an argument"))) } else { Ok(args) }
}

fn one(args: &[String], instruction: &str) -> Result<String> {
    match args {
        [one] => Ok(one.clone()),
        _ => Err(invalid(format!("{instruction} takes one argument"))),
    }
}
