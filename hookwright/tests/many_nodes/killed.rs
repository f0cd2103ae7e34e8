//! Nodes killed at random under load: what was accepted arrives, and how often twice.

use std::time::Duration;

use crate::cluster::Cluster;
use crate::place::{PATHS, Place};
use crate::support::alone;
use crate::verdict::nothing_is_lost;

const NODES: usize = 3;
const ROUNDS: usize = 10;
/// A round ends after so many acceptances, and a seeded number more.
const ACCEPTED_MIN: usize = 100;
const ACCEPTED_SPREAD: u64 = 600;
/// Silence of 10 s and a sweep every 5 s, and as much again several times for a loaded machine.
const RESUMED_WITHIN: Duration = Duration::from_secs(60);
/// What a node's two lanes hold: it had no more under way or unsettled when it died.
const DUPLICATES_PER_KILL_MAX: usize = 2 * 256;

#[test]
fn nothing_acknowledged_is_lost_when_nodes_are_killed_ten_times() {
    let _alone = alone();
    let cluster = Cluster::start();
    let mut place = Place::with_nodes(&cluster.url, NODES);
    let load = place.load();
    let mut seed = 0x5eed_u64;
    for round in 0..ROUNDS as u64 {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(round);
        load.more(ACCEPTED_MIN + ((seed >> 33) % ACCEPTED_SPREAD) as usize);
        place.kill_and_start_again((seed >> 20) as usize % NODES, &load);
    }
    let accepted = load.end();
    let verdict = nothing_is_lost(&place.client, &place.receiver, &accepted, &PATHS);
    assert!(verdict.latest < RESUMED_WITHIN, "{verdict:?}");
    assert!(
        verdict.duplicates <= ROUNDS * DUPLICATES_PER_KILL_MAX,
        "{verdict:?}"
    );
    let lost = "SELECT count(*) FROM deliveries WHERE state <= 9";
    assert_eq!(cluster.count(lost), 0, "nothing is left to do");
}
