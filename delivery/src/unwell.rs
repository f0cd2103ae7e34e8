//! What is written down of endpoints that do not do well, and what is to be written next.
//!
//! Of endpoints that do well nothing is here: looking is one question to an empty table.

use std::collections::HashMap;

use hookwright_core::breaker::{BreakerChange, BreakerState};
use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::time::UnixMs;
use hookwright_store::{EndpointHealth, HealthChange};

/// Changes in one writing.
const WRITTEN_AT_ONCE: usize = 500;
/// A writing that failed is tried again after this long.
const RETRY_MS: u64 = 1_000;

/// An endpoint as the store names it.
pub(crate) type Name = (ProjectId, EndpointId);

/// What is known.
#[derive(Default)]
pub(crate) struct Unwell {
    failing: HashMap<EndpointId, (ProjectId, UnixMs)>,
    /// Since and until when breakers are open.
    open: HashMap<EndpointId, (UnixMs, UnixMs)>,
    to_write: HashMap<EndpointId, HealthChange>,
    is_writing: bool,
    not_before: UnixMs,
    /// Grows with whatever changes here: what was read before is old then.
    version: u64,
}

impl Unwell {
    /// Since when all attempts to an endpoint fail, as it is written down.
    pub(crate) fn failing_since(&self, id: EndpointId) -> Option<UnixMs> {
        self.failing.get(&id).map(|(_, since)| *since)
    }

    /// Since and until when an endpoint's breaker is open, as it is written down.
    pub(crate) fn open(&self, id: EndpointId) -> Option<(UnixMs, UnixMs)> {
        self.open.get(&id).copied()
    }

    /// Those of which all attempts fail, as it is written down.
    pub(crate) fn failing(&self) -> Vec<(Name, UnixMs)> {
        let all = self.failing.iter();
        all.map(|(id, (project, since))| ((*project, *id), *since))
            .collect()
    }

    /// Whether nothing is written down of this endpoint's failing: nearly always so.
    pub(crate) fn is_fine(&self, id: EndpointId) -> bool {
        self.failing.is_empty() || !self.failing.contains_key(&id)
    }

    /// It is to be written down since when all attempts fail, or that one succeeded.
    pub(crate) fn note_failing(&mut self, name: Name, since: Option<UnixMs>) {
        let (project, id) = name;
        match since {
            Some(since) => self.failing.insert(id, (project, since)),
            None => self.failing.remove(&id),
        };
        self.change(name).failing_since = Some(since);
    }

    /// It is to be written down what a breaker does.
    pub(crate) fn note_breaker(&mut self, name: Name, change: BreakerChange, at: UnixMs) {
        match change.until {
            Some(until) => self.open.insert(name.1, (at, until)),
            None => self.open.remove(&name.1),
        };
        self.change(name).breaker = Some((change, at));
    }

    /// A breaker is closed, as it is written down already.
    pub(crate) fn forget_open(&mut self, id: EndpointId) {
        self.version += 1;
        self.open.remove(&id);
        if let Some(change) = self.to_write.get_mut(&id) {
            change.breaker = None;
        }
    }

    /// Takes what is to be written now, if nothing else is being written.
    pub(crate) fn take(&mut self, now: UnixMs) -> Option<Vec<HealthChange>> {
        if self.is_writing || self.to_write.is_empty() || now < self.not_before {
            return None;
        }
        self.is_writing = true;
        let some: Vec<EndpointId> = self
            .to_write
            .keys()
            .take(WRITTEN_AT_ONCE)
            .copied()
            .collect();
        let taken = some.iter().filter_map(|id| self.to_write.remove(id));
        Some(taken.collect())
    }

    /// What was taken is written, or is to be written again unless there is something newer.
    pub(crate) fn done(&mut self, failed: Option<Vec<HealthChange>>, now: UnixMs) {
        self.is_writing = false;
        self.version += 1;
        for old in failed.into_iter().flatten() {
            self.not_before = now.plus_ms(RETRY_MS);
            let name = (old.project_id, old.endpoint_id);
            let new = self.change(name);
            new.failing_since = new.failing_since.or(old.failing_since);
            new.breaker = new.breaker.take().or(old.breaker);
        }
    }

    /// Where this stands, for [`Self::take_in`].
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// Takes in all that is written down, if it was read when this stood at `version` and still is
    /// the newest.
    pub(crate) fn take_in(&mut self, version: u64, all: Vec<EndpointHealth>) -> bool {
        if self.version != version || self.is_writing || !self.to_write.is_empty() {
            return false;
        }
        let failing = all.iter().filter_map(|it| {
            let since = it.failing_since?;
            Some((it.endpoint_id, (it.project_id, since)))
        });
        self.failing = failing.collect();
        self.open = all.iter().filter_map(open_of).collect();
        true
    }

