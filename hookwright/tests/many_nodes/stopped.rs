//! A node stopped in an orderly way under load: its work goes on at the others at once.

use std::time::Instant;

use crate::cluster::Cluster;
use crate::place::{PATHS, Place};
use crate::support::{alone, until};
use crate::verdict::nothing_is_lost;

const NODES: usize = 3;
/// The slowest answers are let go by then; a node waits 15 s for what is under way.
const KEPT_BACK_MIN: usize = 100;

#[test]
fn a_stopped_node_leaves_its_work_to_the_others_at_once() {
    let _alone = alone();
    let cluster = Cluster::start();
    let mut place = Place::with_nodes(&cluster.url, NODES);
    let load = place.load();
    load.more(100);
    // The lanes fill, so that there is work to be left.
    place.receiver.keep_answers_back();
    load.more(KEPT_BACK_MIN);
    let id = cluster.count("SELECT id FROM nodes ORDER BY id LIMIT 1");
    let held = format!(
        "SELECT count(*) FROM deliveries WHERE state <= 9 AND lease >= {id}::bigint << 40
         AND lease < ({id}::bigint + 1) << 40"
    );
    until("the node has work", || {
        (cluster.count(&held) > 70).then_some(())
    });
    let before = cluster.count(&held);
    let node = place.nodes[0].take().expect("it runs");
    place.client = place.node(1).client_like(&place.client);
    load.moved(0, &place.node(1).base);
    let begun = Instant::now();
    let stopping = std::thread::spawn(move || node.stop());
    load.more(KEPT_BACK_MIN);
    place.receiver.answer_all();
    let status = stopping.join().expect("it ends");
    assert!(status.success(), "{status}");
    let left = cluster.count(&held);
    eprintln!(
        "{before} deliveries held when told to stop, {left} after {:?}",
        begun.elapsed()
    );
    assert_eq!(left, 0, "nobody has to find out that it is gone");
    let nodes = format!("SELECT count(*) FROM nodes WHERE id = {id}");
    assert_eq!(cluster.count(&nodes), 0);

    let accepted = load.end();
    let verdict = nothing_is_lost(&place.client, &place.receiver, &accepted, &PATHS);
    assert_eq!(verdict.duplicates, 0, "what was under way was settled");
}
