//! How an event type is changed from what it is: read, decided, and written if nobody came between.

use hookwright_store::{EventTypeDocument, EventTypeSwap, Project, StoreError};
use hookwright_wire::Profile;

use crate::app::App;
use crate::problem::Problem;

/// Times that a change is tried while others change the same.
pub(super) const TRIES_MAX: usize = 5;

/// Makes of what a project says of one type what `decide` says. Answers what it said before.
pub(super) async fn change(
    app: &App,
    project: &Project,
    name: &str,
    decide: impl Fn(Option<EventTypeDocument>) -> Result<Option<EventTypeDocument>, Problem>,
) -> Result<Option<EventTypeDocument>, Problem> {
    let store = app.engine.store();
    for _ in 0..TRIES_MAX {
        let before = match store.event_type(project.id, name.to_owned()).await {
            Ok(there) => Some(there.document),
            Err(StoreError::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        let swap = EventTypeSwap {
            name: name.to_owned(),
            after: decide(before.clone())?,
            before: before.clone(),
        };
        let now = app.engine.now();
        if store.swap_event_types(project.id, vec![swap], now).await? {
            return Ok(before);
        }
    }
    Err(Problem::changed_meanwhile())
}

/// What a profile says of a type.
pub(super) fn listed(profile: Option<&Profile>, name: &str) -> Option<EventTypeDocument> {
    let info = profile?.catalogue.iter().find(|info| info.name == name)?;
    Some(EventTypeDocument {
        description: Some(info.description.clone()).filter(|text| !text.is_empty()),
        ..EventTypeDocument::default()
    })
}
