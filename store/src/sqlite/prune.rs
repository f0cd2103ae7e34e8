//! What retention removes: the oldest rows first, a bounded number at a time.

use hookwright_core::time::UnixMs;
use rusqlite::params;

use super::{Result, SqliteStore};

impl SqliteStore {
    pub(crate) async fn prune(&self, before: UnixMs, limit: usize) -> Result<usize> {
        self.write(move |writer| {
            let old = oldest(&writer.connection, before, limit)?;
            let statements = [
                "DELETE FROM attempts WHERE delivery_id >= ?2 AND delivery_id < ?3",
                "DELETE FROM resends WHERE delivery_id >= ?2 AND delivery_id < ?3",
                "DELETE FROM deliveries WHERE id >= ?2 AND id < ?3",
                "DELETE FROM event_names WHERE event_id = ?1",
                "DELETE FROM events WHERE id = ?1",
            ];
            for (event, first, end) in &old {
                for sql in statements {
                    let mut delete = writer.connection.prepare_cached(sql)?;
                    match delete.parameter_count() {
                        1 => delete.execute([event])?,
                        _ => delete.execute(params![event, first, end])?,
                    };
                }
            }
            // Row numbers are never used again, even when the newest rows go.
            writer.connection.execute(
                "INSERT INTO meta (name, value) VALUES ('last_event', ?1), ('last_delivery', ?2)
                 ON CONFLICT DO UPDATE SET value = excluded.value",
                params![writer.next_event - 1, writer.next_delivery - 1],
            )?;
            Ok(old.len())
        })
        .await
    }
}

/// The oldest events all of whose deliveries are finished, with the range of those.
fn oldest(
    connection: &rusqlite::Connection,
    before: UnixMs,
    limit: usize,
) -> Result<Vec<(i64, i64, i64)>> {
    let mut select = connection.prepare_cached(
        "SELECT e.id, e.first_delivery, e.first_delivery + e.fanout, e.accepted_at,
                EXISTS (SELECT 1 FROM deliveries d
                        WHERE d.id >= e.first_delivery AND d.id < e.first_delivery + e.fanout
                              AND d.state <= 9)
         FROM events e ORDER BY e.id",
    )?;
    let mut rows = select.query([])?;
    let mut old = Vec::new();
    // Rows are in the order of acceptance, so the walk ends at the first young one.
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(3)? >= before.0 || old.len() == limit {
            break;
        }
        if !row.get::<_, bool>(4)? {
            old.push((row.get(0)?, row.get(1)?, row.get(2)?));
        }
    }
    Ok(old)
}
