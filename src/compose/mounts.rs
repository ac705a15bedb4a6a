//! The short forms of ports and volumes.
//!
//! Rules: compose-go `format/volume.go`; docker/go-connections `nat/nat.go`.

use core::net::IpAddr;

/// What a short form of a volume says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Volume {
    /// A path or the name of a volume; empty for an anonymous one.
    pub(super) source: String,
    /// Where it is mounted.
    pub(super) target: String,
    /// Whether `source` is a path.
    pub(super) is_bind: bool,
}

/// Reads `source:target:options`.
pub(super) fn volume(text: &str) -> Result<Volume, String> {
    let mut volume = Volume::default();
    match text.len() {
        0 => return Err("an empty volume".to_owned()),
        1 | 2 => return Ok(Volume { target: text.to_owned(), ..volume }),
        _ => {}
    }
    let wrong = |what: &str| Err(format!("`{}`: {what}", text.escape_debug()));
    for (index, (field, is_last)) in fields_of(text).into_iter().enumerate() {
        match (field, index, is_last) {
            ("", _, _) => return wrong("nothing stands between the colons"),
            (_, 0, true) | (_, 1, _) => volume.target = field.to_owned(),
            (_, 0, false) => volume.source = field.to_owned(),
            (_, _, false) => return wrong("too many colons"),
            _ => {}
        }
    }
    volume.is_bind = is_path(&volume.source);
    Ok(volume)
}

/// What stands between the colons, without those behind a drive's letter and within `${}`; and whether it is the last.
fn fields_of(text: &str) -> Vec<(&str, bool)> {
    let mut fields = Vec::new();
    let (mut start, mut depth) = (0, 0u32);
    for (index, character) in text.char_indices() {
        match character {
            '$' if text[index + 1..].starts_with('{') => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ':' if depth == 0 && !is_drive(&text[start..index]) => {
                fields.push((&text[start..index], false));
                start = index + 1;
            }
            _ => {}
        }
    }
    if depth == 0 {
        fields.push((&text[start..], true));
    }
    fields
}

fn is_drive(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(char::is_alphabetic) && characters.next().is_none()
}

fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~']) || source.starts_with("\\\\") || source.split_once(':').is_some_and(|(drive, _)| is_drive(drive))
}

/// Checks `[[ip:]published:]target[/protocol]`.
pub(super) fn port(text: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("`{}`: {what}", text.escape_debug()));
    let mut parts = text.rsplitn(3, ':');
    let container = parts.next().unwrap_or_default();
    let published = parts.next().unwrap_or_default();
    let (container, protocol) = match container.split_once('/') {
        Some(("", _)) | None if container.is_empty() || container.starts_with('/') => return wrong("no port in it"),
        Some((port, protocol)) => (port, protocol.split('/').next().unwrap_or_default()),
        None => (container, ""),
    };
    if parts.next().is_some_and(|ip| !ip.is_empty() && !is_host(ip)) {
        return wrong("no IP address");
    }
    let Some((start, end)) = range(container) else { return wrong("no port of a container") };
    if !published.is_empty() {
        let Some((first, last)) = range(published) else { return wrong("no port of the host") };
        if end - start != last - first && start != end {
            return wrong("ranges of different lengths");
        }
    }
    match protocol.to_ascii_lowercase().as_str() {
        "" | "tcp" | "udp" | "sctp" => Ok(()),
        _ => wrong("the protocol is none of tcp, udp, sctp"),
    }
}

/// Whether Go's `net.ParseIP` takes it.
pub(super) fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// An address as it stands before a port: that of IPv6 in brackets.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(inner) => inner.is_empty() || is_ip(inner),
        None => !text.contains(':') && is_ip(text),
    }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten();
    let mut parts = text.split('-');
    let start = number(parts.next()?)?;
    let end = parts.next().map_or(Some(start), number)?;
    (end >= start).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_in_their_short_form() {
        for (text, source, target, is_bind) in [
            ("/data", "", "/data", false),
            ("data:/data", "data", "/data", false),
            ("./a:/b:ro,z", "./a", "/b", true),
            ("~/a:/b", "~/a", "/b", true),
            ("C:\\a:D:\\b", "C:\\a", "D:\\b", true),
            ("x", "", "x", false),
        ] {
            assert_eq!(volume(text), Ok(Volume { source: source.to_owned(), target: target.to_owned(), is_bind }), "{text}");
        }
        for text in ["", "::a", "data:/b:ro:rw", "abc:"] {
            assert!(volume(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ports_in_their_short_form() {
        for text in [
            "80",
            "8080:80",
            "80-82:8080-8082",
            "9000-9010:80",
            "127.0.0.1:80:80/udp",
            "127.0.0.1::80",
            "[::1]:80:80",
            "0",
            "80/TCP",
            ":80",
        ] {
            assert!(port(text).is_ok(), "{text}");
        }
        for text in ["", "a", "65536", "80/x", "80-79", "80-81:80-82", "1.2.3:80:80", "::1:80:80", "80:", "/tcp", "80:a", "-1"] {
            assert!(port(text).is_err(), "{text}");
        }
    }
}
