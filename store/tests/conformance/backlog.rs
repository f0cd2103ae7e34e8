//! What is not delivered yet.

use hookwright_store::{Backlog, EndpointStatus};

use super::build::{an_event, first_outcome_of};
use super::house::NOW;

const PLENTY: usize = 100;
/// More endpoints than PostgreSQL looks at one by one.
const MANY: usize = 101;

fn exactly(deliveries: usize, oldest_at: Option<hookwright_core::time::UnixMs>) -> Backlog {
    Backlog {
        deliveries,
        is_exact: true,
        oldest_at,
    }
}

facts! {
    async fn nothing_is_undelivered_at_first(house: House) {
        let acme = house.tenant("acme").await;
        let found = house.backlog(acme.project_scope(), None, PLENTY).await.expect("read");
        assert_eq!(found, exactly(0, None));
    }

    async fn what_waits_and_what_is_under_way_is_undelivered(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let b = house.endpoint_of(acme, "b").await;
        let early = NOW.plus_ms(1_000);
        let first = house.publish_fresh(an_event(acme).at(early).leased(&a)).await;
        house.publish_fresh(an_event(acme).at(early.plus_ms(5)).due(&a).leased(&b)).await;
        house.publish_fresh(an_event(acme).at(early.plus_ms(9)).disabled(&b)).await;
        let all = house.backlog(acme.project_scope(), None, PLENTY).await.expect("read");
        assert_eq!(all, exactly(3, Some(early)));
        let of_b = house.backlog(acme.scope(), Some(b.id), PLENTY).await.expect("read");
        assert_eq!(of_b, exactly(1, Some(early.plus_ms(5))));
        // One that waits for its retry is the oldest still; once it is delivered it is not.
        assert!(house.settle_one(first_outcome_of(&first, 0).retry_at(NOW)).await);
        let all = house.backlog(acme.project_scope(), None, PLENTY).await.expect("read");
        assert_eq!(all, exactly(3, Some(early)));
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        assert!(house.settle_one(super::build::outcome_of(&claimed)).await);
        let all = house.backlog(acme.project_scope(), None, PLENTY).await.expect("read");
        assert_eq!(all, exactly(2, Some(early.plus_ms(5))));
    }

    async fn only_the_scope_is_counted(house: House) {
        let acme = house.tenant("acme").await;
        let neighbour = house.neighbour(acme, "neighbour").await;
        let other = house.tenant("other").await;
        for tenant in [acme, neighbour, other] {
            let endpoint = house.endpoint_of(tenant, &format!("of_{}", tenant.account.0)).await;
            house.publish_fresh(an_event(tenant).due(&endpoint).leased(&endpoint)).await;
        }
        for (scope, expected) in [(acme.scope(), 2), (acme.project_scope(), 4), (other.scope(), 2)] {
            let found = house.backlog(scope, None, PLENTY).await.expect("read");
            assert_eq!(found, exactly(expected, Some(NOW)));
        }
    }

    async fn many_are_counted_up_to_a_limit(house: House) {
        let acme = house.tenant("acme").await;
        let mut new = super::build::an_endpoint(acme, "a");
        new.status = EndpointStatus::Paused;
        let a = house.make_endpoint(new).await;
        house.publish_fresh(an_event(acme).due(&a).times(7)).await;
        house.publish_fresh(an_event(acme).leased(&a).times(2)).await;
        for (limit, deliveries, is_exact) in [(3, 3, false), (7, 7, false), (9, 9, true)] {
            let found = house.backlog(acme.scope(), None, limit).await.expect("read");
            let oldest_at = Some(NOW);
            assert_eq!(found, Backlog { deliveries, is_exact, oldest_at }, "limit {limit}");
        }
    }

    async fn an_account_of_many_endpoints_is_counted_as_well(house: House) {
        let acme = house.tenant("acme").await;
        let neighbour = house.neighbour(acme, "neighbour").await;
        let of_neighbour = house.endpoint_of(neighbour, "n").await;
        house.publish_fresh(an_event(neighbour).due(&of_neighbour)).await;
        let mut last = None;
        for number in 0..MANY {
            last = Some(house.endpoint_of(acme, &format!("a{number}")).await);
        }
        let last = last.expect("made");
        let later = NOW.plus_ms(1_000);
        house.publish_fresh(an_event(acme).at(later).due(&last).times(3)).await;
        let found = house.backlog(acme.scope(), None, PLENTY).await.expect("read");
        assert_eq!(found, exactly(3, Some(later)));
    }
}
