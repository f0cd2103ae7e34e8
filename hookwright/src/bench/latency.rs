//! How long things took: counts in buckets that are at most 3 % wide.

use std::sync::atomic::{AtomicU64, Ordering};

const STEPS: usize = 32;
const OCTAVES: usize = 32;

/// Counts of times in microseconds.
pub(crate) struct Latencies(Vec<AtomicU64>);

impl Latencies {
    pub(crate) fn new() -> Self {
        Self((0..STEPS * OCTAVES).map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn add(&self, us: u64) {
        if let Some(bucket) = self.0.get(bucket(us)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn clear(&self) {
        self.0
            .iter()
            .for_each(|bucket| bucket.store(0, Ordering::Relaxed));
    }

    /// The time in milliseconds within which this share of all happened.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let counts: Vec<u64> = self
            .0
            .iter()
            .map(|bucket| bucket.load(Ordering::Relaxed))
            .collect();
        let wanted = (counts.iter().sum::<u64>() as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (place, count) in counts.iter().enumerate() {
            seen += count;
            if seen >= wanted.max(1) {
                return upper_us(place) / 1000.0;
            }
        }
        0.0
    }
}

fn bucket(us: u64) -> usize {
    let us = us.max(1);
    let octave = us.ilog2() as usize;
    let step = if octave < 5 {
        (us as usize) << (5 - octave)
    } else {
        (us >> (octave - 5)) as usize
    };
    octave * STEPS + (step - STEPS)
}

fn upper_us(place: usize) -> f64 {
    let (octave, step) = (place / STEPS, place % STEPS);
    (STEPS + step + 1) as f64 * 2f64.powi(octave as i32 - 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_at_most_three_per_cent_off() {
        let latencies = Latencies::new();
        (1..=10_000).for_each(|us| latencies.add(us));
        for (share, us) in [(0.5, 5_000.0), (0.99, 9_900.0), (1.0, 10_000.0)] {
            let found = latencies.quantile_ms(share) * 1000.0;
            assert!((found / us - 1.0).abs() < 0.035, "{share}: {found}");
        }
    }
}
