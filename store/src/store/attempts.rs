//! Looking at attempts across deliveries.

use super::{Result, Store};
use crate::model::*;

/// Deliveries whose attempts are read at once.
const AT_ONCE_MAX: usize = 100;
/// How often deliveries are looked for to fill one page.
const LOOKS_MAX: usize = 2;
/// What stands for an attempt above all.
const ABOVE_ALL: u32 = u32::MAX;

impl Store {
    /// Attempts within the scope that fit the filter: the newest deliveries' first, and of each the
    /// last one first. Read in several transactions; a page may be short, as of [`Self::events`].
    pub async fn attempts(
        &self,
        scope: Scope,
        filter: &AttemptFilter,
        page: AttemptPage,
    ) -> Result<AttemptsListed> {
        let mut walk = Walk::new(page);
        let mut looks = 0;
        while let Some(deliveries) = walk.next_deliveries() {
            let listed = self
                .deliveries(scope, filter.deliveries.clone(), deliveries)
                .await?;
            looks += 1;
            let ids = listed.rows.iter().map(|delivery| delivery.id).collect();
            let mut attempts = self.attempts_of(scope, ids).await?;
            let mut pairs: Vec<_> = listed.rows.into_iter().collect();
            if page.towards == Towards::Newer {
                pairs.reverse();
                attempts.reverse();
            }
            for (delivery, (_, attempts)) in pairs.into_iter().zip(attempts) {
                walk.take(&delivery, attempts, filter);
            }
            let goes_on = match page.towards {
                Towards::Older => listed.next,
                Towards::Newer => listed.prev,
            };
            walk.looked_to(goes_on, looks >= LOOKS_MAX);
        }
        Ok(walk.listed())
    }
}

/// A page being filled.
struct Walk {
    page: AttemptPage,
    found: Vec<(Delivery, Attempt)>,
    /// Where to go on; `None` at the end.
    at: Option<AttemptPlace>,
    is_full: bool,
}

impl Walk {
    const fn new(page: AttemptPage) -> Self {
        let beginning = match page.towards {
            Towards::Older => AttemptPlace {
                row: i64::MAX,
                number: 0,
            },
            Towards::Newer => AttemptPlace {
                row: 0,
                number: ABOVE_ALL,
            },
        };
        Self {
            at: Some(match page.from {
                Some(from) => from,
                None => beginning,
            }),
            page,
            found: Vec::new(),
            is_full: false,
        }
    }

    /// The next deliveries to look at, the one that was left in the middle included.
    fn next_deliveries(&self) -> Option<Page> {
        let at = self.at.filter(|_| !self.is_full)?;
        let page = Page::newest(self.page.limit.min(AT_ONCE_MAX));
        Some(match self.page.towards {
            Towards::Older => Page {
                before: Some(at.row.saturating_add(i64::from(at.number > 0))),
                ..page
            },
            Towards::Newer => Page {
                after: Some(at.row.saturating_sub(i64::from(at.number < ABOVE_ALL))),
                ..page
            },
        })
    }

    /// Takes those of a delivery's attempts that lie beyond the place and fit.
    fn take(&mut self, delivery: &Delivery, mut attempts: Vec<Attempt>, filter: &AttemptFilter) {
        if self.page.towards == Towards::Older {
            attempts.reverse();
        }
        let from = self.at;
        for attempt in attempts {
            if self.is_full {
                return;
            }
            let is_beyond = from.is_none_or(|from| match self.page.towards {
                _ if from.row != delivery.id.0 => true,
                Towards::Older => attempt.number < from.number,
                Towards::Newer => attempt.number > from.number,
            });
            if is_beyond && filter.takes(attempt.status, attempt.error) {
                self.at = Some(AttemptPlace {
                    row: delivery.id.0,
                    number: attempt.number,
                });
                self.found.push((delivery.clone(), attempt));
                self.is_full = self.found.len() >= self.page.limit;
            }
        }
    }

    /// All deliveries up to this row are looked through.
    fn looked_to(&mut self, row: Option<i64>, is_enough: bool) {
        if self.is_full {
            return;
        }
        let number = match self.page.towards {
            Towards::Older => 0,
            Towards::Newer => ABOVE_ALL,
        };
        self.at = row.map(|row| AttemptPlace { row, number });
        self.is_full = is_enough;
    }

    fn listed(self) -> AttemptsListed {
        let place = |(delivery, attempt): &(Delivery, Attempt)| AttemptPlace {
            row: delivery.id.0,
            number: attempt.number,
        };
        let came_from = self.page.from.map(|from| {
            let first = self.found.first().map(place);
            first.unwrap_or_else(|| beside(from, self.page.towards))
        });
        let mut rows = self.found;
        match self.page.towards {
            Towards::Older => AttemptsListed {
                rows,
                next: self.at,
                prev: came_from,
            },
            Towards::Newer => {
                rows.reverse();
                AttemptsListed {
                    rows,
                    next: came_from,
                    prev: self.at,
                }
            }
        }
    }
}

/// Where the way back from an empty page begins: with what the page was asked to lie beyond.
const fn beside(from: AttemptPlace, towards: Towards) -> AttemptPlace {
    let AttemptPlace { row, number } = from;
    match (towards, number) {
        (Towards::Older, 0) => AttemptPlace {
            row: row.saturating_sub(1),
            number: ABOVE_ALL,
        },
        (Towards::Older, _) => AttemptPlace {
            row,
            number: number - 1,
        },
        (Towards::Newer, ABOVE_ALL) => AttemptPlace {
            row: row.saturating_add(1),
            number: 0,
        },
        (Towards::Newer, _) => AttemptPlace {
            row,
            number: number + 1,
        },
    }
}
