//! What a project's own retention removes, class by class, and what it leaves.

use hookwright_core::ids::EventId;
use hookwright_core::time::UnixMs;
use hookwright_store::{DataClass, StoreError};

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::{House, NOW as OLD, Tenant};
use super::publish::Fresh;

const NOW: UnixMs = OLD.plus_ms(2 * 24 * 60 * 60 * 1000);

/// Everything that is due, in pieces; answers of how many events.
async fn prune(house: &House, tenant: Tenant, class: DataClass, before: UnixMs) -> usize {
    let mut events = 0;
    for _ in 0..1_000 {
        let piece = house
            .prune_class(tenant.project, class, before, 2)
            .await
            .expect("pruned");
        assert!(piece.events <= 2, "a piece keeps to its limit");
        events += piece.events;
        if !piece.more {
            return events;
        }
    }
    panic!("a walk ends");
}

/// An event with a delivery that took two attempts.
async fn finished(house: &House, tenant: Tenant, name: &str) -> Fresh {
    let lane = house.endpoint_of(tenant, &format!("ep_{name}")).await;
    let event = an_event(tenant).given_id(name).at(OLD).leased(&lane);
    let fresh = house.publish_fresh(event).await;
    house
        .settle_one(first_outcome_of(&fresh, 0).retry_at(OLD))
        .await;
    let retry = house.claim_lane(&lane, 1, OLD).await.remove(0);
    house.settle_one(outcome_of(&retry)).await;
    fresh
}

async fn has_payload(house: &House, tenant: Tenant, id: EventId) -> bool {
    let event = house.event(tenant.scope(), id, OLD).await.expect("seen");
    event.payload.is_some()
}

facts! {
    async fn payloads_go_and_all_else_stays(house: House) {
        let acme = house.tenant("acme").await;
        let fresh = finished(&house, acme, "a").await;
        assert_eq!(prune(&house, acme, DataClass::Payloads, NOW).await, 1);
        assert!(!has_payload(&house, acme, fresh.id).await);
        assert_eq!(house.see(acme, fresh.delivery(0)).await.1.len(), 2);
        assert_eq!(prune(&house, acme, DataClass::Payloads, NOW).await, 0);
    }

    async fn attempts_go_and_all_else_stays(house: House) {
        let acme = house.tenant("acme").await;
        let fresh = finished(&house, acme, "a").await;
        let (before, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!(attempts.len(), 2);
        assert_eq!(prune(&house, acme, DataClass::Attempts, NOW).await, 1);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!(attempts, []);
        assert_eq!((delivery.state, delivery.attempts), (before.state, before.attempts));
        assert!(has_payload(&house, acme, fresh.id).await);
    }

    async fn deliveries_go_with_their_events(house: House) {
        let acme = house.tenant("acme").await;
        let fresh = finished(&house, acme, "a").await;
        assert_eq!(prune(&house, acme, DataClass::Deliveries, NOW).await, 1);
        let seen = house.event(acme.scope(), fresh.id, OLD).await;
        assert!(matches!(seen, Err(StoreError::NotFound)));
        let seen = house.delivery(acme.scope(), fresh.delivery(0), OLD).await;
        assert!(matches!(seen, Err(StoreError::NotFound)));
        let again = house.publish_fresh(an_event(acme).given_id("a").at(NOW)).await;
        assert_ne!(again.id, fresh.id, "its name is free again, its row is not");
    }

    async fn other_projects_are_untouched(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let mut theirs = Vec::new();
        for name in ["a", "b", "c", "d", "e"] {
            finished(&house, acme, &format!("{name}1")).await;
            theirs.push(finished(&house, zeta, &format!("{name}2")).await);
        }
        for class in [DataClass::Payloads, DataClass::Attempts, DataClass::Deliveries] {
            assert_eq!(prune(&house, acme, class, NOW).await, 5, "{class:?}");
        }
        for fresh in theirs {
            assert!(has_payload(&house, zeta, fresh.id).await);
            assert_eq!(house.see(zeta, fresh.delivery(0)).await.1.len(), 2);
        }
    }

    async fn young_events_stay_until_they_are_old(house: House) {
        let acme = house.tenant("acme").await;
        finished(&house, acme, "old").await;
        let young = house.publish_fresh(an_event(acme).at(NOW)).await;
        for class in DataClass::ALL {
            let gone = prune(&house, acme, class, NOW).await;
            assert_eq!(gone, usize::from(class == DataClass::Deliveries), "{class:?}");
        }
        let seen = house.event(acme.scope(), young.id, NOW).await.expect("seen");
        assert!(seen.payload.is_some());
        let later = NOW.plus_ms(2 * 24 * 60 * 60 * 1000);
        assert_eq!(prune(&house, acme, DataClass::Payloads, later).await, 1);
        assert_eq!(prune(&house, acme, DataClass::Deliveries, later).await, 1);
    }

    async fn what_is_not_finished_is_passed_once_and_left_to_the_server(house: House) {
        let acme = house.tenant("acme").await;
        let lane = house.endpoint_of(acme, "lane").await;
        let live = house.publish_fresh(an_event(acme).at(OLD).leased(&lane)).await;
        for class in DataClass::ALL {
            assert_eq!(prune(&house, acme, class, NOW).await, 0, "{class:?}");
        }
        assert!(has_payload(&house, acme, live.id).await);
        house.settle_one(first_outcome_of(&live, 0)).await;
        assert_eq!(prune(&house, acme, DataClass::Deliveries, NOW).await, 0);
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
    }

    async fn a_walk_goes_on_after_a_restart(house: House) {
        let acme = house.tenant("acme").await;
        for name in ["a", "b", "c"] {
            finished(&house, acme, name).await;
        }
        let piece = house.prune_class(acme.project, DataClass::Payloads, NOW, 2).await;
        assert_eq!(piece.expect("pruned").events, 2);
        let house = house.reopened(NOW).await;
        assert_eq!(prune(&house, acme, DataClass::Payloads, NOW).await, 1);
    }
}
