//! A sender that signs by `wire`, and a receiver with the layer before it, as the tests use them.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use hookwright_verify::{
    Profile, Verified, Verifier, VerifyLayer, VerifyService, builtin_profiles,
};
use hookwright_wire::{Message, SigningKey, new_secret, render, signing_key};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tower_layer::Layer as _;
use tower_service::Service;

pub const NOW_S: i64 = 1_700_000_000;
pub const URL: &str = "https://shop.example/hooks";

pub fn profile(name: &str) -> Profile {
    let mut profiles = builtin_profiles().into_iter();
    profiles
        .find(|profile| profile.name == name)
        .expect("a built-in profile")
}

/// A secret of the profile's form, another for each number.
pub fn secret(profile: &Profile, number: u8) -> String {
    new_secret(profile, &[number; 64])
}

/// One attempt to be made.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    pub id: &'a str,
    pub happened_ms: i64,
    pub at_s: i64,
    pub data: &'a [u8],
}

pub const FIRST: Attempt<'static> = Attempt {
    id: "evt_1",
    happened_ms: NOW_S * 1000 - 5000,
    at_s: NOW_S,
    data: br#"{"userId":"usr_1","note":"Gr\u00fc\u00dfe  1.0","n":[1.0,2]}"#,
};

/// The request, signed with all of `secrets`.
pub fn request(profile: &Profile, secrets: &[&str], attempt: Attempt<'_>) -> Request<Full<Bytes>> {
    let keys: Vec<SigningKey> = secrets
        .iter()
        .map(|secret| signing_key(profile, secret).expect("a key"))
        .collect();
    let message = Message {
        event_id: attempt.id,
        event_type: "user.created",
        event_time_ms: attempt.happened_ms,
        data: attempt.data,
        subject: None,
        trace: None,
        endpoint_id: "ep_1",
        endpoint_url: URL,
        livemode: true,
        attempt_ms: attempt.at_s * 1000,
        nonce: [9; 16],
    };
    let rendered = render(profile, None, &message, &keys).expect("a rendered message");
    let mut request = Request::post("/hooks")
        .body(Full::from(rendered.body))
        .expect("a request");
    request.headers_mut().extend(rendered.headers);
    request
}

/// A service that keeps what it is called with, and answers as it is told.
#[derive(Clone)]
pub struct Handler {
    pub calls: Arc<Mutex<Vec<(Verified, Bytes)>>>,
    pub status: Arc<AtomicU16>,
}

impl Service<Request<Full<Bytes>>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> Self::Future {
        let verified = request.extensions_mut().remove().expect("a Verified");
        let body = now(request.into_body().collect())
            .expect("a body")
            .to_bytes();
        self.calls.lock().expect("the calls").push((verified, body));
        let mut response = Response::new(Full::from("handled"));
        *response.status_mut() =
            StatusCode::from_u16(self.status.load(Ordering::Relaxed)).expect("a status");
        ready(Ok(response))
    }
}

/// The end of a future that never waits.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(std::task::Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The problem document's code.
    pub fn code(&self) -> String {
        let document: serde_json::Value = serde_json::from_str(&self.body).expect("a document");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(document["status"], self.status);
        document["code"].as_str().expect("a code").to_owned()
    }
}

pub struct Receiver {
    pub service: VerifyService<Handler>,
    pub handler: Handler,
}

impl Receiver {
    pub fn new(layer: &VerifyLayer) -> Self {
        let handler = Handler {
            calls: Arc::default(),
            status: Arc::new(AtomicU16::new(204)),
        };
        Self {
            service: layer.layer(handler.clone()),
            handler,
        }
    }

    /// One that holds these secrets, at [`NOW_S`].
    pub fn holding(profile: &Profile, secrets: &[&str]) -> Self {
        Self::new(&VerifyLayer::new(verifier(profile, secrets)))
    }

    pub fn calls(&self) -> usize {
        self.handler.calls.lock().expect("the calls").len()
    }

    pub async fn send<B>(&mut self, request: Request<B>) -> Answer
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let service = &mut self.service;
        let ready = poll_fn(|context| Service::<Request<B>>::poll_ready(service, context)).await;
        ready.expect("ready");
        let (parts, body) = service.call(request).await.expect("an answer").into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }
}

pub fn verifier(profile: &Profile, secrets: &[&str]) -> Verifier {
    Verifier::new(profile.clone(), secrets, || NOW_S).expect("a verifier")
}

/// A clock that a test moves.
pub fn clock(at_s: &Arc<AtomicI64>) -> impl Fn() -> i64 + Send + Sync + 'static {
    let at_s = Arc::clone(at_s);
    move || at_s.load(Ordering::Relaxed)
}
