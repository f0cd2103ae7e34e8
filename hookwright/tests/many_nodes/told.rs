//! What nodes count and tell together: each thing once.

use serde_json::json;

use crate::cluster::Cluster;
use crate::node::Node;
use crate::support::client::Client;
use crate::support::{alone, until};

const EACH: u64 = 5;

fn endpoint(client: &Client, account: &str, name: u64) {
    let url = format!("https://example.invalid/{account}/{name}");
    let body = json!({"url": url, "account_id": account});
    client.post("/v1/endpoints", &body).expect(201);
}

#[test]
fn nodes_count_together_and_tell_each_thing_once() {
    let _alone = alone();
    let cluster = Cluster::start();
    let nodes = [(); 3].map(|()| Node::start(&cluster.url));
    let first = nodes[0].project();
    let clients = nodes.each_ref().map(|node| node.client_like(&first));
    endpoint(&first, "operational", 0);
    for (client, node) in clients.iter().zip(0..) {
        until("the project is known", || {
            (client.get("/v1/endpoints").status == 200).then_some(())
        });
        (0..EACH).for_each(|number| endpoint(client, "acme", node * EACH + number));
    }
    let all = 3 * EACH;
    until("every notice is published", || {
        (cluster.count("SELECT count(*) FROM notices") == 0).then_some(())
    });
    let events = cluster.count("SELECT count(*) FROM events WHERE event_type = 'endpoint.created'");
    assert_eq!(
        events, all as i64,
        "each once, whichever nodes published it"
    );
    for client in &clients {
        let event = json!({"type": "user.created", "account_id": "globex", "data": {}});
        (0..EACH).for_each(|_| drop(client.post("/v1/events", &event).expect(202)));
    }
    for client in &clients {
        until("all is counted", || {
            let stats = client
                .get("/v1/stats?width=day&account_id=globex")
                .expect(200);
            (stats["totals"]["accepted"] == all).then_some(())
        });
    }
}
