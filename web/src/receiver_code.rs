//! Code that checks a format's webhooks, to paste into a receiver.

use axum::Json;
use axum::extract::{Path, State};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_wire::{Language, Profile, Proof, proofs, public_key, receiver_code};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::endpoints::profile_of;
use crate::problem::Problem;
use crate::query::QueryText;

pub(crate) fn api() -> Api {
    Api::default()
        .get(
            "/v1/profiles/{name}/receiver-code",
            of_profile,
            Doc::new(
                "getReceiverCode",
                "Profiles",
                "Shows code that checks a format's webhooks, in one language.",
            )
            .description(ABOUT)
            .query::<OfProfile>()
            .answer::<ReceiverCode>(200),
        )
        .get(
            "/v1/endpoints/{id}/receiver-code",
            of_endpoint,
            Doc::new(
                "getEndpointReceiverCode",
                "Endpoints",
                "Shows code that checks what an endpoint is sent, in one language.",
            )
            .description(ABOUT)
            .scope(KeyScope::EndpointsRead)
            .query::<OfEndpoint>()
            .answer::<ReceiverCode>(200),
        )
}

const ABOUT: &str = "A file to paste: it finds the headers, holds the timestamp against the clock, compares the signature in constant time with any of several secrets, and tells a message that comes again by its id. What must be installed is said at its top. No secret is in it.";

/// Which code of a format.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfProfile {
    /// `node`, `python`, `rust`, `go`, `php`, `ruby`, `java` or `csharp`; `node` if not said.
    language: Option<String>,
    /// What the receiver holds: the `secret`, the `public_key` of an ed25519 key, or `nothing` where
    /// the format then has a plain digest. The format's usual one if not said.
    proof: Option<String>,
}

/// Which code of an endpoint.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfEndpoint {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// The account, where the key is not an account's.
    account_id: Option<String>,
    /// `node`, `python`, `rust`, `go`, `php`, `ruby`, `java` or `csharp`; `node` if not said.
    language: Option<String>,
}

/// Code for a receiver.
#[derive(Serialize, JsonSchema)]
struct ReceiverCode {
    /// The wire format that it checks.
    profile: String,
    language: &'static str,
    /// What people call the language.
    title: &'static str,
    /// What it checks with: `secret`, `public_key` or `nothing`.
    proof: &'static str,
    code: String,
    /// Every language that there is code in.
    languages: Vec<CodeLanguage>,
}

/// A language that there is code in.
#[derive(Serialize, JsonSchema)]
struct CodeLanguage {
    language: &'static str,
    /// What people call it.
    title: &'static str,
}

async fn of_profile(
    State(app): State<App>,
    headers: HeaderMap,
    Path(name): Path<String>,
    query: QueryText,
) -> Result<Json<ReceiverCode>, Problem> {
    app.any_caller(&headers).await?;
    let query: OfProfile = query.read()?;
    let profile = app.engine.profiles().get(&name);
    let profile = profile.ok_or_else(|| Problem::not_found("profile"))?;
    let all = proofs(profile);
    let proof = match query.proof.as_deref() {
        None => all.first().copied().ok_or_else(unsigned)?,
        Some(word) => {
            let known: Vec<&str> = all.iter().map(|proof| proof.as_str()).collect();
            let found = all.iter().find(|proof| proof.as_str() == word).copied();
            found.ok_or_else(|| {
                let detail = format!("must be one of this format's: {}", known.join(", "));
                Problem::query("proof", &detail)
            })?
        }
    };
    show(profile, language(query.language.as_deref())?, proof)
}

async fn of_endpoint(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<ReceiverCode>, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsRead).await?;
    let query: OfEndpoint = query.read()?;
    let (project, account) = (query.project_id.as_deref(), query.account_id.as_deref());
    let scope = app.scope(&caller, project, account)?;
    let endpoint = app.engine.store().endpoint(scope, id).await?;
    let profile = profile_of(&app, &endpoint).ok_or_else(|| Problem::not_found("profile"))?;
    let all = proofs(&profile);
    let own = match endpoint.secrets.first() {
        None => Proof::Nothing,
        Some(secret) if public_key(&profile, secret).is_some() => Proof::PublicKey,
        Some(_) => Proof::Secret,
    };
    // An endpoint without a secret gets one that a receiver will hold.
    let proof = all.iter().find(|proof| **proof == own).or(all.first());
    let proof = proof.copied().ok_or_else(unsigned)?;
    show(&profile, language(query.language.as_deref())?, proof)
}

fn unsigned() -> Problem {
    Problem::not_found("signature in this wire format")
}

fn language(word: Option<&str>) -> Result<Language, Problem> {
    let found = word.map_or(Some(Language::Node), Language::parse);
    found.ok_or_else(|| {
        let all = Language::ALL.map(Language::as_str).join(", ");
        Problem::query("language", &format!("must be one of {all}"))
    })
}

fn show(
    profile: &Profile,
    language: Language,
    proof: Proof,
) -> Result<Json<ReceiverCode>, Problem> {
    let one = |language: Language| CodeLanguage {
        language: language.as_str(),
        title: language.title(),
    };
    Ok(Json(ReceiverCode {
        profile: profile.name.clone(),
        language: language.as_str(),
        title: language.title(),
        proof: proof.as_str(),
        code: receiver_code(profile, language, proof).ok_or_else(unsigned)?,
        languages: Language::ALL.map(one).into(),
    }))
}
