//! The `--name=value` flags of an instruction.
//!
//! rule: buildkit `frontend/dockerfile/instructions/bflag.go`.

use super::invalid;
use crate::error::Result;

/// What values a flag takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    One,
    Many,
}

/// The flags that were given: name and value, `true` or `false` for a bool.
#[derive(Debug, Default)]
pub(super) struct Flags(Vec<(&'static str, String)>);

impl Flags {
    pub(super) fn parse(given: &[String], allowed: &[(&'static str, Kind)]) -> Result<Self> {
        let mut flags = Flags::default();
        for flag in given {
            if flag == "--" {
                break;
            }
            let (written, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (flag.as_str(), None),
            };
            let name = written.strip_prefix("--").unwrap_or(written);
            let Some(&(name, kind)) = allowed.iter().find(|(it, _)| *it == name) else {
                return Err(invalid(format!("unknown flag `{written}`")));
            };
            if kind != Kind::Many && flags.get(name).is_some() {
                return Err(invalid(format!("the flag `{written}` stands there twice")));
            }
            let value = match (kind, value) {
                (Kind::Bool, None) => "true".to_owned(),
                (Kind::Bool, Some(value)) => match value.to_ascii_lowercase().as_str() {
                    value @ ("true" | "false") => value.to_owned(),
                    _ => return Err(invalid(format!("`{value}` is neither true nor false, in the flag `{written}`"))),
                },
                (_, Some(value)) => value.to_owned(),
                (_, None) => return Err(invalid(format!("the flag `{written}` needs a value"))),
            };
            flags.0.push((name, value));
        }
        Ok(flags)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| *it == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(it, _)| *it == name).map(|(_, value)| value.clone()).collect()
    }
}
