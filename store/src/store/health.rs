//! How endpoints are doing, and lanes that are sent to in order.

use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::{ClaimedInOrder, Endpoint, EndpointHealth, HealthChange, Scope};

impl Store {
    /// As [`Self::claim`], for lanes that are sent to in the order in which their events were
    /// accepted, by the clock of whoever accepted them where there are several: of each the first
    /// that wait, none of which is left out. A delivery that is to be retried later, or that somebody
    /// has, holds up those after it; one published for later does not, until it is due. Resends that
    /// are due come first, beside the order.
    ///
    /// One node at a time may ask for a lane. What it has itself and has not settled holds up the
    /// rest as well.
    pub async fn claim_in_order(
        &self,
        lanes: Vec<(EndpointId, usize)>,
        now: UnixMs,
    ) -> Result<ClaimedInOrder> {
        on_engine!(self, s => s.claim_in_order(lanes, now).await)
    }

    /// Writes down how endpoints are doing: at most one change of each.
    pub async fn put_health(&self, changes: Vec<HealthChange>) -> Result<()> {
        on_engine!(self, s => s.put_health(changes).await)
    }

    /// Endpoints that are known to fail, or whose breaker is not closed.
    pub async fn unwell(&self) -> Result<Vec<EndpointHealth>> {
        on_engine!(self, s => s.unwell().await)
    }

    /// How these endpoints of a project are doing; one that always did well may be missing.
    pub async fn endpoint_health(
        &self,
        project: ProjectId,
        endpoints: Vec<EndpointId>,
    ) -> Result<Vec<EndpointHealth>> {
        on_engine!(self, s => s.endpoint_health(project, endpoints).await)
    }

    /// Closes an endpoint's breaker by hand. Whoever works on the lane hears of it as of a change of
    /// the endpoint, and finds what is written down here.
    pub async fn close_breaker(
        &self,
        scope: Scope,
        public_id: String,
        now: UnixMs,
    ) -> Result<Endpoint> {
        on_engine!(self, s => s.close_breaker(scope, public_id, now).await)
    }
}
