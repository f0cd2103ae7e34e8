//! Failures of all endpoints in one stretch of time, kept side by side in a row of their own: how
//! they are added to, and how many stretches make a sum, whatever the engine.
//!
//! The row is made with the first counts of its stretch. Where there is none, as of before there were
//! such rows, the endpoints' own rows tell.

use std::collections::HashMap;

use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::rollup::{Counts, Failing, Width};

use crate::model::{EndpointFailures, Rollup, Subject};
use crate::rollup_row::told;

/// One stretch of a project's time.
pub(crate) type Stretch = (ProjectId, Width, i64);

/// What these counts add to each stretch. One that counts endpoints of which none failed is there too.
pub(crate) fn added_by(rollups: &[Rollup]) -> HashMap<Stretch, Failing> {
    let mut all: HashMap<Stretch, Failing> = HashMap::new();
    for rollup in rollups {
        if let Subject::Endpoint(id) = rollup.subject {
            let stretch = (rollup.project_id, rollup.width, rollup.start);
            let failures = rollup.counts.errors().map(|(_, count)| count).sum();
            all.entry(stretch).or_default().add(id, failures);
        }
    }
    all
}

/// `None` for what a newer version wrote.
pub(crate) fn read(bytes: &[u8]) -> Option<Failing> {
    told(Failing::decode(bytes))
}

/// Takes in an endpoint's own row, by its key.
pub(crate) fn add_row(failing: &mut Failing, key: &str, counts: &[u8]) {
    if let Some(endpoint) = Subject::endpoint_of(key)
        && let Some(failures) = told(Counts::failures_in(counts))
    {
        failing.add(endpoint, failures);
    }
}

/// Adds up stretches, the newest first, until so many failing endpoints were come across.
pub(crate) struct Sum {
    all: HashMap<EndpointId, u64>,
    left: usize,
    is_whole: bool,
}

impl Sum {
    pub(crate) fn with_limit(limit: usize) -> Self {
        Self {
            all: HashMap::new(),
            left: limit,
            is_whole: true,
        }
    }

    /// How many more may be looked at.
    pub(crate) const fn left(&self) -> usize {
        self.left
    }

    /// Takes in a stretch, unless the limit is reached. `looked_at` is how many rows or pairs told it.
    pub(crate) fn add(&mut self, stretch: &Failing, looked_at: usize) {
        if self.left == 0 {
            return;
        }
        for (endpoint, failures) in stretch.iter() {
            let sum = self.all.entry(endpoint).or_default();
            *sum = sum.saturating_add(failures);
        }
        self.left = self.left.saturating_sub(looked_at);
        self.is_whole &= stretch.is_whole();
    }

    pub(crate) fn done(self) -> EndpointFailures {
        EndpointFailures {
            is_complete: self.is_whole && self.left > 0,
            endpoints: self.all.into_iter().collect(),
        }
    }
}

/// What holds of a store whose rows are changed past it, by SQL that both engines take.
#[cfg(test)]
pub(crate) mod facts {
    use futures_util::future::BoxFuture;
    use hookwright_core::error_class::ErrorClass;

    use super::*;
    use crate::model::Stretches;
    use crate::store::Store;

    /// Runs SQL past the store.
    pub(crate) type Run<'a> = &'a (dyn Fn(&'static str) -> BoxFuture<'a, ()> + Sync);

    const PROJECT: ProjectId = ProjectId(1);
    const START: i64 = 1_700_000_040;

    async fn add(store: &Store, endpoint: i64, failures: usize) {
        let mut counts = Counts::default();
        (0..failures).for_each(|_| counts.error(ErrorClass::Timeout));
        let rollup = Rollup {
            project_id: PROJECT,
            subject: Subject::Endpoint(EndpointId(endpoint)),
            width: Width::Minute,
            start: START,
            counts,
        };
        store.add_rollups(vec![rollup]).await.expect("added");
    }

    async fn sums(store: &Store) -> Vec<(i64, u64)> {
        let minute = Stretches {
            width: Width::Minute,
            since: START,
            until: START + 60,
        };
        let found = store.failures_by_endpoint(PROJECT, minute, 100).await;
        let found = found.expect("read").endpoints;
        let mut sums: Vec<_> = found.into_iter().map(|(id, sum)| (id.0, sum)).collect();
        sums.sort_unstable();
        sums
    }

    pub(crate) async fn before_there_were_such_rows(store: &Store, run: Run<'_>) {
        add(store, 7, 2).await;
        add(store, 8, 0).await;
        run("DELETE FROM rollups WHERE subject = 'f'").await;
        assert_eq!(sums(store).await, [(7, 2)]);
        add(store, 9, 4).await;
        add(store, 7, 1).await;
        run("DELETE FROM rollups WHERE subject <> 'f'").await;
        assert_eq!(sums(store).await, [(7, 3), (9, 4)], "made of all of them");
    }

    pub(crate) async fn of_a_newer_version(store: &Store, run: Run<'_>) {
        add(store, 7, 2).await;
        // Without its first byte it is of no version that is known.
        run("UPDATE rollups SET counts = substr(counts, 2) WHERE subject = 'f'").await;
        add(store, 7, 3).await;
        assert_eq!(sums(store).await, [(7, 5)], "read from their own rows");
        run("DELETE FROM rollups WHERE subject = 'e:7'").await;
        assert_eq!(sums(store).await, [], "what could not be read is as it was");
    }
}
