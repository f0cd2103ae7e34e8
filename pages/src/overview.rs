//! How is delivery going?

mod advice;
mod charts;
mod figures;
mod one_type;
mod worst;

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use futures_util::try_join;
use maud::{Markup, html};
use serde::Deserialize;

use crate::fault::Fault;
use crate::layout;
use crate::parts::list::empty;
use crate::router::Pages;
use crate::stats::{RANGES, Range, Stats, moment};
use crate::visit::Visit;

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/", get(overview))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    range: Option<String>,
}

async fn overview(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    if !visit.may("deliveries:read") {
        let text = "Your key may not read deliveries. The menu has what it may do.";
        let body = html! { h1 { "Overview" } (empty("Nothing to see here", text)) };
        return Ok(layout::page(&visit, "Overview", &body));
    }
    let range = Range::of(asked.range.as_deref());
    let now_ms = (visit.pages.options.now)();
    let since = range.since(now_ms);
    let from = moment(since);
    let query = [
        ("width", range.width),
        ("per_point", range.per_point),
        ("since", from.as_str()),
    ];
    // Asked at once: each looks at something else.
    let (stats, worst, types, unwell) = try_join!(
        visit.get::<Stats>("/v1/stats", &query),
        worst::ask(&visit, range, &from),
        one_type::ask(&visit, range, &from),
        advice::unwell(&visit),
    )?;
    let one_type = one_type::told(&visit, &types, &stats.totals, (range, &from)).await?;
    let advice = advice::all(&stats, &worst, (one_type, unwell.as_ref()), now_ms);
    let body = html! {
        div.title-row { h1 { "Overview" } (ranges(&visit, range)) }
        div #live data-live="5" {
            (advice::show(&visit, &advice))
            (figures::tiles(&visit, &stats, range, now_ms))
            (charts::show(range, since, stats.points))
            div.grid {
                (figures::phases(&stats.totals))
                (figures::failures(&visit, &stats.totals))
            }
            (worst::show(&visit, &worst, range))
        }
    };
    Ok(layout::page(&visit, "Overview", &body))
}

/// Links to the same page over other stretches of time.
fn ranges(visit: &Visit, chosen: Range) -> Markup {
    let here = visit.to("/");
    html! {
        nav.ranges aria-label="Time shown" {
            @for range in RANGES {
                a href={ (here) "?range=" (range.word) } aria-current=[(range == chosen).then_some("true")]
                    title={ "The last " (range.name) } { (range.word) }
            }
        }
    }
}
