//! The live stream: what happens, told to those whose it is, until the server stops.

use serde_json::json;

use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::sink::Sink;
use crate::support::stream::Stream;

fn endpoint(client: &Client, account: &str, url: &str) -> String {
    let body = json!({"url": url, "account_id": account});
    let made = client.post("/v1/endpoints", &body).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

fn publish(client: &Client, account: &str) -> String {
    let event = json!({"type": "user.created", "account_id": account, "data": {}});
    let accepted = client.post("/v1/events", &event).expect(202);
    accepted["id"].as_str().expect("an id").to_owned()
}

#[test]
fn an_events_walk_is_told_as_it_happens() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[500, 200]);
    let id = endpoint(&client, "acme", &sink.url);
    let mut stream = Stream::open(&client, "");
    let event = publish(&client, "acme");
    let (number, accepted) = stream.next();
    assert_eq!(number, 1);
    assert_eq!(
        (&accepted["type"], &accepted["event_id"]),
        (&json!("accepted"), &json!(event))
    );
    assert_eq!(accepted["event_type"], "user.created");
    assert_eq!(accepted.get("delivery_id"), None);
    let (number, attempted) = stream.next();
    assert_eq!(number, 2);
    assert_eq!(
        (&attempted["type"], &attempted["endpoint_id"]),
        (&json!("attempted"), &json!(id))
    );
    assert_eq!(
        (&attempted["attempt"], &attempted["status"]),
        (&json!(1), &json!(500))
    );
    assert_eq!(attempted["error"], "server_error");
    let delivery = attempted["delivery_id"].as_str().expect("an id");
    let path = format!("/v1/deliveries/{delivery}");
    client.get(&path).expect(200);
    client
        .send("POST", &format!("{path}/resend"), &[], ())
        .expect(202);
    let (_, second) = stream.next();
    assert_eq!(
        (&second["type"], &second["status"]),
        (&json!("attempted"), &json!(200))
    );
    let (_, delivered) = stream.next();
    assert_eq!(
        (&delivered["type"], &delivered["delivery_id"]),
        (&json!("delivered"), &json!(delivery))
    );
}

#[test]
fn each_reader_is_told_what_is_theirs_and_wanted() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    endpoint(&client, "acme", &sink.url);
    let of_globex = endpoint(&client, "globex", &sink.url);
    let key = client
        .post("/v1/accounts/globex/keys", &json!({}))
        .expect(201);
    let globex = client.with_key(key["api_key"].as_str().expect("a key"));
    let stranger = server.project("standard-webhooks");
    endpoint(&stranger, "globex", &sink.url);
    let mut own = Stream::open(&globex, "types=delivered");
    let mut one = Stream::open(
        &client,
        &format!("endpoint_id={of_globex}&types=delivered,failed"),
    );
    publish(&stranger, "globex");
    sink.next();
    publish(&client, "acme");
    sink.next();
    let event = publish(&client, "globex");
    for stream in [&mut own, &mut one] {
        let (number, first) = stream.next();
        assert_eq!((number, &first["event_id"]), (1, &json!(event)));
        assert_eq!(first["type"], "delivered");
    }
}

#[test]
fn who_may_not_read_opens_no_stream() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let made = client
        .post("/v1/keys", &json!({"scopes": ["deliveries:read"]}))
        .expect(201);
    let narrow = client.with_key(made["api_key"].as_str().expect("a key"));
    let refused = narrow.get("/v1/stream?types=accepted");
    assert_eq!(refused.problem(403), "missing_scope");
    Stream::open(&narrow, "");
    for query in ["types=all", "types=", "endpoint=x"] {
        let refused = client.get(&format!("/v1/stream?{query}"));
        assert_eq!(refused.problem(400), "invalid_parameter", "{query}");
    }
    assert_eq!(
        client.get("/v1/stream?endpoint_id=x").problem(404),
        "not_found"
    );
    assert_eq!(
        client.with_key("").get("/v1/stream").problem(401),
        "unauthorized"
    );
}

#[test]
fn a_server_that_stops_ends_its_streams() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let mut stream = Stream::open(&client, "");
    let (status, _) = server.stop();
    assert!(status.success());
    while stream.line().is_some() {}
}
