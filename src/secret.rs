//! A text that must not be seen.

use std::fmt;

use serde::{Serialize, Serializer};

/// A password, token or header that is passed on but never printed: `Debug` and `Display` show `***`.
///
/// ```
/// use docktag::secret::Secret;
///
/// let password: Secret = Secret::new("s3cret");
/// assert_eq!(format!("{password:?} {password}"), "*** ***");
/// assert_eq!(password.expose(), "s3cret");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T = String>(T);

impl<T> Secret<T> {
    /// Wraps a text, or bytes.
    pub fn new(value: impl Into<T>) -> Self {
        Secret(value.into())
    }

    /// The value itself, for the one place that must have it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

/// For fields that a host must have in the clear; a secret is never serialized otherwise.
pub fn expose_optional<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
