//! The commits that count: of branches and of git's tags.

use std::rc::Rc;

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::job::git;
use crate::job::revision::Reader;
use crate::map::Map;
use crate::need::Exited;
use crate::options::Options;

/// Commits that branches and tags end with, sorted.
pub(super) struct Heads {
    pub(super) branches: Vec<String>,
    pub(super) tags: Vec<String>,
}

impl Heads {
    /// Finds the heads. Those of the remotes have to be here: what they need could not be known otherwise.
    pub(super) async fn find(desk: &Desk, options: &Options, head: &str) -> Result<Heads> {
        let mut heads = Heads { branches: vec![head.to_owned()], tags: Vec::new() };
        if options.keep_branches {
            let args = ["for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes"];
            heads.branches.extend(lines(desk, options, &args, "list the branches").await?);
        }
        if options.keep_tags {
            let names = lines(desk, options, &["for-each-ref", "--format=%(refname)", "refs/tags"], "list the tags").await?;
            heads.tags.extend(commits(desk, options, &names).await?);
        }
        if options.keep_branches || options.keep_tags {
            heads.add_remote(desk, options).await?;
        }
        for list in [&mut heads.branches, &mut heads.tags] {
            list.sort_unstable();
            list.dedup();
        }
        Ok(heads)
    }

    async fn add_remote(&mut self, desk: &Desk, options: &Options) -> Result<()> {
        let kinds = [("--heads", options.keep_branches), ("--tags", options.keep_tags)];
        let kinds = kinds.iter().filter(|(_, is_wanted)| *is_wanted).map(|(kind, _)| *kind);
        for remote in &lines(desk, options, &["remote"], "list the remotes").await? {
            // The option keeps git from running `remote.*.uploadpack` of the configuration.
            let args: Vec<&str> =
                ["ls-remote"].into_iter().chain(kinds.clone()).chain(["--upload-pack=git-upload-pack", "--", remote]).collect();
            let listed = git::run_with_remote(desk, options, &args, "which branches and tags does the remote have now?").await?;
            let listed = printed(listed, &format!("list the branches and tags of `{remote}`"))
                .map_err(|error| error.help("`prune` deletes nothing until it knows all of them; may this machine read the remote?"))?;
            let listed: Vec<(&str, &str)> = listed.iter().filter_map(|line| line.split_once('\t')).collect();
            let ids: Vec<Rc<str>> = listed.iter().map(|(id, _)| (*id).into()).collect();
            for ((id, name), found) in listed.iter().zip(git::check(desk, options, &ids).await?) {
                let is_tag = name.starts_with("refs/tags/");
                match found {
                    None => return Err(not_fetched(remote, name, is_tag)),
                    Some(_) if is_tag => self.tags.extend(commits(desk, options, &[(*id).to_owned()]).await?),
                    Some(_) => self.branches.push((*id).to_owned()),
                }
            }
        }
        Ok(())
    }

    /// The last commits of each branch and the commits of the tags, with their trees, sorted.
    pub(super) async fn recent(&self, desk: &Desk, options: &Options, reader: &Reader) -> Result<Vec<(String, String)>> {
        let heads = self.branches.iter().map(|head| (head, options.keep_commits)).chain(self.tags.iter().map(|tag| (tag, 1)));
        let mut commits: Map<String, String> = Map::new();
        for (head, most) in heads {
            let count = format!("--max-count={most}");
            let args = ["log", "--no-show-signature", "--first-parent", "--format=%H %T %P", &count, head, "--"];
            let said = lines(desk, options, &args, "list the commits").await?;
            // Where the history was cut, the last commit that is here still has parents.
            if reader.repository.is_shallow && said.len() < most {
                return Err(Error::new(Code::RevisionUnknown, format!("its history is cut, expected {most} commits"))
                    .at(head)
                    .help("this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout"));
            }
            for line in &said {
                let mut words = line.split(' ');
                if let (Some(commit), Some(tree)) = (words.next(), words.next()) {
                    commits.insert(commit.to_owned(), tree.to_owned());
                }
            }
        }
        Ok(commits.into_iter().collect())
    }
}

/// The commits that some revisions name; a tag can name something else.
async fn commits(desk: &Desk, options: &Options, names: &[String]) -> Result<Vec<String>> {
    let names: Vec<Rc<str>> = names.iter().map(|name| format!("{name}^{{commit}}").into()).collect();
    Ok(git::check(desk, options, &names).await?.into_iter().flatten().map(|(id, _)| id).collect())
}

fn not_fetched(remote: &str, name: &str, is_tag: bool) -> Error {
    let (what, all, fetch) = match is_tag {
        true => ("tag", "tags", format!("git fetch --tags {remote}")),
        false => ("branch", "branches", format!("git fetch {remote} '+refs/heads/*:refs/remotes/{remote}/*'")),
    };
    Error::new(Code::RevisionUnknown, format!("this {what} was not fetched, so what it needs is not known"))
        .at(name)
        .help(format!("`{fetch}` brings all {all}; `fetch-depth: 0` for actions/checkout does"))
}

async fn lines(desk: &Desk, options: &Options, args: &[&str], what: &str) -> Result<Vec<String>> {
    printed(git::run(desk, options, args, None, what).await?, what)
}

/// Returns the lines that git printed; `what` is what git was asked to do.
fn printed(exited: Exited, what: &str) -> Result<Vec<String>> {
    match exited.ok() {
        true => Ok(String::from_utf8_lossy(&exited.stdout).lines().map(str::to_owned).collect()),
        false => Err(Error::new(Code::NoRepository, format!("git cannot {what}: {}", exited.last_lines()))),
    }
}
