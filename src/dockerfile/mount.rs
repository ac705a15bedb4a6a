//! The value of `RUN --mount=` and `--device=`.
//!
//! rule: buildkit `frontend/dockerfile/instructions/commands_runmount.go` and `commands_rundevice.go`.

use super::{check, invalid};
use crate::error::Result;

/// What a mount shows to a `RUN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MountType {
    /// Files of a context, a stage or an image.
    #[default]
    Bind,
    /// A folder that is kept from build to build.
    Cache,
    /// Memory.
    Tmpfs,
    /// A secret.
    Secret,
    /// An SSH agent.
    Ssh,
}

/// A mount, expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mount {
    /// Its type.
    pub kind: MountType,
    /// `from`: a stage, an image or a named context.
    pub from: String,
    /// `source`: the path there.
    pub source: String,
    /// `target`: the path in the container.
    pub target: String,
    id: String,
    sharing: bool,
    owner: Option<&'static str>,
}

/// Expands one value.
type Expand<'a> = &'a mut dyn FnMut(&str) -> Result<String>;

/// Checks what can be checked before variables are known; what `from` says is returned.
///
/// # Errors
/// For a value that is not a list, and for a variable in `from`.
pub(super) fn check(text: &str) -> Result<String> {
    let mut from = String::new();
    for field in fields(text)? {
        if let Some((key, value)) = field.split_once('=')
            && key.eq_ignore_ascii_case("from")
        {
            if value.find('$').is_some_and(|at| at + 1 != value.len()) {
                return Err(invalid("`from` of a mount cannot have a variable in it: make a stage `FROM` it, and name that"));
            }
            from = value.to_owned();
        }
    }
    Ok(from)
}

impl Mount {
    /// What `from` of a mount says, before variables are known.
    ///
    /// # Errors
    /// As [`Mount::parse`].
    pub fn from_of(text: &str) -> Result<String> {
        check(text)
    }

    /// Reads a mount; `expand` puts the variables into each value.
    ///
    /// # Errors
    /// [`Code::DockerfileInvalid`](crate::error::Code::DockerfileInvalid) for an unknown key, a wrong value, or keys that do not go together.
    pub fn parse(text: &str, expand: Expand<'_>) -> Result<Self> {
        let mut mount = Mount::default();
        for field in fields(text)? {
            let (key, value) = match field.split_once('=') {
                Some((key, value)) => (key.to_ascii_lowercase(), Some(expand(value)?)),
                None => (field.to_ascii_lowercase(), None),
            };
            mount.set(&key, value.as_deref(), &field)?;
        }
        mount.check()?;
        Ok(mount)
    }

