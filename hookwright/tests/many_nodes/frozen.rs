//! A node that stood still for longer than the others waited: it may not settle what is theirs.

use std::time::Instant;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::node::Node;
use crate::receiver::{Receiver, STEADY, payload};
use crate::support::client::Client;
use crate::support::{alone, until};

/// More than a lane sends at a time: some are under way, the others wait in the node's memory.
const EVENTS: usize = 60;

#[test]
fn a_node_that_stood_still_settles_nothing_and_serves_again_under_a_new_number() {
    let _alone = alone();
    let cluster = Cluster::start();
    let (frozen, other) = (Node::start(&cluster.url), Node::start(&cluster.url));
    let receiver = Receiver::start();
    let client = frozen.project();
    let endpoint = json!({"url": format!("{}{STEADY}", receiver.url)});
    client.post("/v1/endpoints", &endpoint).expect(201);
    let id = cluster.count("SELECT MIN(id) FROM nodes");

    receiver.keep_answers_back();
    let events: Vec<String> = (0..EVENTS).map(|n| format!("evt_frozen-{n}")).collect();
    events.iter().for_each(|event| publish(&client, event));
    let under_way = lane_is_full(&frozen, &receiver);
    frozen.freeze();
    receiver.answer_all();

    // Seen from outside: it is declared lost, its work is made due, and the other does it.
    let begun = Instant::now();
    let listed = format!("SELECT count(*) FROM nodes WHERE id = {id}");
    until("it is lost", || (cluster.count(&listed) == 0).then_some(()));
    println!("declared lost after {:?}", begun.elapsed());
    let there = other.client_like(&client);
    let (before, _) = until("all are delivered", || all_delivered(&there, &events));
    println!("its work was done after {:?}", begun.elapsed());
    assert_eq!(receiver.counts(), (EVENTS, EVENTS + under_way));
    assert_eq!(other.metric("hookwright_attempts_total"), EVENTS as u64);
    for delivery in &before {
        assert_eq!(delivery["attempts"], 1, "{delivery}");
    }

    frozen.thaw();
    let refused = || frozen.metric("hookwright_settlements_refused_total");
    until("what it had under way is refused", || {
        (refused() == under_way as u64).then_some(())
    });
    // It takes events at once, whatever its number is by then, and delivers them.
    publish(&client, "evt_thawed");
    until("it delivers", || {
        (receiver.times(STEADY, "evt_thawed").len() == 1).then_some(())
    });
    until("it has nothing in memory", || {
        let queued = frozen.metric("hookwright_deliveries_queued");
        (queued == 0).then_some(())
    });
    assert_eq!(frozen.metric("hookwright_requests_in_flight"), 0);
    assert_eq!(refused(), under_way as u64);
    let after = all_delivered(&there, &events).expect("still delivered");
    assert_eq!(before, after, "it changed nothing");
    assert_eq!(receiver.counts(), (EVENTS + 1, EVENTS + under_way + 1));
    let newer = format!("SELECT count(*) FROM nodes WHERE id > {id}");
    assert_eq!(cluster.count(&newer), 2, "it has a new number");
    assert_eq!(cluster.count(&listed), 0, "never again the old one");
}

fn publish(client: &Client, id: &str) {
    let event = json!({"type": "user.created", "id": id, "data": payload(id)});
    client.post("/v1/events", &event).expect(202);
}

/// Waits until the node sends no more before it gets an answer. Answers how many it has sent.
fn lane_is_full(node: &Node, receiver: &Receiver) -> usize {
    let (sent, _) = until("the lane is full", || {
        let sent = node.metric("hookwright_attempts_total") as usize;
        let all = EVENTS as u64 == node.metric("hookwright_deliveries_created_total");
        (all && sent > 0 && sent == receiver.counts().1).then_some(sent)
    });
    assert!(sent < EVENTS, "some wait in memory");
    sent
}

/// The events' deliveries with their attempts, if all are delivered.
fn all_delivered(client: &Client, events: &[String]) -> Option<Vec<Value>> {
    let delivery = |event: &String| {
        let list = client
            .get(&format!("/v1/deliveries?event_id={event}"))
            .expect(200);
        let delivery = list["data"].as_array()?.first()?;
        let id = delivery["id"].as_str()?;
        let whole = client.get(&format!("/v1/deliveries/{id}")).expect(200);
        (whole["state"] == "delivered").then_some(whole)
    };
    events.iter().map(delivery).collect()
}
