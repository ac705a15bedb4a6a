//! Credentials, and where Docker keeps them.
//!
//! Rules taken from `docker/cli`, `cli/config/configfile/file.go` and `cli/config/credentials`.

use base64ct::{Base64, Encoding as _};
use serde_json::{Map, Value};

use crate::error::{Code, Error, Result};
use crate::secret::Secret;

/// What we have to show to a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing.
    Anonymous,
    /// User and password (or access token in its place).
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token that the token server exchanges for another one.
    IdentityToken(Secret),
    /// A token that the registry takes directly.
    RegistryToken(Secret),
}

impl Credential {
    /// The `Authorization` header for a `Basic` challenge, or for a token that the registry takes directly.
    pub fn authorization(&self) -> Option<Secret> {
        match self {
            Credential::Password { user, password } => {
                Some(Secret::new(format!("Basic {}", Base64::encode_string(format!("{user}:{}", password.expose()).as_bytes()))))
            }
            Credential::RegistryToken(token) => Some(Secret::new(format!("Bearer {}", token.expose()))),
            Credential::Anonymous | Credential::IdentityToken(_) => None,
        }
    }
}

/// The name of a registry in `config.json` and for credential helpers.
pub fn server(registry: &str) -> &str {
    match registry {
        "docker.io" => "https://index.docker.io/v1/",
        other => other,
    }
}

/// The part of Docker's `config.json` that holds credentials.
#[derive(Debug)]
pub struct DockerConfig(Map<String, Value>);

/// Where the credentials of a registry are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Here they are.
    Found(Credential),
    /// In a program: `docker-credential-NAME get`, with the server's name on its standard input.
    Helper(String),
}

impl DockerConfig {
    /// Reads `config.json`; `place` names it in messages.
    ///
    /// # Errors
    /// [`Code::DockerConfigInvalid`] with the line. The content is not quoted, since it may be a secret.
    pub fn parse(text: &[u8], place: &str) -> Result<Self> {
        let config: Value = serde_json::from_slice(text).map_err(|error| invalid(place, &error))?;
        let is_object = |value: Option<&Value>| value.is_none_or(|value| value.is_object() || value.is_null());
        match config {
            Value::Object(config) if is_object(config.get("auths")) && is_object(config.get("credHelpers")) => Ok(DockerConfig(config)),
            _ => Err(unexpected(place)),
        }
    }

    /// Looks a registry up: its own helper, else the common one, else the file.
    pub fn lookup(&self, registry: &str) -> Lookup {
        let server = server(registry);
        let helpers = self.0.get("credHelpers");
        let own = [server, registry].iter().find_map(|name| helpers?.get(*name)?.as_str());
        let helper = own.unwrap_or_else(|| text(self.0.get("credsStore")));
        if !helper.is_empty() {
            return Lookup::Helper(helper.to_owned());
        }
        let Some(auths) = self.0.get("auths").and_then(Value::as_object) else { return Lookup::Found(Credential::Anonymous) };
        let by_host = || auths.iter().find(|(key, _)| host_of(key) == host_of(server)).map(|(_, auth)| auth);
        Lookup::Found(auths.get(server).or_else(by_host).map_or(Credential::Anonymous, of_auth))
    }
}

