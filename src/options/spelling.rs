//! How users name options: texts of the core say `--name`, and are put in the words of who reads them.

use crate::error::Error;
use crate::options::table::{Definition, Takes};

/// How options are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spelling {
    /// `--moving-tag ci`.
    #[default]
    CommandLine,
    /// `moving-tag: ci`, as inputs of the action or properties of an object.
    Inputs,
}

impl Spelling {
    /// The spelling of that name: `command-line`, and everything else is `inputs`.
    pub(crate) fn named(name: Option<&str>) -> Self {
        if name == Some("command-line") { Spelling::CommandLine } else { Spelling::Inputs }
    }

    /// A text in the reader's words: what stands between backticks and begins with `--`, or is `-C`, is the name of an option.
    ///
    /// ```
    /// use docktag::options::Spelling;
    ///
    /// let text = "name it with `--file compose.yml`, and the folder with `-C`";
    /// assert_eq!(Spelling::CommandLine.say(text), text);
    /// assert_eq!(Spelling::Inputs.say(text), "name it with `compose-file: compose.yml`, and the folder with `working-directory`");
    /// ```
    pub fn say(self, text: &str) -> String {
        match self {
            Spelling::CommandLine => text.to_owned(),
            // Every second part stands between backticks.
            Spelling::Inputs => text
                .split('`')
                .enumerate()
                .map(|(index, part)| if index % 2 == 1 { input(part) } else { part.to_owned() })
                .collect::<Vec<_>>()
                .join("`"),
        }
    }
}

impl Spelling {
    /// An error in the reader's words.
    #[must_use]
    pub fn of_error(self, mut error: Error) -> Error {
        error.message = self.say(&error.message);
        error.help = error.help.as_deref().map(|help| self.say(help));
        error.others = std::mem::take(&mut error.others).into_iter().map(|other| self.of_error(other)).collect();
        error
    }
}

fn input(words: &str) -> String {
    let (name, value) = words.split_once([' ', '=']).unwrap_or((words, ""));
    let name = match name {
        "-C" => "directory",
        "--password-stdin" => "password",
        "--no-push" => return "push: false".to_owned(),
        name => name.strip_prefix("--").unwrap_or_default(),
    };
    match Definition::find(name) {
        Some(Definition { input: Some(input), takes: Takes::Flag, .. }) => format!("{input}: true"),
        Some(Definition { input: Some(input), .. }) if value.is_empty() => (*input).to_owned(),
        Some(Definition { input: Some(input), .. }) => format!("{input}: {value}"),
        _ => words.to_owned(),
    }
}
