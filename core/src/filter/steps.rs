//! How much work may filters make?
//!
//! A filter and the payload are given by different people, and neither may hold up the others'
//! events. So each value looked at is counted, and a filter that would take too many does not match.

use crate::limits::{EVENT_FILTER_STEPS_MAX, FILTER_STEPS_MAX};

/// Bytes of text that are compared at the cost of one step.
const TEXT_BYTES_PER_STEP: u64 = 32;

/// The steps that are left.
#[derive(Clone, Copy, Debug)]
pub struct Steps(u64);

impl Steps {
    /// Those of all filters over one payload.
    #[must_use]
    pub const fn of_event() -> Self {
        Self(EVENT_FILTER_STEPS_MAX)
    }

    /// Those of one filter; of others' there may be fewer left.
    pub(super) fn of_filter(self) -> Self {
        Self(self.0.min(FILTER_STEPS_MAX))
    }

    /// Takes what another count took.
    pub(super) const fn take_as(&mut self, before: Self, after: Self) {
        self.0 = self.0.saturating_sub(before.0 - after.0);
    }

    /// Whether there were as many. If not, none are left.
    pub(super) const fn take(&mut self, steps: u64) -> bool {
        match self.0.checked_sub(steps) {
            Some(left) => self.0 = left,
            None => self.0 = 0,
        }
        self.0 > 0
    }

    /// Takes the cost of looking at so much text.
    pub(super) const fn take_text(&mut self, bytes: usize) -> bool {
        self.take(1 + bytes as u64 / TEXT_BYTES_PER_STEP)
    }

    pub(super) const fn are_used_up(self) -> bool {
        self.0 == 0
    }
}
