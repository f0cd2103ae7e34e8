//! The engine's handle: what the web and the wiring hold.

mod again;
mod observed;

pub use again::{NotMadeAgain, RequestAgain};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hookwright_core::address::AddressRule;
use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, ProjectId};
use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;
use hookwright_store::{Change, Claimed, Endpoint, Project, RetentionDays, Store, StoreError};
use http::HeaderValue;
use rustls::ClientConfig;
use tokio::sync::oneshot;

use crate::catalogue::{Catalogue, TypeCheck, TypeRefused};
use crate::gate::Gate;
use crate::inbox::{Inbox, Job, Message};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::node::NodeGauge;
use crate::profiles::Profiles;
use crate::publish::{self, Publish, PublishError, Published};
use crate::rollups::Rollups;
use crate::routing::Routing;
use crate::target::{Equipment, Target};
use crate::worker::Worker;
use crate::world::World;

/// How an engine is run.
pub struct EngineOptions {
    /// Which addresses may be dialled.
    pub rule: AddressRule,
    /// Whom TLS trusts.
    pub tls: Arc<ClientConfig>,
    /// What the server calls itself where it asks a receiver whether it may send.
    pub origin: HeaderValue,
    /// Plain http is allowed for every profile: for development.
    pub dev: bool,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Events would be matched to nothing, and lost without a word.
    #[error(
        "{used_by} speaks the wire profile \"{profile}\", which is not loaded\nhint: start with the --profile file that it was made with"
    )]
    ProfileMissing {
        /// The profile's name.
        profile: String,
        /// Who speaks it.
        used_by: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn all_profiles_are_known(
    profiles: &Profiles,
    projects: &[Project],
    endpoints: &[Endpoint],
) -> Result<(), StartError> {
    let of_projects = projects
        .iter()
        .map(|it| (&it.profile, "project", &it.public_id));
    let of_endpoints = endpoints.iter().flat_map(|it| {
        let own = [&it.settings.profile, &it.settings.second_profile];
        own.into_iter()
            .flatten()
            .map(|profile| (profile, "endpoint", &it.public_id))
    });
    match of_projects
        .chain(of_endpoints)
        .find(|(profile, ..)| profiles.get(profile).is_none())
    {
        None => Ok(()),
        Some((profile, kind, id)) => Err(StartError::ProfileMissing {
            profile: profile.clone(),
            used_by: format!("{kind} {id}"),
        }),
    }
}

/// A handle on the engine; clones share it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
}

/// What publishers and the worker share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) routing: Routing,
    pub(crate) catalogue: Catalogue,
    pub(crate) world: World,
    pub(crate) inbox: Inbox,
    pub(crate) gate: Arc<Gate>,
    pub(crate) node: Arc<NodeGauge>,
    pub(crate) metrics: Metrics,
    pub(crate) rollups: Rollups,
    pub(crate) live: Arc<Live>,
    /// A job was made or resumed on this node.
    pub(crate) new_job: tokio::sync::Notify,
    dev: bool,
    stopping: AtomicBool,
}

impl Shared {
    /// Whether this node may hold and send deliveries to this endpoint now.
    pub(crate) fn may_work_on(&self, target: &Target) -> bool {
        !target.needs_owner() || self.store.owns(target.endpoint.id)
    }

    /// Reads what all projects describe.
    async fn load_event_types(&self) -> Result<(), StoreError> {
        let types = self.store.every_event_type().await?;
        for types in types.chunk_by(|a, b| a.project_id == b.project_id) {
            let project = types[0].project_id;
            let change = Change::EventTypes(project, Arc::new(types.to_vec()));
            self.catalogue.apply(&change);
        }
        Ok(())
    }

    /// The prefix of a project's event ids.
    pub(crate) fn event_prefix(&self, project: ProjectId) -> String {
        let project = self.routing.project(project);
        let profile = project.and_then(|project| self.profiles.get(&project.profile).cloned());
        profile.map_or_else(|| "evt_".to_owned(), |profile| profile.ids.event.clone())
    }
}

/// Whether a node can take events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// It can.
    pub ready: bool,
    /// Why it cannot.
    pub detail: Option<String>,
}

impl Engine {
    /// Loads the routing table and makes the engine with its worker, which must be run on a thread
    /// of its own. The caller points the store's feed at [`Engine::apply`] first.
    pub async fn start(
        store: Store,
        profiles: Arc<Profiles>,
        world: World,
        options: EngineOptions,
    ) -> Result<(Self, Worker), StartError> {
        let equipment = Equipment {
            profiles: Arc::clone(&profiles),
            tls: Arc::clone(&options.tls),
            origin: options.origin,
        };
        let gate = Arc::new(Gate::default());
        let shared = Arc::new(Shared {
            routing: Routing::new(equipment),
            catalogue: Catalogue::default(),
            store,
            profiles,
            world,
            inbox: Inbox::default(),
            gate,
            node: Arc::default(),
            metrics: Metrics::default(),
            rollups: Rollups::default(),
            live: Arc::default(),
            new_job: tokio::sync::Notify::new(),
            dev: options.dev,
            stopping: AtomicBool::new(false),
        });
        let (projects, accounts, endpoints) = shared.store.routing().await?;
        all_profiles_are_known(&shared.profiles, &projects, &endpoints)?;
        for project in projects {
            shared.routing.apply(&Change::Project(Box::new(project)));
        }
        for account in accounts {
            shared.routing.apply(&Change::Account(account));
        }
        for endpoint in endpoints {
            // Its node ended before it was asked.
            if endpoint.is_waiting_for_validation() && endpoint.settings.validated.is_none() {
                shared.inbox.push(Message::Validate(endpoint.id, None));
            }
            shared.routing.apply(&Change::Endpoint(Box::new(endpoint)));
        }
        shared.load_event_types().await?;
        let worker = Worker::new(Arc::clone(&shared), options.rule, options.tls);
        Ok((Self { shared }, worker))
    }

