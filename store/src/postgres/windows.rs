//! In which steps a list walks through the days: the nearest first, since each day that is looked
//! into has to be opened.

use super::row_ids::{lowest_at, start_of};
use super::{Result, lent::Transaction};
use crate::model::Towards;
use crate::walk::Span;

/// Row ids of one day.
const DAY: i64 = lowest_at(start_of(20_001)) - lowest_at(start_of(20_000));
/// Days that a page looks into, step by step: partitions are made some days ahead.
const STEPS_DAYS: [i64; 5] = [6, 12, 36, 60, 60];

/// The days that have partitions, as the first of them and the one after the last.
const DAYS: &str = "
    SELECT (min(right(c.relname, 8))::date - '1970-01-01'::date)::bigint,
           (max(right(c.relname, 8))::date - '1970-01-01'::date + 1)::bigint
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'deliveries'::regclass AND c.relname ~ '^deliveries_[0-9]{8}$'";

/// The row ids of the days that have partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days {
    first: i64,
    end: i64,
}

impl Days {
    pub(super) async fn read(transaction: &Transaction<'_>) -> Result<Self> {
        let row = transaction.query_opt(DAYS, &[]).await?;
        let day = |column| {
            row.as_ref()
                .and_then(|row| row.get::<_, Option<i64>>(column))
        };
        let lowest = |day: Option<i64>| day.map_or(0, |day| lowest_at(start_of(day)));
        Ok(Self {
            first: lowest(day(0)),
            end: lowest(day(1)),
        })
    }
}

/// The parts of a span that a page looks at, in the order of the walk. They need not be all of it.
pub(super) fn windows(span: Span, days: Days) -> Vec<Span> {
    let mut windows = Vec::new();
    let mut left = span;
    for step in STEPS_DAYS {
        if left.is_empty() {
            break;
        }
        let window = match left.towards {
            Towards::Older => left.within(older_end(left, days, step), i64::MAX),
            Towards::Newer => left.within(0, newer_end(left, days, step)),
        };
        left = after(left, window);
        windows.push(window);
    }
    windows
}

/// What lies below the days is one step, and so is what lies above them.
fn older_end(left: Span, days: Days, step: i64) -> i64 {
    let top = left.before.min(days.end);
    if top <= days.first {
        0
    } else {
        (top - step * DAY).max(days.first)
    }
}

fn newer_end(left: Span, days: Days, step: i64) -> i64 {
    let bottom = left.after.saturating_add(1);
    if bottom < days.first {
        return days.first;
    }
    let end = bottom.saturating_add(step * DAY);
    if end >= days.end { i64::MAX } else { end }
}

/// What is left of a span after its next window.
const fn after(left: Span, window: Span) -> Span {
    match left.towards {
        Towards::Older => Span {
            before: window.after.saturating_add(1),
            ..left
        },
        Towards::Newer => Span {
            after: window.before.saturating_sub(1),
            ..left
        },
    }
}

/// Where a walk goes on that has looked through all of these windows; `None` when that was all.
pub(super) fn reached(span: Span, windows: &[Span]) -> Option<i64> {
    let last = windows.last()?;
    match span.towards {
        Towards::Older if last.after > span.after => Some(last.after.saturating_add(1)),
        Towards::Newer if last.before < span.before => Some(last.before.saturating_sub(1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: i64 = lowest_at(start_of(20_000));
    const DAYS: Days = Days {
        first: FIRST,
        end: FIRST + 400 * DAY,
    };

    fn span(after: i64, before: i64, towards: Towards) -> Span {
        Span {
            after,
            before,
            towards,
        }
    }

    #[test]
    fn windows_join_without_a_gap_and_end_with_the_span_or_say_where() {
        for towards in [Towards::Older, Towards::Newer] {
            for (after, before) in [
                (-1, i64::MAX),
                (-1, FIRST + 3),
                (FIRST + 7 * DAY, FIRST + 8 * DAY),
                (FIRST + 390 * DAY, i64::MAX),
                (5, 5),
            ] {
                let span = span(after, before, towards);
                let all = windows(span, DAYS);
                for pair in all.windows(2) {
                    match towards {
                        Towards::Older => assert_eq!(pair[0].after + 1, pair[1].before),
                        Towards::Newer => assert_eq!(pair[0].before - 1, pair[1].after),
                    }
                }
                assert_eq!(all.is_empty(), span.is_empty());
                if let (Some(first), None) = (all.first(), reached(span, &all)) {
                    let last = all[all.len() - 1];
                    let (low, high) = if towards == Towards::Older {
                        (last, first)
                    } else {
                        (*first, &last)
                    };
                    assert_eq!((low.after, high.before), (after, before));
                }
            }
        }
    }

    #[test]
    fn a_year_takes_some_pages_and_ends() {
        for towards in [Towards::Older, Towards::Newer] {
            let (mut left, mut pages) = (span(-1, i64::MAX, towards), 0);
            loop {
                pages += 1;
                match (reached(left, &windows(left, DAYS)), towards) {
                    (None, _) => break,
                    (Some(row), Towards::Older) => left.before = row,
                    (Some(row), Towards::Newer) => left.after = row,
                }
            }
            assert!((3..6).contains(&pages), "{pages}");
        }
    }

    #[test]
    fn the_first_step_opens_few_days() {
        let first = windows(span(-1, i64::MAX, Towards::Older), DAYS)[0];
        assert_eq!(first.after + 1, DAYS.end - 6 * DAY);
        let first = windows(span(FIRST + 9, i64::MAX, Towards::Newer), DAYS)[0];
        assert_eq!(first.before, FIRST + 10 + 6 * DAY);
    }
}
