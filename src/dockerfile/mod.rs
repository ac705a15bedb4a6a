//! A Dockerfile: its directives, its stages and their instructions, each with its lines.
//!
//! rule: buildkit `frontend/dockerfile/parser` (text to words) and `frontend/dockerfile/instructions` (words to instructions).

mod check;
mod directive;
mod flags;
mod heredoc;
mod instruction;
mod lines;
mod mount;
mod words;

pub use instruction::{Command, Copy, Instruction, trigger};
pub use mount::{Mount, MountType};

use crate::error::{Code, Error, Result};

/// The longest line, without its end (rule: Go `bufio.MaxScanTokenSize`).
const LINE_MAX: usize = 64 * 1024 - 1;

/// A Dockerfile as data.
///
/// ```
/// use docktag::dockerfile::Dockerfile;
///
/// let file = Dockerfile::parse(b"FROM alpine AS build\nCOPY a.txt \\\n  b.txt /\n", None)?;
/// assert_eq!(file.stages[0].name.as_deref(), Some("build"));
/// assert_eq!((file.stages[0].instructions[0].line, file.stages[0].instructions[0].end), (2, 3));
/// # Ok::<(), docktag::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// The character of `# escape=`; a backslash where there is none.
    pub escape: char,
    /// The image that reads this file, where `# syntax=` or the argument `BUILDKIT_SYNTAX` names one.
    pub syntax: Option<Syntax>,
    /// The `ARG` instructions before the first stage.
    pub args: Vec<Instruction>,
    /// The stages, in their order. None where the file is [`opaque`](Self::is_opaque).
    pub stages: Vec<Stage>,
}

/// The image that reads a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syntax {
    /// Its reference, as written.
    pub image: String,
    /// The line that names it; 0 for a build argument.
    pub line: u32,
    /// Whether it is one whose rules are known here.
    pub known: bool,
}

/// A stage: `FROM` and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The name after `AS`, in lower case.
    pub name: Option<String>,
    /// What stands after `FROM`, not expanded.
    pub base: String,
    /// The value of `--platform`, not expanded.
    pub platform: Option<String>,
    /// The line of `FROM`.
    pub line: u32,
    /// Its instructions.
    pub instructions: Vec<Instruction>,
}

impl Dockerfile {
    /// Reads a Dockerfile; `syntax` is the value of the build argument `BUILDKIT_SYNTAX`, which beats `# syntax=`.
    ///
    /// A file for a reader (`# syntax=`) whose rules are not known here is not read further.
    ///
    /// # Errors
    /// [`Code::DockerfileInvalid`] with the line, for what BuildKit refuses too.
    pub fn parse(bytes: &[u8], syntax: Option<&str>) -> Result<Self> {
        if bytes.is_empty() {
            return Err(invalid("the file is empty, expected at least one `FROM`"));
        }
        let syntax = match syntax {
            Some(text) => Some(directive::syntax_of_argument(text)),
            None => directive::syntax(bytes),
        };
        let mut file = Dockerfile { escape: '\\', syntax, args: Vec::new(), stages: Vec::new() };
        if file.is_opaque() {
            return Ok(file);
        }
        file.escape = lines::read(bytes, &mut |node| {
            let line = node.line;
            file.add(node).map_err(|error| error.line(line))
        })?;
        if file.stages.is_empty() {
            return Err(invalid("no `FROM` in it, expected at least one stage"));
        }
        Ok(file)
    }

    fn add(&mut self, node: lines::Node) -> Result<()> {
        let (line, end) = (node.line, node.end);
        match instruction::parse(node)? {
            instruction::Parsed::Stage(stage) => {
                // A vector that grows has room for four: of many stages with one instruction that is most of the memory.
                if let Some(ended) = self.stages.last_mut() {
                    ended.instructions.shrink_to_fit();
                }
                self.stages.push(stage);
            }
            instruction::Parsed::Command(command) => {
                let instruction = Instruction { line, end, command };
                match (self.stages.last_mut(), &instruction.command) {
                    (Some(stage), _) => stage.instructions.push(instruction),
                    (None, Command::Arg(_)) => self.args.push(instruction),
                    (None, _) => return Err(invalid("stands before the first `FROM`, where only `ARG` can")),
                }
            }
        }
        Ok(())
    }

    /// Whether another program reads this file, by rules that are not known here: then anything can be an input.
    pub fn is_opaque(&self) -> bool {
        self.syntax.as_ref().is_some_and(|syntax| !syntax.known)
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::DockerfileInvalid, message)
}

/// The text of bytes; each byte that is not UTF-8 becomes U+FFFD, as in Go.
fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    text
}

#[cfg(test)]
mod tests;
