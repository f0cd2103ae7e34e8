//! What holds of days and their partitions beyond what both engines promise: who waits for whom,
//! what lies across midnight, and what comes late.

use hookwright_core::time::UnixMs;
use tokio_postgres::Client;

use super::partitions::{self, Day};
use super::row_ids::lowest_at;
use super::scratch::{NOW, Scratch, check};
use super::{PostgresStore, drop_day};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const LATER: UnixMs = NOW.plus_ms(2 * DAY_MS);

/// A node, its database, and the day that will be dropped.
async fn begin(scratch: &Scratch) -> (PostgresStore, Client, Day) {
    let store = scratch.open(NOW).await;
    let client = scratch.connect().await;
    let days = partitions::days(&store.client().await.expect("connected")).await;
    (store, client, days.expect("read").remove(0))
}

/// An event at a row, with one delivery at another: due, or delivered.
async fn insert(client: &Client, event: i64, delivery: i64, is_due: bool) {
    let (state, due_at) = if is_due { (3, "0") } else { (10, "NULL") };
    let sql = format!(
        "INSERT INTO events (project_id, id, account_id, event_type, accepted_at, first_delivery, fanout)
             VALUES (1, {event}, 1, 't', 0, {delivery}, 1);
         INSERT INTO event_names VALUES (1, 'i:{event}', {event}, '');
         INSERT INTO deliveries (project_id, id, event_id, endpoint_id, created_at, lease, due_at,
                                 attempts, failed_attempts, state)
             VALUES (1, {delivery}, {event}, 1, 0, 0, {due_at}, 1, 1, {state});
         INSERT INTO attempts VALUES (1, {delivery}, 2, '')"
    );
    client.batch_execute(&sql).await.expect("inserted");
}

/// In which partition each row of a table lies.
async fn places(client: &Client, table: &str) -> Vec<String> {
    let sql = format!("SELECT tableoid::regclass::text FROM {table} ORDER BY 1");
    let rows = client.query(&sql, &[]).await.expect("read");
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn what_came_before_its_day_was_made_is_moved_there() {
    check(async |scratch| {
        let (store, client, day) = begin(&scratch).await;
        let next = NOW.plus_ms(4 * DAY_MS);
        let (early, ours) = (lowest_at(next), day.rows.start);
        insert(&client, early, early, true).await;
        insert(&client, 5, 5, true).await;
        insert(&client, ours, ours, true).await;
        let made = partitions::make_ahead(&store.shared.pool, next).await;
        made.expect("made");
        for table in ["events", "deliveries", "attempts"] {
            let expected = ["20231114", "20231118", "rest"].map(|part| format!("{table}_{part}"));
            assert_eq!(places(&client, table).await, expected);
        }
    });
}

#[test]
fn an_event_is_kept_for_a_delivery_on_the_other_side_of_midnight() {
    check(async |scratch| {
        let (store, client, day) = begin(&scratch).await;
        let midnight = day.rows.end;
        insert(&client, midnight - 1, midnight, true).await;
        insert(&client, midnight - 2, midnight - 2, false).await;
        let before = NOW.plus_ms(DAY_MS);
        assert_eq!(store.prune(before, 10).await.expect("pruned"), 1);
        assert_eq!(places(&client, "events").await, ["events_rest"]);
        assert_eq!(places(&client, "deliveries").await, ["deliveries_20231115"]);
        assert_eq!(store.prune(LATER, 10).await.expect("pruned"), 0);
        assert_eq!(places(&client, "deliveries").await, ["deliveries_rest"]);
        assert_eq!(places(&client, "attempts").await, ["attempts_rest"]);
        let finish = "UPDATE deliveries SET state = 11, due_at = NULL";
        client.batch_execute(finish).await.expect("finished");
        assert_eq!(store.prune(LATER, 10).await.expect("pruned"), 1);
        for table in ["events", "deliveries", "attempts", "event_names"] {
            assert!(places(&client, table).await.is_empty(), "{table}");
        }
    });
}

#[test]
fn what_a_node_dropped_and_did_not_remove_is_removed_by_another() {
    check(async |scratch| {
        let (store, client, day) = begin(&scratch).await;
        insert(&client, day.rows.start, day.rows.start, false).await;
        let dropped = drop_day::drop_day(&store.shared.pool, &day, 10).await;
        assert!(matches!(dropped, Ok(drop_day::Dropped::Gone(1))));
        store.close().await.expect("closed");
        assert!(places(&client, "events").await.is_empty());
        assert_eq!(places(&client, "events_20231114_dropped").await.len(), 1);
        let other = scratch.open(NOW).await;
        assert_eq!(other.prune(NOW, 10).await.expect("pruned"), 0);
        let left = "SELECT FROM pg_class WHERE relname LIKE '%_dropped'";
        assert!(client.query(left, &[]).await.expect("read").is_empty());
    });
}

#[test]
fn a_day_that_is_being_read_is_dropped_at_a_later_call() {
    check(async |scratch| {
        let (store, client, day) = begin(&scratch).await;
        insert(&client, day.rows.start, day.rows.start, false).await;
        let read = "BEGIN; SELECT FROM deliveries";
        client.batch_execute(read).await.expect("read");
        assert_eq!(store.prune(LATER, 10).await.expect("answered"), 0);
        client.batch_execute("COMMIT").await.expect("ended");
        assert_eq!(places(&client, "events").await, ["events_20231114"]);
        assert_eq!(store.prune(LATER, 10).await.expect("pruned"), 1);
    });
}

#[test]
fn names_go_with_a_day_that_stayed_longer_than_the_next() {
    check(async |scratch| {
        let (store, client, first) = begin(&scratch).await;
        let next = first.rows.end;
        insert(&client, first.rows.start, first.rows.start, false).await;
        insert(&client, next, next, false).await;
        let days = partitions::days(&store.client().await.expect("connected")).await;
        let second = &days.expect("read")[1];
        let dropped = drop_day::drop_day(&store.shared.pool, second, 10).await;
        assert!(matches!(dropped, Ok(drop_day::Dropped::Gone(1))));
        while store.prune_names(10).await.expect("pruned") {}
        assert_eq!(
            places(&client, "event_names").await.len(),
            1,
            "the second day's went"
        );
        assert_eq!(store.prune(LATER, 10).await.expect("pruned"), 1);
        assert!(places(&client, "event_names").await.is_empty());
    });
}

#[test]
fn nodes_that_prune_at_once_remove_all_that_is_old() {
    check(async |scratch| {
        let (one, client, day) = begin(&scratch).await;
        let other = scratch.open(NOW).await;
        for row in 0..30 {
            // Half of them in the day, half outside of all days.
            let outside = row % 2 == 0;
            let row = if outside { row } else { day.rows.start + row };
            insert(&client, row, row, false).await;
        }
        for _ in 0..20 {
            let both = tokio::join!(one.prune(LATER, 4), other.prune(LATER, 4));
            both.0.expect("pruned");
            both.1.expect("pruned");
        }
        for table in ["events", "deliveries", "attempts", "event_names"] {
            assert!(places(&client, table).await.is_empty(), "{table}");
        }
    });
}
