//! Is it told, endpoint by endpoint, what would become of an event, and is nothing done?

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Server;

fn endpoint(client: &Client, name: &str, fields: Value) -> String {
    let mut body = fields;
    body["url"] = json!(format!("http://127.0.0.1:9/{name}"));
    let made = client.post("/v1/endpoints", &body).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

/// What is said of an endpoint: what would become of the event, and the reasons by what they are about.
fn said<'a>(answer: &'a Value, id: &str) -> &'a Value {
    let all = answer["data"].as_array().expect("a list");
    let found = all.iter().find(|it| it["endpoint_id"] == id);
    found.unwrap_or_else(|| panic!("{id} in {answer}"))
}

fn reason<'a>(said: &'a Value, about: &str) -> &'a Value {
    let all = said["reasons"].as_array().expect("a list");
    let found = all.iter().find(|it| it["about"] == about);
    found.unwrap_or_else(|| panic!("{about} in {said}"))
}

#[test]
fn each_endpoint_says_why_it_would_get_an_event_or_not() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let plain = endpoint(&client, "plain", json!({}));
    let other_type = endpoint(&client, "type", json!({"events": ["user.*"]}));
    let other_channel = endpoint(&client, "channel", json!({"channels": ["eu"]}));
    let filtered = endpoint(
        &client,
        "filter",
        json!({"filter": {"amount": {"$gte": 100}}}),
    );
    let paused = endpoint(&client, "paused", json!({"status": "paused"}));
    let disabled = endpoint(&client, "disabled", json!({"status": "disabled"}));
    let event =
        json!({"type": "order.paid", "data": {"amount": 5}, "channels": ["us"], "id": "once"});
    let answer = client.post("/v1/events/dry-run", &event).expect(200);
    for (id, would) in [
        (&plain, "deliver"),
        (&other_type, "skip"),
        (&other_channel, "skip"),
        (&filtered, "skip"),
        (&paused, "hold"),
        (&disabled, "fail"),
    ] {
        assert_eq!(said(&answer, id)["would"], would, "{answer}");
    }
    let why = reason(said(&answer, &filtered), "filter");
    assert_eq!(why["passed"], false);
    assert_eq!(why["pointer"], "/amount/$gte");
    assert_eq!(why["detail"], "\"amount\" is 5 and must be at least 100");
    assert_eq!(
        reason(said(&answer, &other_type), "event_type")["passed"],
        false
    );
    assert_eq!(
        reason(said(&answer, &other_channel), "channels")["passed"],
        false
    );
    assert_eq!(reason(said(&answer, &paused), "status")["passed"], false);
    // Nothing was stored: the same id is still free, and there is no event.
    assert_eq!(client.get("/v1/events").expect(200)["data"], json!([]));
    assert_eq!(client.get("/v1/deliveries").expect(200)["data"], json!([]));
    // What it says is what publishing does: deliver, hold and fail have deliveries.
    let accepted = client.post("/v1/events", &event).expect(202);
    assert_eq!(accepted["deliveries"], 3);
}

#[test]
fn an_event_that_was_published_is_judged_by_the_endpoints_of_today() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let event = json!({"type": "order.paid", "data": {"amount": 500}});
    let accepted = client.post("/v1/events", &event).expect(202);
    let path = format!(
        "/v1/events/{}/matches",
        accepted["id"].as_str().expect("an id")
    );
    assert_eq!(client.get(&path).expect(200)["data"], json!([]));
    let late = endpoint(
        &client,
        "late",
        json!({"filter": {"amount": {"$gte": 100}}}),
    );
    let answer = client.get(&path).expect(200);
    assert_eq!(said(&answer, &late)["would"], "deliver");
    assert_eq!(reason(said(&answer, &late), "filter")["passed"], true);
    assert_eq!(
        client.get("/v1/events/evt_none/matches").problem(404),
        "not_found"
    );
}

#[test]
fn a_dry_run_refuses_what_publishing_would_and_makes_no_account() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let call = |body: &Value| client.post("/v1/events/dry-run", body);
    assert_eq!(
        call(&json!({"type": "a b", "data": 1})).problem(422),
        "invalid_field"
    );
    assert_eq!(call(&json!({"type": "a"})).problem(422), "invalid_field");
    assert_eq!(
        call(&json!({"type": "a", "data": 1, "id": "a.b"})).problem(422),
        "invalid_field"
    );
    let elsewhere = json!({"type": "a", "data": 1, "account_id": "new"});
    assert_eq!(call(&elsewhere).problem(404), "not_found");
    assert_eq!(client.get("/v1/accounts/new").problem(404), "not_found");
}

#[test]
fn a_dry_run_holds_the_payload_against_the_types_schema() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let schema = json!({"type": "object", "required": ["id"]});
    let event_type = json!({"name": "user.created", "versions": [{"schema": schema}]});
    client.post("/v1/event-types", &event_type).expect(201);
    for path in ["/v1/events", "/v1/events/dry-run"] {
        let wrong = client.post(path, &json!({"type": "user.created", "data": {}}));
        assert_eq!(wrong.problem(422), "schema_mismatch", "{path}");
        let past = json!({"type": "a", "data": 1, "deliver_at": "soon"});
        assert_eq!(
            client.post(path, &past).problem(422),
            "invalid_field",
            "{path}"
        );
    }
    let right = json!({"type": "user.created", "data": {"id": 1}});
    client.post("/v1/events/dry-run", &right).expect(200);
}

#[test]
fn many_endpoints_are_paged() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    for number in 0..5 {
        endpoint(&client, &number.to_string(), json!({}));
    }
    let event = json!({"type": "a", "data": null});
    let mut seen = Vec::new();
    let mut path = "/v1/events/dry-run?limit=2".to_owned();
    loop {
        let page = client.post(&path, &event).expect(200);
        let all = page["data"].as_array().expect("a list");
        seen.extend(all.iter().map(|it| it["endpoint_id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/events/dry-run?limit=2&cursor={cursor}");
    }
    assert_eq!(seen.len(), 5);
    seen.sort_by_key(Value::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 5);
    let too_many = client.post("/v1/events/dry-run?limit=251", &event);
    assert_eq!(too_many.problem(400), "invalid_parameter");
}

#[test]
fn an_account_is_told_of_its_own_endpoints_only() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let mut keys = Vec::new();
    for account in ["ann", "bob"] {
        client
            .post("/v1/accounts", &json!({"id": account, "name": account}))
            .expect(201);
        let path = format!("/v1/accounts/{account}/keys");
        let key = client.post(&path, &json!({})).expect(201);
        keys.push(client.with_key(key["api_key"].as_str().expect("a key")));
    }
    let anns = endpoint(&keys[0], "ann", json!({}));
    let event = json!({"type": "a", "data": 1});
    let told = keys[0].post("/v1/events/dry-run", &event).expect(200);
    assert_eq!(said(&told, &anns)["would"], "deliver");
    let told = keys[1].post("/v1/events/dry-run", &event).expect(200);
    assert_eq!(told["data"], json!([]));
    let of_ann = json!({"type": "a", "data": 1, "account_id": "ann"});
    assert_eq!(
        keys[1].post("/v1/events/dry-run", &of_ann).problem(404),
        "not_found"
    );
}
