//! The event types that there are to choose from.

use serde::Deserialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::parts::list::ListOf;
use crate::visit::Visit;

/// Types that are offered; a project with more is told to type their names.
const OFFERED_MAX: &str = "200";

/// An event type.
#[derive(Clone, Deserialize)]
pub(super) struct EventType {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) group: Option<String>,
    pub(super) deprecated: bool,
    pub(super) archived: bool,
    versions: Vec<Version>,
}

#[derive(Clone, Deserialize)]
struct Version {
    example: Option<Value>,
}

impl EventType {
    /// A payload of its newest version that has one.
    pub(super) fn example(&self) -> Option<&Value> {
        let mut newest_first = self.versions.iter().rev();
        newest_first.find_map(|version| version.example.as_ref().filter(|it| !it.is_null()))
    }
}

/// The types that are still published.
pub(super) async fn load(visit: &Visit) -> Result<Vec<EventType>, Fault> {
    let query = [("limit", OFFERED_MAX)];
    let list: ListOf<EventType> = visit.get("/v1/event-types", &query).await?;
    let mut all = list.data;
    all.retain(|it| !it.archived);
    Ok(all)
}
