//! Publishing operational events: what the store has kept for it, through the same engine as any
//! other event.
//!
//! A notice is removed after its event is on disk. A crash in between, or another node that does the
//! same, publishes it under the same id once more, which is no second event.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use hookwright_core::limits::NOTICES_AT_ONCE_MAX;
use hookwright_store::{Notice, StoreError};

use crate::engine::Shared;
use crate::publish::{Publish, PublishError, publish};

/// How often the store is asked.
const LOOK_MS: u64 = 1_000;
/// Every node has heard by then of an endpoint that another one made.
const HEARD_OF_WITHIN_MS: u64 = 60_000;

/// Publishes what there is, for as long as nobody ends it.
pub(crate) async fn keep_publishing(shared: &Arc<Shared>) {
    loop {
        match publish_some(shared).await {
            // There may be more.
            Ok(NOTICES_AT_ONCE_MAX) => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "operational events not published yet"),
        }
        shared.world.clock.sleep_ms(LOOK_MS).await;
    }
}

/// Publishes the oldest; answers how many were done with.
async fn publish_some(shared: &Arc<Shared>) -> Result<usize, StoreError> {
    let notices = shared.store.notices(NOTICES_AT_ONCE_MAX).await?;
    if notices.is_empty() {
        return Ok(0);
    }
    let published = join_all(notices.iter().map(|notice| publish_one(shared, notice))).await;
    let done = notices.iter().zip(published).filter(|(_, done)| *done);
    let done: Vec<i64> = done.map(|(notice, _)| notice.id).collect();
    let count = done.len();
    if count > 0 {
        shared.store.delete_notices(done).await?;
    }
    Ok(count)
}

/// Whether nothing is left to do about a notice.
async fn publish_one(shared: &Arc<Shared>, notice: &Notice) -> bool {
    let project = shared.routing.project(notice.project_id);
    let account = shared.routing.operational_account(notice.project_id);
    let (Some(project), Some(account)) = (project, account) else {
        // This node may not have heard of it yet. Or it was deleted since: nobody is left to be told.
        return shared.world.clock.now().since(notice.made_at) > HEARD_OF_WITHIN_MS;
    };
    let event = Publish {
        project_id: notice.project_id,
        account_id: account,
        event_type: notice.event_type.as_str().into(),
        given_id: Some(format!("op_{}_{}", project.public_id, notice.id)),
        idempotency_key: None,
        // The same from every node.
        time: Some(notice.made_at),
        subject: None,
        trace: None,
        channels: Vec::new(),
        metadata: Default::default(),
        deliver_at: None,
        only: None,
        payload: Bytes::copy_from_slice(notice.body.as_bytes()),
    };
    match publish(shared, event).await {
        Ok(published) => {
            tracing::info!(
                event = published.id,
                r#type = notice.event_type,
                "operational event published"
            );
            true
        }
        // Its id is taken: by itself, or by an event that a publisher named so.
        Err(PublishError::Conflict | PublishError::KeyReused) => {
            tracing::warn!(
                notice = notice.id,
                "the id of an operational event is taken"
            );
            true
        }
        Err(PublishError::Store(error)) => {
            tracing::warn!(%error, "operational event not published yet");
            false
        }
    }
}
