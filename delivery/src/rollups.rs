//! Statistics as they are counted: in memory, a few numbers for each event and outcome, and written
//! down every few seconds.
//!
//! A crash loses what was counted since; it loses no event, and counts none twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
use hookwright_core::limits::ROLLUP_CELLS_MAX;
use hookwright_core::rollup::{Counts, Phase, Width};
use hookwright_core::time::UnixMs;
use hookwright_store::{Rollup, Settled, Settlement, Store, Subject};

/// How often counts are written down.
const FLUSH_MS: u64 = 5_000;
/// Rows that are written at once: nobody waits long behind them.
const ROWS_AT_ONCE: usize = 250;
/// Rows that are kept while the store cannot be reached; more are lost.
const ROWS_UNWRITTEN_MAX: usize = 50_000;

/// Whose outcome is counted.
pub(crate) struct Outcome<'a> {
    pub(crate) project_id: ProjectId,
    /// `None` where the endpoint is gone.
    pub(crate) account_id: Option<AccountId>,
    pub(crate) endpoint_id: EndpointId,
    pub(crate) event_type: &'a Arc<str>,
    pub(crate) at: UnixMs,
}

/// Counts since they were last written down.
#[derive(Default)]
pub(crate) struct Rollups {
    /// Told by publishers.
    accepted: Mutex<HashMap<AcceptedKey, u64>>,
    /// Told by the delivery thread, and seldom by publishers.
    outcomes: Mutex<Outcomes>,
    unwritten: Mutex<Vec<Rollup>>,
    /// Held while counts are being written: the last writing waits for the one under way.
    writing: tokio::sync::Mutex<()>,
}

/// A minute's start, whose, and of which type.
type AcceptedKey = (i64, ProjectId, Option<AccountId>, Option<Arc<str>>);

#[derive(Default)]
struct Outcomes {
    cells: HashMap<(i64, EndpointId, Arc<str>), Cell>,
    /// What there are no cells for.
    rest: HashMap<(i64, ProjectId), Counts>,
}

struct Cell {
    project_id: ProjectId,
    account_id: Option<AccountId>,
    counts: Counts,
}

impl Rollups {
    /// An event was accepted.
    pub(crate) fn accepted(
        &self,
        project: ProjectId,
        account: AccountId,
        event_type: &Arc<str>,
        at: UnixMs,
    ) {
        let minute = Width::Minute.start_of(at.seconds());
        let mut accepted = locked(&self.accepted);
        let key = if accepted.len() < ROLLUP_CELLS_MAX {
            (minute, project, Some(account), Some(Arc::clone(event_type)))
        } else {
            (minute, project, None, None)
        };
        *accepted.entry(key).or_default() += 1;
    }

    /// Something came of a delivery.
    pub(crate) fn outcome(&self, of: &Outcome<'_>, count: impl FnOnce(&mut Counts)) {
        let minute = Width::Minute.start_of(of.at.seconds());
        let Outcomes { cells, rest } = &mut *locked(&self.outcomes);
        let key = (minute, of.endpoint_id, Arc::clone(of.event_type));
        let is_full = cells.len() >= ROLLUP_CELLS_MAX;
        if let Some(cell) = cells.get_mut(&key) {
            count(&mut cell.counts);
        } else if is_full {
            count(rest.entry((minute, of.project_id)).or_default());
        } else {
            let mut counts = Counts::default();
            count(&mut counts);
            let cell = Cell {
                project_id: of.project_id,
                account_id: of.account_id,
                counts,
            };
            cells.insert(key, cell);
        }
    }

    /// Writes down what was counted, for as long as nobody ends it.
    pub(crate) async fn keep_flushing(&self, store: &Store, clock: &dyn crate::world::Clock) {
        loop {
            clock.sleep_ms(FLUSH_MS).await;
            self.flush(store).await;
        }
    }

    /// Writes down what was counted.
    pub(crate) async fn flush(&self, store: &Store) {
        let _writing = self.writing.lock().await;
        let accepted = std::mem::take(&mut *locked(&self.accepted));
        let outcomes = std::mem::take(&mut *locked(&self.outcomes));
        let unwritten = std::mem::take(&mut *locked(&self.unwritten));
        if accepted.is_empty() && outcomes.is_empty() && unwritten.is_empty() {
            return;
        }
        let rows = tokio::task::spawn_blocking(move || rows(accepted, outcomes, unwritten)).await;
        // Only a runtime that ends breaks it off.
        let Ok(rows) = rows else { return };
        let mut left = rows.chunks(ROWS_AT_ONCE);
        while let Some(chunk) = left.next() {
            if let Err(error) = store.add_rollups(chunk.to_vec()).await {
                let rest = chunk.iter().chain(left.by_ref().flatten()).cloned();
                let kept: Vec<Rollup> = rest.take(ROWS_UNWRITTEN_MAX).collect();
                tracing::warn!(%error, rows = kept.len(), "statistics not written yet");
                *locked(&self.unwritten) = kept;
            }
        }
    }
}

impl Outcomes {
    fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.rest.is_empty()
    }
}

/// What a settlement counts for.
pub(crate) fn count(counts: &mut Counts, settlement: &Settlement, accepted_at: UnixMs) {
    match (&settlement.attempt, settlement.error) {
        (Some(attempt), _) => counts.attempt(&attempt.timing, attempt.error),
        (None, Some((class, _))) => counts.error(class),
        (None, None) => {}
    }
    match settlement.becomes {
        Settled::Delivered => {
            counts.delivered += 1;
            if !settlement.manual {
                let us = settlement.at.since(accepted_at).saturating_mul(1_000);
                counts.time(Phase::Delivery, us);
            }
        }
        _ if settlement.manual => {}
        Settled::Failed => counts.failed += 1,
        Settled::RetryAt(_) => counts.retried += 1,
    }
}

