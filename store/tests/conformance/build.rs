//! Things to put into a store: each complete as made, changed by what a fact is about.

use bytes::Bytes;
use hookwright_core::error_class::ErrorClass;
use hookwright_core::time::UnixMs;
use hookwright_store::{
    Append, Attempt, Claimed, Disposition, Endpoint, EndpointSettings, EndpointStatus, KeyOwner,
    Lease, Leased, NewEndpoint, NewKey, NewProject, ProjectUpdate, Route, Settled, Settlement,
};

use super::house::{NOW, Tenant};
use super::publish::Fresh;

/// A project named and identified by `name`.
pub fn a_project(name: &str) -> NewProject {
    NewProject {
        public_id: format!("prj_{name}"),
        name: name.to_owned(),
        profile: "standard".to_owned(),
        livemode: true,
        key: a_key(&format!("key_{name}"), KeyOwner::Root),
        now: NOW,
    }
}

/// A change of a project's name alone.
pub fn renamed(name: &str) -> ProjectUpdate {
    ProjectUpdate {
        name: Some(name.to_owned()),
        ..ProjectUpdate::default()
    }
}

/// A key whose hash is made of its public id.
pub fn a_key(public_id: &str, owner: KeyOwner) -> NewKey {
    NewKey {
        public_id: public_id.to_owned(),
        owner,
        name: None,
        hash: hash_of(public_id),
        hint: "hw_abc".to_owned(),
        scopes: 3,
        expires_at: None,
        used_for: Default::default(),
        rate_limit: None,
        now: NOW,
    }
}

/// The hash that [`a_key`] gives a key.
pub fn hash_of(public_id: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..public_id.len()].copy_from_slice(public_id.as_bytes());
    hash
}

/// An active endpoint with one secret.
pub fn an_endpoint(tenant: Tenant, public_id: &str) -> NewEndpoint {
    NewEndpoint {
        project_id: tenant.project,
        account_id: tenant.account,
        public_id: public_id.to_owned(),
        settings: EndpointSettings {
            url: format!("https://{public_id}.example/hook"),
            ..EndpointSettings::default()
        },
        secrets: vec![format!("whsec_{public_id}")],
        credentials: Default::default(),
        status: EndpointStatus::Active,
        status_reason: None,
        now: NOW,
    }
}

/// An event being written.
#[derive(Clone)]
pub struct EventBuilder(Append);

/// An event of the tenant without deliveries.
pub fn an_event(tenant: Tenant) -> EventBuilder {
    EventBuilder(Append {
        project_id: tenant.project,
        account_id: tenant.account,
        event_type: "user.created".into(),
        given_id: None,
        idempotency_key: None,
        accepted_at: NOW,
        time: NOW,
        subject: None,
        trace: None,
        channels: Vec::new(),
        metadata: Default::default(),
        deliver_at: None,
        payload: Bytes::from_static(br#"{"a":1}"#),
        routes: Vec::new(),
    })
}

impl EventBuilder {
    pub fn given_id(mut self, id: &str) -> Self {
        self.0.given_id = Some(id.to_owned());
        self
    }

    pub fn key(mut self, key: &str) -> Self {
        self.0.idempotency_key = Some(key.to_owned());
        self
    }

    pub fn event_type(mut self, name: &str) -> Self {
        self.0.event_type = name.into();
        self
    }

    pub fn payload(mut self, json: &str) -> Self {
        self.0.payload = Bytes::copy_from_slice(json.as_bytes());
        self
    }

    pub fn subject(mut self, json: &str) -> Self {
        self.0.subject = Some(json.to_owned());
        self
    }

    pub fn trace(mut self, trace: &str) -> Self {
        self.0.trace = Some(trace.to_owned());
        self
    }

    pub fn channel(mut self, channel: &str) -> Self {
        self.0.channels.push(channel.to_owned());
        self
    }

    /// Accepted at this time, and happened then.
    pub fn at(mut self, at: UnixMs) -> Self {
        self.0.accepted_at = at;
        self.0.time = at;
        self
    }

    /// Its deliveries are due then.
    pub fn deliver_at(mut self, at: UnixMs) -> Self {
        self.0.deliver_at = Some(at);
        self
    }

    pub fn happened_at(mut self, at: UnixMs) -> Self {
        self.0.time = at;
        self
    }

    pub fn leased(self, endpoint: &Endpoint) -> Self {
        self.route(endpoint, Disposition::Leased)
    }

    pub fn due(self, endpoint: &Endpoint) -> Self {
        self.route(endpoint, Disposition::Due)
    }

    pub fn disabled(self, endpoint: &Endpoint) -> Self {
        self.route(endpoint, Disposition::EndpointDisabled)
    }

    /// As many deliveries again to the same endpoint: a cheap way to many rows.
    pub fn times(mut self, count: usize) -> Self {
        self.0.routes = self.0.routes.repeat(count);
        self
    }

    fn route(mut self, endpoint: &Endpoint, disposition: Disposition) -> Self {
        self.0.routes.push(Route {
            endpoint_id: endpoint.id,
            disposition,
        });
        self
    }
}

impl From<EventBuilder> for Append {
    fn from(event: EventBuilder) -> Self {
        event.0
    }
}

/// An outcome being written.
#[derive(Clone)]
pub struct OutcomeBuilder(Settlement);

/// The outcome of a claimed delivery: delivered, unless changed.
pub fn outcome_of(claimed: &Claimed) -> OutcomeBuilder {
    outcome(claimed.leased(), claimed.attempts + 1)
}

/// The outcome of the first attempt of an event's `index`th delivery, which was appended leased.
pub fn first_outcome_of(fresh: &Fresh, index: i64) -> OutcomeBuilder {
    outcome(fresh.leased(index), 1)
}

pub fn outcome(held: Leased, number: u32) -> OutcomeBuilder {
    OutcomeBuilder(Settlement {
        project_id: held.project_id,
        id: held.id,
        lease: held.lease,
        manual: held.manual,
        becomes: Settled::Delivered,
        at: NOW.plus_ms(40),
        attempt: Some(Attempt {
            number,
            manual: held.manual,
            started_at: NOW,
            status: Some(200),
            request_headers: "webhook-id: evt_1\n".to_owned(),
            response_headers: "server: x\n".to_owned(),
            response_body: Bytes::from_static(b"ok"),
            ..Attempt::default()
        }),
        error: None,
        notice: None,
    })
}

impl OutcomeBuilder {
    pub fn at(mut self, at: UnixMs) -> Self {
        self.0.at = at;
        self
    }

    pub fn retry_at(self, at: UnixMs) -> Self {
        self.becomes(Settled::RetryAt(at))
    }

    pub fn failed(self) -> Self {
        self.becomes(Settled::Failed)
    }

    pub fn lease(mut self, lease: Lease) -> Self {
        self.0.lease = lease;
        self
    }

    /// No request was made.
    pub fn without_attempt(mut self) -> Self {
        self.0.attempt = None;
        self
    }

    fn becomes(mut self, becomes: Settled) -> Self {
        self.0.becomes = becomes;
        self.0.error = Some((ErrorClass::ServerError, Some(503)));
        if let Some(attempt) = &mut self.0.attempt {
            attempt.status = Some(503);
            attempt.error = Some(ErrorClass::ServerError);
        }
        self
    }
}

impl From<OutcomeBuilder> for Settlement {
    fn from(outcome: OutcomeBuilder) -> Self {
        outcome.0
    }
}
