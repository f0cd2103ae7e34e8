//! Who changed what: a row for each call that manages something, written before its answer goes out.
//!
//! The row is written after the call, in a transaction of its own: it tells how the call ended. If
//! that fails the answer stands, since what was asked for is done, and the operator's log has both.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use hookwright_core::ids::{AccountId, ProjectId, random_id};
use hookwright_core::limits::{
    AUDIT_REFUSED_PER_SECOND_MAX, AUDIT_UNKNOWN_PER_SECOND_MAX, REQUEST_ID_CHARS_MAX,
};
use hookwright_core::request_rate;
use hookwright_core::time::UnixMs;
use hookwright_store::{AuditRecord, KeyOwner, NewAuditEntry};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::app::App;
use crate::auth::hash_of;
use crate::known_keys::{Who, who};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// An id in a path, as it is kept.
const ID_CHARS_MAX: usize = 256;
/// What is no management: publishing, and what only looks although it is a POST.
const NOT_AUDITED: &[&str] = &[
    "/v1/events",
    "/v1/events/batch",
    "/v1/events/dry-run",
    "/v1/filters/test",
    "/v1/signatures/explain",
];

/// Where a request comes from: behind trusted proxies what they say, else the connection's address.
#[derive(Clone, Copy)]
pub(crate) struct Remote(pub(crate) IpAddr);

/// What a request within this process takes over from the one that it is made for: where it comes
/// from. What a router noted of the outer request's path is of no use to it.
#[must_use]
pub fn connection_of(outer: &Extensions) -> Extensions {
    let mut own = Extensions::new();
    if let Some(remote) = outer.get::<Remote>() {
        own.insert(*remote);
    }
    own
}

/// Where a request comes from: the address of a proxy in between, but for trusted ones.
#[must_use]
pub fn address_of(request: &Extensions) -> Option<IpAddr> {
    request.get::<Remote>().map(|remote| remote.0)
}

/// How many refused calls may still be kept: whoever is refused must not fill the disk.
#[derive(Default)]
pub(crate) struct Refused {
    of_known_keys: AtomicI64,
    of_unknown_keys: AtomicI64,
}

impl Refused {
    fn may_be_kept(&self, is_known: bool, now: UnixMs) -> bool {
        let (bucket, rate) = if is_known {
            (&self.of_known_keys, AUDIT_REFUSED_PER_SECOND_MAX)
        } else {
            (&self.of_unknown_keys, AUDIT_UNKNOWN_PER_SECOND_MAX)
        };
        let now = now.0.saturating_mul(1_000_000);
        let admit = |full_at| request_rate::admit(full_at, now, rate).ok();
        bucket
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, admit)
            .is_ok()
    }
}

/// Whether a call manages something, or shows a secret in full.
fn is_audited(method: &Method, template: &str) -> bool {
    match *method {
        Method::GET | Method::HEAD => template.ends_with("/secret"),
        Method::OPTIONS => false,
        _ => !NOT_AUDITED.contains(&template),
    }
}

