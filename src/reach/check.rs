//! Expanded values that mean nothing for the inputs, but that BuildKit refuses where they are wrong.

use super::invalid;
use crate::error::Result;
use crate::expand::shorten;

const SIGNALS: [&str; 37] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT",
    "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
    "RTMIN", "RTMAX", "RTMIN+15",
];

/// rule: `github.com/moby/sys/signal`, `ParseSignal`.
pub(super) fn signal(text: &str) -> Result<()> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let real_time = |prefix: &str, most: u32| {
        let number =
            name.strip_prefix(prefix).filter(|number| !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit()));
        number.and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| (1..=most).contains(&number))
    };
    let is_right = match text.parse::<i64>() {
        Ok(number) => number != 0,
        Err(_) => SIGNALS.contains(&name) || real_time("RTMIN+", 15) || real_time("RTMAX-", 14),
    };
    if is_right { Ok(()) } else { Err(invalid(format!("`{}` is not a signal", shorten(text)))) }
}

/// rule: `dispatchCopy` and `github.com/tonistiigi/dchapes-mode`, `Parse`.
pub(super) fn mode(text: &str) -> Result<()> {
    let is_right = match u32::from_str_radix(text, 8) {
        Ok(mode) if !text.starts_with('+') => mode <= 0o7777,
        _ => is_symbolic_mode(text),
    };
    if is_right {
        Ok(())
    } else {
        Err(invalid(format!("`--chmod={}` is neither an octal number nor a mode such as u=rwx,go=rx", shorten(text))))
    }
}

/// `u=rwx,go+r`: the letters of `who`, then operators with letters of permissions.
fn is_symbolic_mode(text: &str) -> bool {
    text.split(',').all(|clause| {
        let operations = clause.trim_start_matches(['a', 'u', 'g', 'o']);
        operations.starts_with(['+', '-', '=']) && operations.bytes().all(|byte| b"+-=rstwXxugo".contains(&byte))
    })
}

/// rule: `chownByName`: a name cannot be looked up with `--link`.
pub(super) fn is_numeric_owner(text: &str) -> bool {
    let (user, group) = text.split_once(':').unwrap_or((text, ""));
    let is_number = |text: &str| text == "root" || text.parse::<i32>().is_ok();
    is_number(user) && (group.is_empty() || is_number(group))
}

/// rule: `convert_expose.go`: `[[ip:]port:]port[-port][/protocol]`.
pub(super) fn port(text: &str) -> Result<()> {
    let wrong = || invalid(format!("`{}` is not a port such as 80 or 53/udp", shorten(text)));
    let (host, container) = match text.rsplit_once(':') {
        Some((host, container)) => (Some(host), container),
        None => (None, text),
    };
    let (container, protocol) = container.split_once('/').unwrap_or((container, ""));
    if !matches!(protocol.to_ascii_lowercase().as_str(), "" | "tcp" | "udp" | "sctp") {
        return Err(wrong());
    }
    let container_range = range(container).ok_or_else(wrong)?;
    let Some(host) = host else { return Ok(()) };
    let (ip, host) = match host.rsplit_once(':') {
        Some((ip, host)) => (ip, host),
        None => ("", host),
    };
    // Nobody writes one here: it only has to look like an address.
    let is_ip = ip.is_empty() || ip.bytes().all(|byte| byte.is_ascii_hexdigit() || b"[]:.".contains(&byte)) && ip.contains(['.', ':']);
    if !is_ip {
        return Err(wrong());
    }
    if host.is_empty() {
        return Ok(());
    }
    let host_range = range(host).ok_or_else(wrong)?;
    let same_length = container_range.1 - container_range.0 == host_range.1 - host_range.0;
    if same_length || container_range.0 == container_range.1 { Ok(()) } else { Err(wrong()) }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (start, end) = match text.split_once('-') {
        Some((start, end)) => (start, end),
        None => (text, text),
    };
    let (start, end) = (start.parse().ok()?, end.parse().ok()?);
    (start <= end).then_some((start, end))
}

/// rule: `github.com/opencontainers/go-digest`, `Parse`.
pub(super) fn digest(text: &str) -> Result<()> {
    let is_right = text.split_once(':').is_some_and(|(algorithm, hex)| {
        let length = match algorithm {
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => 0,
        };
        length > 0 && hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    });
    if is_right { Ok(()) } else { Err(invalid(format!("`--checksum={}` is not a digest such as sha256:...", shorten(text)))) }
}
