//! Which keys were presented and found: in memory, with when each was used and how often it may be.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use hookwright_core::ids::KeyId;
use hookwright_core::key_format::KeyKind;
use hookwright_core::request_rate;
use hookwright_core::scope::Scopes;
use hookwright_core::time::UnixMs;
use hookwright_store::{Key, KeyOwner, KeyUse};
use subtle::ConstantTimeEq;

use crate::auth::Caller;
use crate::problem::Problem;

/// Keys kept in memory; beyond this all are forgotten and read again.
const CACHED_KEYS_MAX: usize = 10_000;
/// A key's last use is noted to so many milliseconds.
const TOUCHED_EVERY_MS: i64 = 10_000;
const NS_PER_MS: i64 = 1_000_000;

/// Keys that were presented and found. They are looked up by hash, so that no comparison here can
/// tell a caller how much of a guess was right.
#[derive(Default)]
pub(crate) struct Keys {
    cache: RwLock<Cache>,
    /// Requests that a key without a limit of its own may make in a second; zero for any number.
    rate: u32,
}

#[derive(Default)]
struct Cache {
    known: HashMap<[u8; 32], Known>,
    /// The buckets of limited keys. They outlive what is forgotten, or a key could be used without
    /// limit while others change.
    buckets: HashMap<KeyId, Arc<AtomicI64>>,
    /// When forgotten keys were used last, not told to the store yet.
    used: HashMap<KeyId, UnixMs>,
    /// How often all were forgotten. **Invariant:** what was read from the store before the last
    /// time is not kept, or a key could be revoked and yet stay known.
    forgotten: u64,
}

/// Whose key it is, as the audit log names it.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) key_id: String,
    pub(crate) hint: String,
    pub(crate) kind: KeyKind,
    pub(crate) owner: KeyOwner,
    /// The session that a call was made in, and what it is called.
    pub(crate) session: Option<(String, Option<String>)>,
}

/// A key that works, unless it has expired.
pub(crate) struct Known {
    id: KeyId,
    who: Who,
    scopes: Scopes,
    sees_secrets: bool,
    expires_at: Option<UnixMs>,
    used_at: AtomicI64,
    /// As the store was told.
    told_at: AtomicI64,
    limit: Option<Limit>,
}

/// A rate in requests per second, and when the key's bucket is full again in nanoseconds.
struct Limit {
    rate: u32,
    full_at: Arc<AtomicI64>,
}

impl Known {
    /// Who calls with this key, if it may be used now.
    pub(crate) fn admit(&self, now: UnixMs) -> Result<Caller, Problem> {
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(Problem::unauthorized(
                "this API key has expired; make a new one",
            ));
        }
        if let Some(limit) = &self.limit {
            limit.admit(now)?;
        }
        if self.used_at.load(Ordering::Relaxed) <= now.0 - TOUCHED_EVERY_MS {
            self.used_at.store(now.0, Ordering::Relaxed);
        }
        Ok(Caller {
            owner: self.who.owner,
            scopes: self.scopes,
            sees_secrets: self.sees_secrets,
        })
    }

    /// When it was used last, if the store does not know yet.
    fn untold(&self) -> Option<(KeyId, UnixMs)> {
        let used = self.used_at.load(Ordering::Relaxed);
        (self.told_at.swap(used, Ordering::Relaxed) < used).then_some((self.id, UnixMs(used)))
    }
}

impl Limit {
    fn admit(&self, now: UnixMs) -> Result<(), Problem> {
        let now = now.0.saturating_mul(NS_PER_MS);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let admitted = self.full_at.fetch_update(set, fetch, |full_at| {
            request_rate::admit(full_at, now, self.rate).ok()
        });
        admitted
            .map(|_| ())
            .map_err(|_| Problem::rate_limited(self.rate))
    }
}

impl Keys {
    /// With a limit for keys that have none of their own; zero for none.
    pub(crate) fn with_rate(rate: u32) -> Self {
        let cache = RwLock::default();
        Self { cache, rate }
    }

    /// Who calls, where the key is known.
    pub(crate) fn admit(&self, hash: &[u8; 32], now: UnixMs) -> Option<Result<Caller, Problem>> {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        let (known_hash, known) = cache.known.get_key_value(hash)?;
        if !bool::from(known_hash.ct_eq(hash)) {
            return None;
        }
        Some(known.admit(now))
    }

    /// Whose key it is, where it is known.
    pub(crate) fn who(&self, hash: &[u8; 32]) -> Option<Who> {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        cache.known.get(hash).map(|known| known.who.clone())
    }

    /// How often all were forgotten until now.
    pub(crate) fn forgotten(&self) -> u64 {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        cache.forgotten
    }

    /// A key as the store has it, ready to be used.
    pub(crate) fn ready(&self, key: &Key) -> Known {
        let rate = match key.owner {
            KeyOwner::Root => key.rate_limit,
            _ => key.rate_limit.or(Some(self.rate).filter(|rate| *rate > 0)),
        };
        let told = key.last_used_at.map_or(0, |at| at.0);
        Known {
            id: key.id,
            who: who(key),
            scopes: Scopes::from_bits(u16::try_from(key.scopes).unwrap_or(0)),
            sees_secrets: sees_secrets(key),
            expires_at: key.expires_at,
            used_at: AtomicI64::new(told),
            told_at: AtomicI64::new(told),
            limit: rate.map(|rate| Limit {
                rate,
                // What somebody does in sessions counts as done with the key that opened them.
                full_at: self.bucket(key.parent.as_ref().map_or(key.id, |parent| parent.id)),
            }),
        }
    }

