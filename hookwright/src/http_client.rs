//! A small client for the server's own API, for `demo` and `bench`.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::failure::{Failure, running};

/// One connection to the API.
pub(crate) struct ApiClient {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl ApiClient {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await.map_err(running)?;
        stream.set_nodelay(true).map_err(running)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(running)?;
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self {
            sender,
            host: address.to_string(),
        })
    }

    /// Calls and expects success; the answer as JSON.
    pub(crate) async fn call(
        &mut self,
        method: Method,
        path: &str,
        key: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.call_raw(method, path, key, body).await
    }

    /// As [`Self::call`], with the body's bytes as they are.
    pub(crate) async fn call_raw(
        &mut self,
        method: Method,
        path: &str,
        key: &str,
        body: String,
    ) -> Result<Value, Failure> {
        let request = Request::builder()
            .method(&method)
            .uri(path)
            .header("host", &self.host)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(running)?;
        self.sender.ready().await.map_err(running)?;
        let answer = self.sender.send_request(request).await.map_err(running)?;
        let status = answer.status();
        let bytes = answer
            .into_body()
            .collect()
            .await
            .map_err(running)?
            .to_bytes();
        if !status.is_success() {
            let text = String::from_utf8_lossy(&bytes);
            return Err(running(format!(
                "{method} {path} answered {status}: {text}"
            )));
        }
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(running)
    }
}
