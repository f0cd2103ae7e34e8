//! The database restarted, crashed and replaced under load: nodes need no hand, nothing is lost.

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::node::Node;
use crate::place::{PATHS, Place};
use crate::receiver::{Receiver, STEADY, payload};
use crate::support::client::Client;
use crate::support::{alone, until};
use crate::verdict::nothing_is_lost;

const NODES: usize = 3;
/// Load before, between and after what happens to the database.
const EVENTS: usize = 300;
/// Each may hit a commit that is stored and not answered, or not.
const SHORT_CRASHES: usize = 3;
/// What the nodes' lanes hold: they had no more under way or unsettled when it went away.
const DUPLICATES_MAX: usize = NODES * 2 * 256;

#[test]
fn nothing_acknowledged_is_lost_when_the_primary_restarts_and_crashes() {
    let _alone = alone();
    let cluster = Cluster::start();
    let place = Place::with_nodes(&cluster.url, NODES);
    let load = place.load();
    load.more(EVENTS);
    cluster.restart();
    load.more(EVENTS);
    cluster.kill();
    // For so long that the nodes say so.
    load.refused();
    cluster.start_again();
    for _ in 0..SHORT_CRASHES {
        load.more(EVENTS);
        cluster.kill();
        cluster.start_again();
    }
    load.more(EVENTS);
    let accepted = load.end();
    let verdict = nothing_is_lost(&place.client, &place.receiver, &accepted, &PATHS);
    assert!(
        verdict.duplicates <= (2 + SHORT_CRASHES) * DUPLICATES_MAX,
        "{verdict:?}"
    );
    assert_eq!(cluster.count("SELECT count(*) FROM lost_nodes"), 0);
}

#[test]
fn nothing_acknowledged_is_lost_when_a_synchronous_standby_is_promoted() {
    let _alone = alone();
    let primary = Cluster::start();
    let standby = primary.synchronous_standby();
    let hosts = format!("{},{}", primary.address(), standby.address());
    let url = format!("postgres://postgres@{hosts}/postgres?target_session_attrs=read-write");
    let place = Place::with_nodes(&url, NODES);
    let load = place.load();
    load.more(EVENTS);
    primary.kill();
    standby.promote();
    load.more(EVENTS);
    let accepted = load.end();
    let verdict = nothing_is_lost(&place.client, &place.receiver, &accepted, &PATHS);
    assert!(verdict.duplicates <= DUPLICATES_MAX, "{verdict:?}");
    let here = "SELECT count(*) FROM events";
    assert_eq!(standby.count(here), accepted.len() as i64);
}

/// What a delivery came to is kept until it can be written; what is published meanwhile is not, and
/// its publisher must hear so.
#[test]
fn events_are_refused_in_time_while_an_outcome_waits_for_the_database() {
    let _alone = alone();
    let cluster = Cluster::start();
    let (node, client, _receiver) = answered_while_the_database_is_away(&cluster);
    // After the first of them nothing waits but the outcome.
    for id in ["evt_first", "evt_second"] {
        client.post("/v1/events", &event(id)).expect(503);
    }

    cluster.start_again();
    until_delivered(&client, SENT);
    client.post("/v1/events", &event("evt_first")).expect(202);
    until_delivered(&client, "evt_first");
    assert_eq!(cluster.count("SELECT count(*) FROM events"), 2);
    assert!(node.stop().success());
}

#[test]
fn a_node_stops_in_time_while_the_database_is_away_and_another_sends_what_it_could_not_settle() {
    let _alone = alone();
    let cluster = Cluster::start();
    let (node, client, receiver) = answered_while_the_database_is_away(&cluster);
    assert!(!node.stop().success(), "it says that something is left");
    cluster.start_again();
    let next = Node::start(&cluster.url);
    until_delivered(&next.client_like(&client), SENT);
    assert_eq!(receiver.counts(), (1, 2), "once more, and never lost");
}

#[test]
fn callers_are_answered_in_time_while_the_database_stands_still_and_an_event_repeated_is_one() {
    let _alone = alone();
    let cluster = Cluster::start();
    let (_node, client, _receiver) = a_node(&cluster);
    cluster.freeze();
    client.post("/v1/events", &event("evt_first")).expect(503);
    client.get("/v1/deliveries").expect(503);
    cluster.thaw();
    client.post("/v1/events", &event("evt_first")).expect(202);
    until_delivered(&client, "evt_first");
    assert_eq!(cluster.count("SELECT count(*) FROM events"), 1);
    assert_eq!(cluster.count("SELECT count(*) FROM deliveries"), 1);
}

const SENT: &str = "evt_sent";

fn event(id: &str) -> Value {
    json!({"type": "user.created", "id": id, "data": payload(id)})
}

/// A node, and a project of its with one endpoint.
fn a_node(cluster: &Cluster) -> (Node, Client, Receiver) {
    let node = Node::start(&cluster.url);
    let receiver = Receiver::start();
    let client = node.project();
    let endpoint = json!({"url": format!("{}{STEADY}", receiver.url)});
    client.post("/v1/endpoints", &endpoint).expect(201);
    (node, client, receiver)
}

/// One whose delivery is acknowledged after the database crashed.
fn answered_while_the_database_is_away(cluster: &Cluster) -> (Node, Client, Receiver) {
    let (node, client, receiver) = a_node(cluster);
    receiver.keep_answers_back();
    client.post("/v1/events", &event(SENT)).expect(202);
    until("it is under way", || {
        (receiver.counts().1 == 1).then_some(())
    });
    cluster.kill();
    receiver.answer_all();
    (node, client, receiver)
}

fn until_delivered(client: &Client, event: &str) {
    until("it is delivered", || {
        let found = client.get(&format!("/v1/deliveries?event_id={event}"));
        let is_delivered = |found: &Value| found["data"][0]["state"] == "delivered";
        (found.status == 200 && is_delivered(&found.json())).then_some(())
    });
}
