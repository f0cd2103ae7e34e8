//! How high does a value stand in a chart, and what is written beside it?

/// What the upright axis of a chart counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// Even steps from `low` on.
    Steps { low: f64, step: f64, steps: u32 },
    /// Powers of ten: what takes a millisecond and what takes an hour are both seen.
    Decades { low: i32, high: i32 },
}

/// The fewest lines at which a scale is still read well.
const STEPS: f64 = 4.0;

impl Scale {
    /// For whole numbers from 0 to `max`.
    pub(crate) fn counts(max: f64) -> Self {
        let step = round_step(max / STEPS).max(1.0);
        let steps = (max / step).ceil().max(1.0) as u32;
        Self::Steps {
            low: 0.0,
            step,
            steps,
        }
    }

    /// For shares of a hundred down to `min`. What is nearly always 100 is looked at closely.
    pub(crate) fn percent(min: f64) -> Self {
        let low = [99.0, 95.0, 90.0, 50.0].into_iter().find(|low| min >= *low);
        let low = low.unwrap_or(0.0);
        let steps = if low == 0.0 { 4 } else { 5 };
        Self::Steps {
            low,
            step: (100.0 - low) / f64::from(steps),
            steps,
        }
    }

    /// For lengths of time above 0 between these.
    pub(crate) fn lengths(min: f64, max: f64) -> Self {
        let low = min.max(0.01).log10().floor() as i32;
        let high = max.max(0.01).log10().ceil() as i32;
        Self::Decades {
            low,
            high: high.max(low + 1),
        }
    }

    /// 0 is the bottom, 1 the top.
    pub(crate) fn place(self, value: f64) -> f64 {
        let share = match self {
            Self::Steps { low, step, steps } => (value - low) / (step * f64::from(steps)),
            Self::Decades { low, high } => {
                (value.max(f64::MIN_POSITIVE).log10() - f64::from(low)) / f64::from(high - low)
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// The values at its lines, evenly apart from the top down.
    pub(crate) fn lines(self) -> Vec<f64> {
        match self {
            Self::Steps { low, step, steps } => {
                let at = |line: u32| low + step * f64::from(line);
                (0..=steps).rev().map(at).collect()
            }
            Self::Decades { low, high } => (low..=high).rev().map(|it| 10f64.powi(it)).collect(),
        }
    }
}

/// The next of 1, 2, 5, 10, 20, 50 and so on.
fn round_step(least: f64) -> f64 {
    let decade = 10f64.powf(least.max(0.1).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    // What 0.1 + 0.2 is not exactly must not cost a step.
    let fits = steps.into_iter().find(|step| *step >= least * 0.999_999);
    fits.unwrap_or(10.0 * decade)
}

/// A number with a letter for thousands, millions and more: 1.5k.
pub(crate) fn short(number: f64) -> String {
    let (scaled, letter) = match number {
        it if it >= 1e9 => (it / 1e9, "G"),
        it if it >= 1e6 => (it / 1e6, "M"),
        it if it >= 1e3 => (it / 1e3, "k"),
        it => (it, ""),
    };
    let text = format!("{scaled:.1}");
    format!("{}{letter}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(scale: Scale) -> Vec<String> {
        scale.lines().into_iter().map(short).collect()
    }

    #[test]
    fn counts_have_whole_round_lines() {
        assert_eq!(shown(Scale::counts(0.0)), ["1", "0"]);
        assert_eq!(shown(Scale::counts(3.0)), ["3", "2", "1", "0"]);
        assert_eq!(shown(Scale::counts(20.0)), ["20", "15", "10", "5", "0"]);
        let many = Scale::counts(5_300.0);
        assert_eq!(shown(many), ["6k", "4k", "2k", "0"]);
        assert!((many.place(3_000.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_share_that_is_nearly_whole_is_looked_at_closely() {
        let close = ["100", "99.8", "99.6", "99.4", "99.2", "99"];
        assert_eq!(shown(Scale::percent(99.2)), close);
        assert_eq!(shown(Scale::percent(96.0)).len(), 6);
        assert_eq!(Scale::percent(12.0).place(50.0), 0.5);
        assert_eq!(Scale::percent(99.5).place(0.0), 0.0, "never below");
    }

    #[test]
    fn lengths_stand_by_powers_of_ten() {
        let scale = Scale::lengths(3.0, 2_000.0);
        assert_eq!(scale.lines(), [10_000.0, 1_000.0, 100.0, 10.0, 1.0]);
        assert_eq!(scale.place(100.0), 0.5);
        assert_eq!(scale.place(0.0), 0.0);
        let one = Scale::lengths(10.0, 10.0);
        assert_eq!(one.lines(), [100.0, 10.0]);
    }
}
