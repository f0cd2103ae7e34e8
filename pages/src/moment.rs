//! When is the page made? Times say how long ago they were, on every page and deep within its parts:
//! the moment goes beside the request instead of through every part of it.

use std::future::Future;

tokio::task_local! {
    static MOMENT: i64;
}

/// Makes a page at this moment: milliseconds since the epoch.
pub(crate) async fn within<F: Future>(now_ms: i64, page: F) -> F::Output {
    MOMENT.scope(now_ms, page).await
}

/// The moment that the page is made at, where one is made.
pub(crate) fn now_ms() -> Option<i64> {
    MOMENT.try_with(|now_ms| *now_ms).ok()
}
