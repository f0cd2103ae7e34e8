//! Two nodes, the real binary, on one real PostgreSQL: does an ordered endpoint get its events in
//! order, whoever accepted them and whoever is lost?

#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "many_nodes/cluster.rs"]
mod cluster;
#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "many_nodes/node.rs"]
mod node;
#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "many_nodes/receiver.rs"]
mod receiver;
#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "many_nodes/support.rs"]
mod support;

use std::time::Instant;

use serde_json::json;

use cluster::Cluster;
use node::Node;
use receiver::{FLAKY, Receiver, STEADY, payload};
use support::client::Client;
use support::{alone, until};

const EVENTS: usize = 200;
/// Events in a row that one node accepts.
const IN_A_ROW: usize = 20;

struct Place {
    nodes: Vec<Node>,
    clients: Vec<Client>,
    receiver: Receiver,
    _cluster: Cluster,
}

impl Place {
    /// Two nodes and one ordered endpoint.
    fn start(path: &str) -> Self {
        let cluster = Cluster::start();
        let first = Node::start(&cluster.url);
        let (client, receiver) = (first.project(), Receiver::start());
        let endpoint = json!({
            "url": format!("{}{path}", receiver.url), "ordered": true,
            "retry_policy": {"max_attempts": 20, "backoff_multiplier": 1, "initial_delay": 100},
        });
        client.post("/v1/endpoints", &endpoint).expect(201);
        // It knows the endpoint from the start.
        let second = Node::start(&cluster.url);
        let clients = vec![client.clone(), second.client_like(&client)];
        Self {
            nodes: vec![first, second],
            clients,
            receiver,
            _cluster: cluster,
        }
    }

    /// One after another, each once the one before was accepted: now by one node, now by the other.
    fn publish_all(&self) {
        for index in 0..EVENTS {
            let id = format!("evt_{index:04}");
            let event = json!({"type": "user.created", "id": id, "data": payload(&id)});
            let node = &self.clients[index / IN_A_ROW % 2];
            node.post("/v1/events", &event).expect(202);
        }
    }

    #[track_caller]
    fn arrived(&self, count: usize) {
        until("so many events arrive", || {
            (self.receiver.counts().0 >= count).then_some(())
        });
    }

    /// The events by when each was acknowledged for the first time.
    fn in_order_of_arrival(&self) -> Vec<String> {
        let all = self.receiver.all().into_iter();
        let first = |((_, id), times): ((String, String), Vec<Instant>)| {
            (times.into_iter().min().expect("it came"), id)
        };
        let mut first: Vec<(Instant, String)> = all.map(first).collect();
        first.sort();
        first.into_iter().map(|(_, id)| id).collect()
    }
}

#[test]
fn what_two_nodes_accept_arrives_in_order_though_some_fail() {
    let _alone = alone();
    let place = Place::start(FLAKY);
    place.publish_all();
    place.arrived(EVENTS);
    assert!(place.in_order_of_arrival().is_sorted());
}

#[test]
fn the_rest_arrives_in_order_after_the_owner_was_killed() {
    let _alone = alone();
    let mut place = Place::start(STEADY);
    place.receiver.keep_answers_back();
    place.publish_all();
    let one = || {
        let owns = |node: &Node| node.metric("hookwright_lanes_owned") == 1;
        place.nodes.iter().position(owns)
    };
    let owner = until("the lane has an owner", one).0;
    // It dies with one request under way and the others in its memory.
    place.arrived(1);
    place.nodes.remove(owner).kill();
    place.receiver.answer_all();
    place.arrived(EVENTS);
    assert!(place.in_order_of_arrival().is_sorted());
}
