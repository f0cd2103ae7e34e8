//! Which calls run the statements of statistics and operational events.

use hookwright_core::rollup::{Counts, Width};

use super::*;

/// Counts, adds up and forgets.
pub(super) async fn call(store: &Store, scope: Scope, endpoint: EndpointId) {
    let width = Width::Minute;
    let start = width.start_of(NOW.seconds());
    let rollup = Rollup {
        project_id: scope.project_id,
        subject: Subject::Endpoint(endpoint),
        width,
        start,
        counts: Counts::default(),
    };
    store
        .add_rollups(vec![rollup.clone(), rollup])
        .await
        .expect("added");
    let stretches = Stretches {
        width,
        since: start,
        until: start + 60,
    };
    let project = scope.project_id;
    let series = store.rollups(project, Subject::Project, stretches).await;
    series.expect("read");
    let sums = store.failures_by_endpoint(project, stretches, 1).await;
    sums.expect("read");
    let sums = store.rollups_by_event_type(project, stretches, 1).await;
    sums.expect("read");
    let some = store.rollups_of_endpoints(project, vec![endpoint], stretches);
    some.await.expect("read");
    store.prune_rollups(NOW).await.expect("pruned");
    for endpoint in [None, Some(endpoint)] {
        store.backlog(scope, endpoint, 10).await.expect("read");
    }
}

/// Tells what happens to endpoints.
pub(super) async fn operational(store: &Store, project: ProjectId, run: u32) {
    let account = store
        .create_account(project, OPERATIONAL_ACCOUNT.to_owned(), None, NOW)
        .await;
    let account_id = Some(account.expect("made").id);
    let scope = Scope {
        project_id: project,
        account_id,
    };
    endpoints(store, scope, 10 + run).await;
    let default = store.accounts(project, PAGE).await.expect("listed");
    let account_id = default.rows.last().map(|account| account.id);
    let scope = Scope {
        project_id: project,
        account_id,
    };
    endpoints(store, scope, 20 + run).await;
    let notices = store.notices(1).await.expect("read");
    let ids = notices.iter().map(|notice| notice.id).collect();
    store.delete_notices(ids).await.expect("deleted");
}
