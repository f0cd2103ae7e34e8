//! What stands before the first event? A store with one project and one endpoint, and an engine.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hookwright_core::address::AddressRule;
use hookwright_core::ids::ProjectId;
use hookwright_delivery::{Engine, EngineOptions, Profiles, Random, World, client_config};
use hookwright_store::{
    DEFAULT_ACCOUNT, Endpoint, EndpointSettings, EndpointStatus, KeyOwner, NewEndpoint, NewKey,
    NewProject, Project, Scope, SqliteOptions, Store, Vault,
};
use http::HeaderValue;

use super::clock::{START, SimClock};
use super::receiver::Receiver;

/// Chance that is not: each byte is this one.
struct Fixed(u8);

impl Random for Fixed {
    fn bytes(&self) -> [u8; 16] {
        [self.0; 16]
    }
}

/// An empty store.
pub fn open(folder: &std::path::Path) -> Store {
    let options = SqliteOptions {
        now: START,
        commit_pace: Duration::ZERO,
    };
    Store::open_sqlite(folder, Vault::new(&[vec![7; 32]]).unwrap(), options).unwrap()
}

/// One project, its default account, one endpoint.
pub async fn populate(
    store: &Store,
    profile: &str,
    mut settings: EndpointSettings,
) -> (Scope, Endpoint) {
    settings.url = "http://receiver.example/hook".to_owned();
    let project = store.create_project(new_project(profile)).await.unwrap();
    let (_, accounts, _) = store.routing().await.unwrap();
    let account = accounts
        .iter()
        .find(|account| account.public_id == DEFAULT_ACCOUNT);
    let endpoint = NewEndpoint {
        project_id: project.id,
        account_id: account.unwrap().id,
        public_id: "ep_1".to_owned(),
        settings,
        secrets: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()],
        credentials: Default::default(),
        status: EndpointStatus::Active,
        status_reason: None,
        now: START,
    };
    let endpoint = store.create_endpoint(endpoint).await.unwrap();
    (scope(&project), endpoint)
}

fn scope(project: &Project) -> Scope {
    Scope {
        project_id: project.id,
        account_id: None,
    }
}

fn new_project(profile: &str) -> NewProject {
    NewProject {
        public_id: "prj_1".to_owned(),
        name: profile.to_owned(),
        profile: profile.to_owned(),
        livemode: true,
        key: NewKey {
            public_id: "key_1".to_owned(),
            owner: KeyOwner::Project(ProjectId(0)),
            name: None,
            hash: [0; 32],
            hint: String::new(),
            scopes: 0,
            expires_at: None,
            used_for: Default::default(),
            rate_limit: None,
            now: START,
        },
        now: START,
    }
}

/// An engine whose worker runs, and which hears of changes.
pub async fn start(store: Store, clock: &SimClock, receiver: &Receiver, chance: u8) -> Engine {
    let told: Arc<OnceLock<Engine>> = Arc::default();
    let feed = Arc::clone(&told);
    store.set_feed(Arc::new(move |change| {
        if let Some(engine) = feed.get() {
            engine.apply(change);
        }
    }));
    let world = World {
        clock: Arc::new(clock.clone()),
        random: Arc::new(Fixed(chance)),
        resolver: Arc::new(receiver.clone()),
        dialer: Arc::new(receiver.clone()),
    };
    let options = EngineOptions {
        rule: AddressRule::default(),
        tls: client_config(None).unwrap(),
        origin: HeaderValue::from_static("hookwright"),
        dev: true,
    };
    let profiles = Arc::new(Profiles::load(&[] as &[&str]).unwrap());
    let (engine, worker) = Engine::start(store, profiles, world, options)
        .await
        .unwrap();
    let _ = told.set(engine.clone());
    tokio::task::spawn_local(worker.run());
    engine
}
