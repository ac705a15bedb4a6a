//! Which git repository a clone is of, as far as the addresses of its remotes tell.
//!
//! A clone with one commit knows no more than that. The digest of the address is kept beside an image, without the login, so that whoever may
//! read the image learns no name of a server.

use crate::desk::Desk;
use crate::digest::{Algorithm, digest};
use crate::error::Result;
use crate::job::git;
use crate::options::Options;

/// The git repository that a build records: that of `origin`, else of the first remote.
pub(super) async fn recorded(desk: &Desk, options: &Options) -> Option<String> {
    let remotes = remotes(desk, options).await.ok()?;
    let origin = remotes.iter().find(|(name, _)| name == "origin").or(remotes.first());
    origin.map(|(_, repository)| repository.clone())
}

/// The remotes with an address on a network: names and digests.
pub(super) async fn remotes(desk: &Desk, options: &Options) -> Result<Vec<(String, String)>> {
    let args = ["config", "--null", "--get-regexp", "^remote\\..*\\.url$"];
    let listed = git::run(desk, options, &args, None, "which remotes are there?").await?;
    let remote = |line: &str| {
        let (key, url) = line.split_once('\n')?;
        let name = key.strip_prefix("remote.")?.strip_suffix(".url")?;
        Some((name.to_owned(), digest(Algorithm::Sha256, address(url)?.as_bytes()).to_string()))
    };
    Ok(String::from_utf8_lossy(&listed.stdout).split('\0').filter_map(remote).collect())
}

/// Host and path of a remote, the same for every protocol and login. `None` for a folder: another machine can have another one there.
///
/// rule: git, "git-clone", "GIT URLS"
fn address(url: &str) -> Option<String> {
    let (host, path) = match url.split_once("://") {
        Some((scheme, rest)) if !scheme.eq_ignore_ascii_case("file") => rest.split_once('/')?,
        Some(_) => return None,
        None => url.split_once(':').filter(|(host, _)| !host.contains(['/', '\\']) && host.len() > 1)?,
    };
    let host = host.rsplit('@').next().filter(|host| !host.is_empty())?;
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    Some(format!("{}/{path}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_and_login_are_no_part_of_an_address() {
        for url in [
            "https://github.com/acme/app",
            "https://github.com/acme/app.git/",
            "https://x-access-token:secret@GitHub.com/acme/app.git",
            "ssh://git@github.com/acme/app.git",
            "git@github.com:acme/app.git",
            "github.com:/acme/app",
        ] {
            assert_eq!(address(url).as_deref(), Some("github.com/acme/app"), "{url}");
        }
        for url in ["/srv/app.git", "../app", "file:///srv/app.git", "file://host/app", "C:\\app", "C:/app", "./a:b", ""] {
            assert_eq!(address(url), None, "{url}");
        }
        assert_eq!(address("https://github.com/acme/App").as_deref(), Some("github.com/acme/App"));
        assert_eq!(address("http://localhost:3000/a/b").as_deref(), Some("localhost:3000/a/b"));
    }
}
