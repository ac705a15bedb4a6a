//! Tokens: how to ask a token server for one, and what it answers.
//!
//! distribution, "Token Authentication Specification" and "OAuth2 Token Authentication".

use serde_json::Value;

use crate::registry::credential::Credential;
use crate::registry::trust::Trust;
use crate::registry::{Method, Request, Response, TIMEOUT, percent_encode};
use crate::secret::Secret;

/// The request for a token: `GET` with a password or without, `POST` with an identity token.
pub fn request(realm: &str, service: Option<&str>, scope: &str, credential: &Credential) -> Request {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    pairs.extend(service.map(|service| ("service", service)));
    pairs.push(("scope", scope));
    let (method, url, headers, authorization, body) = match credential {
        Credential::IdentityToken(token) => {
            pairs.extend([("grant_type", "refresh_token"), ("client_id", "docktag"), ("refresh_token", token.expose())]);
            let form = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
            (Method::Post, realm.to_owned(), vec![form], None, Some(Secret::new(encode(&pairs).into_bytes())))
        }
        Credential::Password { user, .. } => {
            pairs.push(("account", user));
            (Method::Get, with_query(realm, &pairs), Vec::new(), credential.authorization(), None)
        }
        Credential::Anonymous | Credential::RegistryToken(_) => (Method::Get, with_query(realm, &pairs), Vec::new(), None, None),
    };
    Request { method, url, headers, authorization, body, timeout: TIMEOUT, proxy: None, trust: Trust::default() }
}

/// The `Authorization` header that the answer allows; `None` where there is no token in it.
pub fn authorization(response: &Response) -> Option<Secret> {
    let answer: Value = serde_json::from_slice(&response.body).ok()?;
    let token = answer.get("token").or_else(|| answer.get("access_token"))?.as_str().filter(|token| is_header_safe(token))?;
    Some(Secret::new(format!("Bearer {token}")))
}

fn is_header_safe(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

fn with_query(realm: &str, pairs: &[(&str, &str)]) -> String {
    format!("{realm}{}{}", if realm.contains('?') { '&' } else { '?' }, encode(pairs))
}

fn encode(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_into_the_header_and_an_identity_token_into_the_body() {
        let password = Credential::Password { user: "ci bot".to_owned(), password: Secret::new("s3cret") };
        let basic = request("https://t/token", Some("r e"), "repository:a/b:pull", &password);
        assert_eq!(basic.url, "https://t/token?service=r%20e&scope=repository%3Aa%2Fb%3Apull&account=ci%20bot");
        assert!(basic.authorization.is_some());

        let identity = request("https://t/token?x=1", None, "s", &Credential::IdentityToken(Secret::new("id/1")));
        assert_eq!((identity.method, identity.url.as_str()), (Method::Post, "https://t/token?x=1"));
        assert!(identity.body.unwrap().expose().ends_with(b"refresh_token=id%2F1"));

        let nobody = request("https://t/token?x=1", None, "s", &Credential::Anonymous);
        assert_eq!((nobody.url.as_str(), nobody.authorization), ("https://t/token?x=1&scope=s", None));
    }

    #[test]
    fn a_token_has_one_of_two_names() {
        let read = |body: &str| {
            authorization(&Response { status: 200, headers: Vec::new(), body: body.into(), milliseconds: 0 })
                .map(|it| it.expose().to_owned())
        };
        assert_eq!(read(r#"{"token":"a"}"#).as_deref(), Some("Bearer a"));
        assert_eq!(read(r#"{"access_token":"b","expires_in":300}"#).as_deref(), Some("Bearer b"));
        for body in ["", "{}", r#"{"token":""}"#, r#"{"token":"a\r\nx: y"}"#, "<html>"] {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
