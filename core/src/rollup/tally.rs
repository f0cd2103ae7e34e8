//! How often did each of a few numbered things happen, and how long did most take?

/// Numbered things, and how often each happened: few of the numbers are used, so those are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<(u8, u64)>);

/// Buckets of a time; the last one has no end.
const BUCKETS: usize = 97;
/// Where the first bucket ends.
const SHORTEST_NS: u64 = 100_000;
/// Where each bucket but the last ends, in nanoseconds: each a fifth later than the one before. So
/// the middle of a bucket (by ratio) is within a tenth of every time in it, from 0.1 ms to 55 minutes.
const ENDS_NS: [u64; BUCKETS - 1] = ends_ns();

const fn ends_ns() -> [u64; BUCKETS - 1] {
    let mut ends = [SHORTEST_NS; BUCKETS - 1];
    let mut place = 1;
    while place < ends.len() {
        ends[place] = ends[place - 1] * 6 / 5;
        place += 1;
    }
    ends
}

/// The bucket of a time.
pub(super) fn bucket_of(us: u64) -> u8 {
    let ns = us.saturating_mul(1_000);
    ENDS_NS.partition_point(|end| *end < ns) as u8
}

/// A time that stands for all of a bucket.
fn middle_us(bucket: u8) -> u64 {
    let ends = usize::from(bucket).min(BUCKETS - 2);
    // The square root of 6/5.
    (ENDS_NS[ends] as f64 / 1_000.0 / 1.095_445).round() as u64
}

impl Tally {
    /// Counts `count` more of `number`.
    pub(super) fn add(&mut self, number: u8, count: u64) {
        match self.0.binary_search_by_key(&number, |(known, _)| *known) {
            Ok(place) => self.0[place].1 = self.0[place].1.saturating_add(count),
            Err(place) => self.0.insert(place, (number, count)),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (number, count) in other.iter() {
            self.add(number, count);
        }
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (u8, u64)> + '_ {
        self.0.iter().copied()
    }

    pub(super) fn total(&self) -> u64 {
        self.iter()
            .fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// The time that `percent` took at most.
    pub(super) fn percentile_us(&self, percent: u8) -> Option<u64> {
        let rank = (u128::from(self.total()) * u128::from(percent.min(100))).div_ceil(100);
        let mut passed = 0;
        for (bucket, count) in self.iter() {
            passed += u128::from(count);
            if passed >= rank {
                return Some(middle_us(bucket));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally(times_us: &[u64]) -> Tally {
        let mut tally = Tally::default();
        times_us.iter().for_each(|us| tally.add(bucket_of(*us), 1));
        tally
    }

    #[test]
    fn nothing_timed_has_no_percentile() {
        assert_eq!(Tally::default().percentile_us(50), None);
    }

    #[test]
    fn the_shortest_and_the_longest_times_have_a_bucket() {
        assert_eq!(bucket_of(0), 0);
        assert_eq!(usize::from(bucket_of(u64::MAX)), BUCKETS - 1);
        assert!(*ENDS_NS.last().unwrap() > 3_000_000_000_000);
    }

    proptest! {
        #[test]
        fn a_percentile_is_within_a_tenth(
            mut times_us in prop::collection::vec(100_u64..3_000_000_000, 1..200),
            percent in 1_u8..=100,
        ) {
            let found = tally(&times_us).percentile_us(percent).unwrap() as f64;
            times_us.sort_unstable();
            let rank = (times_us.len() * usize::from(percent)).div_ceil(100);
            let exact = times_us[rank - 1] as f64;
            prop_assert!((found - exact).abs() <= exact * 0.1 + 1.0, "{found} for {exact}");
        }
    }
}
