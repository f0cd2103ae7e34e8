//! A replay as it is asked for, and what is made of it.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::encode;
use hookwright_core::limits::{
    JOB_ROWS_PER_SECOND_DEFAULT, JOB_ROWS_PER_SECOND_MAX, REPLAY_COUNTED_ROWS_MAX,
    SUBSCRIPTIONS_MAX,
};
use hookwright_core::state::DeliveryState;
use hookwright_core::subscription::Subscriptions;
use hookwright_core::time::UnixMs;
use hookwright_store::{ReplaySpec, ReplayWhat, Scope};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::event_list::{event_prefix, find};
use crate::list_filter;
use crate::problem::Problem;
use crate::times;

/// What is to be delivered again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayInput {
    /// To this endpoint only.
    endpoint_id: Option<String>,
    /// Of this account only, where the key is not an account's; without it and without
    /// `endpoint_id`, of the whole project.
    pub(crate) account_id: Option<String>,
    /// Of events of these types only; `*` stands for all, `user.*` for all that begin with `user.`.
    #[serde(default)]
    #[schemars(length(max = 256))]
    event_types: Vec<String>,
    /// Of events accepted at this time or later (RFC 3339).
    since: String,
    /// Of events accepted before this time (RFC 3339); now, if not said.
    until: Option<String>,
    /// Which deliveries; `failed` if not said.
    #[serde(default)]
    what: What,
    /// Of this event only: the id that its publisher gave, or the one that was made for it.
    event_id: Option<String>,
    /// Only deliveries in these states: `failed`, `cancelled` or, with `what` `all`, `delivered`. All
    /// that `what` says, if none is given.
    #[serde(default)]
    #[schemars(length(max = 3))]
    states: Vec<String>,
    /// Only deliveries last answered with a status of this class: 2xx, 3xx, 4xx or 5xx.
    status_class: Option<String>,
    /// Only deliveries last answered with this status.
    #[schemars(range(min = 100, max = 599))]
    status_code: Option<u16>,
    /// Only deliveries that last failed with this class, as `timeout`: what lists call `error`.
    error_class: Option<String>,
    /// Deliveries each second at most: 1 to 10,000, 500 if not said.
    #[schemars(range(min = 1, max = 10_000))]
    rate_per_second: Option<u32>,
    /// Only counts.
    #[serde(default)]
    pub(crate) dry_run: bool,
    /// Rows that are looked at to count, about so many at most: 1 to 100,000, 100,000 if not said.
    #[schemars(range(min = 1, max = 100_000))]
    counted_rows: Option<u32>,
}

/// Which deliveries a replay is about.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReplayWhat")]
enum What {
    /// Those that failed or were cancelled: each begins anew, with a whole retry schedule.
    #[default]
    Failed,
    /// Every delivery to `endpoint_id` or of `event_id`, one of which must be given: those that were
    /// delivered are sent once more and stay delivered, those that failed begin anew.
    All,
    /// Events that an endpoint would get if they were published now, and of which it has no
    /// delivery: it gets one.
    Missing,
}

/// What is made of it.
pub(crate) struct ReplayPlan {
    pub(crate) spec: ReplaySpec,
    /// The row after which it begins.
    pub(crate) place: i64,
    pub(crate) scope: Scope,
    /// Rows that are looked at to count.
    pub(crate) counted_rows: usize,
}

impl ReplayInput {
    fn counted_rows(&self) -> Result<usize, Problem> {
        let most = REPLAY_COUNTED_ROWS_MAX;
        let said = self.counted_rows.map_or(most, |rows| rows as usize);
        match (1..=most).contains(&said) {
            true => Ok(said),
            false => {
                let detail = format!("must be 1 to {most}");
                Err(Problem::field("/counted_rows", detail))
            }
        }
    }

