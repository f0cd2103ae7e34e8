//! Nodes that start beside others: who migrates, and what a newer database is told apart by.

use serde_json::json;

use crate::cluster::Cluster;
use crate::node::Node;
use crate::support::alone;

#[test]
fn nodes_that_start_at_once_on_an_empty_database_all_come_up() {
    let _alone = alone();
    let cluster = Cluster::start();
    let starting = [(); 3].map(|()| Node::begin(&cluster.url));
    let nodes = starting.map(|node| node.up());
    let client = nodes[0].project();
    for node in &nodes {
        let client = node.client_like(&client);
        client.get("/v1/endpoints").expect(200);
    }
    assert_eq!(cluster.count("SELECT count(*) FROM hookwright_schema"), 1);
    assert_eq!(cluster.count("SELECT count(*) FROM nodes"), 3);
    let slots = "SELECT count(DISTINCT slot) FROM nodes";
    assert_eq!(cluster.count(slots), 3, "each has row ids of its own");
}

#[test]
fn a_node_of_an_older_version_leaves_a_newer_database_alone() {
    let _alone = alone();
    let cluster = Cluster::start();
    let serving = Node::start(&cluster.url);
    let client = serving.project();
    cluster.ask("UPDATE hookwright_schema SET version = version + 1000");
    let (status, said) = Node::begin(&cluster.url).ended();
    assert_eq!(status.code(), Some(2), "{said}");
    let hint = said.lines().find(|line| line.starts_with("hint: "));
    assert!(hint.is_some_and(|line| line.contains("newer")), "{said}");
    // Whoever served before the newer version came goes on.
    let event = json!({"type": "user.created", "data": {}});
    client.post("/v1/events", &event).expect(202);
    assert_eq!(cluster.count("SELECT count(*) FROM nodes"), 1);
}
