//! `explain`: for which services a file counts, and why or why not.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::compose::paths;
use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::job::place::Places;
use crate::job::reasons::{Fate, Reasons, ignored, through};
use crate::job::{inputs, model, report, services};
use crate::manifest::Manifest;
use crate::map::Map;
use crate::options::Options;
use crate::path::RelPath;
use crate::print::plural;
use crate::report::{Document, Report};

/// One line of the answer.
struct Said {
    service: String,
    /// Whether it counts; of a folder: whether something in it does.
    counts: bool,
    why: String,
    line: Option<u32>,
}

/// A file or folder with all answers.
struct Explained {
    /// As the user wrote it.
    written: RelPath,
    /// As manifests name it.
    path: RelPath,
    said: Vec<Said>,
}

/// Explains every file that was named, for every service.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    match options.is_plain() {
        true => of_folders(desk, options).await,
        false => of_services(desk, options).await,
    }
}

async fn of_services(desk: &Desk, options: &Options) -> Result<Report> {
    let project = model::load(desk, options).await?;
    let options = &services::settled(options, &project);
    let found = services::find(desk, options, &project, None).await?;
    let places = Places::new(options, &project);
    let reasons: Vec<Reasons> = (0..found.drafts.len()).map(|index| Reasons::new(&found, index)).collect();
    let mut all = Vec::new();
    for file in &options.explained {
        let path = places.in_manifest(&paths::absolute(&options.host.folder, file));
        let is_compose = project.files.iter().any(|it| places.in_manifest(&paths::absolute(&options.host.folder, it)) == path);
        let path = RelPath::new(path.as_bytes());
        let is_known = |of: &Reasons| !matches!(of.fate(&path), Fate::Outside | Fate::Absent);
        // A link can lead nowhere, and count.
        if !reasons.iter().any(is_known) {
            must_exist(desk, file).await?;
        }
        let said: Vec<Said> = reasons.iter().map(|of| say(of, &path, is_compose)).collect();
        let mut said = through_bases(&reasons, said);
        said.sort_by(|a, b| a.service.cmp(&b.service));
        all.push(Explained { written: RelPath::new(file.as_bytes()), path, said });
    }
    Ok(Report { document: Some(Box::new(document(&all))), ..services::report(options, &found.targets)? })
}

/// What is not there cannot be explained.
async fn must_exist(desk: &Desk, file: &str) -> Result<()> {
    match desk.exist(vec![file.to_owned()]).await {
        Ok(exist) if exist.first() == Some(&true) => Ok(()),
        _ => Err(Error::new(Code::PathMissing, "no such file or folder, expected something to explain")
            .at(RelPath::new(file.as_bytes()))
            .help("give its path from here, or from the folder that `-C` names")),
    }
}

fn say(reasons: &Reasons, path: &RelPath, is_compose: bool) -> Said {
    let (counts, why, line) = match reasons.fate(path) {
        Fate::Counts(why, line) => (true, why, line),
        Fate::Folder(counting, others) => (counting > 0, format!("{counting} of the {} in it", plural(counting + others, "file")), None),
        Fate::Ignored(file, line) => (false, ignored(&file, line), line),
        _ if is_compose => (false, "what it says of the service counts, the file itself does not".to_owned(), None),
        Fate::NotRead => (false, "no instruction reads it".to_owned(), None),
        Fate::Special => (false, "it is neither a file nor a link".to_owned(), None),
        Fate::Outside | Fate::Absent => (false, "it is outside of the folders that the build reads".to_owned(), None),
    };
    Said { service: reasons.service.clone(), counts, why, line }
}

/// What counts for an image counts for those that are built with it too. `all` has the order of `reasons`.
fn through_bases(reasons: &[Reasons], mut all: Vec<Said>) -> Vec<Said> {
    let by_service: Map<&str, usize> = reasons.iter().enumerate().map(|(index, of)| (of.service.as_str(), index)).collect();
    // Each round goes one image further. It ends, because no image is built with itself.
    loop {
        let mut is_changed = false;
        for (index, of) in reasons.iter().enumerate() {
            let bases = of.own.iter().filter_map(|own| by_service.get(own.service.as_str()));
            let base = bases.map(|&base| &all[base]).find(|base| base.counts);
            if let Some(base) = base.filter(|_| !all[index].counts) {
                let why = through(&base.service, &base.why);
                all[index] = Said { service: of.service.clone(), counts: true, why, line: None };
                is_changed = true;
            }
        }
        if !is_changed {
            return all;
        }
    }
}

/// In a plain folder every regular file counts, whatever a Dockerfile says.
async fn of_folders(desk: &Desk, options: &Options) -> Result<Report> {
    let identity = inputs::identify(desk, options).await?;
    let manifest = Manifest::parse(options.algorithm, &identity.manifest)?;
    let mut all = Vec::new();
    for file in &options.explained {
        let path = RelPath::new(RelPath::new(file.as_bytes()).plain());
        let below = [path.as_bytes(), b"/"].concat();
        let of = |file: &crate::manifest::File| file.path.plain();
        let counting = manifest.files.iter().filter(|it| of(it) == path.as_bytes()).count();
        let in_it = manifest.files.iter().filter(|it| path.as_bytes() == b"." || of(it).starts_with(&below)).count();
        if counting + in_it == 0 {
            must_exist(desk, file).await?;
        }
        let why = match (counting, in_it) {
            (0, 0) => "it is no regular file in a folder of `--path`".to_owned(),
            (0, files) => format!("{files} of the files in it"),
            _ => "it is a file in a folder of `--path`".to_owned(),
        };
        let said = vec![Said { service: String::new(), counts: counting + in_it > 0, why, line: None }];
        all.push(Explained { written: RelPath::new(file.as_bytes()), path, said });
    }
    Ok(Report { document: Some(Box::new(document(&all))), ..report(options, identity)? })
}

fn document(all: &[Explained]) -> Document {
    let width = all.iter().flat_map(|it| &it.said).map(|it| it.service.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for Explained { written, said, .. } in all {
        writeln!(text, "{written}").ok();
        for Said { service, counts, why, .. } in said {
            let verdict = if *counts { "counts" } else { "does not count" };
            let service = if service.is_empty() { String::new() } else { format!("{service:width$}  ") };
            writeln!(text, "  {service}{verdict}: {why}").ok();
        }
    }
    let json: Vec<Value> = all
        .iter()
        .map(|Explained { path, said, .. }| {
            let services: Vec<Value> =
                said.iter().map(|it| json!({"service": it.service, "counts": it.counts, "why": it.why, "line": it.line})).collect();
            json!({"path": crate::bytes::to_value(path.as_bytes()), "services": services})
        })
        .collect();
    Document { text: text.into_bytes(), json: serde_json::to_string(&json!({"files": json})).unwrap_or_default(), ..Document::default() }
}
