//! Asking git: which repository this is, which commits there are, what stands in their trees.
//!
//! A project can hold files that git would take for its own configuration, and such a configuration can start programs. So git is started by
//! this module only, and its configuration is fixed where it could start one. `docs/adr/0022-git.md` lists all commands and keys.

use std::rc::Rc;

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::need::{Command, Exited, FailureKind};
use crate::options::Options;
use crate::path::RelPath;
use crate::shell::Env;

/// The repository that the project folder is in.
#[derive(Debug, Clone, Default)]
pub(super) struct Repository {
    /// The way from its top folder to the host's: empty, or ending in `/`.
    pub(super) prefix: String,
    /// Whether the history was cut when it was cloned.
    pub(super) is_shallow: bool,
}

/// What a name in a tree stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Executable,
    Link,
    /// A commit of another repository.
    Submodule,
}

/// A name in the tree of a commit. The path is from the top folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) path: Rc<[u8]>,
    pub(super) kind: Kind,
    pub(super) object: Rc<str>,
}

/// Configuration that beats the repository's own, for every git: also for those that Buildx and Compose start.
const CONFIG: [(&str, &str); 5] = [
    ("safe.bareRepository", "explicit"),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("log.showSignature", "false"),
    ("protocol.ext.allow", "never"),
];
/// The message if there is no git program.
const MISSING: &str = "not found, and old states are read from git";
/// How many settings the environment had before ours.
const COUNT: &str = "GIT_CONFIG_COUNT";

/// Variables that give [`CONFIG`] to git, behind the settings that `env` has already (git, "git-config", `GIT_CONFIG_COUNT`).
pub(super) fn config(env: &Env) -> Env {
    let pairs = CONFIG.map(|(key, value)| (key.to_owned(), value.to_owned()));
    variables(given(env), &pairs)
}

fn given(env: &Env) -> usize {
    env.get(COUNT).and_then(|count| count.parse().ok()).unwrap_or_default()
}

fn variables(first: usize, pairs: &[(String, String)]) -> Env {
    let mut env = Env::default();
    env.insert(COUNT.to_owned(), (first + pairs.len()).to_string());
    for (index, (key, value)) in pairs.iter().enumerate() {
        env.insert(format!("GIT_CONFIG_KEY_{}", first + index), key.clone());
        env.insert(format!("GIT_CONFIG_VALUE_{}", first + index), value.clone());
    }
    env
}

