//! Who is calling: the key in the request, what it opens, what it may do.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use hookwright_core::scope::{Scope, Scopes};
use hookwright_core::time::UnixMs;
use hookwright_store::{Key, KeyOwner};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::digest::{SHA256, digest};

use crate::app::App;
use crate::problem::Problem;

/// Keys kept in memory; beyond this all are forgotten and read again.
const CACHED_KEYS_MAX: usize = 10_000;

/// SHA-256 of a whole key: what the store keeps of it.
#[must_use]
pub fn hash_key(key: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    hash
}

/// Keys that were presented and found. They are looked up by hash, so that no comparison here can
/// tell a caller how much of a guess was right.
#[derive(Default)]
pub(crate) struct Keys {
    cache: RwLock<Cache>,
}

#[derive(Default)]
struct Cache {
    known: HashMap<[u8; 32], Known>,
    /// How often all were forgotten. **Invariant:** what was read from the store before the last
    /// time is not kept, or a key could be revoked and yet stay known.
    forgotten: u64,
}

#[derive(Clone, Copy)]
struct Known {
    caller: Caller,
    expires_at: Option<UnixMs>,
}

impl Keys {
    pub(crate) fn forget(&self) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        cache.known.clear();
        cache.forgotten += 1;
    }

    /// What is known of a key, and how often all were forgotten until now.
    fn get(&self, hash: &[u8; 32]) -> (Option<Known>, u64) {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        (cache.known.get(hash).copied(), cache.forgotten)
    }

    /// Keeps what was read from the store, unless all were forgotten since.
    fn put(&self, hash: [u8; 32], known: Known, forgotten: u64) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.forgotten != forgotten {
            return;
        }
        if cache.known.len() >= CACHED_KEYS_MAX {
            cache.known.clear();
        }
        cache.known.insert(hash, known);
    }
}

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) owner: KeyOwner,
    pub(crate) scopes: Scopes,
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
        let known = match self.keys.get(&hash) {
            (Some(known), _) => known,
            (None, forgotten) => {
                let known = self.look_up(hash).await?;
                self.keys.put(hash, known, forgotten);
                known
            }
        };
        if known.expires_at.is_some_and(|at| at <= now) {
            return Err(Problem::unauthorized(
                "this API key has expired; make a new one",
            ));
        }
        Ok(known.caller)
    }

    async fn look_up(&self, hash: [u8; 32]) -> Result<Known, Problem> {
        let unknown = "this API key is unknown; check that it is whole and from this server";
        let key = self.engine.store().key_by_hash(hash).await?;
        let Key {
            owner,
            scopes,
            expires_at,
            revoked_at,
            ..
        } = key.ok_or_else(|| Problem::unauthorized(unknown))?;
        if revoked_at.is_some() {
            return Err(Problem::unauthorized(
                "this API key was revoked; use another",
            ));
        }
        let scopes = Scopes::from_bits(u16::try_from(scopes).unwrap_or(0));
        Ok(Known {
            caller: Caller { owner, scopes },
            expires_at,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_read_before_a_revocation_is_not_kept_after_it() {
        let keys = Keys::default();
        let known = Known {
            caller: Caller {
                owner: KeyOwner::Root,
                scopes: Scopes::ALL,
            },
            expires_at: None,
        };
        let hash = hash_key("a key");
        let (_, before) = keys.get(&hash);
        keys.forget();
        keys.put(hash, known, before);
        assert!(keys.get(&hash).0.is_none());
        let (_, now) = keys.get(&hash);
        keys.put(hash, known, now);
        assert!(keys.get(&hash).0.is_some());
    }
}