    fn set(&mut self, key: &str, value: Option<&str>, field: &str) -> Result<()> {
        let secret_or_ssh = matches!(self.kind, MountType::Secret | MountType::Ssh);
        let Some(value) = value else {
            return match key {
                "readonly" | "ro" | "readwrite" | "rw" => Ok(()),
                "required" if secret_or_ssh => Ok(()),
                _ => Err(invalid(format!("`{field}` in a mount, expected key=value"))),
            };
        };
        let wrong = || Err(invalid(format!("`{value}` is not a value of `{key}` in a mount")));
        match key {
            "type" => {
                self.kind = match value.to_ascii_lowercase().as_str() {
                    "bind" => MountType::Bind,
                    "cache" => MountType::Cache,
                    "tmpfs" => MountType::Tmpfs,
                    "secret" => MountType::Secret,
                    "ssh" => MountType::Ssh,
                    _ => return wrong(),
                };
            }
            "from" => value.clone_into(&mut self.from),
            "source" | "src" => value.clone_into(&mut self.source),
            "target" | "dst" | "destination" => value.clone_into(&mut self.target),
            "readonly" | "ro" | "readwrite" | "rw" if !check::is_bool(value) => return wrong(),
            "readonly" | "ro" | "readwrite" | "rw" | "env" => {}
            "required" if secret_or_ssh && check::is_bool(value) => {}
            "required" if secret_or_ssh => return wrong(),
            "size" if self.kind == MountType::Tmpfs && check::is_size(value) => {}
            "size" if self.kind == MountType::Tmpfs => return wrong(),
            "id" => value.clone_into(&mut self.id),
            "sharing" if !matches!(value.to_ascii_lowercase().as_str(), "shared" | "private" | "locked") => return wrong(),
            "sharing" => self.sharing = true,
            "mode" | "uid" | "gid" => {
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                if !digits || u32::from_str_radix(value, if key == "mode" { 8 } else { 10 }).is_err() {
                    return wrong();
                }
                self.owner = Some("mode, uid or gid");
            }
            _ => return Err(invalid(format!("`{key}` is not a key of this type of mount"))),
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if let (Some(owner), MountType::Bind | MountType::Tmpfs) = (self.owner, self.kind) {
            return Err(invalid(format!("{owner} in a mount of a type that has none")));
        }
        if self.kind == MountType::Secret {
            if !self.from.is_empty() {
                return Err(invalid("a secret mount has no `from`"));
            }
            if self.source.is_empty() && self.target.is_empty() && self.id.is_empty() {
                return Err(invalid("a secret mount needs an id, a source or a target"));
            }
            if !self.source.is_empty() && !self.id.is_empty() {
                return Err(invalid("a secret mount has either a source or an id"));
            }
        }
        // rule: `dispatchSSH`.
        if self.kind == MountType::Ssh && !self.source.is_empty() {
            return Err(invalid("an ssh mount has no source"));
        }
        if self.sharing && self.kind != MountType::Cache {
            return Err(invalid("`sharing` in a mount that is not a cache"));
        }
        Ok(())
    }

    /// Whether the mount shows nothing but what another owner may read: then an empty source is a fresh folder.
    pub fn has_owner(&self) -> bool {
        self.owner.is_some()
    }
}

/// Checks the value of `--device`.
pub(super) fn check_device(text: &str) -> Result<()> {
    let mut name = String::new();
    for field in fields(text)? {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.to_ascii_lowercase(), Some(value)),
            None => (field.to_ascii_lowercase(), None),
        };
        match (key.as_str(), value) {
            ("required", None) => {}
            ("required", Some(value)) if check::is_bool(value) => {}
            ("name", Some(value)) if name.is_empty() => value.clone_into(&mut name),
            ("required" | "name", Some(_)) => return Err(invalid(format!("`{field}` is wrong in a device"))),
            _ if name.is_empty() => name = field,
            _ => return Err(invalid(format!("`{field}` is not a key of a device"))),
        }
    }
    Ok(())
}

/// The fields of one line of CSV (rule: `github.com/tonistiigi/go-csvvalue`).
fn fields(text: &str) -> Result<Vec<String>> {
    let mut rest = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if rest.is_empty() {
        return Err(invalid("a mount without a value"));
    }
    let mut fields = Vec::new();
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, after) = match rest.split_once(',') {
                Some((field, after)) => (field, Some(after)),
                None => (rest, None),
            };
            if field.contains('"') {
                return Err(invalid("a quote inside of a field of a mount"));
            }
            fields.push(field.to_owned());
            match after {
                Some(after) => rest = after,
                None => return Ok(fields),
            }
            continue;
        };
        let mut field = String::new();
        rest = quoted;
        loop {
            let Some((before, after)) = rest.split_once('"') else { return Err(invalid("a quote without its end in a mount")) };
            field.push_str(before);
            rest = after;
            match rest.strip_prefix('"') {
                Some(after) => {
                    field.push('"');
                    rest = after;
                }
                None => break,
            }
        }
        fields.push(field);
        match (rest.is_empty(), rest.strip_prefix(',')) {
            (true, _) => return Ok(fields),
            (_, Some(after)) => rest = after,
            _ => return Err(invalid("a quote inside of a field of a mount")),
        }
    }
}
