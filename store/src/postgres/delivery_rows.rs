//! How the rows that make up a delivery are read, for one and for lists.

use std::collections::{BTreeSet, HashMap};

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::Result;
use super::lent::Transaction;
use crate::blob;
use crate::model::{EndpointStatus, Scope};
use crate::stored_delivery::{About, Receiver, Stored, is_seen};

/// What [`stored`] reads.
pub(super) const COLUMNS: &str =
    "d.id, d.event_id, d.endpoint_id, d.state, d.attempts, d.due_at, d.lease,
        d.created_at, d.finished_at, d.last_class, d.last_status, substring(d.first_attempt, 1, 64),
        d.failed_attempts, d.first_failed_at";
const RECEIVERS: &str = "
    SELECT p.id, p.public_id, a.public_id, p.account_id, p.status
    FROM endpoints p JOIN accounts a ON a.project_id = p.project_id AND a.id = p.account_id
    WHERE p.project_id = $1 AND p.id = ANY($2)";
/// Each row is looked for by itself, in the one day that it lies in: a list of numbers would be looked
/// for in each day. The range leaves the other days closed.
pub(super) const ABOUT: &str = "
    SELECT e.id, e.given_id, e.accepted_at, e.event_type FROM unnest($2::bigint[]) AS asked (id), LATERAL (
        SELECT id, given_id, accepted_at, event_type FROM events
        WHERE project_id = $1 AND id = asked.id AND id >= $3 AND id <= $4 OFFSET 0) e";

/// What is shown of these events, by row.
pub(super) async fn about(
    transaction: &Transaction<'_>,
    project: ProjectId,
    ids: Vec<i64>,
) -> Result<HashMap<i64, About>> {
    let rows = rows_of(transaction, ABOUT, project, ids).await?;
    let about = rows.iter().map(|row| {
        let about = About {
            given_id: row.get(1),
            accepted_at: UnixMs(row.get(2)),
            event_type: row.get(3),
        };
        (row.get(0), about)
    });
    Ok(about.collect())
}

/// Rows of a table that is cut by days, by their numbers and the range that they are in.
pub(super) async fn rows_of(
    transaction: &Transaction<'_>,
    sql: &str,
    project: ProjectId,
    mut ids: Vec<i64>,
) -> Result<Vec<Row>> {
    ids.sort_unstable();
    ids.dedup();
    let (Some(first), Some(last)) = (ids.first().copied(), ids.last().copied()) else {
        return Ok(Vec::new());
    };
    Ok(transaction
        .query(sql, &[&project.0, &ids, &first, &last])
        .await?)
}

/// What is shown of those of these endpoints that are seen within the scope, by row.
pub(super) async fn receivers(
    transaction: &Transaction<'_>,
    scope: Scope,
    lanes: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Receiver>> {
    let lanes: Vec<i64> = BTreeSet::from_iter(lanes).into_iter().collect();
    let rows = transaction
        .query(RECEIVERS, &[&scope.project_id.0, &lanes])
        .await?;
    let receivers = rows.iter().map(|row| {
        let of = Scope {
            project_id: scope.project_id,
            account_id: Some(AccountId(row.get(3))),
        };
        let receiver = Receiver {
            public_id: row.get(1),
            account_public_id: row.get(2),
            scope: of,
            is_paused: row.get::<_, i16>(4) == EndpointStatus::Paused as i16,
        };
        (row.get(0), receiver)
    });
    Ok(receivers
        .filter(|(_, it): &(i64, Receiver)| is_seen(scope, it.scope))
        .collect())
}

/// Reads [`COLUMNS`].
pub(super) fn stored(row: &Row) -> Result<Stored> {
    let class = row.get::<_, Option<i16>>(9);
    let class = class.and_then(|code| u8::try_from(code).ok());
    let status = row.get::<_, Option<i16>>(10);
    Ok(Stored {
        id: DeliveryId(row.get(0)),
        event_id: EventId(row.get(1)),
        endpoint_id: EndpointId(row.get(2)),
        state: Stored::state_of(i64::from(row.get::<_, i16>(3)))?,
        attempts: row.get::<_, i32>(4).unsigned_abs(),
        due_at: row.get::<_, Option<i64>>(5).map(UnixMs),
        is_leased: row.get::<_, i64>(6) > 0,
        created_at: UnixMs(row.get(7)),
        finished_at: row.get::<_, Option<i64>>(8).map(UnixMs),
        class: class.and_then(ErrorClass::from_code),
        status: status.map(i16::unsigned_abs),
        first: blob::head(row.get::<_, Option<&[u8]>>(11).unwrap_or_default())?,
        failed_attempts: row.get::<_, i32>(12).unsigned_abs(),
        first_failed_at: row.get::<_, Option<i64>>(13).map(UnixMs),
    })
}
