//! What holds however many nodes share one store: three where it can be shared, one where not.

use std::collections::HashSet;

use futures_util::future::join_all;
use hookwright_core::limits::LEASE_MS;
use hookwright_store::{Appended, EndpointUpdate};

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::NOW;

facts! {
    async fn the_work_of_every_node_is_due_after_all_crash(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let nodes = house.nodes().await;
        // The last one alone has anything: those before it must not keep a successor from it.
        let fresh = nodes[nodes.len() - 1].publish_fresh(an_event(acme).leased(&a)).await;
        let house = house.crashed(NOW).await;
        assert_eq!(house.claim_lane(&a, 10, NOW).await[0].id, fresh.delivery(0));
        let mut made = Vec::new();
        for node in house.nodes().await {
            made.push(node.publish_fresh(an_event(acme).leased(&a)).await.delivery(0));
        }
        let house = house.crashed(NOW).await;
        let claimed = house.claim_lane(&a, 10, NOW).await;
        let claimed: HashSet<_> = claimed.iter().map(|claim| claim.id).collect();
        made.push(fresh.delivery(0));
        assert_eq!(claimed, made.into_iter().collect());
    }

    async fn a_node_that_closes_leaves_its_work_to_the_others(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let mut nodes = house.nodes().await;
        let gone = nodes.remove(0);
        let fresh = gone.publish_fresh(an_event(acme).leased(&a).due(&a)).await;
        let held = gone.claim_lane(&a, 1, NOW).await.remove(0);
        let gone = gone.reopened(NOW).await;
        nodes.push(gone);
        assert!(!nodes[0].settle_one(first_outcome_of(&fresh, 0)).await);
        assert!(!nodes[0].settle_one(outcome_of(&held)).await);
        assert_eq!(nodes[0].claim_lane(&a, 10, NOW).await.len(), 2);
    }

    async fn nodes_that_claim_at_once_share_nothing(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.publish_fresh(an_event(acme).due(&a).times(300)).await;
        let nodes = house.nodes().await;
        let mut claimed = Vec::new();
        for _ in 0..300 {
            let claims = join_all(nodes.iter().map(|node| node.claim_lane(&a, 7, NOW))).await;
            let before = claimed.len();
            claimed.extend(claims.into_iter().flatten());
            if claimed.len() == before {
                break;
            }
        }
        let different: HashSet<_> = claimed.iter().map(|claim| claim.id).collect();
        assert_eq!((claimed.len(), different.len()), (300, 300));
    }

    async fn an_id_published_at_every_node_at_once_is_one_event(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let nodes = house.nodes().await;
        for round in 0..20 {
            let event = || an_event(acme).given_id(&format!("evt_{round}")).due(&a);
            let told = join_all(nodes.iter().map(|node| node.publish(event()))).await;
            let told = told.into_iter().map(|answer| answer.expect("answered"));
            let (fresh, repeated): (Vec<_>, Vec<_>) =
                told.partition(|answer| matches!(answer, Appended::Fresh { .. }));
            assert_eq!(fresh.len(), 1, "{repeated:?}");
            assert!(repeated.iter().all(|answer| matches!(answer, Appended::Repeated { .. })));
        }
        assert_eq!(house.claim_lane(&a, 100, NOW).await.len(), 20);
    }

    async fn rows_made_at_once_at_every_node_are_different(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let nodes = house.nodes().await;
        let events = || (0..500).map(|_| an_event(acme).leased(&a).leased(&a));
        let made = join_all(nodes.iter().map(|node| node.publish_many(events()))).await;
        let made: Vec<_> = made.into_iter().flatten().collect();
        let events: HashSet<_> = made.iter().map(|fresh| fresh.id).collect();
        let deliveries: HashSet<_> =
            made.iter().flat_map(|fresh| [fresh.delivery(0), fresh.delivery(1)]).collect();
        assert_eq!((events.len(), deliveries.len()), (made.len(), 2 * made.len()));
    }

    async fn a_node_leaves_the_first_attempts_of_the_others_alone(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let nodes = house.nodes().await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        for node in &nodes[1..] {
            let later = NOW.plus_ms(LEASE_MS);
            assert_eq!(node.reclaim(later).await.expect("swept"), 0, "its holder lives");
        }
        assert!(house.settle_one(first_outcome_of(&fresh, 0)).await);
    }

    async fn what_one_node_stored_the_others_see(house: House) {
        let nodes = house.nodes().await;
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a)).await;
        for node in &nodes {
            assert_eq!(node.endpoint(acme.scope(), "a".to_owned()).await.expect("seen"), a);
            assert_eq!(node.see(acme, fresh.delivery(0)).await.0.event_id, fresh.id);
        }
        for (index, node) in nodes.iter().enumerate() {
            let secrets = Some((vec![format!("of {index}")], Default::default()));
            let update = EndpointUpdate { secrets, ..EndpointUpdate::default() };
            let changed = node.update_endpoint(acme.scope(), "a".to_owned(), update, NOW);
            changed.await.expect("changed");
        }
        for node in &nodes {
            let seen = node.endpoint(acme.scope(), "a".to_owned()).await.expect("seen");
            assert_eq!(seen.secrets, [format!("of {}", nodes.len() - 1)], "the last to change it");
        }
    }
}
