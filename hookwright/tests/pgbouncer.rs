//! Two nodes, the real binary, through a real PgBouncer that lends sessions by the transaction: does
//! everything work with `--database-prepare off`, whatever it does to names of statements?

#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "many_nodes/cluster.rs"]
mod cluster;
#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "many_nodes/load.rs"]
mod load;
#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "many_nodes/node.rs"]
mod node;
#[path = "pgbouncer/pooler.rs"]
mod pooler;
#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "many_nodes/receiver.rs"]
mod receiver;
#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "many_nodes/support.rs"]
mod support;
#[path = "many_nodes/verdict.rs"]
mod verdict;

use std::collections::HashSet;

use serde_json::{Value, json};

use cluster::Cluster;
use load::Load;
use node::Node;
use pooler::Pooler;
use receiver::{FLAKY, Receiver, STEADY, payload};
use support::client::Client;
use support::{alone, until};
use verdict::nothing_is_lost;

/// Two nodes have sixteen connections.
const SESSIONS: usize = 10;
const EVENTS: usize = 500;
const PUBLISHERS: usize = 8;
const PAGE: usize = 100;
/// Load before, between and after what happens to the database and the pooler.
const MORE_EVENTS: usize = 200;

struct Place {
    nodes: [Node; 2],
    clients: [Client; 2],
    receiver: Receiver,
    /// Where everything succeeds, and where retries are under way.
    endpoints: [String; 2],
    cluster: Cluster,
    pooler: Pooler,
}

impl Place {
    fn start() -> Self {
        let cluster = Cluster::start();
        let pooler = Pooler::start(&cluster, SESSIONS);
        let settings = [("HOOKWRIGHT_DATABASE_PREPARE", "off")];
        let first = Node::begin_with(&pooler.url, &settings).up();
        let (client, receiver) = (first.project(), Receiver::start());
        let endpoints = [STEADY, FLAKY].map(|path| {
            let endpoint = json!({
                "url": format!("{}{path}", receiver.url),
                "retry_policy": {"max_attempts": 20, "backoff_multiplier": 1, "initial_delay": 100},
            });
            let made = client.post("/v1/endpoints", &endpoint).expect(201);
            made["id"].as_str().expect("an id").to_owned()
        });
        // It knows the endpoints from the start.
        let second = Node::begin_with(&pooler.url, &settings).up();
        let clients = [client.clone(), second.client_like(&client)];
        Self {
            nodes: [first, second],
            clients,
            receiver,
            endpoints,
            cluster,
            pooler,
        }
    }

    /// Answers to how many endpoints it goes.
    fn publish(&self, node: usize, id: &str) -> u64 {
        let event = json!({"type": "user.created", "id": id, "data": payload(id)});
        let accepted = self.clients[node].post("/v1/events", &event).expect(202);
        accepted["deliveries"].as_u64().expect("a number")
    }

    /// From several publishers at once, on both nodes.
    fn publish_all(&self) {
        std::thread::scope(|scope| {
            for publisher in 0..PUBLISHERS {
                scope.spawn(move || {
                    for index in (publisher..EVENTS).step_by(PUBLISHERS) {
                        let deliveries = self.publish(index % 2, &format!("evt_{index}"));
                        assert_eq!(deliveries, 2);
                    }
                });
            }
        });
    }

    #[track_caller]
    fn nothing_is_unfinished(&self) {
        until("every delivery is finished", || {
            let sql = "SELECT count(*) FROM deliveries WHERE state <= 9";
            (self.cluster.count(sql) == 0).then_some(())
        });
    }

    /// All rows of a list, page by page.
    fn list(&self, node: usize, path: &str) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = format!("{path}limit={PAGE}{cursor}");
            let page = self.clients[node].get(&page).expect(200);
            rows.extend(page["data"].as_array().expect("a list").iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else {
                return rows;
            };
            cursor = format!("&cursor={next}");
        }
    }
}

#[test]
fn everything_works_through_a_pooler_that_loses_names() {
    let _alone = alone();
    let place = Place::start();
    place.publish_all();
    place.nothing_is_unfinished();

    let all = place.receiver.all();
    for index in 0..EVENTS {
        for path in [STEADY, FLAKY] {
            let delivered = (path.to_owned(), format!("evt_{index}"));
            assert_eq!(all.get(&delivered).map(Vec::len), Some(1), "{delivered:?}");
        }
    }
    let retried = "SELECT count(*) FROM deliveries WHERE attempts > 1 AND state = 10";
    assert!(place.cluster.count(retried) > 0, "none was tried again");

    let events = place.list(1, "/v1/events?");
    let ids: HashSet<&str> = events.iter().filter_map(|it| it["id"].as_str()).collect();
    assert_eq!(ids.len(), events.len(), "shown twice");
    assert_eq!(events.len(), EVENTS);
    let of_endpoint = format!("/v1/deliveries?endpoint_id={}&", place.endpoints[0]);
    assert_eq!(place.list(1, &of_endpoint).len(), EVENTS);
    resend(&place);
    disable(&place);
    for node in place.nodes {
        let status = node.stop();
        assert!(status.success(), "{status}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_or_the_pooler_goes_away() {
    let _alone = alone();
    let mut place = Place::start();
    let bases = place.nodes.each_ref().map(|node| node.base.as_str());
    let load = Load::start(&bases, &place.clients[0].key, 2, PUBLISHERS);
    load.more(MORE_EVENTS);
    place.cluster.restart();
    load.more(MORE_EVENTS);
    place.cluster.kill();
    place.cluster.start_again();
    load.more(MORE_EVENTS);
    place.pooler.restart();
    load.more(MORE_EVENTS);
    let accepted = load.end();
    nothing_is_lost(
        &place.clients[1],
        &place.receiver,
        &accepted,
        &[STEADY, FLAKY],
    );
}

/// Asked of the one node for what the other may have sent.
fn resend(place: &Place) {
    let list = place.clients[1]
        .get("/v1/deliveries?event_id=evt_7")
        .expect(200);
    let deliveries = list["data"].as_array().expect("a list");
    let id = deliveries
        .iter()
        .find(|it| it["endpoint_id"] == place.endpoints[0])
        .and_then(|it| it["id"].as_str())
        .expect("a delivery");
    let path = format!("/v1/deliveries/{id}/resend");
    place.clients[1].send("POST", &path, &[], ()).expect(202);
    until("it arrives again", || {
        let all = place.receiver.all();
        (all[&(STEADY.to_owned(), "evt_7".to_owned())].len() == 2).then_some(())
    });
}

/// On the one node; the other finds it out by asking.
fn disable(place: &Place) {
    let path = format!("/v1/endpoints/{}", place.endpoints[1]);
    place.clients[0]
        .patch(&path, &json!({"status": "disabled"}))
        .expect(200);
    let failed = "SELECT count(*) FROM deliveries WHERE state <> 10 AND state > 9";
    assert_eq!(place.cluster.count(failed), 0);
    let mut published = 0;
    until("the other node sends nothing there any more", || {
        published += 1;
        place.publish(1, &format!("after_{published}"));
        (place.cluster.count(failed) > 0).then_some(())
    });
}
