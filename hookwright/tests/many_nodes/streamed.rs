//! A live stream on one node tells what another does.

use serde_json::json;

use crate::cluster::Cluster;
use crate::node::Node;
use crate::receiver::{Receiver, STEADY};
use crate::support::client::Client;
use crate::support::stream::Stream;
use crate::support::{alone, until};

const EVENTS: usize = 20;

fn publish(client: &Client, id: &str) {
    let data = crate::receiver::payload(id);
    let event = json!({"id": id, "type": "user.created", "account_id": "acme", "data": data});
    client.post("/v1/events", &event).expect(202);
}

#[test]
fn a_stream_tells_what_every_node_does_to_those_who_may_see_it() {
    let _alone = alone();
    let cluster = Cluster::start();
    let (one, two) = (Node::start(&cluster.url), Node::start(&cluster.url));
    let receiver = Receiver::start();
    let here = one.project();
    let there = two.client_like(&here);
    for account in ["acme", "globex"] {
        let url = format!("{}{STEADY}", receiver.url);
        let endpoint = json!({"url": url, "account_id": account});
        here.post("/v1/endpoints", &endpoint).expect(201);
    }
    let key = |account: &str| {
        let path = format!("/v1/accounts/{account}/keys");
        let made = here.post(&path, &json!({})).expect(201);
        made["api_key"].as_str().expect("a key").to_owned()
    };
    let (of_acme, of_globex) = (key("acme"), key("globex"));
    let globex = here.with_key(&of_globex);
    until("the keys and endpoints are known", || {
        let known = there.with_key(&of_globex).get("/v1/endpoints").status == 200;
        known.then_some(())
    });
    let mut acme = Stream::open(&here.with_key(&of_acme), "types=delivered");
    let mut stranger = Stream::open(&globex, "types=delivered");

    // It does not say when the other node has heard of it: the first may come too early.
    let told = std::thread::scope(|scope| {
        let first = scope.spawn(|| acme.next().1);
        let mut tried = 0;
        until("something of the other node is told", || {
            publish(&there, &format!("evt_early_{tried}"));
            tried += 1;
            first.is_finished().then_some(())
        });
        first.join().expect("told")
    });
    let early = told["event_id"].as_str().expect("an id");
    assert!(early.starts_with("evt_early_"), "{told}");
    assert_eq!(
        (&told["type"], &told["status"]),
        (&json!("delivered"), &json!(200))
    );

    for number in 0..EVENTS {
        publish(&there, &format!("evt_{number}"));
        publish(&here, &format!("evt_{}", EVENTS + number));
    }
    let mut missing: Vec<String> = (0..2 * EVENTS).map(|it| format!("evt_{it}")).collect();
    while !missing.is_empty() {
        let (_, told) = acme.next();
        missing.retain(|id| told["event_id"] != *id);
    }
    // Whoever is told of another account's events is told of these first.
    let event =
        json!({"id": "evt_theirs", "type": "user.created", "account_id": "globex", "data": {}});
    there.post("/v1/events", &event).expect(202);
    assert_eq!(stranger.next().1["event_id"], "evt_theirs");
}