/// The layer around all routes.
pub(crate) async fn audit(State(app): State<App>, request: Request, next: Next) -> Response {
    let template = request.extensions().get::<MatchedPath>();
    let Some(template) = template
        .map(MatchedPath::as_str)
        .filter(|template| is_audited(request.method(), template))
    else {
        return next.run(request).await;
    };
    let template = template.to_owned();
    let (head, body) = request.into_parts();
    // Beforehand: the call may end the key, the account or the project that it has to do with.
    let entry = begun(&app, &template, &head).await;
    let id = HeaderValue::try_from(&entry.record.request_id);
    let mut response = next.run(Request::from_parts(head, body)).await;
    finish(&app, entry, response.status().as_u16()).await;
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// What is known of a call before it is made.
async fn begun(app: &App, template: &str, head: &Parts) -> NewAuditEntry {
    let who = caller(app, &head.headers).await;
    let ids = ids(template, head.uri.path());
    let query = Named::of(&head.uri);
    let project_id = project(app, who.as_ref(), &ids, &query);
    let account_id = project_id.and_then(|id| account(app, who.as_ref(), id, (&ids, &query)));
    let remote = head.extensions.get::<Remote>();
    let session = who.as_ref().and_then(|who| who.session.clone());
    NewAuditEntry {
        project_id,
        account_id,
        at: app.engine.now(),
        noise: app.engine.random() as u32,
        record: AuditRecord {
            key_id: who.as_ref().map(|who| who.key_id.clone()),
            key_hint: who.as_ref().map(|who| who.hint.clone()),
            key_kind: who.as_ref().map(|who| who.kind.as_str().to_owned()),
            session_id: session.clone().map(|(id, _)| id),
            session_name: session.and_then(|(_, name)| name),
            method: head.method.to_string(),
            path: template.to_owned(),
            ids,
            status: 0,
            reason: None,
            remote_address: remote.map(|remote| remote.0.to_string()),
            request_id: request_id(&head.headers)
                .unwrap_or_else(|| random_id("req_", app.engine.random())),
        },
    }
}

/// Writes the row of a call that ended so.
pub(crate) async fn finish(app: &App, mut entry: NewAuditEntry, status: u16) {
    entry.record.status = status;
    let is_known = entry.record.key_id.is_some();
    if status >= 400 && !app.refused.may_be_kept(is_known, entry.at) {
        tracing::debug!(path = entry.record.path, status, "refused call not kept");
        return;
    }
    let (key, path) = (entry.record.key_id.clone(), entry.record.path.clone());
    if let Err(error) = app.engine.store().audit(entry).await {
        tracing::error!(%error, key, path, status, "call not kept in the audit log");
    }
}

/// Whose key the request has, also one that has ended.
async fn caller(app: &App, headers: &HeaderMap) -> Option<Who> {
    let hash = hash_of(headers).ok()?;
    if let Some(known) = app.keys.who(&hash) {
        return Some(known);
    }
    let key = app.engine.store().key_by_hash(hash).await;
    key.ok().flatten().as_ref().map(who)
}

/// What the query names, as far as it can be read.
#[derive(Default)]
struct Named {
    project_id: Option<String>,
    account_id: Option<String>,
}

impl Named {
    fn of(uri: &Uri) -> Self {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        let mut named = Self::default();
        for (name, value) in pairs.map(|pairs| pairs.0).unwrap_or_default() {
            match name.as_str() {
                "project_id" => named.project_id = Some(value),
                "account_id" => named.account_id = Some(value),
                _ => {}
            }
        }
        named
    }
}

/// The project that a call is about: the key's own, or for a root key the one that is named.
fn project(
    app: &App,
    who: Option<&Who>,
    ids: &BTreeMap<String, String>,
    query: &Named,
) -> Option<ProjectId> {
    match who?.owner {
        KeyOwner::Project(id) | KeyOwner::Account(id, _) => Some(id),
        KeyOwner::Root => {
            let named = ids.get("project_id").or(query.project_id.as_ref())?;
            app.engine
                .project_by_public_id(named)
                .map(|project| project.id)
        }
    }
}

/// The account that a call is about: the key's own, or the one that is named.
fn account(
    app: &App,
    who: Option<&Who>,
    project: ProjectId,
    (ids, query): (&BTreeMap<String, String>, &Named),
) -> Option<AccountId> {
    if let KeyOwner::Account(_, own) = who?.owner {
        return Some(own);
    }
    let named = ids.get("account_id").or(query.account_id.as_ref())?;
    app.engine.account(project, named)
}

/// The parts of a path that stand for the names in its template.
fn ids(template: &str, path: &str) -> BTreeMap<String, String> {
    let named = template.split('/').zip(path.split('/'));
    named
        .filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            let value = value.chars().take(ID_CHARS_MAX).collect();
            Some((name.trim_start_matches('*').to_owned(), value))
        })
        .collect()
}

/// The caller's own id of the request: visible ASCII, not too long.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fits = (1..=REQUEST_ID_CHARS_MAX).contains(&text.len());
    (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_is_audited_and_publishing_is_not() {
        for (method, template, audited) in [
            (Method::POST, "/v1/endpoints", true),
            (Method::DELETE, "/v1/keys/{key_id}", true),
            (Method::POST, "/v1/events", false),
            (Method::POST, "/v1/events/batch", false),
            (Method::GET, "/v1/endpoints", false),
            (Method::GET, "/v1/endpoints/{endpoint_id}/secret", true),
            (Method::HEAD, "/v1/keys", false),
        ] {
            assert_eq!(
                is_audited(&method, template),
                audited,
                "{method} {template}"
            );
        }
    }

    #[test]
    fn ids_are_read_by_the_names_of_the_template() {
        let found = ids(
            "/v1/accounts/{account_id}/keys/{key_id}",
            "/v1/accounts/ann/keys/key_1",
        );
        let expected = [("account_id", "ann"), ("key_id", "key_1")];
        assert_eq!(
            found,
            expected
                .map(|(name, id)| (name.to_owned(), id.to_owned()))
                .into()
        );
        assert!(ids("/v1/keys", "/v1/keys").is_empty());
    }

    #[test]
    fn refused_calls_are_kept_within_a_rate_each_of_known_and_unknown_keys() {
        let refused = Refused::default();
        let kept = |is_known, at| {
            (0..100)
                .filter(|_| refused.may_be_kept(is_known, at))
                .count()
        };
        let now = UnixMs(1_700_000_000_000);
        assert_eq!(kept(false, now), AUDIT_UNKNOWN_PER_SECOND_MAX as usize);
        assert_eq!(kept(true, now), AUDIT_REFUSED_PER_SECOND_MAX as usize);
        assert_eq!(
            kept(true, now.plus_ms(10_000)),
            AUDIT_REFUSED_PER_SECOND_MAX as usize
        );
    }

    #[test]
    fn a_callers_request_id_is_taken_if_it_is_plain() {
        let long = "x".repeat(REQUEST_ID_CHARS_MAX + 1);
        for (text, taken) in [("abc-1", true), ("", false), ("a b", false), (&long, false)] {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(text).expect("a header"));
            assert_eq!(request_id(&headers).is_some(), taken, "{text}");
        }
    }
}
