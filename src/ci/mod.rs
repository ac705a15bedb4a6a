//! What continuous integration services read and tell: files for later steps, workflow commands, the job summary, the event.

pub mod github;
pub mod summary;
pub mod trust;

use crate::report::Variable;
use crate::shell::quote;

/// `export` lines for a shell, and for the file that `$BASH_ENV` names (CircleCI docs, "Parameters and environment variables").
pub fn shell_lines(variables: &[Variable]) -> String {
    variables.iter().map(|it| format!("export {}={}\n", it.name, quote(&it.value))).collect()
}
