//! A key that was revoked, has expired, or whose owner is deleted opens nothing any more.

use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::{World, key};
use crate::support::client::Client;
use crate::support::server::until;

/// The key opens something, and so is known to the server from now on.
#[track_caller]
fn opens(client: &Client) {
    client.get("/v1/events").expect(200);
}

#[track_caller]
fn opens_nothing(client: &Client) {
    let event = json!({"type": "a.b", "data": {}});
    let answers = [
        client.get("/v1/events"),
        client.get("/v1/webhooks"),
        client.get("/v1/deliveries"),
        client.post("/v1/events", &event),
        client.post("/v1/events/batch", &json!([event])),
        client.post("/v1/webhooks", &json!({"url": "https://a.example/"})),
        client.get("/v1/profiles"),
        client.get("/v1/event-types"),
        client.get("/v1/projects"),
    ];
    for answer in answers {
        assert_eq!(answer.problem(401), "unauthorized");
    }
}

#[test]
fn a_revoked_key_is_refused_from_the_next_request_on() {
    let World { ann, .. } = &World::new();
    for keys in ["/v1/keys", "/v1/accounts/ann/keys"] {
        let made = ann.product.post(keys, &json!({})).expect(201);
        let client = key(&ann.root, &made);
        opens(&client);
        let path = format!("{keys}/{}", super::id(&made));
        ann.product.delete(&path).expect(204);
        opens_nothing(&client);
        opens(&ann.product);
        opens(&ann.customer);
    }
}

#[test]
fn an_expired_key_is_refused_also_when_it_is_known() {
    let World { ann, .. } = &World::new();
    for keys in ["/v1/keys", "/v1/accounts/ann/keys"] {
        // The server's clock, by a key's time.
        let first = ann.product.post(keys, &json!({})).expect(201);
        let now = first["created_at"].as_str().expect("a time");
        let now = OffsetDateTime::parse(now, &Rfc3339).expect("a time");
        let end = now + Duration::seconds(3);
        let end = end.format(&Rfc3339).expect("a time");
        let made = ann
            .product
            .post(keys, &json!({ "expires_at": end }))
            .expect(201);
        let client = key(&ann.root, &made);
        opens(&client);
        until("expired", || {
            let answer = client.get("/v1/events");
            (answer.status != 200).then(|| answer.json())
        });
        opens_nothing(&client);
        let past = json!({"expires_at": "2024-01-15T10:30:00Z"});
        assert_eq!(ann.product.post(keys, &past).problem(422), "invalid_field");
    }
}

#[test]
fn the_keys_of_a_deleted_account_are_refused() {
    let World { ann, bob, .. } = &World::new();
    opens(&ann.customer);
    ann.product.delete("/v1/accounts/ann").expect(204);
    opens_nothing(&ann.customer);
    opens_nothing(&ann.almighty);
    opens(&ann.product);
    opens(&bob.customer);
    assert_eq!(
        ann.product.get("/v1/accounts/ann").problem(404),
        "not_found"
    );
    let endpoint = format!("/v1/endpoints/{}", ann.endpoint);
    assert_eq!(ann.product.get(&endpoint).problem(404), "not_found");
}

#[test]
fn the_keys_of_a_deleted_project_are_refused() {
    let World { ann, bob, eve, .. } = &World::new();
    for client in [&ann.product, &ann.customer, &bob.almighty] {
        opens(client);
    }
    ann.root
        .delete(&format!("/v1/projects/{}", ann.project))
        .expect(204);
    for client in [
        &ann.product,
        &ann.customer,
        &ann.almighty,
        &bob.customer,
        &bob.almighty,
    ] {
        opens_nothing(client);
    }
    opens(&eve.product);
    opens(&eve.customer);
    let named = format!("/v1/events?project_id={}", ann.project);
    assert_eq!(ann.root.get(&named).problem(404), "not_found");
}