/// A command of git in the project folder. It fetches nothing, writes no index, and asks nobody.
pub(super) fn command(args: &[&str], stdin: Option<String>, because: &str) -> Command {
    let argv = std::iter::once("git").chain(args.iter().copied()).map(str::to_owned).collect();
    let env = [
        ("GIT_ALLOW_PROTOCOL", "none"),
        ("GIT_LITERAL_PATHSPECS", "1"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_PAGER", "cat"),
        ("GIT_TERMINAL_PROMPT", "0"),
        // Messages are compared, and git translates them.
        ("LC_ALL", "C"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Command { argv, env, stdin, capture: true, because: because.to_owned(), ..Command::default() }
}

/// Runs git, whatever its exit code.
///
/// # Errors
/// [`Code::NoRepository`] if there is no git, and if git would take a folder of the project for a bare repository.
pub(super) async fn run(desk: &Desk, options: &Options, args: &[&str], stdin: Option<String>, because: &str) -> Result<Exited> {
    start(desk, options, command(args, stdin, because)).await
}

/// Runs a git that asks a remote, over the protocols that start no program of the remote's choice.
pub(super) async fn run_with_remote(desk: &Desk, options: &Options, args: &[&str], because: &str) -> Result<Exited> {
    let mut command = command(args, None, because);
    command.env.insert("GIT_ALLOW_PROTOCOL".to_owned(), "file:git:http:https:ssh".to_owned());
    start(desk, options, command).await
}

/// Runs a git that reads files of the working tree.
///
/// `.gitattributes` of the project choose the filters, and the configuration says which programs they are. Git has no option that switches
/// all of them off, so each one gets an empty program.
pub(super) async fn run_on_files(desk: &Desk, options: &Options, folder: &str, args: &[&str], because: &str) -> Result<Exited> {
    let keys = filters(desk, options, folder).await?;
    let off = |key: &str| (key.to_owned(), if key.ends_with(".required") { "false" } else { "" }.to_owned());
    let filters: Vec<(String, String)> = keys.iter().map(|key| off(key)).collect();
    let mut command = command(&[&inside(folder)[..], args].concat(), None, because);
    for (name, value) in &variables(given(&options.host.env) + CONFIG.len(), &filters) {
        command.env.insert(name.to_owned(), value.to_owned());
    }
    start(desk, options, command).await
}

/// The keys of the configuration that say which programs filter files.
pub(super) async fn filters(desk: &Desk, options: &Options, folder: &str) -> Result<Vec<String>> {
    let args = [&inside(folder)[..], &["config", "--null", "--name-only", "--get-regexp", "^filter\\."]].concat();
    let configured = run(desk, options, &args, None, "which filters are there?").await?;
    let keys = String::from_utf8_lossy(&configured.stdout).into_owned();
    Ok(keys.split('\0').filter(|key| !key.is_empty()).map(str::to_owned).collect())
}

/// The reference that a symbolic reference names, such as `main` for `HEAD`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Symbolic {
    Name(String),
    /// The reference is not symbolic, or does not exist.
    Other,
    /// There is no git program, or no repository.
    NoRepository,
}

/// Reads a symbolic reference.
///
/// # Errors
/// [`Code::NoRepository`] if there can be a repository that git does not read, such as one that belongs to another user.
pub(super) async fn symbolic(desk: &Desk, options: &Options, name: &str) -> Result<Symbolic> {
    let exited = match run(desk, options, &["symbolic-ref", "--quiet", "--short", name], None, "which branch is it?").await {
        Err(error) if error.message == MISSING => return Ok(Symbolic::NoRepository),
        exited => exited?,
    };
    match exited.code {
        Some(0) => Ok(Symbolic::Name(String::from_utf8_lossy(&exited.stdout).trim().to_owned())),
        // git, "git-symbolic-ref": with `--quiet` it is 1 if the name is no symbolic reference, and 128 if something is wrong.
        Some(1) => Ok(Symbolic::Other),
        // rule: git `setup.c`, `setup_git_directory_gently`; a `.git` file that names a folder which is gone has another message
        _ if String::from_utf8_lossy(&exited.stderr).lines().any(|line| line.starts_with("fatal: not a git repository (or any ")) => {
            Ok(Symbolic::NoRepository)
        }
        _ => Err(Error::new(Code::NoRepository, exited.last_lines()).at("git")),
    }
}

async fn start(desk: &Desk, options: &Options, command: Command) -> Result<Exited> {
    refuse_bare(desk, options).await?;
    desk.run(command).await.map_err(|failure| match failure.kind {
        FailureKind::NotFound => {
            Error::new(Code::NoRepository, MISSING).at("git").help("install git, or compare with a manifest that was kept in a file")
        }
        _ => Error::new(Code::NoRepository, failure.message).at("git"),
    })
}

/// Refuses a folder that git would take for a bare repository, and so would take its configuration from. Git 2.38 and newer refuse it
/// themselves, older ones do not.
///
/// rule: git `setup.c`, `setup_git_directory_gently_1` and `is_git_directory`: from the folder upwards, first `.git`, then the folder itself. A
/// `.git` folder without `HEAD` is skipped.
async fn refuse_bare(desk: &Desk, options: &Options) -> Result<()> {
    const NAMES: [&str; 7] = [".git", ".git/.", ".git/HEAD", "HEAD", "commondir", "objects", "refs"];
    let folders: Vec<String> = (0..=options.host.depth).map(|level| "../".repeat(level)).collect();
    let paths = folders.iter().flat_map(|folder| NAMES.map(|name| format!("{folder}{name}"))).collect();
    let exist = desk.exist(paths).await.map_err(|failure| failure.of_file("."))?;
    for (folder, found) in folders.iter().zip(exist.chunks(NAMES.len())) {
        let [has_git, is_folder, has_git_head, has_head, has_common_folder, has_objects, has_refs] = *found else { continue };
        if has_git && (!is_folder || has_git_head || has_name(desk, &format!("{folder}.git"), b"HEAD").await) {
            return Ok(());
        }
        let has_rest = has_common_folder || (has_objects && has_refs);
        if has_rest && (has_head || has_name(desk, folder, b"HEAD").await) {
            let place = if folder.is_empty() { "." } else { folder.trim_end_matches('/') };
            return Err(Error::new(Code::NoRepository, "looks like a bare git repository, expected a working tree")
                .at(place)
                .help("git would take its configuration from the project's files, which could start programs: remove `HEAD`, `objects` and `refs` from that folder"));
        }
    }
    Ok(())
}

/// Whether a folder has an entry of this name, such as a link to nowhere: for git, a branch without a commit is a `HEAD` too.
async fn has_name(desk: &Desk, folder: &str, name: &[u8]) -> bool {
    let folder = RelPath::new(if folder.is_empty() { "." } else { folder.trim_end_matches('/') }.as_bytes());
    let entries = desk.entries(vec![folder]).await;
    entries.is_ok_and(|found| found.iter().flatten().any(|entry| *entry.name == *name))
}

/// Finds the repository.
pub(super) async fn open(desk: &Desk, options: &Options) -> Result<Repository> {
    let args = ["rev-parse", "--is-shallow-repository", "--show-prefix"];
    let exited = run(desk, options, &args, None, "which repository is it?").await?;
    if !exited.ok() {
        let said = exited.last_lines();
        let help = match said.contains("dubious ownership") {
            true => "it belongs to another user, as in a container: `git config --global --add safe.directory '*'`",
            false => "old states are read from git: run it in a clone of the project, with git's own folder in it",
        };
        return Err(Error::new(Code::NoRepository, format!("git knows no repository here: {said}")).help(help));
    }
    let said = String::from_utf8_lossy(&exited.stdout);
    let mut lines = said.lines();
    let is_shallow = lines.next() == Some("true");
    Ok(Repository { is_shallow, prefix: lines.next().unwrap_or_default().to_owned() })
}

/// The commit that a revision names.
pub(super) async fn commit(desk: &Desk, options: &Options, repository: &Repository, revision: &str) -> Result<String> {
    let name = format!("{revision}^{{commit}}");
    let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &name];
    let exited = run(desk, options, &args, None, "which commit is it?").await?;
    match exited.ok() {
        true => Ok(String::from_utf8_lossy(&exited.stdout).trim().to_owned()),
        false => Err(unknown(repository, revision)),
    }
}

/// The ids and types of what some revisions name, in their order; `None` if it is not here.
pub(super) async fn check(desk: &Desk, options: &Options, revisions: &[Rc<str>]) -> Result<Vec<Option<(String, String)>>> {
    if revisions.is_empty() {
        return Ok(Vec::new());
    }
    let exited = run(desk, options, &["cat-file", "--batch-check"], Some(lines(revisions)), "which of these are here?").await?;
    let read = |line: &str| {
        let mut words = line.split(' ');
        let (id, kind) = (words.next()?, words.next()?);
        // `ID TYPE SIZE`, or `REVISION missing` (git, "git-cat-file", "BATCH OUTPUT")
        words.next().map(|_| (id.to_owned(), kind.to_owned()))
    };
    let found: Vec<_> = String::from_utf8_lossy(&exited.stdout).lines().map(read).collect();
    match found.len() == revisions.len() {
        true => Ok(found),
        false => Err(Error::new(Code::NoRepository, format!("git does not say what is here: {}", exited.last_lines())).at("git")),
    }
}

/// The tree of a commit, sorted by path.
pub(super) async fn tree(desk: &Desk, options: &Options, commit: &str) -> Result<Vec<Item>> {
    tree_in(desk, options, "", commit).await
}

/// The tree of a commit of the repository in a folder of the host, sorted by path; a folder that is empty is the host's own.
pub(super) async fn tree_in(desk: &Desk, options: &Options, folder: &str, commit: &str) -> Result<Vec<Item>> {
    let args = [&inside(folder)[..], &["ls-tree", "-r", "-z", "--full-tree", commit]].concat();
    let exited = run(desk, options, &args, None, "what is in the commit?").await?;
    if !exited.ok() {
        return Err(Error::new(Code::NoRepository, format!("its tree cannot be read: {}", exited.last_lines())).at(commit));
    }
    let mut items = Vec::new();
    for line in exited.stdout.split(|&byte| byte == 0).filter(|line| !line.is_empty()) {
        let item = item(line).ok_or_else(|| Error::new(Code::Internal, "git printed a line that is none of a tree").at(commit))?;
        items.push(item);
    }
    items.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(items)
}

/// Everything below a folder of a tree; `None` where there is no such folder.
pub(super) fn below<'a>(tree: &'a [Item], folder: &[u8]) -> Option<&'a [Item]> {
    if folder.is_empty() {
        return Some(tree);
    }
    let inside = [folder, b"/"].concat();
    let rest = tree.get(tree.partition_point(|item| *item.path < *inside)..)?;
    let below = &rest[..rest.partition_point(|item| item.path.starts_with(&inside))];
    (!below.is_empty()).then_some(below)
}

