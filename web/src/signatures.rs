//! Why does a signature verify, or not? A receiver's check, told step by step.

mod pasted;
mod signer;

use axum::Json;
use axum::extract::{Request, State};
use hookwright_core::limits::{SIGNATURE_EXPLAIN_BODY_BYTES_MAX, SIGNATURE_EXPLAIN_SECRETS_MAX};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::time::UnixMs;
use hookwright_wire::{About, COMMON_CAUSES, Explanation, Profile, Received, Step, explain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::auth::Caller;
use crate::body;
use crate::endpoints::profile_of;
use crate::paging::Named;
use crate::problem::Problem;
use crate::query::QueryText;
use pasted::Pasted;
use signer::Candidate;

/// What is shown of a signature that a stored secret makes: enough to compare, too little to forge.
const SHOWN_OF_SIGNATURE_CHARS: usize = 6;

pub(crate) fn api() -> Api {
    Api::default().post(
        "/v1/signatures/explain",
        explain_signature,
        Doc::new(
            "explainSignature",
            "Profiles",
            "Says step by step why a request verifies, or which step fails.",
        )
        .description(
            "Checks a request as its receiver does. With `endpoint_id` the endpoint's own secrets are used; they are not shown, and of the signature that they make only the beginning. Where the signature fails, the secrets of the newest 200 endpoints that the caller may read are tried too, and a hint says whose it is. Nothing is stored, and the audit log does not have it.",
        )
        .scope(KeyScope::EndpointsRead)
        .query::<Named>()
        .body::<SignatureInput>()
        .answer::<ExplanationShown>(200),
    )
}

/// A request that a receiver got, and what it is to be checked with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SignatureInput")]
struct SignatureInput {
    /// The wire format; the endpoint's, or else the project's, if not said.
    profile: Option<String>,
    /// Checks with this endpoint's secrets.
    endpoint_id: Option<String>,
    /// Secrets or public keys to check with, 8 at most.
    #[serde(default)]
    #[schemars(length(max = 8))]
    secrets: Vec<String>,
    headers: HeadersInput,
    /// The body, byte for byte as it came in.
    body: String,
    /// The URL that it was sent to, for formats that sign it.
    url: Option<String>,
    /// Its method; `POST` if not said.
    method: Option<String>,
    /// Passes over how old the request is: for one out of a log.
    #[serde(default)]
    ignore_age: bool,
}

/// The headers of a request.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "SignatureHeaders")]
enum HeadersInput {
    /// Names with their values.
    Map(BTreeMap<String, String>),
    /// As they are copied out of a log or of `curl -v`: one on each line, or a JSON object.
    Text(String),
}

/// What came of the check.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignatureExplanation")]
struct ExplanationShown {
    /// Whether a receiver accepts the request.
    verified: bool,
    /// The format that it was checked by.
    profile: String,
    /// What was looked at, in the order in which a receiver does.
    steps: Vec<StepShown>,
    /// What the signature is over; null where the request does not say enough.
    signed_content: Option<SignedContentShown>,
    /// What may be wrong and what to do, the likeliest first.
    hints: Vec<String>,
}

/// One step of the check.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignatureStep")]
struct StepShown {
    /// `header`, `timestamp`, `secret`, `signature_format` or `signature`.
    about: &'static str,
    /// Null where a step before it left nothing to look at.
    passed: Option<bool>,
    /// In words.
    detail: String,
    /// What it must be.
    expected: Option<String>,
    /// What it is.
    found: Option<String>,
}

/// What a signature is over.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignedContent")]
struct SignedContentShown {
    /// How it is put together, as the profile writes it.
    template: String,
    /// The content, read as UTF-8.
    text: String,
    /// Its length.
    bytes: usize,
    /// Its SHA-256, in hex.
    sha256: String,
}

/// What a request is checked with.
struct Keys {
    profile: Arc<Profile>,
    secrets: Vec<String>,
    /// Some of the secrets are the endpoint's.
    stored: bool,
}

async fn explain_signature(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Json<ExplanationShown>, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::EndpointsRead)
        .await?;
    let query: Named = query.read()?;
    let input: SignatureInput = body::json(request, SIGNATURE_EXPLAIN_BODY_BYTES_MAX).await?;
    if input.secrets.len() > SIGNATURE_EXPLAIN_SECRETS_MAX {
        let detail = format!("are more than {SIGNATURE_EXPLAIN_SECRETS_MAX}");
        return Err(Problem::field("/secrets", detail));
    }
    let keys = keys(&app, &caller, &query, &input).await?;
    let pasted = match input.headers {
        HeadersInput::Map(map) => Pasted::of(map),
        HeadersInput::Text(ref text) => Pasted::read(text),
    };
    if pasted.headers.is_empty() {
        let detail = "hold no header: give one on each line, as Name: value";
        return Err(Problem::field("/headers", detail));
    }
    let others = app.engine.profiles().iter().cloned().collect();
    let (project, account) = (query.project_id.as_deref(), query.account_id.as_deref());
    let scope = app.scope(&caller, project, account).ok();
    let candidates = scope.map(|scope| signer::candidates(&app, scope));
    let now_s = app.engine.now().0.div_euclid(1000);
    let given = Given {
        url: input.url,
        method: input.method.or_else(|| pasted.method.clone()),
        headers: pasted.headers,
        body: input.body,
        now: app.engine.now(),
        now_s: (!input.ignore_age).then_some(now_s),
        others,
        secrets: input.secrets,
        candidates: candidates.unwrap_or_default(),
    };
    let failed = |error: tokio::task::JoinError| Problem::internal(&error.to_string());
    let shown = tokio::task::spawn_blocking(move || given.explained(&keys));
    Ok(Json(shown.await.map_err(failed)?))
}

