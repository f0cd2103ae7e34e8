//! How rows become a page: walked one way from several sources, each in the order of its index, and
//! merged; and between which rows a page lies.

use hookwright_core::time::UnixMs;

use crate::model::{Listed, Page, Towards};

/// The rows that a walk may look at, without both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) after: i64,
    pub(crate) before: i64,
    pub(crate) towards: Towards,
}

impl Span {
    pub(crate) fn of(page: &Page) -> Self {
        Self {
            after: page.after.unwrap_or(-1),
            before: page.before.unwrap_or(i64::MAX),
            towards: page.towards(),
        }
    }

    /// What of it lies from `first` to before `end`.
    pub(crate) fn within(self, first: i64, end: i64) -> Self {
        Self {
            after: self.after.max(first.saturating_sub(1)),
            before: self.before.min(end),
            ..self
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.after.saturating_add(1) >= self.before
    }

    /// As SQL says it.
    pub(crate) const fn order(&self) -> &'static str {
        match self.towards {
            Towards::Older => "DESC",
            Towards::Newer => "ASC",
        }
    }
}

/// What one source gave.
#[derive(Debug)]
pub(crate) struct Part<T> {
    /// Rows that fit, in the order of the walk.
    pub(crate) rows: Vec<T>,
    /// The last row that was looked at; `None` when the source has no more.
    pub(crate) reached: Option<i64>,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            reached: None,
        }
    }
}

/// The page that these parts make together: each row once, and none beyond what all have looked at.
pub(crate) fn page_of<T>(parts: Vec<Part<T>>, page: &Page, id: impl Fn(&T) -> i64) -> Listed<T> {
    let towards = page.towards();
    // Grows along the walk.
    let place = |row: i64| match towards {
        Towards::Older => row.wrapping_neg(),
        Towards::Newer => row,
    };
    let reached = parts.iter().filter_map(|part| part.reached);
    let reached = reached.min_by_key(|row| place(*row));
    let mut rows: Vec<T> = parts.into_iter().flat_map(|part| part.rows).collect();
    rows.retain(|row| reached.is_none_or(|reached| place(id(row)) <= place(reached)));
    rows.sort_by_key(|row| place(id(row)));
    rows.dedup_by_key(|row| id(row));
    let mut goes_on = reached;
    if rows.len() > page.limit {
        rows.truncate(page.limit);
        goes_on = rows.last().map(&id);
    }
    let came_from = came_from(page, rows.first().map(&id));
    match towards {
        Towards::Older => Listed {
            rows,
            next: goes_on,
            prev: came_from,
        },
        Towards::Newer => {
            rows.reverse();
            Listed {
                rows,
                next: came_from,
                prev: goes_on,
            }
        }
    }
}

/// The page that rows in the order of their walk make, of which no more were asked for than fit.
pub(crate) fn page_in_order<T>(rows: Vec<T>, page: &Page, id: impl Fn(&T) -> i64) -> Listed<T> {
    let last = rows.last().map(&id);
    let reached = last.filter(|_| rows.len() >= page.limit);
    page_of(vec![Part { rows, reached }], page, id)
}

/// Where the page on the other side begins; none is beside the first one.
fn came_from(page: &Page, first: Option<i64>) -> Option<i64> {
    match (page.after, page.before) {
        (Some(after), _) => Some(first.unwrap_or_else(|| after.saturating_add(1))),
        (None, Some(before)) => Some(first.unwrap_or_else(|| before.saturating_sub(1))),
        (None, None) => None,
    }
}

/// Finds the first row of a time or later, where rows are in the order of time, by asking for few.
#[derive(Debug)]
pub(crate) struct Search {
    at: UnixMs,
    low: i64,
    high: i64,
}

impl Search {
    /// Among the rows from `low` to before `high`.
    pub(crate) const fn new(at: UnixMs, low: i64, high: i64) -> Self {
        Self { at, low, high }
    }

