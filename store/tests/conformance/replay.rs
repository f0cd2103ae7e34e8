//! What a step of a replay does to past deliveries, and that retention leaves it alone.

use hookwright_core::ids::{DeliveryId, EndpointId, EventId};
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use hookwright_store::{
    Claimed, DeliveryFilter, Endpoint, HeldJob, PastDelivery, PastEvent, ReplayStep, Stretch,
};

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::{House, NOW as OLD, Tenant};
use super::jobs::{a_replay, at, the_end};
use super::publish::Fresh;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Days after what is old: an engine may remove by whole days.
pub const NOW: UnixMs = OLD.plus_ms(2 * DAY_MS);

impl House {
    /// A finished delivery of that time: failed after an attempt, or delivered.
    pub async fn finished(&self, tenant: Tenant, lane: &Endpoint, fails: bool) -> Fresh {
        let fresh = self.publish_fresh(an_event(tenant).leased(lane)).await;
        let outcome = first_outcome_of(&fresh, 0);
        let settled = self
            .settle_one(if fails { outcome.failed() } else { outcome })
            .await;
        assert!(settled);
        fresh
    }

    /// Does a step that must be done; answers how many of it were.
    pub async fn replayed(&self, held: HeldJob, step: ReplayStep) -> u64 {
        let before = self.job_done(held).await;
        let job = self.step_replay(held, step, NOW).await.expect("stepped");
        job.expect("its own").progress.done - before
    }

    async fn job_done(&self, held: HeldJob) -> u64 {
        let nothing = self.note_step(held, (0, at(-1)), NOW).await.expect("noted");
        nothing.expect("its own").progress.done
    }

    /// All past deliveries, looked at so many rows at a time.
    pub async fn past(
        &self,
        tenant: Tenant,
        filter: DeliveryFilter,
        rows: usize,
    ) -> Vec<PastDelivery> {
        let since = self.rows_since(tenant.project, OLD).await.expect("read");
        let (mut after, end) = since.deliveries;
        let mut found = Vec::new();
        loop {
            let stretch = Stretch { after, end, rows };
            let looked = self
                .past_deliveries(tenant.scope(), filter.clone(), stretch)
                .await
                .expect("looked");
            assert!(looked.found.len() <= rows);
            found.extend(looked.found);
            if looked.ended {
                return found;
            }
            assert!(looked.place > after, "a walk moves on");
            after = looked.place;
        }
    }

    async fn past_events_of(&self, tenant: Tenant) -> Vec<PastEvent> {
        let (after, end) = self
            .rows_since(tenant.project, OLD)
            .await
            .expect("read")
            .events;
        let stretch = Stretch {
            after,
            end,
            rows: 100,
        };
        let looked = self
            .past_events(tenant.scope(), stretch)
            .await
            .expect("looked");
        assert!(looked.ended);
        looked.found
    }

    pub async fn late(&self, held: HeldJob, event: EventId, lane: &Endpoint) -> u64 {
        self.replayed(
            held,
            ReplayStep {
                added: vec![(event, lane.id, NOW)],
                ..ReplayStep::default()
            },
        )
        .await
    }

    /// The only one that can be claimed.
    pub async fn only_claim(&self, lane: &Endpoint) -> Claimed {
        let mut claimed = self.claim_lane(lane, 10, NOW).await;
        assert_eq!(claimed.len(), 1);
        claimed.remove(0)
    }
}

pub fn reopening(id: DeliveryId) -> ReplayStep {
    ReplayStep {
        reopened: vec![id],
        ..ReplayStep::default()
    }
}

pub fn failed() -> DeliveryFilter {
    DeliveryFilter {
        states: vec![DeliveryState::Failed, DeliveryState::Cancelled],
        ..DeliveryFilter::default()
    }
}

pub fn all_to(endpoint: EndpointId) -> DeliveryFilter {
    DeliveryFilter {
        endpoint_id: Some(endpoint),
        ..DeliveryFilter::default()
    }
}

