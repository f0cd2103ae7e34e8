//! What is known of event types when an event is published: which may be, and what they look like.
//!
//! A schema is compiled when the first event is held against it, and stays compiled when another of
//! the project's types changes. A project that describes no types pays one look into a table.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use hookwright_core::event_schema::{EventSchema, Mismatch};
use hookwright_core::ids::ProjectId;
use hookwright_store::{Change, EventType, Project};
use hookwright_wire::Profile;
use serde_json::Value;

/// Why an event of this type and content is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeRefused {
    /// Its type is in no catalogue, and its project accepts no others.
    #[error("there is no such event type")]
    Unknown,
    /// Its type is published no more.
    #[error("this event type is archived")]
    Archived,
    /// Its type has no such version.
    #[error("this event type has no such version")]
    NoSuchVersion {
        /// Those that it has.
        versions: Vec<u32>,
    },
    /// Its content is not as the type's schema says.
    #[error("{}", .0.message)]
    Mismatch(Mismatch),
}

/// What is asked of an event that is to be published.
#[derive(Clone, Copy, Debug)]
pub struct TypeCheck<'a> {
    /// Its type's name.
    pub event_type: &'a str,
    /// The version that it says it is of; the newest if it does not say.
    pub schema_version: Option<u32>,
    /// Its content, valid JSON.
    pub payload: &'a [u8],
}

/// What projects describe.
#[derive(Default)]
pub(crate) struct Catalogue {
    projects: RwLock<HashMap<ProjectId, Described>>,
}

/// What one project describes: as it says it, and ready to be asked.
#[derive(Clone)]
struct Described {
    said: Arc<Vec<EventType>>,
    types: Arc<Types>,
}

type Types = HashMap<String, Known>;

/// One type.
struct Known {
    archived: bool,
    /// Oldest first.
    versions: Vec<Version>,
}

#[derive(Clone)]
struct Version {
    number: u32,
    schema: Option<Arc<Schema>>,
}

/// A schema, compiled at its first use.
struct Schema {
    source: Value,
    /// `None` when it cannot be: what was saved by another version of this server.
    compiled: OnceLock<Option<EventSchema>>,
}

impl Catalogue {
    /// Takes in one change.
    pub(crate) fn apply(&self, change: &Change) {
        match change {
            Change::EventTypes(project, types) => self.put(*project, types),
            Change::ProjectDeleted(project) => self.put(*project, &Arc::default()),
            _ => {}
        }
    }

    fn put(&self, project: ProjectId, said: &Arc<Vec<EventType>>) {
        let before = self.of(project).map(|described| described.types);
        let known = |it: &EventType| {
            let before = before.as_ref().and_then(|types| types.get(&it.name));
            (it.name.clone(), Known::of(it, before))
        };
        let types: Types = said.iter().map(known).collect();
        let mut projects = self
            .projects
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if types.is_empty() {
            projects.remove(&project);
        } else {
            let (said, types) = (Arc::clone(said), Arc::new(types));
            projects.insert(project, Described { said, types });
        }
    }

    /// All that a project says of its event types, by name.
    pub(crate) fn said(&self, project: ProjectId) -> Arc<Vec<EventType>> {
        self.of(project).map(|it| it.said).unwrap_or_default()
    }

    fn of(&self, project: ProjectId) -> Option<Described> {
        let projects = self.projects.read().unwrap_or_else(PoisonError::into_inner);
        projects.get(&project).cloned()
    }

    /// Whether an event may be published. `profile` is its project's.
    pub(crate) fn check(
        &self,
        project: &Project,
        profile: Option<&Profile>,
        event: TypeCheck<'_>,
    ) -> Result<(), TypeRefused> {
        let described = self.of(project.id);
        let known = described
            .as_ref()
            .and_then(|it| it.types.get(event.event_type));
        match known {
            Some(known) => known.check(event),
            None => {
                let built_in = || {
                    let mut types = profile.iter().flat_map(|profile| &profile.catalogue);
                    types.any(|info| info.name == event.event_type)
                };
                if project.settings.refuse_unknown_event_types && !built_in() {
                    return Err(TypeRefused::Unknown);
                }
                let versions = Vec::new();
                let versions = event
                    .schema_version
                    .map(|_| TypeRefused::NoSuchVersion { versions });
                versions.map_or(Ok(()), Err)
            }
        }
    }
}

impl Known {
    /// What a description says, with the schemas of `before` that are still the same.
    fn of(event_type: &EventType, before: Option<&Self>) -> Self {
        let schemas = || {
            let versions = before.into_iter().flat_map(|before| &before.versions);
            versions.filter_map(|version| version.schema.as_ref())
        };
        let version = |it: &hookwright_store::EventTypeVersion| Version {
            number: it.version,
            schema: it.schema.as_ref().map(|source| {
                let same = schemas().find(|schema| schema.source == *source);
                same.cloned()
                    .unwrap_or_else(|| Arc::new(Schema::new(source)))
            }),
        };
        Self {
            archived: event_type.document.archived,
            versions: event_type.document.versions.iter().map(version).collect(),
        }
    }

    fn check(&self, event: TypeCheck<'_>) -> Result<(), TypeRefused> {
        if self.archived {
            return Err(TypeRefused::Archived);
        }
        let version = match event.schema_version {
            None => self.versions.last(),
            Some(number) => {
                let version = self.versions.iter().find(|it| it.number == number);
                let versions = || self.versions.iter().map(|it| it.number).collect();
                Some(version.ok_or_else(|| TypeRefused::NoSuchVersion {
                    versions: versions(),
                })?)
            }
        };
        let Some(schema) = version.and_then(|version| version.schema.as_ref()) else {
            return Ok(());
        };
        schema.check(event.payload).map_err(TypeRefused::Mismatch)
    }
}

impl Schema {
    fn new(source: &Value) -> Self {
        Self {
            source: source.clone(),
            compiled: OnceLock::new(),
        }
    }

    fn check(&self, payload: &[u8]) -> Result<(), Mismatch> {
        let compile = || {
            EventSchema::compile(&self.source)
                .inspect_err(|error| tracing::error!(%error, "a saved schema cannot be used"))
                .ok()
        };
        let Some(schema) = self.compiled.get_or_init(compile) else {
            return Ok(());
        };
        match serde_json::from_slice(payload) {
            Ok(payload) => schema.check(&payload),
            Err(error) => Err(Mismatch {
                pointer: String::new(),
                message: error.to_string(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
