//! Events whose deliveries become due later than they were accepted.

use std::collections::BTreeMap;

use hookwright_store::{Append, Appended};

use super::build::{EventBuilder, an_event};
use super::house::NOW;

fn delayed(event: EventBuilder) -> Append {
    Append {
        deliver_at: Some(NOW.plus_ms(60_000)),
        metadata: BTreeMap::from([("order".to_owned(), "o-1".to_owned())]),
        ..event.into()
    }
}

facts! {
    async fn a_delayed_event_is_due_when_it_says_and_not_before(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.publish_fresh(delayed(an_event(acme).due(&a))).await;
        let due = NOW.plus_ms(60_000);
        assert_eq!(house.lanes_due(vec![a.id]).await.expect("read"), [(a.id, due)]);
        assert!(house.claim_lane(&a, 10, NOW.plus_ms(59_999)).await.is_empty());
        let house = house.reopened(NOW.plus_ms(1)).await;
        assert_eq!(house.lanes_waiting().await.expect("read"), [(a.id, due)]);
        assert_eq!(house.claim_lane(&a, 10, due).await.len(), 1);
    }

    async fn an_event_shows_its_notes_and_when_it_is_delivered(house: House) {
        let acme = house.tenant("acme").await;
        house.publish_fresh(delayed(an_event(acme).given_id("later"))).await;
        let event = house.event_by_given_id(acme.scope(), "later".to_owned()).await.expect("seen");
        assert_eq!(event.deliver_at, Some(NOW.plus_ms(60_000)));
        assert_eq!(event.metadata["order"], "o-1");
        let again = house.publish(delayed(an_event(acme).given_id("later"))).await;
        assert!(matches!(again, Ok(Appended::Repeated { .. })));
        let at_once = house.publish(an_event(acme).given_id("later")).await;
        assert_eq!(at_once.expect("answered"), Appended::Conflict);
    }
}
