//! How an embedded store's rows come into a database: batch by batch, each with its place in one
//! transaction, so that an interrupted move goes on where it stopped.
//!
//! Events and deliveries keep their row numbers, which are small ones: they lie below those of every
//! day and get partitions of their own (`prune_moved.rs` removes them).

mod cells;

use tokio::runtime::Handle;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement, Transaction};

use super::connect::Connector;
use super::partitions::CUTS;
use super::statement::{execute_once, query_once};
use super::{PostgresOptions, Result, migrate, seal};
use crate::error::StoreError;
use crate::moved::{Batch, Place, Table};
use crate::vault::Vault;

/// Under which names it is kept what is being moved, and how far it is.
const SOURCE: &str = "moved_source";
const STATE: &str = "moved_state";
const UNFINISHED: i64 = 1;
const FINISHED: i64 = 2;

/// **Invariant:** moved rows have lower numbers, made ones higher ones (`row_ids.rs`).
pub(super) const MOVED_ROWS_END: i64 = 1 << 40;

/// What a database holds of a store that is to be moved into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Nothing,
    Part,
    All,
}

/// A database that is being filled. No node serves from it meanwhile.
pub(crate) struct Import {
    client: Client,
}

impl Import {
    /// Connects, and migrates the schema.
    pub(crate) async fn open(url: &str, options: &PostgresOptions) -> Result<Self> {
        let connector = Connector::new(url, options, Handle::current())?;
        let mut client = connector.connect().await?;
        migrate::migrate(&mut client).await?;
        Ok(Self { client })
    }

    /// What there is of the store with this fingerprint. [`StoreError::Unusable`] when there is
    /// anything else, or a node serves from it.
    pub(crate) async fn held(&self, fingerprint: i64) -> Result<Held> {
        let nodes = "SELECT count(*) FROM nodes WHERE seen_at > now() - interval '10 s'";
        let nodes: i64 = self.client.query_typed_one(nodes, &[]).await?.get(0);
        let state = state(&self.client).await?;
        let is_same = get(&self.client, SOURCE).await? == fingerprint;
        match state {
            FINISHED if is_same => return Ok(Held::All),
            UNFINISHED if !is_same => {
                return Err(StoreError::Unusable(
                    "the database holds a part of another store, or of this one before a server ran on it again\nhint: begin again with an empty database"
                        .to_owned(),
                ));
            }
            UNFINISHED if nodes == 0 => return Ok(Held::Part),
            _ => {}
        }
        if nodes > 0 {
            return Err(StoreError::Unusable(format!(
                "{nodes} nodes serve from the database\nhint: stop them, or give an empty database"
            )));
        }
        for table in Table::ALL {
            let sql = format!("SELECT EXISTS (SELECT FROM {})", table.name());
            if self.client.query_typed_one(&sql, &[]).await?.get(0) {
                return Err(StoreError::Unusable(format!(
                    "the database is not empty: it has {}\nhint: begin with an empty database",
                    table.name().replace('_', " ")
                )));
            }
        }
        Ok(Held::Nothing)
    }

    /// Marks the database as unfinished, and makes room for rows with small numbers.
    pub(crate) async fn begin(&mut self, fingerprint: i64, vault: &Vault) -> Result<()> {
        seal::check(&self.client, vault).await?;
        let transaction = self.client.transaction().await?;
        put(&transaction, SOURCE, fingerprint).await?;
        put(&transaction, STATE, UNFINISHED).await?;
        for table in Table::ALL {
            put(&transaction, &last_of(table), 0).await?;
            put(&transaction, &rows_of(table), 0).await?;
        }
        for cut in &CUTS {
            let sql = format!(
                "CREATE TABLE {name}_moved PARTITION OF {name}
                     FOR VALUES FROM (MINVALUE) TO ({MOVED_ROWS_END})",
                name = cut.name
            );
            transaction.batch_execute(&sql).await?;
        }
        let by_age = "CREATE INDEX events_moved_by_age ON events_moved (accepted_at, id)";
        transaction.batch_execute(by_age).await?;
        Ok(transaction.commit().await?)
    }

    /// Checks that the database was begun under this master key.
    pub(crate) async fn resume(&self, vault: &Vault) -> Result<()> {
        seal::check(&self.client, vault).await
    }

    /// How far a table is.
    pub(crate) async fn place(&self, table: Table) -> Result<Place> {
        let rows = get(&self.client, &rows_of(table)).await?;
        Ok(Place {
            last: get(&self.client, &last_of(table)).await?,
            rows: rows.unsigned_abs(),
        })
    }

