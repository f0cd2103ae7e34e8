//! Which deliveries a list shows, and where they are found: by an index, or among a bounded number
//! of rows.

use std::collections::HashMap;

use hookwright_core::ids::{EndpointId, EventId};
use hookwright_core::limits::{LIST_LANES_MAX, LIST_ROWS_SCANNED_MAX};
use rusqlite::{Connection, OptionalExtension, params};

use super::buckets::{BUCKET_BITS, buckets, end_of};
use super::delivery_rows::{COLUMNS, about, receiver, stored};
use super::time_span::{Table, narrowed};
use super::{Result, SqliteStore, reclaim};
use crate::blob;
use crate::model::{Delivery, DeliveryFilter, Listed, Page, Scope, Towards};
use crate::stored_delivery::{About, Fits, Receiver, Source, Stored, is_seen, sources};
use crate::walk::{Part, Span, page_of};

impl SqliteStore {
    pub(crate) async fn deliveries(
        &self,
        scope: Scope,
        filter: DeliveryFilter,
        page: Page,
    ) -> Result<Listed<Delivery>> {
        self.read(move |connection| {
            let span = Span::of(&page);
            let mut walk = Walk {
                connection,
                scope,
                filter: &filter,
                limit: page.limit,
                room: LIST_ROWS_SCANNED_MAX,
                receivers: HashMap::new(),
                last: None,
            };
            let parts = match filter.event_id {
                Some(event) => vec![walk.of_event(event, span)?],
                None => walk.of_sources(narrowed(
                    connection,
                    Table::Deliveries,
                    span,
                    filter.created,
                )?)?,
            };
            Ok(page_of(parts, &page, |delivery| delivery.id.0))
        })
        .await
    }
}

/// A list being walked.
struct Walk<'a> {
    connection: &'a Connection,
    scope: Scope,
    filter: &'a DeliveryFilter,
    /// Rows that a page shows.
    limit: usize,
    /// Rows that each source may look at.
    room: usize,
    receivers: HashMap<EndpointId, Option<Receiver>>,
    /// The event of the row before: its deliveries lie side by side.
    last: Option<(EventId, Option<About>)>,
}

