//! What each service reads of its folders.

use std::rc::Rc;

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::inputs;
use crate::job::checkout::Git;
use crate::job::context::{Context, Contexts};
use crate::job::draft::{self, Draft};
use crate::job::place::{Places, below};
use crate::map::Map;
use crate::reach::{PickedKind, Selection, select};

/// One folder of one service, looked through.
#[derive(Clone)]
pub(super) struct Looked {
    pub(super) context: Rc<Context>,
    pub(super) selection: Rc<Selection>,
    pub(super) content: Rc<inputs::Content>,
}

/// Looks through the folders of all services, in their order: each is walked once, and what several read in the same way is selected once.
pub(super) async fn look(desk: &Desk, places: &Places, git: Option<&Git>, drafts: &[Draft<'_>]) -> Result<Vec<Result<Vec<Looked>>>> {
    let contexts = Contexts::new(desk, places, git);
    let walks = drafts.iter().flat_map(|draft| draft.folders.iter().map(move |(name, folder)| (draft, name, folder)));
    let walks: Vec<(String, Vec<String>)> =
        walks.map(|(draft, name, folder)| (folder.clone(), draft::ignore_candidates(places, draft, name.as_deref(), folder))).collect();
    let mut walked = contexts.walk_all(walks).await?.into_iter();
    let mut known: Map<(*const Context, &Option<String>, &[crate::reach::Source]), Looked> = Map::new();
    let mut all = Vec::new();
    for draft in drafts {
        let contexts: Vec<Result<Rc<Context>>> = walked.by_ref().take(draft.folders.len()).collect();
        let looked = draft.folders.iter().zip(contexts).map(|((name, folder), context)| {
            let context = context?;
            let key = (Rc::as_ptr(&context), name, draft.reach.sources.as_slice());
            if let Some(it) = known.get(&key) {
                return Ok(it.clone());
            }
            let it = look_at(draft, name.as_deref(), folder, context)?;
            known.insert(key, it.clone());
            Ok(it)
        });
        all.push(looked.collect());
    }
    Ok(all)
}

/// Selects what a service reads of one of its folders.
fn look_at(draft: &Draft<'_>, name: Option<&str>, folder: &str, context: Rc<Context>) -> Result<Looked> {
    check_readable(&context, draft, name)?;
    let selection =
        select(&context.filtered.kept, name, draft.reach.sources.as_slice()).map_err(|error| missing(error, draft, &context))?;
    if let Some((_, error)) = context.unreadable.iter().find(|(path, _)| selection.has_below(path)) {
        return Err(error.clone());
    }
    let content = Rc::new(content(folder, &selection));
    Ok(Looked { context, selection: Rc::new(selection), content })
}

/// Checks that no source leads into a folder that cannot be read.
fn check_readable(context: &Context, draft: &Draft<'_>, name: Option<&str>) -> Result<()> {
    for (path, error) in &context.unreadable {
        let mut sources = draft.reach.sources.iter().filter(|source| source.context.as_deref() == name);
        if let Some(source) = sources.find(|source| source.leads_into(path)) {
            return Err(error
                .clone()
                .help(format!("{}:{} reads it: make it readable, or exclude it with `.dockerignore`", draft.place, source.line)));
        }
    }
    Ok(())
}

/// A source that is not there, said of the Dockerfile; the ignore file may have left it out.
fn missing(error: Error, draft: &Draft<'_>, context: &Context) -> Error {
    let error = error.at(&draft.place);
    match (&context.ignore_file, &error.help) {
        (Some(file), None) if error.code == Code::SourceMissing => {
            error.help(format!("is it made by an earlier step, or left out by a line of {file}? A tag needs every input to be there"))
        }
        (None, None) if error.code == Code::SourceMissing => {
            error.help("is it made by an earlier step, or is the checkout incomplete? A tag needs every input to be there")
        }
        _ => error,
    }
}

fn content(folder: &str, selection: &Selection) -> inputs::Content {
    let mut content = inputs::Content::default();
    for picked in &selection.picked {
        let path = below(folder, &picked.path);
        match &picked.kind {
            PickedKind::File => content.files.push(path),
            PickedKind::Link(target) => content.links.push((path, target.clone())),
            PickedKind::Folder => content.dirs.push(path),
        }
    }
    content
}
