//! What the parameters of lists mean: which events, deliveries and attempts they ask for.

use std::collections::BTreeMap;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::state::DeliveryState;
use hookwright_core::subscription::Pattern;
use hookwright_core::time::UnixMs;
use hookwright_store::{Created, DeliveryFilter, EventFilter, Scope};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::event_list::find;
use crate::problem::Problem;
use crate::times;

/// Which events are asked for.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsQuery {
    /// The project, where the key is a root key.
    pub(crate) project_id: Option<String>,
    /// Of this account.
    pub(crate) account_id: Option<String>,
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    pub(crate) limit: Option<String>,
    /// A `next_cursor` or `prev_cursor` as it was given.
    pub(crate) cursor: Option<String>,
    /// With this id: the one that its publisher gave, or the one that was made for it.
    pub(crate) id: Option<String>,
    /// Of this type, or as `user.*` of all types that begin so.
    pub(crate) r#type: Option<String>,
    /// Published on this channel, among others.
    pub(crate) channel: Option<String>,
    /// With this subject: text as it is, anything else as JSON.
    pub(crate) subject: Option<String>,
    /// Accepted then or later (RFC 3339).
    pub(crate) created_after: Option<String>,
    /// Accepted before then (RFC 3339).
    pub(crate) created_before: Option<String>,
    /// With these notes, each as `metadata[NAME]=VALUE`.
    pub(crate) metadata: Option<BTreeMap<String, String>>,
}

impl EventsQuery {
    pub(crate) fn filter(&self) -> Result<EventFilter, Problem> {
        Ok(EventFilter {
            event_type: pattern("type", self.r#type.as_deref())?,
            created: created(
                self.created_after.as_deref(),
                self.created_before.as_deref(),
            )?,
            channel: self.channel.clone(),
            metadata: self.metadata.clone().unwrap_or_default(),
            subject: self.subject.as_deref().map(subject),
        })
    }
}

/// As it was published: text has quotes there.
fn subject(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => text.to_owned(),
        Err(_) => serde_json::Value::from(text).to_string(),
    }
}

/// Which deliveries are asked for, or the attempts of which.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveriesQuery {
    /// The project, where the key is a root key.
    pub(crate) project_id: Option<String>,
    /// Of this account.
    pub(crate) account_id: Option<String>,
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    pub(crate) limit: Option<String>,
    /// A `next_cursor` or `prev_cursor` as it was given.
    pub(crate) cursor: Option<String>,
    /// To this endpoint.
    pub(crate) endpoint_id: Option<String>,
    /// Of this event.
    pub(crate) event_id: Option<String>,
    /// Of events of this type, or as `user.*` of all types that begin so.
    pub(crate) event_type: Option<String>,
    /// Deliveries in these states, with commas between them: pending, retrying, held, delivered,
    /// failed, cancelled.
    pub(crate) state: Option<String>,
    /// Last answered with a status of this class: 2xx, 3xx, 4xx or 5xx.
    pub(crate) status_class: Option<String>,
    /// Last answered with this status.
    #[schemars(with = "Option<u16>", range(min = 100, max = 599))]
    pub(crate) status_code: Option<String>,
    /// Last failed with this class, as `timeout`.
    pub(crate) error: Option<String>,
    /// Deliveries made then or later (RFC 3339).
    pub(crate) created_after: Option<String>,
    /// Deliveries made before then (RFC 3339).
    pub(crate) created_before: Option<String>,
}

impl DeliveriesQuery {
    pub(crate) async fn filter(&self, app: &App, scope: Scope) -> Result<DeliveryFilter, Problem> {
        let filter = self.whose(app, scope).await?;
        let (status, error) = (self.status()?, self.error()?);
        let filter = DeliveryFilter {
            status,
            error,
            ..filter
        };
        Ok(filter.without_what_went_well())
    }

    /// Without what is asked of the last attempt.
    pub(crate) async fn whose(&self, app: &App, scope: Scope) -> Result<DeliveryFilter, Problem> {
        let endpoint_id = match &self.endpoint_id {
            Some(id) => Some(app.engine.store().endpoint(scope, id.clone()).await?.id),
            None => None,
        };
        let event_id = match &self.event_id {
            Some(id) => Some(find(app, scope, id).await?.id),
            None => None,
        };
        Ok(DeliveryFilter {
            endpoint_id,
            event_id,
            states: states(self.state.as_deref())?,
            event_type: pattern("event_type", self.event_type.as_deref())?,
            created: created(
                self.created_after.as_deref(),
                self.created_before.as_deref(),
            )?,
            ..DeliveryFilter::default()
        })
    }

