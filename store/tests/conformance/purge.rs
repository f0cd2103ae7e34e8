//! What a purge removes, and what it leaves and notes.

use hookwright_core::ids::EventId;
use hookwright_store::{
    Appended, DeliveryFilter, HeldJob, JobSpec, KeyOwner, NewJob, PurgeOf, PurgeSpec, PurgedEvent,
    ReplayStep, StoreError, Stretch,
};

use super::build::{a_key, an_event, first_outcome_of, hash_of, outcome_of};
use super::house::{House, NOW, Tenant, all};
use super::jobs::{a_replay, at, the_end};

fn a_purge(tenant: Tenant) -> NewJob {
    let of = PurgeOf::Account(tenant.account.0, "acme".to_owned());
    NewJob {
        spec: JobSpec::Purge(PurgeSpec {
            of,
            key: Some("key_1".to_owned()),
            end_row: i64::MAX,
        }),
        ..a_replay(tenant, "prg_1")
    }
}

impl House {
    async fn purgeable_of(&self, tenant: Tenant, rows: usize) -> Vec<PurgedEvent> {
        let mut found = Vec::new();
        let mut after = -1;
        loop {
            let stretch = Stretch {
                after,
                end: i64::MAX,
                rows,
            };
            let looked = self
                .purgeable(tenant.scope(), stretch)
                .await
                .expect("looked");
            found.extend(looked.found);
            if looked.ended {
                return found;
            }
            after = looked.place;
        }
    }
}

fn named(ids: &[EventId]) -> Vec<(EventId, String)> {
    ids.iter()
        .map(|id| (*id, format!("evt_{}", id.0)))
        .collect()
}

