//! The audit log, to look at.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use axum::Json;
use axum::extract::State;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{AuditEntry, AuditFilter, KeyOwner};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::{self, App};
use crate::paging::{self, PageOf};
use crate::problem::Problem;
use crate::query::QueryText;
use crate::{sign_on, times};

const DESCRIPTION: &str = "Every call that manages something is kept for 400 days: who made it, \
    when, on what, and how it ended, calls that were refused included (within a bound per second). \
    So is every look at a secret. Publishing is not. Single sign-on is, who \
    was refused included. A root key without `project_id` sees all there \
    is, a project's key what was about its project, an account's key what was about its account. \
    Which root key made a call, only root keys see.";

pub(crate) fn api() -> Api {
    Api::default().get(
        "/v1/audit",
        list,
        Doc::new(
            "listAudit",
            "Audit",
            "Lists who changed what, newest first.",
        )
        .description(DESCRIPTION)
        .scope(KeyScope::AuditRead)
        .query::<AuditQuery>()
        .answer::<PageOf<AuditShown>>(200),
    )
}

/// An operation's name and its one line.
type Told = (&'static str, &'static str);

/// What is told of each operation, by its method in lower case and its path.
static ASKED: LazyLock<HashMap<(String, String), Told>> = LazyLock::new(|| {
    let each = app::operations().into_iter();
    each.map(|it| {
        let place = (it.method.to_owned(), it.path.to_owned());
        (place, (it.doc.id, it.doc.summary))
    })
    .collect()
});

/// Which entries of the audit log.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// The project, where the key is a root key; without it, all of them.
    project_id: Option<String>,
    /// The account, where the key is not an account's.
    account_id: Option<String>,
    /// Only calls with the key of this id, or in the session of this id. A page may then hold fewer than `limit` and yet have a
    /// next one.
    actor: Option<String>,
    /// Only calls from this time on (RFC 3339).
    since: Option<String>,
    /// Only calls before this time (RFC 3339).
    until: Option<String>,
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    limit: Option<String>,
    /// A `next_cursor` as it was given.
    cursor: Option<String>,
}

/// A call that managed something, or was to.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditEntry")]
struct AuditShown {
    id: String,
    at: String,
    actor: Actor,
    /// The project that it was about; null for what was about none, or about one that is gone.
    project_id: Option<String>,
    /// What was asked for: the operation's name in this document; null for one that is no more, and for
    /// single sign-on, which is no call.
    operation: Option<&'static str>,
    /// The same in words.
    summary: Option<&'static str>,
    /// The HTTP method.
    method: String,
    /// The path as this document has it.
    path: String,
    /// The ids that stood in the path, by their names there.
    ids: BTreeMap<String, String>,
    /// The HTTP status of the answer.
    status: u16,
    /// Why single sign-on let nobody in; null of everything else.
    reason: Option<String>,
    /// Where the call came from: the address of a proxy in between, unless `--trusted-proxy` names it.
    /// Not shown of root keys' calls but to root keys.
    remote_address: Option<String>,
    /// The request's `X-Request-Id`, or one that was made; the answer had it too.
    request_id: String,
}

/// Who made a call.
#[derive(Serialize, JsonSchema)]
struct Actor {
    /// `root`, `project`, `account` or `portal`; null for a key that nobody knows, or none.
    kind: Option<String>,
    /// The key's id. Not shown of root keys but to root keys.
    key_id: Option<String>,
    /// The key's first characters. Not shown of root keys but to root keys.
    hint: Option<String>,
    /// The session that the call was made in, opened with that key; null outside of one. Not shown
    /// of root keys but to root keys.
    session_id: Option<String>,
    /// What the session is called: who signed in, or with which browser. Without a session, who it
    /// was that single sign-on refused, if the identity provider vouched for them.
    session_name: Option<String>,
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<AuditShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::AuditRead).await?;
    let query: AuditQuery = query.read()?;
    let (project, account) = (query.project_id.as_deref(), query.account_id.as_deref());
    let is_root = matches!(caller.owner, KeyOwner::Root);
    let scope = match (is_root, project, account) {
        (true, None, None) => None,
        _ => Some(app.scope(&caller, project, account)?),
    };
    let time = |name, text: Option<&str>| {
        let read = |text| {
            times::parse(text).ok_or_else(|| Problem::query(name, "must be a time, as RFC 3339"))
        };
        text.map(read).transpose()
    };
    let filter = AuditFilter {
        project_id: scope.map(|scope| scope.project_id),
        account_id: scope.and_then(|scope| scope.account_id),
        since: time("since", query.since.as_deref())?,
        until: time("until", query.until.as_deref())?,
        key_id: query.actor,
    };
    let page = paging::page(query.limit.as_deref(), query.cursor.as_deref())?;
    let found = app.engine.store().audit_log(filter, page).await?;
    Ok(Json(PageOf::new(found, |entry| show(&app, entry, is_root))))
}

fn show(app: &App, entry: &AuditEntry, to_root: bool) -> AuditShown {
    let record = entry.record.clone();
    let asked = ASKED.get(&(record.method.to_ascii_lowercase(), record.path.clone()));
    let signs_on = (record.path == sign_on::PATH).then_some(sign_on::SUMMARY);
    let project = entry.project_id.and_then(|id| app.engine.project(id));
    let is_shown = to_root || record.key_kind.as_deref() != Some("root");
    AuditShown {
        id: format!("aud_{:x}", entry.id),
        at: times::rfc3339(entry.at()),
        actor: Actor {
            kind: record.key_kind,
            key_id: record.key_id.filter(|_| is_shown),
            hint: record
                .key_hint
                .filter(|_| is_shown)
                .map(|hint| format!("{hint}…")),
            session_id: record.session_id.filter(|_| is_shown),
            session_name: record.session_name.filter(|_| is_shown),
        },
        project_id: project.map(|project| project.public_id.clone()),
        operation: asked.map(|(id, _)| *id),
        summary: asked.map(|(_, summary)| *summary).or(signs_on),
        method: record.method,
        path: record.path,
        ids: record.ids,
        status: record.status,
        reason: record.reason,
        remote_address: record.remote_address.filter(|_| is_shown),
        request_id: record.request_id,
    }
}
