//! What a project chooses for all that is in it: how it is asked for, checked and shown.

use hookwright_core::limits::{DISABLE_AFTER_DAYS_MAX, RETENTION_DAYS_MAX};
use hookwright_store::{ProjectSettings, RetentionDays};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::body;
use crate::circuit_breaker::{self, CircuitBreakerInput, CircuitBreakerShown};
use crate::portal_theme::{self, PortalThemeInput, PortalThemeShown};
use crate::problem::Problem;

/// Settings to change: what is left out stays, and null is the server's own choice again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectSettingsInput {
    /// Events of types that are not in the catalogue are refused.
    refuse_unknown_event_types: Option<bool>,
    /// Anybody may read the catalogue.
    public_catalogue: Option<bool>,
    /// How long data is kept.
    retention: Option<RetentionInput>,
    /// An endpoint that has only failed for so many days is disabled: 0 (never) to 365.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<u32>", range(max = 365))]
    disable_after_days: Option<Option<u32>>,
    /// The circuit breaker of endpoints that have none of their own.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<CircuitBreakerInput>")]
    circuit_breaker: Option<Option<CircuitBreakerInput>>,
    /// How the customers' portal looks, and who may show it.
    portal: Option<PortalThemeInput>,
}

/// How many days data is kept, 1 to 3650, and never longer than the server's own setting says.
/// Payloads and attempts go no later than the deliveries that they belong to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RetentionInput {
    /// What was published.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 3_650))]
    payloads: Option<Option<u32>>,
    /// What was sent and answered.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 3_650))]
    attempts: Option<Option<u32>>,
    /// Events and deliveries themselves, with all that is theirs.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 3_650))]
    deliveries: Option<Option<u32>>,
}

impl ProjectSettingsInput {
    /// These settings with the change.
    pub(crate) fn change(self, mut settings: ProjectSettings) -> Result<ProjectSettings, Problem> {
        if let Some(refuse) = self.refuse_unknown_event_types {
            settings.refuse_unknown_event_types = refuse;
        }
        if let Some(public) = self.public_catalogue {
            settings.public_catalogue = public;
        }
        if let Some(retention) = self.retention {
            settings.retention = retention.change(settings.retention)?;
        }
        if let Some(days) = self.disable_after_days {
            if days.is_some_and(|days| days > DISABLE_AFTER_DAYS_MAX) {
                let detail = format!("must be 0 (never) to {DISABLE_AFTER_DAYS_MAX} days, or null");
                return Err(Problem::field("/settings/disable_after_days", detail));
            }
            settings.disable_after_days = days;
        }
        if let Some(breaker) = self.circuit_breaker {
            let given = breaker.map(|it| it.settings("/settings/circuit_breaker"));
            settings.circuit_breaker = given.transpose()?.flatten();
        }
        if let Some(portal) = self.portal {
            settings.portal = Box::new(portal.change(*settings.portal)?);
        }
        Ok(settings)
    }
}

impl RetentionInput {
    fn change(self, now: RetentionDays) -> Result<RetentionDays, Problem> {
        let pointer = |name: &str| format!("/settings/retention/{name}");
        let days = |name, given: Option<Option<u32>>, now| {
            let days = given.unwrap_or(now);
            if days.is_none_or(|days| (1..=RETENTION_DAYS_MAX).contains(&days)) {
                return Ok(days);
            }
            let detail = format!("must be 1 to {RETENTION_DAYS_MAX} days, or null");
            Err(Problem::field(&pointer(name), detail))
        };
        let changed = RetentionDays {
            payloads: days("payloads", self.payloads, now.payloads)?,
            attempts: days("attempts", self.attempts, now.attempts)?,
            deliveries: days("deliveries", self.deliveries, now.deliveries)?,
        };
        let Some(all) = changed.deliveries else {
            return Ok(changed);
        };
        for (name, part) in [
            ("payloads", changed.payloads),
            ("attempts", changed.attempts),
        ] {
            if part.is_some_and(|part| part > all) {
                let detail = format!(
                    "must not be more than those of deliveries ({all}), which take their {name} along"
                );
                return Err(Problem::field(&pointer(name), detail));
            }
        }
        Ok(changed)
    }
}

