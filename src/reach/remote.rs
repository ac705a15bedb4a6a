//! Sources that are fetched: addresses of files and of git repositories.
//!
//! rule: buildkit `frontend/dockerfile/dfgitutil/git_ref.go`, `util/gitutil/git_url.go`, `util/sshutil/scpurl.go`.

use super::{Remote, invalid};
use crate::error::Result;

/// What a source is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A path in the context.
    Path,
    /// A file at an address.
    File,
    /// A git repository, with what its address says of it.
    Git(Git),
}

/// What the address of a repository says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Git {
    pub(super) checksum: Option<String>,
    pub(super) keep_git_dir: Option<bool>,
    /// The branch, tag or commit.
    reference: String,
}

impl Git {
    /// Whether it is one commit, whatever happens to the repository.
    pub(super) fn is_pinned(&self) -> bool {
        let commit = |text: &str| matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.checksum.is_some() || commit(&self.reference)
    }
}

/// An address without the user and the password that can stand in it: they are secrets, and what is fetched does not depend on them.
///
/// ```
/// use docktag::reach::remote::without_login;
///
/// assert_eq!(without_login("https://u:p@example.com/a/b.git#main"), "https://example.com/a/b.git#main");
/// assert_eq!(without_login("git@example.com:a/b"), "git@example.com:a/b");
/// ```
pub fn without_login(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    format!("{scheme}://{}{path}", host.rsplit('@').next().unwrap_or(host))
}

/// Tells paths from addresses.
///
/// # Errors
/// For a repository with a wrong query (`?ref=...`).
pub(super) fn address(source: &str) -> Result<Address> {
    if source.starts_with("./") || source.starts_with("../") {
        return Ok(Address::Path);
    }
    let is_http = source.starts_with("http://") || source.starts_with("https://");
    let otherwise = if is_http { Address::File } else { Address::Path };
    let (rest, fragment) = source.split_once('#').unwrap_or((source, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if rest.starts_with("github.com/") {
        // A path, as far as anyone can tell; but a wrong query is refused.
        git(query, fragment)?;
        return Ok(Address::Path);
    }
    let is_git = match rest.split_once("://") {
        Some((scheme, rest)) if !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" => rest.split_once('/').is_some_and(|(_, path)| path.ends_with(".git")),
                "ssh" | "git" => true,
                _ => false,
            }
        }
        _ => is_scp(rest),
    };
    if is_git { git(query, fragment).map(Address::Git) } else { Ok(otherwise) }
}

/// `user@host:path`.
fn is_scp(text: &str) -> bool {
    let Some((user, rest)) = text.split_once('@') else { return false };
    let Some((host, _)) = rest.split_once(':') else { return false };
    let word =
        |text: &str, more: u8| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == more);
    word(user, b'_') && word(host, b'.')
}

fn git(query: &str, fragment: &str) -> Result<Git> {
    let mut git = Git { reference: fragment.split(':').next().unwrap_or_default().to_owned(), ..Git::default() };
    let mut directory = fragment.split_once(':').map_or(String::new(), |(_, directory)| super::clean(directory));
    let (mut tag, mut branch) = (String::new(), String::new());
    let mut seen: Vec<&str> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let wrong = || Err(invalid(format!("`{pair}` is wrong in the query of a repository's address")));
        if seen.contains(&key) {
            return wrong();
        }
        seen.push(key);
        let is_switch = matches!(key, "submodules" | "keep-git-dir" | "fetch-by-commit");
        if value.is_empty() && !is_switch {
            return wrong();
        }
        match key {
            "ref" if !git.reference.is_empty() && git.reference != value => return wrong(),
            "ref" => value.clone_into(&mut git.reference),
            "tag" => value.clone_into(&mut tag),
            "branch" => value.clone_into(&mut branch),
            "subdir" if !directory.is_empty() && directory != value => return wrong(),
            "subdir" => value.clone_into(&mut directory),
            "checksum" | "commit" => git.checksum = Some(value.to_owned()),
            "mtime" if matches!(value, "checkout" | "commit") => {}
            _ if is_switch => {
                let on = match value {
                    "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
                    "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
                    _ => return wrong(),
                };
                if key == "keep-git-dir" {
                    git.keep_git_dir = Some(on);
                }
            }
            _ => return wrong(),
        }
    }
    let conflict = || Err(invalid("a repository's address names two different branches, tags or commits"));
    if !branch.is_empty() && !tag.is_empty() {
        return conflict();
    }
    for (name, prefix) in [(tag, "refs/tags/"), (branch, "refs/heads/")] {
        if name.is_empty() {
            continue;
        }
        let name = if name.starts_with(prefix) { name } else { format!("{prefix}{name}") };
        if !git.reference.is_empty() && git.reference != name {
            return conflict();
        }
        git.reference = name;
    }
    Ok(git)
}

/// A context that is fetched.
pub(super) fn of_context(address_text: &str) -> Remote {
    let (git, pinned) = match address(address_text) {
        Ok(Address::Git(git)) => (true, git.is_pinned()),
        _ => (false, false),
    };
    Remote { address: address_text.to_owned(), git, pinned, line: 0 }
}
