//! How is an endpoint doing, as the API tells it?

use serde::Deserialize;

#[derive(Default, Deserialize)]
pub(crate) struct Health {
    /// Since when no attempt succeeded, if none does.
    pub(crate) failing_since: Option<String>,
    pub(crate) breaker: Option<Breaker>,
}

/// What its circuit breaker does.
#[derive(Deserialize)]
pub(crate) struct Breaker {
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) until: Option<String>,
}

impl Health {
    /// Its breaker, where that holds anything back.
    pub(crate) fn held_back(&self) -> Option<&Breaker> {
        self.breaker.as_ref().filter(|it| it.state != "closed")
    }
}
