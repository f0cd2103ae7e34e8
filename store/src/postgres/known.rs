//! What this node's feed was told and holds, by row: so that what is gone can be told as deleted
//! when the log no longer says what happened.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};

use crate::change::Change;
use crate::model::{Account, Endpoint, EventType, Project};

/// Rows that were told and not told as deleted.
#[derive(Debug, Default)]
pub(super) struct Known {
    projects: HashSet<ProjectId>,
    accounts: HashMap<AccountId, ProjectId>,
    endpoints: HashMap<EndpointId, (ProjectId, AccountId)>,
}

/// Everything that there is.
pub(super) struct Everything {
    pub(super) projects: Vec<Project>,
    pub(super) accounts: Vec<Account>,
    pub(super) endpoints: Vec<Endpoint>,
    /// Endpoints that are there and that this node cannot read.
    pub(super) unreadable: Vec<EndpointId>,
    /// What projects say of their event types.
    pub(super) event_types: Vec<EventType>,
}

impl Known {
    pub(super) fn add_project(&mut self, id: ProjectId) {
        self.projects.insert(id);
    }

    pub(super) fn add_account(&mut self, project: ProjectId, id: AccountId) {
        self.accounts.insert(id, project);
    }

    pub(super) fn add_endpoint(&mut self, project: ProjectId, account: AccountId, id: EndpointId) {
        self.endpoints.insert(id, (project, account));
    }

    /// Keeps up with what is told.
    pub(super) fn follow(&mut self, change: &Change) {
        match change {
            Change::Project(project) => self.add_project(project.id),
            Change::ProjectDeleted(id) => {
                self.projects.remove(id);
                self.accounts.retain(|_, project| project != id);
                self.endpoints.retain(|_, (project, _)| project != id);
            }
            Change::Account(account) => self.add_account(account.project_id, account.id),
            Change::AccountDeleted(_, id) => {
                self.accounts.remove(id);
                self.endpoints.retain(|_, (_, account)| account != id);
            }
            Change::Endpoint(it) => self.add_endpoint(it.project_id, it.account_id, it.id),
            Change::EndpointDeleted(_, id) => {
                self.endpoints.remove(id);
            }
            Change::EventTypes(..) | Change::Keys => {}
        }
    }

    /// What has to be told to somebody who knows this, so that he knows everything: first what is
    /// gone, then all that there is.
    pub(super) fn until(&self, everything: Everything) -> Vec<Change> {
        let mut changes = self.gone(&everything);
        let Everything {
            projects,
            accounts,
            endpoints,
            event_types,
            ..
        } = everything;
        let event_types = of_projects(&projects, event_types);
        changes.extend(projects.into_iter().map(|it| Change::Project(Box::new(it))));
        changes.extend(accounts.into_iter().map(Change::Account));
        changes.extend(endpoints.into_iter().map(Box::new).map(Change::Endpoint));
        changes.extend(event_types);
        changes.push(Change::Keys);
        changes
    }

    fn gone(&self, everything: &Everything) -> Vec<Change> {
        let mut there: HashSet<_> = everything.endpoints.iter().map(|it| it.id).collect();
        there.extend(&everything.unreadable);
        let missing = self.endpoints.iter().filter(|(id, _)| !there.contains(id));
        let mut gone: Vec<_> = missing
            .map(|(id, (_, account))| Change::EndpointDeleted(*account, *id))
            .collect();
        let there: HashSet<_> = everything.accounts.iter().map(|it| it.id).collect();
        let missing = self.accounts.iter().filter(|(id, _)| !there.contains(id));
        gone.extend(missing.map(|(id, project)| Change::AccountDeleted(*project, *id)));
        let there: HashSet<_> = everything.projects.iter().map(|it| it.id).collect();
        let missing = self.projects.difference(&there);
        gone.extend(missing.copied().map(Change::ProjectDeleted));
        gone
    }
}

/// The event types of each project: of one that describes none any more as well.
pub(super) fn of_projects(projects: &[Project], event_types: Vec<EventType>) -> Vec<Change> {
    let mut types: HashMap<_, Vec<_>> = HashMap::new();
    for event_type in event_types {
        types
            .entry(event_type.project_id)
            .or_default()
            .push(event_type);
    }
    let change = |project: &Project| {
        let types = types.remove(&project.id).unwrap_or_default();
        Change::EventTypes(project.id, Arc::new(types))
    };
    projects.iter().map(change).collect()
}

