//! Which proxy a request goes through, by the rules of Go, in which Docker is written (golang.org/x/net, `http/httpproxy`, as `net/http` has it).
//!
//! `HTTPS_PROXY` is for `https:` and `HTTP_PROXY` for `http:`, each in capitals or else in small letters. `NO_PROXY` lists what is reached
//! directly: names with all that is below them (`.example.com` without itself), addresses, networks (`10.0.0.0/8`), each but these with a port
//! or for all of them, or `*` for everything. The loopback interface is always reached directly.

use core::net::IpAddr;

use crate::registry::{authority, is_loopback};
use crate::secret::Secret;
use crate::shell::Env;

/// The address of the proxy for a request to `url`; secret, because it can have a password. `None`: the request goes there directly.
///
/// ```
/// use docktag::registry::proxy;
/// use docktag::shell::Env;
///
/// let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
/// let env: Env = [set("HTTPS_PROXY", "proxy:3128"), set("no_proxy", "10.0.0.0/8, .example.com")].into_iter().collect();
/// let of = |url: &str| proxy::of(url, &env).map(|proxy| proxy.expose().clone());
/// assert_eq!(of("https://ghcr.io/v2/").as_deref(), Some("http://proxy:3128"));
/// assert_eq!(of("https://r.example.com/v2/"), None);
/// assert_eq!(of("https://10.1.2.3:5000/v2/"), None);
/// assert_eq!(of("http://ghcr.io/v2/"), None); // that is HTTP_PROXY's
/// ```
pub fn of(url: &str, env: &Env) -> Option<Secret> {
    let get = |name: &str| [name.to_owned(), name.to_ascii_lowercase()].iter().find_map(|name| env.get(name).filter(|it| !it.is_empty()));
    let (scheme, port) = if url.starts_with("https://") { ("HTTPS_PROXY", "443") } else { ("HTTP_PROXY", "80") };
    let proxy = get(scheme)?;
    let authority = authority(url)?;
    let (host, port) = split_port(authority).unwrap_or((without_brackets(authority), port));
    if is_loopback(authority) || get("NO_PROXY").is_some_and(|list| is_excepted(list, &host.to_ascii_lowercase(), port)) {
        return None;
    }
    // An address alone is one that is spoken to in HTTP.
    Some(Secret::new(if proxy.contains("://") { proxy.clone() } else { format!("http://{proxy}") }))
}

fn is_excepted(list: &str, host: &str, port: &str) -> bool {
    let address = plain(host);
    list.split(',').map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Some((network, bits)) = entry.split_once('/') {
            return matches!((address, plain(network), bits.parse()), (Some(address), Some(network), Ok(bits)) if is_in(address, network, bits));
        }
        let (name, only) = split_port(&entry).unwrap_or((without_brackets(&entry), ""));
        let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
        let fits = match (address, plain(name)) {
            (Some(address), Some(other)) => address == other,
            (None, None) if !name.is_empty() => match host.strip_suffix(name) {
                Some(before) => name.starts_with('.') || before.is_empty() || before.ends_with('.'),
                None => false,
            },
            _ => false,
        };
        fits && (only.is_empty() || only == port)
    })
}

/// Whether the first bits are the same.
pub(super) fn is_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let differ = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) if bits <= 32 => u128::from(a.to_bits() ^ b.to_bits()) << 96,
        (IpAddr::V6(a), IpAddr::V6(b)) if bits <= 128 => a.to_bits() ^ b.to_bits(),
        _ => return false,
    };
    differ.leading_zeros() >= bits
}

/// An address; an IPv4 one in the clothes of IPv6 is an IPv4 one.
fn plain(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// `[::1]:80` and `host:80` as host and port; `None` without a port.
pub(super) fn split_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    match host.strip_prefix('[') {
        Some(rest) => Some((rest.strip_suffix(']')?, port)),
        None => (!host.contains(':')).then_some((host, port)),
    }
}

pub(super) fn without_brackets(text: &str) -> &str {
    text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Go 1.26 with golang.org/x/net 0.59.0 says to the same lists.
    #[test]
    fn exceptions_are_those_of_go() {
        for (list, expected) in GO {
            let env: Env = ["HTTP_PROXY", "HTTPS_PROXY"]
                .into_iter()
                .map(|name| (name.to_owned(), "http://p:1".to_owned()))
                .chain([("NO_PROXY".to_owned(), list.to_owned())])
                .collect();
            let said: String = URLS.iter().map(|url| if of(url, &env).is_none() { 'd' } else { 'p' }).collect();
            assert_eq!(said, expected, "{list}");
        }
    }

    #[test]
    fn the_variables_are_told_apart() {
        let through = |name: &str, value: &str, url: &str| {
            of(url, &Env::from([(name.to_owned(), value.to_owned())])).map(|proxy| proxy.expose().clone())
        };
        assert_eq!(through("https_proxy", "p:1", "https://r/v2/").as_deref(), Some("http://p:1"));
        assert_eq!(through("HTTP_PROXY", "https://u:p@p:1", "http://r/v2/").as_deref(), Some("https://u:p@p:1"));
        for (name, url) in [("HTTP_PROXY", "https://r/v2/"), ("HTTPS_PROXY", "http://r/v2/"), ("ALL_PROXY", "https://r/v2/")] {
            assert_eq!(through(name, "p:1", url), None, "{name}");
        }
        assert_eq!(through("HTTPS_PROXY", "", "https://r/v2/"), None);
        assert_eq!(through("HTTPS_PROXY", "p:1", "https://localhost/v2/"), None);
    }

    const URLS: [&str; 9] = [
        "https://example.com/v2/",
        "https://a.b.example.com/",
        "https://sub.example.com:5000/",
        "http://example.com:5000/",
        "https://10.1.2.3/",
        "http://10.1.2.3:5000/",
        "https://[2001:db8::1]/",
        "https://notexample.com/",
        "http://EXAMPLE.COM/",
    ];
    /// For each address, whether it is reached directly (`d`) or through the proxy (`p`).
    const GO: [(&str, &str); 22] = [
        ("", "ppppppppp"),
        ("*", "ddddddddd"),
        ("example.com", "ddddppppd"),
        (".example.com", "pddpppppp"),
        ("*.example.com", "pddpppppp"),
        ("example.com:5000", "ppddppppp"),
        ("EXAMPLE.com , other", "ddddppppd"),
        ("10.0.0.0/8", "ppppddppp"),
        ("10.1.2.3", "ppppddppp"),
        ("10.1.2.3:5000", "pppppdppp"),
        ("[2001:db8::1]:443", "ppppppdpp"),
        ("2001:db8::/32", "ppppppdpp"),
        ("2001:db8::1", "ppppppdpp"),
        (":5000", "ppppppppp"),
        (",", "ppppppppp"),
        ("ample.com", "ppppppppp"),
        ("com", "ddddpppdd"),
        ("10.0.0.0/33", "ppppppppp"),
        ("*example.com", "ppppppppp"),
        ("::ffff:10.1.2.3", "ppppddppp"),
        ("10.1.2", "ppppppppp"),
        ("0.0.0.0/0", "ppppddppp"),
    ];
}
