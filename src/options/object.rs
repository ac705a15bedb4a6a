//! Options as a JSON object: how JavaScript gives them.

use serde_json::{Map, Value};

use crate::bytes::from_text;
use crate::error::{Code, Error, Result};
use crate::options::{Given, Host, Job, Options, Spelling, command};

/// Reads options from an object: `command`, `host`, every option by its name, and in `inputs` what a runner passed to the action.
///
/// ```
/// use docktag::options::{Job, from_object};
///
/// let options = from_object(r#"{"command": "tag", "path": ["docker"], "image": "example/app"}"#)?;
/// assert_eq!((options.job, options.paths.len()), (Job::Tag, 1));
/// assert!(from_object(r#"{"inputs": {"command": "build", "json": "true"}}"#).is_err());
/// # Ok::<(), docktag::error::Error>(())
/// ```
///
/// # Errors
/// [`Code::Usage`] for what is no such object, and the errors of [`Given`].
pub fn from_object(text: &str) -> Result<Options> {
    let Ok(Value::Object(object)) = serde_json::from_slice(text.as_bytes()) else { return Err(wrong("expected an object of options")) };
    let host = host(object.get("host").unwrap_or(&Value::Null));
    let spelling = host.spelling;
    read(&object, host).map_err(|error| spelling.of_error(error))
}

fn read(object: &Map<String, Value>, host: Host) -> Result<Options> {
    let mut given = Given::new(host.spelling);
    let mut job = object.get("command").map(any_job).transpose()?;
    if let Some(inputs) = object.get("inputs") {
        let Value::Object(inputs) = inputs else { return Err(wrong("`inputs`: expected an object")) };
        for (name, value) in inputs {
            let Value::String(value) = value else { return Err(wrong(&format!("`{name}`: expected a text"))) };
            match name.as_str() {
                "command" if value.is_empty() => {}
                "command" => job = Some(command(value)?),
                name => given.input(name, value.as_bytes())?,
            }
        }
    }
    for (name, value) in object.iter().filter(|(name, _)| !["command", "host", "inputs"].contains(&name.as_str())) {
        match value {
            Value::Null => {}
            Value::Bool(flag) => given.text(name, flag.to_string().as_bytes())?,
            Value::String(text) => given.text(name, text.as_bytes())?,
            Value::Array(items) => given.items(name, items.iter().map(|item| bytes(name, item)).collect::<Result<_>>()?)?,
            _ => return Err(wrong(&format!("`{}`: expected a text, a list of texts, or true or false", name.escape_debug()))),
        }
    }
    given.options(job.unwrap_or(Job::Build), host)
}

fn any_job(value: &Value) -> Result<Job> {
    Job::ALL.into_iter().find(|job| value.as_str() == Some(job.as_str())).ok_or_else(|| {
        let all: Vec<&str> = Job::ALL.iter().map(|job| job.as_str()).collect();
        wrong(&format!("`command`: `{}` is none of {}", value.as_str().unwrap_or_default().escape_debug(), all.join(", ")))
    })
}

fn bytes(name: &str, item: &Value) -> Result<Vec<u8>> {
    from_text(item).ok_or_else(|| wrong(&format!("`{}`: expected a list of texts, or of arrays of byte values", name.escape_debug())))
}

/// Facts; what is missing or of another type is not known.
fn host(value: &Value) -> Host {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let env = value["env"].as_object().into_iter().flatten();
    Host {
        env: env.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
        folder: text("folder").unwrap_or_default(),
        is_linked: value["linked"].as_bool().unwrap_or_default(),
        temporary: text("temporary").unwrap_or_default(),
        architecture: text("architecture").unwrap_or_default(),
        now: value["now"].as_u64().unwrap_or_default(),
        scratch: text("scratch").unwrap_or_default(),
        docker_config: text("dockerConfig"),
        list_separator: value["listSeparator"].as_str().and_then(|text| text.chars().next()).unwrap_or(':'),
        depth: value["depth"].as_u64().and_then(|depth| usize::try_from(depth).ok()).unwrap_or_default(),
        windows: value["windows"].as_bool().unwrap_or_default(),
        spelling: Spelling::named(value["spelling"].as_str()),
    }
}

fn wrong(message: &str) -> Error {
    Error::new(Code::Usage, message)
}
