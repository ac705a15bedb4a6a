//! Bytes in JSON: base64 (RFC 4648, with padding), or a text that need not be UTF-8.

use base64ct::{Base64, Encoding as _};
use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::secret::Secret;

/// Reads bytes.
pub fn from_base64(value: &Value) -> Option<Vec<u8>> {
    Base64::decode_vec(value.as_str()?).ok()
}

/// Reads a text: a string, or an array of byte values.
pub fn from_text(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Array(items) => items.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect(),
        _ => None,
    }
}

/// A text as a value: a string, or an array of byte values where it is not UTF-8.
pub fn to_value(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.to_vec().into(),
    }
}

/// The beginning of a value, for a message. (The `Display` of values would be 4 kB of the wasm.)
pub fn excerpt(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default().chars().take(200).collect()
}

/// Writes a text: a string, or an array of byte values where it is not UTF-8.
pub fn text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => serializer.serialize_str(text),
        Err(_) => bytes.serialize(serializer),
    }
}

/// Writes a list of texts.
pub fn texts<S: Serializer>(list: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
    struct Text<'a>(&'a [u8]);

    impl Serialize for Text<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            text(self.0, serializer)
        }
    }

    let mut sequence = serializer.serialize_seq(Some(list.len()))?;
    for bytes in list {
        sequence.serialize_element(&Text(bytes))?;
    }
    sequence.end()
}

/// Writes bytes that a host must have in the clear, where there are any.
pub fn expose_optional<S: Serializer>(bytes: &Option<Secret<Vec<u8>>>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => expose(bytes, serializer),
        None => serializer.serialize_none(),
    }
}

/// Writes bytes that a host must have in the clear.
pub fn expose<S: Serializer>(bytes: &Secret<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&Base64::encode_string(bytes.expose()))
}
