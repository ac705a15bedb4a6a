//! What the machine says of a registry's certificates, and of registries that need none, where Docker has it. It is looked for once for each
//! registry, and read where it is there.

use std::future::Future;
use std::pin::Pin;

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::options::Options;
use crate::path::RelPath;
use crate::registry::trust::{self, Trust};
use crate::report::Note;
use crate::tree::Node;

/// Whom to trust as a registry, and who we are to it.
///
/// # Errors
/// For folders that cannot be read, and half a certificate.
pub(super) fn of<'a>(desk: &'a Desk, options: &'a Options, registry: &'a str) -> Pin<Box<dyn Future<Output = Result<Trust>> + 'a>> {
    Box::pin(read(desk, options, registry))
}

async fn read(desk: &Desk, options: &Options, registry: &str) -> Result<Trust> {
    let mut trust = Trust::default();
    let folders = trust::folders(registry, &options.host.env, options.host.windows);
    let exist = desk.exist(folders.clone()).await.unwrap_or_default();
    for (folder, _) in folders.iter().zip(exist).filter(|(_, exists)| *exists) {
        let entries = desk.entries(vec![RelPath::new(folder.as_bytes())]).await.map_err(|failure| {
            Error::new(Code::RegistryUnknown, format!("cannot be read: {}", failure.message))
                .at(folder)
                .help("it has the certificates for a registry, as Docker has them, and must be readable")
        })?;
        let files = entries.iter().flatten().filter(|entry| !matches!(entry.node, Node::Folder(_)));
        let names: Vec<&str> = files.filter_map(|entry| std::str::from_utf8(&entry.name).ok()).collect();
        trust.add(folder, &names).map_err(|(file, other)| {
            let name = other.rsplit('/').next().unwrap_or_default();
            Error::new(Code::RegistryUnknown, format!("has no `{name}` beside it, expected a certificate (`.cert`) and its key (`.key`)"))
                .at(file)
                .help("add the other half, or remove this one; an authority's certificate ends in `.crt`")
        })?;
    }
    Ok(trust)
}

/// Whether the engine's configuration names a registry as insecure. It is asked for only where the registry cannot be reached otherwise.
pub(super) fn is_insecure_for_engine<'a>(
    desk: &'a Desk,
    options: &'a Options,
    registry: &'a str,
) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
    Box::pin(look(desk, options, registry))
}

async fn look(desk: &Desk, options: &Options, registry: &str) -> bool {
    for file in trust::configurations(&options.host.env, options.host.windows) {
        let Ok(bytes) = desk.read(file.clone()).await else { continue };
        match trust::insecure_registries(&bytes) {
            Some(list) if trust::is_insecure(registry, &list) => return true,
            Some(_) => {}
            None => desk.tell(Note::warning(format!(
                "{file}: is no configuration of an engine, so whether it names {registry} as insecure is not known"
            ))),
        }
    }
    false
}
