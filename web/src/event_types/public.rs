//! A project's catalogue for everybody: what a page of its event types needs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::page::{asked, page_of};
use super::show::{self, EventTypeShown};
use crate::api::{Access, Api, Doc};
use crate::app::App;
use crate::paging::PageOf;
use crate::problem::Problem;
use crate::query::QueryText;

pub(super) fn api() -> Api {
    Api::default().get(
        "/v1/catalogue/{project_id}",
        catalogue,
        Doc::new(
            "getCatalogue",
            "Event types",
            "Shows anybody what a project publishes, by name.",
        )
        .description(
            "Only where the project's setting `public_catalogue` is on; 404 else. Archived types are left out. Any origin may read it, and keep it for a minute.",
        )
        .access(Access::Public)
        .query::<ListPublic>()
        .answer::<CatalogueShown>(200),
    )
}

/// What the list takes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListPublic {
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    limit: Option<String>,
    /// A `next_cursor` or `prev_cursor` as it was given.
    cursor: Option<String>,
}

/// A project's catalogue.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Catalogue")]
struct CatalogueShown {
    /// Whose it is.
    project: ProjectNamed,
    #[serde(flatten)]
    event_types: PageOf<EventTypeShown>,
}

/// A project, for those who may know no more of it.
#[derive(Serialize, JsonSchema)]
struct ProjectNamed {
    id: String,
    name: String,
}

async fn catalogue(
    State(app): State<App>,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Response, Problem> {
    let project = app.engine.project_by_public_id(&id);
    let project = project.filter(|project| project.settings.public_catalogue);
    let project = project.ok_or_else(|| Problem::not_found("catalogue"))?;
    let query: ListPublic = query.read()?;
    let asked = asked(query.limit.as_deref(), query.cursor.as_deref())?;
    // Out of memory: what anybody may ask for costs the store nothing.
    let own = app.engine.event_types(project.id);
    let profile = app.engine.profiles().get(&project.profile);
    let mut all = show::all(&own, profile.map(Arc::as_ref));
    all.retain(EventTypeShown::is_published);
    let shown = CatalogueShown {
        project: ProjectNamed {
            id: project.public_id.clone(),
            name: project.name.clone(),
        },
        event_types: page_of(all, &asked),
    };
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "public, max-age=60"),
    ];
    Ok((headers, Json(shown)).into_response())
}
