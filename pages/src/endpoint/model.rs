//! An endpoint as the API shows it, as far as its pages tell of it.

use std::collections::BTreeMap;

use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::parts::health::Health;
use crate::visit::{Visit, segment};

/// Which endpoint an address names.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
}

/// An endpoint.
#[derive(Deserialize)]
pub(super) struct Endpoint {
    pub(super) id: String,
    pub(super) account_id: String,
    pub(super) url: String,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) events: Vec<String>,
    /// Its beginning only.
    pub(super) secret: Option<String>,
    /// `active`, `paused` or `disabled`.
    pub(super) status: String,
    pub(super) status_reason: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) retry_policy: Option<RetryPolicy>,
    pub(super) channels: Vec<String>,
    pub(super) filter: Option<Value>,
    pub(super) rate_limit: Option<u32>,
    pub(super) canonical_json: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) second_profile: Option<String>,
    pub(super) timeout_ms: Option<u32>,
    pub(super) concurrency: Option<u32>,
    /// Its settings, or `false`.
    pub(super) circuit_breaker: Option<Value>,
    pub(super) ordered: bool,
    pub(super) metadata: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) health: Health,
    pub(super) public_key: Option<String>,
    pub(super) previous_secret_valid_until: Option<String>,
    /// `both` or `cut_over`.
    pub(super) secret_rotation: String,
    pub(super) auth: Option<Auth>,
    pub(super) client_certificate: Option<ClientCertificate>,
    pub(super) validation: Option<String>,
    pub(super) last_validation: Option<Validated>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) status_since: String,
}

/// Its own schedule.
#[derive(Deserialize)]
pub(super) struct RetryPolicy {
    pub(super) max_attempts: u32,
    pub(super) backoff_multiplier: f64,
    pub(super) initial_delay: u64,
}

/// How requests authenticate towards the receiver.
#[derive(Deserialize)]
pub(super) struct Auth {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) username: Option<String>,
    pub(super) token_url: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) audience: Option<String>,
}

impl Auth {
    /// What it is, without what is secret.
    pub(super) fn in_short(&self) -> String {
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        match self.kind.as_str() {
            "basic" => format!("Basic, user {}", of(&self.username)),
            "bearer" => "a bearer token".to_owned(),
            _ => format!("OAuth 2.0, client {}", of(&self.client_id)),
        }
    }
}

/// What connections present to the receiver.
#[derive(Deserialize)]
pub(super) struct ClientCertificate {
    pub(super) sha256: String,
}

/// What came of the last validation handshake.
#[derive(Deserialize)]
pub(super) struct Validated {
    pub(super) validated: bool,
    pub(super) at: String,
    pub(super) error: Option<String>,
    pub(super) allowed_per_minute: Option<u32>,
}

impl Endpoint {
    /// What people call it.
    pub(super) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.url)
    }
}

/// The API's address of an endpoint, or of something below it.
pub(super) fn api_path(id: &str, below: &str) -> String {
    format!("/v1/endpoints/{}{below}", segment(id))
}

/// The address of an endpoint's page, or of one below it, within its face.
pub(super) fn page_path(id: &str, below: &str) -> String {
    format!("/endpoints/{}{below}", segment(id))
}

/// The endpoint of an address.
pub(super) async fn load(visit: &Visit, id: &str) -> Result<Endpoint, Fault> {
    visit.get(&api_path(id, ""), &[]).await
}

/// Back to a page of the endpoint, with what was done said there.
pub(super) fn done(visit: &Visit, id: &str, below: &str, said: &str) -> Redirect {
    let page = visit.to(&page_path(id, below));
    Redirect::to(&format!("{page}?said={said}"))
}

/// The name of an endpoint and the way to its pages, at the top of each of them.
pub(super) fn head(visit: &Visit, endpoint: &Endpoint, here: &str) -> Markup {
    let writes = visit.may("endpoints:write");
    let all = [
        ("", "Endpoint", true),
        ("/edit", "Settings", writes),
        ("/filter", "Filter", true),
        ("/secret", "Signing secret", true),
        ("/test", "Send a test", writes),
        ("/code", "Receiver code", true),
    ];
    html! {
        p.crumbs { a href=(visit.to("/endpoints")) { "Endpoints" } }
        div.title-row { h1 { (endpoint.title()) } }
        nav.tabs aria-label="This endpoint" {
            @for (below, name, shown) in all {
                @if shown {
                    a href=(visit.to(&page_path(&endpoint.id, below)))
                        aria-current=[(here == below).then_some("page")] { (name) }
                }
            }
        }
    }
}
