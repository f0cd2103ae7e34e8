//! How counts are read back from a row, and for how long rows of counts are kept, whatever the
//! engine.

use std::collections::HashMap;

use hookwright_core::limits::{
    ROLLUP_DAYS_KEPT_DAYS, ROLLUP_HOURS_KEPT_DAYS, ROLLUP_MINUTES_KEPT_DAYS,
};
use hookwright_core::rollup::{Counts, Unreadable, Width};
use hookwright_core::time::UnixMs;

/// Stretches of each width that one call removes: more than pass between two calls.
pub(crate) const STRETCHES_PRUNED_MAX: usize = 30;

/// `None` for what a newer version wrote, which is left alone: statistics must not keep anybody
/// from their work.
pub(crate) fn read(bytes: &[u8]) -> Option<Counts> {
    told(Counts::decode(bytes))
}

/// All but the times.
pub(crate) fn read_numbers(bytes: &[u8]) -> Option<Counts> {
    told(Counts::numbers_in(bytes))
}

pub(crate) fn told<T>(read: Result<T, Unreadable>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(%error, "statistics not read"))
        .ok()
}

/// Adds a row to the sum of its event type, if it could be read.
pub(crate) fn add(
    sums: &mut HashMap<String, Counts>,
    event_type: Option<&str>,
    counts: Option<Counts>,
) {
    let (Some(event_type), Some(counts)) = (event_type, counts) else {
        return;
    };
    match sums.get_mut(event_type) {
        Some(sum) => sum.merge(&counts),
        None => drop(sums.insert(event_type.to_owned(), counts)),
    }
}

/// Rows of this width that begin before this second are removed.
pub(crate) fn kept_from(width: Width, now: UnixMs) -> i64 {
    let days = match width {
        Width::Minute => ROLLUP_MINUTES_KEPT_DAYS,
        Width::Hour => ROLLUP_HOURS_KEPT_DAYS,
        Width::Day => ROLLUP_DAYS_KEPT_DAYS,
    };
    now.seconds() - i64::from(days) * Width::Day.seconds()
}
