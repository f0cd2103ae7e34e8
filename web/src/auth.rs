//! Who is calling: the key in the request, what it opens, what it may do.

use hookwright_core::scope::{Scope, Scopes};
use hookwright_store::KeyOwner;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::digest::{SHA256, digest};

use crate::app::App;
use crate::problem::Problem;

/// SHA-256 of a whole key: what the store keeps of it.
#[must_use]
pub fn hash_key(key: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    hash
}

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) owner: KeyOwner,
    pub(crate) scopes: Scopes,
    /// Whether secrets that exist may be read: a portal token's maker says so.
    pub(crate) sees_secrets: bool,
}

impl Caller {
    /// Refuses a caller without the scope.
    pub(crate) fn must(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.allows(scope) {
            Ok(())
        } else {
            Err(Problem::missing_scope(scope.as_str()))
        }
    }

    /// Refuses a portal token that may not read secrets.
    pub(crate) fn must_see_secrets(&self) -> Result<(), Problem> {
        match self.sees_secrets {
            true => Ok(()),
            false => Err(Problem::forbidden(
                "this portal token does not show secrets; rotate the secret to have a new one, or ask for a token with \"reveal_secrets\"",
            )),
        }
    }

    pub(crate) fn must_be_root(&self) -> Result<(), Problem> {
        match self.owner {
            KeyOwner::Root => Ok(()),
            KeyOwner::Project(_) | KeyOwner::Account(..) => Err(Problem::forbidden(
                "this needs the root key, the one printed at the server's first start",
            )),
        }
    }
}

impl App {
    /// Who calls, and whether they may do what needs `scope`.
    pub(crate) async fn caller(
        &self,
        headers: &HeaderMap,
        scope: Scope,
    ) -> Result<Caller, Problem> {
        let caller = self.any_caller(headers).await?;
        caller.must(scope)?;
        Ok(caller)
    }

    pub(crate) async fn any_caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let hash = hash_of(headers)?;
        let now = self.engine.now();
        if let Some(admitted) = self.keys.admit(&hash, now) {
            return admitted;
        }
        let unknown = "this API key is unknown; check that it is whole and from this server";
        let forgotten = self.keys.forgotten();
        let key = self.engine.store().key_by_hash(hash).await?;
        let key = key.ok_or_else(|| Problem::unauthorized(unknown))?;
        if key.revoked_at.is_some() {
            return Err(Problem::unauthorized(
                "this API key was revoked; use another",
            ));
        }
        if !self.still_admits(&key) {
            return Err(Problem::unauthorized(
                "single sign-on opened this session for somebody whom its settings let in no more; sign in again",
            ));
        }
        let known = self.keys.ready(&key);
        let admitted = known.admit(now);
        self.keys.put(hash, known, forgotten);
        admitted
    }

    /// Tells the store when keys were used last, as far as it does not know. Called now and then,
    /// and at the end.
    pub async fn note_used_keys(&self) {
        let used = self.keys.take_used();
        if used.is_empty() {
            return;
        }
        if let Err(error) = self.engine.store().touch_keys(used).await {
            tracing::warn!(%error, "when keys were used last is not known");
        }
    }
}

/// The hash of the key that a request has.
pub(crate) fn hash_of(headers: &HeaderMap) -> Result<[u8; 32], Problem> {
    Ok(hash_key(bearer(headers)?))
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let key = value.and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| key.trim())
            .filter(|key| !key.is_empty())
    });
    key.ok_or_else(|| Problem::unauthorized("an API key is needed; send Authorization: Bearer KEY"))
}
