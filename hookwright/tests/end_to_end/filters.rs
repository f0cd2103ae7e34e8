//! Do endpoints get the payloads that their filters ask for, and no others?

use serde_json::{Value, json};

use crate::support::server::{Server, until};
use crate::support::sink::Sink;

/// The rows of the tables of docs/filters.md: a filter, what it matches, what it does not.
fn documented() -> Vec<[String; 3]> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/filters.md");
    let text = std::fs::read_to_string(path).expect("the guide");
    let cell = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let rows = text.lines().filter(|line| line.starts_with("| `{"));
    let row = |line: &str| {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(cell).collect();
        cells
            .try_into()
            .unwrap_or_else(|_| panic!("not three cells: {line}"))
    };
    rows.map(row).collect()
}

#[test]
fn every_documented_example_is_true() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let rows = documented();
    assert!(rows.len() > 30, "only {} examples", rows.len());
    for [filter, matching, other] in rows {
        let ask = |data: &str| {
            let body = format!(r#"{{"filter": {filter}, "data": {data}}}"#);
            client.call("POST", "/v1/filters/test", &body).expect(200)
        };
        let answer = ask(&matching);
        assert_eq!(
            answer,
            json!({"matches": true, "reason": null}),
            "{filter} {matching}"
        );
        if !other.is_empty() {
            let answer = ask(&other);
            assert_eq!(answer["matches"], false, "{filter} {other}");
            assert!(answer["reason"]["detail"].is_string(), "{answer}");
        }
    }
}

#[test]
fn an_event_goes_to_the_endpoints_whose_filter_it_matches() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let endpoint = |path: &str, filter: Value| {
        let made =
            json!({"url": format!("{}{path}", sink.url), "events": ["order.*"], "filter": filter});
        let made = client.post("/v1/endpoints", &made).expect(201);
        assert_eq!(made["filter"], filter);
        format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"))
    };
    endpoint("/large", json!({"amount": {"$gte": 100}}));
    let small = endpoint("/small", json!({"amount": {"$lt": 100}}));
    endpoint("/all", Value::Null);
    let publish = |amount: Value| {
        let event = json!({"type": "order.paid", "data": {"amount": amount}});
        let deliveries = client.post("/v1/events", &event).expect(202)["deliveries"].clone();
        let count = deliveries.as_u64().expect("a count");
        let mut paths: Vec<String> = (0..count).map(|_| sink.next().path).collect();
        paths.sort();
        paths
    };
    assert_eq!(publish(json!(100)), ["/all", "/large"]);
    assert_eq!(publish(json!(5)), ["/all", "/small"]);
    assert_eq!(publish(json!("much")), ["/all"]);
    // A change counts from the next event on.
    let changed = json!({"filter": {"amount": {"$type": 1}}});
    assert_eq!(client.patch(&small, &changed).problem(422), "invalid_field");
    client
        .patch(&small, &json!({"filter": {"amount": "much"}}))
        .expect(200);
    assert_eq!(publish(json!(5)), ["/all"]);
    assert_eq!(publish(json!("much")), ["/all", "/small"]);
    client.patch(&small, &json!({"filter": null})).expect(200);
    assert_eq!(publish(json!(5)), ["/all", "/small"]);
    assert!(sink.is_empty());
}

#[test]
fn filters_hold_over_a_restart_and_in_a_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = server.project("standard-webhooks");
    let endpoint = json!({"url": "http://127.0.0.1:9/", "filter": {"a.b": {"$in": [1, 2]}}});
    client.post("/v1/endpoints", &endpoint).expect(201);
    let (status, _) = server.stop();
    assert!(status.success());
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = crate::support::client::Client::new(&server.base, &client.key);
    let events = json!([
        {"type": "a", "data": {"a": {"b": 2}}},
        {"type": "a", "data": {"a": {"b": 3}}},
        {"type": "a", "data": {"a": [{"b": 0}, {"b": 1}]}},
    ]);
    client.post("/v1/events/batch", &events);
    let listed = until("three events", || {
        let list = client.get("/v1/events").expect(200);
        (list["data"].as_array()?.len() == 3).then_some(list)
    });
    let mut counts: Vec<u64> = (listed["data"].as_array().expect("a list").iter())
        .map(|event| event["deliveries"].as_u64().expect("a count"))
        .collect();
    counts.reverse();
    assert_eq!(counts, [1, 0, 1]);
}

#[test]
fn a_payload_that_no_parser_can_read_is_asked_for_by_no_filter() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    for filter in [json!({"x": {"$exists": false}}), Value::Null] {
        let endpoint = json!({"url": "http://127.0.0.1:9/", "filter": filter});
        client.post("/v1/endpoints", &endpoint).expect(201);
    }
    for data in [r#"{"a": 1e999}"#, r#"{"a": "\ud800"}"#] {
        let event = format!(r#"{{"type": "a", "data": {data}}}"#);
        let accepted = client.call("POST", "/v1/events", &event).expect(202);
        assert_eq!(accepted["deliveries"], 1, "{data}");
    }
}

#[test]
fn a_filter_that_means_nothing_is_refused_and_pointed_at() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    for (filter, pointer) in [
        (json!({"a": {"$size": 1}}), "/filter/a/$size"),
        (json!({"a/b": {"$gte": null}}), "/filter/a~1b/$gte"),
        (json!({"$or": [{"a": 1}, {}]}), "/filter/$or/1"),
        (json!([1]), "/filter"),
        (json!({"a": {"$regex": "(?=b)"}}), "/filter/a/$regex"),
    ] {
        let test = json!({"filter": filter, "data": {}});
        let endpoint = json!({"url": "http://127.0.0.1:9/", "filter": filter});
        for (path, body) in [("/v1/filters/test", test), ("/v1/endpoints", endpoint)] {
            let document = client.post(path, &body).expect(422);
            assert_eq!(document["errors"][0]["pointer"], pointer, "{document}");
        }
    }
}
