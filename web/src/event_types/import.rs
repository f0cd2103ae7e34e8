//! Event types out of an OpenAPI document, all in one go.

use axum::Json;
use axum::extract::{Request, State};
use hookwright_core::limits::{
    EVENT_TYPE_VERSION_MAX, EVENT_TYPE_VERSIONS_MAX, OPENAPI_IMPORT_BYTES_MAX,
};
use hookwright_core::openapi_import::{self, Imported, Webhook};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{EventType, EventTypeDocument, EventTypeSwap, EventTypeVersion, Project};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::change::TRIES_MAX;
use super::input::{aside, check_name, check_version};
use crate::api::{Api, Doc};
use crate::app::App;
use crate::body;
use crate::problem::Problem;
use crate::query::QueryText;

pub(super) fn api() -> Api {
    Api::default().post(
        "/v1/event-types/import",
        import,
        Doc::new(
            "importEventTypes",
            "Event types",
            "Describes event types as an OpenAPI 3.1 document does.",
        )
        .description(
            "The body is the document, 4 MiB at most. Each entry of its `webhooks` is an event type: its key is the name, its operation's description, `deprecated`, and the schema and example of its JSON body are taken over. A schema that differs from the type's newest becomes a new version. What one entry lacks refuses it alone; groups and archived types stay as they are, and types that the document does not name stay.",
        )
        .scope(KeyScope::EventTypesWrite)
        .query::<ImportQuery>()
        .body::<Map<String, Value>>()
        .answer::<ImportResults>(200),
    )
}

/// How to import.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ImportQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// `true` only says what would become of each entry.
    #[schemars(with = "Option<bool>")]
    dry_run: Option<String>,
}

/// What became of a document.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EventTypeImport")]
struct ImportResults {
    /// Nothing was changed: this is what would become of each.
    dry_run: bool,
    /// Each entry of the document's `webhooks`, in their order.
    data: Vec<ImportResult>,
}

/// What became of one entry.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "EventTypeImportResult")]
struct ImportResult {
    name: String,
    outcome: Outcome,
    /// Why it was refused; null if it was not.
    reason: Option<String>,
    /// The type's newest version now; null if it has none, or was refused.
    version: Option<u32>,
}

/// What an import does with an event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "EventTypeImportOutcome")]
enum Outcome {
    Created,
    Updated,
    Unchanged,
    Refused,
}

/// What is to be done.
#[derive(Default)]
struct Plan {
    results: Vec<ImportResult>,
    swaps: Vec<EventTypeSwap>,
}

async fn import(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Json<ImportResults>, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::EventTypesWrite)
        .await?;
    let query: ImportQuery = query.read()?;
    let project = app.project(&caller, query.project_id.as_deref())?;
    let dry_run = match query.dry_run.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::query("dry_run", "must be true or false")),
    };
    let document: Value = body::json(request, OPENAPI_IMPORT_BYTES_MAX).await?;
    let webhooks = aside(move || read(&document)).await?;
    let plan = if dry_run {
        plan(
            &webhooks,
            &app.engine.store().event_types(project.id).await?,
        )
    } else {
        make(&app, &project, &webhooks).await?
    };
    Ok(Json(ImportResults {
        dry_run,
        data: plan.results,
    }))
}

/// The document's webhooks, of which each that is not refused can be kept.
fn read(document: &Value) -> Result<Vec<Webhook>, Problem> {
    let webhooks =
        openapi_import::read(document).map_err(|error| Problem::field("", error.to_string()))?;
    let checked = |(name, read): Webhook| {
        let read = read.and_then(|imported| {
            check_name(&name).map_err(|problem| problem.detail)?;
            let version = version_of(&imported, 1);
            check_version(&version).map_err(|(pointer, detail)| {
                format!("{}: {detail}", pointer.trim_start_matches('/'))
            })?;
            Ok(imported)
        });
        (name, read)
    };
    Ok(webhooks.into_iter().map(checked).collect())
}

async fn make(app: &App, project: &Project, webhooks: &[Webhook]) -> Result<Plan, Problem> {
    let store = app.engine.store();
    for _ in 0..TRIES_MAX {
        let mut plan = plan(webhooks, &store.event_types(project.id).await?);
        let swaps = std::mem::take(&mut plan.swaps);
        let count = swaps.len();
        let nothing = swaps.is_empty();
        if nothing
            || store
                .swap_event_types(project.id, swaps, app.engine.now())
                .await?
        {
            tracing::info!(project = project.public_id, count, "event types imported");
            return Ok(plan);
        }
    }
    Err(Problem::changed_meanwhile())
}

