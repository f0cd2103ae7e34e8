//! What the change feed tells: which routing facts moved.

use std::sync::Arc;

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};

use crate::model::{Account, Endpoint, EventType, Project};

/// One change of what events are matched against or keys are checked against. The feed is called
/// after the commit and before the method that made the change returns, so that a caller reads its
/// own writes.
#[derive(Clone, Debug)]
pub enum Change {
    /// A project was made or changed.
    Project(Box<Project>),
    /// A project was deleted, with everything in it.
    ProjectDeleted(ProjectId),
    /// An account was made or changed.
    Account(Account),
    /// An account was deleted, with its endpoints.
    AccountDeleted(ProjectId, AccountId),
    /// An endpoint was made or changed.
    Endpoint(Box<Endpoint>),
    /// An endpoint was deleted.
    EndpointDeleted(AccountId, EndpointId),
    /// A project's event types changed: all that it describes, by name.
    EventTypes(ProjectId, Arc<Vec<EventType>>),
    /// Keys were made, revoked or changed: cached keys are stale.
    Keys,
}
