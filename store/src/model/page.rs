//! How lists are cut into pages: by row, never by offset.

use hookwright_core::ids::{AccountId, ProjectId};

use super::{Attempt, Delivery};

/// Which part of a list. It is answered newest first, whichever way it is walked.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only rows before (older than) this one; the newest of them.
    pub before: Option<i64>,
    /// Only rows after (newer than) this one; the oldest of them. The audit log, which goes one way
    /// only, does not look at it.
    pub after: Option<i64>,
    /// At most this many.
    pub limit: usize,
}

impl Page {
    /// The page that a list begins with.
    #[must_use]
    pub const fn newest(limit: usize) -> Self {
        Self {
            before: None,
            after: None,
            limit,
        }
    }

    /// Which way the page's rows are walked.
    #[must_use]
    pub const fn towards(&self) -> Towards {
        match self.after {
            None => Towards::Older,
            Some(_) => Towards::Newer,
        }
    }
}

/// A way through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// From newer rows to older ones.
    Older,
    /// From older rows to newer ones.
    Newer,
}

/// A part of a list, newest first, and where the parts beside it start.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The `before` of the page of older rows, when there may be some.
    pub next: Option<i64>,
    /// The `after` of the page of newer rows, when there may be some.
    pub prev: Option<i64>,
}

/// Whose rows may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Of this project only.
    pub project_id: ProjectId,
    /// Of this account only.
    pub account_id: Option<AccountId>,
}

/// A place among the attempts of all deliveries: an attempt that is not shown any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptPlace {
    /// The delivery's row.
    pub row: i64,
    /// The attempt's number.
    pub number: u32,
}

/// Which part of a list of attempts.
#[derive(Clone, Copy, Debug)]
pub struct AttemptPage {
    /// Only attempts beyond this one.
    pub from: Option<AttemptPlace>,
    /// Which way.
    pub towards: Towards,
    /// At most this many.
    pub limit: usize,
}

/// A part of a list of attempts, newest first, and where the parts beside it start.
#[derive(Clone, Debug)]
pub struct AttemptsListed {
    /// Each with its delivery.
    pub rows: Vec<(Delivery, Attempt)>,
    /// Where the page of older ones starts, when there may be some.
    pub next: Option<AttemptPlace>,
    /// Where the page of newer ones starts, when there may be some.
    pub prev: Option<AttemptPlace>,
}
