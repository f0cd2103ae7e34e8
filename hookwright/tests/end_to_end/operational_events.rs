//! Operational events: what the product is told of its own webhooks, by the same engine.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::{Got, Sink};

const OPERATIONAL: &str = "operational";

fn endpoint(client: &Client, account: &str, url: &str) -> String {
    let once = json!({"max_attempts": 1, "backoff_multiplier": 1.0, "initial_delay": 1000});
    let body = json!({"url": url, "account_id": account, "retry_policy": once});
    let made = client.post("/v1/endpoints", &body).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

/// The type and data of what arrived.
fn told(got: &Got) -> (String, Value) {
    let id = got.header("webhook-id").expect("an id");
    assert!(id.starts_with("op_prj_"), "{id}");
    assert!(got.header("webhook-signature").is_some());
    let body: Value = serde_json::from_slice(&got.body).expect("JSON");
    let event_type = body["type"].as_str().expect("a type").to_owned();
    (event_type, body["data"].clone())
}

#[track_caller]
fn next(sink: &Sink, event_type: &str) -> Value {
    let (found, data) = told(&sink.next());
    assert_eq!(found, event_type, "{data}");
    data
}

#[test]
fn the_life_of_endpoints_and_deliveries_is_told() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let operator = Sink::with_statuses(&[200]);
    endpoint(&client, OPERATIONAL, &operator.url);
    let receiver = Sink::with_statuses(&[503, 503, 200, 200, 410]);
    let id = endpoint(&client, "acme", &receiver.url);
    let created = next(&operator, "endpoint.created");
    assert_eq!(
        (&created["endpoint_id"], &created["account_id"]),
        (&json!(id), &json!("acme"))
    );
    assert_eq!(created["status"], "active");

    let event = json!({"type": "user.created", "account_id": "acme", "data": {}});
    let accepted = client.post("/v1/events", &event).expect(202);
    let exhausted = next(&operator, "delivery.exhausted");
    assert_eq!(exhausted["event_id"], accepted["id"]);
    assert_eq!(
        (&exhausted["status"], &exhausted["error"]),
        (&json!(503), &json!("server_error"))
    );
    assert_eq!(exhausted["attempts"], 1);

    // A resend that fails tells nothing; one that is acknowledged tells once.
    let path = format!(
        "/v1/deliveries/{}",
        exhausted["delivery_id"].as_str().expect("an id")
    );
    for attempts in 2..=4 {
        client
            .send("POST", &format!("{path}/resend"), &[], ())
            .expect(202);
        crate::support::server::until("the resend is settled", || {
            let delivery = client.get(&path).expect(200);
            (delivery["attempts"] == attempts).then_some(delivery)
        });
    }
    let recovered = next(&operator, "delivery.recovered");
    assert_eq!(recovered["delivery_id"], exhausted["delivery_id"]);
    assert_eq!(recovered["attempts"], 3);

    let endpoint_path = format!("/v1/endpoints/{id}");
    client
        .patch(&endpoint_path, &json!({"name": "Acme", "rate_limit": 5}))
        .expect(200);
    let updated = next(&operator, "endpoint.updated");
    assert_eq!(updated["changed"], json!(["name", "rate_limit"]));
    assert_eq!(updated["name"], "Acme");
    client
        .patch(&endpoint_path, &json!({"status": "disabled"}))
        .expect(200);
    next(&operator, "endpoint.disabled");
    client
        .patch(&endpoint_path, &json!({"status": "active"}))
        .expect(200);
    next(&operator, "endpoint.enabled");

    // 410 ends the delivery and the endpoint both.
    client.post("/v1/events", &event).expect(202);
    let both: BTreeMap<_, _> = [operator.next(), operator.next()]
        .iter()
        .map(told)
        .collect();
    assert_eq!(both["delivery.exhausted"]["status"], 410);
    let reason = both["endpoint.disabled"]["status_reason"]
        .as_str()
        .expect("a reason");
    assert!(reason.contains("410"), "{reason}");
    assert!(operator.is_empty());
}

#[test]
fn what_happens_to_operational_endpoints_is_not_told() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let failing = Sink::with_statuses(&[500]);
    endpoint(&client, OPERATIONAL, &failing.url);
    let operator = Sink::with_statuses(&[200]);
    endpoint(&client, OPERATIONAL, &operator.url);
    let first = endpoint(&client, "acme", "http://127.0.0.1:9/");
    let created = next(&operator, "endpoint.created");
    assert_eq!(created["endpoint_id"], json!(first));
    let id = failing
        .next()
        .header("webhook-id")
        .expect("an id")
        .to_owned();
    let list = client
        .get(&format!("/v1/deliveries?event_id={id}"))
        .expect(200);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    crate::support::server::until("one has failed", || {
        let list = client
            .get(&format!("/v1/deliveries?event_id={id}"))
            .expect(200);
        let failed = list["data"]
            .as_array()?
            .iter()
            .any(|it| it["state"] == "failed");
        failed.then_some(list)
    });
    // Whatever that had told would come before this.
    let second = endpoint(&client, "acme", "http://127.0.0.1:9/");
    let created = next(&operator, "endpoint.created");
    assert_eq!(created["endpoint_id"], json!(second));
}

#[test]
fn a_killed_server_tells_after_its_restart_and_never_two_events_for_one_thing() {
    let operator = Sink::with_statuses(&[200]);
    let mut server = Server::start();
    let client = server.project("standard-webhooks");
    endpoint(&client, OPERATIONAL, &operator.url);
    let key = client.key.clone();
    let mut made = Vec::new();
    let mut folders = Vec::new();
    for _ in 0..3 {
        let client = Client::new(&server.base, &key);
        made.push(endpoint(&client, "acme", "http://127.0.0.1:9/"));
        let folder = server.folder().to_owned();
        folders.extend(server.kill());
        server = Server::start_in(&folder, &["--dev"]);
    }
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    while ids.len() < made.len() {
        let got = operator.next();
        let (event_type, data) = told(&got);
        assert_eq!(event_type, "endpoint.created");
        let endpoint = data["endpoint_id"].as_str().expect("an id").to_owned();
        let id = got.header("webhook-id").expect("an id").to_owned();
        // Sent again it may be, as anything after a crash; but it is the same event.
        let before = ids.insert(endpoint, id.clone());
        assert!(before.is_none_or(|before| before == id));
    }
    assert!(made.iter().all(|endpoint| ids.contains_key(endpoint)));
    let client = Client::new(&server.base, &key);
    for id in ids.values() {
        delivery_in_state(&client, id, "delivered");
    }
}

#[test]
fn the_operational_account_has_no_keys() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    client
        .post("/v1/accounts", &json!({"id": OPERATIONAL}))
        .expect(201);
    for path in [
        "/v1/accounts/operational/keys",
        "/v1/keys?account_id=operational",
    ] {
        assert_eq!(client.post(path, &json!({})).problem(403), "forbidden");
    }
    let tokens = client.post(
        "/v1/accounts/operational/portal-tokens",
        &json!({"capabilities": ["events:read"]}),
    );
    assert_eq!(tokens.problem(403), "forbidden");
}
