//! Where an answer leads to: hosts send one request at a time, and what may follow is decided here.

use crate::registry::{Method, Request, Response, authority};

/// How many redirects of one request are followed.
pub const MOST: usize = 10;

/// The request that follows an answer; `None` where it is to be taken as it is.
///
/// Credentials stay with the origin that they are for: the header is left out elsewhere, and what has a body (a token server is sent a password
/// in one) does not go elsewhere at all. What was asked under TLS is not answered without. Only questions are asked again as another
/// method or after 301, 302 and 303 (RFC 9110, 15.4): a `PUT` that became a `GET` would look as if it had stored something.
pub fn follow(request: &Request, response: &Response) -> Option<Request> {
    let is_question = matches!(request.method, Method::Get | Method::Head);
    let may_follow = match response.status {
        301..=303 => is_question,
        307 | 308 => true,
        _ => false,
    };
    let url = join(&request.url, response.header("location")?)?;
    let stays = origin(&url)? == origin(&request.url)?;
    let is_downgrade = request.url.starts_with("https://") && !url.starts_with("https://");
    if !may_follow || is_downgrade || (!stays && request.body.is_some()) {
        return None;
    }
    let authorization = request.authorization.clone().filter(|_| stays);
    Some(Request { url, authorization, ..request.clone() })
}

/// Scheme and host, in lower case; the port that goes without saying is left out.
fn origin(url: &str) -> Option<String> {
    let (scheme, _) = url.split_once("://")?;
    let host = authority(url)?.to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    Some(format!("{scheme}://{}", host.strip_suffix(usual).unwrap_or(&host)))
}

/// An address that is relative to another one (RFC 3986, 5.2, without `..`, which servers resolve too).
pub(super) fn join(base: &str, location: &str) -> Option<String> {
    let location = location.split('#').next().unwrap_or_default();
    let (scheme, _) = base.split_once("://")?;
    let host = authority(base)?;
    let url = match location.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            format!("{}://{rest}", scheme.to_ascii_lowercase())
        }
        _ if location.starts_with("//") => format!("{scheme}:{location}"),
        _ if location.starts_with('/') => format!("{scheme}://{host}{location}"),
        _ if location.is_empty() => return None,
        _ => {
            let path = base.split(['?', '#']).next()?;
            let folder = path.rfind('/').filter(|at| *at > scheme.len() + 2).map_or(path, |at| &path[..at]);
            format!("{folder}/{location}")
        }
    };
    let is_http = url.starts_with("http://") || url.starts_with("https://");
    let is_clean = url.bytes().all(|byte| byte.is_ascii_graphic());
    // A name and a password in an address are for nobody.
    let has_host = authority(&url).is_some_and(|host| !host.is_empty() && !host.contains('@'));
    (is_http && is_clean && has_host).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::trust::Trust;
    use crate::registry::{Call, Endpoint};
    use crate::secret::Secret;

    fn leads(method: Method, https: bool, status: u16, location: &str) -> Option<(String, bool)> {
        let call = Call { method, path: "/v2/a/manifests/1?x=1".to_owned(), headers: Vec::new(), body: None };
        let request =
            call.at(&Endpoint { https, host: "r.example:5000".to_owned(), trust: Trust::default() }, Some(Secret::new("Basic x")));
        let headers = vec![("location".to_owned(), location.to_owned())];
        let next = follow(&request, &Response { status, headers, ..Response::default() })?;
        Some((next.url, next.authorization.is_some()))
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        let to = |location: &str| leads(Method::Head, true, 307, location);
        let path = "https://r.example:5000/x";
        for location in [path, "/x", "//r.example:5000/x", "HTTPS://R.example:5000/x"] {
            let (url, keeps) = to(location).unwrap();
            assert_eq!((url.to_lowercase().as_str(), keeps), (path, true), "{location}");
        }
        assert_eq!(to("2?y"), Some(("https://r.example:5000/v2/a/manifests/2?y".to_owned(), true)));
        for location in ["https://r.example/x", "https://r.example:5001/x", "https://r.example:5000.evil/x", "//evil/x"] {
            assert_eq!(to(location).map(|(_, keeps)| keeps), Some(false), "{location}");
        }
    }

    #[test]
    fn what_cannot_be_trusted_is_not_followed() {
        for location in ["http://r.example:5000/x", "ftp://r.example/x", "https://u:p@r.example/x", "https:///x", "", "/a b", "/\u{e9}"] {
            assert_eq!(leads(Method::Get, true, 307, location), None, "{location}");
        }
        assert_eq!(leads(Method::Get, false, 307, "https://r.example/x").map(|(_, keeps)| keeps), Some(false));
        for (method, status) in [(Method::Put, 301), (Method::Delete, 302), (Method::Post, 303), (Method::Get, 304), (Method::Get, 200)] {
            assert_eq!(leads(method, true, status, "/x"), None, "{status}");
        }
        let call = Call { method: Method::Put, path: "/x".to_owned(), headers: Vec::new(), body: Some(b"secret".to_vec()) };
        let request = call.at(&Endpoint { https: true, host: "r".to_owned(), trust: Trust::default() }, None);
        let to = |location: &str| {
            let headers = vec![("location".to_owned(), location.to_owned())];
            follow(&request, &Response { status: 307, headers, ..Response::default() }).is_some()
        };
        assert!(to("/y") && !to("https://other/y"));
    }
}
