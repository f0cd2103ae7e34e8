//! The parts, wired: store, engine, web, each on its thread.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hookwright_delivery::{
    Engine, EngineOptions, Profiles, StartError, Worker, World, client_config,
};
use hookwright_pages::SingleSignOn;
use hookwright_store::{PostgresOptions, SqliteOptions, Store, Vault};
use hookwright_web::App;
use rustls::ClientConfig;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, LocalSet};

use crate::cli::Prepare;
use crate::config::Config;
use crate::failure::{Failure, running, usage};
use crate::issuer_client;
use crate::keys;
use crate::listeners::Listeners;
use crate::oidc::Oidc;
use crate::upkeep::Upkeep;

/// What is in flight at the end gets this long.
const STOP_MS: u64 = 15_000;
/// Under load, commits are at least this far apart.
const COMMIT_PACE: Duration = Duration::from_millis(2);

/// A server that listens and is not serving yet.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The root key, if it was made just now.
    pub(crate) made_root_key: Option<String>,
    listener: TcpListener,
    engine: Engine,
    app: App,
    delivery: std::thread::JoinHandle<()>,
    /// Resolves when the delivery thread ends, however it ends.
    delivery_ended: oneshot::Receiver<()>,
    retention_days: u32,
    single_sign_on: Option<SingleSignOn>,
}

impl Server {
    /// Opens the store, starts the delivery thread and listens.
    pub(crate) async fn start(config: &Config) -> Result<Self, Failure> {
        // One descriptor per connection, in and out; a refusal leaves what there is.
        let _ = rlimit::increase_nofile_limit(65_536);
        let world = World::of_this_machine();
        let profiles = Arc::new(Profiles::load(&config.profiles).map_err(usage)?);
        let tls = client_config(config.extra_ca_file.as_deref()).map_err(usage)?;
        let vault = keys::vault(config.master_key.as_deref(), &config.data_dir, &world)?;
        let store = open_store(config, vault, &world, &tls).await?;
        let listener = TcpListener::bind(config.listen).await.map_err(|error| {
            usage(format!(
                "cannot listen on {}: {error}\nhint: choose another --listen",
                config.listen
            ))
        })?;
        let address = listener.local_addr().map_err(running)?;

        // The feed needs the engine and the web, which need the store.
        let listeners = Arc::new(Listeners::default());
        let feed = Arc::clone(&listeners);
        store.set_feed(Arc::new(move |change| feed.tell(change)));
        let made_root_key = keys::root_key(config.root_key.as_deref(), &store, &world).await?;
        let ask_issuer = issuer_client::door(world.clone(), Arc::clone(&tls), config.dev);
        let options = EngineOptions {
            rule: config.rule.clone(),
            tls,
            origin: config.origin.clone(),
            dev: config.dev,
        };
        let (engine, worker) = Engine::start(store, profiles, world, options)
            .await
            .map_err(|error| match error {
                StartError::ProfileMissing { .. } => usage(error),
                StartError::Store(error) => running(error),
            })?;
        let app = App::new(engine.clone())
            .with_api_rate_limit(config.api_rate_limit)
            .with_public_url(config.public_url.as_deref())
            .with_trusted_proxies(config.trusted_proxies.clone())
            .with_sign_on_rules(config.oidc.iter().flat_map(Oidc::rules));
        listeners.begin(engine.clone(), app.clone());
        let (delivery, delivery_ended) = run_delivery(worker)?;
        let oidc = config.oidc.as_ref();
        Ok(Self {
            single_sign_on: oidc.map(|oidc| oidc.for_pages(&app, ask_issuer, config.dev)),
            delivery,
            delivery_ended,
            retention_days: config.retention_days,
            address,
            made_root_key,
            listener,
            engine,
            app,
        })
    }

    /// Serves until `shutdown`; then takes no more, finishes what is in flight, releases the rest.
    pub(crate) async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), Failure> {
        let store = self.engine.store().clone();
        let app = self.app.clone();
        let upkeep = Upkeep::begin(&self.engine, &app, self.retention_days);
        let telling = keep_telling(&self.engine);
        let counting = keep_counting(&self.engine);
        let serving = hookwright_web::serve(
            self.listener,
            self.app,
            |api| pages(api, &self.engine, self.single_sign_on),
            shutdown,
        );
        let stopped = tokio::select! {
            () = serving => None,
            // Nothing is known of the last commit: only a restart that reads the disk is safe.
            error = store.stopped() => Some(running(error)),
            _ = self.delivery_ended => Some(running("the delivery thread failed; restart to go on")),
        };
        upkeep.end();
        telling.abort();
        if let Some(error) = stopped {
            return Err(error);
        }
        app.note_used_keys().await;
        self.engine.stop(STOP_MS).await;
        self.engine.write_counts().await;
        counting.abort();
        store.close().await.map_err(running)?;
        tokio::task::spawn_blocking(move || self.delivery.join())
            .await
            .map_err(running)?
            .map_err(|_| running("the delivery thread failed"))
    }
}

/// The dashboard and the portal, over the API.
fn pages(api: Router, engine: &Engine, single_sign_on: Option<SingleSignOn>) -> Router {
    let (random, clock) = (engine.clone(), engine.clone());
    let options = hookwright_pages::Options {
        random: Arc::new(move || random.random()),
        now: Arc::new(move || clock.now().0),
        connection: hookwright_web::connection_of,
        address: hookwright_web::address_of,
        single_sign_on,
    };
    hookwright_pages::routes(api, options)
}

/// The store that the settings name.
async fn open_store(
    config: &Config,
    vault: Vault,
    world: &World,
    tls: &Arc<ClientConfig>,
) -> Result<Store, Failure> {
    let now = world.clock.now();
    let opened = match &config.database_url {
        Some(url) => {
            let tls = Arc::clone(tls);
            let prepare = match config.database_prepare {
                Prepare::On => hookwright_store::Prepare::On,
                Prepare::Off => hookwright_store::Prepare::Off,
            };
            let options = PostgresOptions { now, tls, prepare };
            Store::open_postgres(url, vault, options).await
        }
        None => {
            let commit_pace = COMMIT_PACE;
            Store::open_sqlite(&config.data_dir, vault, SqliteOptions { now, commit_pace })
        }
    };
    opened.map_err(usage)
}

type Thread = (std::thread::JoinHandle<()>, oneshot::Receiver<()>);

fn run_delivery(worker: Worker) -> Result<Thread, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    let (alive, ended) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("delivery".to_owned())
        .spawn(move || {
            // Dropped at the end, by a panic as well.
            let _alive = alive;
            LocalSet::new().block_on(&runtime, worker.run());
        })
        .map_err(running)?;
    Ok((thread, ended))
}

fn keep_telling(engine: &Engine) -> JoinHandle<()> {
    let engine = engine.clone();
    tokio::spawn(async move { engine.keep_telling().await })
}

fn keep_counting(engine: &Engine) -> JoinHandle<()> {
    let engine = engine.clone();
    tokio::spawn(async move { engine.keep_counting().await })
}