    /// Takes in a change of routing facts.
    pub fn apply(&self, change: &Change) {
        self.shared.catalogue.apply(change);
        if let Some(endpoint) = self.shared.routing.apply(change) {
            self.shared.inbox.push(Message::Changed(endpoint));
        }
    }

    /// The store beneath.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The wire profiles that this server knows.
    #[must_use]
    pub fn profiles(&self) -> &Profiles {
        &self.shared.profiles
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        self.shared.world.clock.now()
    }

    /// A random number, unguessable.
    #[must_use]
    pub fn random(&self) -> u128 {
        u128::from_be_bytes(self.shared.world.random.bytes())
    }

    /// Whether plain http is allowed for every profile.
    #[must_use]
    pub fn dev(&self) -> bool {
        self.shared.dev
    }

    /// A project by row.
    #[must_use]
    pub fn project(&self, id: ProjectId) -> Option<Arc<Project>> {
        self.shared.routing.project(id)
    }

    /// How long data is kept in the projects that say so themselves.
    #[must_use]
    pub fn retentions(&self) -> Vec<(ProjectId, RetentionDays)> {
        self.shared.routing.retentions()
    }

    /// A project by public id.
    #[must_use]
    pub fn project_by_public_id(&self, id: &str) -> Option<Arc<Project>> {
        self.shared.routing.project_by_public_id(id)
    }

    /// An account of a project by public id.
    #[must_use]
    pub fn account(&self, project: ProjectId, public_id: &str) -> Option<AccountId> {
        self.shared.routing.account(project, public_id)
    }

    /// An account's public id.
    #[must_use]
    pub fn account_public_id(&self, account: AccountId) -> Option<Arc<str>> {
        self.shared.routing.account_public_id(account)
    }

    /// What a project says of its event types, by name, as this node knows it.
    #[must_use]
    pub fn event_types(&self, project: ProjectId) -> Arc<Vec<hookwright_store::EventType>> {
        self.shared.catalogue.said(project)
    }

    /// Whether an event of this type and content may be published in the project. Not part of
    /// [`Self::publish`]: what this server itself publishes is in no catalogue.
    pub fn check_event_type(
        &self,
        project: &Project,
        event: TypeCheck<'_>,
    ) -> Result<(), TypeRefused> {
        let profile = self.shared.profiles.get(&project.profile);
        let profile = profile.map(Arc::as_ref);
        self.shared.catalogue.check(project, profile, event)
    }

    /// Publishes an event. When this returns it is on disk with all its deliveries.
    pub async fn publish(&self, publish: Publish) -> Result<Published, PublishError> {
        publish::publish(&self.shared, publish).await
    }

    /// Takes out of this node's memory what was cancelled in the store.
    pub fn cancelled(&self, ids: Vec<(DeliveryId, EndpointId)>) {
        if !ids.is_empty() {
            self.shared.inbox.push(Message::Cancelled(ids));
        }
    }

    /// Sends a delivery that the store has leased to this node (a resend).
    pub fn send_now(&self, claimed: Claimed) {
        let now = self.now();
        // Its place in the lane is given back when it is done, and so is taken first, full or not.
        if let Some(target) = self.shared.routing.target(claimed.endpoint_id) {
            target.gauge.add(1);
        }
        let bytes = claimed.event.payload.as_ref().map_or(0, bytes::Bytes::len);
        let job = Job {
            _held: self.shared.node.hold(bytes),
            claimed,
            leased_until: now.plus_ms(LEASE_MS),
            queued_at_us: self.shared.world.clock.monotonic_us(),
            counted: false,
        };
        self.shared.inbox.push(Message::Jobs(vec![job]));
    }

    /// Whether this node can take events.
    #[must_use]
    pub fn health(&self) -> Health {
        let stopping = self.shared.stopping.load(Ordering::Relaxed);
        Health {
            ready: !stopping,
            detail: stopping.then(|| "stopping".to_owned()),
        }
    }

    /// Name, help, kind and value of each metric.
    #[must_use]
    pub fn metrics(&self) -> Vec<(&'static str, &'static str, &'static str, u64)> {
        self.shared.metrics.all()
    }

    /// Finishes what is in flight within `limit_ms`, then gives the rest back to the store.
    pub async fn stop(&self, limit_ms: u64) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        let (done, stopped) = oneshot::channel();
        self.shared.inbox.push(Message::Stop(limit_ms, done));
        // An error means that the worker is gone already.
        let _ = stopped.await;
    }
}
