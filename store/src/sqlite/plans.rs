//! Whether every statement that the store runs finds its rows by an index.
//!
//! The store is driven through its methods while each connection notes what it runs; then the
//! planner is asked about every statement noted, so that a new one is judged without being listed.

mod every_method;
mod health_methods;
mod lists;
mod tenancy;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::*;

const NOW: UnixMs = UnixMs(1_700_000_000_000);

/// Statements may walk these: lists of a few rows, or what is made for walking.
const SCANS_ALLOWED: &[(&str, &str)] = &[
    // A node's start reads all routing facts.
    ("FROM projects WHERE deleted_at IS NULL", "SCAN projects"),
    ("FROM accounts WHERE deleted_at IS NULL", "SCAN accounts"),
    ("FROM endpoints WHERE deleted_at IS NULL", "SCAN endpoints"),
    ("FROM catalogue ORDER BY project_id, name", "SCAN catalogue"),
    // Once, when a file of the version before is opened.
    (
        "UPDATE endpoints SET status_since = updated_at;",
        "SCAN endpoints",
    ),
    // Resends are what people asked for and what is not made yet: few.
    ("GROUP BY endpoint_id", "SCAN resends"),
    ("UPDATE resends SET lease = 0", "SCAN resends"),
    // Jobs that have not ended: few.
    (
        "FROM jobs WHERE finished_at IS NULL",
        "SCAN jobs USING INDEX jobs_open",
    ),
    (
        "UPDATE jobs SET lease = 0",
        "SCAN jobs USING INDEX jobs_open",
    ),
    // An index that holds only what is looked for.
    (
        "FROM endpoint_health",
        "SCAN endpoint_health USING INDEX endpoint_health_unwell",
    ),
];

static NOTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Notes what this connection runs from now on.
pub(super) fn note(connection: &Connection) {
    connection.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT,
        Some(|event| {
            if let TraceEvent::Stmt(statement, _) = event {
                NOTED
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(statement.sql().into_owned());
            }
        }),
    );
}

