//! How counts are read back from a row, and for how long rows of counts are kept, whatever the
//! engine.

use hookwright_core::limits::{
    ROLLUP_DAYS_KEPT_DAYS, ROLLUP_HOURS_KEPT_DAYS, ROLLUP_MINUTES_KEPT_DAYS,
};
use hookwright_core::rollup::{Counts, Width};
use hookwright_core::time::UnixMs;

/// Stretches of each width that one call removes: more than pass between two calls.
pub(crate) const STRETCHES_PRUNED_MAX: usize = 30;

/// `None` for what a newer version wrote, which is left alone: statistics must not keep anybody
/// from their work.
pub(crate) fn read(bytes: &[u8]) -> Option<Counts> {
    match Counts::decode(bytes) {
        Ok(counts) => Some(counts),
        Err(error) => {
            tracing::warn!(%error, "statistics not read");
            None
        }
    }
}

/// The same without the times.
pub(crate) fn read_numbers(bytes: &[u8]) -> Option<Counts> {
    match Counts::decode_numbers(bytes) {
        Ok(counts) => Some(counts),
        Err(error) => {
            tracing::warn!(%error, "statistics not read");
            None
        }
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
