//! What can go wrong in the store, as callers must tell it apart.

/// Why a store method did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such thing within the scope asked for.
    #[error("not found")]
    NotFound,
    /// A thing of this name exists already.
    #[error("\"{0}\" exists already")]
    Exists(String),
    /// The limit of this many things is reached.
    #[error("the limit of {limit} {what} is reached")]
    LimitReached {
        /// What there are too many of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Somebody changed meanwhile what this was to change.
    #[error("it was changed meanwhile")]
    Changed,
    /// It is the last of its kind, and one is needed.
    #[error("this is the last {0}")]
    Last(&'static str),
    /// The data cannot be read: it was made by a newer version, or is damaged.
    #[error("the stored {what} cannot be read: {detail}")]
    Unreadable {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Another process has this data directory open.
    #[error(
        "\"{0}\" is in use by another process\nhint: stop the other server or choose another --data-dir"
    )]
    InUse(String),
    /// A commit failed; whether it reached the disk is unknown. Nothing more is accepted until the
    /// process restarts and recovers.
    #[error("the store stopped after a failed commit: {0}\nhint: check the disk, then restart")]
    Stopped(String),
    /// The database cannot be reached just now. What was asked may have been done or not; a
    /// publisher repeats it under the same id.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// What was configured cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// The engine refused or failed.
    #[error("the database failed: {0}")]
    Engine(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NotFound,
            other => Self::Engine(other.to_string()),
        }
    }
}
