//! Values that mean nothing for the inputs, but that BuildKit refuses where they are wrong.

use super::invalid;
use crate::error::Result;

/// The units of a duration, in nanoseconds.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration of nothing, or of a millisecond and more (rule: Go `time.ParseDuration`, `parseOptInterval`).
pub(super) fn interval(text: &str) -> Result<()> {
    let is_right = match text.strip_prefix('-') {
        Some(rest) => duration(rest) == Some(0),
        None => duration(text.strip_prefix('+').unwrap_or(text)).is_some_and(|nanoseconds| nanoseconds == 0 || nanoseconds >= 1_000_000),
    };
    if is_right { Ok(()) } else { Err(invalid(format!("`{text}` is not a duration such as 30s, or is too short"))) }
}

/// The nanoseconds of a text such as `1h1.5s`.
fn duration(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut sum) = (text, 0_u64);
    loop {
        let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(end)?;
        let end = after.find(|character: char| character.is_ascii_digit() || character == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let unit = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let mut part = unit;
        sum = sum.checked_add(whole.checked_mul(unit)?)?;
        for digit in fraction.bytes() {
            part /= 10;
            sum = sum.checked_add(part * u64::from(digit - b'0'))?;
        }
        rest = after;
        if rest.is_empty() {
            return Some(sum).filter(|&sum| i64::try_from(sum).is_ok());
        }
    }
}

/// rule: Go `strconv.ParseBool`.
pub(super) fn is_bool(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True" | "0" | "f" | "F" | "false" | "FALSE" | "False")
}

/// rule: `github.com/docker/go-units`, `RAMInBytes`.
pub(super) fn is_size(text: &str) -> bool {
    let Some(at) = text.rfind(|character: char| character.is_ascii_digit() || matches!(character, '.' | ' ')) else { return false };
    let (number, unit) = match text.split_at_checked(at + 1) {
        Some((number, unit)) => (number.strip_suffix(' ').unwrap_or(number), unit.to_ascii_lowercase()),
        None => return false,
    };
    let unit_is_right = match unit.strip_prefix(['k', 'm', 'g', 't', 'p']) {
        Some(rest) => matches!(rest, "" | "b" | "ib"),
        None => matches!(unit.as_str(), "" | "b"),
    };
    unit_is_right && is_number(number)
}

/// A decimal number that is not negative, as `1.5` or `1e3`.
fn is_number(text: &str) -> bool {
    let (text, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.strip_prefix('+').unwrap_or(text).split_once('.').unwrap_or((text, ""));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits(whole) && digits(fraction) && whole.len() + fraction.len() > 0 && digits(exponent) && !exponent.is_empty()
}
