//! Two nodes, the real binary, on one real PostgreSQL: does an endpoint's rate hold for both
//! together, whoever of them is lost?

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

use std::time::{Duration, Instant};

use serde_json::json;

use cluster::Cluster;
use node::Node;
use receiver::{Receiver, STEADY, payload};
use support::client::Client;
use support::{alone, until};

/// Requests per second.
const RATE: usize = 5;
/// One at once, and one second's worth more: what is promised around a change of owner.
const BURST: usize = 1 + RATE;
const EVENTS: usize = 60;
/// An owner looks once a second, a sweep every five.
const NOTICED_WITHIN: Duration = Duration::from_millis(2_500);

struct Place {
    nodes: Vec<Node>,
    clients: Vec<Client>,
    receiver: Receiver,
    _cluster: Cluster,
}

impl Place {
    /// Two nodes and one endpoint with a rate.
    fn start() -> Self {
        let cluster = Cluster::start();
        let first = Node::start(&cluster.url);
        let (client, receiver) = (first.project(), Receiver::start());
        let url = format!("{}{STEADY}", receiver.url);
        let endpoint = json!({"url": url, "rate_limit": RATE});
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

    fn publish(&self, node: usize, id: &str) {
        let event = json!({"type": "user.created", "id": id, "data": payload(id)});
        let accepted = self.clients[node].post("/v1/events", &event).expect(202);
        assert_eq!(accepted["deliveries"], 1);
    }

    /// Half on each node.
    fn publish_all(&self) {
        for index in 0..EVENTS {
            self.publish(index % 2, &format!("evt_{index}"));
        }
    }

    #[track_caller]
    fn arrived(&self, count: usize) {
        until("so many events arrive", || {
            (self.receiver.counts().0 >= count).then_some(())
        });
    }

    fn owns(&self, node: usize) -> bool {
        self.nodes[node].metric("hookwright_lanes_owned") == 1
    }

    /// The one node that owns the lane.
    #[track_caller]
    fn owner(&self) -> usize {
        let one = || match (self.owns(0), self.owns(1)) {
            (true, false) => Some(0),
            (false, true) => Some(1),
            _ => None,
        };
        until("the lane has an owner", one).0
    }

    /// When the receiver got a request, each of them.
    fn times(&self) -> Vec<Instant> {
        let all = self.receiver.all();
        let mut times: Vec<Instant> = all.into_values().flatten().collect();
        times.sort();
        times
    }
}

/// In no window more than the rate allows.
#[track_caller]
fn assert_rate_held(times: &[Instant]) {
    for (first, from) in times.iter().enumerate() {
        for (last, to) in times.iter().enumerate().skip(first) {
            let window = to.duration_since(*from);
            let most = RATE as f64 * window.as_secs_f64() + BURST as f64;
            let came = last - first + 1;
            assert!(came as f64 <= most, "{came} within {window:?}");
        }
    }
}

#[test]
fn two_nodes_together_keep_an_endpoints_rate() {
    let _alone = alone();
    let place = Place::start();
    place.publish_all();
    place.arrived(EVENTS);
    assert_eq!(place.receiver.counts(), (EVENTS, EVENTS), "each once");
    assert_rate_held(&place.times());
}

#[test]
fn the_owner_notices_what_the_other_node_accepts() {
    let _alone = alone();
    let place = Place::start();
    place.publish(0, "evt_first");
    place.arrived(1);
    let other = 1 - place.owner();
    let begun = Instant::now();
    // Each right after the owner has looked, so that each waits for its next look.
    let rounds = 6;
    for index in 0..rounds {
        place.publish(other, &format!("evt_{index}"));
        place.arrived(index + 2);
    }
    let each = begun.elapsed() / rounds as u32;
    println!("accepted elsewhere, delivered after {each:?}");
    assert!(each < NOTICED_WITHIN, "{each:?}");
}

#[test]
fn the_rest_arrives_in_its_rate_after_the_owner_was_killed() {
    let _alone = alone();
    let mut place = Place::start();
    place.publish_all();
    place.arrived(EVENTS / 3);
    let owner = place.owner();
    let begun = Instant::now();
    place.nodes.remove(owner).kill();
    until("the other node owns the lane", || {
        place.owns(0).then_some(())
    });
    println!("owned again after {:?}", begun.elapsed());
    place.arrived(EVENTS);
    assert_rate_held(&place.times());
}

#[test]
fn an_owner_that_stood_still_is_an_owner_no_more() {
    let _alone = alone();
    let place = Place::start();
    place.publish_all();
    place.arrived(EVENTS / 3);
    let owner = place.owner();
    place.nodes[owner].freeze();
    let heir = || place.owns(1 - owner).then_some(());
    until("the other node owns the lane", heir);
    place.nodes[owner].thaw();
    place.arrived(EVENTS);
    assert_eq!(place.owner(), 1 - owner);
    assert_rate_held(&place.times());
}
