//! Whether every node hears what the others changed, whatever happens in between.

mod arrange;

use hookwright_core::limits::ENDPOINTS_PER_ACCOUNT_MAX;

use crate::error::StoreError;
use crate::model::{EventTypeDocument, EventTypeSwap};
use arrange::{MASTER_KEYS, NOW, an_endpoint, check, tenant};

const TRIES_MAX: usize = 100;

#[test]
fn a_node_is_told_what_another_changed_in_the_order_of_the_commits() {
    check(async |shared| {
        let (one, _) = shared.node(MASTER_KEYS).await;
        let (_other, mut heard) = shared.node(MASTER_KEYS).await;
        let acme = tenant(&one, "acme").await;
        let a = one
            .create_endpoint(an_endpoint(acme, "ep_a"))
            .await
            .expect("made");
        one.delete_account(acme.0, acme.1, NOW)
            .await
            .expect("deleted");
        one.delete_project(acme.0, NOW).await.expect("deleted");
        let last = format!("project {} deleted", acme.0.0);
        let mut told = heard.until(&last).await;
        // What was deleted before it was read is told as deleted only.
        let never_seen = ["project acme", "account default", "endpoint ep_a"];
        told.retain(|word| !never_seen.contains(&word.as_str()));
        assert_eq!(told, [format!("account {} deleted", acme.1.0), last]);
        assert!(a.id.0 > 0);
    });
}

#[test]
fn a_node_is_told_what_another_says_of_event_types() {
    check(async |shared| {
        let (one, _) = shared.node(MASTER_KEYS).await;
        let (_other, mut heard) = shared.node(MASTER_KEYS).await;
        let (project, _) = tenant(&one, "acme").await;
        let types = ["a", "b"].map(|name| EventTypeSwap {
            name: name.to_owned(),
            before: None,
            after: Some(EventTypeDocument::default()),
        });
        let made = one.swap_event_types(project, types.to_vec(), NOW).await;
        assert!(made.expect("made"));
        heard.until("event types 2").await;
        let gone = types.map(|swap| EventTypeSwap {
            before: swap.after,
            after: None,
            ..swap
        });
        let gone = one.swap_event_types(project, gone.to_vec(), NOW).await;
        assert!(gone.expect("removed"));
        heard.until("event types 0").await;
    });
}

#[test]
fn changes_made_at_once_are_all_told_before_they_return() {
    check(async |shared| {
        let (store, mut heard) = shared.node(MASTER_KEYS).await;
        let (project, _) = tenant(&store, "acme").await;
        heard.take();
        let making = (0..50).map(|index| {
            let store = store.clone();
            tokio::spawn(async move {
                let made = store.create_account(project, index.to_string(), None, NOW);
                made.await.expect("made")
            })
        });
        for made in making.collect::<Vec<_>>() {
            made.await.expect("made");
        }
        assert_eq!(heard.take().len(), 50);
    });
}

#[test]
fn nodes_make_no_more_endpoints_together_than_an_account_may_have() {
    check(async |shared| {
        let (one, _) = shared.node(MASTER_KEYS).await;
        let (other, _) = shared.node(MASTER_KEYS).await;
        let acme = tenant(&one, "acme").await;
        let (project, account) = (acme.0.0, acme.1.0);
        let nearly = ENDPOINTS_PER_ACCOUNT_MAX - 3;
        shared
            .sql(&format!(
                "INSERT INTO endpoints (project_id, account_id, public_id, settings, secrets,
                                        status, created_at, updated_at)
                 SELECT {project}, {account}, i::text, '', '', 1, 0, 0
                 FROM generate_series(1, {nearly}) i"
            ))
            .await;
        let making = (0..12).map(|index| {
            let store = if index % 2 == 0 {
                one.clone()
            } else {
                other.clone()
            };
            let new = an_endpoint(acme, &format!("ep_{index}"));
            tokio::spawn(async move { store.create_endpoint(new).await })
        });
        let mut made = 0;
        for outcome in making.collect::<Vec<_>>() {
            match outcome.await.expect("answered") {
                Ok(_) => made += 1,
                Err(error) => assert!(matches!(error, StoreError::LimitReached { .. }), "{error}"),
            }
        }
        assert_eq!(made, 3);
    });
}

