//! Why did a command not do its work, and can its user mend it?

use std::process::ExitCode;

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The user can mend it.
    #[error("{0}")]
    Usage(String),
    /// It went wrong while running.
    #[error("{0}")]
    Running(String),
}

impl Failure {
    /// 2 for what the user can mend, 1 for the rest.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Running(_) => ExitCode::FAILURE,
        }
    }
}

/// Turns an error into one of the user's.
pub(crate) fn usage(error: impl std::fmt::Display) -> Failure {
    Failure::Usage(error.to_string())
}

/// Turns an error into one of ours.
pub(crate) fn running(error: impl std::fmt::Display) -> Failure {
    Failure::Running(error.to_string())
}
