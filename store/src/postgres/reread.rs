//! What has become of the things that the log names.

use std::collections::HashMap;
use std::sync::Arc;

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::change_log::{Kind, Moved};
use super::known::Everything;
use super::{Result, accounts, endpoints, event_types, projects};
use crate::change::Change;
use crate::model::{Account, Endpoint, EventType, Project};
use crate::vault::Vault;

/// The changes that rows of the log stand for, each thing once and as it is now. What is there no
/// longer is left out: a later row says that it was deleted.
pub(super) async fn changes(
    client: &Client,
    vault: &Vault,
    moved: Vec<Moved>,
) -> Result<Vec<Change>> {
    let mut things = Things::read(client, vault, &moved).await?;
    Ok(moved.into_iter().filter_map(|it| things.take(it)).collect())
}

/// Everything that is not deleted.
pub(super) async fn everything(client: &Client, vault: &Vault) -> Result<Everything> {
    let projects = client.query_typed(&projects::all(), &[]).await?;
    let accounts = client.query_typed(&accounts::all(), &[]).await?;
    let endpoints = client.query_typed(&endpoints::all(), &[]).await?;
    let sql = format!("{} ORDER BY name COLLATE \"C\"", event_types::all());
    let event_types = client.query_typed(&sql, &[]).await?;
    let (readable, unreadable) = opened(&endpoints, vault);
    Ok(Everything {
        projects: projects.iter().map(projects::project).collect(),
        accounts: accounts.iter().map(accounts::account).collect(),
        endpoints: readable,
        unreadable,
        event_types: event_types.iter().map(event_types::event_type).collect(),
    })
}

/// What rows of the log name, by row, and not taken yet.
struct Things {
    projects: HashMap<i64, Project>,
    accounts: HashMap<i64, Account>,
    endpoints: HashMap<i64, Endpoint>,
    event_types: HashMap<i64, Vec<EventType>>,
    keys: bool,
}

impl Things {
    async fn read(client: &Client, vault: &Vault, moved: &[Moved]) -> Result<Self> {
        let named = |kind, id: fn(&Moved) -> i64| -> Vec<i64> {
            let of_kind = moved.iter().filter(|it| it.kind == kind);
            of_kind.map(id).collect()
        };
        let projects = named(Kind::Project, |it| it.project_id);
        let projects = among(client, projects::all(), projects).await?;
        let accounts = named(Kind::Account, |it| it.account_id);
        let accounts = among(client, accounts::all(), accounts).await?;
        let endpoints = named(Kind::Endpoint, |it| it.endpoint_id);
        let endpoints = among(client, endpoints::all(), endpoints).await?;
        let (endpoints, _) = opened(&endpoints, vault);
        let described = named(Kind::EventTypes, |it| it.project_id);
        let event_types = types_of(client, described).await?;
        Ok(Self {
            event_types,
            projects: by_row(projects.iter().map(projects::project), |it| it.id.0),
            accounts: by_row(accounts.iter().map(accounts::account), |it| it.id.0),
            endpoints: by_row(endpoints.into_iter(), |it| it.id.0),
            keys: true,
        })
    }

    fn take(&mut self, it: Moved) -> Option<Change> {
        let project = ProjectId(it.project_id);
        let account = AccountId(it.account_id);
        match it.kind {
            Kind::Project => self
                .projects
                .remove(&it.project_id)
                .map(|it| Change::Project(Box::new(it))),
            Kind::ProjectDeleted => Some(Change::ProjectDeleted(project)),
            Kind::Account => self.accounts.remove(&it.account_id).map(Change::Account),
            Kind::AccountDeleted => Some(Change::AccountDeleted(project, account)),
            Kind::Endpoint => {
                let endpoint = self.endpoints.remove(&it.endpoint_id);
                endpoint.map(Box::new).map(Change::Endpoint)
            }
            Kind::EndpointDeleted => {
                Some(Change::EndpointDeleted(account, EndpointId(it.endpoint_id)))
            }
            Kind::EventTypes => {
                let types = self.event_types.remove(&it.project_id)?;
                Some(Change::EventTypes(project, Arc::new(types)))
            }
            Kind::Keys => std::mem::take(&mut self.keys).then_some(Change::Keys),
        }
    }
}

/// The rows of `all` with these ids.
async fn among(client: &Client, all: String, ids: Vec<i64>) -> Result<Vec<Row>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("{all} AND id = ANY($1)");
    Ok(client
        .query_typed(&sql, &[(&ids, Type::INT8_ARRAY)])
        .await?)
}

/// What these projects say of their event types, by name.
async fn types_of(client: &Client, projects: Vec<i64>) -> Result<HashMap<i64, Vec<EventType>>> {
    let mut types: HashMap<_, Vec<_>> = projects.iter().map(|id| (*id, Vec::new())).collect();
    if types.is_empty() {
        return Ok(types);
    }
    let sql = format!(
        "{} WHERE project_id = ANY($1) ORDER BY name COLLATE \"C\"",
        event_types::all()
    );
    for row in client
        .query_typed(&sql, &[(&projects, Type::INT8_ARRAY)])
        .await?
    {
        let event_type = event_types::event_type(&row);
        types
            .entry(event_type.project_id.0)
            .or_default()
            .push(event_type);
    }
    Ok(types)
}

fn by_row<T>(things: impl Iterator<Item = T>, row_of: fn(&T) -> i64) -> HashMap<i64, T> {
    things.map(|thing| (row_of(&thing), thing)).collect()
}

/// The endpoints that this node can read, and those that it cannot: sealed under a master key that
/// it was not given yet. It goes on with what it knows of them.
fn opened(rows: &[Row], vault: &Vault) -> (Vec<Endpoint>, Vec<EndpointId>) {
    let (mut readable, mut unreadable) = (Vec::new(), Vec::new());
    for row in rows {
        match endpoints::endpoint(row, vault) {
            Ok(endpoint) => readable.push(endpoint),
            Err(error) => {
                tracing::warn!(%error, "a change of an endpoint is not followed");
                unreadable.push(EndpointId(row.get(0)));
            }
        }
    }
    (readable, unreadable)
}
