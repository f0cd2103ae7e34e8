//! What a replay looks at: past deliveries and events, in the order of their rows.

use std::collections::HashSet;

use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::by_index::{begin_look, tried_again};
use super::delivery_list::{LATE, RANGE_OF_EVENT, few_lanes};
use super::delivery_rows::{rows_of, stored};
use super::fitting::{fitting, rows_by_id};
use super::lent::Transaction;
use super::row_ids::lowest_at;
use super::{PostgresStore, Result};
use crate::event_row::Extra;
use crate::model::{DeliveryFilter, Looked, PastDelivery, PastEvent, RowsSince, Scope, Stretch};

/// Rows to walk: project, after, before, rows to look at, and an endpoint or an account.
pub(super) const OF_PROJECT: &str =
    "SELECT project_id, id, event_id, endpoint_id, state FROM deliveries
    WHERE project_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4";
/// The few that failed or were cancelled have an index of their own.
pub(super) const OF_FAILED: &str =
    "SELECT project_id, id, event_id, endpoint_id, state FROM deliveries
    WHERE project_id = $1 AND finished_at IS NOT NULL AND id > $2 AND id < $3 ORDER BY id LIMIT $4";
/// The project is not named: its own index would do as well to the planner, and hold everybody's
/// rows.
pub(super) const OF_ENDPOINT: &str =
    "SELECT project_id, id, event_id, endpoint_id, state FROM deliveries
    WHERE endpoint_id = (SELECT id FROM endpoints WHERE project_id = $1 AND id = $5::bigint)
          AND id > $2 AND id < $3 ORDER BY id LIMIT $4";
/// By their numbers and the range that they are in.
pub(super) const OF_EVENT: &str = "SELECT o.* FROM unnest($2::bigint[]) AS asked (id), LATERAL (
        SELECT project_id, id, event_id, endpoint_id, state FROM deliveries
        WHERE project_id = $1 AND id = asked.id AND id >= $3 AND id <= $4 OFFSET 0) o";
pub(super) const EVENTS_OF_PROJECT: &str = "SELECT * FROM events
    WHERE project_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4";
pub(super) const EVENTS_OF_ACCOUNT: &str = "SELECT * FROM events
    WHERE project_id = $1 AND account_id = $5 AND id > $2 AND id < $3 ORDER BY id LIMIT $4";

/// Those of the walked rows that may fit, with the last one looked at and how many were: by endpoint ($5),
/// states, account, and the account's endpoints where they are few. Events are looked for only of
/// those.
pub(super) fn looked_at(walked: &str) -> String {
    format!(
        "WITH walked AS MATERIALIZED ({walked}),
              edge AS MATERIALIZED (SELECT max(id) AS id, count(*) AS looked FROM walked)
         SELECT d.id, d.state, d.endpoint_id, d.event_type, d.accepted_at, d.has_payload,
                edge.id, edge.looked
         FROM edge LEFT JOIN LATERAL (
             SELECT w.id, w.state, w.endpoint_id, e.event_type, e.accepted_at, e.has_payload
             FROM walked w CROSS JOIN LATERAL (
                 SELECT event_type, accepted_at, payload IS NOT NULL AS has_payload
                 FROM events e WHERE e.project_id = w.project_id AND e.id = w.event_id OFFSET 0) e
             WHERE w.endpoint_id = COALESCE($5::bigint, w.endpoint_id)
                   AND w.state = ANY($6::smallint[])
                   AND ($8::bigint[] IS NULL OR w.endpoint_id = ANY($8))
                   AND EXISTS (SELECT FROM endpoints p
                               WHERE p.project_id = w.project_id AND p.id = w.endpoint_id
                                     AND p.account_id = COALESCE($7::bigint, p.account_id))
         ) d ON true"
    )
}

pub(super) fn events_looked_at(walked: &str) -> String {
    format!(
        "SELECT e.id, e.account_id, e.event_type, e.accepted_at, e.extra, e.payload IS NOT NULL,
                ARRAY(SELECT d.endpoint_id FROM deliveries d
                      WHERE d.project_id = e.project_id AND d.id >= e.first_delivery
                            AND d.id < e.first_delivery + e.fanout),
                ARRAY(SELECT d.endpoint_id FROM late_deliveries l JOIN deliveries d
                          ON d.project_id = l.project_id AND d.id = l.delivery_id
                      WHERE l.project_id = e.project_id AND l.event_id = e.id)
         FROM ({walked}) e ORDER BY e.id"
    )
}

/// Whether rows were moved here that were numbered without regard to time.
const HAS_MOVED: &str = "SELECT to_regclass('events_moved') IS NOT NULL";
const LAST: &str = "SELECT COALESCE((SELECT id FROM deliveries WHERE project_id = $1 ORDER BY id DESC LIMIT 1), 0),
    COALESCE((SELECT id FROM events WHERE project_id = $1 ORDER BY id DESC LIMIT 1), 0)";

