//! Which lanes have something waiting in the store, and when it is due.

use std::collections::{BTreeSet, HashMap};

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

/// The earliest known due time of each lane that waits: a hint. A lane that is missing here is
/// found by the next look into the store.
#[derive(Default)]
pub(crate) struct Waiting {
    by_time: BTreeSet<(UnixMs, EndpointId)>,
    times: HashMap<EndpointId, UnixMs>,
}

impl Waiting {
    /// Something of this lane is due at `at`.
    pub(crate) fn add(&mut self, id: EndpointId, at: UnixMs) {
        match self.times.get(&id) {
            Some(known) if *known <= at => return,
            Some(known) => {
                self.by_time.remove(&(*known, id));
            }
            None => {}
        }
        self.times.insert(id, at);
        self.by_time.insert((at, id));
    }

    pub(crate) fn next_at(&self) -> Option<UnixMs> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes up to `count` lanes that are due by `now`.
    pub(crate) fn take_due(&mut self, now: UnixMs, count: usize) -> Vec<EndpointId> {
        let mut due = Vec::new();
        while due.len() < count
            && let Some((at, id)) = self.by_time.first().copied()
            && at <= now
        {
            self.by_time.pop_first();
            self.times.remove(&id);
            due.push(id);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_due_at_the_earliest_of_its_times_and_taken_once() {
        let mut waiting = Waiting::default();
        waiting.add(EndpointId(1), UnixMs(30));
        waiting.add(EndpointId(1), UnixMs(10));
        waiting.add(EndpointId(1), UnixMs(20));
        waiting.add(EndpointId(2), UnixMs(5));
        assert_eq!(waiting.next_at(), Some(UnixMs(5)));
        assert_eq!(
            waiting.take_due(UnixMs(10), 9),
            [EndpointId(2), EndpointId(1)]
        );
        assert_eq!(waiting.next_at(), None);
    }

    #[test]
    fn what_is_not_due_yet_stays() {
        let mut waiting = Waiting::default();
        waiting.add(EndpointId(1), UnixMs(30));
        assert_eq!(waiting.take_due(UnixMs(29), 9), []);
        assert_eq!(waiting.next_at(), Some(UnixMs(30)));
    }
}
