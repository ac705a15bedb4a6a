//! Whom a registry has to be, and who we are to it, as Docker has it: `certs.d`, and registries that are named as insecure.

use core::net::IpAddr;

use serde::Serialize;
use serde_json::Value;

use crate::registry::proxy::{is_in, split_port, without_brackets};
use crate::shell::Env;

/// How the other side of a TLS connection proves who it is, and how we do.
///
/// It belongs to a registry, and to the token server and the hosts that this one leads to, as in Docker (moby, `registry/registry.go`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Trust {
    /// Whether its certificate is taken unseen.
    pub insecure: bool,
    /// Files with authorities in PEM, besides those of the system.
    pub authorities: Vec<String>,
    /// Files with our own certificate and its key in PEM, for registries that ask who we are.
    pub identity: Option<(String, String)>,
}

impl Trust {
    /// Adds what the files of a folder say: each `.crt` is an authority, a `.cert` and a `.key` of one name are a certificate of ours. Of several,
    /// the first by name is taken.
    ///
    /// ```
    /// use docktag::registry::trust::Trust;
    ///
    /// let mut trust = Trust::default();
    /// trust.add("/d", &["client.key", "ca.crt", "client.cert", "README"]).unwrap();
    /// assert_eq!(trust.authorities, ["/d/ca.crt"]);
    /// assert_eq!(trust.identity, Some(("/d/client.cert".into(), "/d/client.key".into())));
    /// assert_eq!(trust.add("/d", &["a.cert"]), Err(("/d/a.cert".into(), "/d/a.key".into())));
    /// ```
    ///
    /// # Errors
    /// A certificate or key, and the other half that is not there.
    pub fn add(&mut self, folder: &str, names: &[&str]) -> Result<(), (String, String)> {
        let mut names = names.to_vec();
        names.sort_unstable();
        for name in &names {
            let file = format!("{folder}/{name}");
            let (base, half) = match name.rsplit_once('.') {
                Some((_, "crt")) => {
                    self.authorities.push(file);
                    continue;
                }
                Some((base, "cert")) => (base, "key"),
                Some((base, "key")) => (base, "cert"),
                _ => continue,
            };
            let other = format!("{base}.{half}");
            if !names.contains(&other.as_str()) {
                return Err((file, format!("{folder}/{other}")));
            }
            if half == "key" && self.identity.is_none() {
                self.identity = Some((file, format!("{folder}/{other}")));
            }
        }
        Ok(())
    }
}

/// Where Docker keeps what concerns registries, the machine's first: moby, `registry/config.go`, for the engine and the rootless one; Docker
/// Desktop has a folder of the user's.
fn homes(env: &Env, windows: bool) -> Vec<String> {
    let get = |name: &str| env.get(name).filter(|value| !value.is_empty()).map(|value| value.replace('\\', "/"));
    let home = get("HOME").or_else(|| get("USERPROFILE").filter(|_| windows));
    let desktop = home.as_ref().map(|home| format!("{home}/.docker"));
    let homes = match windows {
        true => [get("ProgramData").or_else(|| get("PROGRAMDATA")).map(|data| format!("{data}/docker")), None, desktop],
        false => {
            let rootless = get("XDG_CONFIG_HOME").or_else(|| home.map(|home| format!("{home}/.config")));
            [Some("/etc/docker".to_owned()), rootless.map(|folder| format!("{folder}/docker")), desktop]
        }
    };
    homes.into_iter().flatten().collect()
}

/// The folders that can have certificates for a registry (`host` or `host:port`).
///
/// ```
/// use docktag::registry::trust::folders;
/// use docktag::shell::Env;
///
/// let env = Env::from([("HOME".to_owned(), "/home/a".to_owned())]);
/// let places = ["/etc/docker", "/home/a/.config/docker", "/home/a/.docker"].map(|place| format!("{place}/certs.d/r:5000"));
/// assert_eq!(folders("r:5000", &env, false), places);
/// ```
pub fn folders(registry: &str, env: &Env, windows: bool) -> Vec<String> {
    // No name of a file has a colon there.
    let name = if windows { registry.replace(':', "") } else { registry.to_owned() };
    homes(env, windows).iter().map(|home| format!("{home}/certs.d/{name}")).collect()
}

/// The files that can be the configuration of an engine.
pub fn configurations(env: &Env, windows: bool) -> Vec<String> {
    let file = |(index, home): (usize, &String)| match windows && index == 0 {
        true => format!("{home}/config/daemon.json"),
        false => format!("{home}/daemon.json"),
    };
    homes(env, windows).iter().enumerate().map(file).collect()
}

/// The `insecure-registries` of an engine's configuration; `None` where it is none.
pub fn insecure_registries(configuration: &[u8]) -> Option<Vec<String>> {
    let value: Value = serde_json::from_slice(configuration).ok()?;
    let mut registries = Vec::new();
    if let Some(list) = value.as_object()?.get("insecure-registries") {
        for registry in list.as_array()? {
            registries.push(registry.as_str()?.to_owned());
        }
    }
    Some(registries)
}

