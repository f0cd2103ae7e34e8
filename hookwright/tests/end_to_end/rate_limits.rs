//! Requests of one key are bounded, where a limit is set: by the key or by the server.

use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::server::Server;

/// How many of so many quick requests are admitted, and what a refused one is told.
fn hammer(requests: usize, call: impl Fn() -> Answer) -> (usize, Option<Answer>) {
    let mut admitted = 0;
    let mut refused = None;
    for _ in 0..requests {
        let answer = call();
        match answer.status {
            429 => refused = Some(answer),
            _ => admitted += 1,
        }
    }
    (admitted, refused)
}

fn limited(product: &Client, rate: u32) -> Client {
    let made = product
        .post("/v1/keys", &json!({ "rate_limit": rate }))
        .expect(201);
    product.with_key(made["api_key"].as_str().expect("a key"))
}

#[test]
fn a_keys_own_limit_counts_reading_and_publishing() {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    let event = json!({"type": "a.b", "data": {}});
    let calls: [fn(&Client, &Value) -> Answer; 3] = [
        |client, _| client.get("/v1/events"),
        |client, event| client.post("/v1/events", event),
        |client, event| client.post("/v1/events/batch", &json!([event, event])),
    ];
    for call in calls {
        let client = limited(&product, 1);
        let (admitted, refused) = hammer(200, || call(&client, &event));
        // One at once, and one more for each second that this takes.
        assert!((1..200).contains(&admitted), "{admitted}");
        assert_eq!(
            refused.expect("one was refused").problem(429),
            "rate_limited"
        );
    }
    let (admitted, _) = hammer(200, || product.get("/v1/events"));
    assert_eq!(admitted, 200, "another key is not limited");
}

#[test]
fn the_servers_limit_is_for_keys_without_their_own_and_not_for_root_keys() {
    let server = Server::start_with(&["--dev", "--api-rate-limit", "1"]);
    let product = server.project("standard-webhooks");
    let fast = limited(&product, 100_000);
    let (admitted, refused) = hammer(200, || product.get("/v1/events"));
    assert!(admitted < 200);
    let refused = refused.expect("one was refused");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit-policy"), "\"key\";q=1;w=1");
    assert_eq!(refused.header("ratelimit"), "\"key\";r=0;t=1");
    for client in [fast, server.root()] {
        let (admitted, _) = hammer(200, || client.get("/v1/keys/self"));
        assert_eq!(admitted, 200);
    }
}

#[test]
fn an_event_that_was_refused_is_not_stored() {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    let client = limited(&product, 1);
    let event = json!({"type": "a.b", "data": {}});
    let (admitted, _) = hammer(50, || client.post("/v1/events", &event));
    let stored = product.get("/v1/events?limit=250").expect(200);
    assert_eq!(stored["data"].as_array().map(Vec::len), Some(admitted));
}