/// Arguments that make git work in another folder.
pub(super) fn inside(folder: &str) -> Vec<&str> {
    if folder.is_empty() { Vec::new() } else { vec!["-C", folder] }
}

/// Whether a folder of the host is the top of a checkout, so that git looks for no repository above it.
pub(super) async fn is_checkout(desk: &Desk, folder: &str) -> bool {
    let paths = [".git", ".git/.", ".git/HEAD"].map(|name| format!("{folder}/{name}")).to_vec();
    matches!(desk.exist(paths).await.as_deref(), Ok([true, false, _] | [true, _, true]))
}

/// The contents of objects of the repository in a folder, in their order.
pub(super) async fn contents(desk: &Desk, options: &Options, folder: &str, objects: &[Rc<str>]) -> Result<Vec<Rc<[u8]>>> {
    let mut contents = Vec::new();
    // As many as certainly fit into memory with a little file each.
    for part in objects.chunks(512) {
        let args = [&inside(folder)[..], &["cat-file", "--batch"]].concat();
        let exited = run(desk, options, &args, Some(lines(part)), "read small files of the commit").await?;
        let mut rest = exited.stdout.as_slice();
        for object in part {
            let (content, after) = printed(rest).ok_or_else(|| unreadable(object, &exited))?;
            contents.push(content.into());
            rest = after;
        }
    }
    Ok(contents)
}

