//! Which states a job can be in, and what a person may ask of it in each.

/// What a job does. The codes are what the stores hold; they never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum JobKind {
    /// Delivers past events again.
    Replay = 1,
    /// Publishes one event to every account of a project.
    Broadcast = 2,
    /// Removes data.
    Purge = 3,
}

impl JobKind {
    /// The code that the stores hold.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// The state of a job. The codes are what the stores hold; they never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum JobState {
    /// Goes on, or waits for a node.
    Running = 1,
    /// Waits for a person.
    Paused = 2,
    /// All is done.
    Finished = 3,
    /// Ended by a person; what was done stays done.
    Cancelled = 4,
    /// Ended by a fault; what was done stays done.
    Failed = 5,
}

/// What a person asks of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobCommand {
    /// Stop after the step under way.
    Pause,
    /// Go on.
    Resume,
    /// End.
    Cancel,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::Paused,
        Self::Finished,
        Self::Cancelled,
        Self::Failed,
    ];

    /// The code that the stores hold.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The state for a stored code, or `None` for a code that this version does not know.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether nothing happens to it any more.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled | Self::Failed)
    }

    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// The state after a command; the same where it changes nothing, `None` where it is refused
    /// because the job has ended in another way.
    #[must_use]
    pub const fn after(self, command: JobCommand) -> Option<Self> {
        match (self, command) {
            (Self::Cancelled, JobCommand::Cancel) => Some(Self::Cancelled),
            (Self::Finished | Self::Cancelled | Self::Failed, _) => None,
            (_, JobCommand::Pause) => Some(Self::Paused),
            (_, JobCommand::Resume) => Some(Self::Running),
            (_, JobCommand::Cancel) => Some(Self::Cancelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_as_its_state() {
        for state in JobState::ALL {
            assert_eq!(JobState::from_code(state.code()), Some(state));
        }
        assert_eq!(JobState::from_code(0), None);
        assert_eq!(JobState::from_code(6), None);
    }

    #[test]
    fn a_command_repeated_changes_nothing_and_an_ended_job_takes_none() {
        for command in [JobCommand::Pause, JobCommand::Resume, JobCommand::Cancel] {
            for state in JobState::ALL {
                let after = state.after(command);
                let again = after.and_then(|state| state.after(command));
                assert_eq!(after, again, "{state:?} {command:?}");
                let ended_otherwise = state.is_ended()
                    && (state, command) != (JobState::Cancelled, JobCommand::Cancel);
                assert_eq!(after.is_none(), ended_otherwise, "{state:?} {command:?}");
            }
        }
    }
}