    pub(crate) async fn plan(&self, app: &App, mut scope: Scope) -> Result<ReplayPlan, Problem> {
        let now = app.engine.now();
        let since = time("/since", &self.since)?;
        let until = self.until.as_deref().map(|text| time("/until", text));
        let until = until.transpose()?.unwrap_or(now).min(now);
        if since >= until {
            let detail = "must be before until, and in the past; nothing lies between";
            return Err(Problem::field("/since", detail));
        }
        self.check_types()?;
        let rows_per_second = self.rate_per_second.unwrap_or(JOB_ROWS_PER_SECOND_DEFAULT);
        if !(1..=JOB_ROWS_PER_SECOND_MAX).contains(&rows_per_second) {
            let detail = format!("must be 1 to {JOB_ROWS_PER_SECOND_MAX}");
            return Err(Problem::field("/rate_per_second", detail));
        }
        let counted_rows = self.counted_rows()?;
        let what = match self.what {
            What::Failed => ReplayWhat::Failed,
            What::All => ReplayWhat::All,
            What::Missing => ReplayWhat::Missing,
        };
        let narrowed = self.narrowed(what)?;
        let store = app.engine.store();
        let event = match &self.event_id {
            None => None,
            Some(id) => {
                let event = find(app, scope, id).await?;
                scope.account_id = Some(event.account_id);
                let made = || encode(&event_prefix(app, scope), event.accepted_at, event.id.0);
                Some((event.id.0, event.given_id.clone().unwrap_or_else(made)))
            }
        };
        let endpoint = match &self.endpoint_id {
            None if what == ReplayWhat::All && event.is_none() => {
                let detail = "name the endpoint: everything is sent again to one at a time";
                return Err(Problem::field("/endpoint_id", detail));
            }
            None => None,
            Some(id) => {
                let endpoint = store.endpoint(scope, id.clone()).await?;
                scope.account_id = Some(endpoint.account_id);
                Some((endpoint.id.0, endpoint.public_id))
            }
        };
        let rows = store.rows_since(scope.project_id, since).await?;
        let (place, end_row) = match what {
            ReplayWhat::Missing => rows.events,
            ReplayWhat::Failed | ReplayWhat::All => rows.deliveries,
        };
        let account = scope.account_id;
        let account = account.and_then(|id| app.engine.account_public_id(id));
        Ok(ReplayPlan {
            counted_rows,
            spec: ReplaySpec {
                what,
                endpoint,
                account: account.map(|id| id.to_string()),
                event_types: self.event_types.clone(),
                since,
                until,
                rows_per_second,
                end_row,
                event,
                ..narrowed
            },
            place,
            scope,
        })
    }

    /// What is asked of deliveries themselves, as lists read it.
    fn narrowed(&self, what: ReplayWhat) -> Result<ReplaySpec, Problem> {
        self.check_missing(what)?;
        let code = self.status_code.map(|code| code.to_string());
        let status = list_filter::status(self.status_class.as_deref(), code.as_deref());
        let status =
            status.map_err(|(name, detail)| Problem::field(&format!("/{name}"), detail))?;
        let error = list_filter::error(self.error_class.as_deref());
        let error = error.map_err(|detail| Problem::field("/error_class", detail))?;
        let state = |word: &String| {
            let state = DeliveryState::parse(word).filter(|state| match state {
                DeliveryState::Failed | DeliveryState::Cancelled => true,
                DeliveryState::Delivered => what == ReplayWhat::All,
                _ => false,
            });
            let detail = "must be failed, cancelled or, where all is replayed, delivered";
            let state = state.ok_or_else(|| Problem::field("/states", detail));
            state.map(DeliveryState::code)
        };
        Ok(ReplaySpec {
            states: self.states.iter().map(state).collect::<Result<_, _>>()?,
            status,
            error: error.map(ErrorClass::code),
            ..ReplaySpec::default()
        })
    }

    /// Where there is no delivery yet, nothing can be asked of it.
    fn check_missing(&self, what: ReplayWhat) -> Result<(), Problem> {
        let asked = [
            ("/event_id", self.event_id.is_some()),
            ("/states", !self.states.is_empty()),
            ("/status_class", self.status_class.is_some()),
            ("/status_code", self.status_code.is_some()),
            ("/error_class", self.error_class.is_some()),
        ];
        let first = asked.into_iter().find(|(_, is_asked)| *is_asked);
        match first {
            Some((pointer, _)) if what == ReplayWhat::Missing => {
                let detail = "leave it out: what is missing has no delivery yet";
                Err(Problem::field(pointer, detail))
            }
            _ => Ok(()),
        }
    }

    fn check_types(&self) -> Result<(), Problem> {
        if self.event_types.len() > SUBSCRIPTIONS_MAX {
            let detail = format!("names more than {SUBSCRIPTIONS_MAX} types");
            return Err(Problem::field("/event_types", detail));
        }
        Subscriptions::parse(&self.event_types)
            .map(drop)
            .map_err(|error| Problem::field("/event_types", error.to_string()))
    }
}

fn time(pointer: &str, text: &str) -> Result<UnixMs, Problem> {
    times::parse(text)
        .ok_or_else(|| Problem::field(pointer, "must be RFC 3339, as 2024-01-15T10:31:15Z"))
}
