//! Where does a connection lead, and by which TLS configuration?

use std::net::IpAddr;
use std::sync::Arc;

use hookwright_core::endpoint_url::EndpointUrl;
use rustls::ClientConfig;

/// What is dialled: an endpoint, or the authorization server that its tokens come from.
pub(crate) struct Place {
    pub(crate) url: EndpointUrl,
    pub(crate) https: bool,
    pub(crate) literal_ip: Option<IpAddr>,
    pub(crate) host: Arc<str>,
    /// Where it is not the server's own: it presents a client certificate.
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

impl Place {
    pub(crate) fn new(url: EndpointUrl, tls: Option<Arc<ClientConfig>>) -> Self {
        Self {
            https: url.is_https(),
            literal_ip: url.literal_ip(),
            host: url.host().into(),
            tls,
            url,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.port()
    }

    /// Whether a connection to one can be used for the other.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let same_tls = match (&self.tls, &other.tls) {
            (None, None) => true,
            (Some(own), Some(others)) => Arc::ptr_eq(own, others),
            _ => false,
        };
        same_tls && self.url == other.url
    }
}