    fn bucket(&self, id: KeyId) -> Arc<AtomicI64> {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.buckets.len() >= CACHED_KEYS_MAX {
            cache.buckets.clear();
        }
        Arc::clone(cache.buckets.entry(id).or_default())
    }

    /// Keeps what was read from the store, unless all were forgotten since.
    pub(crate) fn put(&self, hash: [u8; 32], known: Known, forgotten: u64) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.forgotten != forgotten {
            cache.used.extend(known.untold());
            return;
        }
        if cache.known.len() >= CACHED_KEYS_MAX {
            cache.clear();
        }
        cache.known.insert(hash, known);
    }

    pub(crate) fn forget(&self) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        cache.clear();
        cache.forgotten += 1;
    }

    /// When keys were used last, as far as the store does not know.
    pub(crate) fn take_used(&self) -> Vec<(KeyId, UnixMs)> {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        let mut used = std::mem::take(&mut cache.used);
        used.extend(cache.known.values().filter_map(Known::untold));
        used.into_iter().collect()
    }
}

impl Cache {
    fn clear(&mut self) {
        let used = self.known.values().filter_map(Known::untold);
        self.used.extend(used);
        self.known.clear();
    }
}

pub(crate) fn who(key: &Key) -> Who {
    let (key_id, hint) = match &key.parent {
        Some(parent) => (&parent.public_id, &parent.hint),
        None => (&key.public_id, &key.hint),
    };
    let is_session = key.used_for == KeyUse::Session;
    Who {
        key_id: key_id.clone(),
        hint: hint.clone(),
        kind: kind_of(key),
        owner: key.owner,
        session: is_session.then(|| (key.public_id.clone(), key.name.clone())),
    }
}

/// Whether secrets that exist may be read with a key.
pub(crate) fn sees_secrets(key: &Key) -> bool {
    key.used_for != KeyUse::Portal || key.portal.reveal_secrets
}

/// What a key opens, in a word.
pub(crate) const fn kind_of(key: &Key) -> KeyKind {
    match (key.owner, key.used_for) {
        (KeyOwner::Root, _) => KeyKind::Root,
        (KeyOwner::Project(_), _) => KeyKind::Project,
        (KeyOwner::Account(..), KeyUse::Portal) => KeyKind::Portal,
        (KeyOwner::Account(..), _) => KeyKind::Account,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::hash_key;

    const NOW: UnixMs = UnixMs(1_700_000_000_000);

    fn key(rate_limit: Option<u32>) -> Key {
        Key {
            id: KeyId(7),
            public_id: "key_7".to_owned(),
            owner: KeyOwner::Project(hookwright_core::ids::ProjectId(1)),
            name: None,
            hint: "hwk_proj_abcd".to_owned(),
            scopes: 1,
            created_at: NOW,
            expires_at: Some(NOW.plus_ms(60_000)),
            revoked_at: None,
            used_for: Default::default(),
            rate_limit,
            last_used_at: None,
            parent: None,
            portal: Default::default(),
            sign_on_rule: None,
        }
    }

    fn keep(keys: &Keys, rate_limit: Option<u32>) -> [u8; 32] {
        let hash = hash_key("a key");
        keys.put(hash, keys.ready(&key(rate_limit)), keys.forgotten());
        hash
    }

    #[test]
    fn a_key_read_before_a_revocation_is_not_kept_after_it() {
        let keys = Keys::default();
        let hash = hash_key("a key");
        let before = keys.forgotten();
        keys.forget();
        keys.put(hash, keys.ready(&key(None)), before);
        assert!(keys.admit(&hash, NOW).is_none());
        keep(&keys, None);
        assert!(keys.admit(&hash, NOW).is_some());
    }

    #[test]
    fn a_known_key_ends_when_it_expires() {
        let keys = Keys::default();
        let hash = keep(&keys, None);
        assert!(
            keys.admit(&hash, NOW.plus_ms(59_999))
                .is_some_and(|it| it.is_ok())
        );
        let refused = keys.admit(&hash, NOW.plus_ms(60_000)).expect("known");
        assert_eq!(refused.expect_err("expired").code, "unauthorized");
    }

    #[test]
    fn a_limit_is_kept_while_other_keys_change() {
        for (own, others) in [(Some(2), 0), (None, 2), (Some(2), 100)] {
            let keys = Keys::with_rate(others);
            let mut admitted = 0;
            for _ in 0..10 {
                let hash = keep(&keys, own);
                admitted += usize::from(keys.admit(&hash, NOW).is_some_and(|it| it.is_ok()));
                keys.forget();
            }
            assert_eq!(admitted, 2, "{own:?} {others}");
        }
    }

    #[test]
    fn a_use_is_told_once_also_of_a_key_that_was_forgotten() {
        let keys = Keys::default();
        let hash = keep(&keys, None);
        assert_eq!(keys.take_used(), []);
        let _ = keys.admit(&hash, NOW);
        assert_eq!(keys.take_used(), [(KeyId(7), NOW)]);
        assert_eq!(keys.take_used(), []);
        let later = NOW.plus_ms(TOUCHED_EVERY_MS.unsigned_abs());
        let _ = keys.admit(&hash, later);
        keys.forget();
        assert_eq!(keys.take_used(), [(KeyId(7), later)]);
        assert_eq!(keys.take_used(), []);
    }
}
