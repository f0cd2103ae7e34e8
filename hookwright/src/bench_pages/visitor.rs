//! Somebody who looks at pages, on one connection: signed in once, then one page after the other.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::failure::{Failure, running};

/// A browser, as far as the server sees one.
pub(super) struct Visitor {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    cookie: String,
}

/// A page that came.
pub(super) struct Seen {
    pub(super) ms: f64,
    pub(super) status: StatusCode,
    pub(super) bytes: usize,
}

impl Visitor {
    /// An operator, signed in by the form.
    pub(super) async fn operator(address: SocketAddr, key: &str) -> Result<Self, Failure> {
        let mut visitor = Self::connect(address, String::new()).await?;
        let request = visitor
            .request(Method::POST, "/ui/sign-in")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Full::new(Bytes::from(format!("key={key}"))))
            .map_err(running)?;
        visitor.sender.ready().await.map_err(running)?;
        let sent = visitor.sender.send_request(request).await;
        let answer = sent.map_err(running)?;
        let cookie = answer.headers().get(header::SET_COOKIE);
        let cookie = cookie.and_then(|it| it.to_str().ok()?.split(';').next());
        let cookie = cookie.ok_or_else(|| running("signing in gave no session"))?;
        cookie.clone_into(&mut visitor.cookie);
        answer.into_body().collect().await.map_err(running)?;
        Ok(visitor)
    }

    /// A customer with a portal token.
    pub(super) async fn customer(address: SocketAddr, token: &str) -> Result<Self, Failure> {
        Self::connect(address, format!("__Host-hookwright-portal={token}")).await
    }

    async fn connect(address: SocketAddr, cookie: String) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await.map_err(running)?;
        stream.set_nodelay(true).map_err(running)?;
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(running)?;
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self {
            sender,
            host: address.to_string(),
            cookie,
        })
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::COOKIE, &self.cookie)
    }

    /// A page, to its last byte.
    pub(super) async fn look(&mut self, path: &str) -> Result<Seen, Failure> {
        let request = self.request(Method::GET, path).body(Full::default());
        let request = request.map_err(running)?;
        self.sender.ready().await.map_err(running)?;
        let begun = Instant::now();
        let sent = self.sender.send_request(request).await;
        let answer = sent.map_err(running)?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(running)?;
        Ok(Seen {
            ms: begun.elapsed().as_secs_f64() * 1e3,
            status,
            bytes: body.to_bytes().len(),
        })
    }
}
