//! What a YAML scalar means to Compose: YAML 1.2 with the octal and binary numbers of 1.1.
//!
//! Rule: go.yaml.in/yaml/v4 `internal/libyaml/resolver.go`.

use saphyr_parser::{ScalarStyle, Tag};

use crate::compose::float;
use crate::compose::node::Value;
use crate::compose::timestamp;

/// The value of a scalar, or why there is none.
pub(super) fn value(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain { Ok(plain(text, true)) } else { Ok(Value::Text(text.to_owned())) };
    };
    if !tag.is_yaml_core_schema() {
        // A tag that YAML does not know is left aside, and the value is a text.
        return Ok(Value::Text(text.to_owned()));
    }
    let wanted = tag.suffix.as_str();
    let value = match wanted {
        "str" => return Ok(Value::Text(text.to_owned())),
        "bool" | "int" | "float" | "null" => plain(text, false),
        "timestamp" => plain(text, true),
        "binary" | "merge" => return Err(format!("the tag `!!{wanted}` is not covered")),
        _ => return Ok(Value::Text(text.to_owned())),
    };
    match (wanted, value) {
        ("float", Value::Int(value)) => Ok(Value::Float(value as f64)),
        ("bool", value @ Value::Bool(_))
        | ("int", value @ (Value::Int(_) | Value::Uint(_)))
        | ("float", value @ Value::Float(_))
        | ("null", value @ Value::Null)
        | ("timestamp", value @ Value::Time(_)) => Ok(value),
        _ => Err(format!("`{}` is no `!!{wanted}`", text.escape_debug())),
    }
}

fn plain(text: &str, times: bool) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        "-0" | "-0.0" => Value::Float(-0.0),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => match text.as_bytes() {
            [b'0'..=b'9' | b'+' | b'-', ..] => number(text, times),
            [b'.', ..] => decimal(text).unwrap_or_else(|| Value::Text(text.to_owned())),
            _ => Value::Text(text.to_owned()),
        },
    }
}

/// What begins with a digit or a sign.
fn number(text: &str, times: bool) -> Value {
    if let Some(time) = times.then(|| timestamp::parse(text)).flatten() {
        return Value::Time(time);
    }
    let digits = text.replace('_', "");
    // Go takes an underscore in a number only where the base is given, and they are gone by now.
    integer(&digits).or_else(|| if is_float(&digits) { decimal(&digits) } else { None }).unwrap_or_else(|| Value::Text(text.to_owned()))
}

/// Rule: Go `strconv.ParseInt` and `ParseUint` with base 0.
fn integer(text: &str) -> Option<Value> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = u64::from_str_radix(digits, base).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(value).map(Value::Int);
    }
    // A sign is no part of an unsigned number.
    match i64::try_from(value) {
        Ok(value) => Some(Value::Int(value)),
        Err(_) if unsigned.len() == text.len() => Some(Value::Uint(value)),
        Err(_) => None,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let unsigned = |text| str::strip_prefix(text, ['-', '+']).unwrap_or(text);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = unsigned(text).split_once(['e', 'E']).unwrap_or((unsigned(text), "0"));
    is_number(&mantissa.replacen('.', "", 1)) && is_number(unsigned(exponent))
}

fn decimal(text: &str) -> Option<Value> {
    is_float(text).then(|| float::read(text)).filter(|value| value.is_finite()).map(Value::Float)
}

/// Reads a whole decimal number as Go's `strconv.Atoi` does.
pub(super) fn go_int(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Reads a number as Go's `strconv.ParseFloat` does; hexadecimal ones and those with `_` are left out.
pub(super) fn go_float(text: &str) -> Option<f64> {
    let word = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    match word.as_str() {
        "inf" | "infinity" if text.starts_with('-') => Some(f64::NEG_INFINITY),
        "inf" | "infinity" => Some(f64::INFINITY),
        "nan" if text.len() == 3 => Some(f64::NAN),
        _ => is_float(text).then(|| float::read(text)).filter(|value| value.is_finite()),
    }
}

/// A text in small letters, as far as they are ASCII: the tables for all others are 10 kB of the wasm.
///
/// Two letters that are no ASCII have small ones that are (rule: Unicode `SpecialCasing.txt` and `UnicodeData.txt`).
pub(super) fn lower(text: &str) -> String {
    text.to_ascii_lowercase().replace('\u{212a}', "k").replace('\u{130}', "i\u{307}")
}

/// Reads a umask as Go's `strconv.ParseUint(text, 0, 32)` does.
pub(super) fn umask(text: &str) -> Option<u32> {
    match integer(text) {
        Some(Value::Int(value)) if !text.starts_with(['+', '-']) => u32::try_from(value).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_letters_are_right_where_they_are_ascii() {
        for character in '\0'..=char::MAX {
            let (all, ours) = (character.to_lowercase().to_string(), lower(&character.to_string()));
            assert!(ours == all || !all.contains(|it: char| it.is_ascii()), "{character}");
        }
    }

    #[test]
    fn plain_scalars_are_those_of_go_yaml() {
        for (text, expected) in [
            ("1.10", Value::Float(1.1)),
            ("0755", Value::Int(493)),
            ("0o755", Value::Int(493)),
            ("-0x10", Value::Int(-16)),
            ("0b101", Value::Int(5)),
            ("1_000", Value::Int(1000)),
            ("0899", Value::Float(899.0)),
            ("1e3", Value::Float(1000.0)),
            ("+1", Value::Int(1)),
            ("18446744073709551615", Value::Uint(u64::MAX)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("+18446744073709551615", Value::Float(18446744073709551615.0)),
            ("5.", Value::Float(5.0)),
            (".5", Value::Float(0.5)),
            ("-.5", Value::Float(-0.5)),
            ("~", Value::Null),
            ("True", Value::Bool(true)),
            ("2024-01-02", Value::Time("2024-01-02 00:00:00 +0000 UTC".to_owned())),
        ] {
            assert_eq!(plain(text, true), expected, "{text}");
        }
        for text in ["yes", "on", "y", "12:30", "1.2.3", "0x", "0xg", "1e", "_1_x", "-", "+", ".", "--1", "0b2", "1e999", "0x1p4", "tRUE"] {
            assert_eq!(plain(text, true), Value::Text(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_tag_decides() {
        let core = |suffix: &str| Tag { handle: "tag:yaml.org,2002:".to_owned(), suffix: suffix.to_owned() };
        let of = |text: &str, suffix: &str| value(text, ScalarStyle::Plain, Some(&core(suffix)));
        assert_eq!(of("1", "str"), Ok(Value::Text("1".to_owned())));
        assert_eq!(of("1", "float"), Ok(Value::Float(1.0)));
        assert_eq!(of("07", "int"), Ok(Value::Int(7)));
        assert!(of("x", "int").is_err() && of("1", "bool").is_err());
        let own = Tag { handle: "!".to_owned(), suffix: "own".to_owned() };
        assert_eq!(value("1", ScalarStyle::Plain, Some(&own)), Ok(Value::Text("1".to_owned())));
    }
}