    /// The row from which on to look; `None` once it is found.
    pub(crate) const fn ask(&self) -> Option<i64> {
        if self.low < self.high {
            Some(self.low + (self.high - self.low) / 2)
        } else {
            None
        }
    }

    /// What the first row there is, and when it was made.
    pub(crate) fn tell(&mut self, asked: i64, found: Option<(i64, UnixMs)>) {
        match found {
            Some((row, at)) if row < self.high && at < self.at => self.low = row + 1,
            _ => self.high = asked,
        }
    }

    /// Every row below it was made earlier.
    pub(crate) const fn found(&self) -> i64 {
        self.low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(rows: &[i64], reached: Option<i64>) -> Part<i64> {
        Part {
            rows: rows.to_vec(),
            reached,
        }
    }

    fn older(before: Option<i64>, limit: usize) -> Page {
        Page {
            before,
            ..Page::newest(limit)
        }
    }

    fn newer(after: i64, limit: usize) -> Page {
        Page {
            after: Some(after),
            ..Page::newest(limit)
        }
    }

    fn merged(parts: Vec<Part<i64>>, page: Page) -> (Vec<i64>, Option<i64>, Option<i64>) {
        let listed = page_of(parts, &page, |row| *row);
        (listed.rows, listed.next, listed.prev)
    }

    #[test]
    fn sources_that_ended_make_the_last_page() {
        let parts = vec![part(&[9, 5], None), part(&[7, 5], None)];
        assert_eq!(merged(parts, older(None, 10)), (vec![9, 7, 5], None, None));
        let parts = vec![part(&[5, 9], None), part(&[5, 7], None)];
        assert_eq!(merged(parts, newer(4, 10)), (vec![9, 7, 5], Some(5), None));
    }

    #[test]
    fn nothing_is_shown_beyond_what_every_source_has_looked_at() {
        let parts = vec![part(&[9, 2], None), part(&[8], Some(6))];
        assert_eq!(merged(parts, older(None, 10)), (vec![9, 8], Some(6), None));
        let parts = vec![part(&[2, 9], None), part(&[3], Some(6))];
        assert_eq!(merged(parts, newer(1, 10)), (vec![3, 2], Some(2), Some(6)));
    }

    #[test]
    fn what_does_not_fit_is_for_the_next_page() {
        let parts = vec![part(&[9, 7, 5], None), part(&[8], None)];
        assert_eq!(
            merged(parts, older(Some(20), 2)),
            (vec![9, 8], Some(8), Some(9))
        );
        let parts = vec![part(&[5, 7, 9], None), part(&[8], None)];
        assert_eq!(merged(parts, newer(3, 2)), (vec![7, 5], Some(5), Some(7)));
    }

    #[test]
    fn an_empty_page_says_where_both_ways_go_on() {
        assert_eq!(
            merged(vec![part(&[], Some(40))], older(Some(90), 5)),
            (vec![], Some(40), Some(89))
        );
        assert_eq!(
            merged(vec![part(&[], Some(90))], newer(40, 5)),
            (vec![], Some(41), Some(90))
        );
        assert_eq!(
            merged(vec![part(&[], None)], older(None, 5)),
            (vec![], None, None)
        );
    }

    #[test]
    fn the_first_row_of_a_time_is_found_over_gaps() {
        let rows: Vec<i64> = (0..400)
            .filter(|row| row % 7 < 2 && !(100..220).contains(row))
            .collect();
        for at in 0..420 {
            let mut search = Search::new(UnixMs(at * 10), 0, 400);
            let mut asked = 0;
            while let Some(from) = search.ask() {
                asked += 1;
                let found = rows.iter().find(|row| **row >= from);
                search.tell(from, found.map(|row| (*row, UnixMs(row * 10))));
            }
            assert!(asked < 20);
            let earlier = |row: &&i64| **row < search.found();
            assert_eq!(
                rows.iter().filter(earlier).count(),
                rows.iter().filter(|row| **row < at).count()
            );
        }
    }
}
