//! What went to endpoints in the last day, hour by hour: the small picture beside each in a list.

use std::collections::HashMap;

use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::limits::ENDPOINT_TRAFFIC_HOURS;
use hookwright_core::rollup::{Counts, Width};
use hookwright_store::{Endpoint, EndpointStretch, Stretches};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::problem::Problem;
use crate::stats_time::at;

/// What went to an endpoint in the last 24 hours, the one that has begun included.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EndpointTraffic")]
pub(crate) struct TrafficShown {
    /// When the first hour begins.
    since: String,
    /// Each hour in which something happened, oldest first.
    hours: Vec<HourShown>,
    /// Deliveries acknowledged.
    delivered: u64,
    /// Deliveries given up.
    failed: u64,
    /// Failed attempts that another one follows.
    retried: u64,
    /// The share of the deliveries that ended which were acknowledged, 0 to 1; null where none ended.
    success_rate: Option<f64>,
    /// When the hour begins in which a delivery was acknowledged last; null if that is longer ago.
    last_delivered_hour: Option<String>,
    /// When the hour begins in which an attempt failed last; null if that is longer ago.
    last_failed_hour: Option<String>,
}

/// One hour.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EndpointTrafficHour")]
struct HourShown {
    /// When it begins.
    at: String,
    delivered: u64,
    failed: u64,
    retried: u64,
}

/// The traffic of the endpoints on one page.
pub(crate) struct Traffic {
    since: i64,
    of: HashMap<EndpointId, Vec<(i64, Counts)>>,
}

/// Reads what went to these endpoints of a project.
pub(crate) async fn of(
    app: &App,
    project: ProjectId,
    endpoints: &[Endpoint],
) -> Result<Traffic, Problem> {
    let hour = Width::Hour;
    let until = hour.start_of(app.engine.now().seconds()) + hour.seconds();
    let stretches = Stretches {
        width: hour,
        since: until - ENDPOINT_TRAFFIC_HOURS * hour.seconds(),
        until,
    };
    let ids = endpoints.iter().map(|endpoint| endpoint.id).collect();
    let store = app.engine.store();
    let found = store.rollups_of_endpoints(project, ids, stretches).await?;
    Ok(Traffic::new(stretches.since, found))
}

impl Traffic {
    fn new(since: i64, found: Vec<EndpointStretch>) -> Self {
        let mut of: HashMap<EndpointId, Vec<(i64, Counts)>> = HashMap::new();
        for it in found {
            let hours = of.entry(it.endpoint_id).or_default();
            hours.push((it.start, it.counts));
        }
        of.values_mut()
            .for_each(|hours| hours.sort_by_key(|(start, _)| *start));
        Self { since, of }
    }

    /// What went to one of them.
    pub(crate) fn show(&self, endpoint: EndpointId) -> TrafficShown {
        let hours = self.of.get(&endpoint).map_or(&[][..], Vec::as_slice);
        let mut totals = Counts::default();
        hours.iter().for_each(|(_, counts)| totals.merge(counts));
        let last = |happened: fn(&Counts) -> bool| {
            let mut back = hours.iter().rev();
            let found = back.find(|(_, counts)| happened(counts));
            found.map(|(start, _)| at(*start))
        };
        let hour = |(start, counts): &(i64, Counts)| HourShown {
            at: at(*start),
            delivered: counts.delivered,
            failed: counts.failed,
            retried: counts.retried,
        };
        TrafficShown {
            since: at(self.since),
            hours: hours.iter().map(hour).collect(),
            delivered: totals.delivered,
            failed: totals.failed,
            retried: totals.retried,
            success_rate: totals.success_rate(),
            last_delivered_hour: last(|counts| counts.delivered > 0),
            last_failed_hour: last(|counts| counts.errors().next().is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::error_class::ErrorClass;

    use super::*;

    #[test]
    fn hours_are_in_order_and_the_last_of_each_kind_is_found() {
        let hour = |start, delivered, failed| {
            let mut counts = Counts::default();
            (counts.delivered, counts.failed) = (delivered, failed);
            (0..failed).for_each(|_| counts.error(ErrorClass::Timeout));
            EndpointStretch {
                endpoint_id: EndpointId(1),
                start,
                counts,
            }
        };
        let found = vec![hour(7_200, 0, 1), hour(3_600, 3, 0)];
        let traffic = Traffic::new(0, found);
        let shown = traffic.show(EndpointId(1));
        let hours: Vec<_> = shown.hours.iter().map(|it| it.at.as_str()).collect();
        assert_eq!(hours, ["1970-01-01T01:00:00Z", "1970-01-01T02:00:00Z"]);
        assert_eq!((shown.delivered, shown.success_rate), (3, Some(0.75)));
        assert_eq!(
            shown.last_delivered_hour.as_deref(),
            Some("1970-01-01T01:00:00Z")
        );
        assert_eq!(
            shown.last_failed_hour.as_deref(),
            Some("1970-01-01T02:00:00Z")
        );
        let nothing = traffic.show(EndpointId(2));
        assert!(nothing.hours.is_empty() && nothing.last_delivered_hour.is_none());
    }
}