/// One object a line, as `git cat-file --batch` takes them.
pub(super) fn lines(objects: &[Rc<str>]) -> String {
    let mut lines = String::new();
    for object in objects {
        lines.push_str(object);
        lines.push('\n');
    }
    lines
}

/// A revision that names no commit here; in a clone that was cut, it may be behind the cut.
pub(super) fn unknown(repository: &Repository, revision: &str) -> Error {
    let error = Error::new(Code::RevisionUnknown, "no such commit here").at(revision);
    match repository.is_shallow {
        true => error.help("this clone is shallow: fetch its history with `git fetch --unshallow`, or with `fetch-depth: 0` for actions/checkout; a branch that was not fetched, with `git fetch origin BRANCH`"),
        false => error.help("expected a commit, branch or tag that `git rev-parse` knows; is it fetched?"),
    }
}

fn unreadable(object: &str, exited: &Exited) -> Error {
    Error::new(Code::NoRepository, format!("git cannot read this object: {}", exited.last_lines()))
        .at(object)
        .help("docktag fetches nothing: is this a partial clone? `git fetch --refetch --filter=blob:limit=1g` brings all objects; otherwise try `git fsck`")
}

/// `OBJECT blob SIZE\nCONTENT\n`, and what comes behind it (git, "git-cat-file", "BATCH OUTPUT").
fn printed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|&byte| byte == b'\n')?;
    let size = text[..end].rsplit(|&byte| byte == b' ').next()?;
    let size: usize = std::str::from_utf8(size).ok()?.parse().ok()?;
    let rest = text.get(end + 1..)?;
    Some((rest.get(..size)?, rest.get(size.checked_add(1)?..)?))
}

/// `100644 blob OBJECT\tPATH` (git, "git-ls-tree", "OUTPUT FORMAT").
fn item(line: &[u8]) -> Option<Item> {
    let tab = line.iter().position(|&byte| byte == b'\t')?;
    let mut words = line[..tab].split(|&byte| byte == b' ');
    let (mode, _, object) = (words.next()?, words.next()?, words.next()?);
    Some(Item { path: line.get(tab + 1..)?.into(), kind: kind(mode)?, object: std::str::from_utf8(object).ok()?.into() })
}

/// What a mode of git stands for (git, "git-fast-import", "filemodify").
pub(super) fn kind(mode: &[u8]) -> Option<Kind> {
    Some(match mode {
        b"100755" => Kind::Executable,
        b"120000" => Kind::Link,
        b"160000" => Kind::Submodule,
        mode if mode.starts_with(b"100") => Kind::File,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_tree_is_read() {
        let read = item(b"100755 blob 0123\tdocker/a b\xff").unwrap();
        assert_eq!((&*read.path, read.kind, &*read.object), (&b"docker/a b\xff"[..], Kind::Executable, "0123"));
        assert_eq!(item(b"160000 commit 0123\tvendor").unwrap().kind, Kind::Submodule);
        for line in [&b""[..], b"100644 blob 0123", b"040000 tree 0123\ta", b"100644\ta"] {
            assert!(item(line).is_none(), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn printed_objects_are_taken_one_by_one() {
        let (first, rest) = printed(b"0123 blob 3\na\nb\n4567 blob 0\n\n").unwrap();
        assert_eq!((first, printed(rest)), (&b"a\nb"[..], Some((&b""[..], &b""[..]))));
        for text in [&b""[..], b"0123 missing\n", b"0123 blob 9\nabc\n", b"0123 blob 3\nabc"] {
            assert!(printed(text).is_none(), "{}", text.escape_ascii());
        }
    }
}
