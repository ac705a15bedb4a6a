//! Settings for docktag in the Compose files of a project: `x-docktag`.

use crate::compose::decode::EXTENSIONS;
use crate::compose::node::{Map, Node, Value};
use crate::digest::Algorithm;
use crate::error::{Code, Error, Result};

const KEY: &str = "x-docktag";

/// The algorithm that a project chooses for all who work with it: `x-docktag: { algorithm: sha256 }`.
///
/// # Errors
/// [`Code::ComposeFileInvalid`] for another key or value.
pub(super) fn algorithm(model: &Map) -> Result<Option<Algorithm>> {
    let Some(node) = model.get(EXTENSIONS).and_then(|extensions| extensions.get(KEY)) else { return Ok(None) };
    let wrong = |node: &Node, what: &str| {
        let error = Error::new(Code::ComposeFileInvalid, format!("{KEY}: {what}")).at(&node.at.file).line(node.at.line);
        Err(error.help(format!("write `{KEY}: {{ algorithm: sha256 }}`, or leave it out")))
    };
    let Some(map) = node.as_map() else { return wrong(node, "expected a mapping") };
    let mut algorithm = None;
    for (key, value) in map {
        if key == "algorithm" && value.value == Value::Null {
            return wrong(value, "`algorithm` has no value, expected md5 or sha256");
        }
        match (key.as_str(), value.to_string().as_str()) {
            ("algorithm", "md5") => algorithm = Some(Algorithm::Md5),
            ("algorithm", "sha256") => algorithm = Some(Algorithm::Sha256),
            ("algorithm", other) => {
                return wrong(value, &format!("`{}` is not an algorithm, expected md5 or sha256", other.escape_debug()));
            }
            (other, _) => return wrong(value, &format!("`{}` is not a key, expected `algorithm`", other.escape_debug())),
        }
    }
    Ok(algorithm)
}
