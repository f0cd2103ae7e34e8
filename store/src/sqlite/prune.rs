//! What retention removes: the oldest first, a bounded number at a time.
//!
//! Events whose deliveries are not finished are passed over and looked at again in the next pass.
//! Where a walk has got to is kept, so that a call costs what it removes and not what there is.

use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, params};

use super::writer::Writer;
use super::{Result, SqliteStore, remove};

/// Events that one call looks at: many unfinished ones must not make it long.
const SCANNED_EVENTS_MAX: usize = 20_000;

/// Whether anything may still happen to an event's deliveries.
macro_rules! is_live {
    () => {
        "EXISTS (SELECT 1 FROM deliveries d
                 WHERE d.id >= e.first_delivery AND d.id < e.first_delivery + e.fanout
                       AND d.state <= 9)
         OR EXISTS (SELECT 1 FROM resends r
                    WHERE r.delivery_id >= e.first_delivery
                          AND r.delivery_id < e.first_delivery + e.fanout)
         OR EXISTS (SELECT 1 FROM late_deliveries l JOIN deliveries d ON d.id = l.delivery_id
                    WHERE l.event_id = e.id
                          AND (d.state <= 9
                               OR EXISTS (SELECT 1 FROM resends r WHERE r.delivery_id = d.id)))"
    };
}
pub(super) use is_live;

impl SqliteStore {
    pub(crate) async fn prune(&self, before: UnixMs, limit: usize) -> Result<usize> {
        let revived = self.revived();
        let mut walked = self
            .read(move |connection| walk(connection, Class::Events, before, limit))
            .await?;
        let store = self.clone();
        self.write(move |writer| {
            walked.pass_over_revived(&writer.connection, store.revived() != revived)?;
            for old in &walked.found {
                remove::event(&writer.connection, (old.event, old.first_delivery, old.end))?;
            }
            // Row numbers are never used again, even when the newest rows go.
            keep_numbers(writer)?;
            walked.keep_place(&writer.connection)
        })
        .await
    }

    pub(crate) async fn prune_payloads(&self, before: UnixMs, limit: usize) -> Result<usize> {
        let revived = self.revived();
        let mut walked = self
            .read(move |connection| walk(connection, Class::Payloads, before, limit))
            .await?;
        let store = self.clone();
        self.write(move |writer| {
            walked.pass_over_revived(&writer.connection, store.revived() != revived)?;
            let mut clear = writer
                .connection
                .prepare_cached("UPDATE events SET payload = NULL WHERE id = ?1")?;
            for old in &walked.found {
                clear.execute([old.event])?;
            }
            walked.keep_place(&writer.connection)
        })
        .await
    }
}

/// Keeps the last row numbers that were given.
pub(super) fn keep_numbers(writer: &Writer) -> Result<()> {
    put(&writer.connection, "last_event", writer.next_event - 1)?;
    put(
        &writer.connection,
        "last_delivery",
        writer.next_delivery - 1,
    )
}

/// What is removed, each by a walk of its own.
#[derive(Clone, Copy)]
enum Class {
    Events,
    Payloads,
}

impl Class {
    /// Under which names the place of its walk is kept: where to go on, and the first event that
    /// this pass has passed over (zero for none).
    const fn places(self) -> (&'static str, &'static str) {
        match self {
            Self::Events => ("events_at", "events_skipped"),
            Self::Payloads => ("payloads_at", "payloads_skipped"),
        }
    }
}

/// An event to remove, with the range of its deliveries.
#[derive(Clone, Copy)]
struct Old {
    event: i64,
    first_delivery: i64,
    end: i64,
}

/// How far one call got.
struct Walked {
    class: Class,
    found: Vec<Old>,
    at: i64,
    skipped: i64,
}

impl Walked {
    fn skip(&mut self, event: i64) {
        if self.skipped == 0 {
            self.skipped = event;
        }
    }

    /// Takes out what something may happen to again: since it was looked at, somebody has asked for
    /// an attempt of some delivery.
    fn pass_over_revived(&mut self, connection: &Connection, some: bool) -> Result<()> {
        if !some {
            return Ok(());
        }
        let mut ask = connection.prepare_cached(concat!(
            "SELECT ",
            is_live!(),
            " FROM events e WHERE e.id = ?1"
        ))?;
        for old in std::mem::take(&mut self.found) {
            if ask.query_row([old.event], |row| row.get(0))? {
                // The next pass must not begin behind it.
                self.skipped = if self.skipped == 0 {
                    old.event
                } else {
                    self.skipped.min(old.event)
                };
            } else {
                self.found.push(old);
            }
        }
        Ok(())
    }

    /// Everything old was looked at: the next pass begins with the first event passed over.
    fn end_pass(&mut self) {
        if self.skipped > 0 {
            self.at = self.skipped;
            self.skipped = 0;
        }
    }

    fn keep_place(&self, connection: &Connection) -> Result<usize> {
        let (at, skipped) = self.class.places();
        put(connection, at, self.at)?;
        put(connection, skipped, self.skipped)?;
        Ok(self.found.len())
    }
}

/// The next events accepted before `before` that nothing will happen to any more. Rows are in the
/// order of acceptance, so the walk ends at the first young one.
fn walk(connection: &Connection, class: Class, before: UnixMs, limit: usize) -> Result<Walked> {
    let (at, skipped) = class.places();
    let mut walked = Walked {
        class,
        found: Vec::new(),
        at: get(connection, at)?,
        skipped: get(connection, skipped)?,
    };
    let mut select = connection.prepare_cached(concat!(
        "SELECT e.id, e.first_delivery, e.first_delivery + e.fanout, e.accepted_at,
                e.payload IS NOT NULL, ",
        is_live!(),
        " FROM events e WHERE e.id >= ?1 ORDER BY e.id"
    ))?;
    let mut rows = select.query([walked.at])?;
    for _ in 0..SCANNED_EVENTS_MAX {
        if walked.found.len() == limit {
            return Ok(walked);
        }
        let Some(row) = rows.next()? else {
            walked.end_pass();
            return Ok(walked);
        };
        if row.get::<_, i64>(3)? >= before.0 {
            walked.end_pass();
            return Ok(walked);
        }
        let old = Old {
            event: row.get(0)?,
            first_delivery: row.get(1)?,
            end: row.get(2)?,
        };
        let has_payload: bool = row.get(4)?;
        let is_live: bool = row.get(5)?;
        walked.at = old.event + 1;
        match class {
            Class::Payloads if !has_payload => {}
            _ if is_live => walked.skip(old.event),
            _ => walked.found.push(old),
        }
    }
    Ok(walked)
}

pub(super) fn get(connection: &Connection, name: &str) -> Result<i64> {
    let value = connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(value.unwrap_or(0))
}

pub(super) fn put(connection: &Connection, name: &str, value: i64) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO meta (name, value) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET value = excluded.value",
        )?
        .execute(params![name, value])?;
    Ok(())
}
