//! Quoting for POSIX shells.

/// A word that a POSIX shell reads back as `text`.
///
/// ```
/// assert_eq!(docktag::shell::quote("a/b:1"), "a/b:1");
/// assert_eq!(docktag::shell::quote("it's"), r"'it'\''s'");
/// ```
pub fn quote(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@,+%".contains(&byte);
    match !text.is_empty() && text.bytes().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
