//! Which idempotency keys are in use by a request that is not answered yet.
//!
//! A repetition that overtakes its first request is told so, rather than made to wait for it. Only
//! this node's requests are known, and no more than a bounded number: whoever is not seen here is
//! answered by the store, with the first result.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hookwright_core::ids::ProjectId;
use hookwright_core::limits::IDEMPOTENCY_UNDER_WAY_MAX;

use crate::problem::Problem;

type Key = (ProjectId, String);

/// The keys.
#[derive(Default)]
pub(crate) struct UnderWay {
    keys: Mutex<HashSet<Key>>,
}

/// One key's use, which ends when this is dropped.
pub(crate) struct Use<'a> {
    of: &'a UnderWay,
    /// `None` where too many were in use to note this one.
    key: Option<Key>,
}

impl UnderWay {
    fn keys(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a request with this key is under way; refuses a second one.
    pub(crate) fn begin(&self, project: ProjectId, key: &str) -> Result<Use<'_>, Problem> {
        let key = (project, key.to_owned());
        let mut keys = self.keys();
        if keys.contains(&key) {
            return Err(Problem::idempotency_in_progress());
        }
        let has_room = keys.len() < IDEMPOTENCY_UNDER_WAY_MAX;
        let key = has_room.then_some(key);
        keys.extend(key.clone());
        Ok(Use { of: self, key })
    }
}

impl Drop for Use<'_> {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.of.keys().remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_in_use_until_its_request_is_answered() {
        let under_way = UnderWay::default();
        let (one, other) = (ProjectId(1), ProjectId(2));
        let first = under_way.begin(one, "k").expect("the first");
        let second = under_way.begin(one, "k").err().expect("refused");
        assert_eq!(second.code, "idempotency_in_progress");
        assert!(under_way.begin(other, "k").is_ok() && under_way.begin(one, "l").is_ok());
        drop(first);
        assert!(under_way.begin(one, "k").is_ok());
    }

    #[test]
    fn beyond_the_bound_keys_are_not_noted_and_not_refused() {
        let under_way = UnderWay::default();
        let many = 0..IDEMPOTENCY_UNDER_WAY_MAX;
        let uses: Vec<_> = many
            .map(|index| under_way.begin(ProjectId(1), &index.to_string()))
            .collect();
        for _ in 0..2 {
            let more = under_way.begin(ProjectId(1), "more").expect("let through");
            std::mem::forget(more);
        }
        drop(uses);
        assert!(under_way.keys().is_empty());
    }
}
