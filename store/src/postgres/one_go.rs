//! What nearly every batch writes, as one statement: events that are new, and first attempts that
//! succeeded.
//!
//! A statement is a transaction by itself, and each message to the server costs it a wake-up and an
//! answer: what is nearly always written is sent as one.

use tokio_postgres::{Client, Row};

use super::append::Inserts;
use super::settle::Firsts;
use super::statement::Statement;

/// It fails (division by zero) when this node was declared lost; else nobody can declare it so
/// before the commit. A first success changes no indexed column.
pub(super) const ONE_GO: &str = "
    WITH living AS (
        SELECT 1 / count(*) FROM (SELECT 1 FROM nodes WHERE id = $1 FOR KEY SHARE) AS me
    ), event AS (
        INSERT INTO events (project_id, id, account_id, event_type, accepted_at, time, given_id, extra,
                            first_delivery, fanout, payload)
        SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
                             $7::bigint[], $8::text[], $9::text[], $10::bigint[], $11::integer[], $12::bytea[])
    ), name AS (
        INSERT INTO event_names (project_id, name, event_id, fingerprint)
        SELECT * FROM unnest($13::bigint[], $14::text[], $15::bigint[], $16::bytea[])
    ), delivery AS (
        INSERT INTO deliveries (project_id, id, event_id, endpoint_id, created_at, lease, due_at,
                                finished_at, state, last_class, attempts, failed_attempts)
        SELECT *, 0, 0 FROM unnest($17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[],
                                   $22::bigint[], $23::bigint[], $24::bigint[], $25::smallint[], $26::smallint[])
    ), settled AS (
        UPDATE deliveries d SET state = 10, due_at = NULL, attempts = 1, first_attempt = u.body, finished_at = NULL
        FROM unnest($27::bigint[], $28::bigint[], $29::bigint[], $30::bytea[]) AS u (project_id, id, lease, body)
        WHERE d.project_id = u.project_id AND d.id = u.id AND d.lease = u.lease
              AND d.state <= 9 AND d.attempts = 0
        RETURNING d.id, d.lease
    )
    SELECT settled.id, settled.lease FROM living LEFT JOIN settled ON true";

/// Writes it; answers which deliveries were settled, under which leases.
pub(super) async fn write(
    client: &Client,
    statement: &Statement,
    node: i64,
    Inserts {
        events: e,
        deliveries: d,
        names: n,
        ..
    }: &Inserts<'_>,
    u: &Firsts,
) -> Result<Vec<(i64, i64)>, tokio_postgres::Error> {
    let rows = statement
        .query(
            client,
            &[
                &node,
                &e.project_id,
                &e.id,
                &e.account_id,
                &e.event_type,
                &e.accepted_at,
                &e.time,
                &e.given_id,
                &e.extra,
                &e.first_delivery,
                &e.fanout,
                &e.payload,
                &n.project_id,
                &n.name,
                &n.event_id,
                &n.fingerprint,
                &d.project_id,
                &d.id,
                &d.event_id,
                &d.endpoint_id,
                &d.created_at,
                &d.lease,
                &d.due_at,
                &d.finished_at,
                &d.state,
                &d.last_class,
                &u.project_id,
                &u.id,
                &u.lease,
                &u.body,
            ],
        )
        .await?;
    // One row without a delivery says that none was settled.
    let settled = |row: &Row| Some((row.get::<_, Option<i64>>(0)?, row.get(1)));
    Ok(rows.iter().filter_map(settled).collect())
}