impl Walk<'_> {
    /// The deliveries that an event was accepted with lie side by side; later ones are few.
    fn of_event(&mut self, event: EventId, span: Span) -> Result<Part<Delivery>> {
        let (scope, connection) = (self.scope, self.connection);
        let (first, fanout) = connection
            .prepare_cached(
                "SELECT first_delivery, fanout FROM events
                 WHERE id = ?1 AND project_id = ?2 AND account_id = IFNULL(?3, account_id)",
            )?
            .query_row(
                params![event.0, scope.project_id.0, scope.account_id.map(|id| id.0)],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            )?;
        let mut late = connection.prepare_cached(
            "SELECT delivery_id FROM late_deliveries WHERE event_id = ?1 ORDER BY delivery_id",
        )?;
        let late = late.query_map([event.0], |row| row.get(0))?;
        let mut parts = vec![self.range(span.within(first, first + fanout), "", "")?];
        for id in late.collect::<std::result::Result<Vec<i64>, _>>()? {
            parts.push(self.range(span.within(id, id + 1), "", "")?);
        }
        let page = Page {
            before: Some(span.before),
            after: (span.towards == Towards::Newer).then_some(span.after),
            limit: self.limit,
        };
        let listed = page_of(parts, &page, |delivery| delivery.id.0);
        let mut rows = listed.rows;
        let reached = match span.towards {
            Towards::Older => listed.next,
            Towards::Newer => {
                rows.reverse();
                listed.prev
            }
        };
        Ok(Part { rows, reached })
    }

    fn of_sources(&mut self, span: Span) -> Result<Vec<Part<Delivery>>> {
        let (sources, lanes) = (sources(self.filter), self.lanes()?);
        self.room = LIST_ROWS_SCANNED_MAX / (sources.len() * lanes.len()).max(1);
        let mut parts = Vec::new();
        for source in sources {
            if let Some((index, which)) = of_state(source) {
                parts.push(self.range(span, index, which)?);
                continue;
            }
            for lane in &lanes {
                parts.push(self.of_lane(source, *lane, span)?);
            }
        }
        Ok(parts)
    }

    /// The endpoints whose deliveries may be shown, if they are few.
    fn lanes(&self) -> Result<Vec<Option<EndpointId>>> {
        if self.filter.endpoint_id.is_some() {
            return Ok(vec![self.filter.endpoint_id]);
        }
        let Some(account) = self.scope.account_id else {
            return Ok(vec![None]);
        };
        let mut select = self.connection.prepare_cached(
            "SELECT id FROM endpoints WHERE project_id = ?1 AND account_id = ?2 LIMIT ?3",
        )?;
        let limit = LIST_LANES_MAX as i64 + 1;
        let rows = select.query_map(params![self.scope.project_id.0, account.0, limit], |row| {
            Ok(Some(EndpointId(row.get(0)?)))
        })?;
        let lanes: Vec<_> = rows.collect::<std::result::Result<_, _>>()?;
        if lanes.len() > LIST_LANES_MAX {
            return Ok(vec![None]);
        }
        Ok(lanes)
    }

    fn of_lane(
        &mut self,
        source: Source,
        lane: Option<EndpointId>,
        span: Span,
    ) -> Result<Part<Delivery>> {
        let span = if source == Source::InFlight {
            span.within(reclaim::mark(self.connection)?, i64::MAX)
        } else {
            span
        };
        match (source, lane) {
            (Source::Waiting, Some(lane)) => self.waiting_of(lane, span),
            (Source::Waiting, None) => self.range(
                span,
                "INDEXED BY deliveries_waiting",
                "AND state <= 9 AND due_at IS NOT NULL",
            ),
            (_, Some(lane)) => self.of_endpoint(lane, span),
            (_, None) => self.range(span, "", ""),
        }
    }

    /// Rows that follow one another in the table, or in an index that holds some of them.
    fn range(&mut self, span: Span, index: &str, which: &str) -> Result<Part<Delivery>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM deliveries {index} WHERE id > ?1 AND id < ?2 {which} ORDER BY id {}",
            span.order()
        );
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut part = Part::default();
        if !span.is_empty() {
            let mut room = self.room;
            self.take(
                select.query(params![span.after, span.before])?,
                &mut part,
                &mut room,
            )?;
        }
        Ok(part)
    }

    fn waiting_of(&mut self, endpoint: EndpointId, span: Span) -> Result<Part<Delivery>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM deliveries INDEXED BY deliveries_in_order
             WHERE endpoint_id = ?3 AND id > ?1 AND id < ?2 AND state <= 9 AND due_at IS NOT NULL
             ORDER BY id {}",
            span.order()
        );
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut part = Part::default();
        let mut room = self.room;
        let rows = select.query(params![span.after, span.before, endpoint.0])?;
        self.take(rows, &mut part, &mut room)?;
        Ok(part)
    }

    /// Walks the buckets of the endpoint's index.
    fn of_endpoint(&mut self, endpoint: EndpointId, span: Span) -> Result<Part<Delivery>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM deliveries
             WHERE id >> {BUCKET_BITS} = ?3 AND endpoint_id = ?4 AND id > ?1 AND id < ?2 ORDER BY id {}",
            span.order()
        );
        let mut select = self.connection.prepare_cached(&sql)?;
        let newest: i64 =
            self.connection
                .query_row("SELECT IFNULL(MAX(id), 0) FROM deliveries", [], |row| {
                    row.get(0)
                })?;
        let span = span.within(0, newest + 1);
        let mut part = Part::default();
        let mut room = self.room;
        for bucket in buckets(span) {
            let rows = select.query(params![span.after, span.before, bucket, endpoint.0])?;
            if self.take(rows, &mut part, &mut room)? {
                return Ok(part);
            }
            // Looking is not free where there is nothing.
            room = room.saturating_sub(1);
            part.reached = Some(end_of(bucket, span.towards));
            if room == 0 {
                return Ok(part);
            }
        }
        part.reached = None;
        Ok(part)
    }

    /// Takes rows until the page or the room is full; says whether it is.
    fn take(
        &mut self,
        mut rows: rusqlite::Rows<'_>,
        part: &mut Part<Delivery>,
        room: &mut usize,
    ) -> Result<bool> {
        while let Some(row) = rows.next()? {
            let found = stored(row)?;
            part.reached = Some(found.id.0);
            *room = room.saturating_sub(1);
            if let Some(delivery) = self.shown(found)? {
                part.rows.push(delivery);
            }
            if part.rows.len() >= self.limit || *room == 0 {
                return Ok(true);
            }
        }
        part.reached = None;
        Ok(false)
    }

    fn shown(&mut self, found: Stored) -> Result<Option<Delivery>> {
        let connection = self.connection;
        let known = self.receivers.entry(found.endpoint_id);
        let receiver = match known {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(receiver(connection, found.endpoint_id)?)
            }
        };
        let Some(receiver) = receiver.as_ref().filter(|it| is_seen(self.scope, it.scope)) else {
            return Ok(None);
        };
        if !is_taken(connection, self.filter, &found, receiver.is_paused)? {
            return Ok(None);
        }
        let known = self.last.take().filter(|(id, _)| *id == found.event_id);
        let about = match known {
            Some((_, about)) => about,
            None => about(connection, found.event_id)?,
        };
        self.last = Some((found.event_id, about.clone()));
        let is_meant = |about: &About| {
            let pattern = self.filter.event_type.as_ref();
            pattern.is_none_or(|pattern| pattern.matches(&about.event_type))
        };
        Ok(about
            .filter(is_meant)
            .map(|about| found.shown(receiver, about)))
    }
}

/// The index that holds a source's rows whatever their endpoint, and what it holds.
const fn of_state(source: Source) -> Option<(&'static str, &'static str)> {
    match source {
        Source::Failed => Some(("INDEXED BY deliveries_failed", "AND state = 11")),
        Source::Cancelled => Some(("INDEXED BY deliveries_cancelled", "AND state = 12")),
        Source::All | Source::Waiting | Source::InFlight => None,
    }
}

/// Whether a filter takes a delivery to an endpoint that is paused, or is not. Its event's type is
/// not looked at.
pub(super) fn is_taken(
    connection: &Connection,
    filter: &DeliveryFilter,
    found: &Stored,
    is_paused: bool,
) -> Result<bool> {
    Ok(match found.fits(filter, is_paused) {
        Fits::No => false,
        Fits::Yes => true,
        Fits::IfLastAnswer => filter.takes_status(last_status(connection, found)?),
    })
}

/// The status that the last attempt was answered with.
fn last_status(connection: &Connection, found: &Stored) -> Result<Option<u16>> {
    let last: Option<Vec<u8>> = connection
        .prepare_cached(
            "SELECT substr(body, 1, 64) FROM attempts WHERE delivery_id = ?1 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([found.id.0], |row| row.get(0))
        .optional()?;
    let head = match last {
        Some(last) => blob::head(&last)?,
        None => found.first,
    };
    Ok(head.and_then(|head| head.status))
}
