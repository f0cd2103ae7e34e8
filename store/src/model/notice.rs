//! Operational events that are still to be published: what a product is told of its own webhooks.

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;

/// The public id of the account whose endpoints receive a project's operational events.
pub const OPERATIONAL_ACCOUNT: &str = "operational";

/// Something to tell, written with what it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice {
    /// The operational event's type.
    pub event_type: &'static str,
    /// Its data: JSON.
    pub body: String,
}

/// What is told of a settled delivery, if its settlement is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementNotice {
    /// What.
    pub notice: NewNotice,
    /// Only where the delivery had been given up before.
    pub if_given_up_before: bool,
}

/// Something to tell that is not told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Row; never used again for another.
    pub id: i64,
    /// Its project.
    pub project_id: ProjectId,
    /// The operational event's type.
    pub event_type: String,
    /// Its data: JSON.
    pub body: String,
    /// When it happened.
    pub made_at: UnixMs,
}