pub(super) const DUE: &str = "
    SELECT COALESCE(SUM(due.count), 0)::bigint FROM unnest($1::bigint[]) AS lane (id), LATERAL (
        SELECT (SELECT count(*) FROM (SELECT FROM deliveries
                    WHERE endpoint_id = lane.id AND due_at IS NOT NULL AND due_at <= $2 LIMIT $3) d)
             + (SELECT count(*) FROM (SELECT FROM resends
                    WHERE endpoint_id = lane.id AND due_at <= $2 LIMIT $3) r) AS count) due";

impl PostgresStore {
    pub(crate) async fn rows_since(&self, project: ProjectId, since: UnixMs) -> Result<RowsSince> {
        let has_moved: bool = self.row(HAS_MOVED, &[]).await?.get(0);
        let after = if has_moved { 0 } else { lowest_at(since) - 1 };
        let rows = self.rows_by_index(LAST, &[&project.0]).await?;
        let last = |index| rows.first().map_or(0, |row| row.get::<_, i64>(index));
        Ok(RowsSince {
            deliveries: (after, last(0) + 1),
            events: (after, last(1) + 1),
        })
    }

    pub(crate) async fn past_deliveries(
        &self,
        scope: Scope,
        filter: DeliveryFilter,
        stretch: Stretch,
    ) -> Result<Looked<PastDelivery>> {
        let filter = &filter;
        tried_again(|| self.past_deliveries_once(scope, filter, stretch)).await
    }

    async fn past_deliveries_once(
        &self,
        scope: Scope,
        filter: &DeliveryFilter,
        stretch: Stretch,
    ) -> Result<Looked<PastDelivery>> {
        let project = scope.project_id;
        let mut client = self.client().await?;
        let transaction = begin_look(&mut client).await?;
        let asked = Asked {
            endpoint: filter.endpoint_id.map(|id| id.0),
            states: states_of(filter),
            account: scope.account_id.map(|id| id.0),
            lanes: few_lanes(&transaction, scope).await?,
        };
        let walked = match filter.event_id {
            Some(event) => of_event(&transaction, (project, event), &asked, stretch).await?,
            None => of_stretch(&transaction, (project, filter), &asked, stretch).await?,
        };
        let mut found: Vec<_> = walked.found.iter().filter_map(past_delivery).collect();
        // As they are walked; the statement does not promise it.
        found.sort_unstable_by_key(|past| past.id);
        if filter.asks_of_attempts() {
            let ids = found.iter().map(|past| past.id.0).collect();
            let rows = rows_of(&transaction, &rows_by_id(), project, ids).await?;
            let rows: Result<Vec<_>> = rows.iter().map(|row| Ok((stored(row)?, ()))).collect();
            let taken = fitting(&transaction, (project, filter), rows?, |()| false).await?;
            let taken: HashSet<_> = taken.into_iter().map(|(stored, ())| stored.id.0).collect();
            found.retain(|past| taken.contains(&past.id.0));
        }
        Ok(Looked {
            found,
            place: walked.place,
            ended: walked.ended,
        })
    }

    pub(crate) async fn past_events(
        &self,
        scope: Scope,
        stretch: Stretch,
    ) -> Result<Looked<PastEvent>> {
        let rows = self.walk_events(events_looked_at, scope, stretch).await?;
        let found = rows.iter().map(past_event).collect();
        Ok(looked(&rows, found, stretch))
    }

    /// Rows of a statement over events of an account or a project, oldest first.
    pub(super) async fn walk_events(
        &self,
        statement: fn(&str) -> String,
        scope: Scope,
        stretch: Stretch,
    ) -> Result<Vec<Row>> {
        let (project, limit) = (scope.project_id.0, stretch.rows as i64);
        match scope.account_id {
            Some(account) => {
                let values: super::Parameters<'_> =
                    &[&project, &stretch.after, &stretch.end, &limit, &account.0];
                self.rows_by_index(&statement(EVENTS_OF_ACCOUNT), values)
                    .await
            }
            None => {
                let values: super::Parameters<'_> =
                    &[&project, &stretch.after, &stretch.end, &limit];
                self.rows_by_index(&statement(EVENTS_OF_PROJECT), values)
                    .await
            }
        }
    }

    pub(crate) async fn deliveries_due(
        &self,
        lanes: Vec<EndpointId>,
        limit: usize,
        now: UnixMs,
    ) -> Result<usize> {
        let lanes: Vec<i64> = lanes.into_iter().map(|lane| lane.0).collect();
        let rows = self
            .rows_by_index(DUE, &[&lanes, &now.0, &(limit as i64)])
            .await?;
        let due: i64 = rows.first().map_or(0, |row| row.get(0));
        Ok(due.unsigned_abs() as usize)
    }

