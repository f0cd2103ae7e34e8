//! What a problem looks like on the wire.

use schemars::JsonSchema;
use serde::Serialize;

/// A problem as it is written (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemDocument {
    /// Where the code is explained, relative to the server.
    pub(super) r#type: String,
    /// The status in words.
    pub(super) title: String,
    /// The HTTP status.
    pub(super) status: u16,
    /// What happened, in a word that does not change.
    pub(super) code: String,
    /// What happened and what to do about it, for people.
    pub(super) detail: String,
    /// Which fields are wrong, if some are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) errors: Option<Vec<FieldProblem>>,
}

/// A field that is wrong.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FieldProblem {
    /// Which, as a JSON pointer (RFC 6901) into the body, or a header's name.
    pub(super) pointer: String,
    /// What is wrong with it.
    pub(super) detail: String,
}
