//! What a claim gets of a lane whose deliveries go one after another, in their order.
//!
//! A delivery that is not due holds up all that come after it: it is to be retried, or somebody has
//! it. One that was published for later is not looked at before its time; it takes its place then.

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

use super::Claimed;

/// What was claimed of lanes that are sent to in order.
#[derive(Clone, Debug, Default)]
pub struct ClaimedInOrder {
    /// Each lane's in their order, after the resends that were due.
    pub claimed: Vec<Claimed>,
    /// Lanes of which more waits in the store, and when to ask for it again.
    pub next_at: Vec<(EndpointId, UnixMs)>,
}

/// How many of a lane's deliveries are claimed, and when to ask again: `due_at` are the due times of
/// the first ones in their order, one more than there is room for if there are so many.
pub(crate) fn longest_run(
    due_at: impl IntoIterator<Item = UnixMs>,
    room: usize,
    now: UnixMs,
) -> (usize, Option<UnixMs>) {
    let mut taken = 0;
    for at in due_at {
        if taken == room || at > now {
            return (taken, Some(at.max(now)));
        }
        taken += 1;
    }
    (taken, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_000);

    fn run(room: usize, due_at: &[i64]) -> (usize, Option<UnixMs>) {
        longest_run(due_at.iter().map(|at| UnixMs(*at)), room, NOW)
    }

    #[test]
    fn the_longest_run_that_is_due_is_taken_up_to_the_room() {
        assert_eq!(run(3, &[1_000, 900]), (2, None));
        assert_eq!(run(2, &[1_000, 900, 10]), (2, Some(NOW)));
        assert_eq!(run(3, &[]), (0, None));
    }

    #[test]
    fn one_that_is_not_due_holds_up_the_rest_until_it_is() {
        assert_eq!(run(9, &[1_000, 5_000, 1_000]), (1, Some(UnixMs(5_000))));
        assert_eq!(run(9, &[1_001]), (0, Some(UnixMs(1_001))));
    }
}
