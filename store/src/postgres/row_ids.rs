//! How a node numbers events and deliveries without asking anybody.
//!
//! A row id is 56 bits: a tick of 1.024 s since 2020 (31 bits), the node's slot (8 bits) and a
//! sequence (17 bits). So ids sort by time, to a tick across nodes and exactly within one; a range
//! of ids is a range of time; and no two living nodes make the same one. A node that needs more
//! than a tick has borrows from the ticks to come.

use hookwright_core::time::UnixMs;

/// 2020-01-01T00:00:00Z.
const EPOCH_MS: i64 = 1_577_836_800_000;
const TICK_BITS: u32 = 10;
const SLOT_BITS: u32 = 8;
const SEQUENCE_BITS: u32 = 17;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Slots that there are.
pub(super) const SLOTS: i64 = 1 << SLOT_BITS;
/// No node's: of deliveries that are made later than their events.
const LATE_SLOT: i64 = SLOTS - 1;
/// How many nodes can live at once.
pub(super) const NODE_SLOTS: i64 = SLOTS - 1;

/// The lowest id that anything made at `at` or later can have.
pub(super) const fn lowest_at(at: UnixMs) -> i64 {
    let since = at.0 - EPOCH_MS;
    let tick = if since > 0 { since >> TICK_BITS } else { 0 };
    tick << (SLOT_BITS + SEQUENCE_BITS)
}

/// The time at which a row of this id was made, to a tick.
pub(super) const fn made_at(id: i64) -> UnixMs {
    UnixMs(EPOCH_MS + ((id >> (SLOT_BITS + SEQUENCE_BITS)) << TICK_BITS))
}

/// The number of the UTC day that `at` lies in, since 1970.
pub(super) const fn day_of(at: UnixMs) -> i64 {
    at.0.div_euclid(DAY_MS)
}

/// The first moment of a day.
pub(super) const fn start_of(day: i64) -> UnixMs {
    UnixMs(day * DAY_MS)
}

/// Hands out ids of one kind for one node.
#[derive(Debug)]
pub(super) struct RowIds {
    slot: i64,
    next: i64,
}

impl RowIds {
    pub(super) const fn new(slot: i64) -> Self {
        Self { slot, next: 0 }
    }

    /// The first of `count` ids that follow one another, none of them handed out before.
    pub(super) fn take(&mut self, now: UnixMs, count: usize) -> i64 {
        let first_of_tick =
            |tick: i64| (tick << (SLOT_BITS + SEQUENCE_BITS)) | (self.slot << SEQUENCE_BITS);
        let now_tick = lowest_at(now) >> (SLOT_BITS + SEQUENCE_BITS);
        let mut first = self.next.max(first_of_tick(now_tick));
        let sequence = first & ((1 << SEQUENCE_BITS) - 1);
        let count = count as i64;
        let spilled = (first >> SEQUENCE_BITS) & (SLOTS - 1) != self.slot;
        if spilled || sequence + count > 1 << SEQUENCE_BITS {
            first = first_of_tick((first >> (SLOT_BITS + SEQUENCE_BITS)) + 1);
        }
        self.next = first + count;
        first
    }

    /// Numbers nothing lower than the tick of `other` from now on: an event and its deliveries are
    /// made at one time, and lie in one day.
    pub(super) fn catch_up(&mut self, other: i64) {
        let tick = other >> (SLOT_BITS + SEQUENCE_BITS);
        let first = (tick << (SLOT_BITS + SEQUENCE_BITS)) | (self.slot << SEQUENCE_BITS);
        self.next = self.next.max(first);
    }

    /// Leaves out what remains of this tick, as when one of its ids turned out to be taken.
    pub(super) fn skip_tick(&mut self) {
        let tick = self.next >> (SLOT_BITS + SEQUENCE_BITS);
        self.next = ((tick + 1) << (SLOT_BITS + SEQUENCE_BITS)) | (self.slot << SEQUENCE_BITS);
    }
}

/// Ids of one tick for deliveries that are made later than their events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LateIds {
    tick: i64,
    next: i64,
}

impl LateIds {
    /// Those of an event's own time.
    pub(super) const fn of(event: i64) -> Self {
        Self::of_tick(event >> (SLOT_BITS + SEQUENCE_BITS))
    }

    const fn of_tick(tick: i64) -> Self {
        let next = (tick << (SLOT_BITS + SEQUENCE_BITS)) | (LATE_SLOT << SEQUENCE_BITS);
        Self { tick, next }
    }

