//! What is counted, added up and forgotten.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{AccountId, EndpointId};
use hookwright_core::rollup::{Counts, Width};
use hookwright_store::{Rollup, Stretches, Subject};

use super::house::{NOW, Tenant};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn counts(delivered: u64, failed: u64) -> Counts {
    let mut counts = Counts::default();
    (counts.delivered, counts.failed) = (delivered, failed);
    (0..failed).for_each(|_| counts.error(ErrorClass::Timeout));
    counts
}

fn minute(tenant: Tenant, subject: Subject, minutes_on: i64, counts: Counts) -> Rollup {
    Rollup {
        project_id: tenant.project,
        subject,
        width: Width::Minute,
        start: Width::Minute.start_of(NOW.seconds()) + minutes_on * 60,
        counts,
    }
}

fn minutes(count: i64) -> Stretches {
    let since = Width::Minute.start_of(NOW.seconds());
    Stretches {
        width: Width::Minute,
        since,
        until: since + count * 60,
    }
}

facts! {
    async fn counts_of_one_row_add_up(house: House) {
        let acme = house.tenant("acme").await;
        for added in [counts(3, 1), counts(4, 0)] {
            let twice = vec![
                minute(acme, Subject::Project, 0, added.clone()),
                minute(acme, Subject::Project, 0, added),
            ];
            house.add_rollups(twice).await.expect("added");
        }
        let found = house.rollups(acme.project, Subject::Project, minutes(1)).await.expect("read");
        assert_eq!(found, [(minutes(1).since, counts(14, 2))]);
    }

    async fn a_series_has_the_minutes_that_counted_something_in_order(house: House) {
        let acme = house.tenant("acme").await;
        let other = house.tenant("other").await;
        let account = Subject::Account(acme.account);
        let rows = vec![
            minute(acme, account.clone(), 4, counts(4, 0)),
            minute(acme, account.clone(), 1, counts(1, 0)),
            minute(acme, account.clone(), 5, counts(5, 0)),
            minute(acme, Subject::Account(AccountId(acme.account.0 + 1_000)), 2, counts(9, 0)),
            minute(acme, Subject::EventType("user.created".to_owned()), 2, counts(9, 0)),
            minute(acme, Subject::Project, 2, counts(9, 0)),
            minute(other, account.clone(), 2, counts(9, 0)),
            Rollup { width: Width::Hour, ..minute(acme, account.clone(), 2, counts(9, 0)) },
        ];
        house.add_rollups(rows).await.expect("added");
        let found = house.rollups(acme.project, account, minutes(5)).await.expect("read");
        let since = minutes(5).since;
        assert_eq!(found, [(since + 60, counts(1, 0)), (since + 240, counts(4, 0))]);
    }

    async fn endpoints_are_added_up_each_by_itself(house: House) {
        let acme = house.tenant("acme").await;
        let other = house.tenant("other").await;
        let of = |id| Subject::Endpoint(EndpointId(id));
        let rows = vec![
            minute(acme, of(7), 0, counts(1, 2)),
            minute(acme, of(7), 1, counts(1, 1)),
            minute(acme, of(12), 1, counts(5, 0)),
            minute(acme, Subject::Account(AccountId(7)), 1, counts(9, 9)),
            minute(acme, Subject::EventType("e:7".to_owned()), 1, counts(9, 9)),
            minute(other, of(7), 1, counts(9, 9)),
        ];
        house.add_rollups(rows).await.expect("added");
        let found = house.failures_by_endpoint(acme.project, minutes(2), 10).await.expect("read");
        let mut endpoints = found.endpoints;
        endpoints.sort_by_key(|(id, _)| *id);
        assert_eq!(endpoints, [(EndpointId(7), 3)], "only those that failed");
        assert!(found.is_complete);
        let newest = house.failures_by_endpoint(acme.project, minutes(2), 1).await.expect("read");
        assert!(!newest.is_complete);
        let sum: u64 = newest.endpoints.iter().map(|(_, failures)| failures).sum();
        assert_eq!(sum, 1, "the oldest is left out");
    }

    async fn event_types_are_added_up_each_by_its_name(house: House) {
        let acme = house.tenant("acme").await;
        let other = house.tenant("other").await;
        let of = |name: &str| Subject::EventType(name.to_owned());
        let rows = vec![
            minute(acme, of("order.paid"), 0, counts(1, 2)),
            minute(acme, of("order.paid"), 1, counts(1, 1)),
            minute(acme, of("é:7"), 1, counts(5, 0)),
            minute(acme, Subject::Endpoint(EndpointId(7)), 1, counts(9, 9)),
            minute(acme, Subject::Project, 1, counts(9, 9)),
            minute(acme, of("order.paid"), 2, counts(9, 9)),
            minute(other, of("order.paid"), 1, counts(9, 9)),
        ];
        house.add_rollups(rows).await.expect("added");
        let found = house.rollups_by_event_type(acme.project, minutes(2), 10).await.expect("read");
        let mut types = found.event_types;
        types.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(types, [("order.paid".to_owned(), counts(2, 3)), ("é:7".to_owned(), counts(5, 0))]);
        assert!(found.is_complete);
        let newest = house.rollups_by_event_type(acme.project, minutes(2), 2).await.expect("read");
        assert!(!newest.is_complete);
        let sum: u64 = newest.event_types.iter().map(|(_, counts)| counts.failed).sum();
        assert_eq!(sum, 1, "the oldest is left out");
    }

    async fn some_endpoints_have_their_stretches_each(house: House) {
        let acme = house.tenant("acme").await;
        let other = house.tenant("other").await;
        let of = |id| Subject::Endpoint(EndpointId(id));
        let rows = vec![
            minute(acme, of(7), 0, counts(1, 2)),
            minute(acme, of(7), 2, counts(3, 0)),
            minute(acme, of(12), 1, counts(5, 0)),
            minute(acme, of(13), 1, counts(9, 9)),
            minute(acme, of(7), 3, counts(9, 9)),
            minute(acme, Subject::Account(AccountId(7)), 1, counts(9, 9)),
            minute(other, of(7), 1, counts(9, 9)),
            Rollup { width: Width::Hour, ..minute(acme, of(7), 0, counts(9, 9)) },
        ];
        house.add_rollups(rows).await.expect("added");
        let wanted = [7, 12, 99].map(EndpointId).to_vec();
        let found = house.rollups_of_endpoints(acme.project, wanted, minutes(3)).await.expect("read");
        let since = minutes(3).since;
        let mut found: Vec<_> = found
            .into_iter()
            .map(|it| (it.endpoint_id.0, (it.start - since) / 60, it.counts))
            .collect();
        found.sort_by_key(|(id, minute, _)| (*id, *minute));
        assert_eq!(found, [(7, 0, counts(1, 2)), (7, 2, counts(3, 0)), (12, 1, counts(5, 0))]);
    }

    async fn counts_outlive_a_crash(house: House) {
        let acme = house.tenant("acme").await;
        house.add_rollups(vec![minute(acme, Subject::Project, 0, counts(3, 1))]).await.expect("added");
        let after = house.crashed(NOW).await;
        let found = after.rollups(acme.project, Subject::Project, minutes(1)).await.expect("read");
        assert_eq!(found.len(), 1);
    }

    async fn each_width_is_kept_for_its_own_time(house: House) {
        let acme = house.tenant("acme").await;
        let rows = Width::ALL.map(|width| Rollup {
            width,
            start: width.start_of(NOW.seconds()),
            ..minute(acme, Subject::Project, 0, counts(1, 0))
        });
        house.add_rollups(rows.to_vec()).await.expect("added");
        for (days, gone) in [(1, 0), (3, 1), (59, 0), (62, 1), (749, 0), (752, 1)] {
            let now = NOW.plus_ms(days * DAY_MS);
            assert_eq!(house.prune_rollups(now).await.expect("pruned"), gone, "after {days} days");
        }
    }

    async fn nodes_add_to_one_row_without_losing_any(house: House) {
        let acme = house.tenant("acme").await;
        let nodes = house.nodes().await;
        for _ in 0..5 {
            let add = |node: &hookwright_store::Store| {
                let node = node.clone();
                async move { node.add_rollups(vec![minute(acme, Subject::Project, 0, counts(1, 0))]).await }
            };
            let adding: Vec<_> = nodes.iter().map(|node| tokio::spawn(add(node))).collect();
            for added in adding {
                added.await.expect("run").expect("added");
            }
        }
        let found = house.rollups(acme.project, Subject::Project, minutes(1)).await.expect("read");
        assert_eq!(found[0].1.delivered, 5 * nodes.len() as u64);
    }
}
