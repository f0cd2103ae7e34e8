//! What are the endpoints of these deliveries called? Ids say nothing to people.

use std::collections::HashMap;

use futures_util::future::join_all;
use maud::{Markup, html};
use serde::Deserialize;

use crate::fault::Fault;
use crate::parts::list::ListOf;
use crate::visit::{Visit, segment};

/// As many endpoints are offered in a filter.
const OFFERED: usize = 50;

#[derive(Clone, Deserialize)]
struct Endpoint {
    id: String,
    name: Option<String>,
    url: String,
}

/// Endpoints by their ids.
pub(crate) struct Names {
    known: HashMap<String, Endpoint>,
    /// In their order, where these are all that there are.
    all: Option<Vec<String>>,
}

impl Names {
    /// None yet.
    pub(crate) fn none() -> Self {
        Self {
            known: HashMap::new(),
            all: None,
        }
    }

    /// The newest endpoints.
    pub(crate) async fn first(visit: &Visit) -> Result<Self, Fault> {
        if !visit.may("endpoints:read") {
            return Ok(Self::none());
        }
        let limit = OFFERED.to_string();
        let list: ListOf<Endpoint> = visit.get("/v1/endpoints", &[("limit", &limit)]).await?;
        let ids = list.data.iter().map(|it| it.id.clone()).collect();
        Ok(Self {
            all: list.next_cursor.is_none().then_some(ids),
            known: list
                .data
                .into_iter()
                .map(|it| (it.id.clone(), it))
                .collect(),
        })
    }

    /// These as well, where they are not known yet. One that was deleted has no name.
    pub(crate) async fn add(&mut self, visit: &Visit, ids: impl Iterator<Item = &String>) {
        if self.all.is_some() || !visit.may("endpoints:read") {
            return;
        }
        let mut missing: Vec<&String> = ids.filter(|id| !self.known.contains_key(*id)).collect();
        missing.sort_unstable();
        missing.dedup();
        let asked = missing.into_iter().map(|id| async move {
            let path = format!("/v1/endpoints/{}", segment(id));
            visit.get::<Endpoint>(&path, &[]).await.ok()
        });
        let found = join_all(asked).await.into_iter().flatten();
        self.known.extend(found.map(|it| (it.id.clone(), it)));
    }

    /// The name, else the URL without its scheme, else the id.
    pub(crate) fn of<'a>(&'a self, id: &'a str) -> &'a str {
        let Some(endpoint) = self.known.get(id) else {
            return id;
        };
        let url = || {
            endpoint
                .url
                .split_once("://")
                .map_or(&*endpoint.url, |(_, rest)| rest)
        };
        endpoint
            .name
            .as_deref()
            .filter(|name| !name.is_empty())
            .unwrap_or_else(url)
    }

    /// The field of a form that chooses one.
    pub(crate) fn filter(&self, chosen: &str) -> Markup {
        let all = self.all.as_deref().filter(|all| !all.is_empty());
        html! {
            div.field {
                label for="q-endpoint" { "Endpoint" }
                @match all {
                    Some(all) => select #q-endpoint name="endpoint_id" {
                        option value="" { "Any" }
                        @for id in all { option value=(id) selected[id == chosen] { (self.of(id)) } }
                        @if !chosen.is_empty() && !all.iter().any(|id| id == chosen) { option value=(chosen) selected { (chosen) } }
                    },
                    None => input #q-endpoint name="endpoint_id" value=(chosen) placeholder="its id" spellcheck="false" autocomplete="off";,
                }
            }
        }
    }
}