    pub(super) const fn tick(self) -> i64 {
        self.tick
    }

    /// The first of them, and the one after the last.
    pub(super) const fn rows(self) -> (i64, i64) {
        let first = Self::of_tick(self.tick).next;
        (first, first + (1 << SEQUENCE_BITS))
    }

    /// The last one that is taken already.
    pub(super) fn used(&mut self, last: Option<i64>) {
        self.next = last.map_or(self.next, |last| self.next.max(last + 1));
    }

    /// The next that is free; `None` when all are taken.
    pub(super) fn take(&mut self) -> Option<i64> {
        let id = self.next;
        (id < self.rows().1).then(|| {
            self.next += 1;
            id
        })
    }

    /// Those of the next tick.
    pub(super) const fn next(self) -> Self {
        Self::of_tick(self.tick + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_700_000_000_000);
    const OF_A_TICK: usize = 1 << SEQUENCE_BITS;

    #[test]
    fn ids_follow_one_another_and_their_time() {
        let mut ids = RowIds::new(7);
        let first = ids.take(NOW, 3);
        assert!(first >= lowest_at(NOW));
        assert!(first < lowest_at(NOW.plus_ms(1_024)));
        assert_eq!(ids.take(NOW, 1), first + 3);
        assert!(ids.take(NOW.plus_ms(5_000), 1) >= lowest_at(NOW.plus_ms(5_000)));
        assert!(first < 1 << 56);
    }

    #[test]
    fn a_clock_that_steps_back_repeats_nothing() {
        let mut ids = RowIds::new(0);
        let later = ids.take(NOW, 10);
        assert_eq!(ids.take(UnixMs(0), 1), later + 10);
    }

    #[test]
    fn more_than_a_tick_has_is_borrowed_from_the_next() {
        let (mut ids, mut other) = (RowIds::new(3), RowIds::new(4));
        let mut end = ids.take(NOW, OF_A_TICK - 1) + OF_A_TICK as i64 - 1;
        let others = other.take(NOW, OF_A_TICK);
        for count in [2, OF_A_TICK, OF_A_TICK, 1] {
            let first = ids.take(NOW, count);
            assert!(first >= end, "never twice");
            let slots = [first, first + count as i64 - 1].map(|id| (id >> SEQUENCE_BITS) & 255);
            assert_eq!(slots, [3, 3], "all within the node's own");
            end = first + count as i64;
        }
        assert!(others + OF_A_TICK as i64 - 1 < end);
    }

    #[test]
    fn a_skipped_tick_is_not_used_again() {
        let mut ids = RowIds::new(255);
        let first = ids.take(NOW, 1);
        ids.skip_tick();
        let next = ids.take(NOW, 1);
        assert!(next > first + 1);
        assert_eq!((next >> SEQUENCE_BITS) & 255, 255);
    }

    #[test]
    fn an_event_and_its_deliveries_lie_in_one_tick() {
        let (mut events, mut deliveries) = (RowIds::new(3), RowIds::new(3));
        // The clock was far ahead for a while, and nothing was delivered then.
        let ahead = events.take(NOW.plus_ms(9_000_000), 1);
        deliveries.catch_up(ahead);
        let first = deliveries.take(NOW, 5);
        assert_eq!(
            first >> (SLOT_BITS + SEQUENCE_BITS),
            ahead >> (SLOT_BITS + SEQUENCE_BITS)
        );
        assert_eq!(deliveries.take(NOW, 1), first + 5);
    }

    #[test]
    fn a_late_id_lies_beside_its_event_and_is_no_nodes() {
        let event = RowIds::new(NODE_SLOTS - 1).take(NOW, 1);
        let mut late = LateIds::of(event);
        let (first, end) = late.rows();
        assert_eq!(late.take(), Some(first));
        assert!(first > event && first < lowest_at(NOW.plus_ms(1_024)));
        assert!(NOW.since(made_at(first)) < 1_024);
        late.used(Some(first + 6));
        assert_eq!(late.take(), Some(first + 7));
        late.used(Some(end - 1));
        assert_eq!(late.take(), None, "the tick is full");
        assert_eq!(
            late.next().take(),
            Some(first + (1 << (SLOT_BITS + SEQUENCE_BITS)))
        );
    }

    #[test]
    fn days_are_ranges_of_ids() {
        let day = day_of(NOW);
        let mut ids = RowIds::new(9);
        let id = ids.take(NOW, 1);
        assert!(id >= lowest_at(start_of(day)) && id < lowest_at(start_of(day + 1)));
    }
}
