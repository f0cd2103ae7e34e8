//! Which calls make the store run what it knows about endpoints' health.

use hookwright_core::breaker::{BreakerChange, BreakerState};

use super::*;

/// Calls the methods about an endpoint's health.
pub(super) async fn call(store: &Store, scope: Scope, endpoint: EndpointId, run: u32) {
    let change = BreakerChange {
        state: BreakerState::Open,
        reason: String::new(),
        until: Some(NOW),
    };
    let change = HealthChange {
        project_id: scope.project_id,
        endpoint_id: endpoint,
        failing_since: Some(Some(NOW)),
        breaker: Some((change, NOW)),
    };
    store.put_health(vec![change]).await.expect("put");
    assert_eq!(store.unwell().await.expect("read").len(), run as usize + 1);
    let health = store.endpoint_health(scope.project_id, vec![endpoint]);
    assert_eq!(health.await.expect("read").len(), 1);
    let closed = store.close_breaker(scope, format!("ep_{run}"), NOW).await;
    closed.expect("closed");
}
