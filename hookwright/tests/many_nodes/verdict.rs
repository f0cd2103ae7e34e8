//! Whether everything that was accepted came: asked of the receiver first, then of the API.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::load::Accepted;
use crate::receiver::Receiver;
use crate::support::client::Client;
use crate::support::until;

/// More pages than the days that are kept.
const PAGES_MAX: usize = 1_000;

/// How the deliveries went.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Deliveries that came.
    pub(crate) arrived: usize,
    /// Acknowledged more than once, counted once for each time too many.
    pub(crate) duplicates: usize,
    /// Shown as failed instead.
    pub(crate) failed: usize,
    /// The longest time from acceptance to the first arrival.
    pub(crate) latest: Duration,
}

/// Whether a list has nothing on any of its pages: one that looks for what is rare may show nothing
/// on a page and go on at its cursor.
fn is_empty(client: &Client, list: &str) -> bool {
    let mut path = list.to_owned();
    for _ in 0..PAGES_MAX {
        let page = client.get(&path);
        let page = if page.status == 200 {
            page.json()
        } else {
            return false;
        };
        if page["data"].as_array().is_none_or(|data| !data.is_empty()) {
            return false;
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{list}&cursor={cursor}"),
            None => return true,
        }
    }
    false
}

/// Waits until each event came to each path or is shown as failed, and nothing is under way.
#[track_caller]
pub(crate) fn nothing_is_lost(
    client: &Client,
    receiver: &Receiver,
    accepted: &Accepted,
    paths: &[&str],
) -> Verdict {
    for state in ["pending", "retrying"] {
        until(&format!("no delivery is {state}"), || {
            is_empty(client, &format!("/v1/deliveries?state={state}&limit=1")).then_some(())
        });
    }
    let seen = receiver.all();
    let mut verdict = Verdict {
        arrived: 0,
        duplicates: 0,
        failed: 0,
        latest: Duration::ZERO,
    };
    for (id, accepted_at) in accepted {
        for path in paths {
            let Some(times) = seen.get(&((*path).to_owned(), id.clone())) else {
                is_shown_as_failed(client, id);
                verdict.failed += 1;
                continue;
            };
            let wait = times[0].saturating_duration_since(*accepted_at);
            verdict.arrived += 1;
            verdict.duplicates += times.len() - 1;
            verdict.latest = verdict.latest.max(wait);
        }
    }
    let unknown = seen.keys().find(|(_, id)| !accepted.contains_key(id));
    assert_eq!(unknown, None, "never accepted");
    every_event_is_there_once(client, accepted, paths.len());
    eprintln!("{verdict:?}");
    verdict
}

fn is_shown_as_failed(client: &Client, id: &str) {
    let list = client.get(&format!("/v1/deliveries?event_id={id}"));
    let list = list.expect(200);
    let deliveries = list["data"].as_array().expect("a list");
    let failed = deliveries.iter().any(|it| it["state"] == "failed");
    assert!(failed, "lost: {id}: {list}");
}

/// The list holds each event exactly once, with all its deliveries.
fn every_event_is_there_once(client: &Client, accepted: &Accepted, deliveries: usize) {
    let mut seen = BTreeSet::new();
    let mut path = "/v1/events?limit=250".to_owned();
    for _ in 0..1_000 {
        let page = client.get(&path).expect(200);
        for event in page["data"].as_array().expect("a list") {
            let id = event["id"].as_str().expect("an id").to_owned();
            assert_eq!(event["deliveries"], deliveries);
            assert!(seen.insert(id.clone()), "twice: {id}");
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/events?limit=250&cursor={cursor}");
    }
    let listed: Vec<&String> = seen.iter().collect();
    let known: Vec<&String> = accepted.keys().collect();
    assert!(
        listed == known,
        "{} listed, {} known",
        listed.len(),
        known.len()
    );
}
