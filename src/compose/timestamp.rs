//! Time stamps in YAML, as Go prints them.

/// `2024-01-02`, with or without a time, as Go's `time.Time` prints it; `None` where it is no time stamp.
///
/// Rule: go.yaml.in/yaml/v4 `resolver.go`, `allowedTimestampFormats`; Go `time.Parse`.
pub(super) fn parse(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes.iter().take(4).all(u8::is_ascii_digit) || bytes.get(4) != Some(&b'-') {
        return None;
    }
    let (year, rest) = (text.get(..4)?.parse().ok()?, text.get(5..)?);
    let (month, rest) = digits(rest)?;
    let (day, rest) = digits(rest.strip_prefix('-')?)?;
    if !(1..=12).contains(&month) || day < 1 || day > days(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    let Some(separator) = rest.chars().next() else { return Some(format!("{date} 00:00:00 +0000 UTC")) };
    let with_zone = match separator {
        'T' | 't' => true,
        ' ' => false,
        _ => return None,
    };
    let rest = rest.get(1..)?;
    let (hour, rest) = digits(rest)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?)?;
    let (second, rest) = digits(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, rest) = fraction(rest)?;
    let zone = match (with_zone, rest) {
        (false, "") | (true, "Z") => "+0000 UTC".to_owned(),
        (true, offset) => offset_name(offset)?,
        _ => return None,
    };
    Some(format!("{date} {hour:02}:{minute:02}:{second:02}{fraction} {zone}"))
}

/// One or two digits.
fn digits(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    Some((text.get(..length)?.parse().ok()?, text.get(length..)?))
}

/// Digits behind the second, without the zeros at the end and at most nine.
fn fraction(text: &str) -> Option<(String, &str)> {
    let Some(rest) = text.strip_prefix(['.', ',']) else { return Some((String::new(), text)) };
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let shown = rest.get(..length.min(9))?.trim_end_matches('0');
    let printed = if shown.is_empty() { String::new() } else { format!(".{shown}") };
    (length > 0).then_some((printed, rest.get(length..)?))
}

/// `-05:00` is printed twice, since the zone has no name.
fn offset_name(text: &str) -> Option<String> {
    let sign = text.chars().next().filter(|sign| ['+', '-'].contains(sign))?;
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u32>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 24 || minutes > 60 {
        return None;
    }
    if hours == 0 && minutes == 0 {
        return Some("+0000 UTC".to_owned());
    }
    Some(format!("{sign}{hours:02}{minutes:02} {sign}{hours:02}{minutes:02}"))
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_go_prints_them() {
        for (text, expected) in [
            ("2024-01-02", Some("2024-01-02 00:00:00 +0000 UTC")),
            ("2024-1-2", Some("2024-01-02 00:00:00 +0000 UTC")),
            ("2001-12-14t21:59:43.10-05:00", Some("2001-12-14 21:59:43.1 -0500 -0500")),
            ("2001-12-15T02:59:43Z", Some("2001-12-15 02:59:43 +0000 UTC")),
            ("2001-12-15 2:59:43", Some("2001-12-15 02:59:43 +0000 UTC")),
            ("2001-12-15 2:59:43 Z", None),
            ("2001-02-29", None),
            ("2024-02-29", Some("2024-02-29 00:00:00 +0000 UTC")),
            ("2024-13-01", None),
            ("2024-01", None),
            ("2024-01-02x", None),
            ("20240-1-02", None),
        ] {
            assert_eq!(parse(text).as_deref(), expected, "{text}");
        }
    }
}
