//! What would become of an event at an endpoint, and why?

use hookwright_core::wants::{Offered, Reason};
use hookwright_store::{Endpoint, EndpointStatus};

use crate::wanted::wants;

/// What would become of an event at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Would {
    /// It would be delivered.
    Deliver,
    /// Its delivery would wait: the endpoint is paused.
    Hold,
    /// Its delivery would fail: the endpoint is disabled.
    Fail,
    /// It would have no delivery.
    Skip,
    /// It cannot be known: the filter would look at a payload that is not there any more.
    Unknown,
}

/// What would become of it, with all reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What would become of it.
    pub would: Would,
    /// One reason for each thing that the endpoint asks for.
    pub reasons: Vec<Reason>,
}

/// Judges as the publish path would. [`Err`] says in words why this endpoint takes nothing at all.
pub fn explain(endpoint: &Endpoint, event: Offered<'_>) -> Result<Verdict, String> {
    let reasons = wants(&endpoint.settings)?.why(event);
    let against = reasons.iter().any(|it| it.speaks_for == Some(false));
    let unknown = reasons.iter().any(|it| it.speaks_for.is_none());
    let would = match endpoint.status {
        _ if against => Would::Skip,
        _ if unknown => Would::Unknown,
        EndpointStatus::Active => Would::Deliver,
        EndpointStatus::Paused => Would::Hold,
        EndpointStatus::Disabled => Would::Fail,
    };
    Ok(Verdict { would, reasons })
}
