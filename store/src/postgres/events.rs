//! An event as it is looked at.

use bytes::Bytes;
use hookwright_core::ids::{AccountId, EventId, ProjectId};
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::{PostgresStore, Result};
use crate::error::StoreError;
use crate::event_row::Extra;
use crate::model::{Event, Scope};

const BY_ID: &str = "
    SELECT e.id, e.project_id, e.account_id, a.public_id, e.event_type, e.given_id, e.accepted_at,
           e.time, e.extra, e.fanout, e.payload
    FROM events e JOIN accounts a ON a.project_id = e.project_id AND a.id = e.account_id
    WHERE e.project_id = $1 AND e.id = $2 AND ($3::bigint IS NULL OR e.account_id = $3)";
const BY_NAME: &str = "SELECT event_id FROM event_names WHERE project_id = $1 AND name = $2";

impl PostgresStore {
    pub(crate) async fn event(
        &self,
        scope: Scope,
        id: EventId,
        accepted_at: UnixMs,
    ) -> Result<Event> {
        let event = self.event_by_id(scope, id).await?;
        if event.accepted_at == accepted_at {
            Ok(event)
        } else {
            Err(StoreError::NotFound)
        }
    }

    pub(crate) async fn event_by_given_id(&self, scope: Scope, given_id: String) -> Result<Event> {
        let name = format!("i:{given_id}");
        let named = self.row(BY_NAME, &[&scope.project_id.0, &name]).await?;
        // The name may outlive its event by a while.
        self.event_by_id(scope, EventId(named.get(0))).await
    }

    async fn event_by_id(&self, scope: Scope, id: EventId) -> Result<Event> {
        let account = scope.account_id.map(|account| account.0);
        let row = self
            .row(BY_ID, &[&scope.project_id.0, &id.0, &account])
            .await?;
        Ok(Event {
            payload: row.get::<_, Option<Vec<u8>>>(10).map(Bytes::from),
            ..event(&row)
        })
    }
}

pub(super) fn event(row: &Row) -> Event {
    let accepted_at = UnixMs(row.get(6));
    let extra: Option<&str> = row.get(8);
    let extra: Extra = extra
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    Event {
        id: EventId(row.get(0)),
        project_id: ProjectId(row.get(1)),
        account_id: AccountId(row.get(2)),
        account_public_id: row.get(3),
        event_type: row.get(4),
        given_id: row.get(5),
        accepted_at,
        time: row.get::<_, Option<i64>>(7).map_or(accepted_at, UnixMs),
        subject: extra.subject,
        trace: extra.trace,
        channels: extra.channels,
        metadata: extra.metadata,
        deliver_at: extra.deliver_at.map(UnixMs),
        payload: None,
        fanout: row.get::<_, i32>(9).unsigned_abs(),
    }
}
