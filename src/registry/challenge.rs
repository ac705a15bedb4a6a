//! The `WWW-Authenticate` header: what a registry wants to know of us.

/// What a 401 asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// User and password with every request.
    Basic,
    /// A token from another address (distribution, "Token Authentication Specification").
    Bearer {
        /// The address of the token server.
        realm: String,
        /// The service to name there.
        service: Option<String>,
        /// The scope to ask for.
        scope: Option<String>,
    },
}

/// Reads the header's values; a bearer challenge is preferred where several are offered.
///
/// ```
/// use docktag::registry::challenge::{Challenge, parse};
///
/// let header = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#;
/// let Some(Challenge::Bearer { realm, service, scope }) = parse(&[header]) else { panic!() };
/// assert_eq!((realm.as_str(), service.as_deref(), scope), ("https://auth.docker.io/token", Some("registry.docker.io"), None));
/// ```
pub fn parse(headers: &[&str]) -> Option<Challenge> {
    let mut found = Vec::new();
    for header in headers {
        found.append(&mut challenges(header));
    }
    let best = found.iter().position(|challenge| matches!(challenge, Challenge::Bearer { .. })).unwrap_or(0);
    found.into_iter().nth(best)
}

/// `scheme key=value, key="value", scheme ...` (RFC 9110, 11.6.1).
fn challenges(header: &str) -> Vec<Challenge> {
    let mut found = Vec::new();
    let mut scheme = String::new();
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() && after.is_empty() {
            break;
        }
        match after.trim_start_matches([' ', '\t']).strip_prefix('=') {
            Some(value) if !word.is_empty() => {
                let (value, after) = read_value(value.trim_start_matches([' ', '\t']));
                parameters.push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            // Not a parameter, so a new scheme begins. A stray `=` is skipped.
            _ => {
                found.extend(challenge(&scheme, &parameters));
                scheme = word.to_ascii_lowercase();
                parameters.clear();
                rest = if word.is_empty() { &after[1..] } else { after };
            }
        }
    }
    found.extend(challenge(&scheme, &parameters));
    found
}

fn challenge(scheme: &str, parameters: &[(String, String)]) -> Option<Challenge> {
    let get = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    match scheme {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer { realm: get("realm")?, service: get("service"), scope: get("scope") }),
        _ => None,
    }
}

fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned), scope: scope.map(str::to_owned) })
    }

    #[test]
    fn challenges_as_registries_send_them() {
        for (header, expected) in [
            (r#"Basic realm="test""#, Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull,push""#,
                bearer("https://ghcr.io/token", Some("ghcr.io"), Some("repository:a/b:pull,push")),
            ),
            (r#"bearer  Realm = "https://t/\"x" , service=s"#, bearer("https://t/\"x", Some("s"), None)),
            (r#"Basic realm="a", Bearer realm="https://t""#, bearer("https://t", None, None)),
            (r#"Bearer service="no realm""#, None),
            (r#"Negotiate abc=, Basic realm="x""#, Some(Challenge::Basic)),
            ("", None),
            ("=,=,==", None),
            (r#"Bearer realm="unterminated"#, bearer("unterminated", None, None)),
        ] {
            assert_eq!(parse(&[header]), expected, "{header}");
        }
    }
}
