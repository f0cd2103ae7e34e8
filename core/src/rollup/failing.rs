//! Which endpoints failed in a stretch of time, and how often? All of them in one small document:
//! who looks for the worst of thousands need not read what else was counted of each.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Unreadable;
use super::encoding::{put, take};
use crate::ids::EndpointId;
use crate::limits::FAILING_ENDPOINTS_MAX;

const VERSION: u8 = 1;

/// Failures of endpoints. [`FAILING_ENDPOINTS_MAX`] of them at most: those that failed most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// By endpoint; none that never failed.
    failures: BTreeMap<i64, u64>,
    /// Whether none was ever left out.
    is_whole: bool,
}

impl Default for Failing {
    fn default() -> Self {
        Self {
            failures: BTreeMap::new(),
            is_whole: true,
        }
    }
}

impl Failing {
    /// Counts more failures of an endpoint.
    pub fn add(&mut self, endpoint: EndpointId, failures: u64) {
        if failures > 0 {
            let sum = self.failures.entry(endpoint.0).or_default();
            *sum = sum.saturating_add(failures);
        }
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        for (endpoint, failures) in other.iter() {
            self.add(endpoint, failures);
        }
        self.is_whole &= other.is_whole;
    }

    /// Endpoints and their failures, in the order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (EndpointId, u64)> {
        let pairs = self.failures.iter();
        pairs.map(|(id, failures)| (EndpointId(*id), *failures))
    }

    /// Whether all that failed are in it.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// As it is stored: within bounds.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut kept: Vec<(i64, u64)> = self.failures.iter().map(|(id, sum)| (*id, *sum)).collect();
        let is_whole = self.is_whole && kept.len() <= FAILING_ENDPOINTS_MAX;
        if kept.len() > FAILING_ENDPOINTS_MAX {
            kept.sort_unstable_by_key(|(id, failures)| (Reverse(*failures), *id));
            kept.truncate(FAILING_ENDPOINTS_MAX);
            kept.sort_unstable();
        }
        let mut bytes = vec![VERSION, u8::from(is_whole)];
        let mut before = 0;
        for (id, failures) in kept {
            put(&mut bytes, id.wrapping_sub(before).cast_unsigned());
            put(&mut bytes, failures);
            before = id;
        }
        bytes
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// For any other bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let [VERSION, is_whole @ (0 | 1), rest @ ..] = bytes else {
            return Err(Unreadable);
        };
        let mut failing = Self {
            failures: BTreeMap::new(),
            is_whole: *is_whole == 1,
        };
        let mut rest = rest;
        let mut id = 0_i64;
        while !rest.is_empty() {
            id = id.wrapping_add(take(&mut rest)?.cast_signed());
            failing.add(EndpointId(id), take(&mut rest)?);
        }
        Ok(failing)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(pairs: impl IntoIterator<Item = (i64, u64)>) -> Failing {
        let mut failing = Failing::default();
        for (id, failures) in pairs {
            failing.add(EndpointId(id), failures);
        }
        failing
    }

    proptest! {
        #[test]
        fn failures_read_back(pairs in prop::collection::vec(any::<(i64, u64)>(), 0..50)) {
            let failing = of(pairs);
            prop_assert_eq!(Failing::decode(&failing.encode()), Ok(failing));
        }

        #[test]
        fn other_bytes_are_refused_or_read_and_nothing_breaks(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(failing) = Failing::decode(&bytes) {
                prop_assert_eq!(Failing::decode(&failing.encode()), Ok(failing));
            }
        }
    }

    #[test]
    fn one_that_never_failed_is_not_among_them() {
        let failing = of([(1, 0), (2, 3), (2, 4)]);
        assert_eq!(failing.iter().collect::<Vec<_>>(), [(EndpointId(2), 7)]);
    }

    #[test]
    fn beyond_the_bound_those_that_failed_least_are_left_out_and_it_says_so() {
        let most = FAILING_ENDPOINTS_MAX as i64;
        let full = of((0..most).map(|id| (id, 2)));
        assert!(Failing::decode(&full.encode()).is_ok_and(|it| it.is_whole()));
        let mut over = full;
        over.merge(&of([(most, 1), (most + 1, 9)]));
        let kept = Failing::decode(&over.encode()).expect("read");
        assert!(!kept.is_whole());
        let ids: Vec<i64> = kept.iter().map(|(id, _)| id.0).collect();
        assert_eq!(ids.len(), FAILING_ENDPOINTS_MAX);
        assert!(ids.contains(&(most + 1)) && !ids.contains(&most));
        let mut later = Failing::default();
        later.merge(&kept);
        assert!(!later.is_whole(), "what was left out stays unknown");
    }
}
