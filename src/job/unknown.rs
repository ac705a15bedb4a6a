//! Images of which a registry gave no answer: they are told together where the reason is the same, such as a registry that cannot be reached.

use crate::error::Error;
use crate::print;

/// How many images a message names.
const NAMED: usize = 3;

/// Errors with the images that each one is of. Errors that say the same are one.
pub(super) fn by_reason(unknown: &[(String, Error)]) -> Vec<(&Error, Vec<&str>)> {
    let mut groups: Vec<(&Error, Vec<&str>)> = Vec::new();
    for (image, error) in unknown {
        match groups.iter_mut().find(|(known, _)| known.message == error.message) {
            Some((_, images)) => images.push(image),
            None => groups.push((error, vec![image])),
        }
    }
    groups
}

/// `4 images are unknown: a, b, c and 1 more`.
pub(super) fn named(images: &[&str]) -> String {
    format!("{} are unknown: {}", print::plural(images.len(), "image"), print::some(images, NAMED))
}
