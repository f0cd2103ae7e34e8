//! Which calls make lists walk every way that they can.

use hookwright_core::state::DeliveryState;

use super::*;

/// Calls every list, each both ways, from every source.
pub(super) async fn call(store: &Store, scope: Scope, (endpoint, event): (EndpointId, EventId)) {
    let created = Created {
        from: Some(NOW),
        until: Some(NOW.plus_ms(1)),
    };
    for page in pages() {
        let filter = EventFilter {
            created,
            ..EventFilter::default()
        };
        store.events(scope, filter, page).await.expect("listed");
        for (endpoint_id, event_id) in [(None, None), (Some(endpoint), None), (None, Some(event))] {
            for states in states() {
                let filter = DeliveryFilter {
                    endpoint_id,
                    event_id,
                    states,
                    created,
                    ..DeliveryFilter::default()
                };
                store.deliveries(scope, filter, page).await.expect("listed");
            }
            let filter = DeliveryFilter {
                endpoint_id,
                event_id,
                status: Some((200, 200)),
                ..DeliveryFilter::default()
            };
            let listed = store.deliveries(scope, filter, page).await.expect("listed");
            let ids = listed.rows.iter().map(|row| row.id).collect();
            store.attempts_of(scope, ids).await.expect("read");
        }
    }
    store.payloads(scope, vec![event]).await.expect("read");
    store
        .cancel(scope, vec![DeliveryId(1)], NOW)
        .await
        .expect("cancelled");
}

fn pages() -> [Page; 2] {
    let newest = Page::newest(10);
    let newer = Page {
        after: Some(0),
        ..newest
    };
    [newest, newer]
}

fn states() -> Vec<Vec<DeliveryState>> {
    let each = DeliveryState::ALL.into_iter().map(|state| vec![state]);
    each.chain([Vec::new()]).collect()
}
