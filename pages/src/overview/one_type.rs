//! Does one event type fail wherever it is sent? Then the cause is likelier in the event than in each of
//! its receivers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::fault::Fault;
use crate::parts::failure_words::words;
use crate::parts::list::{ListOf, with};
use crate::parts::show::count;
use crate::stats::{Counts, Range};
use crate::visit::{Face, Visit};

/// Failures of a type before it is suspected.
const ENOUGH: u64 = 20;
/// The share of its attempts that must have failed.
const POOR: f64 = 0.5;
/// As often as all other types together, at least: else something is wrong beyond one type.
const TIMES_OTHERS: f64 = 2.0;
/// Its newest failures that are looked at for where they were.
const LOOKED_AT: &str = "100";
/// Endpoints at which it must fail.
const ENDPOINTS_MIN: usize = 3;

#[derive(Default, Deserialize)]
pub(super) struct Failing {
    data: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    event_type: String,
    failures: u64,
    attempts: u64,
    errors: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Failure {
    endpoint_id: String,
}

/// What is said of a type that fails.
pub(super) struct Told {
    pub(super) title: String,
    pub(super) text: String,
    /// Its failures.
    pub(super) path: String,
}

/// The types that fail most; none for who may not see what is counted of the whole project.
pub(super) async fn ask(visit: &Visit, range: Range, since: &str) -> Result<Failing, Fault> {
    if visit.face == Face::Portal || visit.who.account_id.is_some() {
        return Ok(Failing::default());
    }
    let query = [
        ("width", range.coarse_width()),
        ("since", since),
        ("limit", "5"),
    ];
    visit.get("/v1/stats/event-types", &query).await
}

/// What is said of one that stands out, if it failed at many endpoints lately.
pub(super) async fn told(
    visit: &Visit,
    failing: &Failing,
    totals: &Counts,
    (range, since): (Range, &str),
) -> Result<Option<Told>, Fault> {
    let Some(one) = failing.data.iter().find(|one| one.stands_out(totals)) else {
        return Ok(None);
    };
    let query = [
        ("event_type", &*one.event_type),
        ("error", one.class()),
        ("created_after", since),
        ("limit", LOOKED_AT),
    ];
    let newest: ListOf<Failure> = visit.get("/v1/deliveries", &query).await?;
    Ok(one.told(&newest.data, range))
}

fn failures_of(counts: &Counts) -> u64 {
    counts.errors.values().sum()
}

fn share(failures: u64, attempts: u64) -> f64 {
    // A delivery may fail without an attempt.
    failures as f64 / attempts.max(failures).max(1) as f64
}

impl One {
    /// Whether it fails mostly, and the others do not.
    fn stands_out(&self, totals: &Counts) -> bool {
        let own = share(self.failures, self.attempts);
        let others = totals.attempts.saturating_sub(self.attempts);
        let their_failures = failures_of(totals).saturating_sub(self.failures);
        let of_others = share(their_failures, others);
        self.failures >= ENOUGH && own >= POOR && others > 0 && own >= TIMES_OTHERS * of_others
    }

    /// Why most of its attempts fail.
    fn class(&self) -> &str {
        let most = self.errors.iter().max_by_key(|(_, count)| **count);
        most.map_or("", |(class, _)| class)
    }

    fn told(&self, newest: &[Failure], range: Range) -> Option<Told> {
        let endpoints: BTreeSet<_> = newest.iter().map(|it| &it.endpoint_id).collect();
        if endpoints.len() < ENDPOINTS_MIN {
            return None;
        }
        let class = self.class();
        let query = with(&with("", "event_type", &self.event_type), "error", class);
        Some(Told {
            title: format!("Fails at many endpoints: {}", self.event_type),
            text: format!(
                "{} of {} attempts of this type failed in the last {}, mostly so: {}. The newest {} were at {} endpoints, and other types do better: look first at what the events hold.",
                count(self.failures),
                count(self.attempts.max(self.failures)),
                range.name,
                words(class).title,
                newest.len(),
                endpoints.len(),
            ),
            path: format!("/deliveries?{query}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(attempts: u64, failures: u64) -> Counts {
        Counts {
            attempts,
            errors: BTreeMap::from([("rejected".to_owned(), failures)]),
            ..Counts::default()
        }
    }

    fn one(attempts: u64, failures: u64) -> One {
        One {
            event_type: "order.paid".to_owned(),
            failures,
            attempts,
            errors: BTreeMap::from([("rejected".to_owned(), failures), ("timeout".to_owned(), 1)]),
        }
    }

    #[test]
    fn a_type_stands_out_if_it_fails_and_others_do_not() {
        assert!(one(40, 40).stands_out(&counts(400, 50)));
        assert!(one(0, 20).stands_out(&counts(100, 20)), "never sent at all");
        for (attempts, failures, all, failed, why) in [
            (40, 19, 400, 19, "too few"),
            (100, 40, 400, 40, "most is delivered"),
            (40, 40, 400, 350, "the others fail as well"),
            (40, 40, 40, 40, "there is no other"),
        ] {
            let totals = counts(all, failed);
            assert!(!one(attempts, failures).stands_out(&totals), "{why}");
        }
    }

    #[test]
    fn it_is_told_of_if_it_fails_at_many_endpoints() {
        let at = |ids: &[&str]| -> Vec<Failure> {
            let of = |id: &&str| Failure {
                endpoint_id: (*id).to_owned(),
            };
            ids.iter().map(of).collect()
        };
        let range = Range::of(Some("24h"));
        let told = |ids| one(40, 30).told(&at(ids), range);
        assert!(told(&["a", "b", "b", "a"]).is_none());
        let told = told(&["a", "b", "c", "a"]).expect("told");
        assert_eq!(told.title, "Fails at many endpoints: order.paid");
        assert_eq!(
            told.path,
            "/deliveries?event_type=order.paid&error=rejected"
        );
        let start = "30 of 40 attempts of this type failed in the last 24 hours, mostly so: The endpoint refused the request (4xx). The newest 4 were at 3 endpoints";
        assert!(told.text.starts_with(start), "{}", told.text);
    }
}
