//! Variables in a whole model, and the texts that become numbers and truth values by it.
//!
//! Rules: compose-go `interpolation/interpolation.go`, `loader/interpolate.go`.

use crate::compose::node::{Map, Node, Value};
use crate::compose::scalar;
use crate::compose::template::{self, Lookup, Notes};
use crate::compose::tree::Path;
use crate::error::{Error, Result};

/// What a text at some places has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cast {
    Bool,
    Int,
    Float,
    Umask,
}

const TOP: [(&str, Cast); 8] = [
    ("networks.*.external", Cast::Bool),
    ("networks.*.internal", Cast::Bool),
    ("networks.*.attachable", Cast::Bool),
    ("networks.*.enable_ipv4", Cast::Bool),
    ("networks.*.enable_ipv6", Cast::Bool),
    ("volumes.*.external", Cast::Bool),
    ("secrets.*.external", Cast::Bool),
    ("configs.*.external", Cast::Bool),
];
/// Of everything that is a container, below its name.
const CONTAINER: [(&str, Cast); 21] = [
    ("cpu_count", Cast::Int),
    ("cpu_percent", Cast::Float),
    ("cpu_period", Cast::Int),
    ("cpu_quota", Cast::Int),
    ("cpu_rt_period", Cast::Int),
    ("cpu_rt_runtime", Cast::Int),
    ("cpus", Cast::Float),
    ("cpu_shares", Cast::Int),
    ("init", Cast::Bool),
    ("networks.*.use_service_name_alias", Cast::Bool),
    ("oom_kill_disable", Cast::Bool),
    ("oom_score_adj", Cast::Int),
    ("pids_limit", Cast::Int),
    ("privileged", Cast::Bool),
    ("read_only", Cast::Bool),
    ("umask", Cast::Umask),
    ("ulimits.*", Cast::Int),
    ("ulimits.*.hard", Cast::Int),
    ("ulimits.*.soft", Cast::Int),
    ("volumes.[].read_only", Cast::Bool),
    ("volumes.[].volume.nocopy", Cast::Bool),
];
/// Of services and jobs.
const WORKLOAD: [(&str, Cast); 7] = [
    ("depends_on.*.required", Cast::Bool),
    ("depends_on.*.restart", Cast::Bool),
    ("healthcheck.retries", Cast::Int),
    ("healthcheck.disable", Cast::Bool),
    ("ports.[].target", Cast::Int),
    ("stdin_open", Cast::Bool),
    ("tty", Cast::Bool),
];
const SERVICE: [(&str, Cast); 8] = [
    ("deploy.replicas", Cast::Int),
    ("deploy.update_config.parallelism", Cast::Int),
    ("deploy.update_config.max_failure_ratio", Cast::Float),
    ("deploy.rollback_config.parallelism", Cast::Int),
    ("deploy.rollback_config.max_failure_ratio", Cast::Float),
    ("deploy.restart_policy.max_attempts", Cast::Int),
    ("deploy.placement.max_replicas_per_node", Cast::Int),
    ("scale", Cast::Int),
];

/// Replaces the variables in every text of a model; keys stay.
///
/// # Errors
/// All failures in one error, one a line, by their place in the model.
pub(super) fn model<'a>(model: &mut Map, lookup: Lookup<'a>, notes: &'a mut Notes) -> Result<()> {
    let mut walk = Walk { lookup, notes, failures: Vec::new() };
    for (key, node) in model {
        walk.node(node, &Path::top(key));
    }
    let mut failures = walk.failures.into_iter();
    let Some(mut first) = failures.next() else { return Ok(()) };
    for failure in failures {
        first.message.push('\n');
        first.message.push_str(&failure.headline());
    }
    Err(first)
}

struct Walk<'a> {
    lookup: Lookup<'a>,
    notes: &'a mut Notes,
    failures: Vec<Error>,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node, path: &Path<'_>) {
        match &mut node.value {
            Value::Map(map) => map.iter_mut().for_each(|(key, member)| self.node(member, &path.next(key))),
            Value::List(list) => list.iter_mut().for_each(|item| self.node(item, &path.next("[]"))),
            Value::Text(text) => match self.text(text, path) {
                Ok(value) => {
                    node.value = value;
                    let blanks = self.notes.take_blanks();
                    node.at.blanks = (!blanks.is_empty()).then(|| blanks.into());
                }
                Err(message) if self.failures.len() < 100 => {
                    let error = node.at.invalid(format!("{path}: {message}"));
                    self.failures.push(error.help("set the variable, or write `$$` for a `$` that begins none"));
                }
                Err(_) => {}
            },
            _ => {}
        }
    }

    fn text(&mut self, text: &str, path: &Path<'_>) -> std::result::Result<Value, String> {
        let text = template::substitute(text, self.lookup, self.notes).map_err(|failure| failure.message())?;
        match find(path) {
            None => Ok(Value::Text(text)),
            Some(cast) => cast.of(&text, self.notes),
        }
    }
}

fn find(path: &Path<'_>) -> Option<Cast> {
    let below = |prefix: &str, table: &[(&str, Cast)]| {
        let found = table.iter().find(|(pattern, _)| path.matches_below(prefix, pattern));
        found.map(|(_, cast)| *cast)
    };
    path.find(&TOP)
        .or_else(|| below("@.*", &CONTAINER))
        .or_else(|| below("services.*.pre_start.*", &CONTAINER))
        .or_else(|| below("@.*", &WORKLOAD))
        .or_else(|| below("services.*", &SERVICE))
}

impl Cast {
    /// The value of a text.
    pub(super) fn of(self, text: &str, notes: &mut Notes) -> std::result::Result<Value, String> {
        let wrong = |what: &str| format!("`{}` is no {what}", text.escape_debug());
        match self {
            Cast::Bool => boolean(text, notes).map(Value::Bool).ok_or_else(|| wrong("truth value, expected `true` or `false`")),
            Cast::Int => scalar::go_int(text).map(Value::Int).ok_or_else(|| wrong("whole number")),
            Cast::Float => scalar::go_float(text).map(Value::Float).ok_or_else(|| wrong("number")),
            Cast::Umask => match scalar::umask(text) {
                Some(value) => Ok(Value::Int(i64::from(value))),
                None => Err(wrong("umask")),
            },
        }
    }
}

fn boolean(text: &str, notes: &mut Notes) -> Option<bool> {
    let lower = scalar::lower(text);
    let value = match lower.as_str() {
        "true" => return Some(true),
        "false" => return Some(false),
        "y" | "yes" | "on" => true,
        "n" | "no" | "off" => false,
        _ => return None,
    };
    notes.warnings.push(format!("\"{text}\" for boolean is not supported by YAML 1.2, please use `{value}`"));
    Some(value)
}
