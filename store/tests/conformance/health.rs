//! How endpoints are doing, written down and read by everybody.

use std::sync::{Arc, Mutex};

use hookwright_core::breaker::{BreakerChange, BreakerState};
use hookwright_core::time::UnixMs;
use hookwright_store::{Change, Endpoint, EndpointHealth, HealthChange, StoreError};

use super::house::{House, NOW};

fn failing(endpoint: &Endpoint, since: Option<UnixMs>) -> HealthChange {
    HealthChange {
        project_id: endpoint.project_id,
        endpoint_id: endpoint.id,
        failing_since: Some(since),
        breaker: None,
    }
}

fn breaker(endpoint: &Endpoint, state: BreakerState, until: Option<UnixMs>) -> HealthChange {
    let reason = format!("because it is {}", state.as_str());
    let change = BreakerChange {
        state,
        reason,
        until,
    };
    HealthChange {
        failing_since: None,
        breaker: Some((change, NOW)),
        ..failing(endpoint, None)
    }
}

async fn health(house: &House, endpoint: &Endpoint) -> Option<EndpointHealth> {
    let found = house
        .endpoint_health(endpoint.project_id, vec![endpoint.id])
        .await;
    found.expect("read").pop()
}

facts! {
    async fn one_that_always_did_well_has_nothing_written_down(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        assert_eq!(health(&house, &a).await, None);
        assert_eq!(house.unwell().await.expect("read"), []);
        house.put_health(Vec::new()).await.expect("nothing to put");
    }

    async fn failing_and_breaker_change_one_without_the_other(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let until = Some(NOW.plus_ms(30_000));
        house.put_health(vec![failing(&a, Some(NOW))]).await.expect("put");
        house.put_health(vec![breaker(&a, BreakerState::Open, until)]).await.expect("put");
        let both = EndpointHealth {
            project_id: a.project_id,
            endpoint_id: a.id,
            failing_since: Some(NOW),
            breaker: BreakerState::Open,
            breaker_reason: Some("because it is open".to_owned()),
            breaker_until: until,
            breaker_at: Some(NOW),
        };
        assert_eq!(health(&house, &a).await, Some(both.clone()));
        house.put_health(vec![failing(&a, None)]).await.expect("put");
        let open = EndpointHealth { failing_since: None, ..both };
        assert_eq!(health(&house, &a).await, Some(open.clone()));
        house.put_health(vec![breaker(&a, BreakerState::HalfOpen, None)]).await.expect("put");
        let half_open = EndpointHealth {
            breaker: BreakerState::HalfOpen,
            breaker_reason: Some("because it is half_open".to_owned()),
            breaker_until: None,
            ..open
        };
        assert_eq!(health(&house, &a).await, Some(half_open));
    }

    async fn many_changes_go_together(house: House) {
        let acme = house.tenant("acme").await;
        let mut changes = Vec::new();
        let mut endpoints = Vec::new();
        for index in 0..5 {
            let endpoint = house.endpoint_of(acme, &format!("e{index}")).await;
            let change = breaker(&endpoint, BreakerState::Open, Some(NOW));
            changes.push(HealthChange { failing_since: Some(Some(NOW)), ..change });
            endpoints.push(endpoint.id);
        }
        house.put_health(changes).await.expect("put");
        let found = house.endpoint_health(acme.project, endpoints).await.expect("read");
        assert_eq!(found.len(), 5);
        let open = |it: &&EndpointHealth| it.breaker == BreakerState::Open && it.failing_since.is_some();
        assert_eq!(found.iter().filter(open).count(), 5);
    }

    async fn the_unwell_are_those_that_fail_or_are_left_alone(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let (c, d) = (house.endpoint_of(acme, "c").await, house.endpoint_of(acme, "d").await);
        let changes = vec![
            failing(&a, Some(NOW)),
            breaker(&b, BreakerState::HalfOpen, None),
            failing(&c, None),
            breaker(&d, BreakerState::Closed, None),
        ];
        house.put_health(changes).await.expect("put");
        let mut unwell: Vec<_> = house.unwell().await.expect("read").iter().map(|it| it.endpoint_id).collect();
        unwell.sort();
        assert_eq!(unwell, [a.id, b.id]);
        house.put_health(vec![failing(&a, None), breaker(&b, BreakerState::Closed, None)]).await.expect("put");
        assert_eq!(house.unwell().await.expect("read"), []);
    }

    async fn another_projects_endpoint_is_not_seen(house: House) {
        let (acme, other) = (house.tenant("acme").await, house.tenant("other").await);
        let a = house.endpoint_of(acme, "a").await;
        house.put_health(vec![failing(&a, Some(NOW))]).await.expect("put");
        let found = house.endpoint_health(other.project, vec![a.id]).await;
        assert_eq!(found.expect("read"), []);
    }

    async fn a_breaker_closed_by_hand_is_told_as_a_change_of_its_endpoint(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.put_health(vec![failing(&a, Some(NOW)), ]).await.expect("put");
        house.put_health(vec![breaker(&a, BreakerState::Open, Some(NOW))]).await.expect("put");
        let told: Arc<Mutex<Vec<_>>> = Arc::default();
        let feed = Arc::clone(&told);
        house.set_feed(Arc::new(move |change| {
            if let Change::Endpoint(endpoint) = change {
                feed.lock().expect("a lock").push(endpoint.id);
            }
        }));
        let now = NOW.plus_ms(7);
        let closed = house.close_breaker(acme.scope(), "a".to_owned(), now).await.expect("closed");
        assert_eq!((closed.id, closed.updated_at), (a.id, now));
        assert_eq!(*told.lock().expect("a lock"), [a.id]);
        let health = health(&house, &a).await.expect("written down");
        assert_eq!((health.breaker, health.breaker_until), (BreakerState::Closed, None));
        assert_eq!((health.breaker_at, health.failing_since), (Some(now), Some(NOW)));
        assert_eq!(health.breaker_reason.as_deref(), Some("closed by hand"));
    }

    async fn nobody_closes_the_breaker_of_another_account(house: House) {
        let acme = house.tenant("acme").await;
        let neighbour = house.neighbour(acme, "neighbour").await;
        house.endpoint_of(acme, "a").await;
        let refused = house.close_breaker(neighbour.scope(), "a".to_owned(), NOW).await;
        assert!(matches!(refused, Err(StoreError::NotFound)));
        assert_eq!(house.unwell().await.expect("read"), []);
    }
}
