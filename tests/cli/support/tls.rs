//! Certificates that nobody signed but themselves.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// What a TLS server shows, and what a client would have to trust.
pub(crate) struct Certificate {
    pub(crate) server: Arc<ServerConfig>,
    /// For SSL_CERT_FILE.
    pub(crate) pem: String,
}

/// What a client shows.
pub(crate) struct Identity {
    pub(crate) pem: String,
    pub(crate) key: String,
    certificate: CertificateDer<'static>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let wanted = rcgen::CertificateParams::new(["client".to_owned()]).unwrap();
        let certificate = CertificateDer::from(wanted.self_signed(&key).unwrap().der().to_vec());
        Identity { pem: pem("CERTIFICATE", &certificate), key: pem("PRIVATE KEY", &key.serialize_der()), certificate }
    }
}

fn pem(what: &str, bytes: &[u8]) -> String {
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", STANDARD.encode(bytes))
}

impl Certificate {
    /// A certificate for one host name or address.
    pub(crate) fn for_host(name: &str) -> Self {
        Certificate::for_hosts(&[name])
    }

    /// A certificate for several of them.
    pub(crate) fn for_hosts(names: &[&str]) -> Self {
        Certificate::serving(names, (1975, 4096), None)
    }

    /// One that is valid from the first day of a year to that of another.
    pub(crate) fn valid(name: &str, years: (i32, i32)) -> Self {
        Certificate::serving(&[name], years, None)
    }

    /// One of a server that speaks to nobody but this client.
    pub(crate) fn demanding(name: &str, client: &Identity) -> Self {
        Certificate::serving(&[name], (1975, 4096), Some(client))
    }

    fn serving(names: &[&str], (from, to): (i32, i32), client: Option<&Identity>) -> Self {
        let mut wanted = rcgen::CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        (wanted.not_before, wanted.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(to, 1, 1));
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = CertificateDer::from(wanted.self_signed(&key).unwrap().der().to_vec());
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let pem = pem("CERTIFICATE", &certificate);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
        let builder = match client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let mut roots = RootCertStore::empty();
                roots.add(client.certificate.clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        Certificate { server: Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()), pem }
    }
}
