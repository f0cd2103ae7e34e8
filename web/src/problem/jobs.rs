//! What goes wrong with replays and broadcasts, as HTTP.

use http::StatusCode;

use super::Problem;

impl Problem {
    pub(crate) fn job_ended(state: &str) -> Self {
        let detail =
            format!("it has ended: it is {state}, and what it has done stays done; make a new one");
        Self::new(StatusCode::CONFLICT, "job_ended", detail)
    }

    pub(crate) fn broadcast_conflict() -> Self {
        let detail = "this Idempotency-Key was used for a broadcast with another body; nothing was published: \
                      give a new broadcast a new key, or send exactly the first one again";
        Self::new(StatusCode::CONFLICT, "broadcast_conflict", detail)
    }
}