    pub(crate) fn status(&self) -> Result<Option<(u16, u16)>, Problem> {
        status(self.status_class.as_deref(), self.status_code.as_deref())
            .map_err(|(name, detail)| Problem::query(name, detail))
    }

    pub(crate) fn error(&self) -> Result<Option<ErrorClass>, Problem> {
        error(self.error.as_deref()).map_err(|detail| Problem::query("error", &detail))
    }
}

fn pattern(name: &str, text: Option<&str>) -> Result<Option<Pattern>, Problem> {
    let read = |text: &str| {
        text.parse()
            .map_err(|error| Problem::query(name, &format!("{error}")))
    };
    text.map(read).transpose()
}

fn created(after: Option<&str>, before: Option<&str>) -> Result<Created, Problem> {
    Ok(Created {
        from: time("created_after", after)?,
        until: time("created_before", before)?,
    })
}

fn time(name: &str, text: Option<&str>) -> Result<Option<UnixMs>, Problem> {
    let read = |text: &str| {
        let detail = "must be RFC 3339, as 2024-01-15T10:31:15Z (a + in a URL is written %2B)";
        times::parse(text)
            .filter(|at| at.0 >= 0)
            .ok_or_else(|| Problem::query(name, detail))
    };
    text.map(read).transpose()
}

fn states(text: Option<&str>) -> Result<Vec<DeliveryState>, Problem> {
    let read = |word: &str| {
        let detail = "must be pending, retrying, held, delivered, failed or cancelled, or several with commas between them";
        DeliveryState::parse(word).ok_or_else(|| Problem::query("state", detail))
    };
    text.map_or_else(
        || Ok(Vec::new()),
        |text| text.split(',').map(read).collect(),
    )
}

/// The statuses, both included, of a class or of one code. A refusal names the parameter.
pub(crate) fn status(
    class: Option<&str>,
    code: Option<&str>,
) -> Result<Option<(u16, u16)>, (&'static str, &'static str)> {
    match (class, code) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(("status_class", "give status_class or status_code, not both")),
        (Some(class), None) => {
            let first = match class {
                "2xx" => 200,
                "3xx" => 300,
                "4xx" => 400,
                "5xx" => 500,
                _ => return Err(("status_class", "must be 2xx, 3xx, 4xx or 5xx")),
            };
            Ok(Some((first, first + 99)))
        }
        (None, Some(code)) => {
            let code = code.parse().ok().filter(|code| (100..600).contains(code));
            let code = code.ok_or(("status_code", "must be a status from 100 to 599"))?;
            Ok(Some((code, code)))
        }
    }
}

pub(crate) fn error(word: Option<&str>) -> Result<Option<ErrorClass>, String> {
    let read = |word: &str| {
        let words: Vec<&str> = ErrorClass::ALL.iter().map(|class| class.as_str()).collect();
        ErrorClass::parse(word).ok_or_else(|| format!("must be one of {}", words.join(", ")))
    };
    word.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_state_status_class_time_or_type_is_refused() {
        assert!(states(Some("failed,asleep")).is_err());
        assert!(states(Some("")).is_err());
        assert!(status(Some("6xx"), None).is_err());
        assert!(status(Some("2xx"), Some("200")).is_err());
        assert!(status(None, Some("99")).is_err());
        assert!(error(Some("tired")).is_err());
        assert!(created(Some("yesterday"), None).is_err());
        assert!(pattern("type", Some("a*")).is_err());
    }

    #[test]
    fn what_is_asked_for_is_read() {
        use DeliveryState::{Failed, Retrying};
        assert_eq!(
            states(Some("failed,retrying")).ok(),
            Some(vec![Failed, Retrying])
        );
        assert_eq!(status(Some("4xx"), None).ok(), Some(Some((400, 499))));
        assert_eq!(status(None, Some("410")).ok(), Some(Some((410, 410))));
        assert_eq!(error(Some("timeout")).ok(), Some(Some(ErrorClass::Timeout)));
        assert_eq!(subject("user 7"), "\"user 7\"");
        assert_eq!(subject("7"), "7");
        assert_eq!(subject("{\"id\":7}"), "{\"id\":7}");
    }
}
