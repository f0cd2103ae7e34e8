//! What an accepted event leaves in the store, and what a repetition is answered.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use hookwright_store::{Appended, DeliveryFilter, EventFilter, StoreError};

use super::build::{an_event, first_outcome_of};
use super::house::{NOW, all};

facts! {
    async fn an_event_reads_back_as_it_was_published(house: House) {
        let acme = house.tenant("acme").await;
        let event = an_event(acme)
            .given_id("evt_x")
            .event_type("invoice.paid")
            .payload(r#"{"n":1.0, "s":"\u00e9"}"#)
            .subject(r#"{"id":7}"#)
            .trace("t-1")
            .channel("eu")
            .channel("us")
            .happened_at(UnixMs(5));
        let fresh = house.publish_fresh(event).await;
        let seen = house.event(acme.scope(), fresh.id, NOW).await.expect("seen");
        assert_eq!(seen.given_id.as_deref(), Some("evt_x"));
        assert_eq!(seen.event_type, "invoice.paid");
        assert_eq!(seen.payload.as_deref(), Some(&br#"{"n":1.0, "s":"\u00e9"}"#[..]));
        assert_eq!(seen.subject.as_deref(), Some(r#"{"id":7}"#));
        assert_eq!(seen.trace.as_deref(), Some("t-1"));
        assert_eq!(seen.channels, ["eu", "us"]);
        assert_eq!((seen.accepted_at, seen.time), (NOW, UnixMs(5)));
        assert_eq!((seen.account_id, seen.account_public_id.as_str()), (acme.account, "default"));
    }

    async fn an_event_appears_with_all_its_deliveries(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let fresh = house.publish_fresh(an_event(acme).leased(&a).due(&b).disabled(&b)).await;
        let of_event = DeliveryFilter { event_id: Some(fresh.id), ..DeliveryFilter::default() };
        let mut found = house.walk(acme.scope(), of_event, 10).await;
        found.reverse();
        let routes: Vec<_> = found.iter().map(|d| (d.id, d.endpoint_id)).collect();
        assert_eq!(
            routes,
            [(fresh.delivery(0), a.id), (fresh.delivery(1), b.id), (fresh.delivery(2), b.id)],
            "in the order of the routes"
        );
        assert_eq!(house.event(acme.scope(), fresh.id, NOW).await.expect("seen").fanout, 3);
    }

    async fn an_event_without_deliveries_is_kept(house: House) {
        let acme = house.tenant("acme").await;
        let fresh = house.publish_fresh(an_event(acme)).await;
        let seen = house.event(acme.scope(), fresh.id, NOW).await.expect("seen");
        assert_eq!(seen.fanout, 0);
    }

    async fn a_leased_delivery_is_not_due_and_settles_under_the_answered_lease(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        assert!(house.claim_lane(&a, 10, NOW.plus_ms(1)).await.is_empty());
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.next_attempt_at), (DeliveryState::Pending, None));
        assert!(attempts.is_empty());
        assert!(house.settle_one(first_outcome_of(&fresh, 0)).await);
    }

    async fn a_due_delivery_waits_for_a_claim(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a)).await;
        let (delivery, _) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.next_attempt_at), (DeliveryState::Pending, Some(NOW)));
        assert!(!house.settle_one(first_outcome_of(&fresh, 0)).await, "nobody leased it");
        assert_eq!(house.claim_lane(&a, 10, NOW).await[0].id, fresh.delivery(0));
    }

    async fn a_delivery_to_a_disabled_endpoint_has_failed_visibly(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a)).await;
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!(delivery.state, DeliveryState::Failed);
        assert_eq!(delivery.finished_at, Some(NOW));
        assert_eq!(delivery.last_error, Some((ErrorClass::EndpointDisabled, None)));
        assert!(attempts.is_empty());
        assert!(house.claim_lane(&a, 10, NOW.plus_ms(1)).await.is_empty());
    }

    async fn a_repeated_id_is_answered_with_the_first(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let event = an_event(acme).given_id("evt_x").leased(&a);
        let first = house.publish_fresh(event.clone()).await;
        let again = house.publish(event.at(NOW.plus_ms(9))).await.expect("answered");
        assert_eq!(again, Appended::Repeated { id: first.id, accepted_at: NOW, fanout: 1 });
        assert_eq!(house.events(acme.scope(), EventFilter::default(), all()).await.expect("listed").rows.len(), 1);
        assert_eq!(house.walk(acme.scope(), DeliveryFilter::default(), 10).await.len(), 1);
    }

    async fn a_repeated_key_is_answered_with_the_first(house: House) {
        let acme = house.tenant("acme").await;
        let first = house.publish_fresh(an_event(acme).key("k")).await;
        let again = house.publish(an_event(acme).key("k")).await.expect("answered");
        assert_eq!(again, Appended::Repeated { id: first.id, accepted_at: NOW, fanout: 0 });
    }

    async fn an_id_and_a_key_of_one_text_are_two_names(house: House) {
        let acme = house.tenant("acme").await;
        let by_id = house.publish_fresh(an_event(acme).given_id("x")).await;
        let by_key = house.publish_fresh(an_event(acme).key("x")).await;
        assert_ne!(by_id.id, by_key.id);
    }

    async fn two_repeats_begun_together_are_one_event(house: House) {
        let acme = house.tenant("acme").await;
        let begun: Vec<_> =
            (0..8).map(|_| house.begin_publish(an_event(acme).given_id("evt_x"))).collect();
        let mut fresh = 0;
        for answer in begun {
            let answer = answer.await.expect("answered").expect("appended");
            fresh += usize::from(matches!(answer, Appended::Fresh { .. }));
        }
        assert_eq!(fresh, 1);
        assert_eq!(house.events(acme.scope(), EventFilter::default(), all()).await.expect("listed").rows.len(), 1);
    }

    async fn another_content_under_a_used_name_conflicts_and_stores_nothing(house: House) {
        let acme = house.tenant("acme").await;
        let wide = house.neighbour(acme, "wide").await;
        let a = house.endpoint_of(acme, "a").await;
        let named = |tenant| an_event(tenant).given_id("evt_x").key("k").leased(&a);
        house.publish_fresh(named(acme)).await;
        for other in [
            named(acme).payload("{}"),
            named(acme).event_type("user.deleted"),
            named(acme).subject("{}"),
            named(acme).trace("t"),
            named(acme).channel("eu"),
            named(wide),
        ] {
            let answer = house.publish(other).await.expect("answered");
            assert_eq!(answer, Appended::Conflict);
        }
        let answer = house.publish(an_event(acme).key("k").payload("{}")).await;
        assert_eq!(answer.expect("answered"), Appended::KeyReused);
        let events = house.events(acme.project_scope(), EventFilter::default(), all()).await.expect("listed").rows;
        assert_eq!(events.len(), 1);
        let deliveries = house.walk(acme.project_scope(), DeliveryFilter::default(), 10).await;
        assert_eq!(deliveries.len(), 1);
    }

    async fn a_key_cannot_be_used_again_for_another_given_id(house: House) {
        let acme = house.tenant("acme").await;
        house.publish_fresh(an_event(acme).given_id("one").key("k")).await;
        let answer = house.publish(an_event(acme).given_id("two").key("k")).await;
        assert_eq!(answer.expect("answered"), Appended::KeyReused);
        let found = house.event_by_given_id(acme.scope(), "two".to_owned()).await;
        assert!(matches!(found, Err(StoreError::NotFound)));
    }

    async fn two_projects_may_use_one_id(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let ours = house.publish_fresh(an_event(acme).given_id("evt_x")).await;
        let theirs = house.publish_fresh(an_event(zeta).given_id("evt_x").payload("{}")).await;
        assert_ne!(ours.id, theirs.id);
    }

    async fn a_name_is_remembered_after_reopening(house: House) {
        let acme = house.tenant("acme").await;
        let first = house.publish_fresh(an_event(acme).given_id("evt_x")).await;
        let house = house.reopened(NOW).await;
        let again = house.publish(an_event(acme).given_id("evt_x")).await.expect("answered");
        assert_eq!(again, Appended::Repeated { id: first.id, accepted_at: NOW, fanout: 0 });
    }

    async fn a_closed_store_refuses_an_append(house: House) {
        let acme = house.tenant("acme").await;
        house.close().await.expect("closed");
        let answer = house.publish(an_event(acme)).await;
        assert!(matches!(answer, Err(StoreError::Stopped(_))));
    }
}
