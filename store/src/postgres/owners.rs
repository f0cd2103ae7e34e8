//! Which node works on a lane that one node at a time may work on.
//!
//! A lane's owner is a row. It stays until its node gives it up, or until the lost node's work is
//! taken over (reclaim.rs); nobody takes a row from another. So a taker needs no look at who lives,
//! and two that want the same lane are told apart by the table's key.
//!
//! The owner also remembers it, under the number that it had then: asked before each request, the
//! memory answers no as soon as this node has another number, or may have been declared lost.

use std::collections::HashSet;

use hookwright_core::ids::{EndpointId, ProjectId};

use super::{PostgresStore, Result};
use crate::error::StoreError;

/// Lanes in the order of their keys: two nodes that take the same ones wait for each other in one
/// direction only.
const TAKE: &str = "
    INSERT INTO lane_owners (project_id, endpoint_id, node_id)
    SELECT project_id, endpoint_id, $3
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, endpoint_id)
    ORDER BY project_id, endpoint_id
    ON CONFLICT DO NOTHING";
const OWN: &str = "
    SELECT o.endpoint_id
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, endpoint_id)
    JOIN lane_owners o USING (project_id, endpoint_id) WHERE o.node_id = $3";
const GIVE: &str = "
    DELETE FROM lane_owners o USING unnest($1::bigint[], $2::bigint[]) AS given (project_id, endpoint_id)
    WHERE o.project_id = given.project_id AND o.endpoint_id = given.endpoint_id AND o.node_id = $3";

/// The lanes that a node took, and under which number.
#[derive(Debug, Default)]
pub(super) struct Owned {
    node: i64,
    lanes: HashSet<EndpointId>,
}

impl Owned {
    /// Whether the node of this number took the lane.
    pub(super) fn has(&self, node: i64, lane: EndpointId) -> bool {
        self.node == node && self.lanes.contains(&lane)
    }

    /// Takes in what the database said of the lanes that were asked for.
    fn learn(&mut self, node: i64, asked: &Lanes, owned: &[EndpointId]) {
        if node < self.node {
            // An answer to a number that this process no longer has.
            return;
        }
        if node > self.node {
            (self.node, self.lanes) = (node, HashSet::new());
        }
        self.forget(asked);
        self.lanes.extend(owned);
    }

    fn forget(&mut self, lanes: &Lanes) {
        for lane in &lanes.endpoints {
            self.lanes.remove(&EndpointId(*lane));
        }
    }
}

/// Lanes as columns.
struct Lanes {
    projects: Vec<i64>,
    endpoints: Vec<i64>,
}

impl From<Vec<(ProjectId, EndpointId)>> for Lanes {
    fn from(lanes: Vec<(ProjectId, EndpointId)>) -> Self {
        let (projects, endpoints) = lanes.into_iter().map(|lane| (lane.0.0, lane.1.0)).unzip();
        Self {
            projects,
            endpoints,
        }
    }
}

impl PostgresStore {
    pub(crate) fn owns(&self, lane: EndpointId) -> bool {
        self.shared.node.owns(lane)
    }

    pub(crate) async fn own_lanes(
        &self,
        lanes: Vec<(ProjectId, EndpointId)>,
    ) -> Result<Vec<EndpointId>> {
        if lanes.is_empty() {
            return Ok(Vec::new());
        }
        let lanes = Lanes::from(lanes);
        let node = self.shared.node.identity().id;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        self.hold_own_place(&transaction).await?;
        if self.shared.node.identity().id != node {
            // What is taken must be taken under the number whose place is held: under one that was
            // lost before, nobody would ever give it up.
            return Err(StoreError::Unavailable(
                "this node has just registered anew".to_owned(),
            ));
        }
        let asked: super::Parameters<'_> = &[&lanes.projects, &lanes.endpoints, &node];
        transaction.execute(TAKE, asked).await?;
        let rows = transaction.query(OWN, asked).await?;
        transaction.commit().await?;
        let owned: Vec<EndpointId> = rows.iter().map(|row| EndpointId(row.get(0))).collect();
        self.shared.node.own(|it| it.learn(node, &lanes, &owned));
        Ok(owned)
    }

    pub(crate) async fn disown_lanes(&self, lanes: Vec<(ProjectId, EndpointId)>) -> Result<()> {
        let lanes = Lanes::from(lanes);
        // First of all, and before anything is waited for: from now on this node does nothing in
        // these lanes.
        self.shared.node.own(|owned| owned.forget(&lanes));
        let node = self.shared.node.identity().id;
        let client = self.client().await?;
        client
            .execute(GIVE, &[&lanes.projects, &lanes.endpoints, &node])
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(ids: &[i64]) -> Lanes {
        let lane = |id: &i64| (ProjectId(1), EndpointId(*id));
        Lanes::from(ids.iter().map(lane).collect::<Vec<_>>())
    }

    #[test]
    fn only_what_the_database_said_is_owned() {
        let mut owned = Owned::default();
        owned.learn(1, &lanes(&[10, 11]), &[EndpointId(10)]);
        assert!(owned.has(1, EndpointId(10)));
        assert!(!owned.has(1, EndpointId(11)));
        owned.learn(1, &lanes(&[10, 11]), &[EndpointId(11)]);
        assert!(!owned.has(1, EndpointId(10)), "it is another's now");
        assert!(owned.has(1, EndpointId(11)));
    }

    #[test]
    fn nothing_is_owned_under_another_number() {
        let mut owned = Owned::default();
        owned.learn(1, &lanes(&[10]), &[EndpointId(10)]);
        assert!(!owned.has(2, EndpointId(10)));
        owned.learn(2, &lanes(&[11]), &[EndpointId(11)]);
        assert!(!owned.has(2, EndpointId(10)));
        owned.learn(1, &lanes(&[12]), &[EndpointId(12)]);
        assert!(
            !owned.has(1, EndpointId(12)) && !owned.has(2, EndpointId(12)),
            "a late answer"
        );
        assert!(owned.has(2, EndpointId(11)));
    }

    #[test]
    fn what_is_given_up_is_not_owned() {
        let mut owned = Owned::default();
        owned.learn(1, &lanes(&[10, 11]), &[EndpointId(10), EndpointId(11)]);
        owned.forget(&lanes(&[10]));
        assert!(!owned.has(1, EndpointId(10)));
        assert!(owned.has(1, EndpointId(11)));
    }
}
