//! Platforms: `linux/arm64/v8`.
//!
//! rule: `github.com/containerd/platforms`, `platforms.go` and `database.go`.

use std::fmt;

use super::invalid;
use crate::error::Result;
use crate::expand::shorten;
use crate::platform::{ARCHITECTURES, normal};

/// A platform.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Platform {
    /// The system, such as `linux`.
    pub os: String,
    /// The version of the system, with its features; for Windows only.
    pub os_version: String,
    /// The architecture, such as `arm64`.
    pub arch: String,
    /// The variant of the architecture, such as `v7`.
    pub variant: String,
}

const SYSTEMS: [&str; 17] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
];
impl Platform {
    /// Reads a platform. A system alone has the architecture amd64, an architecture alone the system linux.
    ///
    /// # Errors
    /// [`Code::DockerfileInvalid`](crate::error::Code::DockerfileInvalid) for what is not a platform.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || invalid(format!("`{}` is not a platform such as linux/arm64", shorten(text)));
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
        let mut parts = text.split('/');
        let first = parts.next().unwrap_or_default();
        let (system, version) = match first.split_once('(') {
            Some((system, version)) => (system, version.strip_suffix(')').ok_or_else(wrong)?),
            None => (first, ""),
        };
        let is_version = version.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'%' | b'+'));
        let rest: Vec<&str> = parts.collect();
        if !is_word(system) || !is_version || !rest.iter().all(|word| is_word(word)) {
            return Err(wrong());
        }
        let os = match system.to_ascii_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            os => os.to_owned(),
        };
        let os_version = version.to_owned();
        match rest.as_slice() {
            [] if SYSTEMS.contains(&os.as_str()) => Ok(Platform { os, os_version, arch: "amd64".to_owned(), variant: String::new() }),
            [] => {
                let (arch, variant) = without_default(normal(first, ""));
                match ARCHITECTURES.contains(&arch.as_str()) {
                    true => Ok(Platform { os: "linux".to_owned(), os_version: String::new(), arch, variant }),
                    false => Err(wrong()),
                }
            }
            [arch] => {
                let (arch, variant) = without_default(normal(arch, ""));
                Ok(Platform { os, os_version, arch, variant })
            }
            [arch, variant] => {
                let (arch, mut variant) = normal(arch, variant);
                if arch == "arm64" && variant.is_empty() {
                    variant.push_str("v8");
                }
                Ok(Platform { os, os_version, arch, variant })
            }
            _ => Err(wrong()),
        }
    }

    /// The platform as it is given to a build (rule: `platforms.Normalize`).
    #[must_use]
    pub fn normal(self) -> Self {
        let (arch, variant) = normal(&self.arch, &self.variant);
        Platform { arch, variant, ..self }
    }

    pub(super) fn is_windows(&self) -> bool {
        self.os == "windows"
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.os)?;
        if !self.os_version.is_empty() {
            write!(f, "({})", self.os_version)?;
        }
        for part in [&self.arch, &self.variant] {
            if !part.is_empty() {
                write!(f, "/{part}")?;
            }
        }
        Ok(())
    }
}

fn without_default((arch, variant): (String, String)) -> (String, String) {
    match arch == "arm" && variant == "v7" {
        true => (arch, String::new()),
        false => (arch, variant),
    }
}
