//! Which deliveries a list shows, and where they are found: by an index, or among a bounded number
//! of rows.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use hookwright_core::ids::EventId;
use hookwright_core::limits::{LIST_LANES_MAX, LIST_ROWS_SCANNED_MAX};
use hookwright_core::state::DeliveryState;
use tokio_postgres::Row;

use super::by_index::{begin_look, tried_again};
use super::delivery_rows::{COLUMNS, about, receivers, stored};
use super::fitting::fitting;
use super::lent::Transaction;
use super::time_span::{Table, narrowed};
use super::windows::{Days, reached, windows};
use super::{Parameters, PostgresStore, Result};
use crate::error::StoreError;
use crate::model::{Delivery, DeliveryFilter, Listed, Page, Scope, Towards};
use crate::stored_delivery::{Receiver, Source, Stored, sources};
use crate::walk::{Part, Span, page_of};

/// Which rows a list walks.
pub(super) const OF_PROJECT: &str = "project_id = $1";
/// Another's endpoint has none. The project is not named again: its own index would do as well to
/// the planner, and hold everybody's rows.
pub(super) const OF_ENDPOINT: &str =
    "endpoint_id = (SELECT id FROM endpoints WHERE project_id = $1 AND id = $5)";
/// The last part is what its index is known by.
pub(super) const WAITING: &str = "project_id = $1 AND due_at IS NOT NULL AND created_at >= 0";
pub(super) const WAITING_OF: &str =
    "endpoint_id = (SELECT id FROM endpoints WHERE project_id = $1 AND id = $5)
          AND due_at IS NOT NULL";
pub(super) const FINISHED: &str = "project_id = $1 AND finished_at IS NOT NULL";
pub(super) const RANGE_OF_EVENT: &str = "SELECT first_delivery, fanout FROM events
    WHERE project_id = $1 AND id = $2 AND ($3::bigint IS NULL OR account_id = $3)";
pub(super) const LATE: &str =
    "SELECT delivery_id FROM late_deliveries WHERE project_id = $1 AND event_id = $2";
const LANES: &str = "SELECT id FROM endpoints WHERE project_id = $1 AND account_id = $2 LIMIT $3";
const LOW_WATER: &str = "SELECT COALESCE(MIN(low_water), 0) FROM (
    SELECT low_water FROM nodes UNION ALL SELECT low_water FROM lost_nodes) everybody";

/// Rows of a window: project, after, before, rows to look at, endpoint, states, class, failed once. What
/// surely does not fit is left out, but for the last row looked at, which tells where to go on.
pub(super) fn window_of(walked: &str, towards: Towards) -> String {
    let (order, last) = match towards {
        Towards::Older => ("DESC", "min"),
        Towards::Newer => ("ASC", "max"),
    };
    format!(
        "WITH walked AS MATERIALIZED (
             SELECT * FROM deliveries WHERE {walked} AND id > $2 AND id < $3 ORDER BY id {order} LIMIT $4
         ), edge AS MATERIALIZED (SELECT {last}(id) AS id, count(*) AS looked FROM walked)
         SELECT {COLUMNS}, edge.id, edge.looked
         FROM edge CROSS JOIN walked d
         WHERE d.id = edge.id
               OR (d.endpoint_id = COALESCE($5::bigint, d.endpoint_id)
                   AND d.state = ANY($6::smallint[])
                   AND ($7::smallint IS NULL OR d.last_class = $7)
                   AND (NOT $8::boolean OR d.last_class IS NOT NULL))"
    )
}

/// Rows that a walk looks at first, for each that is wanted, where not all fit.
const FIRST_LOOK: usize = 2;
/// A walk that found too little looks at so many times more rows next.
const GROWTH: usize = 4;

impl PostgresStore {
    pub(crate) async fn deliveries(
        &self,
        scope: Scope,
        filter: DeliveryFilter,
        page: Page,
    ) -> Result<Listed<Delivery>> {
        let filter = &filter;
        tried_again(|| self.deliveries_once(scope, filter, page)).await
    }

    async fn deliveries_once(
        &self,
        scope: Scope,
        filter: &DeliveryFilter,
        page: Page,
    ) -> Result<Listed<Delivery>> {
        let mut client = self.client().await?;
        let transaction = begin_look(&mut client).await?;
        let days = Days::read(&transaction).await?;
        let walk = Walk {
            transaction,
            scope,
            filter,
            limit: page.limit,
            days,
            receivers: Mutex::default(),
        };
        let parts = match filter.event_id {
            Some(event) => walk.of_event(event, Span::of(&page)).await?,
            None => walk.of_sources(Span::of(&page)).await?,
        };
        Ok(page_of(parts, &page, |delivery| delivery.id.0))
    }
}

