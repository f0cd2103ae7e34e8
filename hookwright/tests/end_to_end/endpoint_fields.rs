//! Does an endpoint take, show and keep each of its settings, and its status, at all four paths?

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::Sink;

const URL: &str = "http://127.0.0.1:9/";

fn made(client: &Client, path: &str, fields: Value) -> Value {
    let mut body = fields;
    body["url"] = json!(URL);
    client.post(path, &body).expect(201)
}

fn id(endpoint: &Value) -> &str {
    endpoint["id"].as_str().expect("an id")
}

/// The four paths, for a client of the account `ann`.
fn four(server: &Server) -> (Client, [&'static str; 4]) {
    let product = server.project("standard-webhooks");
    let account = json!({"id": "ann", "name": "Ann"});
    product.post("/v1/accounts", &account).expect(201);
    let key = product
        .post("/v1/accounts/ann/keys", &json!({}))
        .expect(201);
    let paths = [
        "/v1/endpoints",
        "/v1/webhooks",
        "/v1/webhooks/endpoints",
        "/v1/accounts/ann/webhooks",
    ];
    (
        product.with_key(key["api_key"].as_str().expect("a key")),
        paths,
    )
}

#[test]
fn each_setting_is_shown_as_it_was_given_and_goes_when_it_is_null() {
    let server = Server::start();
    let (client, paths) = four(&server);
    let given = json!({
        "filter": {"amount": {"$gte": 100}},
        "concurrency": 4,
        "rate_limit": 20,
        "timeout_ms": 5_000,
        "ordered": true,
        "metadata": {"team": "billing", "plan": ""},
        "circuit_breaker": {"failure_rate": 0.25, "min_attempts": 10, "window_seconds": 30,
                            "open_seconds": 5, "half_open_attempts": 2},
        "retry_policy": {"max_attempts": 3, "backoff_multiplier": 1.5, "initial_delay": 100},
    });
    for path in paths {
        let endpoint = made(&client, path, given.clone());
        let shown = client.get(&format!("{path}/{}", id(&endpoint))).expect(200);
        for (name, value) in given.as_object().expect("fields") {
            assert_eq!(&endpoint[name], value, "{path} {name}");
            assert_eq!(&shown[name], value, "{path} {name}");
        }
    }
    let plain = made(&client, "/v1/endpoints", json!({}));
    let nothing = json!({
        "filter": null, "concurrency": null, "rate_limit": null, "timeout_ms": null,
        "ordered": false, "metadata": {}, "circuit_breaker": null, "retry_policy": null,
    });
    let full = made(&client, "/v1/endpoints", given.clone());
    let path = format!("/v1/endpoints/{}", id(&full));
    let emptied = client.patch(&path, &nothing).expect(200);
    for (name, value) in nothing.as_object().expect("fields") {
        assert_eq!(&plain[name], value, "{name}");
        assert_eq!(&emptied[name], value, "{name}");
    }
}

#[test]
fn a_change_of_one_setting_leaves_the_others() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let before = made(
        &client,
        "/v1/endpoints",
        json!({
            "filter": {"a": 1}, "concurrency": 2, "ordered": true, "metadata": {"a": "1", "b": "2"},
            "circuit_breaker": true,
        }),
    );
    assert_eq!(before["circuit_breaker"]["min_attempts"], 20);
    let path = format!("/v1/endpoints/{}", id(&before));
    let after = client
        .patch(&path, &json!({"metadata": {"c": "3"}}))
        .expect(200);
    assert_eq!(
        after["metadata"],
        json!({"c": "3"}),
        "metadata is replaced whole"
    );
    for name in [
        "filter",
        "concurrency",
        "ordered",
        "circuit_breaker",
        "url",
        "events",
    ] {
        assert_eq!(after[name], before[name], "{name}");
    }
    let after = client
        .patch(&path, &json!({"circuit_breaker": false}))
        .expect(200);
    assert_eq!(after["circuit_breaker"], json!(false));
    let other = client.patch(&path, &json!({"ordered": false})).expect(200);
    assert_eq!(other["circuit_breaker"], json!(false), "it stays off");
    let none = client
        .patch(&path, &json!({"circuit_breaker": null}))
        .expect(200);
    assert_eq!(none["circuit_breaker"], Value::Null);
}

