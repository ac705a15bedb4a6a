//! One Docker pattern: `filepath.Match` of Go, which sources of COPY are, and the patterns of ignore files.
//!
//! They differ: to the first `**` is `*` and `\\d` is `d`, while the second becomes a regexp of Go with most of what that implies.

mod category;
mod class;
mod escape;
mod filepath;
mod pattern;
mod regexp;
mod run;
mod text;
mod translate;

pub use filepath::{BadPattern, filepath_match, is_filepath_pattern};
pub use pattern::Pattern;
pub(crate) use pattern::is_inside;
pub use text::clean;
pub(crate) use text::trim;
