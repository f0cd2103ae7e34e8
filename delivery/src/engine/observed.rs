//! What others learn through the engine of what it does: statistics, listeners, the product itself.

use std::collections::HashSet;

use hookwright_core::ids::EndpointId;
use hookwright_store::{Endpoint, EndpointStatus, Scope};

use super::{Engine, Shared};
use crate::live::{Listener, NotListening, Wanted};
use crate::{notices, relay};

impl Engine {
    /// Publishes operational events as the store comes to hold them, until dropped.
    pub async fn keep_telling(&self) {
        notices::keep_publishing(&self.shared).await;
    }

    /// Writes statistics down every few seconds, until dropped.
    pub async fn keep_counting(&self) {
        let Shared {
            rollups,
            store,
            world,
            ..
        } = &*self.shared;
        rollups.keep_flushing(store, &*world.clock).await;
    }

    /// Writes down what statistics have counted so far.
    pub async fn write_counts(&self) {
        self.shared.rollups.flush(&self.shared.store).await;
    }

    /// Tells other nodes' listeners what this one does, and its own what the others do, until
    /// dropped.
    pub async fn keep_relaying(&self) {
        relay::keep_relaying(&self.shared).await;
    }

    /// Listens to what this node does from now on, and to the others a moment later.
    pub fn listen(&self, wanted: Wanted) -> Result<Listener, NotListening> {
        self.shared.live.listen(wanted)
    }

    /// Ends all listening, for good.
    pub fn stop_listening(&self) {
        self.shared.live.close();
    }

    /// An endpoint as this node knows it, if it is there.
    #[must_use]
    pub fn endpoint(&self, id: EndpointId) -> Option<Endpoint> {
        let target = self.shared.routing.target(id)?;
        Some(target.endpoint.clone())
    }

    /// The endpoints within the scope, as this node knows them, in no order.
    #[must_use]
    pub fn endpoints_within(&self, scope: Scope) -> Vec<EndpointId> {
        let within = |endpoint: &Endpoint| {
            endpoint.project_id == scope.project_id
                && (scope.account_id).is_none_or(|only| endpoint.account_id == only)
        };
        self.shared.routing.endpoint_ids(within)
    }

    /// The endpoints within the scope that are disabled or among those named, as this node knows
    /// them; newest first.
    #[must_use]
    pub fn endpoints_unwell(&self, scope: Scope, failing: &HashSet<EndpointId>) -> Vec<Endpoint> {
        let unwell = |endpoint: &Endpoint| {
            endpoint.project_id == scope.project_id
                && (scope.account_id).is_none_or(|only| endpoint.account_id == only)
                && (endpoint.status == EndpointStatus::Disabled || failing.contains(&endpoint.id))
        };
        let mut found = self.shared.routing.endpoints(unwell);
        found.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.id));
        found
    }
}
