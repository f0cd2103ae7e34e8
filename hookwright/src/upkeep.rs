//! What is done beside serving: old data goes, the use of keys is written down, and long jobs get on.

use std::time::Duration;

use hookwright_core::limits::AUDIT_KEPT_DAYS;
use hookwright_core::retention;
use hookwright_delivery::Engine;
use hookwright_store::{DataClass, StoreError};
use hookwright_web::App;
use tokio::task::JoinHandle;

const PRUNE_EVERY: Duration = Duration::from_secs(30);
const PRUNED_AT_ONCE: usize = 2_000;
const KEYS_NOTED_EVERY: Duration = Duration::from_secs(60);
/// How long a portal token that ended is still listed.
const ENDED_TOKENS_KEPT_DAYS: u32 = 1;

/// What runs until the server ends.
pub(crate) struct Upkeep {
    tasks: [JoinHandle<()>; 4],
}

impl Upkeep {
    pub(crate) fn begin(engine: &Engine, app: &App, retention_days: u32) -> Self {
        let pruning = tokio::spawn(keep_pruning(engine.clone(), retention_days));
        let noting = tokio::spawn(keep_noting_keys(app.clone()));
        let worker = engine.clone();
        let working = tokio::spawn(async move { worker.keep_working().await });
        let relay = engine.clone();
        let relaying = tokio::spawn(async move { relay.keep_relaying().await });
        Self {
            tasks: [pruning, noting, working, relaying],
        }
    }

    pub(crate) fn end(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn keep_noting_keys(app: App) {
    loop {
        tokio::time::sleep(KEYS_NOTED_EVERY).await;
        app.note_used_keys().await;
    }
}

async fn keep_pruning(engine: Engine, retention_days: u32) {
    loop {
        match prune(&engine, retention_days).await {
            // More may be old: go on at once, a bounded piece at a time.
            Ok(true) => {}
            Ok(false) => {
                prune_statistics(&engine).await;
                tokio::time::sleep(PRUNE_EVERY).await;
            }
            Err(error) => {
                tracing::error!(%error, "retention failed");
                tokio::time::sleep(PRUNE_EVERY).await;
            }
        }
    }
}

/// Removes a piece of what is old; says whether there may be more.
async fn prune(engine: &Engine, retention_days: u32) -> Result<bool, StoreError> {
    let now = engine.now();
    let store = engine.store();
    let events = store
        .prune(retention::before(retention_days, now), PRUNED_AT_ONCE)
        .await?;
    let more = prune_projects(engine, retention_days).await?;
    let tokens = store
        .prune_browser_keys(
            retention::before(ENDED_TOKENS_KEPT_DAYS, now),
            PRUNED_AT_ONCE,
        )
        .await?;
    let audit = store
        .prune_audit(retention::before(AUDIT_KEPT_DAYS, now), PRUNED_AT_ONCE)
        .await?;
    let jobs = store
        .prune_jobs(None, retention::before(retention_days, now), PRUNED_AT_ONCE)
        .await?;
    let is_full = |gone: &usize| *gone >= PRUNED_AT_ONCE;
    Ok(more || [events, tokens, audit, jobs].iter().any(is_full))
}

/// The same of projects that keep some data for less time than the server.
async fn prune_projects(engine: &Engine, retention_days: u32) -> Result<bool, StoreError> {
    let now = engine.now();
    let mut more = false;
    for (project, days) in engine.retentions() {
        for class in DataClass::ALL {
            let own = match class {
                DataClass::Payloads => days.payloads,
                DataClass::Attempts => days.attempts,
                DataClass::Deliveries => days.deliveries,
            };
            let Some(before) = retention::own_end(own, retention_days, now) else {
                continue;
            };
            let pruned = engine
                .store()
                .prune_class(project, class, before, PRUNED_AT_ONCE)
                .await?;
            more |= pruned.more;
            if class == DataClass::Deliveries {
                let jobs = engine
                    .store()
                    .prune_jobs(Some(project), before, PRUNED_AT_ONCE);
                more |= jobs.await? >= PRUNED_AT_ONCE;
            }
        }
    }
    Ok(more)
}

async fn prune_statistics(engine: &Engine) {
    if let Err(error) = engine.store().prune_rollups(engine.now()).await {
        tracing::error!(%error, "old statistics not removed");
    }
}
