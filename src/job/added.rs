//! The Compose file that docktag puts behind those of the project.

use crate::compose::Flavor;
use crate::compose::overrides::{self, List, ServiceOverride};
use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::job::compose::{Project, missing, version_command};
use crate::need::Writing;
use crate::options::Options;
use crate::report::Note;
use crate::secret::Secret;

/// Checks that this Compose can leave out what the overrides leave out.
///
/// # Errors
/// [`Code::NoCompose`] if it is older than 2.24.4, which brought `!override` (Compose documentation, "Merge", "Replace value").
pub(super) async fn check(desk: &Desk, project: &Project, overrides: &[ServiceOverride]) -> Result<()> {
    let left_out = |it: &ServiceOverride| {
        let build = it.build.as_ref()?;
        let keys = [("tags", &build.tags), ("cache_to", &build.cache_to), ("cache_from", &build.cache_from)];
        let (key, _) = keys.into_iter().find(|(_, list)| matches!(list, List::Replace(_)))?;
        Some((it.service.clone(), key))
    };
    let Some((service, key)) = overrides.iter().find_map(left_out) else { return Ok(()) };
    let version = version(desk, project).await?;
    match can_override(&version) {
        true => Ok(()),
        false => Err(Error::new(
            Code::NoCompose,
            format!("is version {version}, expected 2.24.4 or newer: an older one cannot leave out `build.{key}` of service `{service}`"),
        )
        .at(project.compose.program.join(" "))
        .help(match key {
            "cache_from" => {
                "install a newer Compose, take the key out of the Compose file, or trust all branches with `--trusted-branch '*'`"
            }
            _ => "install a newer Compose, or take the key out of the Compose file",
        })),
    }
}

/// The version of this Compose, as it says itself.
async fn version(desk: &Desk, project: &Project) -> Result<String> {
    let program = &project.compose.program;
    let version = desk.run(version_command(program)).await.map_err(|failure| missing(&program.join(" "), &failure))?;
    Ok(String::from_utf8_lossy(&version.stdout).trim().to_owned())
}

/// The numbers of a version of Compose; development versions without a number are newer than all others.
fn numbers(version: &str) -> (u32, u32, u32) {
    let mut numbers = version.trim_start_matches('v').split(['.', '-', '+']).map_while(|part| part.parse::<u32>().ok());
    match numbers.next() {
        Some(major) => (major, numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default()),
        None => (u32::MAX, 0, 0),
    }
}

/// Whether a version of Compose knows `!override`.
fn can_override(version: &str) -> bool {
    numbers(version) >= (2, 24, 4)
}

/// Checks that this Compose hands texts with a `$` to the builder as they are.
///
/// Compose can build with Bake since 2.31 and does so by default since 2.37. It escapes `${` in arguments since 2.40.1; 2.40.0 doubles every `$`
/// (`pkg/compose/build_bake.go` of these versions). Before 2.37 it is told not to use Bake.
///
/// # Errors
/// The error of the first text that this Compose changes.
pub(super) async fn check_dollars(desk: &Desk, project: &mut Project) -> Result<()> {
    if project.dollars.is_empty() || project.compose.flavor == Flavor::V1 {
        return Ok(());
    }
    let version = version(desk, project).await?;
    let altered = match numbers(&version) {
        (2, 31..=36, _) => {
            project.env.insert("COMPOSE_BAKE".to_owned(), "false".to_owned());
            None
        }
        (2, 37..=39, _) => project.dollars.iter().find(|dollar| dollar.is_argument),
        (2, 40, 0) => project.dollars.first(),
        _ => None,
    };
    match altered {
        Some(dollar) => Err(dollar.error.clone()),
        None => Ok(()),
    }
}

/// Puts a file behind those of the project, for this run only.
pub(super) async fn add(desk: &Desk, options: &Options, project: &mut Project, name: &str, overrides: &[ServiceOverride]) -> Result<()> {
    let file = format!("{}/{name}", options.host.scratch);
    let text = overrides::render(overrides);
    let said = format!("{file}: {text}");
    desk.tell(if options.dry_run { Note::info(said) } else { Note::detail(said) });
    desk.write(file.clone(), Secret::new(text.into_bytes()), Writing::Private).await.map_err(|failure| failure.of_writing(&file))?;
    project.files.push(file);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn override_came_with_2_24_4() {
        for (version, can) in [
            ("1.29.2", false),
            ("2.3.3", false),
            ("2.24.3", false),
            ("2.24.4", true),
            ("v2.24.5-desktop.1", true),
            ("2.40.3-3", true),
            ("v5.6.0", true),
            ("dev", true),
        ] {
            assert_eq!(can_override(version), can, "{version}");
        }
    }
}
