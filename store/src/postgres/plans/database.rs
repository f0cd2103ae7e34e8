//! What a plan is judged on: forty days, some busier than others, of which no statistics are known.

use serde_json::Value;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::partitions;
use crate::postgres::scratch::{NOW, Scratch, check};

const THREE_DAYS_MS: u64 = 3 * 24 * 60 * 60 * 1000;

/// Rows of project 1 on most days and of project 2 on few, a busy day, and some left over.
const ROWS: &str = "
    INSERT INTO accounts (project_id, public_id, created_at)
        SELECT i, i::text, 0 FROM generate_series(1, 2) i;
    INSERT INTO endpoints (project_id, account_id, public_id, settings, secrets, status,
                           created_at, updated_at)
        SELECT i, i, i::text, '', '', 1, 0, 0 FROM generate_series(1, 2) i;
    INSERT INTO events (project_id, id, account_id, event_type, accepted_at, first_delivery, fanout)
        SELECT CASE WHEN i % 1000 = 0 THEN 2 ELSE 1 END, at + i, CASE WHEN i % 1000 = 0 THEN 2 ELSE 1 END,
               't', 0, at + i, 1
        FROM (SELECT i, 4000500000000000 + 2831155200000 * CASE WHEN i % 3 = 0 THEN 5 ELSE i % 40 END AS at
              FROM generate_series(1, 12000) i) rows;
    INSERT INTO events (project_id, id, account_id, event_type, accepted_at, first_delivery, fanout)
        SELECT 1, i, 1, 't', 0, i, 1 FROM generate_series(1, 200) i;
    INSERT INTO event_names SELECT project_id, id::text, id, '' FROM events;
    INSERT INTO deliveries (project_id, id, event_id, endpoint_id, created_at, lease, due_at, attempts,
                            failed_attempts, state)
        SELECT project_id, first_delivery, id, account_id, 0, 0, CASE WHEN id % 50 = 0 THEN 1 END, 1, 0,
               CASE WHEN id % 50 = 0 THEN 3 ELSE 10 END FROM events;
    INSERT INTO attempts SELECT project_id, id, 2, '' FROM deliveries WHERE id % 50 = 0";

/// What the planner knows of the tables.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// As of a day that began just now.
    Nothing,
    Rows,
    /// As if every day had ten million of them.
    Millions,
}

/// A database that plans are made in.
pub(super) struct Database(Client);

impl Database {
    /// Changes what the planner believes.
    pub(super) async fn believe(&self, known: Known) {
        match known {
            Known::Nothing => {}
            Known::Rows => self.0.batch_execute("ANALYZE").await.expect("analyzed"),
            Known::Millions => {
                let sql = "UPDATE pg_class SET reltuples = 10000000
                           WHERE relname ~ '^(events|deliveries|attempts)_2'";
                self.0.batch_execute(sql).await.expect("pretended");
            }
        }
    }

    /// How a statement would be run, as the planner says.
    pub(super) async fn plan(&self, settings: &str, sql: &str, values: &str) -> Value {
        let prepared = format!("BEGIN; {settings}; PREPARE asked AS {sql}");
        self.0.batch_execute(&prepared).await.expect(sql);
        let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE asked ({values})");
        let answers = self.0.simple_query(&explain).await.expect(sql);
        self.0
            .batch_execute("DEALLOCATE asked; ROLLBACK")
            .await
            .expect("undone");
        let plan = answers.into_iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        let plan: Value = serde_json::from_str(&plan.expect("a plan")).expect("JSON");
        plan[0]["Plan"].clone()
    }
}

/// Runs one fact on a database of its own.
pub(super) fn with_forty_days<F: Future<Output = ()> + Send>(
    fact: impl FnOnce(Database) -> F + Send + 'static,
) {
    check(async |scratch| {
        fill(&scratch).await;
        fact(Database(scratch.connect().await)).await;
    });
}

async fn fill(scratch: &Scratch) {
    let store = scratch.open(NOW).await;
    for step in 0..13 {
        let now = NOW.plus_ms(step * THREE_DAYS_MS);
        let made = partitions::make_ahead(&store.shared.pool, now).await;
        made.expect("made");
    }
    let client = store.client().await.expect("connected");
    let days = partitions::days(&client).await.expect("read");
    assert_eq!(days.len(), 40);
    client.batch_execute(ROWS).await.expect("filled");
    store.close().await.expect("closed");
}
