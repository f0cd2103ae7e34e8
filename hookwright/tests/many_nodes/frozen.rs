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
    receiver.keep_answers_back();

    // Seen from outside: it is declared lost, and the other has all of its work.
    let begun = Instant::now();
    let listed = format!("SELECT count(*) FROM nodes WHERE id = {id}");
    until("it is lost", || (cluster.count(&listed) == 0).then_some(()));
    eprintln!("declared lost after {:?}", begun.elapsed());
    let others = "SELECT count(*) FROM deliveries WHERE lease >> 40 = (SELECT id FROM nodes)";
    let all = EVENTS as i64;
    until("it is taken over", || {
        (cluster.count(others) == all).then_some(())
    });
    eprintln!("taken over after {:?}", begun.elapsed());

    // It finds its answers, and what waited in its memory, while the other is still at it.
    frozen.thaw();
    let refused = || frozen.metric("hookwright_settlements_refused_total");
    until("what it had under way is refused", || {
        (refused() == under_way as u64).then_some(())
    });
    // It takes events at once, whatever its number is by then.
    publish(&client, "evt_thawed");
    until("it has nothing else in memory", || {
        (frozen.metric("hookwright_deliveries_queued") == 0).then_some(())
    });
    let there = other.client_like(&client);
    let untouched = deliveries(&there, &events);
    assert!(untouched.iter().all(|it| it["state"] == "pending"));
    assert!(untouched.iter().all(|it| it["attempts"] == 0));

    receiver.answer_all();
    let all_done = || {
        deliveries(&there, &events)
            .iter()
            .all(is_delivered)
            .then_some(())
    };
    until("the other delivers all", all_done);
    until("it delivers as well", || {
        let one = deliveries(&there, &["evt_thawed".to_owned()]);
        is_delivered(&one[0]).then_some(())
    });
    assert!(
        deliveries(&there, &events)
            .iter()
            .all(|it| it["attempts"] == 1)
    );
    let came = receiver.counts();
    if came != (EVENTS + 1, EVENTS + under_way + 1) {
        receiver.print_since(begun);
    }
    assert_eq!(came, (EVENTS + 1, EVENTS + under_way + 1));
    let made = |node: &Node| node.metric("hookwright_attempts_total") as usize;
    assert_eq!(made(&frozen) + made(&other), EVENTS + under_way + 1);
    assert_eq!(refused(), under_way as u64);
    let newer = format!("SELECT count(*) FROM nodes WHERE id > {id}");
    assert_eq!(cluster.count(&newer), 2, "it has one new number");
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

/// The events' deliveries, one each.
fn deliveries(client: &Client, events: &[String]) -> Vec<Value> {
    let delivery = |event: &String| {
        let path = format!("/v1/deliveries?event_id={event}");
        client.get(&path).expect(200)["data"][0].clone()
    };
    events.iter().map(delivery).collect()
}

fn is_delivered(delivery: &Value) -> bool {
    delivery["state"] == "delivered"
}
