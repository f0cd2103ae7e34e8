//! One event to every account of a project, each once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, until};
use crate::support::sink::Sink;

fn finished(client: &Client, id: &str) -> Value {
    until(&format!("{id} finished"), || {
        let seen = client.get(&format!("/v1/broadcasts/{id}")).expect(200);
        (seen["state"] == "finished").then_some(seen)
    })
}

fn accounts(client: &Client, sink: &Sink, names: &[String]) {
    for name in names {
        let url = format!("{}/{name}", sink.url);
        client
            .post("/v1/endpoints", &json!({"url": url, "account_id": name}))
            .expect(201);
    }
}

fn paths(sink: &Sink, count: usize) -> BTreeSet<String> {
    (0..count).map(|_| sink.next().path).collect()
}

#[test]
fn every_account_gets_an_event_of_its_own_once() {
    let server = Server::start();
    let client = server.project("authento");
    let sink = Sink::with_statuses(&[200]);
    let names: Vec<String> = (0..120).map(|index| format!("a{index}")).collect();
    accounts(&client, &sink, &names);
    let event = json!({"type": "NEWS", "data": {"text": "hello"}, "metadata": {"from": "us"}});
    let body = event.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "news-1"),
    ];
    let send = |body: &str| client.send("POST", "/v1/events/broadcast", &headers, body.as_bytes());
    let begun = send(&body).expect(202);
    // The default account has no endpoint, and gets its event all the same.
    assert_eq!(begun["accounts"], 121);
    let id = begun["id"].as_str().expect("an id");
    let done = finished(&client, id);
    assert_eq!(
        (&done["done"], &done["type"]),
        (&json!(121), &json!("NEWS"))
    );
    let expected: BTreeSet<String> = names.iter().map(|name| format!("/{name}")).collect();
    assert_eq!(paths(&sink, 120), expected);
    let again = send(&body).expect(202);
    assert_eq!(
        (&again["id"], &again["state"]),
        (&json!(id), &json!("finished")),
        "the first result"
    );
    let other = json!({"type": "NEWS", "data": 2}).to_string();
    assert_eq!(send(&other).problem(409), "broadcast_conflict");
    let listed = client.get("/v1/events?account_id=a7").expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["data"][0]["metadata"], json!({"from": "us"}));
}

#[test]
fn a_killed_broadcast_goes_on_and_repeats_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = server.project("authento");
    for index in 0..400 {
        client
            .post("/v1/accounts", &json!({"id": format!("a{index}")}))
            .expect(201);
    }
    let begun = client
        .post("/v1/events/broadcast", &json!({"type": "NEWS", "data": 1}))
        .expect(202);
    let id = begun["id"].as_str().expect("an id").to_owned();
    until("it has begun", || {
        let seen = client.get(&format!("/v1/broadcasts/{id}")).expect(200);
        (seen["done"].as_u64()? >= 50).then_some(seen)
    });
    server.kill();
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = Client::new(&server.base, &client.key);
    assert_eq!(finished(&client, &id)["done"], 401);
    let mut seen = 0;
    let mut path = "/v1/events?limit=250".to_owned();
    loop {
        let page = client.get(&path).expect(200);
        seen += page["data"].as_array().expect("a list").len();
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/events?limit=250&cursor={cursor}");
    }
    assert_eq!(seen, 401, "one for each account");
}

#[test]
fn what_no_broadcast_can_say_is_refused() {
    let server = Server::start();
    let client = server.project("authento");
    let post = |body: &Value| client.post("/v1/events/broadcast", body);
    for (name, body) in [
        (
            "/account_id",
            json!({"type": "NEWS", "data": 1, "account_id": "a"}),
        ),
        ("/id", json!({"type": "NEWS", "data": 1, "id": "evt_1"})),
        ("/type", json!({"type": "not a type", "data": 1})),
    ] {
        let refused = post(&body).expect(422);
        assert_eq!(refused["errors"][0]["pointer"], name, "{refused}");
    }
    client.post("/v1/accounts", &json!({"id": "a"})).expect(201);
    let key = client.post("/v1/accounts/a/keys", &json!({})).expect(201);
    let own = client.with_key(key["api_key"].as_str().expect("a key"));
    let refused = own.post("/v1/events/broadcast", &json!({"type": "NEWS", "data": 1}));
    assert_eq!(refused.problem(403), "missing_scope");
}
