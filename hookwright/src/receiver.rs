//! The receiver of the demonstration: verifies each format by the profile that it is sent by.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hookwright_wire::{Profile, Received, VerifyingKey, verify};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::failure::{Failure, running};

const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What one path expects.
pub(crate) struct Expected {
    pub(crate) profile: Arc<Profile>,
    pub(crate) keys: Vec<VerifyingKey>,
    /// Requests that are answered 500 before any is taken.
    pub(crate) failures: u32,
}

/// A request as it came in.
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) status: u16,
    /// Why it was refused, if it was.
    pub(crate) refused: Option<String>,
}

/// A receiver; formats are added as endpoints are registered.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    expected: Arc<Mutex<HashMap<String, Expected>>>,
    pub(crate) seen: mpsc::UnboundedReceiver<Seen>,
}

impl Receiver {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(running)?;
        let address = listener.local_addr().map_err(running)?;
        let expected: Arc<Mutex<HashMap<String, Expected>>> = Arc::default();
        let (tell, seen) = mpsc::unbounded_channel();
        tokio::spawn(take(listener, Arc::clone(&expected), tell));
        Ok(Self {
            address,
            expected,
            seen,
        })
    }

    pub(crate) fn expect(&self, path: String, expected: Expected) {
        self.expected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path, expected);
    }
}

async fn take(
    listener: TcpListener,
    expected: Arc<Mutex<HashMap<String, Expected>>>,
    tell: mpsc::UnboundedSender<Seen>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (expected, tell) = (Arc::clone(&expected), tell.clone());
        tokio::spawn(async move {
            let answer =
                service_fn(move |request| answer(request, Arc::clone(&expected), tell.clone()));
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    expected: Arc<Mutex<HashMap<String, Expected>>>,
    tell: mpsc::UnboundedSender<Seen>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let body = body.map(|whole| whole.to_bytes()).unwrap_or_default();
    let path = head.uri.path().to_owned();
    let pairs: Vec<(&str, &[u8])> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let judged = {
        let mut expected = expected.lock().unwrap_or_else(PoisonError::into_inner);
        judge(expected.get_mut(&path), &pairs, &body)
    };
    let (status, refused) = match judged {
        Ok(status) => (status, None),
        Err(reason) => (StatusCode::UNAUTHORIZED, Some(reason)),
    };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let _ = tell.send(Seen {
        path,
        headers: pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), text(value)))
            .collect(),
        body: text(&body),
        status: status.as_u16(),
        refused,
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    Ok(response)
}

fn judge(
    expected: Option<&mut Expected>,
    headers: &[(&str, &[u8])],
    body: &[u8],
) -> Result<StatusCode, String> {
    let expected = expected.ok_or("nothing is expected at this path")?;
    let received = Received {
        headers,
        body,
        url: None,
        method: "POST",
    };
    verify(&expected.profile, &received, &expected.keys, now_s())
        .map_err(|error| error.to_string())?;
    if expected.failures > 0 {
        expected.failures -= 1;
        return Ok(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Ok(StatusCode::OK)
}

fn now_s() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a receiver's clock is its own")]
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
