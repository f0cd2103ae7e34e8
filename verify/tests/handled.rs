//! When does a message count as handled?

mod kit;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hookwright_verify::{Profile, Replays, Verifier, VerifyLayer};
use http::{Request, Response};
use http_body_util::Full;
use kit::{FIRST, NOW_S, Receiver, clock, profile, request, secret, verifier};
use tokio::sync::Notify;
use tower_layer::Layer as _;
use tower_service::Service;

fn format() -> (Profile, String) {
    let profile = profile("standard-webhooks");
    let secret = secret(&profile, 1);
    (profile, secret)
}

#[tokio::test]
async fn a_failed_handler_gets_the_senders_next_attempt() {
    let (profile, secret) = format();
    for failure in [500, 503, 429, 400, 302] {
        let mut receiver = Receiver::holding(&profile, &[&secret]);
        receiver.handler.status.store(failure, Ordering::Relaxed);
        let answer = receiver.send(request(&profile, &[&secret], FIRST)).await;
        assert_eq!(answer.status, failure);
        receiver.handler.status.store(201, Ordering::Relaxed);
        let answer = receiver.send(request(&profile, &[&secret], FIRST)).await;
        assert_eq!((answer.status, receiver.calls()), (201, 2));
        let answer = receiver.send(request(&profile, &[&secret], FIRST)).await;
        assert_eq!((answer.status, receiver.calls()), (200, 2));
    }
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_its_message() {
    let (profile, secret) = format();
    let mut receiver = Receiver::holding(&profile, &[&secret]);
    let mut forged = request(&profile, &[&secret], FIRST);
    *forged.body_mut() = Full::from("{}");
    assert_eq!(receiver.send(forged).await.status, 401);
    let answer = receiver.send(request(&profile, &[&secret], FIRST)).await;
    assert_eq!((answer.status, receiver.calls()), (204, 1));
}

#[tokio::test]
async fn without_replays_the_handler_sees_every_attempt() {
    let (profile, secret) = format();
    let layer = VerifyLayer::new(verifier(&profile, &[&secret])).without_replays();
    let mut receiver = Receiver::new(&layer);
    for calls in 1..=3 {
        let answer = receiver.send(request(&profile, &[&secret], FIRST)).await;
        assert_eq!((answer.status, receiver.calls()), (204, calls));
    }
}

#[tokio::test]
async fn a_message_is_forgotten_after_its_time() {
    // This format tells no time, so that only the memory stands against a repetition.
    let profile = profile("github");
    let secret = secret(&profile, 1);
    let at_s = Arc::new(AtomicI64::new(NOW_S));
    let verifier = Verifier::new(profile.clone(), &[&secret], clock(&at_s)).expect("a verifier");
    let layer = VerifyLayer::new(verifier).replays(Replays::new(4, 600));
    let mut receiver = Receiver::new(&layer);
    for (later_s, calls) in [(0, 1), (599, 1), (600, 2)] {
        at_s.store(NOW_S + later_s, Ordering::Relaxed);
        receiver.send(request(&profile, &[&secret], FIRST)).await;
        assert_eq!(receiver.calls(), calls, "after {later_s} s");
    }
}

#[tokio::test]
async fn a_duplicate_gets_a_status_that_the_profile_acknowledges() {
    let toml = r#"
        name = "picky"
        envelope = "{event.data}"
        headers = { id = "{event.id}" }
        signature = [{ header = "signature", algorithm = "hmac-sha256", content = "{body}" }]
        acknowledge = { status = [202] }
    "#;
    let profile = Profile::parse("picky.toml", toml).expect("a profile");
    let secret = secret(&profile, 1);
    let mut receiver = Receiver::holding(&profile, &[&secret]);
    receiver.send(request(&profile, &[&secret], FIRST)).await;
    let answer = receiver.send(request(&profile, &[&secret], FIRST)).await;
    assert_eq!((answer.status, receiver.calls()), (202, 1));
}

/// A handler that waits until it is told to end.
#[derive(Clone, Default)]
struct Slow {
    begun: Arc<Notify>,
    end: Arc<Notify>,
}

impl Service<Request<Full<Bytes>>> for Slow {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        let slow = self.clone();
        Box::pin(async move {
            slow.begun.notify_one();
            slow.end.notified().await;
            Ok(Response::default())
        })
    }
}

/// What must come soon, so that a fault is a failure and not a standstill.
async fn soon<F: Future>(future: F) -> F::Output {
    let bounded = tokio::time::timeout(Duration::from_secs(10), future).await;
    bounded.expect("it comes within 10 s")
}

#[tokio::test]
async fn an_attempt_during_another_is_asked_to_come_later() {
    let (profile, secret) = format();
    let slow = Slow::default();
    let mut service = VerifyLayer::new(verifier(&profile, &[&secret])).layer(slow.clone());
    let attempt = || request(&profile, &[&secret], FIRST);
    let first = tokio::spawn(service.call(attempt()));
    soon(slow.begun.notified()).await;
    let second = soon(service.call(attempt())).await.expect("an answer");
    assert_eq!(second.status(), 503);
    assert_eq!(second.headers()["retry-after"], "5");
    slow.end.notify_one();
    let first = soon(first).await.expect("no panic").expect("an answer");
    assert_eq!(first.status(), 200);
    let third = soon(service.call(attempt())).await.expect("an answer");
    assert_eq!(third.status(), 200);
}

#[tokio::test]
async fn a_connection_that_breaks_off_leaves_the_message_to_the_next_attempt() {
    let (profile, secret) = format();
    let slow = Slow::default();
    let mut service = VerifyLayer::new(verifier(&profile, &[&secret])).layer(slow.clone());
    let attempt = || request(&profile, &[&secret], FIRST);
    let first = tokio::spawn(service.call(attempt()));
    soon(slow.begun.notified()).await;
    first.abort();
    assert!(soon(first).await.expect_err("aborted").is_cancelled());
    let second = tokio::spawn(service.call(attempt()));
    soon(slow.begun.notified()).await;
    slow.end.notify_one();
    let second = soon(second).await.expect("no panic").expect("an answer");
    assert_eq!(second.status(), 200);
}