    /// Takes in how one breaker stands, as it is written down, unless something newer is to be written.
    /// Says whether it did.
    pub(crate) fn learn_breaker(&mut self, written: &EndpointHealth) -> bool {
        let id = written.endpoint_id;
        let newer = self.to_write.get(&id);
        if newer.is_some_and(|change| change.breaker.is_some()) {
            return false;
        }
        self.version += 1;
        match open_of(written) {
            Some((_, open)) => self.open.insert(id, open),
            None => self.open.remove(&id),
        };
        true
    }

    fn change(&mut self, (project_id, endpoint_id): Name) -> &mut HealthChange {
        self.version += 1;
        self.to_write.entry(endpoint_id).or_insert(HealthChange {
            project_id,
            endpoint_id,
            failing_since: None,
            breaker: None,
        })
    }
}

/// One that was half-open when that was written down is to be tried again at once.
fn open_of(health: &EndpointHealth) -> Option<(EndpointId, (UnixMs, UnixMs))> {
    let since = health.breaker_at.unwrap_or_default();
    let until = match health.breaker {
        BreakerState::Closed => return None,
        BreakerState::Open => health.breaker_until.unwrap_or(since),
        BreakerState::HalfOpen => since,
    };
    Some((health.endpoint_id, (since, until)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Name = (ProjectId(1), EndpointId(7));
    const T0: UnixMs = UnixMs(1_700_000_000_000);

    fn written(failing_since: Option<UnixMs>) -> EndpointHealth {
        EndpointHealth {
            project_id: NAME.0,
            endpoint_id: NAME.1,
            failing_since,
            breaker: BreakerState::Open,
            breaker_reason: None,
            breaker_until: Some(T0.plus_ms(5)),
            breaker_at: Some(T0),
        }
    }

    #[test]
    fn changes_of_one_endpoint_are_written_together() {
        let mut unwell = Unwell::default();
        unwell.note_failing(NAME, Some(T0));
        let change = BreakerChange {
            state: BreakerState::Open,
            reason: String::new(),
            until: Some(T0.plus_ms(9)),
        };
        unwell.note_breaker(NAME, change, T0);
        assert_eq!(unwell.open(NAME.1), Some((T0, T0.plus_ms(9))));
        let taken = unwell.take(T0).unwrap();
        assert_eq!(taken.len(), 1);
        assert!(taken[0].failing_since.is_some() && taken[0].breaker.is_some());
        assert_eq!(unwell.take(T0), None);
    }

    #[test]
    fn one_writing_follows_another() {
        let mut unwell = Unwell::default();
        unwell.note_failing(NAME, Some(T0));
        assert!(unwell.take(T0).is_some());
        unwell.note_failing(NAME, None);
        assert_eq!(unwell.take(T0), None, "the first is not done");
        unwell.done(None, T0);
        assert_eq!(unwell.take(T0).unwrap()[0].failing_since, Some(None));
    }

    #[test]
    fn what_could_not_be_written_is_tried_again_unless_it_is_old() {
        let mut unwell = Unwell::default();
        unwell.note_failing(NAME, Some(T0));
        let taken = unwell.take(T0);
        unwell.note_failing(NAME, None);
        unwell.done(taken, T0);
        assert_eq!(unwell.take(T0), None, "not at once");
        let again = unwell.take(T0.plus_ms(RETRY_MS)).unwrap();
        assert_eq!(again[0].failing_since, Some(None));
    }

    #[test]
    fn one_breaker_is_taken_in_unless_something_newer_is_to_be_written() {
        let mut unwell = Unwell::default();
        let before = unwell.version();
        assert!(unwell.learn_breaker(&written(None)));
        assert_eq!(unwell.open(NAME.1), Some((T0, T0.plus_ms(5))));
        assert!(!unwell.take_in(before, Vec::new()), "read before that");
        let closed = EndpointHealth {
            breaker: BreakerState::Closed,
            ..written(None)
        };
        assert!(unwell.learn_breaker(&closed));
        assert_eq!(unwell.open(NAME.1), None);
        let change = BreakerChange {
            state: BreakerState::Closed,
            reason: String::new(),
            until: None,
        };
        unwell.note_breaker(NAME, change, T0);
        assert!(!unwell.learn_breaker(&written(None)));
        assert_eq!(unwell.open(NAME.1), None);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_taken_in() {
        let mut unwell = Unwell::default();
        let before = unwell.version();
        unwell.note_failing(NAME, None);
        assert!(!unwell.take_in(before, vec![written(Some(T0))]));
        let during = unwell.version();
        assert!(
            !unwell.take_in(during, vec![written(Some(T0))]),
            "unwritten"
        );
        let taken = unwell.take(T0);
        assert!(taken.is_some());
        unwell.done(None, T0);
        assert!(unwell.take_in(unwell.version(), vec![written(Some(T0))]));
        assert_eq!(unwell.failing_since(NAME.1), Some(T0));
        assert_eq!(unwell.open(NAME.1), Some((T0, T0.plus_ms(5))));
        assert!(!unwell.is_fine(NAME.1));
    }
}
