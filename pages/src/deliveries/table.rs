//! Deliveries as rows of a table, wherever they are listed.

use maud::{Markup, html};
use serde::Deserialize;

use super::Names;
use crate::parts::show::badge;
use crate::parts::times::{in_time, time};
use crate::visit::{Face, Visit, segment};

/// A delivery, as far as lists show it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) endpoint_id: String,
    pub(crate) account_id: String,
    pub(crate) state: String,
    pub(crate) attempts: u32,
    pub(crate) next_attempt_at: Option<String>,
    pub(crate) created_at: String,
    pub(crate) finished_at: Option<String>,
    pub(crate) last_error: Option<String>,
}

/// How rows are shown.
pub(crate) struct Table<'a> {
    pub(crate) visit: &'a Visit,
    pub(crate) names: &'a Names,
    /// Each has a box to check.
    pub(crate) pick: bool,
}

impl Table<'_> {
    pub(crate) fn show(&self, rows: &[Delivery]) -> Markup {
        let accounts = self.visit.face == Face::Operator;
        html! {
            div.scroll { table.deliveries {
                thead { tr {
                    @if self.pick { th.pick scope="col" { input type="checkbox" data-check-all="id" aria-label="Choose all on this page" hidden; } }
                    th scope="col" { "Event" } th scope="col" { "State" } th scope="col" { "Endpoint" }
                    th scope="col" { "Last failure" } th scope="col" { "Made" }
                } }
                tbody { @for row in rows { (self.row(row, accounts)) } }
            } }
        }
    }

    fn row(&self, row: &Delivery, accounts: bool) -> Markup {
        let visit = self.visit;
        html! {
            tr data-key=(row.id) {
                @if self.pick { td.pick { input type="checkbox" name="id" value=(row.id) aria-label={ "Choose " (row.id) }; } }
                td {
                    a href=(visit.to(&format!("/deliveries/{}", segment(&row.id)))) { (row.event_type) }
                    div.id { (row.id) }
                }
                td.nowrap { (badge(&row.state)) div.more { (attempts(row.attempts)) } }
                td.endpoint {
                    a.plain href=(visit.to(&format!("/endpoints/{}", segment(&row.endpoint_id)))) { (self.names.of(&row.endpoint_id)) }
                    @if accounts { div.more { (row.account_id) } }
                }
                td.why { (why(row)) }
                td { (time(&row.created_at)) }
            }
        }
    }
}

pub(crate) fn attempts(number: u32) -> String {
    match number {
        0 => "not sent".to_owned(),
        1 => "1 attempt".to_owned(),
        number => format!("{number} attempts"),
    }
}

/// What went wrong last, and what comes next.
fn why(row: &Delivery) -> Markup {
    let next = row.next_attempt_at.as_deref().filter(|_| row.attempts > 0);
    let words = row
        .last_error
        .as_deref()
        .map(|error| match error.split_once(": ") {
            // An answer says it shorter.
            Some((_, words)) if words.starts_with("the endpoint answered") => words,
            Some((_, words)) => words.split_once(';').map_or(words, |(what, _)| what),
            None => error,
        });
    html! {
        @if let Some(words) = words { div { (words) } }
        @if let Some(next) = next { div.more { "next attempt " (in_time(next)) } }
        @if words.is_none() && next.is_none() { span.none { "–" } }
    }
}