/// The format and the secrets: those that were given and those of the endpoint.
async fn keys(
    app: &App,
    caller: &Caller,
    query: &Named,
    input: &SignatureInput,
) -> Result<Keys, Problem> {
    let (project, account) = (query.project_id.as_deref(), query.account_id.as_deref());
    let profiles = app.engine.profiles();
    // Whose it is said to be is looked at also where nothing of theirs is needed.
    let needs_scope = input.endpoint_id.is_some() || input.profile.is_none();
    let scope = match needs_scope || project.is_some() || account.is_some() {
        true => Some(app.scope(caller, project, account)?),
        false => None,
    };
    let named = input.profile.as_deref().map(|name| {
        let found = profiles.get(name).cloned();
        found.ok_or_else(|| app.unknown_profile("/profile", name))
    });
    let named = named.transpose()?;
    let mut secrets = input.secrets.clone();
    let mut own = None;
    if let (Some(id), Some(scope)) = (&input.endpoint_id, scope) {
        let endpoint = app.engine.store().endpoint(scope, id.clone()).await?;
        let now = app.engine.now();
        let previous = endpoint.credentials.previous.as_ref();
        let previous = previous.filter(|previous| now < previous.until);
        secrets.extend(endpoint.secrets.iter().cloned());
        secrets.extend(previous.map(|previous| previous.secret.clone()));
        own = profile_of(app, &endpoint);
    } else if named.is_none() {
        let project = app.project(caller, project)?;
        own = profiles.get(&project.profile).cloned();
    }
    Ok(Keys {
        profile: named.or(own).ok_or_else(|| Problem::not_found("profile"))?,
        stored: input.endpoint_id.is_some(),
        secrets,
    })
}

/// A request to be checked.
struct Given {
    headers: Vec<(String, String)>,
    body: String,
    url: Option<String>,
    method: Option<String>,
    now: UnixMs,
    /// The same where it matters.
    now_s: Option<i64>,
    /// Those that the caller gave, without the endpoint's.
    secrets: Vec<String>,
    /// Whose secret it may be that signed.
    candidates: Vec<Candidate>,
    /// Every format: the request may be of another one.
    others: Vec<Arc<Profile>>,
}

impl Given {
    fn explained(&self, keys: &Keys) -> ExplanationShown {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let received = Received {
            headers: &headers,
            body: self.body.as_bytes(),
            url: self.url.as_deref(),
            method: self.method.as_deref().unwrap_or("POST"),
        };
        let secrets: Vec<&str> = keys.secrets.iter().map(String::as_str).collect();
        let mut told = explain(&keys.profile, &received, &secrets, self.now_s);
        let signature = |step: &&Step| step.about == About::Signature;
        // The signature itself fails, and not the clock or a header beside it.
        let is_wrong = told.steps.iter().find(signature);
        if is_wrong.is_none_or(|step| step.passed != Some(true)) {
            let found = signer::hints(&self.candidates, &received, &self.secrets, self.now);
            if !found.is_empty() {
                told.hints.retain(|hint| hint != COMMON_CAUSES);
            }
            told.hints.splice(0..0, found);
        }
        if let Some(hint) = self.other_format(&keys.profile) {
            told.hints.insert(0, hint);
        }
        show(told, keys)
    }

    /// A request without this format's signature may be of another format.
    fn other_format(&self, profile: &Profile) -> Option<String> {
        let has = |profile: &Profile| {
            let first = profile.signatures.first();
            first.is_some_and(|scheme| {
                let name = scheme.header.as_str();
                let mut all = self.headers.iter();
                all.any(|(own, _)| own.eq_ignore_ascii_case(name))
            })
        };
        if has(profile) {
            return None;
        }
        let others = self.others.iter().filter(|other| has(other));
        let names: Vec<&str> = others.map(|other| other.title.as_str()).collect();
        (!names.is_empty()).then(|| {
            let names = names.join(" or ");
            format!("The request has the signature header of {names}: check it by that format.")
        })
    }
}

fn show(told: Explanation, keys: &Keys) -> ExplanationShown {
    let step = |step: Step| StepShown {
        expected: match (step.about, keys.stored) {
            (About::Signature, true) => step.expected.as_deref().map(beginning),
            _ => step.expected,
        },
        about: step.about.as_str(),
        passed: step.passed,
        detail: step.detail,
        found: step.found,
    };
    ExplanationShown {
        verified: told.verified,
        profile: keys.profile.name.clone(),
        steps: told.steps.into_iter().map(step).collect(),
        signed_content: told.signed_content.map(|content| SignedContentShown {
            template: content.template,
            text: String::from_utf8_lossy(&content.bytes).into_owned(),
            bytes: content.bytes.len(),
            sha256: content.sha256,
        }),
        hints: told.hints,
    }
}

/// The beginning of each signature: whoever may read endpoints may not sign as they do.
fn beginning(expected: &str) -> String {
    let one = |text: &str| match text.contains(' ') {
        // Words, not a signature.
        true => text.to_owned(),
        false => {
            let begin: String = text.chars().take(SHOWN_OF_SIGNATURE_CHARS).collect();
            format!("{begin}…")
        }
    };
    let all: Vec<String> = expected.split(" or ").map(one).collect();
    all.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_signature_that_a_stored_secret_makes_only_the_beginning_is_shown() {
        let shown = beginning("0123456789abcdef or fedcba9876543210");
        assert_eq!(shown, "012345… or fedcba…");
        let words = "one that the ed25519 key verifies";
        assert_eq!(beginning(words), words);
    }
}
