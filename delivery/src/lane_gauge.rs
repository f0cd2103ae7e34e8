//! How full is an endpoint's lane, and how fast may it be emptied? Shared by publishers and the worker.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use hookwright_core::limits::{LANE_CONCURRENCY_MAX, LANE_DELIVERIES_MAX};

/// One lane's measure.
pub(crate) struct LaneGauge {
    held: AtomicU32,
    limit: AtomicU32,
    /// Requests under way at once at most.
    concurrency: AtomicU32,
    /// The least time between two requests; 0 is none.
    gap_us: AtomicU64,
}

impl Default for LaneGauge {
    fn default() -> Self {
        Self {
            held: AtomicU32::new(0),
            limit: AtomicU32::new(LANE_DELIVERIES_MAX as u32),
            concurrency: AtomicU32::new(LANE_CONCURRENCY_MAX as u32),
            gap_us: AtomicU64::new(0),
        }
    }
}

impl LaneGauge {
    /// Takes a place in the lane, if there is one.
    pub(crate) fn take(&self) -> bool {
        let held = self.held.fetch_add(1, Ordering::Relaxed);
        let room = held < self.limit.load(Ordering::Relaxed);
        if !room {
            self.give(1);
        }
        room
    }

    /// Takes places without asking: the worker has reserved them.
    pub(crate) fn add(&self, count: u32) {
        self.held.fetch_add(count, Ordering::Relaxed);
    }

    /// Gives places back.
    pub(crate) fn give(&self, count: u32) {
        self.held.fetch_sub(count, Ordering::Relaxed);
    }

    /// How many it holds.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed) as usize
    }

    /// How many more fit.
    pub(crate) fn room(&self) -> usize {
        let held = self.held.load(Ordering::Relaxed);
        self.limit.load(Ordering::Relaxed).saturating_sub(held) as usize
    }

    /// The time between two requests of a rate-limited endpoint.
    pub(crate) fn token_gap_us(&self) -> Option<u64> {
        let gap_us = self.gap_us.load(Ordering::Relaxed);
        (gap_us > 0).then_some(gap_us)
    }

    /// Sets or lifts the endpoint's rate limits: its own in requests per second, and its
    /// receiver's in requests per minute. The lower one counts.
    pub(crate) fn set_rate_limits(&self, per_second: Option<u32>, per_minute: Option<u32>) {
        let gap_us =
            |unit_us: u64, rate: Option<u32>| rate.map_or(0, |it| unit_us / u64::from(it.max(1)));
        let gap_us = gap_us(1_000_000, per_second).max(gap_us(60_000_000, per_minute));
        self.gap_us.store(gap_us, Ordering::Relaxed);
    }

    /// Requests that may be under way at once.
    pub(crate) fn concurrency(&self) -> usize {
        self.concurrency.load(Ordering::Relaxed) as usize
    }

    /// Sets or lifts the endpoint's own limit of requests under way.
    pub(crate) fn set_concurrency(&self, own: Option<u32>) {
        let most = LANE_CONCURRENCY_MAX as u32;
        let own = own.map_or(most, |own| own.clamp(1, most));
        self.concurrency.store(own, Ordering::Relaxed);
    }

    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit as u32, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_of_two_rate_limits_counts() {
        let gauge = LaneGauge::default();
        let gap_us = |per_second, per_minute| {
            gauge.set_rate_limits(per_second, per_minute);
            gauge.token_gap_us()
        };
        assert_eq!(gap_us(None, None), None);
        assert_eq!(gap_us(Some(10), None), Some(100_000));
        assert_eq!(gap_us(Some(10), Some(30)), Some(2_000_000));
        assert_eq!(gap_us(Some(1), Some(600)), Some(1_000_000));
    }

    #[test]
    fn concurrency_is_never_none_and_never_more_than_a_lane_has() {
        let gauge = LaneGauge::default();
        for (own, is) in [(None, 32), (Some(3), 3), (Some(0), 1), (Some(1_000), 32)] {
            gauge.set_concurrency(own);
            assert_eq!(gauge.concurrency(), is);
        }
    }
}
