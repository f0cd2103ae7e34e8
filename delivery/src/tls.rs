//! Whom TLS trusts: the public roots, and an operator's own. And who it says that we are.

use std::path::Path;
use std::sync::Arc;

use hookwright_store::ClientCertificate;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

/// Why an extra certificate file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExtraCaError {
    /// It cannot be read as PEM.
    #[error("cannot read certificates from \"{0}\": {1}\nhint: it must be a PEM file")]
    Unreadable(String, rustls::pki_types::pem::Error),
    /// It holds no usable certificate.
    #[error("\"{0}\" holds no certificate that can be trusted")]
    Empty(String),
    /// TLS itself cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(rustls::Error),
}

/// A client configuration that trusts the public roots and those in `extra`.
pub fn client_config(extra: Option<&Path>) -> Result<Arc<ClientConfig>, ExtraCaError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = extra {
        let name = path.display().to_string();
        let unreadable = |error| ExtraCaError::Unreadable(name.clone(), error);
        let certificates = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
        let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(unreadable)?;
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(ExtraCaError::Empty(name));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ExtraCaError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Why a client certificate cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientCertificateError {
    /// The certificates are no PEM.
    #[error("the certificate is not PEM\nhint: it begins with -----BEGIN CERTIFICATE-----")]
    Certificate,
    /// The key is no PEM.
    #[error(
        "the private key is not PEM without a passphrase\nhint: it begins with -----BEGIN PRIVATE KEY-----"
    )]
    Key,
    /// They do not belong together, or are of a kind that TLS does not have here.
    #[error(
        "the certificate and its private key cannot be used together: {0}\nhint: the endpoint's own certificate comes first in the chain, and the key is RSA, ECDSA (P-256, P-384) or Ed25519"
    )]
    Mismatch(String),
}

/// The chain of a client certificate, checked: its key is its own.
fn certified(
    own: &ClientCertificate,
    base: &ClientConfig,
) -> Result<CertifiedKey, ClientCertificateError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(own.certificate_pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| ClientCertificateError::Certificate)?;
    if chain.is_empty() {
        return Err(ClientCertificateError::Certificate);
    }
    let key = PrivateKeyDer::from_pem_slice(own.private_key_pem.as_bytes())
        .map_err(|_| ClientCertificateError::Key)?;
    CertifiedKey::from_der(chain, key, base.crypto_provider()).map_err(|error| {
        ClientCertificateError::Mismatch(match error {
            rustls::Error::InconsistentKeys(_) => "it is the key of another certificate".to_owned(),
            error => error.to_string(),
        })
    })
}

/// As `base`, presenting a client certificate.
pub(crate) fn presenting(
    own: &ClientCertificate,
    base: &ClientConfig,
) -> Result<Arc<ClientConfig>, ClientCertificateError> {
    let certified = certified(own, base)?;
    let mut config = base.clone();
    config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
    // A session that was begun under another name is not gone on with.
    config.resumption = Resumption::default();
    Ok(Arc::new(config))
}

/// The bytes of an endpoint's own certificate, the first of its chain.
#[must_use]
pub fn client_certificate_der(own: &ClientCertificate) -> Option<Vec<u8>> {
    let first = CertificateDer::pem_slice_iter(own.certificate_pem.as_bytes()).next()?;
    first.ok().map(|certificate| certificate.to_vec())
}
