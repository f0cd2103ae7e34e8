//! What becomes of deliveries in memory that were cancelled in the store: they are not sent.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use hookwright_core::ids::{DeliveryId, EndpointId};

use super::State;
use crate::inbox::Job;

/// Takes them out of their lanes. One whose request is under way goes on, and its outcome is refused.
pub(super) fn cancelled(state: &Rc<State>, ids: &[(DeliveryId, EndpointId)]) {
    let mut by_lane: HashMap<EndpointId, HashSet<DeliveryId>> = HashMap::new();
    for (id, lane) in ids {
        by_lane.entry(*lane).or_default().insert(*id);
    }
    let now = state.now();
    let mut taken: Vec<Job> = Vec::new();
    for (id, cancelled) in by_lane {
        let mut lanes = state.lanes.borrow_mut();
        if let Some(lane) = lanes.get_mut(id) {
            // A person asked for the attempt of a resend: it is not the delivery's own.
            let is_gone = |job: &Job| cancelled.contains(&job.claimed.id) && !job.claimed.manual;
            let (gone, kept): (Vec<Job>, Vec<Job>) = lane.jobs.drain(..).partition(is_gone);
            lane.jobs.extend(kept);
            taken.extend(gone);
        }
        lanes.refresh(id, state.now_us());
        drop(lanes);
        // What comes after it in the lane may be due.
        state.waiting.borrow_mut().add(id, now);
    }
    // The store has nothing to give back; their places are freed.
    state.release(taken);
}
