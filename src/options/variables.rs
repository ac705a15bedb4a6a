//! Variables that look like options and are none: a typing error there would pass in silence.

use crate::options::table::OPTIONS;
use crate::shell::Env;

const PREFIX: &str = "DOCKTAG_";
/// Variables of the program, the orb and the tests that are no options.
const OTHERS: [&str; 5] = ["DOCKTAG_BIN", "DOCKTAG_LANES", "DOCKTAG_NPM_TARBALL", "DOCKTAG_TEST_CACHE", "DOCKTAG_TORTURE"];
/// A name that differs in more letters is another word.
const TYPING_ERRORS: usize = 3;

/// Returns a warning for every variable that begins as those of options do and belongs to none.
///
/// ```
/// use docktag::options::unknown_variables;
///
/// let env = [("DOCKTAG_MOVNG_TAG".to_owned(), "ci".to_owned())].into();
/// assert_eq!(unknown_variables(&env), ["DOCKTAG_MOVNG_TAG is no option and does nothing: is DOCKTAG_MOVING_TAG meant?"]);
/// ```
pub fn unknown_variables(env: &Env) -> Vec<String> {
    let known: Vec<String> = OPTIONS.iter().filter(|it| it.command_line).map(|it| it.variable()).collect();
    let is_unknown = |name: &&String| name.starts_with(PREFIX) && !known.contains(name) && !OTHERS.contains(&name.as_str());
    let said = |name: &String| {
        let near = known.iter().map(|other| (distance(name, other), other)).min().filter(|(distance, _)| *distance <= TYPING_ERRORS);
        let meant = near.map(|(_, other)| format!(": is {other} meant?")).unwrap_or_default();
        format!("{} is no option and does nothing{meant}", name.escape_debug())
    };
    env.names().filter(is_unknown).map(said).collect()
}

/// How many letters have to be added, left out or changed to get from one text to the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, a) in from.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, b) in to.bytes().enumerate() {
            let above = row[column + 1];
            row[column + 1] = (above + 1).min(row[column] + 1).min(diagonal + usize::from(a != b));
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_option_is_told() {
        let env = |names: &[&str]| -> Env { names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect() };
        assert_eq!(unknown_variables(&env(&["DOCKTAG_PATH", "DOCKTAG_LANES", "DOCKTAG", "PATH", "DOCKER_IMAGE"])), [""; 0]);
        assert_eq!(unknown_variables(&env(&["DOCKTAG_SOMETHING_ELSE"])), ["DOCKTAG_SOMETHING_ELSE is no option and does nothing"]);
        let near = unknown_variables(&env(&["DOCKTAG_PTAH"]));
        assert!(near[0].ends_with("is DOCKTAG_PATH meant?"), "{near:?}");
        assert_eq!([distance("a", "a"), distance("ab", "ba"), distance("", "abc"), distance("abc", "ac")], [0, 2, 3, 1]);
    }
}
