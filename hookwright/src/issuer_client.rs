//! How the identity provider of single sign-on is asked: over TLS, bounded in time and in size.
//!
//! It is the operator's own choice, and may be on a private network, as customers' endpoints may
//! not. What is on this machine or its link alone (where clouds keep their credentials) is dialled
//! in development only.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookwright_core::limits::{SSO_ANSWER_BYTES_MAX, SSO_ANSWER_MS_MAX};
use hookwright_delivery::{BoxedIo, World};
use hookwright_pages::{AskIssuer, IssuerAnswer, IssuerRequest};
use http::{Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

/// A door to the identity provider, for the pages.
pub(crate) fn door(world: World, tls: Arc<ClientConfig>, dev: bool) -> AskIssuer {
    let client = Client { world, tls, dev };
    Arc::new(move |request| {
        let client = client.clone();
        Box::pin(async move {
            let limit = Duration::from_millis(SSO_ANSWER_MS_MAX);
            let answer = tokio::time::timeout(limit, client.ask(request)).await;
            answer.unwrap_or_else(|_| Err(format!("no answer within {SSO_ANSWER_MS_MAX} ms")))
        })
    })
}

#[derive(Clone)]
struct Client {
    world: World,
    tls: Arc<ClientConfig>,
    dev: bool,
}

impl Client {
    async fn ask(&self, asked: IssuerRequest) -> Result<IssuerAnswer, String> {
        let uri: Uri = asked.url.parse().map_err(text)?;
        let authority = uri.authority().ok_or("the address has no host")?;
        let stream = self.connect(&uri).await?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder()
            .uri(path)
            .header(header::HOST, authority.as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONNECTION, "close");
        if let Some(authorization) = &asked.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let body = match asked.form {
            None => Bytes::new(),
            Some(form) => {
                request = request
                    .method("POST")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                Bytes::from(form)
            }
        };
        let request = request.body(Full::new(body)).map_err(text)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(request).await.map_err(text)?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), SSO_ANSWER_BYTES_MAX);
        let body = body.collect().await.map_err(text)?.to_bytes().to_vec();
        connection.abort();
        Ok(IssuerAnswer { status, body })
    }

    async fn connect(&self, uri: &Uri) -> Result<BoxedIo, String> {
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if self.dev => false,
            _ => return Err("the address is not https".to_owned()),
        };
        let host = uri.host().ok_or("the address has no host")?;
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => {
                let found = self.world.resolver.resolve(host.as_str().into()).await;
                found.map_err(text)?
            }
        };
        let mut last = "the name has no address".to_owned();
        for address in addresses {
            if !self.dev && is_of_this_machine(address) {
                last = format!("{address} is this machine's own, or its link's");
                continue;
            }
            let dialled = self.world.dialer.dial(SocketAddr::new(address, port)).await;
            match dialled {
                Ok(stream) if https => return self.shake_hands(host, stream).await,
                Ok(stream) => return Ok(stream),
                Err(error) => last = format!("{address}: {error}"),
            }
        }
        Err(last)
    }

    async fn shake_hands(&self, host: String, stream: BoxedIo) -> Result<BoxedIo, String> {
        let name = ServerName::try_from(host).map_err(text)?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await.map_err(text)?;
        Ok(Box::new(stream))
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

/// Addresses that only this machine, or what shares its link, has.
fn is_of_this_machine(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_link_local() || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address == Ipv6Addr::UNSPECIFIED
                || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_its_link_are_told_from_networks() {
        let of = |text: &str| is_of_this_machine(text.parse().expect("an address"));
        for own in [
            "127.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "::1",
            "::",
            "fe80::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(of(own), "{own}");
        }
        for other in [
            "10.0.0.1",
            "192.168.1.1",
            "203.0.113.1",
            "fd00::1",
            "2001:db8::1",
        ] {
            assert!(!of(other), "{other}");
        }
    }
}