#[cfg(test)]
mod tests {
    use hookwright_core::time::UnixMs;

    use super::*;
    use crate::model::{EndpointSettings, EndpointStatus};

    fn project(id: i64) -> Project {
        Project {
            id: ProjectId(id),
            public_id: format!("prj_{id}"),
            name: String::new(),
            profile: "standard".to_owned(),
            livemode: true,
            settings: Default::default(),
            created_at: UnixMs(0),
        }
    }

    fn account(project: i64, id: i64) -> Account {
        Account {
            id: AccountId(id),
            project_id: ProjectId(project),
            public_id: id.to_string(),
            name: None,
            created_at: UnixMs(0),
        }
    }

    fn endpoint(project: i64, account: i64, id: i64) -> Endpoint {
        Endpoint {
            id: EndpointId(id),
            project_id: ProjectId(project),
            account_id: AccountId(account),
            public_id: format!("ep_{id}"),
            settings: EndpointSettings::default(),
            secrets: Vec::new(),
            credentials: Default::default(),
            status: EndpointStatus::Active,
            status_reason: None,
            created_at: UnixMs(0),
            updated_at: UnixMs(0),
            status_since: UnixMs(0),
        }
    }

    /// Two projects: the first with two accounts and three endpoints, the second with one of each.
    fn everything() -> Everything {
        Everything {
            projects: vec![project(1), project(2)],
            accounts: vec![account(1, 11), account(1, 12), account(2, 21)],
            endpoints: vec![
                endpoint(1, 11, 111),
                endpoint(1, 11, 112),
                endpoint(1, 12, 121),
                endpoint(2, 21, 211),
            ],
            unreadable: Vec::new(),
            event_types: Vec::new(),
        }
    }

    fn known() -> Known {
        let mut known = Known::default();
        for change in Known::default().until(everything()) {
            known.follow(&change);
        }
        known
    }

    fn deletions(changes: &[Change]) -> Vec<String> {
        let mut words: Vec<_> = changes
            .iter()
            .filter_map(|change| match change {
                Change::ProjectDeleted(id) => Some(format!("project {}", id.0)),
                Change::AccountDeleted(project, id) => {
                    Some(format!("account {} {}", project.0, id.0))
                }
                Change::EndpointDeleted(account, id) => {
                    Some(format!("endpoint {} {}", account.0, id.0))
                }
                _ => None,
            })
            .collect();
        words.sort();
        words
    }

    #[test]
    fn all_that_there_is_is_told_again_owners_first() {
        let changes = known().until(everything());
        assert!(deletions(&changes).is_empty());
        let kinds: String = changes
            .iter()
            .map(|change| match change {
                Change::Project(_) => 'p',
                Change::Account(_) => 'a',
                Change::Endpoint(_) => 'e',
                Change::EventTypes(..) => 't',
                Change::Keys => 'k',
                _ => '?',
            })
            .collect();
        assert_eq!(kinds, "ppaaaeeeettk");
    }

    #[test]
    fn what_is_gone_is_told_as_deleted() {
        let mut left = everything();
        left.projects.pop();
        left.accounts.retain(|account| account.id.0 == 11);
        left.endpoints.retain(|endpoint| endpoint.id.0 == 112);
        let told = deletions(&known().until(left));
        let expected = [
            "account 1 12",
            "account 2 21",
            "endpoint 11 111",
            "endpoint 12 121",
            "endpoint 21 211",
            "project 2",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_endpoint_that_cannot_be_read_is_there() {
        let mut left = everything();
        left.unreadable
            .extend(left.endpoints.pop().map(|endpoint| endpoint.id));
        assert!(deletions(&known().until(left)).is_empty());
    }

    #[test]
    fn what_was_told_as_deleted_is_not_told_again_nor_what_it_held() {
        let nothing = || Everything {
            projects: Vec::new(),
            accounts: Vec::new(),
            endpoints: Vec::new(),
            unreadable: Vec::new(),
            event_types: Vec::new(),
        };
        let mut known = known();
        known.follow(&Change::EndpointDeleted(AccountId(11), EndpointId(111)));
        known.follow(&Change::AccountDeleted(ProjectId(1), AccountId(12)));
        known.follow(&Change::ProjectDeleted(ProjectId(2)));
        let told = deletions(&known.until(nothing()));
        assert_eq!(told, ["account 1 11", "endpoint 11 112", "project 1"]);
    }
}
