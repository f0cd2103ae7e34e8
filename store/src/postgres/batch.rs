//! What one commit takes: queued events and outcomes, and how a refused batch is taken apart.

use std::time::{Duration, Instant};

use crate::append::{Append, Appended};
use crate::error::StoreError;
use crate::model::Settlement;

use super::Result;

/// An event that could not be stored for this long is answered as such.
const APPEND_WITHIN: Duration = Duration::from_secs(10);

pub(super) type AppendDone = Box<dyn FnOnce(Append, Result<Appended>) + Send>;
pub(super) type SettleDone = Box<dyn FnOnce(Result<Vec<bool>>) + Send>;

/// An event that waits for its commit.
pub(super) struct Queued {
    pub(super) append: Append,
    pub(super) done: AppendDone,
    pub(super) since: Instant,
}

impl Queued {
    pub(super) fn is_late(&self) -> bool {
        self.since.elapsed() > APPEND_WITHIN
    }
}

/// Outcomes that wait for their commit.
pub(super) struct Outcomes {
    pub(super) settlements: Vec<Settlement>,
    pub(super) done: SettleDone,
}

/// Everything that one commit takes.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) appends: Vec<Queued>,
    pub(super) outcomes: Vec<Outcomes>,
}

impl Batch {
    pub(super) const fn is_empty(&self) -> bool {
        self.appends.is_empty() && self.outcomes.is_empty()
    }

    /// Two halves, to find which part it is that the database refuses; `None` for a single thing.
    pub(super) fn split(mut self) -> std::result::Result<(Self, Self), Self> {
        if !self.appends.is_empty() && !self.outcomes.is_empty() {
            let appends = std::mem::take(&mut self.appends);
            let other = Self {
                appends,
                ..Self::default()
            };
            return Ok((self, other));
        }
        if self.appends.len() + self.outcomes.len() < 2 {
            return Err(self);
        }
        let appends = self.appends.split_off(self.appends.len() / 2);
        let outcomes = self.outcomes.split_off(self.outcomes.len() / 2);
        Ok((self, Self { appends, outcomes }))
    }

    /// Tells everybody in it that it was not stored.
    pub(super) fn refuse(self, reason: impl Fn() -> StoreError) {
        for queued in self.appends {
            (queued.done)(queued.append, Err(reason()));
        }
        for outcomes in self.outcomes {
            (outcomes.done)(Err(reason()));
        }
    }
}
