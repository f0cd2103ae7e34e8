//! How events are looked at: by row, by given id, in lists.

use hookwright_store::{Event, EventFilter, Scope, StoreError};

use super::build::an_event;
use super::house::{NOW, all, rows_by_page};

fn ids(events: Vec<Event>) -> Vec<i64> {
    events.into_iter().map(|event| event.id.0).collect()
}

facts! {
    async fn an_event_is_found_by_row_and_time_together(house: House) {
        let acme = house.tenant("acme").await;
        let fresh = house.publish_fresh(an_event(acme)).await;
        assert!(house.event(acme.scope(), fresh.id, NOW).await.is_ok());
        assert!(house.event(acme.project_scope(), fresh.id, NOW).await.is_ok());
        let guessed = house.event(acme.scope(), fresh.id, NOW.plus_ms(1)).await;
        assert!(matches!(guessed, Err(StoreError::NotFound)));
    }

    async fn an_event_is_found_by_its_given_id(house: House) {
        let acme = house.tenant("acme").await;
        let fresh = house.publish_fresh(an_event(acme).given_id("evt_x").key("k")).await;
        let found = house.event_by_given_id(acme.scope(), "evt_x".to_owned()).await.expect("seen");
        assert_eq!(found.id, fresh.id);
        assert!(found.payload.is_some());
        for other in ["evt_y", "k", ""] {
            let found = house.event_by_given_id(acme.scope(), other.to_owned()).await;
            assert!(matches!(found, Err(StoreError::NotFound)), "{other}");
        }
    }

    async fn an_event_is_seen_only_within_its_scope(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        let fresh = house.publish_fresh(an_event(acme).given_id("evt_x")).await;
        let mixed = Scope { account_id: Some(acme.account), ..zeta.project_scope() };
        for scope in [wide.scope(), zeta.scope(), zeta.project_scope(), mixed] {
            let by_row = house.event(scope, fresh.id, NOW).await;
            assert!(matches!(by_row, Err(StoreError::NotFound)));
            let by_id = house.event_by_given_id(scope, "evt_x".to_owned()).await;
            assert!(matches!(by_id, Err(StoreError::NotFound)));
            assert!(house.events(scope, EventFilter::default(), all()).await.expect("listed").rows.is_empty());
        }
    }

    async fn events_are_listed_newest_first_each_once_and_without_payloads(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        let (mut ours, mut projects) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            for tenant in [zeta, acme, wide] {
                let fresh = house.publish_fresh(an_event(tenant).channel("eu")).await;
                if tenant.account == acme.account {
                    ours.insert(0, fresh.id.0);
                }
                if tenant.project == acme.project {
                    projects.insert(0, fresh.id.0);
                }
            }
        }
        for limit in [1, 2, 5, 100] {
            let listed = rows_by_page(limit, |page| house.events(acme.scope(), EventFilter::default(), page)).await;
            assert!(listed.iter().all(|event| event.payload.is_none() && event.channels == ["eu"]));
            assert_eq!(ids(listed), ours);
            let listed = rows_by_page(limit, |page| house.events(acme.project_scope(), EventFilter::default(), page)).await;
            assert_eq!(ids(listed), projects);
        }
    }

    async fn a_walk_over_a_border_between_buckets_sees_every_event_once(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let count = (1 << 16) + 40;
        // Few of ours, some of them on each side of the border.
        let is_ours = |row: &usize| row.is_multiple_of(1_000) || *row > count - 80;
        let event = |row| an_event(if is_ours(&row) { acme } else { zeta });
        let made = house.publish_many((1..=count).map(event)).await;
        let ours = (1..).zip(made).filter(|(row, _)| is_ours(row));
        let expected: Vec<_> = ours.map(|(_, fresh)| fresh.id.0).collect();
        let expected: Vec<_> = expected.into_iter().rev().collect();
        for limit in [7, 50] {
            let listed = rows_by_page(limit, |page| house.events(acme.scope(), EventFilter::default(), page)).await;
            assert_eq!(ids(listed), expected);
        }
        let listed = rows_by_page(50, |page| house.events(acme.project_scope(), EventFilter::default(), page)).await;
        assert_eq!(ids(listed), expected, "also where a page would look at too many rows");
    }

    async fn a_walk_over_midnights_sees_every_event_once(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let mut expected = Vec::new();
        for hour in 0..70 {
            let at = NOW.plus_ms(hour * 60 * 60 * 1000);
            let fresh = house.publish_fresh(an_event(acme).at(at)).await;
            house.publish_fresh(an_event(zeta).at(at)).await;
            expected.insert(0, fresh.id.0);
            let seen = house.event(acme.scope(), fresh.id, at).await;
            assert_eq!(seen.expect("seen").id, fresh.id);
        }
        for limit in [7, 69, 70, 100] {
            let listed = rows_by_page(limit, |page| house.events(acme.scope(), EventFilter::default(), page)).await;
            assert_eq!(ids(listed), expected);
        }
    }
}
