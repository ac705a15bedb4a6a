//! What went wrong, where, and what to do next.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::Serialize;

/// An error as a user meets it: the place first, then what was expected, then the remedy.
///
/// ```
/// use docktag::error::{Code, Error};
///
/// let error = Error::new(Code::PathEmpty, "no file in it, expected the inputs of the image")
///     .at("docker/dev")
///     .help("check the folder's name");
/// assert_eq!(
///     error.to_string(),
///     "docker/dev: no file in it, expected the inputs of the image; check the folder's name"
/// );
/// assert_eq!(error.code.exit(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Error(Box<Details>);

/// What an [`Error`] says. It is boxed, so that results are small: they are handed on everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Details {
    /// The stable name of what went wrong; also decides the exit code.
    pub code: Code,
    /// The file, service or image it is about.
    pub place: Option<String>,
    /// Line in `place`, from 1, where `place` is a text file.
    pub line: Option<u32>,
    /// Column in that line, from 1.
    pub column: Option<u32>,
    /// What happened and what was expected: lower case, no full stop.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    /// The last lines of the program that failed, if the log has them too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
    /// Errors of other services, if several cannot be computed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Error>,
}

/// The remedy of an error for those who see the output of the program that failed.
pub(crate) fn after_output(help: Option<&str>) -> String {
    let help = help.map(|help| format!("; {help}")).unwrap_or_default();
    format!("its output is above{help}")
}

/// A result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without a place and without help.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Error(Box::new(Details {
            code,
            place: None,
            line: None,
            column: None,
            message,
            help: None,
            output: Vec::new(),
            others: Vec::new(),
        }))
    }

    /// The same error, said of `place`.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    /// The same error, said of a line (from 1) of its place.
    #[must_use]
    pub fn line(mut self, line: impl Into<Option<u32>>) -> Self {
        self.line = line.into();
        self
    }

    /// The same error, said of a column (from 1) of its line.
    #[must_use]
    pub fn column(mut self, column: impl Into<Option<u32>>) -> Self {
        self.column = column.into();
        self
    }

    /// The same error, said of a part of its place.
    #[must_use]
    pub fn of(mut self, part: &str) -> Self {
        self.message = format!("{part}: {}", self.message);
        self
    }

    /// The same error with a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// This error and those of other services.
    pub fn all(&self) -> impl Iterator<Item = &Error> {
        std::iter::once(self).chain(&self.others)
    }

    /// Place and message, without the remedy.
    pub fn headline(&self) -> String {
        let Some(place) = &self.place else { return self.message.clone() };
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{place}:{line}:{column}: {}", self.message),
            (Some(line), None) => format!("{place}:{line}: {}", self.message),
            (None, _) => format!("{place}: {}", self.message),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

/// Declares the codes once: variant, the text users and scripts see, exit code.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $text:literal $exit:literal,)*) => {
        /// The stable name of an error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The name as it stands in `--json` and in `docs/errors.md`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// The exit code: 1 failed, 2 usage or configuration, 3 a miss where presence was demanded.
            pub fn exit(self) -> u8 {
                match self { $(Code::$variant => $exit,)* }
            }
        }
    };
}

codes! {
    /// Options that contradict each other or lack a partner.
    Usage "usage" 2,
    /// A `--path` that does not exist.
    PathMissing "path-missing" 2,
    /// A `--path` without a regular file in it.
    PathEmpty "path-empty" 2,
    /// A `--path` that is a file or a symbolic link.
    PathNotAFolder "path-not-a-folder" 2,
    /// A path that cannot stand in a manifest, such as an absolute one.
    PathInvalid "path-invalid" 2,
    /// An image name that the reference grammar refuses.
    ImageInvalid "image-invalid" 2,
    /// A manifest file that is not in the format of `md5sum`.
    ManifestInvalid "manifest-invalid" 2,
    /// No Compose file, or one that was named and is not there.
    ComposeFileMissing "compose-file-missing" 2,
    /// A Compose file that Compose refuses.
    ComposeFileInvalid "compose-file-invalid" 2,
    /// An ignore file that the engine refuses.
    IgnoreInvalid "ignore-invalid" 2,
    /// A Dockerfile that is not there.
    DockerfileMissing "dockerfile-missing" 2,
    /// A Dockerfile that BuildKit refuses.
    DockerfileInvalid "dockerfile-invalid" 2,
    /// A source of `COPY`, `ADD` or a mount that is not in the context.
    SourceMissing "source-missing" 2,
    /// A pipe, socket or device that a build copies.
    SourceSpecial "source-special" 2,
    /// A Compose file that docktag does not read by itself: Compose has to be asked.
    ComposeNotCovered "compose-not-covered" 2,
    /// No service that has both `build:` and an image named by the tag.
    NoTarget "no-target" 2,
    /// Neither `docker compose` nor `docker-compose` can be run.
    NoCompose "no-compose" 2,
    /// Docker's `config.json` cannot be understood.
    DockerConfigInvalid "docker-config-invalid" 2,
    /// Git is not there, or knows no repository here.
    NoRepository "no-repository" 2,
    /// A revision that names no commit here.
    RevisionUnknown "revision-unknown" 2,
    /// An image without its manifest beside it.
    NotKept "not-kept" 1,
    /// `--verify`, and an image that does not show that it is the one that its tag names.
    NotVerified "not-verified" 1,
    /// A file or folder that cannot be read or written.
    Unreadable "unreadable" 1,
    /// An input that changed while it was used.
    Changed "changed" 1,
    /// Files whose line ends on disk are others than in git, so that an image built from them would be another one.
    CheckoutDiffers "checkout-differs" 2,
    /// The registry could not be reached or did not answer as a registry.
    RegistryUnknown "registry-unknown" 1,
    /// The registry refused the credentials, or wants some.
    RegistryDenied "registry-denied" 1,
    /// A credential helper that Docker's `config.json` names is missing or failed.
    CredentialHelper "credential-helper" 1,
    /// No Docker engine answers, and one is needed.
    NoEngine "no-engine" 1,
    /// `compose build` failed.
    BuildFailed "build-failed" 1,
    /// `compose push` failed, or what it pushed is not in the registry.
    PushFailed "push-failed" 1,
    /// `compose pull` failed.
    PullFailed "pull-failed" 1,
    /// The image for these inputs is not in the registry, and it was demanded.
    Miss "miss" 3,
    /// The host broke the protocol of the session: a defect in docktag.
    Internal "internal" 1,
}
