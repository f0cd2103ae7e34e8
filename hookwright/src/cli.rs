//! The commands and their flags.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

/// Sends webhooks in the format that your customers already verify.
#[derive(Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    Serve(Box<ServeArgs>),
    /// Move everything from the embedded store into PostgreSQL.
    Migrate(MigrateArgs),
    /// Show it at work: five formats, delivered and verified, with a failure and its retry.
    Demo(DemoArgs),
    /// Print the OpenAPI document of the API.
    Openapi,
    /// Measure the real server on this machine.
    Bench(BenchArgs),
    /// Measure the store's lists among millions of deliveries.
    BenchLists(BenchListsArgs),
    /// Measure the dashboard's and the portal's pages among millions of deliveries.
    BenchPages(BenchPagesArgs),
    /// Replay many failed deliveries with a kill half-way, while live traffic runs
    BenchReplay(BenchReplayArgs),
}

/// Every flag may be given as HOOKWRIGHT_* in the environment, or in a TOML file.
#[derive(Args, Default)]
pub(crate) struct ServeArgs {
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "HOOKWRIGHT_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// Folder for the embedded store [default: ./hookwright-data]
    #[arg(long, env = "HOOKWRIGHT_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// PostgreSQL for many nodes, postgres://user:password@host/database, instead of the folder
    #[arg(long, env = "HOOKWRIGHT_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Whether the database's statements are prepared: off behind a pooler in transaction mode [default: on]
    #[arg(long, env = "HOOKWRIGHT_DATABASE_PREPARE")]
    pub(crate) database_prepare: Option<Prepare>,
    /// Root key, at least 32 characters; else made and printed once
    #[arg(long, env = "HOOKWRIGHT_ROOT_KEY", hide_env_values = true)]
    pub(crate) root_key: Option<String>,
    /// 32 bytes in base 64 or hex that secrets are sealed under, newest first, comma-separated
    #[arg(long, env = "HOOKWRIGHT_MASTER_KEY", hide_env_values = true)]
    pub(crate) master_key: Option<String>,
    /// Networks that may be dialled besides public ones, as CIDR
    #[arg(
        long = "allow-network",
        env = "HOOKWRIGHT_ALLOW_NETWORKS",
        value_delimiter = ','
    )]
    pub(crate) allow_networks: Vec<String>,
    /// Networks that may not be dialled although public, as CIDR
    #[arg(
        long = "deny-network",
        env = "HOOKWRIGHT_DENY_NETWORKS",
        value_delimiter = ','
    )]
    pub(crate) deny_networks: Vec<String>,
    /// PEM file of certificates to trust besides the public roots
    #[arg(long, env = "HOOKWRIGHT_EXTRA_CA_FILE")]
    pub(crate) extra_ca_file: Option<PathBuf>,
    /// Wire profile to load besides the built-in ones
    #[arg(long = "profile", env = "HOOKWRIGHT_PROFILES", value_delimiter = ',')]
    pub(crate) profiles: Vec<PathBuf>,
    /// DNS name by which this server asks receivers whether it may send to them [default: hookwright]
    #[arg(long, env = "HOOKWRIGHT_ORIGIN")]
    pub(crate) origin: Option<String>,
    /// Address by which browsers find this server, such as https://hooks.example.com, for links that it makes [default: as the caller found it]
    #[arg(long, env = "HOOKWRIGHT_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,
    /// Proxy, as CIDR, whose X-Forwarded-For says where a request comes from [default: none]
    #[arg(
        long = "trusted-proxy",
        alias = "trusted-proxies",
        env = "HOOKWRIGHT_TRUSTED_PROXIES",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxies: Vec<String>,
    /// Single sign-on for operators: the issuer of OpenID Connect, such as https://login.example.com
    #[arg(long, env = "HOOKWRIGHT_OIDC_ISSUER")]
    pub(crate) oidc_issuer: Option<String>,
    /// What this server is called at the issuer
    #[arg(long, env = "HOOKWRIGHT_OIDC_CLIENT_ID")]
    pub(crate) oidc_client_id: Option<String>,
    /// What proves it to the issuer; a public client has none
    #[arg(long, env = "HOOKWRIGHT_OIDC_CLIENT_SECRET", hide_env_values = true)]
    pub(crate) oidc_client_secret: Option<String>,
    /// Who may sign in as what: ada@example.com:admin, @example.com:viewer, CLAIM=VALUE:admin
    #[arg(
        long = "oidc-allow",
        env = "HOOKWRIGHT_OIDC_ALLOW",
        value_delimiter = ','
    )]
    pub(crate) oidc_allow: Vec<String>,
    /// Days that finished events are kept [default: 30]
    #[arg(long, env = "HOOKWRIGHT_RETENTION_DAYS")]
    pub(crate) retention_days: Option<u32>,
    /// Requests per second for each API key without a limit of its own; 0 is no limit [default: 0]
    #[arg(long, env = "HOOKWRIGHT_API_RATE_LIMIT")]
    pub(crate) api_rate_limit: Option<u32>,
    /// Log level: error, warn, info, debug [default: info]
    #[arg(long, env = "HOOKWRIGHT_LOG")]
    pub(crate) log: Option<String>,
    /// TOML file with any of these settings
    #[arg(long, env = "HOOKWRIGHT_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Development: allow loopback addresses and plain http. Not for production
    #[arg(long)]
    pub(crate) dev: bool,
}

