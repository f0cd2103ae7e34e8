//! What is done now and then beside serving: old data goes, and the use of keys is written down.

use std::time::Duration;

use hookwright_core::limits::AUDIT_KEPT_DAYS;
use hookwright_core::time::UnixMs;
use hookwright_delivery::Engine;
use hookwright_web::App;
use tokio::task::JoinHandle;

const PRUNE_EVERY: Duration = Duration::from_secs(30);
const PRUNED_AT_ONCE: usize = 2_000;
const KEYS_NOTED_EVERY: Duration = Duration::from_secs(60);
/// How long a portal token that ended is still listed.
const ENDED_TOKENS_KEPT_MS: i64 = 24 * 60 * 60 * 1000;
const AUDIT_KEPT_MS: i64 = AUDIT_KEPT_DAYS as i64 * 24 * 60 * 60 * 1000;

/// What runs until the server ends.
pub(crate) struct Upkeep {
    tasks: [JoinHandle<()>; 2],
}

impl Upkeep {
    pub(crate) fn begin(engine: &Engine, app: &App, retention_ms: i64) -> Self {
        let pruning = tokio::spawn(keep_pruning(engine.clone(), retention_ms));
        let noting = tokio::spawn(keep_noting_keys(app.clone()));
        Self {
            tasks: [pruning, noting],
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

async fn keep_pruning(engine: Engine, retention_ms: i64) {
    loop {
        match prune(&engine, retention_ms).await {
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
async fn prune(engine: &Engine, retention_ms: i64) -> Result<bool, hookwright_store::StoreError> {
    let now = engine.now();
    let before = |kept_ms: i64| UnixMs(now.0.saturating_sub(kept_ms));
    let store = engine.store();
    let events = store.prune(before(retention_ms), PRUNED_AT_ONCE).await?;
    let tokens = store
        .prune_portal_tokens(before(ENDED_TOKENS_KEPT_MS), PRUNED_AT_ONCE)
        .await?;
    let audit = store
        .prune_audit(before(AUDIT_KEPT_MS), PRUNED_AT_ONCE)
        .await?;
    Ok([events, tokens, audit]
        .iter()
        .any(|gone| *gone >= PRUNED_AT_ONCE))
}

async fn prune_statistics(engine: &Engine) {
    if let Err(error) = engine.store().prune_rollups(engine.now()).await {
        tracing::error!(%error, "old statistics not removed");
    }
}