fn plan(webhooks: &[Webhook], own: &[EventType]) -> Plan {
    let mut plan = Plan::default();
    for (name, read) in webhooks {
        let before = own.iter().find(|it| it.name == *name);
        let before = before.map(|it| it.document.clone());
        let after = match read {
            Ok(imported) => merged(before.clone(), imported),
            Err(reason) => Err(reason.clone()),
        };
        let outcome = match (&before, &after) {
            (_, Err(_)) => Outcome::Refused,
            (None, _) => Outcome::Created,
            (Some(before), Ok(after)) if before == after => Outcome::Unchanged,
            (Some(_), Ok(_)) => Outcome::Updated,
        };
        plan.results.push(ImportResult {
            name: name.clone(),
            outcome,
            reason: after.as_ref().err().cloned(),
            version: after
                .as_ref()
                .ok()
                .and_then(|it| it.versions.last())
                .map(|it| it.version),
        });
        if let (Outcome::Created | Outcome::Updated, Ok(after)) = (outcome, after) {
            let (name, after) = (name.clone(), Some(after));
            plan.swaps.push(EventTypeSwap {
                name,
                before,
                after,
            });
        }
    }
    plan
}

/// What is said of a type once the document's word is added to it.
fn merged(
    before: Option<EventTypeDocument>,
    imported: &Imported,
) -> Result<EventTypeDocument, String> {
    let mut after = before.unwrap_or_default();
    after.description = imported.description.clone().or(after.description);
    after.deprecated = imported.deprecated;
    if imported.schema.is_none() && imported.example.is_none() {
        return Ok(after);
    }
    let count = after.versions.len();
    match after.versions.last_mut() {
        Some(newest) if newest.schema == imported.schema => {
            newest.example = imported.example.clone().or(newest.example.take());
        }
        newest => {
            let number = newest.map_or(0, |newest| newest.version) + 1;
            if count >= EVENT_TYPE_VERSIONS_MAX || number > EVENT_TYPE_VERSION_MAX {
                return Err(format!(
                    "it has {count} versions, and there is no room for another: take old ones back"
                ));
            }
            after.versions.push(version_of(imported, number));
        }
    }
    Ok(after)
}

fn version_of(imported: &Imported, version: u32) -> EventTypeVersion {
    EventTypeVersion {
        version,
        schema: imported.schema.clone(),
        example: imported.example.clone(),
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::ids::ProjectId;
    use hookwright_core::time::UnixMs;
    use serde_json::json;

    use super::*;

    fn described(schema: Value) -> Webhook {
        let imported = Imported {
            schema: Some(schema),
            ..Imported::default()
        };
        ("a".to_owned(), Ok(imported))
    }

    fn kept(document: EventTypeDocument) -> EventType {
        EventType {
            project_id: ProjectId(1),
            name: "a".to_owned(),
            document,
            created_at: UnixMs(0),
            updated_at: UnixMs(0),
        }
    }

    #[test]
    fn another_schema_is_another_version_and_the_same_is_none() {
        let string = described(json!({"type": "string"}));
        let first = plan(std::slice::from_ref(&string), &[]);
        assert_eq!(
            (first.results[0].outcome, first.results[0].version),
            (Outcome::Created, Some(1))
        );
        let own = [kept(EventTypeDocument {
            archived: true,
            group: Some("g".to_owned()),
            ..first.swaps[0].after.clone().expect("made")
        })];
        assert_eq!(plan(&[string], &own).results[0].outcome, Outcome::Unchanged);
        let second = plan(&[described(json!({"type": "object"}))], &own);
        assert_eq!(
            (second.results[0].outcome, second.results[0].version),
            (Outcome::Updated, Some(2))
        );
        let after = second.swaps[0].after.clone().expect("made");
        assert!(after.archived && after.group.is_some() && after.versions.len() == 2);
    }

    #[test]
    fn a_type_with_all_its_versions_takes_no_more() {
        let version = |version| EventTypeVersion {
            version,
            ..EventTypeVersion::default()
        };
        let own = kept(EventTypeDocument {
            versions: (1..=EVENT_TYPE_VERSIONS_MAX as u32).map(version).collect(),
            ..EventTypeDocument::default()
        });
        let plan = plan(&[described(json!(true))], &[own]);
        assert_eq!(plan.results[0].outcome, Outcome::Refused);
        assert!(plan.results[0].reason.is_some() && plan.swaps.is_empty());
    }
}
