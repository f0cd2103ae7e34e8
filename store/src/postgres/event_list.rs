//! Which events a list shows, and where they are found.

use hookwright_core::limits::LIST_ROWS_SCANNED_MAX;
use tokio_postgres::Row;

use super::by_index::{begin_look, tried_again};
use super::events::event;
use super::lent::Transaction;
use super::time_span::{Table, narrowed};
use super::windows::{Days, reached, windows};
use super::{Parameters, PostgresStore, Result};
use crate::model::{Event, EventFilter, Listed, Page, Scope, Towards};
use crate::walk::{Part, Span, page_of};

/// Which rows a list walks.
pub(super) const OF_PROJECT: &str = "project_id = $1";
pub(super) const OF_ACCOUNT: &str = "project_id = $1 AND account_id = $5::bigint";

/// Rows of a window: project, after, before, rows to look at, account. The window is cut before
/// anything is joined to it.
pub(super) fn window_of(walked: &str, towards: Towards) -> String {
    let order = match towards {
        Towards::Older => "DESC",
        Towards::Newer => "ASC",
    };
    format!(
        "SELECT e.id, e.project_id, e.account_id, a.public_id, e.event_type, e.given_id, e.accepted_at,
                e.time, e.extra, e.fanout
         FROM (SELECT id, project_id, account_id, event_type, given_id, accepted_at, time, extra, fanout
               FROM events WHERE {walked} AND id > $2 AND id < $3 ORDER BY id {order} LIMIT $4) e
         JOIN accounts a ON a.project_id = e.project_id AND a.id = e.account_id
         WHERE e.account_id = COALESCE($5::bigint, e.account_id)
         ORDER BY e.id {order}"
    )
}

/// A walk that found too little looks at so many times more rows next.
const GROWTH: usize = 4;

impl PostgresStore {
    pub(crate) async fn events(
        &self,
        scope: Scope,
        filter: EventFilter,
        page: Page,
    ) -> Result<Listed<Event>> {
        let filter = &filter;
        tried_again(|| self.events_once(scope, filter, page)).await
    }

    async fn events_once(
        &self,
        scope: Scope,
        filter: &EventFilter,
        page: Page,
    ) -> Result<Listed<Event>> {
        let mut client = self.client().await?;
        let transaction = begin_look(&mut client).await?;
        let days = Days::read(&transaction).await?;
        let table = (scope, Table::Events);
        let span = narrowed(&transaction, table, Span::of(&page), filter.created).await?;
        let windows = windows(span, days);
        let mut part = Part::default();
        let mut room = LIST_ROWS_SCANNED_MAX;
        for window in &windows {
            if walk(
                &transaction,
                (scope, filter),
                (*window, page.limit),
                (&mut room, &mut part),
            )
            .await?
            {
                return Ok(page_of(vec![part], &page, |event| event.id.0));
            }
        }
        part.reached = reached(span, &windows);
        Ok(page_of(vec![part], &page, |event| event.id.0))
    }
}

/// Walks one window; says whether the page is full, or as many rows were looked at as it may.
async fn walk(
    transaction: &Transaction<'_>,
    (scope, filter): (Scope, &EventFilter),
    (window, limit): (Span, usize),
    (room, part): (&mut usize, &mut Part<Event>),
) -> Result<bool> {
    let walked = scope.account_id.map_or(OF_PROJECT, |_| OF_ACCOUNT);
    let sql = window_of(walked, window.towards);
    let account = scope.account_id.map(|account| account.0);
    let (is_plain, mut asked) = (is_plain(filter), 0);
    let mut left = window;
    while !left.is_empty() {
        let wanted = limit - part.rows.len();
        // Few of those before fitted: more are looked at.
        asked = if is_plain {
            wanted
        } else {
            (asked * GROWTH).max(wanted)
        }
        .min(*room);
        let parameters: Parameters<'_> = &[
            &scope.project_id.0,
            &left.after,
            &left.before,
            &(asked as i64),
            &account,
        ];
        let rows: Vec<Row> = transaction.query(&sql, parameters).await?;
        let Some(last) = rows.last().map(|row| row.get::<_, i64>(0)) else {
            return Ok(false);
        };
        *room = room.saturating_sub(rows.len());
        part.rows
            .extend(rows.iter().map(event).filter(|event| filter.takes(event)));
        if part.rows.len() >= limit || *room == 0 {
            part.reached = Some(last);
            return Ok(true);
        }
        if rows.len() < asked {
            return Ok(false);
        }
        left = match left.towards {
            Towards::Older => left.within(0, last),
            Towards::Newer => left.within(last + 1, i64::MAX),
        };
    }
    Ok(false)
}

/// Whether every row walked is shown: then no more are looked at than that.
fn is_plain(filter: &EventFilter) -> bool {
    filter.event_type.is_none()
        && filter.channel.is_none()
        && filter.metadata.is_empty()
        && filter.subject.is_none()
}
