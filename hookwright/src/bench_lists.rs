//! `hookwright bench-lists`: how long the store takes for a page of each list among millions of
//! deliveries, the first page and one deep in the past.

pub(crate) mod fill;

use std::time::Instant;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use hookwright_store::{
    AttemptFilter, AttemptPage, AttemptPlace, Created, DeliveryFilter, EventFilter, Page, Scope,
    Store, StoreError, Towards,
};

use crate::cli::BenchListsArgs;
use crate::failure::{Failure, running};
use fill::{Filled, Wanted};

/// Times that each page is asked for.
const ROUNDS: usize = 15;

pub(crate) fn run(args: &BenchListsArgs) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    runtime.block_on(async {
        let wanted = Wanted {
            deliveries: args.deliveries,
            data_dir: &args.data_dir,
            database_url: args.database_url.as_deref(),
            begun: BEGUN,
            master_key: vec![7; 32],
            endpoint_url: "",
        };
        let filled = fill::fill(&wanted).await?;
        measure(&filled).await.map_err(running)?;
        filled.store.close().await.map_err(running)
    })
}

/// A list with its filter.
enum Asked {
    Events(EventFilter),
    Deliveries(DeliveryFilter),
    Attempts(AttemptFilter),
}

#[expect(clippy::print_stdout, reason = "this is the command's answer")]
async fn measure(filled: &Filled) -> Result<(), StoreError> {
    println!(
        "{:<52} {:>9} {:>9} {:>9} {:>5}",
        "page of 50, ms of store time", "median", "longest", "deep", "rows"
    );
    for (name, scope, asked) in lists(filled) {
        let first = timed(&filled.store, scope, &asked, None).await?;
        let deep = timed(&filled.store, scope, &asked, Some(filled.middle(&asked))).await?;
        println!(
            "{name:<52} {:>9.2} {:>9.2} {:>9.2} {:>5}",
            first.median, first.longest, deep.median, first.rows
        );
    }
    Ok(())
}

fn lists(filled: &Filled) -> Vec<(&'static str, Scope, Asked)> {
    use DeliveryState::{Cancelled, Delivered, Failed, Pending, Retrying};
    let (all, own) = (filled.project, filled.account);
    let state = |state| DeliveryFilter::in_state(state);
    let of = |filter: DeliveryFilter| DeliveryFilter {
        endpoint_id: Some(filled.endpoint),
        ..filter
    };
    let pattern = |text: &str| text.parse().ok();
    let hour = Created {
        from: Some(filled.middle_at),
        until: Some(filled.middle_at.plus_ms(3_600_000)),
    };
    let deliveries = [
        ("deliveries", all, DeliveryFilter::default()),
        ("deliveries of an account", own, DeliveryFilter::default()),
        (
            "deliveries of an endpoint",
            all,
            of(DeliveryFilter::default()),
        ),
        (
            "deliveries of an event",
            all,
            DeliveryFilter {
                event_id: Some(filled.event),
                ..DeliveryFilter::default()
            },
        ),
        ("deliveries delivered", all, state(Delivered)),
        ("deliveries failed", all, state(Failed)),
        ("deliveries retrying", all, state(Retrying)),
        ("deliveries pending", all, state(Pending)),
        ("deliveries cancelled", all, state(Cancelled)),
        ("deliveries failed, of an endpoint", all, of(state(Failed))),
        (
            "deliveries pending, of an endpoint",
            all,
            of(state(Pending)),
        ),
        (
            "deliveries of a rare type",
            all,
            DeliveryFilter {
                event_type: pattern("rare.*"),
                ..DeliveryFilter::default()
            },
        ),
        (
            "deliveries failed by time-out",
            all,
            DeliveryFilter {
                error: Some(ErrorClass::Timeout),
                ..state(Failed)
            },
        ),
        (
            "deliveries answered 204",
            all,
            DeliveryFilter {
                status: Some((204, 204)),
                ..DeliveryFilter::default()
            },
        ),
        (
            "deliveries of an hour in the middle",
            all,
            DeliveryFilter {
                created: hour,
                ..DeliveryFilter::default()
            },
        ),
    ];
    let events = [
        ("events", all, EventFilter::default()),
        ("events of an account", own, EventFilter::default()),
        (
            "events of a rare type",
            all,
            EventFilter {
                event_type: pattern("rare.*"),
                ..EventFilter::default()
            },
        ),
        (
            "events with a note that none has",
            all,
            EventFilter {
                metadata: [("a".to_owned(), "b".to_owned())].into(),
                ..EventFilter::default()
            },
        ),
        (
            "events of an hour in the middle",
            all,
            EventFilter {
                created: hour,
                ..EventFilter::default()
            },
        ),
    ];
    let attempts = [
        ("attempts", all, AttemptFilter::default()),
        (
            "attempts of an endpoint",
            all,
            AttemptFilter {
                deliveries: of(DeliveryFilter::default()),
                ..AttemptFilter::default()
            },
        ),
        (
            "attempts answered 5xx",
            all,
            AttemptFilter {
                deliveries: DeliveryFilter {
                    failed_once: true,
                    ..DeliveryFilter::default()
                },
                status: Some((500, 599)),
                ..AttemptFilter::default()
            },
        ),
    ];
    let deliveries = deliveries
        .into_iter()
        .map(|(name, scope, it)| (name, scope, Asked::Deliveries(it)));
    let events = events
        .into_iter()
        .map(|(name, scope, it)| (name, scope, Asked::Events(it)));
    let attempts = attempts
        .into_iter()
        .map(|(name, scope, it)| (name, scope, Asked::Attempts(it)));
    deliveries.chain(events).chain(attempts).collect()
}

/// Milliseconds of some rounds, and the rows of the last.
struct Timed {
    median: f64,
    longest: f64,
    rows: usize,
}

async fn timed(
    store: &Store,
    scope: Scope,
    asked: &Asked,
    before: Option<i64>,
) -> Result<Timed, StoreError> {
    let (mut times, mut rows) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        rows = page(store, scope, asked, before).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(Timed {
        median: times[ROUNDS / 2],
        longest: times[ROUNDS - 1],
        rows,
    })
}

async fn page(
    store: &Store,
    scope: Scope,
    asked: &Asked,
    before: Option<i64>,
) -> Result<usize, StoreError> {
    let page = Page {
        before,
        ..Page::newest(50)
    };
    Ok(match asked {
        Asked::Events(filter) => store.events(scope, filter.clone(), page).await?.rows.len(),
        Asked::Deliveries(filter) => {
            let listed = store.deliveries(scope, filter.clone(), page).await?;
            listed.rows.len()
        }
        Asked::Attempts(filter) => {
            let page = AttemptPage {
                from: before.map(|row| AttemptPlace { row, number: 0 }),
                towards: Towards::Older,
                limit: 50,
            };
            store.attempts(scope, filter, page).await?.rows.len()
        }
    })
}

impl Filled {
    const fn middle(&self, asked: &Asked) -> i64 {
        match asked {
            Asked::Events(_) => self.event.0,
            Asked::Deliveries(_) | Asked::Attempts(_) => self.delivery.0,
        }
    }
}

/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// When the first delivery is made: thirty days before the last.
const BEGUN: UnixMs = UnixMs(1_700_000_000_000);