/// Whether a registry (`host` or `host:port`) is one of those that are named: by this very name, or by a network in which its address is. A
/// name is not looked up to find its address.
///
/// ```
/// use docktag::registry::trust::is_insecure;
///
/// let list = ["r:5000", "10.0.0.0/8", "http://old"].map(str::to_owned);
/// assert!(is_insecure("r:5000", &list) && is_insecure("10.1.2.3:443", &list) && is_insecure("old", &list));
/// assert!(!is_insecure("r", &list) && !is_insecure("11.1.2.3", &list));
/// ```
pub fn is_insecure(registry: &str, list: &[String]) -> bool {
    let host = split_port(registry).map_or_else(|| without_brackets(registry), |(host, _)| host);
    let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    list.iter().any(|entry| {
        let entry = entry.strip_prefix("http://").or_else(|| entry.strip_prefix("https://")).unwrap_or(entry);
        let network = entry.split_once('/').and_then(|(network, bits)| Some((network.parse::<IpAddr>().ok()?, bits.parse().ok()?)));
        match (address, network) {
            (Some(address), Some((network, bits))) => is_in(address, network, bits),
            _ => entry == registry,
        }
    })
}

/// Whether [`is_insecure`] understands an entry of its list: a registry, or a network.
///
/// ```
/// use docktag::registry::trust::is_insecure_entry;
///
/// assert!(["r:5000", "http://r", "10.0.0.0/8", "fd00::/8"].into_iter().all(is_insecure_entry));
/// assert!(["", "a b", "10.0.0.0/99", "r/a"].into_iter().all(|entry| !is_insecure_entry(entry)));
/// ```
pub fn is_insecure_entry(entry: &str) -> bool {
    let entry = entry.strip_prefix("http://").or_else(|| entry.strip_prefix("https://")).unwrap_or(entry);
    match entry.split_once('/') {
        Some((network, bits)) => {
            let width = |address: IpAddr| if address.is_ipv4() { 32 } else { 128 };
            network.parse().is_ok_and(|address| bits.parse::<u32>().is_ok_and(|bits| bits <= width(address)))
        }
        None => !entry.is_empty() && entry.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn folders_are_those_of_docker() {
        let linux = env(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x"), ("USERPROFILE", "/u")]);
        assert_eq!(folders("r", &linux, false), ["/etc/docker/certs.d/r", "/x/docker/certs.d/r", "/h/.docker/certs.d/r"]);
        assert_eq!(configurations(&linux, false), ["/etc/docker/daemon.json", "/x/docker/daemon.json", "/h/.docker/daemon.json"]);
        assert_eq!(folders("r", &Env::default(), false), ["/etc/docker/certs.d/r"]);
        let windows = env(&[("ProgramData", "C:\\ProgramData"), ("USERPROFILE", "C:\\Users\\a")]);
        assert_eq!(folders("r:5000", &windows, true), ["C:/ProgramData/docker/certs.d/r5000", "C:/Users/a/.docker/certs.d/r5000"]);
        assert_eq!(configurations(&windows, true), ["C:/ProgramData/docker/config/daemon.json", "C:/Users/a/.docker/daemon.json"]);
    }

    #[test]
    fn half_a_certificate_is_an_error() {
        let missing = |names: &[&str]| Trust::default().add("d", names).unwrap_err();
        assert_eq!(missing(&["a.cert", "b.key"]), ("d/a.cert".to_owned(), "d/a.key".to_owned()));
        assert_eq!(missing(&["a.key", "a.crt"]), ("d/a.key".to_owned(), "d/a.cert".to_owned()));
        let mut trust = Trust::default();
        trust.add("d", &["b.key", "a.key", "b.cert", "a.cert", "crt", ".crt", "a.pem"]).unwrap();
        assert_eq!(trust.identity.as_ref().map(|(file, _)| file.as_str()), Some("d/a.cert"));
        assert_eq!(trust.authorities, ["d/.crt"]);
        trust.add("e", &["c.key", "c.cert"]).unwrap();
        assert_eq!(trust.identity.map(|(_, key)| key), Some("d/a.key".to_owned()));
    }

    #[test]
    fn insecure_registries_are_named_or_in_a_network() {
        let list = ["r:5000", "fd00::/8", "10.1.0.0/16", "192.168.1.1/40", "[fd01::1]:5000"].map(str::to_owned);
        for registry in ["r:5000", "[fd00::1]:5000", "10.1.255.255", "10.1.0.1:5000"] {
            assert!(is_insecure(registry, &list), "{registry}");
        }
        for registry in ["r", "r:5001", "r.example", "10.2.0.1", "[fe00::1]", "192.168.1.1", "x10.1.0.1"] {
            assert!(!is_insecure(registry, &list), "{registry}");
        }
    }

    #[test]
    fn what_is_no_configuration_names_nobody() {
        let read = |text: &str| insecure_registries(text.as_bytes());
        assert_eq!(read(r#"{"insecure-registries":["a:1","b"],"debug":true}"#), Some(vec!["a:1".to_owned(), "b".to_owned()]));
        assert_eq!(read("{}"), Some(Vec::new()));
        for text in ["", "[]", "{", r#"{"insecure-registries":"a"}"#, r#"{"insecure-registries":[1]}"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
