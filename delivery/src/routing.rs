//! Which endpoints an event goes to: the in-memory table, kept current by the store's feed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
use hookwright_store::{Account, Change, Endpoint, OPERATIONAL_ACCOUNT, Project, RetentionDays};

use crate::target::{Equipment, Target};
use crate::wanted::keep_wanting;

/// The table.
pub(crate) struct Routing {
    pub(crate) equipment: Equipment,
    tables: RwLock<Tables>,
}

#[derive(Default)]
struct Tables {
    projects: HashMap<ProjectId, Arc<Project>>,
    projects_by_public_id: HashMap<String, ProjectId>,
    accounts: HashMap<ProjectId, HashMap<String, AccountId>>,
    account_names: HashMap<AccountId, Arc<str>>,
    targets: HashMap<EndpointId, Arc<Target>>,
    routes: HashMap<AccountId, Routes>,
}

/// An account's endpoints: by the types they name, and those that must be asked.
#[derive(Default)]
struct Routes {
    by_type: HashMap<String, Vec<Arc<Target>>>,
    to_ask: Vec<Arc<Target>>,
}

impl Routing {
    pub(crate) fn new(equipment: Equipment) -> Self {
        Self {
            equipment,
            tables: RwLock::default(),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in one change. Returns the endpoint that it concerns, if one.
    pub(crate) fn apply(&self, change: &Change) -> Option<EndpointId> {
        let mut tables = self.write();
        match change {
            Change::Project(project) => tables.put_project(project, &self.equipment),
            Change::ProjectDeleted(id) => tables.remove_project(*id),
            Change::Account(account) => tables.put_account(account),
            Change::AccountDeleted(project, account) => tables.remove_account(*project, *account),
            Change::Endpoint(endpoint) => {
                tables.put_endpoint((**endpoint).clone(), &self.equipment);
                return Some(endpoint.id);
            }
            Change::EndpointDeleted(_, id) => {
                tables.remove_endpoint(*id);
                return Some(*id);
            }
            Change::EventTypes(..) | Change::Keys => {}
        }
        None
    }

    pub(crate) fn project(&self, id: ProjectId) -> Option<Arc<Project>> {
        self.read().projects.get(&id).cloned()
    }

    pub(crate) fn retentions(&self) -> Vec<(ProjectId, RetentionDays)> {
        let tables = self.read();
        let chosen = tables.projects.values().filter_map(|project| {
            let days = project.settings.retention;
            (days != RetentionDays::default()).then_some((project.id, days))
        });
        chosen.collect()
    }

    pub(crate) fn project_by_public_id(&self, id: &str) -> Option<Arc<Project>> {
        let tables = self.read();
        let id = tables.projects_by_public_id.get(id)?;
        tables.projects.get(id).cloned()
    }

    pub(crate) fn account(&self, project: ProjectId, public_id: &str) -> Option<AccountId> {
        self.read().accounts.get(&project)?.get(public_id).copied()
    }

    pub(crate) fn count_accounts(&self, project: ProjectId) -> usize {
        self.read().accounts.get(&project).map_or(0, HashMap::len)
    }

    pub(crate) fn account_public_id(&self, account: AccountId) -> Option<Arc<str>> {
        self.read().account_names.get(&account).cloned()
    }

    /// The account whose endpoints are told of what happens in the project, if it has any.
    pub(crate) fn operational_account(&self, project: ProjectId) -> Option<AccountId> {
        let tables = self.read();
        let account = *tables.accounts.get(&project)?.get(OPERATIONAL_ACCOUNT)?;
        let routes = tables.routes.get(&account)?;
        let is_empty = routes.by_type.is_empty() && routes.to_ask.is_empty();
        (!is_empty).then_some(account)
    }

    pub(crate) fn target(&self, id: EndpointId) -> Option<Arc<Target>> {
        self.read().targets.get(&id).cloned()
    }

    /// All endpoints that this is true of, in no order.
    pub(crate) fn endpoints(&self, wanted: impl Fn(&Endpoint) -> bool) -> Vec<Endpoint> {
        let tables = self.read();
        let endpoints = tables.targets.values().map(|target| &target.endpoint);
        endpoints.filter(|it| wanted(it)).cloned().collect()
    }

    /// The ids of all endpoints that this is true of, in no order.
    pub(crate) fn endpoint_ids(&self, wanted: impl Fn(&Endpoint) -> bool) -> Vec<EndpointId> {
        let tables = self.read();
        let endpoints = tables.targets.values().map(|target| &target.endpoint);
        endpoints.filter(|it| wanted(it)).map(|it| it.id).collect()
    }

    /// The endpoints that an event goes to, disabled and paused ones included.
    pub(crate) fn matching(
        &self,
        account: AccountId,
        (event_type, channels): (&str, &[String]),
        payload: &[u8],
    ) -> Vec<Arc<Target>> {
        let mut targets = self.asking_for(account, event_type, channels);
        // Not under the lock: filters may take their time.
        keep_wanting(&mut targets, payload);
        targets
    }

    /// Those that ask for events of this type on these channels, whatever their filters say.
    pub(crate) fn asking_for(
        &self,
        account: AccountId,
        event_type: &str,
        channels: &[String],
    ) -> Vec<Arc<Target>> {
        let tables = self.read();
        let Some(routes) = tables.routes.get(&account) else {
            return Vec::new();
        };
        let named = routes.by_type.get(event_type).into_iter().flatten();
        named
            .chain(&routes.to_ask)
            .filter(|target| target.wants.asks_for(event_type, channels))
            .cloned()
            .collect()
    }
}

impl Tables {
    fn put_project(&mut self, project: &Project, equipment: &Equipment) {
        self.projects.insert(project.id, Arc::new(project.clone()));
        self.projects_by_public_id
            .insert(project.public_id.clone(), project.id);
        // What envelopes say of the project is part of each target.
        let endpoints: Vec<Endpoint> = (self.targets.values())
            .filter(|target| target.endpoint.project_id == project.id)
            .map(|target| target.endpoint.clone())
            .collect();
        endpoints
            .into_iter()
            .for_each(|endpoint| self.put_endpoint(endpoint, equipment));
    }

    fn remove_project(&mut self, id: ProjectId) {
        if let Some(project) = self.projects.remove(&id) {
            self.projects_by_public_id.remove(&project.public_id);
        }
        for account in self.accounts.remove(&id).unwrap_or_default().into_values() {
            self.forget_account(account);
        }
    }

    fn put_account(&mut self, account: &Account) {
        let accounts = self.accounts.entry(account.project_id).or_default();
        accounts.insert(account.public_id.clone(), account.id);
        self.account_names
            .insert(account.id, account.public_id.as_str().into());
    }

    fn remove_account(&mut self, project: ProjectId, id: AccountId) {
        if let Some(accounts) = self.accounts.get_mut(&project) {
            accounts.retain(|_, account| *account != id);
        }
        self.forget_account(id);
    }

    fn forget_account(&mut self, id: AccountId) {
        self.account_names.remove(&id);
        self.routes.remove(&id);
        self.targets
            .retain(|_, target| target.endpoint.account_id != id);
    }

    fn put_endpoint(&mut self, endpoint: Endpoint, equipment: &Equipment) {
        let gauge = self
            .remove_endpoint(endpoint.id)
            .map(|old| Arc::clone(&old.gauge));
        let Some(project) = self.projects.get(&endpoint.project_id) else {
            return;
        };
        let public_id = endpoint.public_id.clone();
        match Target::new(endpoint, project, equipment, gauge.unwrap_or_default()) {
            Ok(target) => self.add_target(Arc::new(target)),
            // The API checks what it saves: this is a profile that the operator has removed.
            Err(reason) => tracing::error!(endpoint = public_id, reason, "endpoint unusable"),
        }
    }

    fn add_target(&mut self, target: Arc<Target>) {
        let routes = self.routes.entry(target.endpoint.account_id).or_default();
        let events = &target.endpoint.settings.events;
        if events.is_empty() || events.iter().any(|pattern| pattern.contains('*')) {
            routes.to_ask.push(Arc::clone(&target));
        } else {
            for (place, name) in events.iter().enumerate() {
                // A type named twice is still one delivery.
                if !events[..place].contains(name) {
                    routes
                        .by_type
                        .entry(name.clone())
                        .or_default()
                        .push(Arc::clone(&target));
                }
            }
        }
        self.targets.insert(target.endpoint.id, target);
    }

    fn remove_endpoint(&mut self, id: EndpointId) -> Option<Arc<Target>> {
        let old = self.targets.remove(&id)?;
        if let Some(routes) = self.routes.get_mut(&old.endpoint.account_id) {
            routes.to_ask.retain(|target| target.endpoint.id != id);
            for name in &old.endpoint.settings.events {
                if let Some(targets) = routes.by_type.get_mut(name) {
                    targets.retain(|target| target.endpoint.id != id);
                    if targets.is_empty() {
                        routes.by_type.remove(name);
                    }
                }
            }
        }
        Some(old)
    }
}