/// What a project chose for all that is in it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProjectSettings")]
pub(crate) struct ProjectSettingsShown {
    /// Events of types that are not in the catalogue are refused.
    refuse_unknown_event_types: bool,
    /// Anybody may read the catalogue.
    public_catalogue: bool,
    retention: RetentionShown,
    /// An endpoint that has only failed for so many days is disabled; 0 is never, null the server's
    /// own choice.
    disable_after_days: Option<u32>,
    /// The circuit breaker of endpoints that have none of their own; null for none.
    circuit_breaker: Option<CircuitBreakerShown>,
    portal: PortalThemeShown,
}

/// How many days data is kept; null is as long as the server's own setting says.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Retention")]
struct RetentionShown {
    /// What was published.
    payloads: Option<u32>,
    /// What was sent and answered.
    attempts: Option<u32>,
    /// Events and deliveries themselves.
    deliveries: Option<u32>,
}

pub(crate) fn show(settings: &ProjectSettings) -> ProjectSettingsShown {
    let RetentionDays {
        payloads,
        attempts,
        deliveries,
    } = settings.retention;
    ProjectSettingsShown {
        refuse_unknown_event_types: settings.refuse_unknown_event_types,
        public_catalogue: settings.public_catalogue,
        retention: RetentionShown {
            payloads,
            attempts,
            deliveries,
        },
        disable_after_days: settings.disable_after_days,
        circuit_breaker: settings.circuit_breaker.as_ref().map(circuit_breaker::show),
        portal: portal_theme::show(&settings.portal),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn change(settings: ProjectSettings, input: Value) -> Result<ProjectSettings, Problem> {
        let input: ProjectSettingsInput = serde_json::from_value(input).expect("the shape");
        input.change(settings)
    }

    fn changed(settings: &ProjectSettings, input: Value) -> ProjectSettings {
        change(settings.clone(), input).expect("within bounds")
    }

    #[test]
    fn what_is_left_out_stays_and_null_is_the_servers_choice() {
        let all = json!({
            "refuse_unknown_event_types": true, "public_catalogue": true,
            "retention": {"payloads": 1, "attempts": 2, "deliveries": 3},
            "disable_after_days": 4, "circuit_breaker": {"min_attempts": 5},
        });
        let first = changed(&ProjectSettings::default(), all);
        assert_eq!(changed(&first, json!({})), first);
        let other = changed(
            &first,
            json!({"retention": {"payloads": null}, "disable_after_days": null}),
        );
        assert_eq!(
            other.retention,
            RetentionDays {
                payloads: None,
                ..first.retention
            }
        );
        assert_eq!(other.disable_after_days, None);
        assert_eq!(other.circuit_breaker, first.circuit_breaker);
        for off in [json!(null), json!(false)] {
            assert_eq!(
                changed(&first, json!({"circuit_breaker": off})).circuit_breaker,
                None
            );
        }
        assert!(
            changed(&first, json!({"circuit_breaker": true}))
                .circuit_breaker
                .is_some()
        );
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_by_name() {
        let start = ProjectSettings {
            retention: RetentionDays {
                deliveries: Some(10),
                ..RetentionDays::default()
            },
            ..ProjectSettings::default()
        };
        for input in [
            json!({"retention": {"payloads": 0}}),
            json!({"retention": {"deliveries": 3651}}),
            json!({"retention": {"payloads": 11}}),
            json!({"retention": {"attempts": 11}}),
            json!({"retention": {"attempts": 5, "deliveries": 4}}),
            json!({"disable_after_days": 366}),
            json!({"circuit_breaker": {"failure_rate": 0}}),
            json!({"circuit_breaker": {"failure_rate": 1.01}}),
            json!({"circuit_breaker": {"window_seconds": 0}}),
            json!({"circuit_breaker": {"half_open_attempts": 101}}),
        ] {
            let refused = change(start.clone(), input.clone()).expect_err("out of bounds");
            assert_eq!(refused.code, "invalid_field", "{input}");
        }
    }
}