    /// Adds rows after those that are there, and answers how far the table is then.
    pub(crate) async fn write(
        &mut self,
        table: Table,
        before: Place,
        batch: &Batch,
    ) -> Result<Place> {
        let after = Place {
            last: batch.place,
            rows: before.rows + batch.rows.len() as u64,
        };
        let (into, columns) = columns_of(table);
        let types = types_of(&self.client, into, columns).await?;
        let transaction = self.client.transaction().await?;
        advance(&transaction, table, before, after).await?;
        let copy = format!("COPY {into} ({columns}) FROM STDIN BINARY");
        let sink = transaction.copy_in(&copy).await?;
        let writer = BinaryCopyInWriter::new(sink, &types);
        let mut writer = std::pin::pin!(writer);
        for row in &batch.rows {
            writer.as_mut().write_raw(row).await?;
        }
        writer.finish().await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: Table) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {}", table.name());
        let count: i64 = self.client.query_typed_one(&sql, &[]).await?.get(0);
        Ok(count.unsigned_abs())
    }

    /// Lets numbers go on after those moved, lets the planner know the tables, and lets nodes serve.
    pub(crate) async fn finish(&mut self) -> Result<()> {
        let names = Table::ALL.map(Table::name).join(", ");
        let analyze = format!("ANALYZE {names}");
        self.client.batch_execute(&analyze).await?;
        let transaction = self.client.transaction().await?;
        for table in [
            "projects",
            "accounts",
            "keys",
            "catalogue",
            "endpoints",
            "resends",
            "jobs",
            "notices",
        ] {
            let sql = format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id))
                 FROM {table} HAVING MAX(id) > 0"
            );
            transaction.batch_execute(&sql).await?;
        }
        put(&transaction, STATE, FINISHED).await?;
        Ok(transaction.commit().await?)
    }
}

/// [`StoreError::Unusable`] while a move into the database is not finished: what is missing would be
/// answered with 404, and what is added would not be moved.
pub(super) async fn check_finished(client: &Client) -> Result<()> {
    if state(client).await? == UNFINISHED {
        return Err(StoreError::Unusable(
            "the database is being filled by \"hookwright migrate\", or that was interrupted\nhint: run the same command again, it goes on where it stopped"
                .to_owned(),
        ));
    }
    Ok(())
}

async fn state(client: &Client) -> Result<i64> {
    get(client, STATE).await
}

/// Moves a table's place on, if nobody else did.
async fn advance(
    transaction: &Transaction<'_>,
    table: Table,
    before: Place,
    after: Place,
) -> Result<()> {
    let sql = "UPDATE meta SET value = $3 WHERE name = $1 AND value = $2";
    let (client, name) = (transaction.client(), last_of(table));
    let moved = execute_once(client, sql, &[&name, &before.last, &after.last]).await?;
    if moved == 0 {
        return Err(StoreError::Unusable(
            "another \"hookwright migrate\" fills the database\nhint: let one of them end first"
                .to_owned(),
        ));
    }
    put(transaction, &rows_of(table), after.rows as i64).await
}

fn last_of(table: Table) -> String {
    format!("moved_{}_last", table.name())
}

fn rows_of(table: Table) -> String {
    format!("moved_{}_rows", table.name())
}

/// Which table takes the rows, and its columns in the order of `sqlite/export.rs`.
const fn columns_of(table: Table) -> (&'static str, &'static str) {
    match table {
        Table::Projects => (
            "projects",
            "id, public_id, name, profile, livemode, created_at, deleted_at, settings",
        ),
        Table::Accounts => (
            "accounts",
            "project_id, id, public_id, name, created_at, deleted_at",
        ),
        Table::Keys => (
            "keys",
            "project_id, id, public_id, account_id, name, hash, hint, scopes, created_at,
             expires_at, revoked_at, kind, rate_limit, last_used_at, parent_id, portal, link_hash,
             link_until",
        ),
        Table::Catalogue => (
            "catalogue",
            "id, project_id, name, document, created_at, updated_at",
        ),
        Table::EndpointHealth => (
            "endpoint_health",
            "project_id, endpoint_id, failing_since, breaker, breaker_reason, breaker_until,
             breaker_at",
        ),
        Table::LateDeliveries => ("late_deliveries", "project_id, event_id, delivery_id"),
        Table::Jobs => (
            "jobs",
            "id, public_id, project_id, account_id, kind, state, spec, progress, place, created_at,
             updated_at, finished_at, lease, leased_until",
        ),
        Table::Notices => ("notices", "id, project_id, event_type, body, made_at"),
        Table::Rollups => ("rollups", "project_id, subject, width, start, counts"),
        Table::Audit => ("audit", "id, project_id, account_id, document"),
        Table::Endpoints => (
            "endpoints",
            "project_id, id, account_id, public_id, settings, secrets, status, status_reason,
             created_at, updated_at, deleted_at, status_since",
        ),
        Table::Events => (
            "events_moved",
            "project_id, id, account_id, event_type, accepted_at, time, given_id, extra,
             first_delivery, fanout, payload",
        ),
        Table::EventNames => ("event_names", "project_id, name, event_id, fingerprint"),
        Table::Deliveries => (
            "deliveries_moved",
            "project_id, id, event_id, endpoint_id, created_at, lease, due_at, first_failed_at,
             finished_at, attempts, failed_attempts, state, last_class, last_status, first_attempt",
        ),
        Table::Attempts => ("attempts_moved", "project_id, delivery_id, number, body"),
        Table::Resends => (
            "resends",
            "project_id, id, delivery_id, endpoint_id, lease, due_at",
        ),
    }
}

async fn types_of(client: &Client, table: &str, columns: &str) -> Result<Vec<Type>> {
    let sql = format!("SELECT {columns} FROM {table}");
    let statement: Statement = client.prepare(&sql).await?;
    let types = statement.columns().iter().map(|it| it.type_().clone());
    Ok(types.collect())
}

/// As `meta.rs`, on a connection that is not pooled.
async fn get(client: &Client, name: &str) -> Result<i64> {
    let sql = "SELECT value FROM meta WHERE name = $1";
    let rows = query_once(client, sql, &[&name]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

async fn put(transaction: &Transaction<'_>, name: &str, value: i64) -> Result<()> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    execute_once(transaction.client(), sql, &[&name, &value]).await?;
    Ok(())
}
