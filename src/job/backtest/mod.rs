//! `backtest`: what docktag would have saved in the last commits, found from git's objects alone.

mod count;
mod plot;
mod show;

use std::rc::Rc;

use crate::desk::Desk;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::error::{Code, Error, Result};
use crate::job::earlier;
use crate::job::git::{self, Item};
use crate::job::history::{self, Change, Commit};
use crate::job::revision::{Reader, Seen, Tree};
use crate::job::services;
use crate::job::states::{self, State};
use crate::need::Writing;
use crate::options::Options;
use crate::report::{Document, Note, Report};
use crate::secret::Secret;

/// What was found of one commit.
pub(super) struct Tested {
    pub(super) commit: Commit,
    /// Its images; an error where they cannot be known, such as before there was a Compose file.
    pub(super) images: std::result::Result<Rc<[Image]>, Error>,
}

/// An image of a commit.
pub(super) struct Image {
    pub(super) state: Rc<State>,
    /// The digest of everything in the folders that its build can read: the tag of a tool that hashes whole folders.
    pub(super) whole: Digest,
    /// Why nobody can know its inputs: they are in a submodule whose commit is not here.
    pub(super) unknown: Option<Error>,
}

/// Goes through the last commits, oldest first.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    let reader = Reader::open(desk, options).await?;
    let head = reader.commit("HEAD").await?;
    // One more, whose images are there when the first of the others is built.
    let commits = history::commits(desk, options, &head, options.commits + 1).await?;
    if commits.len() < 2 {
        return Err(few(&reader));
    }
    if commits.len() <= options.commits {
        let why = if reader.repository.is_shallow {
            "this clone is shallow: `git fetch --unshallow` gets the others"
        } else {
            "there are no more"
        };
        desk.tell(Note::info(format!("comparing {} of {} commits: {why}", commits.len() - 1, options.commits)));
    }
    let changes = history::changes(desk, options, &commits).await?;
    let tested = test(&reader, commits, changes).await?;
    let counts = count::count(options, &tested);
    if let Some(error) = counts.nothing_known() {
        return Err(error);
    }
    if let Some(file) = &options.plot {
        let plot = plot::svg(&counts);
        desk.write(file.clone(), Secret::new(plot.into_bytes()), Writing::Replace).await.map_err(|failure| failure.of_writing(file))?;
        desk.tell(Note::info(format!("{file}: written")));
    }
    let document = Document { text: show::text(&counts).into_bytes(), json: show::json(&counts), markdown: show::markdown(&counts) };
    Ok(Report { document: Some(Box::new(document)), ..services::report(options, &[])? })
}

fn few(reader: &Reader) -> Error {
    let error = Error::new(Code::RevisionUnknown, "there is one commit only, and a backtest compares several");
    match reader.repository.is_shallow {
        true => error
            .help("this clone is shallow: fetch its history with `git fetch --unshallow`, or with `fetch-depth: 0` for actions/checkout"),
        false => error.help("run it where there is more history"),
    }
}

/// Finds the images of each commit; what a commit does not touch is that of the one before.
async fn test(reader: &Reader, commits: Vec<Commit>, changes: Vec<Vec<Change>>) -> Result<Vec<Tested>> {
    let mut changes = changes.into_iter();
    let mut tested: Vec<Tested> = Vec::with_capacity(commits.len());
    let (mut items, mut tree) = (Vec::new(), Tree::default());
    let mut seen = Seen::default();
    for commit in commits {
        let last = tested.last().map(|last| last.images.clone());
        let images = match last.clone() {
            None => {
                items = git::tree(reader.desk(), reader.options(), &commit.id).await?;
                tree = reader.with_submodules(items.clone()).await;
                None
            }
            Some(last) => {
                let mut changes = changes.next().unwrap_or_default();
                items = history::apply(&items, &changes);
                let next = reader.with_submodules(items.clone()).await;
                // Git tells of a submodule that it has another commit, and not what that changes.
                if !(tree.submodules.is_empty() && next.submodules.is_empty()) {
                    changes = history::between(&tree.items, &next.items);
                }
                let is_same = !changes.iter().any(|change| history::matters(&seen, change, &tree.items, &next.items));
                tree = next;
                is_same.then(|| last.map(|images| still(reader, &images, &changes, &tree)))
            }
        };
        let images = match images {
            Some(images) => images,
            None => {
                let (desk, asked) = reader.over(tree.clone()).await?;
                let states = states::read(&desk, reader.options()).await;
                seen = asked.take();
                seen.sort();
                let states = states.map_err(|error| earlier::or_unread(&tree, &seen, error));
                let last = last.and_then(std::result::Result::ok).unwrap_or_default();
                // Of what is as it was, one manifest is kept and not hundreds.
                let known = |state: State| {
                    let same = |image: &&Image| image.state.tag == state.tag && image.state.services == state.services;
                    last.iter().find(same).map_or_else(|| Rc::new(state), |image| Rc::clone(&image.state))
                };
                states.map(|states| made(reader, states.into_iter().map(known), &tree))
            }
        };
        tested.push(Tested { commit, images });
    }
    Ok(tested)
}

/// The same images, in whose folders files may have changed that do not count.
fn still(reader: &Reader, images: &Rc<[Image]>, changes: &[Change], tree: &Tree) -> Rc<[Image]> {
    let places = images.iter().flat_map(|image| &image.state.folders).filter_map(|folder| reader.place(folder));
    let is_in =
        |change: &Change, place: &[u8]| place.is_empty() || change.path.strip_prefix(place).is_some_and(|rest| rest.first() == Some(&b'/'));
    let mut touched = places.filter(|place| changes.iter().any(|change| is_in(change, place)));
    match touched.next() {
        None => Rc::clone(images),
        Some(_) => made(reader, images.iter().map(|image| Rc::clone(&image.state)), tree),
    }
}

/// Images with the digests of their folders; each set of folders is hashed once.
fn made(reader: &Reader, states: impl Iterator<Item = Rc<State>>, tree: &Tree) -> Rc<[Image]> {
    let mut images: Vec<Image> = Vec::new();
    for state in states {
        let same = images.iter().find(|image| image.state.folders == state.folders).map(|image| image.whole);
        let whole = same.unwrap_or_else(|| whole(reader, &state.folders, &tree.items));
        images.push(Image { whole, unknown: earlier::unread(reader, &state, tree), state });
    }
    images.into()
}

/// The digest of all that is in some folders. The objects' names stand for their contents, and any hash is good enough: it never leaves this run.
fn whole(reader: &Reader, folders: &[Vec<u8>], tree: &[Item]) -> Digest {
    let mut hasher = Hasher::new(Algorithm::Md5);
    for folder in folders {
        let Some(place) = reader.place(folder) else { continue };
        for item in git::below(tree, &place).unwrap_or_default() {
            hasher.update(&item.path);
            hasher.update(&[0, item.kind as u8]);
            hasher.update(item.object.as_bytes());
        }
    }
    hasher.finish()
}
