//! Sizes, durations and command lines in texts.

/// Bytes of a text such as `2gb` or `1.5 MiB` (rules: compose-go `types/bytes.go`, docker/go-units `size.go`).
pub(super) fn bytes(text: &str) -> Option<i64> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let last = text.rfind(|character: char| character.is_ascii_digit() || character == '.' || character == ' ')?;
    let (number, suffix) = (&text[..=last], &text[last + 1..]);
    let number = number.strip_suffix(' ').unwrap_or(number);
    let size = super::scalar::go_float(number).filter(|size| *size >= 0.0)?;
    let suffix = super::scalar::lower(suffix);
    let factor = match suffix.strip_suffix("ib").filter(|unit| !unit.is_empty()).or_else(|| suffix.strip_suffix('b')).unwrap_or(&suffix) {
        "" => 0u32,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return None,
    };
    Some((size * 1024f64.powi(factor as i32)) as i64)
}

/// Whether a text is a duration such as `1m30s` or `2d` (rule: xhit/go-str2duration).
pub(super) fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let digit = |character: char| character.is_ascii_digit();
        let unsigned = rest.trim_start_matches(digit);
        let whole = &rest[..rest.len() - unsigned.len()];
        let fraction = unsigned.strip_prefix('.');
        let unit = fraction.map_or(unsigned, |fraction| fraction.trim_start_matches(digit));
        let has_fraction = fraction.is_some_and(|fraction| fraction.len() > unit.len());
        if (whole.is_empty() && !has_fraction) || whole.len() > 15 {
            return false;
        }
        let end = unit.find(|character: char| character == '.' || character.is_ascii_digit()).unwrap_or(unit.len());
        if !["ns", "us", "\u{b5}s", "\u{3bc}s", "ms", "s", "m", "h", "d", "w"].contains(&&unit[..end]) {
            return false;
        }
        rest = &unit[end..];
    }
    true
}

/// Whether the quotes of a command line are closed (rule: mattn/go-shellwords).
pub(super) fn is_command(text: &str) -> bool {
    let (mut escaped, mut double, mut single, mut back, mut dollar) = (false, false, false, false, false);
    let mut last = ' ';
    for character in text.chars() {
        if std::mem::take(&mut escaped) {
            last = character;
            continue;
        }
        match character {
            '\\' if single => {}
            '\\' => {
                escaped = true;
                continue;
            }
            ' ' | '\t' | '\r' | '\n' => {}
            '`' if !single && !double && !dollar => back = !back,
            ')' if !single && !double && !back => dollar = !dollar,
            '(' if !single && !double && !back => {
                if dollar || last != '$' {
                    return false;
                }
                dollar = true;
            }
            '"' if !single && !dollar => {
                double = !double;
                continue;
            }
            '\'' if !double && !dollar => {
                single = !single;
                continue;
            }
            ';' | '&' | '|' | '<' | '>' if !(single || double || back || dollar) => break,
            _ => {}
        }
        last = character;
    }
    !(escaped || single || double || back || dollar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("2gb", Some(2 << 30)),
            ("640kb", Some(640 << 10)),
            ("1.5 MiB", Some(3 << 19)),
            ("-1", Some(-1)),
            ("7b", Some(7)),
            ("50M", Some(50 << 20)),
            ("", None),
            ("x", None),
            ("1x", None),
            ("-1k", None),
            ("1ib", None),
            ("1bb", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_and_commands() {
        for text in ["0", "1s", "1m30s", "1.5h", ".5s", "2d", "1w", "-1ms"] {
            assert!(is_duration(text), "{text}");
        }
        for text in ["", "1", "s", "1x", "1.s.", "-", "1 s"] {
            assert!(!is_duration(text), "{text}");
        }
        for (text, expected) in [
            ("a 'b c' \"d\"", true),
            ("a '", false),
            ("a \"", false),
            ("a (b)", false),
            ("a $(b)", true),
            ("a; '", true),
            ("a \\", false),
            ("`a", false),
        ] {
            assert_eq!(is_command(text), expected, "{text}");
        }
    }
}