facts! {
    async fn a_purged_event_goes_with_all_that_is_its(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let replay = house.job_of(a_replay(acme, "rpl_1")).await;
        let event = an_event(acme).given_id("evt_x").key("k").leased(&a).leased(&a).due(&a);
        let fresh = house.publish_fresh(event).await;
        house.settle_one(first_outcome_of(&fresh, 0)).await;
        house.settle_one(first_outcome_of(&fresh, 1).retry_at(NOW)).await;
        let retry = house.claim_lane(&a, 2, NOW).await;
        let retry = retry.iter().find(|it| it.id == fresh.delivery(1)).expect("due");
        house.settle_one(outcome_of(retry).failed()).await;
        house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        let added = vec![(fresh.id, b.id, NOW)];
        house.step_replay(replay, ReplayStep { added, ..ReplayStep::default() }, NOW).await.expect("stepped");
        let other = house.publish_fresh(an_event(acme).given_id("evt_y").leased(&a)).await;

        let held = house.job_of(a_purge(acme)).await;
        let job = house.step_purge(held, (named(&[fresh.id]), the_end(9)), NOW).await;
        let job = job.expect("stepped").expect("its own");
        let removed: Vec<_> = job.progress.removed.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        let expected = [("attempts", 3), ("deliveries", 4), ("events", 1), ("names", 2), ("payloads", 1)];
        assert_eq!((removed, job.progress.done), (expected.to_vec(), 1));
        assert!(matches!(house.event(acme.scope(), fresh.id, NOW).await, Err(StoreError::NotFound)));
        for index in 0..3 {
            assert!(house.delivery(acme.scope(), fresh.delivery(index), NOW).await.is_err());
        }
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
        assert!(house.claim_lane(&b, 10, NOW).await.is_empty());
        let left = house.walk(acme.scope(), DeliveryFilter::default(), 10).await;
        assert_eq!(left.len(), 1);
        assert!(house.settle_one(first_outcome_of(&other, 0)).await, "another is undisturbed");
        let again = house.publish(an_event(acme).given_id("evt_x").key("k").payload("2")).await;
        assert!(matches!(again.expect("answered"), Appended::Fresh { .. }), "its names are free");
    }

    async fn what_is_under_way_when_it_is_purged_settles_into_nothing(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).due(&a)).await;
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        let held = house.job_of(a_purge(acme)).await;
        house.step_purge(held, (named(&[fresh.id]), at(1)), NOW).await.expect("stepped");
        assert!(!house.settle_one(first_outcome_of(&fresh, 0)).await);
        assert!(!house.settle_one(outcome_of(&claimed).retry_at(NOW)).await);
        let next = house.publish_fresh(an_event(acme).leased(&a)).await;
        assert!(next.first_delivery > fresh.delivery(1), "no number is used again");
    }

    async fn events_of_an_account_are_found_by_row(house: House) {
        let acme = house.tenant("acme").await;
        let beside = house.neighbour(acme, "beside").await;
        let mut mine = Vec::new();
        for index in 0..5 {
            mine.push(house.publish_fresh(an_event(acme).subject(&format!("{index}"))).await.id);
            house.publish_fresh(an_event(beside)).await;
        }
        for rows in [1, 3, 100] {
            let found = house.purgeable_of(acme, rows).await;
            assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), mine, "{rows}");
            assert_eq!(found[3].subject.as_deref(), Some("3"));
        }
    }

    async fn the_last_step_empties_the_rows_of_an_account_that_was_deleted(house: House) {
        let acme = house.tenant("acme").await;
        house.endpoint_of(acme, "a").await;
        house.endpoint_of(acme, "b").await;
        let owner = KeyOwner::Account(acme.project, acme.account);
        house.create_key(a_key("key_of_acme", owner)).await.expect("made");
        house.delete_account(acme.project, acme.account, NOW).await.expect("deleted");
        let held = house.job_of(a_purge(acme)).await;
        let early = house.step_purge(held, (Vec::new(), at(1)), NOW).await.expect("stepped");
        assert!(early.expect("its own").progress.removed.is_empty(), "not before the end");
        let job = house.step_purge(held, (Vec::new(), the_end(2)), NOW).await.expect("stepped");
        let removed = job.expect("its own").progress.removed;
        assert_eq!((removed["endpoints"], removed["keys"]), (2, 1));
        let key = house.key_by_hash(hash_of("key_of_acme")).await.expect("asked").expect("kept");
        assert_eq!((key.hint.as_str(), key.revoked_at), ("", Some(NOW)), "it is refused as before");
    }

    async fn what_a_living_account_has_is_not_emptied(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let held = house.job_of(a_purge(acme)).await;
        house.step_purge(held, (Vec::new(), the_end(1)), NOW).await.expect("stepped");
        let seen = house.endpoint(acme.scope(), "a".to_owned()).await.expect("seen");
        assert_eq!(seen, a);
    }

    async fn a_kill_between_steps_counts_and_chains_each_once(house: House) {
        let acme = house.tenant("acme").await;
        let events: Vec<EventId> = house.publish_many((0..4).map(|_| an_event(acme))).await.iter().map(|it| it.id).collect();
        let held = house.job_of(a_purge(acme)).await;
        house.step_purge(held, (named(&events[..2]), at(events[1].0)), NOW).await.expect("stepped");
        let house = house.crashed(NOW).await;
        let (job, lease) = house.take_job(NOW).await.expect("asked").expect("one");
        assert_eq!(job.place, events[1].0);
        let lost = house.step_purge(held, (named(&events[2..]), at(0)), NOW).await.expect("asked");
        assert_eq!(lost, None);
        let held = HeldJob { id: job.id, lease };
        // Some that are gone already are neither counted nor chained.
        let step = (named(&events), the_end(events[3].0));
        let job = house.step_purge(held, step, NOW).await.expect("stepped").expect("its own");
        assert_eq!((job.progress.done, job.progress.removed["events"]), (4, 4));
        assert_eq!(job.progress.digest.map(|digest| digest.len()), Some(64));
        assert!(house.events(acme.scope(), hookwright_store::EventFilter::default(), all()).await.expect("listed").rows.is_empty());
    }
}
