//! Who works on a lane that one node at a time may work on.

use hookwright_core::ids::EndpointId;
use hookwright_store::{Endpoint, Store};

use super::house::NOW;

async fn own(node: &Store, lanes: &[&Endpoint]) -> Vec<EndpointId> {
    let wanted = lanes.iter().map(|lane| (lane.project_id, lane.id));
    let mut owned = node.own_lanes(wanted.collect()).await.expect("asked");
    owned.sort();
    owned
}

async fn disown(node: &Store, lane: &Endpoint) {
    let given = node.disown_lanes(vec![(lane.project_id, lane.id)]).await;
    given.expect("given up");
}

facts! {
    async fn a_node_gets_lanes_that_nobody_owns_and_keeps_them(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let b = house.endpoint_of(acme, "b").await;
        assert_eq!(own(&house, &[]).await, []);
        assert_eq!(own(&house, &[&a]).await, [a.id]);
        assert_eq!(own(&house, &[&a, &b]).await, [a.id, b.id]);
        assert!(house.owns(a.id) && house.owns(b.id));
    }

    async fn a_lane_has_one_owner_until_that_gives_it_up(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let b = house.endpoint_of(acme, "b").await;
        if !house.place().is_shared() {
            // Nobody else can ask.
            assert!(house.owns(a.id));
            return;
        }
        let other = house.place().open(NOW).await.expect("another node");
        assert!(!house.owns(a.id), "until it asked");
        assert_eq!(own(&house, &[&a]).await, [a.id]);
        assert_eq!(own(&other, &[&a, &b]).await, [b.id]);
        assert!(house.owns(a.id) && !other.owns(a.id));
        assert_eq!(own(&house, &[&a, &b]).await, [a.id]);
        disown(&other, &a).await;
        assert_eq!(own(&other, &[&a]).await, [], "only the owner gives it up");
        disown(&house, &a).await;
        assert!(!house.owns(a.id));
        assert_eq!(own(&other, &[&a]).await, [a.id]);
        assert_eq!(own(&house, &[&a]).await, []);
        other.close().await.expect("closed");
    }

    async fn of_many_that_ask_at_once_one_gets_each_lane(house: House) {
        if !house.place().is_shared() {
            return;
        }
        let acme = house.tenant("acme").await;
        let mut lanes = Vec::new();
        for index in 0..10 {
            lanes.push(house.endpoint_of(acme, &format!("e{index}")).await);
        }
        let other = house.place().open(NOW).await.expect("another node");
        let there: Vec<&Endpoint> = lanes.iter().collect();
        let back: Vec<&Endpoint> = lanes.iter().rev().collect();
        for _ in 0..20 {
            let (mine, yours) = tokio::join!(own(&house, &there), own(&other, &back));
            for lane in &lanes {
                let owners = [mine.contains(&lane.id), yours.contains(&lane.id)];
                assert_eq!(owners.iter().filter(|owns| **owns).count(), 1, "{owners:?}");
                assert_eq!(owners, [house.owns(lane.id), other.owns(lane.id)]);
                disown(&house, lane).await;
                disown(&other, lane).await;
            }
        }
        other.close().await.expect("closed");
    }

    async fn what_a_node_that_left_owned_is_anybodys(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        assert_eq!(own(&house, &[&a]).await, [a.id]);
        let house = house.reopened(NOW).await;
        assert_eq!(own(&house, &[&a]).await, [a.id]);
    }

    async fn what_a_lost_node_owned_is_anybodys_once_its_work_is_taken_over(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        assert_eq!(own(&house, &[&a]).await, [a.id]);
        let heir = house.crashed(NOW).await;
        heir.reclaim(NOW).await.expect("taken over");
        assert_eq!(own(&heir, &[&a]).await, [a.id]);
        if !house.place().is_shared() {
            return;
        }
        let refused = house.own_lanes(vec![(a.project_id, a.id)]).await;
        assert!(refused.is_err(), "a lost node takes nothing");
        assert!(heir.owns(a.id));
    }
}
