//! Whether replays and purges find their rows by an index.

use super::{Case, judge, with_forty_days};
use crate::postgres::{drop_day, prune, purge, replay, replay_apply};

/// Rows that are looked at next, of a project, and of an endpoint or an account.
const STRETCH: &str = "1, 4000500000000000, 4113746208000000, 1000";
const STRETCH_OF_ONE: &str = "1, 4000500000000000, 4113746208000000, 1000, 1";
/// The same, and what of it fits.
const ALL_THAT_FIT: &str =
    "1, 4000500000000000, 4113746208000000, 1000, NULL, '{10,11,12}', NULL, NULL";
const OF_AN_ACCOUNT: &str =
    "1, 4000500000000000, 4113746208000000, 1000, NULL, '{11,12}', 1, '{1}'";
const OF_AN_ENDPOINT: &str = "1, 4000500000000000, 4113746208000000, 1000, 1, '{10}', 1, '{1}'";

fn looks() -> Vec<Case> {
    let looks = [
        (replay::looked_at(replay::OF_PROJECT), ALL_THAT_FIT),
        (replay::looked_at(replay::OF_FAILED), OF_AN_ACCOUNT),
        (replay::looked_at(replay::OF_ENDPOINT), OF_AN_ENDPOINT),
        (replay::events_looked_at(replay::EVENTS_OF_PROJECT), STRETCH),
        (
            replay::events_looked_at(replay::EVENTS_OF_ACCOUNT),
            STRETCH_OF_ONE,
        ),
        (purge::purgeable(replay::EVENTS_OF_PROJECT), STRETCH),
        (purge::purgeable(replay::EVENTS_OF_ACCOUNT), STRETCH_OF_ONE),
        (
            replay::DUE.to_owned(),
            "array_fill(1::bigint, '{10}'), 1700000000000, 64",
        ),
    ];
    let case = |(sql, values)| Case {
        sql,
        values,
        in_order: true,
    };
    looks.into_iter().map(case).collect()
}

fn steps() -> Vec<Case> {
    const CHOSEN: &str = "1, array_fill(4003000000000000, '{100}'), 1700000000000";
    const EVENTS: &str = "1, array_fill(4003000000000000, '{100}')";
    let steps = [
        (replay_apply::REOPEN, CHOSEN),
        (replay_apply::RESEND, CHOSEN),
        (
            replay_apply::STILL_MISSING,
            "1, array_fill(4003000000000000, '{100}'), array_fill(1::bigint, '{100}')",
        ),
        (
            replay_apply::LAST_IN,
            "1, 4003000000000000, 4003000000131072",
        ),
        (purge::SIZES, EVENTS),
        (purge::REMOVE_EVENTS, EVENTS),
        (
            prune::REMOVE_LATE,
            "array_fill(1::bigint, '{1000}'), array_fill(4003000000000000, '{1000}')",
        ),
        (prune::FORGET_LATE, "4003000000000000, 1000"),
        (
            drop_day::LATE,
            "array_fill(1::bigint, '{1000}'), array_fill(4003000000000000, '{1000}')",
        ),
    ];
    let case = |(sql, values): (&str, _)| Case {
        sql: sql.to_owned(),
        values,
        in_order: false,
    };
    let of_event = replay::looked_at(replay::OF_EVENT);
    let rows = "1, '{4003000000000000,4003000000000007}', 4003000000000000, 4003000000000007,
        NULL, '{10,11,12}', NULL, NULL";
    let steps = steps.into_iter().chain([(of_event.as_str(), rows)]);
    steps.map(case).collect()
}

#[test]
fn what_replays_and_purges_look_at_comes_out_of_an_index_in_order() {
    with_forty_days(async |database| judge(&database, looks()).await);
}

#[test]
fn what_replays_and_purges_do_finds_its_rows_by_an_index() {
    with_forty_days(async |database| judge(&database, steps()).await);
}
