//! Many deliveries sent again: how many they are is shown before anything is sent.

use axum::extract::{Query, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::{StreamExt, stream};
use hookwright_core::limits::{
    PAGE_RESENT_AT_ONCE_MAX, PAGE_RESENT_UNDER_WAY_MAX, REPLAY_PREVIEWED_ROWS_MAX,
};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::form_urlencoded;

use super::plan::{Plan, plan};
use super::{Asked, Delivery, Names, said_of};
use crate::fault::{Fault, OrForm, Problem};
use crate::layout::{self, csrf_field};
use crate::parts::list::ListOf;
use crate::parts::show::count;
use crate::posted::Posted;
use crate::visit::{Visit, segment};

/// The list within a form that leads to the preview.
pub(super) fn form(visit: &Visit, asked: &Asked, list: &Markup) -> Markup {
    html! {
        form method="get" action=(visit.to("/deliveries/resend")) {
            (list)
            div.actions {
                button type="submit" { "Resend the chosen…" }
                a.button href={ (visit.to("/deliveries/resend")) "?" (asked.query(&[("all", "1")])) } { "Resend all that match…" }
            }
        }
    }
}

/// What is to be sent again.
enum Chosen {
    These(Vec<String>),
    All(Box<Asked>, String),
}

/// Read from the preview's address, and from the form on it.
fn chosen(visit: &Visit, query: &str) -> Chosen {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let get = |name: &str| {
        pairs
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.clone())
    };
    if get("all").is_none() {
        let ids = pairs
            .into_iter()
            .filter(|(name, _)| name == "id")
            .map(|(_, id)| id);
        return Chosen::These(ids.take(PAGE_RESENT_AT_ONCE_MAX).collect());
    }
    let now = (visit.pages.options.now)();
    let now = OffsetDateTime::from_unix_timestamp_nanos(i128::from(now) * 1_000_000);
    let now = now
        .ok()
        .and_then(|now| now.format(&Rfc3339).ok())
        .unwrap_or_default();
    let asked = format!("/?{query}").parse().ok();
    let asked = asked.and_then(|uri| Query::<Asked>::try_from_uri(&uri).ok());
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    Chosen::All(Box::new(asked), get("until").unwrap_or(now))
}

/// What a dry run of a replay answers.
#[derive(Deserialize)]
struct Counted {
    count: u64,
    count_is_exact: bool,
    skipped: std::collections::BTreeMap<String, u64>,
}

pub(super) async fn preview(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let query = query.unwrap_or_default();
    if let Some(done) = done(&query) {
        return Ok(layout::page(&visit, "Resent", &done.show(&visit)));
    }
    let (mut until, mut filters) = (String::new(), html! {});
    let (said, can) = match chosen(&visit, &query) {
        Chosen::These(ids) => of_these(&visit, &ids),
        Chosen::All(asked, now) => {
            let mut names = Names::none();
            if !asked.endpoint_id.is_empty() {
                names.add(&visit, std::iter::once(&asked.endpoint_id)).await;
            }
            filters = html! { dl.facts.card { @for (name, value) in asked.told(&names) { dt { (name) } dd { (value) } } } };
            let found = match plan(&asked, &now) {
                Plan::Replay(replay) => of_replay(&visit, replay).await?,
                Plan::OneByOne => of_all(&visit, &asked, &now).await?,
            };
            until = now;
            found
        }
    };
    let body = html! {
        h1 { "Resend" }
        (filters)
        (said)
        div.actions {
            @if can {
                form.inline method="post" action=(visit.to("/deliveries/resend")) {
                    (csrf_field(&visit))
                    input type="hidden" name="query" value={ (query) "&until=" (until) };
                    button.primary type="submit" { "Resend now" }
                }
            }
            a.button href=(visit.to("/deliveries")) { "Back, without sending" }
        }
    };
    Ok(layout::page(&visit, "Resend", &body))
}

const ONE_ATTEMPT: &str = "Each gets one attempt now, beside its schedule. What was delivered before is sent once more: the receiver tells it by the event's id. What failed stays failed unless this attempt succeeds.";

fn of_these(visit: &Visit, ids: &[String]) -> (Markup, bool) {
    let said = html! {
        @if ids.is_empty() { p { "Nothing is chosen. Check the boxes before the deliveries that you mean." } }
        @else {
            p.count { strong { (count(ids.len() as u64)) } @if ids.len() == 1 { " delivery" } @else { " deliveries" } " that you chose." }
            p { (ONE_ATTEMPT) }
            details { summary { "Which" } ul { @for id in ids {
                li { a href=(visit.to(&format!("/deliveries/{}", segment(id)))) { code { (id) } } }
            } } }
        }
    };
    (said, !ids.is_empty())
}

async fn of_all(visit: &Visit, asked: &Asked, until: &str) -> Result<(Markup, bool), Fault> {
    let (ids, more) = match walk(visit, asked, until).await.or_form()? {
        Ok(found) => found,
        Err(problem) => return Ok((said_of(Some(&problem)), false)),
    };
    let said = html! {
        p.count { strong { (count(ids.len() as u64)) } @if ids.len() == 1 { " delivery fits" } @else { " deliveries fit" } " the filters" @if more { ", and there may be more" } "." }
        @if more { p.note { "At most " (count(PAGE_RESENT_AT_ONCE_MAX as u64)) " are resent at once with these filters: these are the newest. Any number is resent of what has ended: choose the state " strong { "Failed or cancelled" } ", or an endpoint with " strong { "Delivered" } ", beside your other filters. That is done as a replay." } }
        p { (ONE_ATTEMPT) }
    };
    Ok((said, !ids.is_empty()))
}