#[test]
fn bounds_are_kept_and_named() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let many: Value = (0..33)
        .map(|n| (format!("n{n}"), json!("")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    for (fields, pointer) in [
        (json!({"concurrency": 0}), "/concurrency"),
        (json!({"concurrency": 33}), "/concurrency"),
        (json!({"rate_limit": 10_001}), "/rate_limit"),
        (json!({"timeout_ms": 60_001}), "/timeout_ms"),
        (
            json!({"circuit_breaker": {"failure_rate": 0}}),
            "/circuit_breaker/failure_rate",
        ),
        (
            json!({"circuit_breaker": {"window_seconds": 3_601}}),
            "/circuit_breaker/window_seconds",
        ),
        (json!({"metadata": many}), "/metadata"),
        (json!({"metadata": {"x".repeat(65): ""}}), "/metadata"),
        (json!({"metadata": {"x": "y".repeat(513)}}), "/metadata"),
        (json!({"name": ""}), "/name"),
        (
            json!({"retry_policy": {"max_attempts": 51, "backoff_multiplier": 2, "initial_delay": 1}}),
            "/retry_policy",
        ),
        (
            json!({"retry_policy": {"max_attempts": 5, "backoff_multiplier": 100.5, "initial_delay": 1}}),
            "/retry_policy",
        ),
    ] {
        let mut body = fields.clone();
        body["url"] = json!(URL);
        let problem = client.post("/v1/endpoints", &body).expect(422);
        assert_eq!(
            problem["errors"][0]["pointer"], pointer,
            "{fields} {problem}"
        );
    }
    let most: Value = (0..32)
        .map(|n| (format!("{n:064}"), json!("é".repeat(512))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    made(&client, "/v1/endpoints", json!({"metadata": most}));
}

#[test]
fn an_endpoint_is_paused_disabled_and_enabled_at_each_path() {
    let server = Server::start();
    let (client, paths) = four(&server);
    for path in paths {
        let endpoint = made(&client, path, json!({}));
        let action = |action: &str, body: &Value| {
            client.post(&format!("{path}/{}/{action}", id(&endpoint)), body)
        };
        let paused = action("pause", &json!({"reason": "moving house"})).expect(200);
        assert_eq!(
            (&paused["status"], &paused["active"]),
            (&json!("paused"), &json!(false))
        );
        assert_eq!(paused["status_reason"], "moving house");
        let one = format!("{path}/{}", id(&endpoint));
        let disable = client
            .send("POST", &format!("{one}/disable"), &[], ())
            .expect(200);
        assert_eq!(disable["status"], "disabled");
        assert_eq!(disable["status_reason"], "set through the API");
        assert_eq!(
            action("disable", &json!({"reason": ""})).problem(422),
            "invalid_field"
        );
        assert_eq!(
            action("pause", &json!({"why": "x"})).problem(422),
            "invalid_field"
        );
        assert_eq!(client.get(&one).expect(200)["status"], "disabled");
        let enabled = client
            .send("POST", &format!("{one}/enable"), &[], ())
            .expect(200);
        assert_eq!(
            (&enabled["status"], &enabled["status_reason"]),
            (&json!("active"), &Value::Null)
        );
        let nobody = client.send("POST", &format!("{path}/ep_none/enable"), &[], ());
        assert_eq!(nobody.problem(404), "not_found");
    }
}

#[test]
fn what_waited_for_a_paused_endpoint_is_delivered_once_it_is_enabled() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let endpoint = client
        .post("/v1/endpoints", &json!({"url": sink.url}))
        .expect(201);
    let path = format!("/v1/endpoints/{}", id(&endpoint));
    client
        .post(&format!("{path}/pause"), &json!({}))
        .expect(200);
    let event = client
        .post("/v1/events", &json!({"type": "a", "data": 1}))
        .expect(202);
    delivery_in_state(&client, id(&event), "held");
    client
        .post(&format!("{path}/enable"), &json!({}))
        .expect(200);
    sink.next();
    delivery_in_state(&client, id(&event), "delivered");
    client
        .post(&format!("{path}/disable"), &json!({"reason": "gone"}))
        .expect(200);
    let event = client
        .post("/v1/events", &json!({"type": "a", "data": 2}))
        .expect(202);
    delivery_in_state(&client, id(&event), "failed");
    assert!(sink.is_empty());
}

#[test]
fn endpoints_are_found_by_status_type_url_and_metadata() {
    let server = Server::start();
    let (client, paths) = four(&server);
    let a = made(&client, "/v1/endpoints", json!({"events": ["user.*"]}));
    let b = made(
        &client,
        "/v1/endpoints",
        json!({"status": "paused", "metadata": {"team": "billing"}}),
    );
    let c = client.post(
        "/v1/endpoints",
        &json!({"url": "http://127.0.0.1:9/special", "events": ["order.paid"]}),
    );
    let c = c.expect(201);
    for path in paths {
        let found = |query: &str| -> Vec<Value> {
            let list = client.get(&format!("{path}?{query}")).expect(200);
            let all = list["data"].as_array().expect("a list");
            all.iter().map(|it| it["id"].clone()).collect()
        };
        let (a, b, c) = (&a["id"], &b["id"], &c["id"]);
        assert_eq!(found(""), [c.clone(), b.clone(), a.clone()]);
        assert_eq!(found("status=paused"), std::slice::from_ref(b));
        assert_eq!(found("event_type=user.created"), [b.clone(), a.clone()]);
        assert_eq!(found("event_type=order.paid"), [c.clone(), b.clone()]);
        assert_eq!(found("url=special"), std::slice::from_ref(c));
        assert_eq!(found("metadata%5Bteam%5D=billing"), std::slice::from_ref(b));
        assert_eq!(
            found("metadata%5Bteam%5D=billing&status=active"),
            [] as [Value; 0]
        );
        for bad in [
            "status=asleep",
            "event_type=a%20b",
            "url=",
            "colour=red",
            "metadata=x",
            "limit=0",
        ] {
            let answer = client.get(&format!("{path}?{bad}"));
            assert_eq!(answer.problem(400), "invalid_parameter", "{bad}");
        }
    }
}
