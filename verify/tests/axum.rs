//! What does an axum handler get, behind the layer and without it?

mod kit;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use hookwright_verify::{Delivery, DeliveryJson, VerifyLayer};
use http_body_util::{BodyExt as _, Full};
use kit::{Attempt, FIRST, profile, secret, verifier};
use serde::Deserialize;
use tower_service::Service as _;

#[derive(Deserialize)]
struct Event {
    r#type: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    note: String,
}

#[derive(Deserialize)]
struct Other {
    #[expect(dead_code, reason = "it is never there")]
    amount: u64,
}

async fn raw(delivery: Delivery) -> (StatusCode, Bytes) {
    assert_eq!(delivery.verified.message_id.as_deref(), Some("evt_1"));
    (StatusCode::ACCEPTED, delivery.body)
}

async fn read(event: DeliveryJson<Event>) -> String {
    assert_eq!(event.verified.message_id.as_deref(), Some("evt_1"));
    format!("{}: {}", event.body.r#type, event.body.data.note)
}

async fn other(_: DeliveryJson<Other>) {}

/// What passes through here comes out the same.
async fn between(request: Request, next: Next) -> Response {
    next.run(request).await
}

fn layer() -> VerifyLayer {
    let profile = profile("standard-webhooks");
    let secret = secret(&profile, 1);
    VerifyLayer::new(verifier(&profile, &[&secret]))
}

fn routes() -> Router {
    let routes = Router::new()
        .route("/raw", post(raw))
        .route("/read", post(read))
        .route("/other", post(other));
    routes.layer(from_fn(between))
}

fn request(path: &str) -> http::Request<Full<Bytes>> {
    let profile = profile("standard-webhooks");
    let secret = secret(&profile, 1);
    let mut request = kit::request(&profile, &[&secret], FIRST);
    *request.uri_mut() = path.parse().expect("a path");
    request
}

async fn answer(mut routes: Router, request: http::Request<Full<Bytes>>) -> (u16, String) {
    let response = routes
        .call(request.map(Body::new))
        .await
        .expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let body = String::from_utf8(body.to_vec()).expect("text");
    (parts.status.as_u16(), body)
}

#[tokio::test]
async fn a_handler_gets_the_raw_body() {
    let request = request("/raw");
    let sent = request
        .body()
        .clone()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    let (status, body) = answer(routes().layer(layer()), request).await;
    assert_eq!((status, body.as_bytes()), (202, &*sent));
}

#[tokio::test]
async fn a_handler_gets_the_body_read_as_json() {
    let (status, body) = answer(routes().layer(layer()), request("/read")).await;
    assert_eq!((status, body.as_str()), (200, "user.created: Grüße  1.0"));
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_with_a_problem() {
    let (status, body) = answer(routes().layer(layer()), request("/other")).await;
    assert!(
        status == 400 && body.contains("body_not_as_expected"),
        "{status} {body}"
    );
}

#[tokio::test]
async fn a_forgery_does_not_reach_the_handler() {
    let mut forged = request("/raw");
    *forged.body_mut() = Full::from("{}");
    let (status, body) = answer(routes().layer(layer()), forged).await;
    assert!(
        status == 401 && body.contains("signature_mismatch"),
        "{status} {body}"
    );
}

#[tokio::test]
async fn a_forgotten_layer_lets_nothing_in() {
    for path in ["/raw", "/read"] {
        let (status, body) = answer(routes(), request(path)).await;
        assert!(
            status == 500 && body.contains("receiver_layer_missing"),
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn one_layer_over_one_route_guards_the_clones_of_its_router() {
    let routes = routes().layer(layer());
    assert_eq!(answer(routes.clone(), request("/raw")).await.0, 202);
    assert_eq!(answer(routes, request("/raw")).await, (200, String::new()));
}

#[tokio::test]
async fn the_layers_limit_is_the_only_one() {
    // More than axum's own default of 2 MB.
    let profile = profile("github");
    let secret = secret(&profile, 1);
    let layer = VerifyLayer::new(verifier(&profile, &[&secret])).body_bytes_max(4 << 20);
    let handler = |delivery: Delivery| async move { delivery.body.len().to_string() };
    let routes = Router::new().route("/hooks", post(handler)).layer(layer);
    let data = format!("\"{}\"", "x".repeat(3 << 20));
    let big = Attempt {
        data: data.as_bytes(),
        ..FIRST
    };
    let request = kit::request(&profile, &[&secret], big);
    let (status, body) = answer(routes, request).await;
    assert_eq!((status, body), (200, data.len().to_string()));
}