async fn of_replay(visit: &Visit, mut replay: serde_json::Value) -> Result<(Markup, bool), Fault> {
    let what = replay["what"].as_str() == Some("failed");
    replay["dry_run"] = json!(true);
    // The page is to be there at once: the replay itself counts further.
    replay["counted_rows"] = json!(REPLAY_PREVIEWED_ROWS_MAX);
    let asked = visit
        .send::<Counted>(Method::POST, "/v1/replays", &[], Some(&replay))
        .await;
    let counted = match asked.or_form()? {
        Ok(counted) => counted,
        Err(problem) => return Ok((said_of(Some(&problem)), false)),
    };
    let said = html! {
        p.count { strong { @if !counted.count_is_exact { "At least " } (count(counted.count)) } @if counted.count == 1 { " delivery fits" } @else { " deliveries fit" } " the filters." }
        p { "They are sent by a replay, 500 a second at most. You can watch, pause and end it. "
            @if what { "Each begins anew with a whole retry schedule." }
            @else { "What was delivered is sent once more and stays delivered; what failed begins anew." } }
        @if !counted.skipped.is_empty() { p.note {
            "Passed over: "
            @for (place, (reason, number)) in counted.skipped.iter().enumerate() {
                @if place > 0 { ", " } (count(*number)) " " (skipped(reason))
            } "."
        } }
    };
    Ok((said, counted.count > 0))
}

fn skipped(reason: &str) -> String {
    match reason {
        "endpoint_disabled" => "whose endpoint is disabled".to_owned(),
        "endpoint_deleted" => "whose endpoint was deleted".to_owned(),
        "payload_gone" => "whose payload is no longer kept".to_owned(),
        "already_waiting" => "that wait already".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The ids that fit, the newest first, as many as are bounded; and whether there may be more.
async fn walk(visit: &Visit, asked: &Asked, until: &str) -> Result<(Vec<String>, bool), Fault> {
    let mut pairs = asked.pairs();
    if let Some((_, before)) = pairs.iter_mut().find(|(name, _)| *name == "created_before")
        && before.is_empty()
    {
        until.clone_into(before);
    }
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    // A page may be empty before the list's end: what lies further back is not looked for.
    for _ in 0..PAGE_RESENT_AT_ONCE_MAX.div_ceil(100) {
        let mut query: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        query.extend([("limit", "100"), ("cursor", &cursor)]);
        let list: ListOf<Delivery> = visit.get("/v1/deliveries", &query).await?;
        ids.extend(list.data.into_iter().map(|it| it.id));
        match list.next_cursor {
            Some(next) => cursor = next,
            None => return Ok((ids, false)),
        }
    }
    ids.truncate(PAGE_RESENT_AT_ONCE_MAX);
    Ok((ids, true))
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

pub(super) async fn resend(posted: Posted) -> Result<Response, Fault> {
    let visit = &posted.visit;
    let query = posted.fields.get("query").unwrap_or("");
    let ids = match chosen(visit, query) {
        Chosen::These(ids) => ids,
        Chosen::All(asked, until) => match plan(&asked, &until) {
            Plan::OneByOne => walk(visit, &asked, &until).await?.0,
            Plan::Replay(replay) => {
                let made: Made = visit
                    .send(Method::POST, "/v1/replays", &[], Some(&replay))
                    .await?;
                let path = format!("/replays/{}", segment(&made.id));
                return Ok(Redirect::to(&visit.to(&path)).into_response());
            }
        },
    };
    let results = stream::iter(ids).map(|id| async move { one(visit, &id).await });
    let results: Vec<Result<(), Fault>> = results
        .buffer_unordered(PAGE_RESENT_UNDER_WAY_MAX)
        .collect()
        .await;
    let sent = results.iter().filter(|result| result.is_ok()).count();
    let refused = results.len() - sent;
    let why = results.into_iter().find_map(|result| match result {
        Err(Fault::Refused(Problem { code, .. })) => Some(code),
        _ => None,
    });
    let why = why.unwrap_or_default();
    let path = format!("/deliveries/resend?sent={sent}&refused={refused}&why={why}");
    Ok(Redirect::to(&visit.to(&path)).into_response())
}

/// One attempt now.
pub(crate) async fn one(visit: &Visit, id: &str) -> Result<(), Fault> {
    let path = format!("/v1/deliveries/{}/resend", segment(id));
    let answer = visit
        .send::<serde::de::IgnoredAny>(Method::POST, &path, &[], None)
        .await;
    answer.map(drop)
}

/// What came of it.
#[derive(Deserialize)]
struct Done {
    sent: u64,
    refused: u64,
    #[serde(default)]
    why: String,
}

fn done(query: &str) -> Option<Done> {
    let Query(done) = Query::try_from_uri(&format!("/?{query}").parse().ok()?).ok()?;
    Some(done)
}

impl Done {
    fn show(&self, visit: &Visit) -> Markup {
        let why = match &*self.why {
            "endpoint_disabled" => "Their endpoints are disabled or deleted: enable them first.",
            "missing_scope" => "You may not resend.",
            "rate_limited" => "Your key's rate limit was reached: wait a second and choose fewer.",
            _ => "They are no longer kept, or the server could not take them now.",
        };
        html! {
            h1 { "Resent" }
            @if self.sent > 0 { p.said role="status" { (count(self.sent)) @if self.sent == 1 { " delivery gets" } @else { " deliveries get" } " one attempt now. What came of each is on its page." } }
            @if self.refused > 0 { p.trouble role="alert" { (count(self.refused)) " could not be resent. " (why) } }
            p { a href=(visit.to("/deliveries")) { "To the deliveries" } }
        }
    }
}
