//! Sessions: what a browser holds of somebody who signed in, in the place of their key.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::random_id;
use hookwright_core::key_format::KeyKind;
use hookwright_core::limits::{
    MANAGEMENT_BODY_BYTES_MAX, SESSION_SECONDS_DEFAULT, SESSION_SECONDS_MAX,
};
use hookwright_core::scope::{Scope as KeyScope, Scopes};
use hookwright_store::{Key, KeyOwner, KeyUse, KeysOf, NewKey, OpenedWith, Page, StoreError};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::auth::{Caller, hash_of};
use crate::key_shown::{make_key, scopes_of};
use crate::known_keys::kind_of;
use crate::paging::{List, Named, PageOf};
use crate::problem::Problem;
use crate::projects::check_text;
use crate::query::QueryText;
use crate::{body, times};

const ALL: &str = "/v1/sessions";
const ONE: &str = "/v1/sessions/{session_id}";
const OWN: &str = "/v1/sessions/self";
/// Sessions that are looked at in one step.
const SESSIONS_PAGE: usize = 250;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Sessions", summary);
    let managed = |id, summary| doc(id, summary).scope(KeyScope::KeysWrite);
    Api::default()
        .post(
            ALL,
            open,
            doc("openSession", "Opens a session with the key of this call.")
                .description(
                    "What signing in does: the browser keeps the session's token, and not the key. \
                     A session may do what the key may. It ends by itself, and at once when the key \
                     is revoked, expires or is replaced and its overlap is over. A key has at most \
                     1000 at a time. Sessions and portal tokens open none.",
                )
                .optional_body::<SessionInput>()
                .answer::<SessionOpened>(201),
        )
        .get(
            ALL,
            list,
            managed("listSessions", "Lists sessions, newest first.")
                .description(
                    "A project's key sees those of its project's and accounts' keys, a root key all \
                     there are. A session that ended is kept in the list for a day.",
                )
                .query::<List>()
                .answer::<PageOf<SessionShown>>(200),
        )
        .delete(
            ONE,
            revoke,
            managed("endSession", "Ends a session.")
                .query::<Named>()
                .no_content(),
        )
        .delete(
            OWN,
            end_own,
            doc("endOwnSession", "Ends the session of this call: signs out.")
                .query::<OwnQuery>()
                .no_content(),
        )
}

/// A session to be opened.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SessionInput {
    /// What people recognise it by, such as the browser: 1 to 1024 characters.
    #[schemars(length(min = 1, max = 1024))]
    name: Option<String>,
    /// How long it works, in seconds: 1 to 604800 (7 days), 43200 (12 hours) if not given. Never
    /// longer than the key.
    #[schemars(range(min = 1, max = 604_800))]
    expires_in_seconds: Option<u32>,
}

/// Which sessions end with the call's own.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OwnQuery {
    /// All others too that were opened with the same key, or where single sign-on opened them by
    /// the same person: signs out everywhere. `false` if not given.
    #[schemars(with = "Option<bool>")]
    everywhere: Option<String>,
}

/// A session as it is shown: never its token.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session")]
struct SessionShown {
    id: String,
    name: Option<String>,
    /// What it opens: `root`, `project` or `account`.
    kind: &'static str,
    /// The project that it opens; null where it opens all.
    project_id: Option<String>,
    /// The account that it opens; null where it opens more.
    account_id: Option<String>,
    /// The key that it was opened with; null where single sign-on opened it.
    parent_id: Option<String>,
    /// The first characters of that key.
    parent_hint: Option<String>,
    scopes: Vec<&'static str>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    /// Whether it works: not once it has ended, nor once `--oidc-allow` lost the rule by which single
    /// sign-on opened it.
    works: bool,
    /// To about a minute; null if never.
    last_used_at: Option<String>,
}

/// A session just opened.
#[derive(Serialize, JsonSchema)]
struct SessionOpened {
    #[serde(flatten)]
    session: SessionShown,
    /// The whole token, which is sent as `Authorization: Bearer`. It is shown this once.
    token: String,
}

/// A session to be kept.
pub(crate) struct NewSession {
    pub(crate) owner: KeyOwner,
    pub(crate) scopes: Scopes,
    pub(crate) name: Option<String>,
    /// At most [`SESSION_SECONDS_MAX`].
    pub(crate) expires_in_seconds: u32,
    /// Of the key that it is opened with.
    pub(crate) rate_limit: Option<u32>,
    pub(crate) with: OpenedWith,
}

impl App {
    /// Opens a session: as it is kept, and its token.
    pub(crate) async fn keep_session(
        &self,
        session: NewSession,
    ) -> Result<(Key, String), StoreError> {
        let made = make_key(self, KeyKind::Session, session.scopes);
        let lives = session.expires_in_seconds.min(SESSION_SECONDS_MAX);
        let new = NewKey {
            public_id: random_id("ses_", self.engine.random()),
            owner: session.owner,
            name: session.name,
            used_for: KeyUse::Session,
            expires_at: Some(made.new.now.plus_ms(u64::from(lives) * 1000)),
            rate_limit: session.rate_limit,
            ..made.new
        };
        let store = self.engine.store();
        let key = store.open_session(new, session.with).await?;
        tracing::info!(session = key.public_id, "session opened");
        Ok((key, made.key))
    }

    /// Which sessions a caller may know of.
    fn sessions_of(
        &self,
        caller: &Caller,
        project: Option<&str>,
        account: Option<&str>,
    ) -> Result<KeysOf, Problem> {
        match (caller.owner, project, account) {
            (KeyOwner::Root, None, None) => Ok(KeysOf::Sessions),
            _ => Ok(KeysOf::SessionsOf(self.scope(caller, project, account)?)),
        }
    }

