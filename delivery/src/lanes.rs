//! Whose turn it is: deficit round robin over the lanes that can send now.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

use crate::gate::Gate;
use crate::inbox::Job;
use crate::lane::Lane;
use crate::lane_gauge::LaneGauge;

/// What a lane may send in one turn, in units of cost.
const QUANTUM: u64 = 4;
/// Payload bytes that cost as much as a request itself.
const BYTES_PER_COST: u64 = 16 * 1024;

/// All lanes of this node.
pub(crate) struct Lanes {
    lanes: HashMap<EndpointId, Lane>,
    round: VecDeque<EndpointId>,
    /// Lanes that wait for a token of their rate limit.
    limited: HashSet<EndpointId>,
    gate: Arc<Gate>,
}

impl Lanes {
    pub(crate) fn new(gate: Arc<Gate>) -> Self {
        Self {
            lanes: HashMap::new(),
            round: VecDeque::new(),
            limited: HashSet::new(),
            gate,
        }
    }

    pub(crate) fn get_mut(&mut self, id: EndpointId) -> Option<&mut Lane> {
        self.lanes.get_mut(&id)
    }

    pub(crate) fn ids(&self) -> Vec<EndpointId> {
        self.lanes.keys().copied().collect()
    }

    pub(crate) fn queued(&self) -> usize {
        self.lanes.values().map(|lane| lane.jobs.len()).sum()
    }

    /// The lane of an endpoint, made at first use.
    pub(crate) fn lane(&mut self, id: EndpointId, gauge: &Arc<LaneGauge>) -> &mut Lane {
        match self.lanes.entry(id) {
            Entry::Occupied(lane) => lane.into_mut(),
            Entry::Vacant(place) => place.insert(Lane::new(Arc::clone(gauge))),
        }
    }

    /// Drops a lane that has nothing left and nothing to remember. Its connections close.
    pub(crate) fn remove_if_empty(&mut self, id: EndpointId, now: UnixMs) {
        let empty = |lane: &Lane| lane.is_forgettable(now);
        if self.lanes.get(&id).is_some_and(empty)
            && let Some(lane) = self.lanes.remove(&id)
        {
            lane.idle.close();
        }
    }

    /// Puts a lane into the round if it can send, and tells the gate what waits in lanes that
    /// cannot: nobody is held back for those.
    pub(crate) fn refresh(&mut self, id: EndpointId, now_us: u64) {
        let Some(lane) = self.lanes.get_mut(&id) else {
            return;
        };
        if lane.is_ready(now_us) {
            if !lane.in_round {
                lane.in_round = true;
                lane.deficit = 0;
                self.round.push_back(id);
            }
        } else {
            if !lane.jobs.is_empty() && lane.next_token_us > now_us {
                self.limited.insert(id);
            }
            let mut uncounted = 0;
            for job in lane.jobs.iter_mut().filter(|job| job.counted) {
                job.counted = false;
                uncounted += 1;
            }
            if uncounted > 0 {
                self.gate.remove(uncounted);
            }
        }
    }

    /// The next delivery to send, its lane's place taken.
    pub(crate) fn next(&mut self, now_us: u64) -> Option<Job> {
        // Each turn either sends or ends the lane's turn; a lane's deficit covers its next job
        // after a bounded number of turns, since a payload's size is bounded.
        while let Some(id) = self.round.front().copied() {
            let Some(lane) = self.lanes.get_mut(&id) else {
                self.round.pop_front();
                continue;
            };
            if !lane.is_ready(now_us) {
                self.round.pop_front();
                lane.in_round = false;
                self.refresh(id, now_us);
                continue;
            }
            let price = lane.jobs.front().map_or(1, cost);
            if lane.deficit < price {
                lane.deficit += QUANTUM;
                self.round.rotate_left(1);
                continue;
            }
            lane.deficit -= price;
            lane.in_flight += 1;
            lane.spend(now_us);
            return lane.jobs.pop_front();
        }
        None
    }

    /// Brings lanes whose token has come back into the round.
    pub(crate) fn take_tokens(&mut self, now_us: u64) {
        let come: Vec<EndpointId> = self
            .limited
            .extract_if(|id| {
                let lane = self.lanes.get(id);
                lane.is_none_or(|lane| lane.next_token_us <= now_us)
            })
            .collect();
        for id in come {
            self.refresh(id, now_us);
        }
    }

    /// When the next rate-limited lane may send again.
    pub(crate) fn next_token_us(&self) -> Option<u64> {
        let lanes = self.limited.iter().filter_map(|id| self.lanes.get(id));
        lanes.map(|lane| lane.next_token_us).min()
    }
}

fn cost(job: &Job) -> u64 {
    let bytes = job
        .claimed
        .event
        .payload
        .as_ref()
        .map_or(0, bytes::Bytes::len);
    1 + bytes as u64 / BYTES_PER_COST
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::tests::job;

    const LANE: EndpointId = EndpointId(1);

    fn lanes(jobs: usize) -> Lanes {
        let mut lanes = Lanes::new(Arc::default());
        let lane = lanes.lane(LANE, &Arc::default());
        lane.jobs.extend((0..jobs).map(|_| job(LANE)));
        lanes
    }

    #[test]
    fn a_rate_limited_lane_goes_on_when_its_token_comes() {
        let mut lanes = lanes(3);
        lanes
            .lane(LANE, &Arc::default())
            .gauge
            .set_rate_limits(Some(10), None);
        lanes.refresh(LANE, 1_000_000);
        assert!(lanes.next(1_000_000).is_some());
        assert!(lanes.next(1_000_000).is_none());
        let at = lanes.next_token_us().expect("it waits");
        assert_eq!(at, 1_100_000);
        lanes.take_tokens(at - 1);
        assert!(lanes.next(at - 1).is_none());
        lanes.take_tokens(at);
        assert!(lanes.next(at).is_some());
        assert!(lanes.next(at).is_none());
        assert_eq!(lanes.next_token_us(), Some(1_200_000));
    }

    #[test]
    fn an_endpoints_own_concurrency_bounds_what_is_under_way() {
        let mut lanes = lanes(5);
        let lane = lanes.lane(LANE, &Arc::default());
        lane.gauge.set_concurrency(Some(2));
        lanes.refresh(LANE, 0);
        assert!(lanes.next(0).is_some() && lanes.next(0).is_some());
        assert!(lanes.next(0).is_none());
        lanes.lane(LANE, &Arc::default()).in_flight -= 1;
        lanes.refresh(LANE, 0);
        assert!(lanes.next(0).is_some());
        assert!(lanes.next(0).is_none());
    }

    #[test]
    fn a_lane_at_its_concurrency_waits_for_no_token() {
        let mut lanes = lanes(100);
        lanes.refresh(LANE, 0);
        while lanes.next(0).is_some() {}
        assert_eq!(lanes.next_token_us(), None);
    }
}
