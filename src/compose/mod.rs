//! What docktag needs to know of Compose: its files and what they make, its model, its override.
//!
//! [`read`] is a reader of Compose files: it asks for files, interpolates, merges, checks and gives a [`project::Project`], and
//! equals compose-go 2.16 in what it takes. What it does not cover it refuses, and then Compose is asked ([`model`]).

pub mod bake;
pub mod files;
pub mod literal;
pub mod model;
pub mod overrides;
pub mod project;
pub mod read;

mod float;
mod lines;
mod node;
mod scalar;
mod timestamp;
mod units;
mod yaml;

mod tags;
mod tree;

mod dotenv;
mod interpolate;
mod scope;
pub(crate) mod template;

mod canonical;
mod merge;
mod mounts;
pub(crate) mod paths;
mod unique;

mod checks;
mod decode;
mod schema;
mod schema_service;
mod schema_top;

mod consistency;
mod extends;
mod include;
mod load;
mod normalize;
mod part;
mod settings;
mod shape;

use serde::Serialize;

/// A Compose program that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compose {
    /// How it is started, such as `["docker", "compose"]`.
    pub program: Vec<String>,
    /// Which of the two it is.
    pub flavor: Flavor,
}

/// The two Composes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavor {
    /// The Python program, up to 1.29.
    V1,
    /// The Go program, from 2.0 on.
    V2,
}

impl Flavor {
    /// Reads what `version --short` prints: `1.29.2`, `2.40.3-3`, `v5.6.0`. `None` where that is no version.
    ///
    /// Compose v1 prints its usage and exits with 0 on options that it does not know, so the text decides, not the exit code.
    pub fn of_version(text: &str) -> Option<Flavor> {
        let major = text.trim().trim_start_matches('v').split('.').next()?;
        match major.parse::<u32>().ok()? {
            1 => Some(Flavor::V1),
            2.. => Some(Flavor::V2),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_tells_the_flavor() {
        for (text, flavor) in [
            ("1.29.2\n", Some(Flavor::V1)),
            ("2.40.3-3\n", Some(Flavor::V2)),
            ("v5.6.0", Some(Flavor::V2)),
            ("Usage: docker-compose [-f <arg>...]", None),
            ("", None),
        ] {
            assert_eq!(Flavor::of_version(text), flavor, "{text}");
        }
    }
}
