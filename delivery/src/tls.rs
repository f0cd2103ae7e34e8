//! Whom TLS trusts: the public roots, and an operator's own.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
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