/// The planner's words for the statements that matter, each found by a piece of its text.
const EXPECTED: &[(&str, &str)] = &[
    // claim
    (
        "WHERE endpoint_id = ?1 AND due_at <= ?2 AND state <= 9",
        "SEARCH deliveries USING INDEX deliveries_due (endpoint_id=? AND due_at>? AND due_at<?)",
    ),
    (
        "WHERE r.endpoint_id = ?1 AND r.due_at <= ?2",
        "SEARCH r USING INDEX resends_due (endpoint_id=? AND due_at<?)",
    ),
    // claim_in_order
    (
        "AND NOT (state = 2 AND lease = 0",
        "SEARCH deliveries USING INDEX deliveries_in_order (endpoint_id=?)",
    ),
    // lanes_waiting and lanes_due
    (
        "WHERE endpoint_id > ?1 AND state <= 9",
        "SEARCH deliveries USING INDEX deliveries_due (endpoint_id>?)",
    ),
    (
        "SELECT MIN(due_at) AS due_at FROM deliveries",
        "SEARCH deliveries USING INDEX deliveries_due (endpoint_id=? AND due_at>?)",
    ),
    // the walks bucket by bucket
    (
        "WHERE id >> 16 = ?3 AND endpoint_id = ?4",
        "SEARCH deliveries USING INDEX deliveries_by_endpoint (<expr>=? AND endpoint_id=? AND rowid>? AND rowid<?)",
    ),
    (
        "WHERE e.id >> 16 = ?3 AND e.account_id = ?4",
        "SEARCH e USING INDEX events_by_account (<expr>=? AND account_id=? AND rowid>? AND rowid<?)",
    ),
    // the walks of few rows
    (
        "INDEXED BY deliveries_failed WHERE id > ?1 AND id < ?2",
        "SEARCH deliveries USING INDEX deliveries_failed (id>? AND id<?)",
    ),
    (
        "INDEXED BY deliveries_cancelled WHERE id > ?1 AND id < ?2",
        "SEARCH deliveries USING INDEX deliveries_cancelled (id>? AND id<?)",
    ),
    (
        "INDEXED BY deliveries_waiting WHERE id > ?1 AND id < ?2",
        "SEARCH deliveries USING INDEX deliveries_waiting (id>? AND id<?)",
    ),
    (
        "WHERE endpoint_id = ?3 AND id > ?1 AND id < ?2 AND state <= 9",
        "SEARCH deliveries USING INDEX deliveries_in_order (endpoint_id=? AND id>? AND id<?)",
    ),
    // the walk of all
    (
        "FROM deliveries  WHERE id > ?1 AND id < ?2",
        "SEARCH deliveries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ),
    // reclaim and recovery
    (
        "WHERE id >= ?1 AND state <= 9 AND due_at IS NULL AND created_at",
        "SEARCH deliveries USING INTEGER PRIMARY KEY (rowid>?)",
    ),
    (
        "WHERE lease > 0 AND state <= 9 AND due_at IS NOT NULL",
        "SEARCH deliveries USING INDEX deliveries_leased (lease>?)",
    ),
    // settle
    (
        "DELETE FROM resends WHERE id =",
        "SEARCH resends USING COVERING INDEX resends_by_delivery (delivery_id=? AND lease=?)",
    ),
    // replay
    (
        "WHERE d.state = 11 AND d.id > ?1",
        "SEARCH d USING INDEX deliveries_failed (id>? AND id<?)",
    ),
    (
        "WHERE d.state = 12 AND d.id > ?1",
        "SEARCH d USING INDEX deliveries_cancelled (id>? AND id<?)",
    ),
    (
        "WHERE d.id > ?3 AND d.id < ?4 AND d.id >> 16",
        "SEARCH d USING INDEX deliveries_by_endpoint (<expr>=? AND endpoint_id=? AND rowid>? AND rowid<?)",
    ),
    (
        "WHERE e.id > ?3 AND e.id < ?4 AND e.id >> 16",
        "SEARCH e USING INDEX events_by_account (<expr>=? AND account_id=? AND rowid>? AND rowid<?)",
    ),
    // prune
    (
        "FROM events e WHERE e.id >= ?1",
        "SEARCH e USING INTEGER PRIMARY KEY (rowid>?)",
    ),
    (
        "FROM events e WHERE e.id >= ?1",
        "SEARCH r USING COVERING INDEX resends_by_delivery (delivery_id>? AND delivery_id<?)",
    ),
];

#[test]
fn the_statements_that_matter_use_the_index_made_for_them() {
    let plans = plans();
    let mut missed = String::new();
    for (text, expected) in EXPECTED {
        let found: Vec<_> = plans.iter().filter(|(sql, _)| sql.contains(text)).collect();
        assert!(!found.is_empty(), "no statement has \"{text}\"");
        for (sql, plan) in found {
            if !plan.iter().any(|step| step == expected) {
                missed += &format!("no step {expected}\n  in {plan:#?}\n  of {sql}\n");
            }
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn no_statement_scans_a_table_or_sorts_its_rows() {
    let plans = plans();
    assert!(plans.len() > 60, "only {} statements noted", plans.len());
    let mut found = String::new();
    let mut unused: Vec<_> = SCANS_ALLOWED.iter().collect();
    for (sql, plan) in plans {
        for step in plan.iter().filter(|step| is_costly(step)) {
            let allows = |(text, scan): &(&str, &str)| sql.contains(text) && step.starts_with(scan);
            unused.retain(|allowed| !allows(allowed));
            if !SCANS_ALLOWED.iter().any(allows) {
                found += &format!("{step}\n  by {sql}\n");
            }
        }
    }
    assert!(found.is_empty(), "{found}");
    assert!(unused.is_empty(), "allowed for nothing: {unused:?}");
}

fn is_costly(step: &str) -> bool {
    step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW"
        || step.contains("TEMP B-TREE")
        || step.contains("AUTOMATIC")
}

/// Every statement that the methods ran, with its plan's steps.
fn plans() -> Vec<(String, Vec<String>)> {
    let folder = TempDir::new().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        // Twice: the second opening recovers what the first left.
        for run in 0..2 {
            let store = open(&folder);
            every_method::call(&store, run).await;
            store.close().await.expect("closed");
        }
    });
    let noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let connection = Connection::open(folder.path().join("hookwright.db")).expect("opened");
    let touches_rows = |sql: &String| {
        let verb = sql.split_whitespace().next().unwrap_or_default();
        ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(&verb)
    };
    let ours = |sql: &String| !sql.contains("sqlite_master");
    noted
        .into_iter()
        .filter(touches_rows)
        .filter(ours)
        .map(|sql| {
            let steps = steps(&connection, &sql);
            (sql, steps)
        })
        .collect()
}

fn steps(connection: &Connection, sql: &str) -> Vec<String> {
    let mut explain = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .expect("explained");
    let rows = explain.raw_query().mapped(|row| row.get(3));
    rows.collect::<rusqlite::Result<_>>().expect("read")
}

fn open(folder: &TempDir) -> Store {
    let vault = Vault::new(&[vec![7; 32]]).expect("32 bytes");
    let options = SqliteOptions {
        now: NOW,
        commit_pace: Duration::ZERO,
    };
    Store::open_sqlite(folder.path(), vault, options).expect("opened")
}
