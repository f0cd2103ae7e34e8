//! What retention does to events that a replay has touched.

use hookwright_core::ids::DeliveryId;
use hookwright_store::DeliveryFilter;

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::{NOW as OLD, all};
use super::jobs::a_replay;
use super::replay::{NOW, reopening};

facts! {
    async fn retention_leaves_a_reopened_delivery_with_all_of_its_event(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let kept = house.publish_fresh(an_event(acme).leased(&a).disabled(&a)).await;
        house.settle_one(first_outcome_of(&kept, 0)).await;
        let gone = house.finished(acme, &a, true).await;
        assert_eq!(house.replayed(held, reopening(kept.delivery(1))).await, 1);
        assert_eq!(house.prune_payloads(NOW, 10).await.expect("pruned"), 1);
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
        assert!(house.event(acme.scope(), gone.id, OLD).await.is_err());
        let claimed = house.only_claim(&a).await;
        assert_eq!(claimed.id, kept.delivery(1));
        assert!(claimed.event.payload.is_some());
        let late = DeliveryId(kept.delivery(0).0);
        assert_eq!(house.see(acme, late).await.1.len(), 1, "its neighbour's attempt too");
        assert!(house.settle_one(outcome_of(&claimed)).await);
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1, "and then it goes");
        assert!(house.walk(acme.scope(), DeliveryFilter::default(), 10).await.is_empty());
    }

    async fn retention_keeps_and_takes_a_late_delivery_with_its_event(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let kept = house.finished(acme, &a, true).await;
        house.finished(acme, &a, true).await;
        assert_eq!(house.late(held, kept.id, &b).await, 1);
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1, "the other one");
        let claimed = house.only_claim(&b).await;
        assert_eq!((claimed.event.id, claimed.event.payload.is_some()), (kept.id, true));
        assert!(house.settle_one(outcome_of(&claimed).retry_at(NOW)).await);
        let claimed = house.only_claim(&b).await;
        assert!(house.settle_one(outcome_of(&claimed)).await);
        assert_eq!(house.delivery(acme.scope(), claimed.id, NOW).await.expect("seen").1.len(), 2);
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
        let seen = house.delivery(acme.scope(), claimed.id, NOW).await;
        assert!(seen.is_err(), "with its event");
        assert!(house.events(acme.scope(), hookwright_store::EventFilter::default(), all()).await.expect("listed").rows.is_empty());
    }

    async fn a_resend_of_a_late_delivery_keeps_its_event(house: House) {
        let acme = house.tenant("acme").await;
        let b = house.endpoint_of(acme, "b").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let kept = house.publish_fresh(an_event(acme)).await;
        house.late(held, kept.id, &b).await;
        let claimed = house.only_claim(&b).await;
        assert!(house.settle_one(outcome_of(&claimed)).await);
        let resend = house.resend(acme.scope(), claimed.id, NOW).await.expect("resent");
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 0);
        assert!(house.settle_one(outcome_of(&resend)).await);
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
    }
}
