//! Which wire profiles this server knows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hookwright_core::breaker::BreakerSettings;
use hookwright_core::schedule::{Plan, Schedule, ScheduleError};
use hookwright_store::{EndpointSettings, Project};
use hookwright_wire::{Profile, ProfileError, Retry, builtin_profiles};

/// The profiles, by name: the built-in ones and those loaded from files.
pub struct Profiles {
    by_name: BTreeMap<String, Arc<Profile>>,
}

/// Why a profile file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfilesError {
    /// The file cannot be read.
    #[error("cannot read the profile \"{file}\": {error}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file is no profile.
    #[error(transparent)]
    Bad(#[from] ProfileError),
    /// The schedule in it is out of bounds.
    #[error("profile \"{name}\": {error}")]
    Schedule {
        /// The profile.
        name: String,
        /// What is wrong with its schedule.
        error: ScheduleError,
    },
}

impl Profiles {
    /// The built-in profiles, then those of `files`; a file may replace a built-in one.
    pub fn load(files: &[impl AsRef<Path>]) -> Result<Self, ProfilesError> {
        let mut profiles = builtin_profiles();
        for file in files {
            let file = file.as_ref();
            let name = file.display().to_string();
            let text =
                std::fs::read_to_string(file).map_err(|error| ProfilesError::Unreadable {
                    file: name.clone(),
                    error,
                })?;
            profiles.push(Profile::parse(&name, &text)?);
        }
        let mut by_name = BTreeMap::new();
        for profile in profiles {
            schedule_of(&profile).map_err(|error| ProfilesError::Schedule {
                name: profile.name.clone(),
                error,
            })?;
            by_name.insert(profile.name.clone(), Arc::new(profile));
        }
        Ok(Self { by_name })
    }

    /// The profile of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Profile>> {
        self.by_name.get(name)
    }

    /// All profiles, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.by_name.values()
    }

    /// The names of all profiles, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.by_name.keys().map(String::as_str).collect()
    }
}

/// Whether a profile promises when each attempt is made: its schedule has no jitter. No breaker may
/// move such a time.
#[must_use]
pub const fn promises_exact_times(profile: &Profile) -> bool {
    profile.retry.jitter == 0.0
}

/// The breaker of an endpoint with this profile: its own, else its project's; none where the profile
/// promises exact times.
#[must_use]
pub fn breaker_of(
    endpoint: &EndpointSettings,
    project: &Project,
    profile: &Profile,
) -> Option<BreakerSettings> {
    let usual = project.settings.circuit_breaker;
    let set = endpoint.circuit_breaker.or(usual);
    set.filter(|_| !endpoint.no_circuit_breaker && !promises_exact_times(profile))
}

/// The profile's retry schedule, as `core` decides by it.
pub(crate) fn schedule_of(profile: &Profile) -> Result<Schedule, ScheduleError> {
    let plan = match &profile.retry.plan {
        Retry::Gaps { gaps_ms } => Plan::Gaps(gaps_ms.clone()),
        Retry::Offsets { offsets_ms } => Plan::Offsets(offsets_ms.clone()),
        Retry::Exponential {
            initial_ms,
            multiplier,
            max_attempts,
            max_delay_ms,
        } => Plan::Exponential {
            initial_ms: *initial_ms,
            multiplier: *multiplier,
            max_attempts: *max_attempts,
            max_delay_ms: *max_delay_ms,
        },
    };
    Schedule::new(plan, profile.retry.jitter)
}
