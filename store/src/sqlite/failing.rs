//! Failures of all endpoints, stretch by stretch: see `crate::failing`.

use std::collections::HashMap;

use hookwright_core::ids::ProjectId;
use hookwright_core::rollup::Failing;
use rusqlite::{Connection, params};

use super::rollups::{PUT, each_of, one};
use super::{Result, SqliteStore};
use crate::failing::{Stretch, Sum, add_row, read};
use crate::model::{EndpointFailures, Stretches, Subject};

/// Writes down what was added, after the endpoints' own rows were written.
pub(super) fn put(connection: &Connection, added: HashMap<Stretch, Failing>) -> Result<()> {
    let mut put = connection.prepare_cached(PUT)?;
    for (stretch, mut failing) in added {
        match one(connection, stretch, Subject::FAILING)? {
            Some(known) => match read(&known) {
                Some(before) => failing.merge(&before),
                // What a newer version wrote is not overwritten.
                None => continue,
            },
            // They hold what is added already.
            None => failing = each(connection, stretch, usize::MAX)?.0,
        }
        let (project, width, start) = stretch;
        put.execute(params![
            width.seconds(),
            start,
            project.0,
            Subject::FAILING,
            failing.encode()
        ])?;
    }
    Ok(())
}

/// What the rows of the endpoints themselves tell, and how many were looked at.
fn each(connection: &Connection, stretch: Stretch, limit: usize) -> Result<(Failing, usize)> {
    let mut failing = Failing::default();
    let looked_at = each_of(
        connection,
        stretch,
        (Subject::ENDPOINTS, limit),
        |key, counts| {
            add_row(&mut failing, key, counts);
        },
    )?;
    Ok((failing, looked_at))
}

impl SqliteStore {
    pub(crate) async fn failures_by_endpoint(
        &self,
        project: ProjectId,
        stretches: Stretches,
        limit: usize,
    ) -> Result<EndpointFailures> {
        self.read(move |connection| {
            let mut sum = Sum::with_limit(limit);
            for start in stretches.starts().rev() {
                let stretch = (project, stretches.width, start);
                let known = one(connection, stretch, Subject::FAILING)?;
                let (failing, looked_at) = match known.as_deref().and_then(read) {
                    Some(failing) => {
                        let pairs = failing.iter().len();
                        (failing, pairs)
                    }
                    None => each(connection, stretch, sum.left())?,
                };
                sum.add(&failing, looked_at);
                if sum.left() == 0 {
                    break;
                }
            }
            Ok(sum.done())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use futures_util::FutureExt as _;
    use hookwright_core::time::UnixMs;
    use tempfile::TempDir;

    use super::*;
    use crate::failing::facts;
    use crate::sqlite::SqliteOptions;
    use crate::store::Store;
    use crate::vault::Vault;

    fn open(folder: &TempDir) -> Store {
        let vault = Vault::new(&[vec![7; 32]]).expect("32 bytes");
        let options = SqliteOptions {
            now: UnixMs(1_700_000_000_000),
            commit_pace: std::time::Duration::ZERO,
        };
        Store::open_sqlite(folder.path(), vault, options).expect("opened")
    }

    fn run(folder: &Path, sql: &str) {
        let past_it = Connection::open(folder.join("hookwright.db")).expect("opened");
        past_it.execute_batch(sql).expect("run");
    }

    #[tokio::test]
    async fn stretches_of_before_there_were_such_rows_count_as_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        let run = |sql| async move { run(path, sql) }.boxed();
        facts::before_there_were_such_rows(&open(&folder), &run).await;
    }

    #[tokio::test]
    async fn what_a_newer_version_wrote_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        let run = |sql| async move { run(path, sql) }.boxed();
        facts::of_a_newer_version(&open(&folder), &run).await;
    }
}
