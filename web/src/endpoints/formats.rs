//! Which wire profiles does an endpoint speak?

use std::sync::Arc;

use hookwright_store::{EndpointSettings, Project};
use hookwright_wire::Profile;

use crate::app::App;
use crate::endpoint_json::{EndpointInput, Rules};
use crate::problem::Problem;

/// The wire profiles of an endpoint.
pub(crate) struct Formats {
    pub(crate) first: Arc<Profile>,
    second: Option<Arc<Profile>>,
}

impl Formats {
    pub(crate) fn of(
        app: &App,
        project: &Project,
        input: &EndpointInput,
        old: &EndpointSettings,
    ) -> Result<Self, Problem> {
        let first = input.profile.clone().unwrap_or_else(|| old.profile.clone());
        let second = input
            .second_profile
            .clone()
            .unwrap_or_else(|| old.second_profile.clone());
        let find = |pointer: &str, name: &str| {
            app.engine
                .profiles()
                .get(name)
                .cloned()
                .ok_or_else(|| app.unknown_profile(pointer, name))
        };
        Ok(Self {
            first: find("/profile", first.as_ref().unwrap_or(&project.profile))?,
            second: second
                .map(|name| find("/second_profile", &name))
                .transpose()?,
        })
    }

    /// Whether a request carries the signatures of two secrets at once, in all its formats.
    pub(crate) fn carry_two_signatures(&self) -> bool {
        self.first.accepts_list() && self.second.as_ref().is_none_or(|it| it.accepts_list())
    }

    pub(crate) fn rules(&self, app: &App) -> Rules<'_> {
        Rules {
            profile: &self.first,
            second: self.second.as_deref(),
            dev: app.engine.dev(),
        }
    }
}