    /// The key of a call, as it is kept.
    pub(crate) async fn own_row(&self, headers: &HeaderMap) -> Result<Key, Problem> {
        self.any_caller(headers).await?;
        let key = self.engine.store().key_by_hash(hash_of(headers)?).await?;
        key.ok_or_else(|| Problem::not_found("key"))
    }
}

async fn open(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let key = app.own_row(request.headers()).await?;
    if matches!(key.used_for, KeyUse::Session | KeyUse::Portal) {
        return Err(Problem::forbidden(
            "sessions and portal tokens open no sessions; use an API key",
        ));
    }
    let input: SessionInput = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    if let Some(name) = &input.name {
        check_text("/name", name)?;
    }
    let seconds = input.expires_in_seconds.unwrap_or(SESSION_SECONDS_DEFAULT);
    if !(1..=SESSION_SECONDS_MAX).contains(&seconds) {
        let detail = format!("must be 1 to {SESSION_SECONDS_MAX} seconds");
        return Err(Problem::field("/expires_in_seconds", detail));
    }
    let session = NewSession {
        owner: key.owner,
        scopes: scopes_of(&key),
        name: input.name,
        expires_in_seconds: seconds,
        rate_limit: key.rate_limit,
        with: OpenedWith::Key(key.id),
    };
    let (session, token) = app.keep_session(session).await?;
    let session = show(&app, &session);
    let answer = SessionOpened { session, token };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<SessionShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let query = query.read::<List>()?;
    let (project, account) = (query.project_id.as_deref(), query.account_id.as_deref());
    let of = app.sessions_of(&caller, project, account)?;
    let page = app.engine.store().keys(of, query.page()?).await?;
    Ok(Json(PageOf::new(page, |key| show(&app, key))))
}

async fn revoke(
    State(app): State<App>,
    headers: HeaderMap,
    Path(session): Path<String>,
    query: QueryText,
) -> Result<StatusCode, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let query = query.read::<Named>()?;
    let (project, account) = (query.project_id.as_deref(), query.account_id.as_deref());
    let of = app.sessions_of(&caller, project, account)?;
    let (store, now) = (app.engine.store(), app.engine.now());
    store.revoke_key(of, session.clone(), now).await?;
    tracing::info!(session, "session ended");
    Ok(StatusCode::NO_CONTENT)
}

async fn end_own(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<StatusCode, Problem> {
    let own = app.own_row(&headers).await?;
    if own.used_for != KeyUse::Session {
        let detail = "this call was made with a key, not in a session; nothing was ended";
        return Err(Problem::forbidden(detail));
    }
    let query: OwnQuery = query.read()?;
    let (store, now) = (app.engine.store(), app.engine.now());
    match query.everywhere.as_deref() {
        None | Some("false") => {}
        Some("true") => end_others(&app, &own).await?,
        Some(_) => return Err(Problem::query("everywhere", "must be true or false")),
    }
    // Last: what fails before can be asked for again.
    let id = own.public_id;
    store.revoke_key(KeysOf::Sessions, id.clone(), now).await?;
    tracing::info!(session = id, "session ended");
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the sessions of whom `own` is, all but that one.
async fn end_others(app: &App, own: &Key) -> Result<(), Problem> {
    let store = app.engine.store();
    let mut page = Page {
        before: None,
        after: None,
        limit: SESSIONS_PAGE,
    };
    loop {
        let found = store.keys(KeysOf::Sessions, page).await?;
        let theirs = found
            .rows
            .iter()
            .filter(|key| key.id != own.id && key.revoked_at.is_none() && is_of_the_same(own, key));
        for key in theirs {
            let id = key.public_id.clone();
            match store
                .revoke_key(KeysOf::Sessions, id, app.engine.now())
                .await
            {
                // It was ended, or forgotten, meanwhile.
                Ok(_) | Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        match found.next {
            Some(next) => page.before = Some(next),
            None => return Ok(()),
        }
    }
}

/// Whether two sessions are the same holder's: of one key, or of one person whom single sign-on
/// named.
fn is_of_the_same(own: &Key, other: &Key) -> bool {
    match (&own.parent, &other.parent) {
        (Some(own), Some(other)) => own.public_id == other.public_id,
        (None, None) => own.owner == other.owner && own.name == other.name,
        _ => false,
    }
}

fn show(app: &App, key: &Key) -> SessionShown {
    let (project, account) = match key.owner {
        KeyOwner::Root => (None, None),
        KeyOwner::Project(project) => (Some(project), None),
        KeyOwner::Account(project, account) => (Some(project), Some(account)),
    };
    let project = project.and_then(|id| app.engine.project(id));
    let parent = key.parent.as_ref();
    SessionShown {
        id: key.public_id.clone(),
        name: key.name.clone(),
        kind: kind_of(key).as_str(),
        project_id: project.map(|project| project.public_id.clone()),
        account_id: account
            .and_then(|id| app.engine.account_public_id(id))
            .map(|id| id.to_string()),
        parent_id: parent.map(|parent| parent.public_id.clone()),
        parent_hint: parent.map(|parent| format!("{}…", parent.hint)),
        scopes: scopes_of(key).iter().map(KeyScope::as_str).collect(),
        created_at: times::rfc3339(key.created_at),
        expires_at: key.expires_at.map(times::rfc3339),
        revoked_at: key.revoked_at.map(times::rfc3339),
        works: key.revoked_at.is_none()
            && key.expires_at.is_none_or(|at| at > app.engine.now())
            && app.still_admits(key),
        last_used_at: key.last_used_at.map(times::rfc3339),
    }
}