/// A list being walked.
struct Walk<'a> {
    transaction: Transaction<'a>,
    scope: Scope,
    filter: &'a DeliveryFilter,
    /// Rows that a page shows.
    limit: usize,
    days: Days,
    /// Receivers that were asked for; `None` for those that the scope does not show.
    receivers: Mutex<HashMap<i64, Option<Arc<Receiver>>>>,
}

impl Walk<'_> {
    /// The deliveries that an event was accepted with lie side by side; later ones are few.
    async fn of_event(&self, event: EventId, span: Span) -> Result<Vec<Part<Delivery>>> {
        let project = self.scope.project_id.0;
        let account = self.scope.account_id.map(|account| account.0);
        let range = self
            .transaction
            .query_opt(RANGE_OF_EVENT, &[&project, &event.0, &account])
            .await?
            .ok_or(StoreError::NotFound)?;
        let first: i64 = range.get(0);
        let end = first + i64::from(range.get::<_, i32>(1));
        let room = LIST_ROWS_SCANNED_MAX;
        let mut parts = vec![
            self.range((OF_PROJECT, None), span.within(first, end), room)
                .await?,
        ];
        for late in self.transaction.query(LATE, &[&project, &event.0]).await? {
            let id: i64 = late.get(0);
            parts.push(
                self.range((OF_PROJECT, None), span.within(id, id + 1), 1)
                    .await?,
            );
            // One row was looked for, and there is no other.
            if let Some(part) = parts.last_mut() {
                part.reached = None;
            }
        }
        Ok(parts)
    }

    async fn of_sources(&self, span: Span) -> Result<Vec<Part<Delivery>>> {
        let table = (self.scope, Table::Deliveries);
        let span = narrowed(&self.transaction, table, span, self.filter.created).await?;
        let (sources, lanes) = (sources(self.filter), self.lanes().await?);
        let room = LIST_ROWS_SCANNED_MAX / (sources.len() * lanes.len()).max(1);
        let mut parts = Vec::new();
        for source in sources {
            if matches!(source, Source::Failed | Source::Cancelled) {
                parts.push(self.range((FINISHED, None), span, room).await?);
                // One index holds both.
                break;
            }
            for lane in &lanes {
                parts.push(self.of_lane(source, *lane, (span, room)).await?);
            }
        }
        Ok(parts)
    }

    /// The endpoints whose deliveries may be shown, if they are few.
    async fn lanes(&self) -> Result<Vec<Option<i64>>> {
        if let Some(endpoint) = self.filter.endpoint_id {
            return Ok(vec![Some(endpoint.0)]);
        }
        let few = few_lanes(&self.transaction, self.scope).await?;
        Ok(few.map_or_else(|| vec![None], |few| few.into_iter().map(Some).collect()))
    }

    async fn of_lane(
        &self,
        source: Source,
        lane: Option<i64>,
        (span, room): (Span, usize),
    ) -> Result<Part<Delivery>> {
        let (all, waiting) = match lane {
            Some(_) => (OF_ENDPOINT, WAITING_OF),
            None => (OF_PROJECT, WAITING),
        };
        match source {
            Source::Waiting => self.range((waiting, lane), span, room).await,
            Source::InFlight => {
                let low = self.transaction.query_opt(LOW_WATER, &[]).await?;
                let low = low.map_or(0, |row| row.get(0));
                self.range((all, lane), span.within(low, i64::MAX), room)
                    .await
            }
            _ => self.range((all, lane), span, room).await,
        }
    }

    /// Walks window by window, until the page is full or as many rows were looked at as it may.
    async fn range(
        &self,
        (walked, lane): (&str, Option<i64>),
        span: Span,
        room: usize,
    ) -> Result<Part<Delivery>> {
        let sql = window_of(walked, span.towards);
        let windows = windows(span, self.days);
        let mut part = Part::default();
        let mut room = room;
        let (is_plain, mut asked) = (self.is_plain(lane), 0);
        for window in &windows {
            let mut left = *window;
            loop {
                let wanted = self.limit - part.rows.len();
                asked = match is_plain {
                    true => wanted.min(room),
                    false => asked.max(wanted * FIRST_LOOK).min(room),
                };
                let rows = self.look((&sql, lane), left, asked).await?;
                let Some(edge) = rows
                    .first()
                    .map(|row| (row.get::<_, i64>(14), row.get::<_, i64>(15)))
                else {
                    break;
                };
                let looked = usize::try_from(edge.1).unwrap_or(usize::MAX);
                room = room.saturating_sub(looked);
                part.rows.extend(self.shown(&rows).await?);
                if part.rows.len() >= self.limit || room == 0 {
                    part.reached = Some(edge.0);
                    return Ok(part);
                }
                if looked < asked {
                    break;
                }
                // Few of those fitted: more are looked at next.
                asked = asked.saturating_mul(GROWTH);
                left = match left.towards {
                    Towards::Older => left.within(0, edge.0),
                    Towards::Newer => left.within(edge.0 + 1, i64::MAX),
                };
            }
        }
        part.reached = reached(span, &windows);
        Ok(part)
    }

    /// Whether every row walked is shown: then no more are looked at than that.
    fn is_plain(&self, lane: Option<i64>) -> bool {
        let filter = self.filter;
        filter.states.is_empty()
            && filter.event_type.is_none()
            && filter.status.is_none()
            && filter.error.is_none()
            && !filter.failed_once
            && (self.scope.account_id.is_none() || lane.is_some())
    }

    async fn look(
        &self,
        (sql, lane): (&str, Option<i64>),
        span: Span,
        room: usize,
    ) -> Result<Vec<Row>> {
        let filter = self.filter;
        let states = coarse_states(filter);
        let class = filter.error.map(|class| i16::from(class.code()));
        let parameters: Parameters<'_> = &[
            &self.scope.project_id.0,
            &span.after,
            &span.before,
            &(room as i64),
            &lane.or(filter.endpoint_id.map(|id| id.0)),
            &states,
            &class,
            &filter.failed_once,
        ];
        Ok(self.transaction.query(sql, parameters).await?)
    }

    /// What is known of the endpoints of these: each is read once for all windows.
    async fn receivers_of(&self, found: &[Stored]) -> Result<HashMap<i64, Option<Arc<Receiver>>>> {
        let known = || {
            self.receivers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let lanes = || found.iter().map(|found| found.endpoint_id.0);
        let missing: BTreeSet<i64> = {
            let known = known();
            lanes().filter(|lane| !known.contains_key(lane)).collect()
        };
        if !missing.is_empty() {
            let mut read =
                receivers(&self.transaction, self.scope, missing.iter().copied()).await?;
            let read = missing
                .into_iter()
                .map(|lane| (lane, read.remove(&lane).map(Arc::new)));
            known().extend(read);
        }
        let known = known();
        let of = |lane| Some((lane, known.get(&lane)?.clone()));
        Ok(lanes().filter_map(of).collect())
    }

    /// Those of the rows that fit.
    async fn shown(&self, rows: &[Row]) -> Result<Vec<Delivery>> {
        let found: Vec<Stored> = rows.iter().map(stored).collect::<Result<_>>()?;
        let receivers = self.receivers_of(&found).await?;
        let known = found.into_iter().filter_map(|found| {
            let receiver = receivers.get(&found.endpoint_id.0)?.clone()?;
            Some((found, receiver))
        });
        let asked = (self.scope.project_id, self.filter);
        let is_paused = |receiver: &Arc<Receiver>| receiver.is_paused;
        let fitting = fitting(&self.transaction, asked, known.collect(), is_paused).await?;
        let ids: Vec<i64> = fitting.iter().map(|(found, _)| found.event_id.0).collect();
        let about = about(&self.transaction, self.scope.project_id, ids).await?;
        let mut shown = Vec::new();
        for (found, receiver) in fitting {
            let Some(about) = about.get(&found.event_id.0) else {
                continue;
            };
            let pattern = self.filter.event_type.as_ref();
            if pattern.is_none_or(|pattern| pattern.matches(&about.event_type)) {
                shown.push(found.shown(&receiver, about.clone()));
            }
        }
        Ok(shown)
    }
}

/// The endpoints of the scope's account, if there is one and they are few.
pub(super) async fn few_lanes(
    transaction: &Transaction<'_>,
    scope: Scope,
) -> Result<Option<Vec<i64>>> {
    let Some(account) = scope.account_id else {
        return Ok(None);
    };
    let limit = LIST_LANES_MAX as i64 + 1;
    let rows = transaction
        .query(LANES, &[&scope.project_id.0, &account.0, &limit])
        .await?;
    let few = rows.len() <= LIST_LANES_MAX;
    Ok(few.then(|| rows.iter().map(|row| row.get(0)).collect()))
}

/// What is stored of the states that a filter takes: held is not.
fn coarse_states(filter: &DeliveryFilter) -> Vec<i16> {
    let takes = |state: &DeliveryState| {
        filter.takes_state(*state) || state.is_live() && filter.takes_state(DeliveryState::Held)
    };
    let states = DeliveryState::ALL.iter().filter(|state| takes(state));
    states.map(|state| i16::from(state.code())).collect()
}
