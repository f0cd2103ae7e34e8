//! Which endpoints fail most, and why?

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Deserialize;

use crate::fault::Fault;
use crate::parts::failure_words::words;
use crate::parts::list::empty;
use crate::parts::show::count;
use crate::stats::{Range, percent};
use crate::visit::{Face, Visit, segment};

#[derive(Deserialize)]
pub(super) struct Failing {
    is_complete: bool,
    pub(super) data: Vec<One>,
}

#[derive(Deserialize)]
pub(super) struct One {
    endpoint_id: String,
    account_id: String,
    name: Option<String>,
    url: String,
    failures: u64,
    success_rate: Option<f64>,
    errors: BTreeMap<String, u64>,
}

impl One {
    /// The class that most of the failures are of.
    fn cause(&self) -> Option<&str> {
        let most = self.errors.iter().max_by_key(|(_, count)| **count);
        most.map(|(class, _)| class.as_str())
    }
}

pub(super) async fn ask(visit: &Visit, range: Range, since: &str) -> Result<Failing, Fault> {
    let query = [
        ("width", range.coarse_width()),
        ("since", since),
        ("limit", "8"),
    ];
    visit.get("/v1/stats/endpoints", &query).await
}

pub(super) fn show(visit: &Visit, failing: &Failing, range: Range) -> Markup {
    let with_account = visit.face == Face::Operator;
    html! {
        h2 { "Endpoints that fail most" }
        @if failing.data.is_empty() {
            (empty("No endpoint fails", "No attempt failed in this time."))
        } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Endpoint" }
                    @if with_account { th scope="col" { "Account" } }
                    th.number scope="col" { "Failures" } th.number scope="col" { "Success rate" } th scope="col" { "Mostly because" }
                } }
                tbody { @for one in &failing.data { tr data-key=(one.endpoint_id) {
                    td { a href=(visit.to(&format!("/endpoints/{}", segment(&one.endpoint_id)))) { (one.name.as_deref().unwrap_or(&one.url)) } }
                    @if with_account { td { a href=(visit.to(&format!("/accounts/{}", segment(&one.account_id)))) { (one.account_id) } } }
                    td.number { (count(one.failures)) }
                    td.number { (one.success_rate.map_or("–".to_owned(), percent)) }
                    td { (one.cause().map_or("–", |class| words(class).title)) }
                } } }
            } }
            @if !failing.is_complete { p.quiet { "There was more than is added up at once: this is of the newest part of the last " (range.name) "." } }
        }
    }
}
