//! From when on is data old, where a project keeps it for less time than its server?

use crate::time::UnixMs;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The time before which a project's data is old by its own choice of days; `None` where the
/// server's retention has removed it by then, or there is no choice.
#[must_use]
pub fn own_end(own_days: Option<u32>, server_days: u32, now: UnixMs) -> Option<UnixMs> {
    let days = own_days.filter(|days| *days < server_days)?;
    Some(before(days, now))
}

/// The time before which what is kept for so many days is old.
#[must_use]
pub const fn before(days: u32, now: UnixMs) -> UnixMs {
    UnixMs(now.0.saturating_sub(days as i64 * DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_700_000_000_000);

    #[test]
    fn a_shorter_choice_counts_and_a_longer_one_does_not() {
        let day = UnixMs(NOW.0 - DAY_MS);
        assert_eq!(own_end(Some(1), 30, NOW), Some(day));
        for none in [None, Some(30), Some(31)] {
            assert_eq!(own_end(none, 30, NOW), None, "{none:?}");
        }
        assert_eq!(before(u32::MAX, UnixMs(i64::MIN)), UnixMs(i64::MIN));
    }
}
