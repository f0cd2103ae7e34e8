//! Webhook logs: what was not delivered, and resending one of it or all.

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};

use crate::deliveries::{Asked, Delivery, Names, attempts, listed, nothing, one, said_of};
use crate::fault::{Fault, OrForm};
use crate::layout::{self, csrf_field};
use crate::parts::failure_words::words;
use crate::parts::list::{ListOf, empty, pager};
use crate::parts::show::badge;
use crate::parts::times::maybe;
use crate::posted::Posted;
use crate::router::Pages;
use crate::visit::{Face, Visit, segment};

/// What is in the log.
const STATES: &str = "failed,cancelled";

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/logs", get(list).post(resend))
}

async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    show(&visit, asked, None).await
}

async fn show(visit: &Visit, asked: Asked, refused: Option<&str>) -> Result<Response, Fault> {
    let is_filtered = !asked.is_empty();
    let asked = Asked {
        state: STATES.to_owned(),
        ..asked
    };
    let (names, found) =
        futures_util::future::join(Names::first(visit), listed(visit, &asked)).await;
    let mut names = names?;
    let (list, problem) = found?;
    names
        .add(visit, list.data.iter().map(|it| &it.endpoint_id))
        .await;
    let form = Asked {
        state: String::new(),
        ..asked.clone()
    };
    let may = visit.may("deliveries:write");
    let body = html! {
        div.title-row {
            h1 { "Webhook logs" }
            @if may && !list.data.is_empty() {
                a.button.primary href={ (visit.to("/deliveries/resend")) "?" (asked.query(&[("all", "1")])) } { "Resend all…" }
            }
        }
        p.quiet { "Webhooks that were not delivered: they failed for good, or were cancelled. What is still retried is among the " a href=(visit.to("/deliveries?state=retrying")) { "deliveries" } "." }
        (form.form(visit, &names))
        (said_of(problem.as_ref()))
        @if let Some(refused) = refused { div.trouble role="alert" { p { (refused) } } }
        @if !list.data.is_empty() { (table(visit, &names, &list, may)) }
        @else if is_filtered || list.next_cursor.is_some() { (nothing(&list, !is_filtered)) }
        @else { (empty("Nothing failed", "Every webhook that is finished was delivered.")) }
        (pager(visit, &list))
    };
    Ok(layout::page(visit, "Webhook logs", &body))
}

fn table(visit: &Visit, names: &Names, list: &ListOf<Delivery>, may: bool) -> Markup {
    let accounts = visit.face == Face::Operator;
    html! {
        div.scroll { table.deliveries {
            thead { tr {
                th scope="col" { "Webhook" } th scope="col" { "Endpoint" }
                th scope="col" { "Why it was not delivered" } th scope="col" { "Given up" }
                @if may { th scope="col" { span.hidden { "Resend" } } }
            } }
            tbody { @for row in &list.data { tr data-key=(row.id) {
                td { a href=(visit.to(&format!("/deliveries/{}", segment(&row.id)))) { (row.event_type) } div.id { (row.event_id) } }
                td.endpoint {
                    a.plain href=(visit.to(&format!("/endpoints/{}", segment(&row.endpoint_id)))) { (names.of(&row.endpoint_id)) }
                    @if accounts { div.more { (row.account_id) } }
                }
                td.why { (reason(row)) div.more { (attempts(row.attempts)) } }
                td { (maybe(row.finished_at.as_deref())) }
                @if may { td {
                    form.inline method="post" action=(visit.to("/logs")) {
                        (csrf_field(visit))
                        input type="hidden" name="id" value=(row.id);
                        button type="submit" aria-label={ "Resend " (row.event_type) " " (row.event_id) } { "Resend" }
                    }
                } }
            } } }
        } }
    }
}

fn reason(row: &Delivery) -> Markup {
    let (class, told) = match row.last_error.as_deref().and_then(|it| it.split_once(": ")) {
        Some((class, told)) => (class, told),
        None => ("", ""),
    };
    let status = told.strip_prefix("the endpoint answered ");
    html! {
        @if row.state == "cancelled" { (badge("cancelled")) " " }
        @if !class.is_empty() { (words(class).happened) @if let Some(status) = status { " It answered " b { (status) } "." } }
    }
}

/// One of them, once.
async fn resend(posted: Posted) -> Result<Response, Fault> {
    let visit = &posted.visit;
    let id = posted.fields.text("id").unwrap_or("");
    match one(visit, id).await.or_form()? {
        Ok(()) => {
            let path = format!("/deliveries/{}?said=resent", segment(id));
            Ok(Redirect::to(&visit.to(&path)).into_response())
        }
        Err(problem) => {
            let page = show(visit, Asked::default(), Some(&problem.detail)).await?;
            let status =
                http::StatusCode::from_u16(problem.status).unwrap_or(http::StatusCode::CONFLICT);
            Ok((status, page).into_response())
        }
    }
}
