//! Platforms: `os/architecture`, and a variant where the architecture has some.
//!
//! Rules: `github.com/containerd/platforms`, `platforms.go` and `database.go`, which BuildKit and Compose use.

use crate::error::{Code, Error, Result};

/// Reads a platform and gives it its usual name, so that two spellings of one platform are one input.
///
/// ```
/// use docktag::platform::parse;
///
/// assert_eq!(parse("linux/x86_64")?, "linux/amd64");
/// assert_eq!(parse("linux/arm")?, "linux/arm/v7");
/// assert_eq!(parse("arm64")?, "linux/arm64");
/// assert!(parse("linux/arm/v7/x").is_err());
/// # Ok::<(), docktag::error::Error>(())
/// ```
///
/// # Errors
/// [`Code::Usage`] for what is none.
pub fn parse(text: &str) -> Result<String> {
    let lower = text.trim().to_ascii_lowercase();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.()".contains(&byte));
    let words: Vec<&str> = lower.split('/').collect();
    let named = match words.as_slice() {
        words if !words.iter().all(is_word) => None,
        // One word is an architecture of Linux, which containers run on.
        [architecture] if ARCHITECTURES.contains(&normal(architecture, "").0.as_str()) => Some(name("linux", architecture, "")),
        [os, architecture] => Some(name(os, architecture, "")),
        [os, architecture, variant] => Some(name(os, architecture, variant)),
        _ => None,
    };
    named.ok_or_else(|| {
        Error::new(Code::Usage, format!("`{}` is no platform, expected one such as linux/amd64 or linux/arm64", text.escape_debug()))
            .help("mend the value, or leave it out")
    })
}

/// The architectures that can stand alone (rule: `database.go`, `isKnownArch`).
pub(crate) const ARCHITECTURES: [&str; 24] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "ppc64",
    "ppc64le",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// What Docker and Compose take as the platform of what names none (docs.docker.com, "Environment variables" of the docker command).
pub const VARIABLE: &str = "DOCKER_DEFAULT_PLATFORM";

/// The platform of an engine on this machine: Linux on the machine's architecture, as the host's language calls it.
pub fn of_machine(architecture: &str) -> String {
    let architecture = match architecture {
        "" | "x64" => "amd64",
        "x86" | "ia32" => "386",
        "powerpc64le" | "powerpc64" | "ppc64" => "ppc64le",
        other => other,
    };
    name("linux", architecture, "")
}

fn name(os: &str, architecture: &str, variant: &str) -> String {
    let os = if os == "macos" { "darwin" } else { os };
    let (architecture, variant) = normal(architecture, variant);
    match variant.as_str() {
        "" => format!("{os}/{architecture}"),
        variant => format!("{os}/{architecture}/{variant}"),
    }
}

/// An architecture and its variant under their usual names (rule: `database.go` `normalizeArch`).
pub(crate) fn normal(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = (architecture.to_ascii_lowercase(), variant.to_ascii_lowercase());
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
        ("aarch64" | "arm64", variant) => ("arm64", variant),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        ("arm", "" | "7") => ("arm", "v7"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "6") => ("arm", "v6"),
        ("arm", "8") => ("arm", "v8"),
        other => other,
    };
    (architecture.to_owned(), variant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_platform_are_one() {
        for (text, expected) in [
            ("linux/amd64/v1", "linux/amd64"),
            ("Linux/AMD64/v2", "linux/amd64/v2"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm/v6", "linux/arm/v6"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/i386", "linux/386"),
            ("windows/amd64", "windows/amd64"),
            ("riscv64", "linux/riscv64"),
        ] {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
        for text in ["", "linux", "bogus", "linux/", "/amd64", "a/b/c/d", "linux/am d64"] {
            assert_eq!(parse(text).unwrap_err().code, Code::Usage, "{text}");
        }
    }

    #[test]
    fn a_machine_is_known_by_the_words_of_rust_and_of_node() {
        for (architecture, expected) in [
            ("x86_64", "linux/amd64"),
            ("x64", "linux/amd64"),
            ("aarch64", "linux/arm64"),
            ("arm64", "linux/arm64"),
            ("arm", "linux/arm/v7"),
            ("powerpc64", "linux/ppc64le"),
            ("", "linux/amd64"),
        ] {
            assert_eq!(of_machine(architecture), expected);
        }
    }
}
