//! The settings: flags first, then the environment, then the file, then defaults.

use std::net::SocketAddr;
use std::path::PathBuf;

use hookwright_core::address::{AddressRule, parse_network};
use hookwright_core::forwarded::TrustedProxies;
use hookwright_core::limits::ORIGIN_CHARS_MAX;
use http::HeaderValue;
use serde::Deserialize;

use crate::cli::{Prepare, ServeArgs};
use crate::failure::{Failure, usage};
use crate::oidc::{Oidc, OidcInput};

/// Settings, complete and checked.
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    /// PostgreSQL, instead of the embedded store.
    pub(crate) database_url: Option<String>,
    pub(crate) database_prepare: Prepare,
    pub(crate) root_key: Option<String>,
    pub(crate) master_key: Option<String>,
    pub(crate) rule: AddressRule,
    pub(crate) extra_ca_file: Option<PathBuf>,
    pub(crate) profiles: Vec<PathBuf>,
    /// What it calls itself where it asks a receiver whether it may send.
    pub(crate) origin: HeaderValue,
    /// Where browsers find this server.
    pub(crate) public_url: Option<String>,
    /// Whose word is taken for where a request comes from.
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) oidc: Option<Oidc>,
    pub(crate) retention_days: u32,
    pub(crate) api_rate_limit: u32,
    pub(crate) log: tracing::Level,
    pub(crate) dev: bool,
}

/// The settings as a file gives them.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<SocketAddr>,
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    database_prepare: Option<Prepare>,
    root_key: Option<String>,
    master_key: Option<String>,
    allow_networks: Vec<String>,
    deny_networks: Vec<String>,
    extra_ca_file: Option<PathBuf>,
    profiles: Vec<PathBuf>,
    origin: Option<String>,
    public_url: Option<String>,
    trusted_proxies: Vec<String>,
    oidc_issuer: Option<String>,
    oidc_client_id: Option<String>,
    oidc_client_secret: Option<String>,
    oidc_allow: Vec<String>,
    retention_days: Option<u32>,
    api_rate_limit: Option<u32>,
    log: Option<String>,
}

impl Config {
    /// Completes flags and environment by the file and the defaults, for a server.
    pub(crate) fn new(args: ServeArgs) -> Result<Self, Failure> {
        let config = Self::complete(args)?;
        if config.database_url.is_some() && config.master_key.is_none() {
            // A key made here would be another one on the next node.
            return Err(usage(
                "with a database URL, HOOKWRIGHT_MASTER_KEY must be set, the same on all nodes\nhint: openssl rand -base64 32",
            ));
        }
        Ok(config)
    }

    /// As [`Self::new`], for what may do without some of them.
    pub(crate) fn complete(args: ServeArgs) -> Result<Self, Failure> {
        let file = match &args.config {
            None => File::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    usage(format!(
                        "cannot read \"{}\": {error}\nhint: check --config",
                        path.display()
                    ))
                })?;
                toml::from_str(&text)
                    .map_err(|error| usage(format!("\"{}\": {error}", path.display())))?
            }
        };
        let or =
            |flags: Vec<String>, file: Vec<String>| if flags.is_empty() { file } else { flags };
        let mut allow = or(args.allow_networks, file.allow_networks);
        if args.dev {
            allow.extend(["127.0.0.0/8", "::1/128"].map(str::to_owned));
        }
        let networks = |texts: Vec<String>| {
            // Compose hands on a variable that is not set as an empty one.
            let texts = texts.iter().map(|text| text.trim());
            texts
                .filter(|text| !text.is_empty())
                .map(parse_network)
                .collect::<Result<Vec<_>, _>>()
                .map_err(usage)
        };
        let rule = AddressRule::new(
            networks(allow)?,
            networks(or(args.deny_networks, file.deny_networks))?,
        );
        let proxies = networks(or(args.trusted_proxies, file.trusted_proxies))?;
        let public_url = public_url(args.public_url.or(file.public_url))?;
        let oidc = OidcInput {
            issuer: args.oidc_issuer.or(file.oidc_issuer),
            client_id: args.oidc_client_id.or(file.oidc_client_id),
            client_secret: args.oidc_client_secret.or(file.oidc_client_secret),
            allow: or(args.oidc_allow, file.oidc_allow),
        };
        let log = args.log.or(file.log).unwrap_or_else(|| "info".to_owned());
        Ok(Self {
            listen: args
                .listen
                .or(file.listen)
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            data_dir: args
                .data_dir
                .or(file.data_dir)
                .unwrap_or_else(|| "hookwright-data".into()),
            database_url: args.database_url.or(file.database_url),
            database_prepare: args
                .database_prepare
                .or(file.database_prepare)
                .unwrap_or_default(),
            root_key: args.root_key.or(file.root_key),
            master_key: args.master_key.or(file.master_key),
            rule,
            extra_ca_file: args.extra_ca_file.or(file.extra_ca_file),
            profiles: if args.profiles.is_empty() {
                file.profiles
            } else {
                args.profiles
            },
            origin: origin(args.origin.or(file.origin))?,
            oidc: oidc.complete(public_url.as_deref(), args.dev)?,
            public_url,
            trusted_proxies: TrustedProxies::new(proxies),
            api_rate_limit: args.api_rate_limit.or(file.api_rate_limit).unwrap_or(0),
            retention_days: args
                .retention_days
                .or(file.retention_days)
                .unwrap_or(30)
                .max(1),
            log: log.parse().map_err(|_| {
                usage(format!(
                    "\"{log}\" is no log level\nhint: error, warn, info or debug"
                ))
            })?,
            dev: args.dev,
        })
    }
}

/// An address of a server, without a path.
fn public_url(given: Option<String>) -> Result<Option<String>, Failure> {
    let Some(text) = given else {
        return Ok(None);
    };
    let uri: Option<http::Uri> = text.trim_end_matches('/').parse().ok();
    let fits = uri.as_ref().is_some_and(|uri| {
        let scheme = matches!(uri.scheme_str(), Some("https" | "http"));
        let host = uri.host().is_some_and(|host| !host.is_empty());
        scheme && host && uri.path() == "/" && uri.query().is_none()
    });
    if fits {
        return Ok(Some(text.trim_end_matches('/').to_owned()));
    }
    Err(usage(format!(
        "\"{text}\" is no address of a server\nhint: https://hooks.example.com, without a path"
    )))
}

/// A DNS name, or what stands for one.
fn origin(given: Option<String>) -> Result<HeaderValue, Failure> {
    let name = given.unwrap_or_else(|| "hookwright".to_owned());
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let fits = (1..=ORIGIN_CHARS_MAX).contains(&name.len()) && name.bytes().all(fits);
    let value = HeaderValue::from_str(&name).ok().filter(|_| fits);
    value.ok_or_else(|| {
        usage(format!(
            "\"{name}\" is no origin\nhint: a DNS name as \"webhooks.example.com\", at most {ORIGIN_CHARS_MAX} characters"
        ))
    })
}
