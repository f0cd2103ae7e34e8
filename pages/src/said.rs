//! What is said at the top of a page after something was done: `?said=CODE` names one of these.

/// The texts. Only these can be shown: an address cannot put words into our mouth.
const TEXTS: &[(&str, &str)] = &[
    ("signed-out", "You are signed out."),
    (
        "signed-out-everywhere",
        "You are signed out here and everywhere else.",
    ),
    ("session-ended", "The session has ended."),
    ("saved", "Saved."),
    (
        "type-deleted",
        "The description was taken back. Events that were published stay.",
    ),
    (
        "resent",
        "One attempt is made now, beside the schedule. It is shown here as soon as it is done.",
    ),
    ("cancelled", "Cancelled. No attempt follows by itself."),
    ("published", "The event is published."),
    ("replay-begun", "The replay has begun."),
    (
        "replay-paused",
        "The replay rests after the step under way.",
    ),
    ("replay-resumed", "The replay goes on where it was."),
    (
        "replay-cancelled",
        "The replay has ended. What it did stays done.",
    ),
    (
        "replay-ended",
        "Nothing was done: the replay had ended meanwhile.",
    ),
    (
        "endpoint-paused",
        "The endpoint is paused: deliveries wait.",
    ),
    (
        "endpoint-disabled",
        "The endpoint is disabled: nothing is sent to it.",
    ),
    (
        "endpoint-made",
        "The endpoint is made. Give its receiver the signing secret, and send a test.",
    ),
    (
        "secret-rotated",
        "The secret is replaced. Show it in full, and give it to the receiver.",
    ),
    ("overlap-ended", "The old secret counts no more."),
    ("endpoint-enabled", "The endpoint is enabled."),
    ("endpoint-deleted", "The endpoint is deleted."),
    (
        "breaker-closed",
        "The circuit breaker is closed: what waits is sent.",
    ),
    ("validated", "The receiver agreed to be sent events."),
    (
        "not-validated",
        "The receiver was asked and did not agree; why is said below.",
    ),
    ("account-made", "The account is made."),
    (
        "account-deleted",
        "The account is deleted: its keys and endpoints have ended.",
    ),
    (
        "portal-ended",
        "The portal session has ended, and its link with it.",
    ),
    (
        "project-deleted",
        "The project is deleted: its keys and endpoints have ended.",
    ),
    ("purge-begun", "The purge has begun. This is its receipt."),
    (
        "key-revoked",
        "The key is revoked: requests with it are refused.",
    ),
];

/// The text of a page's query.
pub(crate) fn text(query: &str) -> Option<&'static str> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, code) = pairs.find(|(name, _)| name == "said")?;
    let found = TEXTS.iter().find(|(known, _)| *known == code);
    found.map(|(_, text)| *text)
}
