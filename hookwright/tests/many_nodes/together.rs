//! What is one endpoint's, or one key's, is so on every node: its breaker, its receiver's consent,
//! its end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::node::Node;
use crate::support::client::Client;
use crate::support::sink::Sink;
use crate::support::{alone, until};

/// What a session that ended on one node may take to end on another.
const ENDED_WITHIN: Duration = Duration::from_secs(2);
const FAILURES: usize = 3;

fn made(client: &Client, body: &Value) -> String {
    let made = client.post("/v1/endpoints", body).expect(201);
    format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"))
}

fn publish(client: &Client) {
    publish_to(client, 1);
}

/// Publishes an event that goes to so many endpoints. A node shows an endpoint that another made
/// before it sends there: what was published too early went to fewer, and another one is.
fn publish_to(client: &Client, endpoints: usize) {
    let event = json!({"type": "user.created", "data": {}});
    until("the node sends to the endpoints", || {
        let accepted = client.post("/v1/events", &event).expect(202);
        (accepted["deliveries"] == endpoints).then_some(())
    });
}

/// The endpoint's breaker as this node shows it, once it is open.
fn open_breaker(client: &Client, path: &str) -> Value {
    let (breaker, after) = until("it is open", || {
        let breaker = client.get(path).expect(200)["health"]["breaker"].clone();
        (breaker["state"] == "open").then_some(breaker)
    });
    eprintln!("{}: open after {after:?}", client.base);
    breaker
}

#[test]
fn a_breaker_is_open_on_every_node_and_one_of_them_keeps_it() {
    let _alone = alone();
    let cluster = Cluster::start();
    let one = Node::start(&cluster.url);
    let id_of_one = cluster.ask("SELECT id::text FROM nodes");
    let two = Node::start(&cluster.url);
    let here = one.project();
    let there = two.client_like(&here);
    let sink = Sink::with_statuses(&[500]);
    let endpoint = json!({
        "url": sink.url,
        "profile": "standard-webhooks",
        "circuit_breaker": {"min_attempts": FAILURES, "open_seconds": 3_600},
    });
    let path = made(&here, &endpoint);
    until("the other node knows it", || {
        (there.get(&path).status == 200).then_some(())
    });
    // No node sees enough of them by itself.
    for number in 0..FAILURES {
        publish(if number % 2 == 0 { &here } else { &there });
        sink.next();
    }
    let seen = [open_breaker(&here, &path), open_breaker(&there, &path)];
    assert_eq!(seen[0], seen[1], "one breaker, whoever is asked");
    let reason = seen[0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("3 of 3 attempts failed"), "{reason}");
    let owners = || cluster.ask("SELECT string_agg(node_id::text, ' ') FROM lane_owners");
    let owner = owners();
    assert!(!owner.contains(' '), "one node has its lane: {owner}");
    publish(&here);
    publish(&there);
    // Another endpoint shows that the nodes work, while the first is left alone.
    let other = Sink::with_statuses(&[200]);
    let beside = json!({"url": other.url, "profile": "standard-webhooks"});
    made(&here, &beside);
    for client in [&here, &there] {
        publish_to(client, 2);
        other.next();
    }
    assert_eq!(owners(), owner, "one node keeps it");
    assert_eq!(open_breaker(&here, &path), seen[0]);
    assert_eq!(open_breaker(&there, &path), seen[0]);
    assert!(sink.is_empty(), "nothing is sent through an open breaker");
    // What it held is not lost with the node that kept it: the other takes it as it stands.
    let (kept, left) = match owner == id_of_one {
        true => (one, &there),
        false => (two, &here),
    };
    kept.kill();
    until("its lane is nobody's", || (owners() != owner).then_some(()));
    publish_to(left, 2);
    other.next();
    publish_to(left, 2);
    other.next();
    assert_eq!(open_breaker(left, &path), seen[0]);
    assert!(sink.is_empty(), "nothing is sent through it now either");
}

#[test]
fn a_receiver_is_asked_once_for_its_consent_and_every_node_knows_it() {
    let _alone = alone();
    let cluster = Cluster::start();
    let nodes = [(); 3].map(|()| Node::start(&cluster.url));
    let first = nodes[0].project();
    let clients = nodes.each_ref().map(|node| node.client_like(&first));
    let sink = Sink::saying(|_| {
        "HTTP/1.1 200 Told\r\nwebhook-allowed-origin: *\r\ncontent-length: 0\r\n\r\n".to_owned()
    });
    let path = made(
        &first,
        &json!({"url": sink.url, "validation": "cloudevents"}),
    );
    for client in &clients {
        until("it is active", || {
            let answer = client.get(&path);
            (answer.status == 200 && answer.json()["status"] == "active").then_some(())
        });
    }
    assert_eq!(sink.next().method, "OPTIONS");
    // What is sent then comes next: nobody asked again.
    for client in &clients {
        publish(client);
        assert_eq!(sink.next().method, "POST");
    }
    assert!(sink.is_empty());
}

#[test]
fn a_session_that_ends_on_one_node_ends_on_the_others() {
    let _alone = alone();
    let cluster = Cluster::start();
    let (one, two) = (Node::start(&cluster.url), Node::start(&cluster.url));
    let here = one.project();
    let open = |key: &Client| {
        let opened = key.post("/v1/sessions", &json!({})).expect(201);
        let id = opened["id"].as_str().expect("an id").to_owned();
        (opened["token"].as_str().expect("a token").to_owned(), id)
    };
    let status = |token: &str| {
        two.client_like(&here)
            .with_key(token)
            .get("/v1/events")
            .status
    };
    let ends = |token: &str, why: &str| {
        let ((), after) = until(why, || (status(token) == 401).then_some(()));
        eprintln!("{why}: known to the other node after {after:?}");
        assert!(after < ENDED_WITHIN, "{why}: {after:?}");
    };
    let (token, id) = open(&here);
    until("the other node takes it", || {
        (status(&token) == 200).then_some(())
    });
    here.delete(&format!("/v1/sessions/{id}")).expect(204);
    ends(&token, "the session was ended");

    let key = here.post("/v1/keys", &json!({})).expect(201);
    let (token, _) = open(&here.with_key(key["api_key"].as_str().expect("a key")));
    until("the other node takes it", || {
        (status(&token) == 200).then_some(())
    });
    let key = key["id"].as_str().expect("an id");
    here.delete(&format!("/v1/keys/{key}")).expect(204);
    ends(&token, "its key was revoked");
}
