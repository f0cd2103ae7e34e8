//! A receiver that asks for a client certificate, with the authority that it trusts.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// A certificate with its key.
pub(crate) struct Identity {
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
    pub(crate) der: Vec<u8>,
}

impl Identity {
    pub(crate) fn sha256(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.der);
        let mut text = String::new();
        for byte in digest.as_ref() {
            write!(text, "{byte:02x}").expect("text");
        }
        text
    }
}

/// Answers 200 to whoever presents a certificate of its authority, until the test's process ends.
pub(crate) struct MutualTls {
    pub(crate) url: String,
    authority: Issuer<'static, KeyPair>,
    ca_pem: String,
}

impl MutualTls {
    /// Starts one; `seen` gets the certificate presented with each request.
    pub(crate) fn start(seen: Sender<Vec<u8>>) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let ca = params.self_signed(&key).expect("a certificate");
        let (ca_pem, ca_der) = (ca.pem(), ca.der().clone());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let receiver = Self {
            url: format!("https://{address}/hook"),
            authority: Issuer::new(params, key),
            ca_pem,
        };
        let config = config(&receiver.identity("127.0.0.1"), ca_der);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (config, seen) = (Arc::clone(&config), seen.clone());
                std::thread::spawn(move || serve(stream, config, &seen));
            }
        });
        receiver
    }

    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A certificate of this authority.
    pub(crate) fn identity(&self, name: &str) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &self.authority).expect("signed");
        Identity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            der: certificate.der().to_vec(),
        }
    }
}

fn config(own: &Identity, ca: CertificateDer<'static>) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(ca).expect("a root");
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = PrivateKeyDer::from_pem_slice(own.key_pem.as_bytes()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(vec![CertificateDer::from(own.der.clone())], key);
    Arc::new(config.expect("a configuration"))
}

/// One request on a connection, then its end.
fn serve(stream: TcpStream, config: Arc<ServerConfig>, seen: &Sender<Vec<u8>>) -> Option<()> {
    let connection = ServerConnection::new(config).ok()?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.windows(4).any(|it| it == b"\r\n\r\n") {
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&piece[..read]);
    }
    let presented = stream.conn.peer_certificates()?.first()?.to_vec();
    let _ = seen.send(presented);
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(answer).ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}