#[test]
fn a_node_goes_on_hearing_after_every_connection_was_lost() {
    check(async |shared| {
        let (one, _) = shared.node(MASTER_KEYS).await;
        let (_other, mut heard) = shared.node(MASTER_KEYS).await;
        let (project, _) = tenant(&one, "acme").await;
        shared
            .sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        let mut tries = 0;
        loop {
            tries += 1;
            let made = one
                .create_account(project, format!("try-{tries}"), None, NOW)
                .await;
            match made {
                Ok(made) => break drop(heard.until(&format!("account {}", made.public_id)).await),
                Err(StoreError::Unavailable(_)) if tries < TRIES_MAX => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
}

#[test]
fn a_node_that_missed_what_the_log_said_is_told_everything_anew() {
    check(async |shared| {
        let (one, _) = shared.node(MASTER_KEYS).await;
        let (_other, mut heard) = shared.node(MASTER_KEYS).await;
        let acme = tenant(&one, "acme").await;
        let gone = one
            .create_endpoint(an_endpoint(acme, "ep_gone"))
            .await
            .expect("made");
        one.create_endpoint(an_endpoint(acme, "ep_stays"))
            .await
            .expect("made");
        heard.until("endpoint ep_stays").await;
        // Its mark is removed, and a deletion that the log does not hold is made.
        shared
            .sql(
                "UPDATE endpoints SET deleted_at = 1 WHERE public_id = 'ep_gone';
                 INSERT INTO catalogue (project_id, name, document, created_at, updated_at)
                 SELECT id, 'user.created', '{}', 0, 0 FROM projects;
                 DELETE FROM changes",
            )
            .await;
        let everything = [
            "project acme",
            "account default",
            "endpoint ep_stays",
            "event types 1",
            "keys",
        ];
        let told = heard.until("keys").await;
        assert_eq!(told[0], format!("endpoint {} deleted", gone.id.0));
        assert_eq!(told[1..], everything);
        one.create_account(acme.0, "later".to_owned(), None, NOW)
            .await
            .expect("made");
        heard.until("account later").await;
    });
}

#[test]
fn commits_lost_in_a_failover_are_told_as_deleted() {
    check(async |shared| {
        let (one, _) = shared.node(MASTER_KEYS).await;
        let (_other, mut heard) = shared.node(MASTER_KEYS).await;
        let acme = tenant(&one, "acme").await;
        one.create_account(acme.0, "lost".to_owned(), None, NOW)
            .await
            .expect("made");
        heard.until("account lost").await;
        // As a standby that had not received the last commit, and gives its number to another.
        shared
            .sql(
                "DELETE FROM accounts WHERE public_id = 'lost';
                 UPDATE changes SET made_at = made_at + interval '1 ms', account_id = 0
                 WHERE id = (SELECT MAX(id) FROM changes)",
            )
            .await;
        let told = heard.until("keys").await;
        assert!(
            told[0].starts_with("account") && told[0].ends_with("deleted"),
            "{told:?}"
        );
        let everything = ["project acme", "account default", "event types 0", "keys"];
        assert_eq!(told[1..], everything);
    });
}

#[test]
fn an_endpoint_that_a_node_cannot_read_keeps_nothing_else_from_it() {
    check(async |shared| {
        let (_other, mut heard) = shared.node(MASTER_KEYS).await;
        // The first of several nodes that are given a new master key.
        let (one, _) = shared.node(&[9, 7]).await;
        let acme = tenant(&one, "acme").await;
        one.create_endpoint(an_endpoint(acme, "ep_a"))
            .await
            .expect("made");
        one.create_account(acme.0, "later".to_owned(), None, NOW)
            .await
            .expect("made");
        let told = heard.until("account later").await;
        assert_eq!(told, ["project acme", "account default", "account later"]);
    });
}

#[test]
fn a_trimmed_log_keeps_the_mark_of_a_node_that_is_awake() {
    check(async |shared| {
        let (store, _) = shared.node(MASTER_KEYS).await;
        let (project, _) = tenant(&store, "acme").await;
        drop(store);
        shared
            .sql("UPDATE changes SET made_at = made_at - interval '25 hours'")
            .await;
        let (store, mut heard) = shared.node(MASTER_KEYS).await;
        for name in ["a", "b"] {
            store
                .create_account(project, name.to_owned(), None, NOW)
                .await
                .expect("made");
            store.trim_changes().await.expect("trimmed");
        }
        assert_eq!(heard.take(), ["account a", "account b"]);
        let kept = store
            .row("SELECT COUNT(*) FROM changes", &[])
            .await
            .expect("read");
        assert_eq!(
            kept.get::<_, i64>(0),
            3,
            "two of today, and the newest before"
        );
    });
}
