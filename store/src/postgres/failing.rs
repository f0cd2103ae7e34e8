//! Failures of all endpoints, stretch by stretch: see `crate::failing`.

use std::collections::HashMap;

use hookwright_core::ids::ProjectId;
use hookwright_core::rollup::Failing;
use tokio_postgres::Row;

use super::lent::Transaction;
use super::rollups::{Keys, SERIES};
use super::{PostgresStore, Result};
use crate::failing::{Stretch, Sum, add_row, read};
use crate::model::{EndpointFailures, Stretches, Subject};

/// The rows of the endpoints themselves.
const EACH: &str = "
    SELECT u.place, r.subject, r.counts
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) WITH ORDINALITY
         AS u (project_id, width, start, place)
    CROSS JOIN LATERAL (
        SELECT subject, counts FROM rollups r
        WHERE r.project_id = u.project_id AND r.width = u.width AND r.start = u.start
              AND starts_with(r.subject, $4)
        LIMIT $5) r
    LIMIT $5";

/// Writes down what was added, after the endpoints' own rows were written.
pub(super) async fn put(
    transaction: &Transaction<'_>,
    added: HashMap<Stretch, Failing>,
) -> Result<()> {
    let mut all: Vec<(Stretch, Failing)> = added.into_iter().collect();
    let keys = keys_of(all.iter().map(|(stretch, _)| stretch));
    let known = keys.known(transaction).await?;
    let mut known: HashMap<usize, Option<Failing>> = known
        .iter()
        .map(|row| (place(row), read(row.get(1))))
        .collect();
    let missing: Vec<usize> = (0..all.len())
        .filter(|it| !known.contains_key(it))
        .collect();
    if !missing.is_empty() {
        let keys = keys_of(missing.iter().map(|place| &all[*place].0));
        let (endpoints, all_of_them) = (Subject::ENDPOINTS.0, i64::MAX);
        let rows = transaction
            .query(
                EACH,
                &[
                    &keys.project,
                    &keys.width,
                    &keys.start,
                    &endpoints,
                    &all_of_them,
                ],
            )
            .await?;
        // They hold what is added already.
        for place in &missing {
            all[*place].1 = Failing::default();
        }
        for row in &rows {
            add_row(&mut all[missing[place(row)]].1, row.get(1), row.get(2));
        }
    }
    let mut keys = Keys::default();
    let mut counts = Vec::new();
    for (place, (stretch, mut failing)) in all.into_iter().enumerate() {
        match known.remove(&place) {
            // What a newer version wrote is not overwritten.
            Some(None) => continue,
            Some(Some(before)) => failing.merge(&before),
            None => {}
        }
        push(&mut keys, &stretch);
        counts.push(failing.encode());
    }
    keys.put(transaction, &counts).await
}

impl PostgresStore {
    pub(crate) async fn failures_by_endpoint(
        &self,
        project: ProjectId,
        stretches: Stretches,
        limit: usize,
    ) -> Result<EndpointFailures> {
        let starts: Vec<i64> = stretches.starts().rev().collect();
        let width = stretches.width as i32;
        let rows = self
            .rows(SERIES, &[&starts, &project.0, &width, &Subject::FAILING])
            .await?;
        let mut known: HashMap<i64, Failing> = rows
            .iter()
            .filter_map(|row| Some((row.get(0), read(row.get(1))?)))
            .collect();
        let missing: Vec<i64> = (starts.iter().copied())
            .filter(|start| !known.contains_key(start))
            .collect();
        let mut looked_at: HashMap<i64, usize> = HashMap::new();
        if !missing.is_empty() {
            let (projects, widths) = (vec![project.0; missing.len()], vec![width; missing.len()]);
            let most = limit as i64;
            let rows = self
                .rows_by_index(
                    EACH,
                    &[&projects, &widths, &missing, &Subject::ENDPOINTS.0, &most],
                )
                .await?;
            for row in &rows {
                let start = missing[place(row)];
                let failing = known.entry(start).or_default();
                add_row(failing, row.get(1), row.get(2));
                *looked_at.entry(start).or_default() += 1;
            }
        }
        let mut sum = Sum::with_limit(limit);
        for start in starts {
            if let Some(failing) = known.get(&start) {
                let rows = looked_at.get(&start).copied();
                sum.add(failing, rows.unwrap_or(failing.iter().len()));
            }
        }
        Ok(sum.done())
    }
}

fn place(row: &Row) -> usize {
    usize::try_from(row.get::<_, i64>(0)).unwrap_or_default() - 1
}

fn keys_of<'a>(stretches: impl Iterator<Item = &'a Stretch>) -> Keys {
    let mut keys = Keys::default();
    stretches.for_each(|stretch| push(&mut keys, stretch));
    keys
}

fn push(keys: &mut Keys, (project, width, start): &Stretch) {
    keys.push(*project, *width, *start, Subject::FAILING.to_owned());
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use crate::failing::facts;
    use crate::postgres::scratch::{NOW, check};
    use crate::store::Store;

    #[test]
    fn stretches_of_before_there_were_such_rows_count_as_well() {
        check(async |scratch| {
            let client = scratch.connect().await;
            let run = |sql| {
                client
                    .batch_execute(sql)
                    .map(|done| done.expect("run"))
                    .boxed()
            };
            let store = Store::Postgres(scratch.open(NOW).await);
            facts::before_there_were_such_rows(&store, &run).await;
        });
    }

    #[test]
    fn what_a_newer_version_wrote_is_left_alone() {
        check(async |scratch| {
            let client = scratch.connect().await;
            let run = |sql| {
                client
                    .batch_execute(sql)
                    .map(|done| done.expect("run"))
                    .boxed()
            };
            let store = Store::Postgres(scratch.open(NOW).await);
            facts::of_a_newer_version(&store, &run).await;
        });
    }
}