/// Everything, for each subject and in each width, sorted as it is stored.
fn rows(
    accepted: HashMap<AcceptedKey, u64>,
    outcomes: Outcomes,
    unwritten: Vec<Rollup>,
) -> Vec<Rollup> {
    let mut sums = Sums::default();
    for rollup in unwritten {
        let key = (
            rollup.width.seconds(),
            rollup.start,
            rollup.project_id,
            rollup.subject,
        );
        sums.0.entry(key).or_default().merge(&rollup.counts);
    }
    for ((minute, project, account, event_type), count) in accepted {
        let mut counts = Counts::default();
        counts.accepted = count;
        let subjects = account
            .map(Subject::Account)
            .into_iter()
            .chain(event_type.map(|event_type| Subject::EventType(event_type.as_ref().to_owned())));
        sums.add(minute, project, subjects, &counts);
    }
    for ((minute, endpoint, event_type), cell) in outcomes.cells {
        let subjects = [
            Subject::Endpoint(endpoint),
            Subject::EventType(event_type.as_ref().to_owned()),
        ];
        let subjects = subjects
            .into_iter()
            .chain(cell.account_id.map(Subject::Account));
        sums.add(minute, cell.project_id, subjects, &cell.counts);
    }
    for ((minute, project), counts) in outcomes.rest {
        sums.add(minute, project, std::iter::empty(), &counts);
    }
    sums.sorted()
}

#[derive(Default)]
struct Sums(HashMap<(i64, i64, ProjectId, Subject), Counts>);

impl Sums {
    /// To the project and these of its subjects.
    fn add(
        &mut self,
        minute: i64,
        project: ProjectId,
        subjects: impl Iterator<Item = Subject>,
        counts: &Counts,
    ) {
        for subject in subjects.chain([Subject::Project]) {
            for width in Width::ALL {
                let key = (
                    width.seconds(),
                    width.start_of(minute),
                    project,
                    subject.clone(),
                );
                self.0.entry(key).or_default().merge(counts);
            }
        }
    }

    fn sorted(self) -> Vec<Rollup> {
        let width_of = |seconds| Width::ALL.into_iter().find(|it| it.seconds() == seconds);
        let mut rows: Vec<_> = self.0.into_iter().collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        let rollup = |((width, start, project_id, subject), counts)| {
            Some(Rollup {
                project_id,
                subject,
                width: width_of(width)?,
                start,
                counts,
            })
        };
        rows.into_iter().filter_map(rollup).collect()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UnixMs = UnixMs(1_700_000_039_000);

    fn rows_of(rollups: Rollups) -> Vec<Rollup> {
        let accepted = rollups.accepted.into_inner().expect("not poisoned");
        let outcomes = rollups.outcomes.into_inner().expect("not poisoned");
        rows(accepted, outcomes, Vec::new())
    }

    fn sum(rows: &[Rollup], of: impl Fn(&Rollup) -> bool) -> (u64, u64) {
        let found = rows.iter().filter(|it| it.width == Width::Minute && of(it));
        found.fold((0, 0), |(accepted, delivered), it| {
            (
                accepted + it.counts.accepted,
                delivered + it.counts.delivered,
            )
        })
    }

    fn outcome<'a>(endpoint: i64, event_type: &'a Arc<str>) -> Outcome<'a> {
        Outcome {
            project_id: ProjectId(1),
            account_id: Some(AccountId(2)),
            endpoint_id: EndpointId(endpoint),
            event_type,
            at: AT,
        }
    }

    #[test]
    fn each_subject_and_width_counts_the_same_thing_once() {
        let rollups = Rollups::default();
        let event_type: Arc<str> = "t".into();
        rollups.accepted(ProjectId(1), AccountId(2), &event_type, AT);
        for endpoint in [5, 6] {
            rollups.outcome(&outcome(endpoint, &event_type), |it| it.delivered += 1);
        }
        let rows = rows_of(rollups);
        assert!(
            rows.iter()
                .all(|it| it.start == it.width.start_of(AT.seconds()))
        );
        assert_eq!(rows.len(), 5 * 3);
        assert_eq!(sum(&rows, |it| it.subject == Subject::Project), (1, 2));
        let account = Subject::Account(AccountId(2));
        assert_eq!(sum(&rows, |it| it.subject == account), (1, 2));
        let named = Subject::EventType("t".to_owned());
        assert_eq!(sum(&rows, |it| it.subject == named), (1, 2));
        let endpoint = Subject::Endpoint(EndpointId(5));
        assert_eq!(sum(&rows, |it| it.subject == endpoint), (0, 1));
    }

    #[test]
    fn what_comes_beyond_the_bound_is_counted_for_the_project() {
        let rollups = Rollups::default();
        let many = ROLLUP_CELLS_MAX + 10;
        for number in 0..many {
            let event_type: Arc<str> = format!("t{number}").into();
            rollups.accepted(ProjectId(1), AccountId(2), &event_type, AT);
            rollups.outcome(&outcome(5, &event_type), |it| it.delivered += 1);
        }
        let rows = rows_of(rollups);
        let all = many as u64;
        assert_eq!(sum(&rows, |it| it.subject == Subject::Project), (all, all));
        let account = Subject::Account(AccountId(2));
        let kept = ROLLUP_CELLS_MAX as u64;
        assert_eq!(sum(&rows, |it| it.subject == account), (kept, kept));
    }
}