fn of_auth(auth: &Value) -> Credential {
    let field = |name: &str| text(auth.get(name));
    if !field("identitytoken").is_empty() {
        return Credential::IdentityToken(Secret::new(field("identitytoken")));
    }
    if !field("registrytoken").is_empty() {
        return Credential::RegistryToken(Secret::new(field("registrytoken")));
    }
    let spelled_out = || (!field("username").is_empty()).then(|| (field("username").to_owned(), field("password").to_owned()));
    match decode_pair(field("auth")).or_else(spelled_out) {
        Some((user, password)) => Credential::Password { user, password: Secret::new(password) },
        None => Credential::Anonymous,
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// What a credential helper printed for `get`; `None` where it is not what the protocol says
/// (docker/docker-credential-helpers, `credentials.go`).
pub fn helper_answer(stdout: &[u8]) -> Option<Credential> {
    let answer: Value = serde_json::from_slice(stdout).ok()?;
    let (user, secret) = (answer.get("Username")?.as_str()?, answer.get("Secret")?.as_str()?);
    Some(match user {
        "<token>" => Credential::IdentityToken(Secret::new(secret)),
        "" => Credential::Anonymous,
        _ => Credential::Password { user: user.to_owned(), password: Secret::new(secret) },
    })
}

/// Whether a helper that failed only says that it knows nothing of the server.
pub fn helper_knows_nothing(stdout: &[u8]) -> bool {
    String::from_utf8_lossy(stdout).contains("credentials not found")
}

/// Docker's `config.json` with one more login, everything else as it was.
///
/// The login must be found in the file although a common helper is configured. The docker command takes an empty `credHelpers` entry
/// for that; Compose v1 (docker-py, `auth.py`) falls back to `credsStore` then, so for it (`for_v1`) the common helper is
/// spelled out for every other server that the file knows.
///
/// # Errors
/// [`Code::DockerConfigInvalid`] with the line.
pub fn with_login(config: Option<&[u8]>, place: &str, registry: &str, user: &str, password: &Secret, for_v1: bool) -> Result<Vec<u8>> {
    let mut config: Value = match config {
        Some(text) => serde_json::from_slice(text).map_err(|error| invalid(place, &error))?,
        None => Value::Object(Map::new()),
    };
    let not_an_object = || unexpected(place);
    let root = config.as_object_mut().ok_or_else(not_an_object)?;
    let server = server(registry);
    // Another spelling of the same server would be found first by some clients.
    let others = |name: &str| match root.get(name) {
        None => Ok(Map::new()),
        Some(value) => Ok(without(value.as_object().ok_or_else(not_an_object)?, |key| host_of(key) == host_of(server))),
    };
    let (mut auths, mut helpers) = (others("auths")?, others("credHelpers")?);

    let store = text(root.get("credsStore")).to_owned();
    if for_v1 && !store.is_empty() {
        for other in auths.keys().filter(|other| !helpers.contains_key(*other)).cloned().collect::<Vec<_>>() {
            helpers.insert(other, Value::String(store.clone()));
        }
        *root = without(root, |key| key == "credsStore");
    } else if !store.is_empty() {
        helpers.insert(server.to_owned(), Value::String(String::new()));
    }
    let mut auth = Map::new();
    auth.insert("auth".to_owned(), Value::String(Base64::encode_string(format!("{user}:{}", password.expose()).as_bytes())));
    auths.insert(server.to_owned(), Value::Object(auth));
    root.insert("auths".to_owned(), Value::Object(auths));
    root.insert("credHelpers".to_owned(), Value::Object(helpers));
    serde_json::to_vec(&config).map_err(|error| invalid(place, &error))
}

/// The members whose name does not match. (Taking members out would be 5 kB of the wasm.)
fn without(map: &Map<String, Value>, matches: impl Fn(&str) -> bool) -> Map<String, Value> {
    let mut rest = Map::new();
    for (name, value) in map.iter().filter(|(name, _)| !matches(name)) {
        rest.insert(name.clone(), value.clone());
    }
    rest
}

fn decode_pair(auth: &str) -> Option<(String, String)> {
    let auth = auth.trim_end_matches('\0');
    // Some tools leave the padding out.
    let padding = "=".repeat(auth.len().next_multiple_of(4) - auth.len());
    let bytes = Base64::decode_vec(&format!("{auth}{padding}")).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.trim_end_matches('\0').to_owned()))
}

/// `https://index.docker.io/v1/` -> `index.docker.io` (docker/cli, `ConvertToHostname`).
fn host_of(server: &str) -> &str {
    let without_scheme = server.strip_prefix("https://").or_else(|| server.strip_prefix("http://")).unwrap_or(server);
    match without_scheme.split('/').next().unwrap_or_default() {
        "docker.io" | "registry-1.docker.io" => "index.docker.io",
        other => other,
    }
}

fn invalid(place: &str, error: &serde_json::Error) -> Error {
    unexpected(place).line(u32::try_from(error.line()).unwrap_or(u32::MAX)).column(u32::try_from(error.column().max(1)).unwrap_or(u32::MAX))
}

