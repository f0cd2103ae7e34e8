//! What a person sees while rows are moved: how many of how many, and how fast.

use std::time::{Duration, Instant};

use hookwright_store::Progress;

/// Not oftener than this, but for a table's end.
const EVERY: Duration = Duration::from_secs(2);

/// The lines told so far.
pub(crate) struct Lines {
    table: &'static str,
    /// When the last line was told, and how many rows there were.
    told: (Instant, u64),
}

impl Lines {
    pub(crate) fn begin() -> Self {
        Self {
            table: "",
            told: (Instant::now(), 0),
        }
    }

    /// Tells a line to stderr, if it is time for one.
    pub(crate) fn tell(&mut self, progress: Progress) {
        if progress.table != self.table {
            self.table = progress.table;
            self.told.1 = progress.before;
        }
        let (at, rows) = self.told;
        let elapsed = at.elapsed();
        if elapsed < EVERY && progress.rows < progress.of {
            return;
        }
        eprintln!("{}", line(progress, progress.rows - rows, elapsed));
        self.told = (Instant::now(), progress.rows);
    }
}

fn line(progress: Progress, fresh: u64, elapsed: Duration) -> String {
    let rate = fresh as f64 / elapsed.as_secs_f64().max(0.001);
    format!(
        "{}: {} of {} rows, {} rows/s",
        progress.table,
        grouped(progress.rows),
        grouped(progress.of),
        grouped(rate as u64)
    )
}

/// With a comma after each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_many_of_how_many_and_how_fast() {
        let progress = Progress {
            table: "events",
            before: 0,
            rows: 1_250_000,
            of: 3_000_000,
        };
        assert_eq!(
            line(progress, 30_000, Duration::from_millis(1_500)),
            "events: 1,250,000 of 3,000,000 rows, 20,000 rows/s"
        );
    }

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