/// Stop the server first; run it again if it was interrupted. See docs/migrating.md.
#[derive(Args)]
pub(crate) struct MigrateArgs {
    /// Where everything is
    #[arg(long)]
    pub(crate) from: From,
    /// Where it is to be
    #[arg(long)]
    pub(crate) to: To,
    /// Folder of the embedded store; it is not changed [default: ./hookwright-data]
    #[arg(long, env = "HOOKWRIGHT_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Empty PostgreSQL database, postgres://user:password@host/database
    #[arg(long, env = "HOOKWRIGHT_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// What the nodes will have as theirs [default: the key in the folder]
    #[arg(long, env = "HOOKWRIGHT_MASTER_KEY", hide_env_values = true)]
    pub(crate) master_key: Option<String>,
    /// PEM file of certificates to trust besides the public roots
    #[arg(long, env = "HOOKWRIGHT_EXTRA_CA_FILE")]
    pub(crate) extra_ca_file: Option<PathBuf>,
    /// Log level: error, warn, info, debug [default: info]
    #[arg(long, env = "HOOKWRIGHT_LOG")]
    pub(crate) log: Option<String>,
    /// TOML file with the server's settings
    #[arg(long, env = "HOOKWRIGHT_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

/// Whether statements are prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Prepare {
    /// Once for each connection
    #[default]
    On,
    /// Never: sent whole each time
    Off,
}

/// What can be moved from.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum From {
    /// The embedded store of one server
    Sqlite,
}

/// What can be moved to.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum To {
    /// A database for many nodes
    Postgres,
}

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Stop once everything is delivered, instead of staying up
    #[arg(long)]
    pub(crate) once: bool,
    /// Folder for the store [default: a new temporary one]
    #[arg(long)]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Args, Clone)]
pub(crate) struct BenchArgs {
    /// Events to publish
    #[arg(long, default_value_t = 300_000)]
    pub(crate) events: u64,
    /// Connections that publish
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,
    /// Endpoints in all
    #[arg(long, default_value_t = 1_000)]
    pub(crate) endpoints: usize,
    /// Endpoints that each event goes to
    #[arg(long, default_value_t = 1)]
    pub(crate) fan_out: usize,
    /// Bytes of payload
    #[arg(long, default_value_t = 500)]
    pub(crate) payload_bytes: usize,
    /// Events per second, published on schedule whatever the answers (open loop)
    #[arg(long)]
    pub(crate) rate: Option<u64>,
    /// Endpoints of these that never answer
    #[arg(long, default_value_t = 0)]
    pub(crate) dead: usize,
    /// Endpoints of these that take a second to answer
    #[arg(long, default_value_t = 0)]
    pub(crate) slow: usize,
    /// Wire profile
    #[arg(long, default_value = "standard-webhooks")]
    pub(crate) profile: String,
    /// Requests that measure the raw client's limit; 0 leaves it out
    #[arg(long, default_value_t = 200_000)]
    pub(crate) raw_requests: u64,
    /// Print a line every so many events, to see the rate over time
    #[arg(long)]
    pub(crate) every: Option<u64>,
    /// Folder for the store [default: a new one under ./target]
    #[arg(long)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Nodes on one database, the load spread over them
    #[arg(long, default_value_t = 1)]
    pub(crate) nodes: usize,
    /// PostgreSQL to measure with instead, an empty database
    #[arg(long, env = "HOOKWRIGHT_BENCH_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}

#[derive(Args)]
pub(crate) struct BenchListsArgs {
    /// Deliveries to make first
    #[arg(long, default_value_t = 5_000_000)]
    pub(crate) deliveries: u64,
    /// Empty folder for the store
    #[arg(long, default_value = "target/bench-lists")]
    pub(crate) data_dir: PathBuf,
    /// PostgreSQL to measure instead, an empty database
    #[arg(long, env = "HOOKWRIGHT_BENCH_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}

#[derive(Args)]
pub(crate) struct BenchPagesArgs {
    /// Deliveries to make first, if the store is empty
    #[arg(long, default_value_t = 5_000_000)]
    pub(crate) deliveries: u64,
    /// Days of statistics to make first
    #[arg(long, default_value_t = 30)]
    pub(crate) days: i64,
    /// Times that each page is looked at
    #[arg(long, default_value_t = 50)]
    pub(crate) rounds: usize,
    /// Look while events are published and delivered
    #[arg(long)]
    pub(crate) live: bool,
    /// With --live: events per second
    #[arg(long, default_value_t = 5_000)]
    pub(crate) rate: u64,
    /// With --live: for so long
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Folder for the store: empty, or of a run before
    #[arg(long, default_value = "target/bench-pages")]
    pub(crate) data_dir: PathBuf,
    /// PostgreSQL to measure instead: empty, or of a run before
    #[arg(long, env = "HOOKWRIGHT_BENCH_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}

#[derive(Args)]
pub(crate) struct BenchReplayArgs {
    /// Deliveries to fail and to replay
    #[arg(long, default_value_t = 100_000)]
    pub(crate) deliveries: u64,
    /// The replay's deliveries per second at most
    #[arg(long, default_value_t = 500)]
    pub(crate) replay_rate: u32,
    /// Live events per second
    #[arg(long, default_value_t = 500)]
    pub(crate) live_rate: u32,
    /// Empty folder for the store
    #[arg(long, default_value = "target/bench-replay")]
    pub(crate) data_dir: PathBuf,
    /// PostgreSQL to measure instead, an empty database
    #[arg(long, env = "HOOKWRIGHT_BENCH_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}
