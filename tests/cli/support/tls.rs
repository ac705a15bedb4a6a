//! A certificate that nobody signed but itself.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a TLS server shows, and what a client would have to trust.
pub(crate) struct Certificate {
    pub(crate) server: Arc<ServerConfig>,
    /// For SSL_CERT_FILE.
    pub(crate) pem: String,
}

impl Certificate {
    /// A certificate for one host name or address.
    pub(crate) fn for_host(name: &str) -> Self {
        Certificate::valid(name, (1975, 4096))
    }

    /// One that is valid from the first day of a year to that of another.
    pub(crate) fn valid(name: &str, (from, to): (i32, i32)) -> Self {
        let mut wanted = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        (wanted.not_before, wanted.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(to, 1, 1));
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = CertificateDer::from(wanted.self_signed(&key).unwrap().der().to_vec());
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(&certificate));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Certificate { server: Arc::new(server), pem }
    }
}
