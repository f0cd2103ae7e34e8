//! What goes wrong with deliveries that are looked at, as HTTP.

use http::StatusCode;

use super::Problem;

impl Problem {
    pub(crate) fn request_gone(why: &str) -> Self {
        let detail = format!(
            "what was sent cannot be made again: {why}; its headers and its answer are kept with the attempt"
        );
        Self::new(StatusCode::GONE, "request_gone", detail)
    }
}
