//! Killed at every table and resumed, the move brings everything: answers, waiting deliveries, keys
//! and signatures.

use std::process::Stdio;

use serde_json::json;

use crate::command::{migrate, refused_to_serve, run};
use crate::database::Database;
use crate::story::{Project, attempts_at, event, live_in};
use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state, until};

const TABLES: [&str; 6] = [
    "keys",
    "endpoints",
    "events_moved",
    "event_names",
    "deliveries_moved",
    "attempts_moved",
];

/// Another key than the folder's: the one that the nodes will have.
pub(crate) const NEW_KEY: &str = "4242424242424242424242424242424242424242424242424242424242424242";

#[test]
fn everything_is_there_after_a_move_that_was_killed_at_every_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let projects = live_in(folder.path());
    let database = database_with_a_hold(&folder);
    for table in TABLES {
        killed_at(&database, &folder, table);
        let refused = refused_to_serve(&database.url, NEW_KEY);
        assert_eq!(refused.code, 2, "{}", refused.said);
        assert!(
            refused.said.contains("hookwright migrate"),
            "{}",
            refused.said
        );
    }
    database.ask("UPDATE hold SET at = ''");
    let mut command = migrate(folder.path(), &database.url);
    command.args(["--master-key", NEW_KEY]);
    let done = run(command);
    assert_eq!(done.code, 0, "{}", done.said);
    assert!(done.said.contains("going on"), "{}", done.said);
    assert!(!done.answer.contains("DIFFERENT"), "{}", done.answer);
    let counted = |words: &[&str]| {
        let lines = done.answer.lines();
        lines
            .map(str::split_whitespace)
            .any(|line| line.eq(words.iter().copied()))
    };
    for table in [["endpoints", "25"], ["deliveries", "25"], ["attempts", "5"]] {
        let [name, rows] = table;
        assert!(counted(&[name, rows, rows, "equal"]), "{}", done.answer);
    }

    let arguments = [
        "--dev",
        "--database-url",
        &database.url,
        "--master-key",
        NEW_KEY,
    ];
    let server = Server::start_in(folder.path(), &arguments);
    for project in &projects {
        project.is_as_before(&server.base);
    }
    for project in &projects {
        goes_on(project, &server.base);
    }
    assert!(server.stop().0.success());

    // The folder is as it was: there is a way back.
    let server = Server::start_in(folder.path(), &["--dev"]);
    for project in &projects {
        project.is_as_before(&server.base);
    }
}

/// What waited goes out, keys work, repetitions are noticed, and signatures verify.
fn goes_on(project: &Project, base: &str) {
    let client = Client::new(base, &project.client.key);
    let path = format!("/v1/endpoints/{}", project.paused);
    client
        .patch(&path, &json!({"status": "active"}))
        .expect(200);
    project.paused_sink.next();
    let held = format!(
        "/v1/deliveries?event_id={}&endpoint_id={}",
        project.held_event, project.paused
    );
    until("the held one arrives", || {
        let list = client.get(&held).expect(200);
        (list["data"][0]["state"] == "delivered").then_some(list)
    });
    // Two failures before, then a success: the third attempt of the same delivery.
    let resend = format!("/v1/deliveries/{}/resend", project.retrying);
    client.send("POST", &resend, &[], ()).expect(202);
    attempts_at(&client, &project.retrying, 3);
    for _ in 0..3 {
        project.failing_sink.next();
    }
    let (event_before, answer) = &project.given;
    let again = client.post("/v1/events", event_before).json();
    assert_eq!(again["id"], answer["id"], "the same event, not a second");
    let mut of_account = event(None);
    of_account["account_id"] = json!(project.account_id);
    let accepted = client.post("/v1/events", &of_account).expect(202);
    let account = Client::new(base, &project.account.key);
    let id = accepted["id"].as_str().expect("an id");
    delivery_in_state(&account, id, "delivered");
    project.account_sink.next();
    let fresh = client.post("/v1/events", &event(None)).expect(202);
    assert_eq!(project.receiver.next()["verified"], true);
    let newest = client.get("/v1/events?limit=1").expect(200);
    assert_eq!(newest["data"][0]["id"], fresh["id"], "newest first");
    let revoked = Client::new(base, &project.revoked_key);
    revoked.get("/v1/events").problem(401);
}

/// A database whose schema is there, and whose inserts into one table can be held back.
fn database_with_a_hold(folder: &tempfile::TempDir) -> Database {
    let database = Database::make();
    let arguments = ["--database-url", &database.url, "--master-key", NEW_KEY];
    assert!(
        Server::start_in(folder.path(), &arguments)
            .stop()
            .0
            .success()
    );
    let refused = run(migrate(folder.path(), &database.url));
    assert_eq!(refused.code, 2);
    assert!(refused.said.contains("it has keys"), "{}", refused.said);
    database.ask("TRUNCATE keys");
    database.ask(
        "CREATE TABLE hold (at text); INSERT INTO hold VALUES ('');
         CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF TG_TABLE_NAME = (SELECT at FROM hold) THEN PERFORM pg_sleep(600); END IF;
                 RETURN NEW;
             END $$",
    );
    for table in TABLES {
        let table = table.trim_end_matches("_moved");
        database.ask(&format!(
            "CREATE TRIGGER hold BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION hold()"
        ));
    }
    database
}

/// SIGKILL while the first row is written into a table.
fn killed_at(database: &Database, folder: &tempfile::TempDir, table: &str) {
    database.ask(&format!("UPDATE hold SET at = '{table}'"));
    let mut command = migrate(folder.path(), &database.url);
    command.args(["--master-key", NEW_KEY]);
    let mut child = command.stderr(Stdio::null()).spawn().expect("it starts");
    let sleeping = "SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'PgSleep'";
    until(&format!("held at {table}"), || {
        (!database.ask(sleeping).is_empty()).then_some(json!(true))
    });
    child.kill().expect("killed");
    child.wait().expect("it ends");
    // The server would notice only once it slept enough.
    database.ask(&format!(
        "SELECT pg_terminate_backend(pid, 60000) FROM ({sleeping}) held"
    ));
}
