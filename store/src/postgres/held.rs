//! Which first attempts this node has leased at insertion, by batch: what a successor would have
//! to look for, and what this node itself has lost sight of.
//!
//! All deliveries of one commit carry one token. Counting them down by token costs next to nothing
//! and tells the lowest row that can be outstanding without asking the database.

use std::collections::VecDeque;

use hookwright_core::time::UnixMs;

/// The deliveries leased by one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// Their token.
    pub(super) lease: i64,
    /// Their lowest and highest row.
    pub(super) rows: (i64, i64),
    /// How many of them are outstanding.
    pub(super) count: usize,
    /// When the earliest of them was accepted.
    pub(super) at: UnixMs,
    /// Whether it was stored is not known, and nobody in this process sends it.
    pub(super) in_doubt: bool,
}

/// Batches with something outstanding, oldest first.
#[derive(Debug, Default)]
pub(super) struct Held {
    batches: VecDeque<Batch>,
    /// Above every row of a batch that is done.
    done_to: i64,
    /// Tokens of claims whose commit was not answered, and when they were made.
    claims_in_doubt: Vec<(i64, UnixMs)>,
}

impl Held {
    /// Takes in a batch about to be committed: tokens grow.
    pub(super) fn add(&mut self, batch: Batch) {
        if batch.count > 0 {
            self.batches.push_back(batch);
        }
    }

    /// One delivery under this token is settled or given back. Tokens of claims are not known here.
    pub(super) fn give(&mut self, lease: i64) {
        if let Some(batch) = self.batch_mut(lease) {
            batch.count = batch.count.saturating_sub(1);
        }
        self.drop_done();
    }

    /// One delivery under this token will be given as if it was settled, and is not.
    pub(super) fn keep(&mut self, lease: i64) {
        if let Some(batch) = self.batch_mut(lease) {
            batch.count += 1;
        }
    }

    /// Forgets a batch: it was not committed, or what is left of it was made due.
    pub(super) fn forget(&mut self, lease: i64) {
        if let Some(batch) = self.batch_mut(lease) {
            batch.count = 0;
        }
        self.drop_done();
    }

    /// It may have been stored, and its events were answered as if it was not.
    pub(super) fn doubt(&mut self, lease: i64) {
        if let Some(batch) = self.batch_mut(lease) {
            batch.in_doubt = true;
        }
    }

    /// A claim may have been stored, and nobody in this process got what it took.
    pub(super) fn doubt_claim(&mut self, lease: i64, at: UnixMs) {
        self.claims_in_doubt.push((lease, at));
    }

    /// Tokens of such claims made after `at`: the leases of older ones have ended by themselves.
    pub(super) fn claims_in_doubt(&mut self, at: UnixMs) -> Vec<i64> {
        self.claims_in_doubt.retain(|(_, made_at)| *made_at > at);
        self.claims_in_doubt
            .iter()
            .map(|(lease, _)| *lease)
            .collect()
    }

    /// Below this row nothing of this node is outstanding, nor will be: with nothing outstanding,
    /// `idle` says where the next can begin.
    pub(super) fn low_water(&self, idle: i64) -> i64 {
        let lowest = self.batches.iter().map(|batch| batch.rows.0).min();
        lowest.unwrap_or(idle.max(self.done_to))
    }

    /// Batches with deliveries that this node has surely lost sight of: they were accepted at or
    /// before `at` and are still outstanding, or are in doubt.
    pub(super) fn out_of_sight(&self, at: UnixMs) -> Vec<Batch> {
        let is_lost = |batch: &&Batch| (batch.at <= at || batch.in_doubt) && batch.count > 0;
        self.batches.iter().filter(is_lost).copied().collect()
    }

    /// Nothing is this node's own any more.
    pub(super) fn clear(&mut self) {
        self.batches.clear();
        self.claims_in_doubt.clear();
    }

    fn batch_mut(&mut self, lease: i64) -> Option<&mut Batch> {
        let index = self
            .batches
            .binary_search_by_key(&lease, |batch| batch.lease);
        self.batches.get_mut(index.ok()?)
    }

    fn drop_done(&mut self) {
        while let Some(first) = self.batches.front().filter(|batch| batch.count == 0) {
            self.done_to = self.done_to.max(first.rows.1 + 1);
            self.batches.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(lease: i64, rows: (i64, i64), count: usize) -> Batch {
        let at = UnixMs(lease * 1_000);
        Batch {
            lease,
            rows,
            count,
            at,
            in_doubt: false,
        }
    }

    #[test]
    fn the_mark_is_the_lowest_row_of_what_is_outstanding() {
        let mut held = Held::default();
        assert_eq!(held.low_water(0), 0);
        held.add(batch(1, (10, 11), 2));
        held.add(batch(2, (12, 12), 1));
        held.give(2);
        assert_eq!(held.low_water(0), 10, "the first batch is not done");
        held.give(1);
        held.give(99);
        assert_eq!(held.low_water(0), 10);
        held.give(1);
        assert_eq!(held.low_water(0), 13);
        assert_eq!(
            held.low_water(90),
            90,
            "an idle node's mark goes with the time"
        );
    }

    #[test]
    fn only_old_batches_with_something_left_are_lost() {
        let mut held = Held::default();
        held.add(batch(1, (1, 2), 2));
        held.add(batch(3, (3, 3), 1));
        held.add(batch(5, (4, 4), 1));
        held.give(3);
        assert_eq!(held.out_of_sight(UnixMs(4_000)), [batch(1, (1, 2), 2)]);
        held.forget(1);
        assert_eq!(held.out_of_sight(UnixMs(9_000)), [batch(5, (4, 4), 1)]);
        held.clear();
        assert_eq!(held.out_of_sight(UnixMs(9_000)), []);
    }

    #[test]
    fn what_was_not_stored_is_found_by_its_age() {
        let mut held = Held::default();
        held.add(batch(1, (1, 1), 1));
        held.keep(1);
        held.give(1);
        assert_eq!(held.out_of_sight(UnixMs(1_000)), [batch(1, (1, 1), 1)]);
    }

    #[test]
    fn a_batch_in_doubt_is_out_of_sight_at_once() {
        let mut held = Held::default();
        held.add(batch(1, (1, 2), 2));
        held.add(batch(2, (3, 4), 2));
        held.doubt(2);
        let doubted = Batch {
            in_doubt: true,
            ..batch(2, (3, 4), 2)
        };
        assert_eq!(held.out_of_sight(UnixMs(0)), [doubted]);
        assert_eq!(held.low_water(0), 1, "and it is still held");
    }

    #[test]
    fn a_claim_stays_in_doubt_until_its_lease_would_have_ended() {
        let mut held = Held::default();
        held.doubt_claim(7, UnixMs(1_000));
        held.doubt_claim(8, UnixMs(2_000));
        assert_eq!(held.claims_in_doubt(UnixMs(0)), [7, 8]);
        assert_eq!(held.claims_in_doubt(UnixMs(1_000)), [8]);
        assert_eq!(
            held.claims_in_doubt(UnixMs(0)),
            [8],
            "forgotten is forgotten"
        );
    }
}