    pub(crate) async fn accounts_after(
        &self,
        project: ProjectId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<AccountId>> {
        let sql = "SELECT id FROM accounts WHERE project_id = $1 AND id > $2 AND deleted_at IS NULL
                   ORDER BY id LIMIT $3";
        let rows = self
            .rows(sql, &[&project.0, &after, &(limit as i64)])
            .await?;
        Ok(rows.iter().map(|row| AccountId(row.get(0))).collect())
    }
}

/// What rows must be, as SQL takes it.
struct Asked {
    endpoint: Option<i64>,
    states: Vec<i16>,
    account: Option<i64>,
    lanes: Option<Vec<i64>>,
}

fn states_of(filter: &DeliveryFilter) -> Vec<i16> {
    let taken = DeliveryState::ALL.iter();
    let taken = taken.filter(|state| filter.takes_state(**state));
    taken.map(|state| i16::from(state.code())).collect()
}

/// The next rows of an endpoint, or of a project.
async fn of_stretch(
    transaction: &Transaction<'_>,
    (project, filter): (ProjectId, &DeliveryFilter),
    asked: &Asked,
    stretch: Stretch,
) -> Result<Looked<Row>> {
    let walked = match filter.endpoint_id {
        Some(_) => OF_ENDPOINT,
        None if filter.takes_only_failed() => OF_FAILED,
        None => OF_PROJECT,
    };
    let values: super::Parameters<'_> = &[
        &project.0,
        &stretch.after,
        &stretch.end,
        &(stretch.rows as i64),
        &asked.endpoint,
        &asked.states,
        &asked.account,
        &asked.lanes,
    ];
    let rows = transaction.query(&looked_at(walked), values).await?;
    let edge = rows.first();
    let looked = edge.map_or(0, |row| row.get::<_, i64>(7)) as usize;
    let ended = looked < stretch.rows;
    let last = edge.and_then(|row| row.get::<_, Option<i64>>(6));
    Ok(Looked {
        place: place_after(last, ended, stretch),
        found: rows,
        ended,
    })
}

/// The deliveries that an event was accepted with lie side by side; later ones are few.
async fn of_event(
    transaction: &Transaction<'_>,
    (project, event): (ProjectId, EventId),
    asked: &Asked,
    stretch: Stretch,
) -> Result<Looked<Row>> {
    let everyone: Option<i64> = None;
    let range = transaction
        .query_opt(RANGE_OF_EVENT, &[&project.0, &event.0, &everyone])
        .await?;
    let mut ids = Vec::new();
    if let Some(range) = range {
        let first: i64 = range.get(0);
        ids.extend(first..first + i64::from(range.get::<_, i32>(1)));
    }
    let late = transaction.query(LATE, &[&project.0, &event.0]).await?;
    ids.extend(late.iter().map(|row| row.get::<_, i64>(0)));
    ids.retain(|id| (stretch.after + 1..stretch.end).contains(id));
    ids.sort_unstable();
    ids.dedup();
    let ended = ids.len() <= stretch.rows;
    ids.truncate(stretch.rows);
    let (first, last) = (ids.first().copied(), ids.last().copied());
    let values: super::Parameters<'_> = &[
        &project.0,
        &ids,
        &first.unwrap_or(0),
        &last.unwrap_or(0),
        &asked.endpoint,
        &asked.states,
        &asked.account,
        &asked.lanes,
    ];
    Ok(Looked {
        found: transaction.query(&looked_at(OF_EVENT), values).await?,
        place: place_after(last, ended, stretch),
        ended,
    })
}

/// Where to go on: behind the last row, or nowhere.
fn place_after(last: Option<i64>, ended: bool, stretch: Stretch) -> i64 {
    let last = last.filter(|_| !ended);
    last.unwrap_or_else(|| stretch.after.max(stretch.end - 1))
}

/// Where rows end whose first column is their number, and whether there are no more.
fn end_of(rows: &[Row], stretch: Stretch) -> (i64, bool) {
    let ended = rows.len() < stretch.rows;
    let last = rows.last().map(|row| row.get(0));
    (place_after(last, ended, stretch), ended)
}

/// What was found among rows whose first column is their number.
pub(super) fn looked<T>(rows: &[Row], found: Vec<T>, stretch: Stretch) -> Looked<T> {
    let (place, ended) = end_of(rows, stretch);
    Looked {
        found,
        place,
        ended,
    }
}

/// `None` where nothing fits: such a row tells only how far was looked.
fn past_delivery(row: &Row) -> Option<PastDelivery> {
    Some(PastDelivery {
        id: DeliveryId(row.get::<_, Option<i64>>(0)?),
        state: u8::try_from(row.get::<_, i16>(1)).unwrap_or(0),
        endpoint_id: EndpointId(row.get(2)),
        event_type: row.get(3),
        accepted_at: UnixMs(row.get(4)),
        has_payload: row.get(5),
    })
}

fn past_event(row: &Row) -> PastEvent {
    let extra: Option<&str> = row.get(4);
    let extra: Extra = extra
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let endpoints = |index| row.get::<_, Vec<i64>>(index).into_iter().map(EndpointId);
    PastEvent {
        id: EventId(row.get(0)),
        account_id: AccountId(row.get(1)),
        event_type: row.get(2),
        accepted_at: UnixMs(row.get(3)),
        channels: extra.channels,
        metadata: extra.metadata,
        deliver_at: extra.deliver_at.map(UnixMs),
        has_payload: row.get(5),
        endpoints: endpoints(6).chain(endpoints(7)).collect(),
    }
}
