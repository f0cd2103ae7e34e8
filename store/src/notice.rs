//! What a change of an endpoint, and a replay that ends, tell the product, whatever the engine.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::StoreError;
use crate::model::{
    Endpoint, EndpointSettings, EndpointStatus, Job, JobSpec, NewNotice, ReplayWhat,
};

/// The data of every `endpoint.*` event.
#[derive(Serialize)]
struct EndpointTold<'a> {
    endpoint_id: &'a str,
    account_id: &'a str,
    name: Option<&'a str>,
    url: &'a str,
    events: &'a [String],
    status: &'a str,
    status_reason: Option<&'a str>,
    /// Names of what changed: never the values, secrets may be among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<Vec<String>>,
}

/// The data of `replay.finished`.
#[derive(Serialize)]
struct ReplayTold<'a> {
    replay_id: &'a str,
    /// How it ended: finished, cancelled or failed.
    state: &'a str,
    what: ReplayWhat,
    account_id: Option<&'a str>,
    endpoint_id: Option<&'a str>,
    event_types: &'a [String],
    done: u64,
    skipped: &'a BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// A job was written: a replay that has ended is told.
pub(crate) fn of_job(job: &Job) -> Result<Option<NewNotice>, StoreError> {
    let JobSpec::Replay(spec) = &job.spec else {
        return Ok(None);
    };
    if !job.state.is_ended() {
        return Ok(None);
    }
    let body = serde_json::to_string(&ReplayTold {
        replay_id: &job.public_id,
        state: job.state.as_str(),
        what: spec.what,
        account_id: spec.account.as_deref(),
        endpoint_id: spec.endpoint.as_ref().map(|(_, id)| id.as_str()),
        event_types: &spec.event_types,
        done: job.progress.done,
        skipped: &job.progress.skipped,
        error: job.progress.error.as_deref(),
    });
    let body = body.map_err(|error| StoreError::Engine(error.to_string()))?;
    let event_type = "replay.finished";
    Ok(Some(NewNotice { event_type, body }))
}

/// An endpoint was made.
pub(crate) fn of_created(endpoint: &Endpoint, account: &str) -> Result<NewNotice, StoreError> {
    told("endpoint.created", endpoint, account, None)
}

/// An endpoint was changed: up to two things follow.
pub(crate) fn of_changed(
    old: &Endpoint,
    new: &Endpoint,
    account: &str,
) -> Result<Vec<NewNotice>, StoreError> {
    let mut changed = changed_settings(&old.settings, &new.settings)?;
    if old.secrets != new.secrets {
        changed.push("secret".to_owned());
    }
    if old.credentials != new.credentials {
        changed.push("credentials".to_owned());
    }
    let status_event = match (old.status, new.status) {
        (old, new) if old == new => None,
        (_, EndpointStatus::Disabled) => Some("endpoint.disabled"),
        (EndpointStatus::Disabled, EndpointStatus::Active) => Some("endpoint.enabled"),
        _ => {
            changed.push("status".to_owned());
            None
        }
    };
    let mut notices = Vec::new();
    if !changed.is_empty() {
        notices.push(told("endpoint.updated", new, account, Some(changed))?);
    }
    if let Some(event_type) = status_event {
        notices.push(told(event_type, new, account, None)?);
    }
    Ok(notices)
}

fn told(
    event_type: &'static str,
    endpoint: &Endpoint,
    account: &str,
    changed: Option<Vec<String>>,
) -> Result<NewNotice, StoreError> {
    let settings = &endpoint.settings;
    let body = serde_json::to_string(&EndpointTold {
        endpoint_id: &endpoint.public_id,
        account_id: account,
        name: settings.name.as_deref(),
        url: &settings.url,
        events: &settings.events,
        status: endpoint.status.as_str(),
        status_reason: endpoint.status_reason.as_deref(),
        changed,
    });
    Ok(NewNotice {
        event_type,
        body: body.map_err(|error| StoreError::Engine(error.to_string()))?,
    })
}

/// The names of the settings that differ.
fn changed_settings(
    old: &EndpointSettings,
    new: &EndpointSettings,
) -> Result<Vec<String>, StoreError> {
    if old == new {
        return Ok(Vec::new());
    }
    let fields = |settings: &EndpointSettings| match serde_json::to_value(settings) {
        Ok(serde_json::Value::Object(fields)) => Ok(fields),
        Ok(_) => Ok(serde_json::Map::new()),
        Err(error) => Err(StoreError::Engine(error.to_string())),
    };
    let (old, new) = (fields(old)?, fields(new)?);
    let mut names: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| old.get(name) != new.get(name));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
    use hookwright_core::time::UnixMs;

    use super::*;
    use crate::model::Credentials;

    fn endpoint(status: EndpointStatus) -> Endpoint {
        Endpoint {
            id: EndpointId(1),
            project_id: ProjectId(1),
            account_id: AccountId(1),
            public_id: "ep_1".to_owned(),
            settings: EndpointSettings {
                url: "https://a.example/".to_owned(),
                ..EndpointSettings::default()
            },
            secrets: vec!["whsec_hush".to_owned()],
            credentials: Credentials::default(),
            status,
            status_reason: None,
            created_at: UnixMs(0),
            updated_at: UnixMs(0),
            status_since: UnixMs(0),
        }
    }

    fn types(old: &Endpoint, new: &Endpoint) -> Vec<&'static str> {
        let notices = of_changed(old, new, "acme").expect("told");
        notices.iter().map(|it| it.event_type).collect()
    }

    #[test]
    fn only_disabling_and_enabling_have_events_of_their_own() {
        use EndpointStatus::{Active, Disabled, Paused};
        for (old, new, expected) in [
            (Active, Active, vec![]),
            (Active, Disabled, vec!["endpoint.disabled"]),
            (Paused, Disabled, vec!["endpoint.disabled"]),
            (Disabled, Active, vec!["endpoint.enabled"]),
            (Active, Paused, vec!["endpoint.updated"]),
            (Paused, Active, vec!["endpoint.updated"]),
            (Disabled, Paused, vec!["endpoint.updated"]),
        ] {
            assert_eq!(types(&endpoint(old), &endpoint(new)), expected);
        }
    }

    #[test]
    fn a_change_tells_names_and_no_secrets() {
        let old = endpoint(EndpointStatus::Active);
        let mut new = endpoint(EndpointStatus::Disabled);
        new.secrets = vec!["whsec_other".to_owned()];
        new.settings.rate_limit = Some(3);
        let notices = of_changed(&old, &new, "acme").expect("told");
        assert_eq!(types(&old, &new), ["endpoint.updated", "endpoint.disabled"]);
        let body: serde_json::Value = serde_json::from_str(&notices[0].body).expect("JSON");
        assert_eq!(body["changed"], serde_json::json!(["rate_limit", "secret"]));
        assert!(notices.iter().all(|it| !it.body.contains("whsec")));
    }
}