fn unexpected(place: &str) -> Error {
    Error::new(
        Code::DockerConfigInvalid,
        "not what Docker's configuration looks like, expected a JSON object with `auths`, `credHelpers`, `credsStore`",
    )
    .at(place)
    .help("mend the file, or log in anew with `docker login`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn password(user: &str, password: &str) -> Lookup {
        Lookup::Found(Credential::Password { user: user.to_owned(), password: Secret::new(password) })
    }

    #[track_caller]
    fn check(config: &str, registry: &str, expected: Lookup) {
        assert_eq!(DockerConfig::parse(config.as_bytes(), "config.json").unwrap().lookup(registry), expected, "{registry} in {config}");
    }

    #[test]
    fn credentials_are_found_where_docker_finds_them() {
        // `Y2k6czNjcmV0` is `ci:s3cret`.
        let auths = r#"{"auths":{"ghcr.io":{"auth":"Y2k6czNjcmV0"},"https://index.docker.io/v1/":{"auth":"Y2k6czNjcmV0"},
            "https://old.example/v2/":{"username":"u","password":"p:q"},"id.example":{"auth":"Y2k6","identitytoken":"t"},
            "direct.example":{"registrytoken":"r"},"empty.example":{}},"credsStore":""}"#;
        check(auths, "ghcr.io", password("ci", "s3cret"));
        check(auths, "docker.io", password("ci", "s3cret"));
        check(auths, "old.example", password("u", "p:q"));
        check(auths, "id.example", Lookup::Found(Credential::IdentityToken(Secret::new("t"))));
        check(auths, "direct.example", Lookup::Found(Credential::RegistryToken(Secret::new("r"))));
        check(auths, "empty.example", Lookup::Found(Credential::Anonymous));
        check(auths, "unknown.example", Lookup::Found(Credential::Anonymous));
        check("{}", "ghcr.io", Lookup::Found(Credential::Anonymous));
    }

    #[test]
    fn a_helper_of_the_registry_beats_the_common_one() {
        let helpers = r#"{"auths":{"ghcr.io":{}},"credsStore":"desktop","credHelpers":{"ecr.example":"ecr-login","file.example":""}}"#;
        check(helpers, "ghcr.io", Lookup::Helper("desktop".to_owned()));
        check(helpers, "ecr.example", Lookup::Helper("ecr-login".to_owned()));
        check(helpers, "file.example", Lookup::Found(Credential::Anonymous));
    }

    #[test]
    fn what_helpers_print() {
        let read = |text: &str| helper_answer(text.as_bytes());
        assert_eq!(read(r#"{"ServerURL":"x","Username":"<token>","Secret":"t"}"#), Some(Credential::IdentityToken(Secret::new("t"))));
        assert_eq!(read(r#"{"Username":"","Secret":""}"#), Some(Credential::Anonymous));
        assert!(matches!(read(r#"{"Username":"u","Secret":"p"}"#), Some(Credential::Password { .. })));
        assert_eq!(read("oops"), None);
        assert!(helper_knows_nothing(b"credentials not found in native keychain\n"));
    }

    #[test]
    fn a_broken_configuration_is_an_error_that_quotes_nothing() {
        for text in ["{\n\"auths\": [\"s3cret\"]}", "{\n s3cret", "[]", ""] {
            let error = DockerConfig::parse(text.as_bytes(), "/home/u/.docker/config.json").unwrap_err();
            assert_eq!(error.code, Code::DockerConfigInvalid);
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_login_is_added_and_the_rest_is_kept() {
        let before = br#"{"auths":{"other.example":{},"http://ghcr.io":{"auth":"old"}},"credsStore":"desktop","currentContext":"remote","credHelpers":{"ghcr.io":"x"}}"#;
        let login = |for_v1| -> Value {
            let text = with_login(Some(before), "config.json", "ghcr.io", "ci", &Secret::new("s3cret"), for_v1).unwrap();
            check(std::str::from_utf8(&text).unwrap(), "ghcr.io", password("ci", "s3cret"));
            check(std::str::from_utf8(&text).unwrap(), "other.example", Lookup::Helper("desktop".to_owned()));
            serde_json::from_slice(&text).unwrap()
        };
        assert_eq!(login(false)["currentContext"], "remote");
        assert_eq!(login(false)["credHelpers"], json!({ "ghcr.io": "" }));
        assert_eq!(login(true)["credHelpers"], json!({ "other.example": "desktop" }));
        assert_eq!(login(true).get("credsStore"), None);

        let fresh = with_login(None, "config.json", "docker.io", "ci", &Secret::new("s3cret"), false).unwrap();
        check(std::str::from_utf8(&fresh).unwrap(), "docker.io", password("ci", "s3cret"));
        assert!(with_login(Some(b"[1]"), "config.json", "ghcr.io", "u", &Secret::new("p"), false).is_err());
    }
}
