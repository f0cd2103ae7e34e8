//! Whose things a request is about: its project and account, as key, path and query say.

use std::sync::Arc;

use hookwright_core::ids::{AccountId, ProjectId};
use hookwright_core::limits::ACCOUNT_ID_CHARS_MAX;
use hookwright_store::{
    DEFAULT_ACCOUNT, KeyOwner, OPERATIONAL_ACCOUNT, Project, Scope, StoreError,
};
use hookwright_wire::Profile;

use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

impl App {
    /// The project: the key's own, or for the root key the one that is named.
    pub(crate) fn project(
        &self,
        caller: &Caller,
        named: Option<&str>,
    ) -> Result<Arc<Project>, Problem> {
        let found = match (caller.owner, named) {
            (KeyOwner::Project(id) | KeyOwner::Account(id, _), named) => {
                let project = self.engine.project(id);
                project.filter(|project| named.is_none_or(|named| named == project.public_id))
            }
            (KeyOwner::Root, Some(named)) => self.engine.project_by_public_id(named),
            (KeyOwner::Root, None) => {
                let detail = "the root key belongs to no project: name one with ?project_id=prj_..., or use its own key";
                return Err(Problem::query("project_id", detail));
            }
        };
        found.ok_or_else(|| Problem::not_found("project"))
    }

    /// The one account that path, query and body name between them. What one of them names must
    /// not be overruled in silence by another.
    pub(crate) fn one_account<'a>(
        &self,
        caller: &Caller,
        project: ProjectId,
        named: [Option<&'a str>; 3],
    ) -> Result<Option<&'a str>, Problem> {
        let mut one = None;
        for name in named.into_iter().flatten() {
            if let KeyOwner::Account(..) = caller.owner {
                self.account_seen_by(caller, project, name)?;
            }
            if one.is_some_and(|one| one != name) {
                let detail = "the path, the query and the body name different accounts; name one";
                return Err(Problem::field("/account_id", detail));
            }
            one = Some(name);
        }
        Ok(one)
    }

    /// What may be seen: an account's key sees its account; others see the one named, or all.
    pub(crate) fn scope(
        &self,
        caller: &Caller,
        project: Option<&str>,
        account: Option<&str>,
    ) -> Result<Scope, Problem> {
        let project_id = self.project(caller, project)?.id;
        let account_id = match (caller.owner, account) {
            (KeyOwner::Account(_, own), None) => Some(own),
            (_, Some(named)) => Some(self.account_seen_by(caller, project_id, named)?),
            (KeyOwner::Root | KeyOwner::Project(_), None) => None,
        };
        Ok(Scope {
            project_id,
            account_id,
        })
    }

    /// An account that exists and that the caller may know of.
    pub(crate) fn account_seen_by(
        &self,
        caller: &Caller,
        project: ProjectId,
        named: &str,
    ) -> Result<AccountId, Problem> {
        let found = self.engine.account(project, named);
        let seen = match caller.owner {
            KeyOwner::Account(_, own) => found.filter(|id| *id == own),
            KeyOwner::Root | KeyOwner::Project(_) => found,
        };
        seen.ok_or_else(|| Problem::not_found("account"))
    }

    /// The account that something is done for: made at its first use by a project's key, the
    /// default one where none is named.
    pub(crate) async fn account_to_use(
        &self,
        caller: &Caller,
        project: ProjectId,
        named: Option<&str>,
    ) -> Result<AccountId, Problem> {
        if let KeyOwner::Account(_, own) = caller.owner {
            return match named {
                None => Ok(own),
                Some(named) => self.account_seen_by(caller, project, named),
            };
        }
        let named = named.unwrap_or(DEFAULT_ACCOUNT);
        if let Some(id) = self.engine.account(project, named) {
            return Ok(id);
        }
        check_account_id("/account_id", named)?;
        let store = self.engine.store();
        match store
            .create_account(project, named.to_owned(), None, self.engine.now())
            .await
        {
            Ok(account) => Ok(account.id),
            // Another request made it at the same time.
            Err(StoreError::Exists(_)) => self.account_seen_by(caller, project, named),
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses keys of the account that operational events go to: what is told there is the
    /// product's, of all of its customers.
    pub(crate) fn may_have_keys(&self, account: AccountId) -> Result<(), Problem> {
        let id = self.engine.account_public_id(account);
        if id.as_deref() == Some(OPERATIONAL_ACCOUNT) {
            return Err(Problem::forbidden(
                "the account \"operational\" receives the product's own operational events and has no keys; use a project's key",
            ));
        }
        Ok(())
    }

    /// The project's wire profile.
    pub(crate) fn profile(&self, name: &str) -> Result<Arc<Profile>, Problem> {
        self.engine
            .profiles()
            .get(name)
            .cloned()
            .ok_or_else(|| self.unknown_profile("/profile", name))
    }

    pub(crate) fn unknown_profile(&self, pointer: &str, name: &str) -> Problem {
        let known = self.engine.profiles().names().join(", ");
        Problem::field(
            pointer,
            format!("there is no profile \"{name}\"; the profiles are {known}"),
        )
    }
}

/// An account's id is text of the project's choosing that fits into a path.
pub(crate) fn check_account_id(pointer: &str, id: &str) -> Result<(), Problem> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.@".contains(&byte);
    if !id.is_empty() && id.len() <= ACCOUNT_ID_CHARS_MAX && id.bytes().all(fits) {
        return Ok(());
    }
    let detail = format!("an account's id is 1 to {ACCOUNT_ID_CHARS_MAX} of A-Z a-z 0-9 _ - : . @");
    Err(Problem::field(pointer, detail))
}
