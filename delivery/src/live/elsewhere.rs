//! Those who listen on other nodes: what they want, and what waits to be told to them.
//!
//! What another node wants ends by itself a while after it said so last: a node that died listens
//! to nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hookwright_core::ids::{AccountId, ProjectId};
use hookwright_core::limits::{RELAYED_TO_NODES_MAX, RELAYED_WAITING_MAX};

use super::{Doing, Whose};

/// What other nodes want to be told, and what they will be.
#[derive(Default)]
pub(crate) struct Elsewhere {
    /// Read before anything else is done.
    is_wanted: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By the node: until when, and of which projects.
    nodes: HashMap<u64, (u64, HashSet<ProjectId>)>,
    outbox: Outbox,
}

/// What waits to be told.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) doings: Vec<(Whose, Arc<Doing>)>,
    missed: BTreeMap<(i64, Option<i64>), u64>,
}

/// What was not told, of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missed {
    pub(crate) project_id: ProjectId,
    pub(crate) account_id: Option<AccountId>,
    pub(crate) count: u64,
}

impl Elsewhere {
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// A node wants to hear of these projects, until then.
    pub(crate) fn want(&self, node: u64, until_us: u64, projects: HashSet<ProjectId>) {
        let mut state = self.lock();
        if projects.is_empty() {
            state.nodes.remove(&node);
        } else if state.nodes.len() < RELAYED_TO_NODES_MAX || state.nodes.contains_key(&node) {
            state.nodes.insert(node, (until_us, projects));
        }
        self.note(&mut state);
    }

    /// Forgets nodes that have not said for long what they want.
    pub(crate) fn forget_silent(&self, now_us: u64) {
        let mut state = self.lock();
        state.nodes.retain(|_, (until_us, _)| *until_us > now_us);
        self.note(&mut state);
    }

    /// Keeps a doing for those who want it, if there is room.
    pub(super) fn put(&self, whose: &Whose, doing: &Arc<Doing>) {
        let mut state = self.lock();
        let mut wants = state.nodes.values();
        if wants.any(|(_, projects)| projects.contains(&whose.project_id)) {
            state.outbox.put(whose, doing);
        }
    }

    /// What waits; nothing does then.
    pub(crate) fn take(&self) -> Outbox {
        std::mem::take(&mut self.lock().outbox)
    }

    /// What could not be told is missed.
    pub(crate) fn put_back(&self, outbox: Outbox) {
        let mut state = self.lock();
        if self.is_wanted() {
            state.outbox.miss(outbox);
        }
    }

    fn note(&self, state: &mut State) {
        let is_wanted = !state.nodes.is_empty();
        if !is_wanted {
            state.outbox = Outbox::default();
        }
        self.is_wanted.store(is_wanted, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
    fn put(&mut self, whose: &Whose, doing: &Arc<Doing>) {
        if self.doings.len() < RELAYED_WAITING_MAX {
            self.doings.push((*whose, Arc::clone(doing)));
        } else {
            self.miss_one(whose);
        }
    }

    /// It is not told.
    pub(crate) fn miss_one(&mut self, whose: &Whose) {
        let account = whose.account_id.map(|id| id.0);
        *self
            .missed
            .entry((whose.project_id.0, account))
            .or_default() += 1;
    }

    fn miss(&mut self, other: Self) {
        for (whose, _) in &other.doings {
            self.miss_one(whose);
        }
        for (whose, count) in other.missed {
            *self.missed.entry(whose).or_default() += count;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.doings.is_empty() && self.missed.is_empty()
    }

    /// What is not told, by account.
    pub(crate) fn missed(&self) -> impl Iterator<Item = Missed> {
        self.missed
            .iter()
            .map(|((project, account), count)| Missed {
                project_id: ProjectId(*project),
                account_id: account.map(AccountId),
                count: *count,
            })
    }
}
