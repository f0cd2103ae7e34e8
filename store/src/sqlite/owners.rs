//! Which node works on a lane: always this one, as nobody else has the file.

use hookwright_core::ids::{EndpointId, ProjectId};

use super::{Result, SqliteStore};

impl SqliteStore {
    #[expect(clippy::unused_self, reason = "as the other engine")]
    pub(crate) const fn owns(&self, _lane: EndpointId) -> bool {
        true
    }

    #[expect(clippy::unused_async, reason = "as the other engine")]
    pub(crate) async fn own_lanes(
        &self,
        lanes: Vec<(ProjectId, EndpointId)>,
    ) -> Result<Vec<EndpointId>> {
        Ok(lanes.into_iter().map(|(_, lane)| lane).collect())
    }

    #[expect(clippy::unused_async, reason = "as the other engine")]
    pub(crate) async fn disown_lanes(&self, _lanes: Vec<(ProjectId, EndpointId)>) -> Result<()> {
        Ok(())
    }
}
