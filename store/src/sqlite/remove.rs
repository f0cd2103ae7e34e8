//! What is removed with an event: all that is its, and how much that was.

use rusqlite::{Connection, params};

use super::Result;

/// Removes an event, by its row and the range of its deliveries.
pub(super) fn event(
    connection: &Connection,
    (event, first_delivery, end): (i64, i64, i64),
) -> Result<()> {
    deliveries(connection, first_delivery, end)?;
    let late: Vec<i64> = connection
        .prepare_cached("DELETE FROM late_deliveries WHERE event_id = ?1 RETURNING delivery_id")?
        .query_map([event], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    for id in late {
        deliveries(connection, id, id + 1)?;
    }
    for sql in [
        "DELETE FROM event_names WHERE event_id = ?1",
        "DELETE FROM events WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([event])?;
    }
    Ok(())
}

fn deliveries(connection: &Connection, first: i64, end: i64) -> Result<()> {
    for sql in [
        "DELETE FROM attempts WHERE delivery_id >= ?1 AND delivery_id < ?2",
        "DELETE FROM resends WHERE delivery_id >= ?1 AND delivery_id < ?2",
        "DELETE FROM deliveries WHERE id >= ?1 AND id < ?2",
    ] {
        connection
            .prepare_cached(sql)?
            .execute(params![first, end])?;
    }
    Ok(())
}

/// How much an event is, by class, with the range of its deliveries.
pub(super) struct Size {
    pub(super) first_delivery: i64,
    pub(super) end: i64,
    pub(super) payloads: u64,
    pub(super) names: u64,
    pub(super) deliveries: u64,
    pub(super) attempts: u64,
}

/// How much there is of an event; an error that says "not found" when it is gone.
pub(super) fn size(connection: &Connection, event: i64) -> Result<Size> {
    let count = |row: &rusqlite::Row<'_>, index| row.get::<_, i64>(index).map(i64::unsigned_abs);
    let mut size = connection
        .prepare_cached(
            "SELECT first_delivery, first_delivery + fanout, payload IS NOT NULL,
                    (SELECT COUNT(*) FROM event_names WHERE event_id = events.id)
             FROM events WHERE id = ?1",
        )?
        .query_row([event], |row| {
            Ok(Size {
                first_delivery: row.get(0)?,
                end: row.get(1)?,
                payloads: count(row, 2)?,
                names: count(row, 3)?,
                deliveries: 0,
                attempts: 0,
            })
        })?;
    let of_range = connection
        .prepare_cached(
            "SELECT COUNT(*), IFNULL(SUM(attempts), 0) FROM deliveries WHERE id >= ?1 AND id < ?2",
        )?
        .query_row([size.first_delivery, size.end], |row| {
            Ok((count(row, 0)?, count(row, 1)?))
        })?;
    let late = connection
        .prepare_cached(
            "SELECT COUNT(*), IFNULL(SUM(d.attempts), 0)
             FROM late_deliveries l JOIN deliveries d ON d.id = l.delivery_id WHERE l.event_id = ?1",
        )?
        .query_row([event], |row| Ok((count(row, 0)?, count(row, 1)?)))?;
    size.deliveries = of_range.0 + late.0;
    size.attempts = of_range.1 + late.1;
    Ok(size)
}
