//! Statistics as they would be of the deliveries that were put straight into the store: each endpoint,
//! account and event type in each minute of the last hour, each hour and each day.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{AccountId, EndpointId};
use hookwright_core::outcome::Timing;
use hookwright_core::rollup::{Counts, Phase, Width};
use hookwright_core::time::UnixMs;
use hookwright_store::{Rollup, Scope, Store, StoreError, Subject};

/// Rows that are written at once.
const AT_ONCE: usize = 2_000;
const MINUTES: i64 = 60;
const TYPES: [&str; 2] = ["user.created", "rare.event"];

/// What is counted.
pub(super) struct Subjects {
    pub(super) project: Scope,
    pub(super) accounts: Vec<AccountId>,
    pub(super) endpoints: Vec<EndpointId>,
}

pub(super) async fn count(
    store: &Store,
    subjects: &Subjects,
    (days, now): (i64, UnixMs),
) -> Result<(), StoreError> {
    let all = subjects_of(subjects);
    for (width, stretches) in [
        (Width::Minute, MINUTES),
        (Width::Hour, days * 24),
        (Width::Day, days),
    ] {
        let last = width.start_of(now.seconds());
        for back in 0..stretches {
            let rows = all.iter().enumerate().map(|(place, subject)| Rollup {
                project_id: subjects.project.project_id,
                subject: subject.clone(),
                width,
                start: last - back * width.seconds(),
                counts: counts(place as u64 + back.unsigned_abs()),
            });
            let rows: Vec<Rollup> = rows.collect();
            for some in rows.chunks(AT_ONCE) {
                store.add_rollups(some.to_vec()).await?;
            }
        }
    }
    Ok(())
}

fn subjects_of(subjects: &Subjects) -> Vec<Subject> {
    let mut all = vec![Subject::Project];
    all.extend(subjects.accounts.iter().map(|id| Subject::Account(*id)));
    all.extend(subjects.endpoints.iter().map(|id| Subject::Endpoint(*id)));
    all.extend(TYPES.map(|name| Subject::EventType(name.to_owned())));
    all
}

/// What a stretch of time came to: a few dozen attempts whose times lie well apart, so that a row is
/// as large as one of a busy endpoint.
fn counts(number: u64) -> Counts {
    let mut counts = Counts::default();
    (counts.accepted, counts.delivered) = (20, 20);
    (counts.failed, counts.retried) = (number % 3, number % 5);
    for attempt in 0..24u32 {
        let us = 900 + attempt * attempt * 700 + (number % 97) as u32 * 130;
        let timing = Timing {
            queue_wait_us: us / 9,
            dns_us: us / 7,
            connect_us: us / 5,
            tls_us: us / 3,
            first_byte_us: us,
            total_us: us * 2,
        };
        let failed = attempt < (number % 3 + number % 5) as u32;
        let class = if attempt % 2 == 0 {
            ErrorClass::Timeout
        } else {
            ErrorClass::ServerError
        };
        counts.attempt(&timing, failed.then_some(class));
        counts.time(Phase::Delivery, u64::from(us) * 3);
    }
    counts
}