facts! {
    async fn a_failed_delivery_begins_anew_with_its_attempts_kept(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.settle_one(first_outcome_of(&fresh, 0).retry_at(OLD)).await;
        let retry = house.only_claim(&a).await;
        house.settle_one(outcome_of(&retry).failed()).await;
        assert_eq!(house.replayed(held, reopening(fresh.delivery(0))).await, 1);
        let (seen, _) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((seen.state, seen.next_attempt_at), (DeliveryState::Pending, Some(NOW)));
        assert_eq!(seen.finished_at, None);
        let claimed = house.only_claim(&a).await;
        assert_eq!((claimed.id, claimed.manual), (fresh.delivery(0), false));
        assert_eq!((claimed.attempts, claimed.failed_attempts), (2, 0), "a whole schedule");
        assert_eq!(claimed.first_failed_at, None);
        assert!(house.settle_one(outcome_of(&claimed)).await);
        let (seen, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!(seen.state, DeliveryState::Delivered);
        assert_eq!(attempts.iter().map(|it| it.number).collect::<Vec<_>>(), [1, 2, 3]);
    }

    async fn one_that_failed_without_an_attempt_begins_anew(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a)).await;
        assert_eq!(house.replayed(held, reopening(fresh.delivery(0))).await, 1);
        let claimed = house.only_claim(&a).await;
        assert!(house.settle_one(outcome_of(&claimed)).await);
        let (seen, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((seen.state, attempts.len()), (DeliveryState::Delivered, 1));
    }

    async fn a_delivered_delivery_is_sent_once_more_and_stays_so(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let fresh = house.finished(acme, &a, false).await;
        let step = ReplayStep { resent: vec![fresh.delivery(0)], ..ReplayStep::default() };
        assert_eq!(house.replayed(held, step).await, 1);
        assert_eq!(house.deliveries_due(vec![a.id], 10, NOW).await.expect("counted"), 1);
        let claimed = house.only_claim(&a).await;
        assert!(claimed.manual);
        assert_eq!(house.deliveries_due(vec![a.id], 10, NOW).await.expect("counted"), 0);
        assert!(house.settle_one(outcome_of(&claimed).failed()).await);
        let (seen, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((seen.state, attempts.len()), (DeliveryState::Delivered, 2));
    }

    async fn what_changed_since_it_was_looked_at_is_passed_over(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let failed = house.finished(acme, &a, true).await;
        let delivered = house.finished(acme, &a, false).await;
        let live = house.publish_fresh(an_event(acme).leased(&a)).await;
        let step = ReplayStep {
            reopened: vec![failed.delivery(0), delivered.delivery(0), live.delivery(0), DeliveryId(1 << 50)],
            resent: vec![live.delivery(0)],
            ..ReplayStep::default()
        };
        let job = house.step_replay(held, step, NOW).await.expect("stepped").expect("its own");
        assert_eq!(job.progress.done, 1);
        assert_eq!(job.progress.skipped["changed_meanwhile"], 4);
        assert!(house.settle_one(first_outcome_of(&live, 0)).await, "it is undisturbed");
        assert_eq!(house.only_claim(&a).await.id, failed.delivery(0));
    }

    async fn a_missing_delivery_is_made_once_and_seen_with_its_event(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let event = an_event(acme).given_id("evt_x").channel("north").leased(&a);
        let fresh = house.publish_fresh(event).await;
        let looked = house.past_events_of(acme).await;
        assert_eq!(looked.len(), 1);
        assert_eq!((looked[0].id, &looked[0].endpoints), (fresh.id, &vec![a.id]));
        assert_eq!(looked[0].channels, ["north"]);
        assert_eq!(house.late(held, fresh.id, &a).await, 0, "it has one");
        assert_eq!(house.late(held, fresh.id, &b).await, 1);
        assert_eq!(house.late(held, fresh.id, &b).await, 0, "once");
        let claimed = house.only_claim(&b).await;
        assert_eq!(claimed.event.given_id.as_deref(), Some("evt_x"));
        let endpoints = house.past_events_of(acme).await.remove(0).endpoints;
        assert_eq!(endpoints, [a.id, b.id]);
        let seen = house.delivery(acme.scope(), claimed.id, NOW).await.expect("seen").0;
        assert_eq!((seen.event_id, seen.state), (fresh.id, DeliveryState::Pending));
        assert!(house.settle_one(outcome_of(&claimed)).await);
        let seen = house.delivery(acme.scope(), claimed.id, NOW).await.expect("seen");
        assert_eq!((seen.0.state, seen.1.len()), (DeliveryState::Delivered, 1));
        let to_b = DeliveryFilter { endpoint_id: Some(b.id), ..DeliveryFilter::default() };
        assert_eq!(house.walk(acme.scope(), to_b, 10).await.len(), 1);
    }

    async fn an_events_own_list_has_its_late_deliveries(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let fresh = house.publish_fresh(an_event(acme).due(&a)).await;
        house.publish_fresh(an_event(acme).due(&a)).await;
        house.late(held, fresh.id, &b).await;
        let its = DeliveryFilter { event_id: Some(fresh.id), ..DeliveryFilter::default() };
        for limit in [1, 10] {
            let seen = house.walk(acme.scope(), its.clone(), limit).await;
            let mut to: Vec<_> = seen.iter().map(|it| it.endpoint_id).collect();
            to.sort();
            assert_eq!(to, [a.id, b.id], "{limit}");
        }
    }

    async fn many_late_deliveries_of_one_time_have_rows_of_their_own(house: House) {
        let acme = house.tenant("acme").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let mut lanes = Vec::new();
        for index in 0..20 {
            lanes.push(house.endpoint_of(acme, &format!("ep{index}")).await);
        }
        let events = house.publish_many((0..10).map(|_| an_event(acme))).await;
        for lanes in lanes.chunks(5) {
            let pairs = events.iter().flat_map(|event| lanes.iter().map(|lane| (event.id, lane.id, NOW)));
            let step = ReplayStep { added: pairs.collect(), ..ReplayStep::default() };
            assert_eq!(house.replayed(held, step).await, 50);
        }
        let all = house.walk(acme.scope(), DeliveryFilter::default(), 30).await;
        assert_eq!(all.len(), 200);
    }

    async fn failed_ones_are_found_in_order_whatever_lies_between(house: House) {
        let acme = house.tenant("acme").await;
        let beside = house.neighbour(acme, "beside").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let theirs = house.endpoint_of(beside, "c").await;
        let mut expected = Vec::new();
        for index in 0..6 {
            let fails = index % 2 == 0;
            let fresh = house.finished(acme, if index < 4 { &a } else { &b }, fails).await;
            house.finished(beside, &theirs, true).await;
            if fails {
                expected.push(fresh.delivery(0));
            }
        }
        for rows in [1, 2, 100] {
            let found: Vec<_> = house.past(acme, failed(), rows).await.iter().map(|it| it.id).collect();
            assert_eq!(found, expected, "{rows}");
            let to_b = DeliveryFilter { endpoint_id: Some(b.id), ..failed() };
            let found: Vec<_> = house.past(acme, to_b, rows).await.iter().map(|it| it.id).collect();
            assert_eq!(found, expected[2..], "{rows}");
            let states: Vec<_> = house.past(acme, all_to(a.id), rows).await.iter().map(|it| it.state).collect();
            assert_eq!(states, [11, 10, 11, 10], "{rows}");
        }
        let found = house.past(acme, failed(), 10).await.remove(0);
        assert_eq!((found.event_type.as_str(), found.accepted_at), ("user.created", OLD));
        assert!(found.has_payload);
    }

    async fn a_kill_between_steps_repeats_nothing_and_misses_nothing(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let mut held = house.job_of(a_replay(acme, "rpl_1")).await;
        for _ in 0..6 {
            house.finished(acme, &a, true).await;
        }
        let (mut after, end) = house.rows_since(acme.project, OLD).await.expect("read").deliveries;
        let mut steps = 0;
        loop {
            let stretch = Stretch { after, end, rows: 2 };
            let looked = house.past_deliveries(acme.scope(), failed(), stretch).await.expect("looked");
            let step = ReplayStep {
                reopened: looked.found.iter().map(|it| it.id).collect(),
                end: if looked.ended { the_end(looked.place) } else { at(looked.place) },
                ..ReplayStep::default()
            };
            let job = house.step_replay(held, step, NOW).await.expect("stepped").expect("its own");
            steps += 1;
            if job.state.is_ended() {
                assert_eq!(job.progress.done, 6);
                break;
            }
            house = house.crashed(NOW).await;
            let (job, lease) = house.take_job(NOW).await.expect("asked").expect("one");
            held = HeldJob { id: job.id, lease };
            after = job.place;
        }
        assert!(steps >= 3);
        assert_eq!(house.claim_lane(&a, 10, NOW).await.len(), 6);
    }

    async fn a_step_of_a_lost_lease_does_nothing(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let fresh = house.finished(acme, &a, true).await;
        let other = house.take_job(NOW).await.expect("asked");
        assert!(other.is_some(), "its lease began two days ago");
        let step = house.step_replay(held, reopening(fresh.delivery(0)), NOW).await;
        assert_eq!(step.expect("asked"), None);
        assert!(house.claim_lane(&a, 10, NOW).await.is_empty());
    }

    async fn a_crash_makes_a_claimed_reopened_delivery_due_again(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let failed = house.finished(acme, &a, true).await;
        house.replayed(held, reopening(failed.delivery(0))).await;
        house.late(held, failed.id, &b).await;
        for lane in [&a, &b] {
            house.only_claim(lane).await;
        }
        let house = house.crashed(NOW).await;
        for lane in [&a, &b] {
            house.only_claim(lane).await;
        }
    }

    async fn accounts_are_walked_by_row(house: House) {
        let acme = house.tenant("acme").await;
        let mut ids = vec![acme.account];
        for name in ["x", "y", "z"] {
            ids.push(house.neighbour(acme, name).await.account);
        }
        house.delete_account(acme.project, ids[2], NOW).await.expect("deleted");
        ids.remove(2);
        let mut found = Vec::new();
        while let Some(next) = house
            .accounts_after(acme.project, found.last().map_or(0, |it: &hookwright_core::ids::AccountId| it.0), 1)
            .await
            .expect("read")
            .first()
        {
            found.push(*next);
        }
        assert_eq!(found, ids);
    }
}
