//! What became of the deliveries that a replay took up? How many of those that it could take up have
//! failed since, and how many still wait.

use hookwright_core::limits::PAGE_ITEMS_MAX;
use hookwright_core::subscription::Subscriptions;
use maud::{Markup, html};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::progress::Replay;
use crate::deliveries::{Asked, Delivery};
use crate::fault::Fault;
use crate::parts::list::ListOf;
use crate::parts::show::count;
use crate::visit::{Face, Visit};

const WAITING: &str = "pending,retrying,held";

/// Both, each with its filters.
pub(super) struct Became {
    failed: (Asked, Found),
    waiting: (Asked, Found),
}

/// How many were found among the newest, and whether those are all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    number: usize,
    is_all: bool,
}

/// Looks once at each, a page of a list at most. Nothing before the replay has ended, and where it is
/// about what is gone.
pub(super) async fn ask(visit: &Visit, replay: &Replay) -> Result<Option<Became>, Fault> {
    if !replay.has_ended() || replay.done == 0 {
        return Ok(None);
    }
    let asked = |state| scope(replay, state, visit.face);
    let (failed, waiting) = (asked("failed"), asked(WAITING));
    let lists =
        futures_util::future::try_join(listed(visit, &failed), listed(visit, &waiting)).await;
    match lists {
        Ok((of_failed, of_waiting)) => {
            let since = moment(Some(&replay.started_at));
            let later = |row: &Delivery| moment(row.finished_at.as_deref()) >= since;
            Ok(Some(Became {
                failed: (failed, found(replay, &of_failed, later)),
                waiting: (waiting, found(replay, &of_waiting, |_| true)),
            }))
        }
        Err(Fault::Refused(problem)) if problem.status == 404 => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn listed(visit: &Visit, asked: &Asked) -> Result<ListOf<Delivery>, Fault> {
    let limit = PAGE_ITEMS_MAX.to_string();
    let pairs = asked.pairs();
    let mut query: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    query.push(("limit", &limit));
    visit.get("/v1/deliveries", &query).await
}

/// The deliveries in this state that a replay could take up: by endpoint, account, event, type and time.
/// What it made itself is of the time that it ran.
fn scope(replay: &Replay, state: &str, face: Face) -> Asked {
    let own = |text: &Option<String>| text.clone().unwrap_or_default();
    let (from, to) = match replay.what.as_str() {
        "missing" => (
            Some(replay.started_at.as_str()),
            replay.finished_at.as_deref(),
        ),
        _ => (replay.since.as_deref(), replay.until.as_deref()),
    };
    Asked {
        state: state.to_owned(),
        endpoint_id: own(&replay.endpoint_id),
        event_id: own(&replay.event_id),
        account_id: match face {
            Face::Operator => own(&replay.account_id),
            Face::Portal => String::new(),
        },
        // A list knows one; of several, those that are not meant are left out afterwards.
        event_type: match replay.event_types.as_slice() {
            [one] if one != "*" => one.clone(),
            _ => String::new(),
        },
        from: whole_second(from, Duration::ZERO),
        to: whole_second(to, Duration::milliseconds(999)),
        ..Asked::default()
    }
}

/// What the form's field for a time can hold.
fn whole_second(at: Option<&str>, more: Duration) -> String {
    let at = moment(at).and_then(|at| at.checked_add(more)?.replace_nanosecond(0).ok());
    at.and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

fn moment(at: Option<&str>) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(at?, &Rfc3339).ok()
}

fn found(replay: &Replay, list: &ListOf<Delivery>, is_meant: impl Fn(&Delivery) -> bool) -> Found {
    let types = Subscriptions::parse(&replay.event_types).unwrap_or_default();
    let rows = list.data.iter();
    Found {
        number: rows
            .filter(|row| types.matches(&row.event_type) && is_meant(row))
            .count(),
        is_all: list.next_cursor.is_none(),
    }
}

impl Found {
    fn words(self) -> String {
        let number = count(self.number as u64);
        match (self.is_all, self.number) {
            (true, _) => number,
            (false, 0) => "not counted".to_owned(),
            (false, _) => format!("at least {number}"),
        }
    }
}

impl Became {
    pub(super) const fn has_more_to_come(&self) -> bool {
        self.waiting.1.number > 0
    }

    pub(super) fn show(&self, visit: &Visit, replay: &Replay) -> Markup {
        let list = |asked: &Asked, words: &str| {
            html! { a href={ (visit.to("/deliveries")) "?" (asked.query(&[])) } { (words) } }
        };
        html! {
            h2 { "What became of them" }
            div.tiles {
                div.tile #failed-since {
                    p.name { "Failed since it began" }
                    p.value { (self.failed.1.words()) }
                    p.more { (list(&self.failed.0, "Failed deliveries")) }
                }
                div.tile #still-waiting {
                    p.name { "Still wait or are retried" }
                    p.value { (self.waiting.1.words()) }
                    p.more { (list(&self.waiting.0, "Deliveries not finished")) }
                }
            }
            p.quiet {
                @match replay.what.as_str() {
                    "missing" => "Counted among all deliveries to the same endpoints that were made while it ran.",
                    "all" => "Counted among all deliveries that it could take up. What had been delivered before stays delivered, whatever came of the new attempt.",
                    _ => "Counted among all deliveries that it could take up: to the same endpoints, of the same events and time.",
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn replay(change: Value) -> Replay {
        let mut all = json!({
            "id": "rpl_1", "state": "finished", "what": "failed", "event_types": ["user.*", "order.paid"],
            "states": [], "account_id": "acme", "endpoint_id": "ep_1", "done": 1, "skipped": {},
            "total": 1, "total_is_exact": true,
            "since": "2026-11-20T10:00:00.5Z", "until": "2026-11-20T11:00:00.001Z",
            "started_at": "2026-11-21T14:00:00Z", "updated_at": "2026-11-21T14:03:22Z",
            "finished_at": "2026-11-21T14:03:22Z",
        });
        let change = change.as_object().cloned().unwrap_or_default();
        all.as_object_mut().expect("an object").extend(change);
        serde_json::from_value(all).expect("a replay")
    }

    #[test]
    fn its_scope_is_a_lists_filter() {
        let asked = scope(&replay(json!({})), "failed", Face::Operator);
        assert_eq!(
            asked.query(&[]),
            "state=failed&endpoint_id=ep_1&account_id=acme&from=2026-11-20T10%3A00%3A00Z&to=2026-11-20T11%3A00%3A01Z"
        );
        let one = json!({"event_types": ["user.*"], "event_id": "evt_1", "endpoint_id": null});
        let asked = scope(&replay(one), "failed", Face::Portal);
        assert_eq!((&*asked.event_type, &*asked.event_id), ("user.*", "evt_1"));
        assert_eq!((&*asked.endpoint_id, &*asked.account_id), ("", ""));
        let missing = scope(&replay(json!({"what": "missing"})), WAITING, Face::Operator);
        assert_eq!(
            (&*missing.from, &*missing.to),
            ("2026-11-21T14:00:00Z", "2026-11-21T14:03:22Z")
        );
    }

    #[test]
    fn only_what_is_meant_is_counted() {
        let row = |event_type: &str, finished_at: &str| {
            json!({
                "id": "dlv_1", "event_id": "evt_1", "event_type": event_type, "endpoint_id": "ep_1",
                "account_id": "acme", "state": "failed", "attempts": 1, "next_attempt_at": null,
                "created_at": "", "finished_at": finished_at, "last_error": null,
            })
        };
        let rows = [
            row("user.created", "2026-11-21T14:00:00.250Z"),
            row("user.created", "2026-11-21T13:59:59Z"),
            row("order.made", "2026-11-21T14:01:00Z"),
        ];
        let list: ListOf<Delivery> =
            serde_json::from_value(json!({"data": rows, "next_cursor": null})).expect("a list");
        let replay = replay(json!({}));
        let since = moment(Some(&replay.started_at));
        let of = found(&replay, &list, |row| {
            moment(row.finished_at.as_deref()) >= since
        });
        assert_eq!((of.number, of.is_all), (1, true));
    }

    #[test]
    fn what_was_not_looked_through_is_said() {
        let words = |number, is_all| Found { number, is_all }.words();
        assert_eq!(words(0, true), "0");
        assert_eq!(words(250, false), "at least 250");
        assert_eq!(words(0, false), "not counted");
    }
}
