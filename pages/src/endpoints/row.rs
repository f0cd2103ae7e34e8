//! One endpoint in the list: its name, its state and its last day.

use maud::{Markup, html};
use serde::Deserialize;

use super::state::cell;
use crate::parts::health::Health;
use crate::parts::show::count;
use crate::parts::sparkline::{Hour, sparkline};
use crate::stats::{percent, seconds};
use crate::visit::{Visit, segment};

const HOURS: usize = 24;
const HOUR_S: i64 = 3_600;
/// Event types that are named in a row.
const TYPES_NAMED: usize = 3;

#[derive(Deserialize)]
pub(super) struct Endpoint {
    id: String,
    account_id: String,
    name: Option<String>,
    url: String,
    events: Vec<String>,
    pub(super) status: String,
    pub(super) status_reason: Option<String>,
    pub(super) rate_limit: Option<u32>,
    pub(super) health: Option<Health>,
    pub(super) status_since: String,
    traffic: Option<Traffic>,
}

#[derive(Deserialize)]
struct Traffic {
    since: String,
    hours: Vec<HourOf>,
    delivered: u64,
    failed: u64,
    retried: u64,
    success_rate: Option<f64>,
    last_delivered_hour: Option<String>,
    last_failed_hour: Option<String>,
}

#[derive(Deserialize)]
struct HourOf {
    at: String,
    delivered: u64,
    failed: u64,
    retried: u64,
}

impl Endpoint {
    pub(super) fn row(&self, visit: &Visit, with_account: bool) -> Markup {
        let here = visit.to(&format!("/endpoints/{}", segment(&self.id)));
        html! {
            tr data-key=(self.id) {
                td.what {
                    a href=(here) { (self.name.as_deref().unwrap_or(&self.url)) }
                    @if self.name.is_some() { p.more { (self.url) } }
                    p.more { (self.types()) }
                }
                @if with_account { td data-label="Account" { a href=(visit.to(&format!("/accounts/{}", segment(&self.account_id)))) { (self.account_id) } } }
                td.state { (cell(self)) }
                @if let Some(traffic) = &self.traffic { (traffic.cells()) }
            }
        }
    }

    fn types(&self) -> String {
        let named = self.events.iter().take(TYPES_NAMED);
        let named: Vec<&str> = named.map(String::as_str).collect();
        match self.events.len() {
            1 if named == ["*"] => "all events".to_owned(),
            many if many > TYPES_NAMED => {
                format!("{} and {} more", named.join(", "), many - TYPES_NAMED)
            }
            _ => named.join(", "),
        }
    }
}

impl Traffic {
    fn cells(&self) -> Markup {
        let words = format!(
            "{} delivered, {} retried, {} failed",
            count(self.delivered),
            count(self.retried),
            count(self.failed)
        );
        html! {
            td.nowrap { (sparkline(&self.bars(), &words)) p.more { (count(self.delivered)) " delivered, " (count(self.failed)) " failed" } }
            td.number.nowrap data-label="Success" { (self.success_rate.map_or("–".to_owned(), percent)) }
            td.nowrap data-label="Last success" { (self.when(self.last_delivered_hour.as_deref())) }
            td.nowrap data-label="Last failure" { (self.when(self.last_failed_hour.as_deref())) }
        }
    }

    /// The hours in their places.
    fn bars(&self) -> [Hour; HOURS] {
        let mut bars = [Hour::default(); HOURS];
        let since = seconds(&self.since).unwrap_or_default();
        for hour in &self.hours {
            let place = seconds(&hour.at).map(|at| (at - since).div_euclid(HOUR_S));
            let place = place.and_then(|place| usize::try_from(place).ok());
            if let Some(bar) = place.and_then(|place| bars.get_mut(place)) {
                bar.good = hour.delivered;
                bar.bad = hour.failed + hour.retried;
            }
        }
        bars
    }

    /// How long ago something was of which the hour is known.
    fn when(&self, hour: Option<&str>) -> String {
        let since = seconds(&self.since).unwrap_or_default();
        let hours = hour.and_then(seconds).map(|at| (at - since) / HOUR_S);
        match hours.map(|place| HOURS as i64 - 1 - place) {
            None => "not in 24 h".to_owned(),
            Some(0) => "this hour".to_owned(),
            Some(1) => "last hour".to_owned(),
            Some(hours) => format!("{hours} h ago"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_stand_in_their_places_and_are_told_from_now() {
        let hour = |at: &str, delivered| HourOf {
            at: at.to_owned(),
            delivered,
            failed: 1,
            retried: 1,
        };
        let traffic = Traffic {
            since: "2024-01-14T11:00:00Z".to_owned(),
            hours: vec![
                hour("2024-01-14T11:00:00Z", 3),
                hour("2024-01-15T10:00:00Z", 4),
            ],
            delivered: 7,
            failed: 2,
            retried: 2,
            success_rate: None,
            last_delivered_hour: None,
            last_failed_hour: None,
        };
        let bars = traffic.bars();
        assert_eq!((bars[0].good, bars[0].bad), (3, 2));
        assert_eq!((bars[23].good, bars[1].good), (4, 0));
        let when = |at| traffic.when(at);
        assert_eq!(when(Some("2024-01-15T10:00:00Z")), "this hour");
        assert_eq!(when(Some("2024-01-15T09:00:00Z")), "last hour");
        assert_eq!(when(Some("2024-01-14T11:00:00Z")), "23 h ago");
        assert_eq!(when(None), "not in 24 h");
    }
}
