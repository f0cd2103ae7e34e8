//! What the command refuses, with exit code 2 and a way out.

use crate::command::{Run, migrate, refused_to_serve, run};
use crate::database::Database;
use crate::moved::NEW_KEY;
use crate::support::server::Server;

#[track_caller]
fn is_refused(run: &Run, words: &str) {
    assert_eq!(run.code, 2, "{}", run.said);
    assert!(run.said.contains(words), "{}", run.said);
    assert!(run.said.contains("hint: "), "{}", run.said);
}

#[test]
fn a_running_server_keeps_its_folder() {
    let database = Database::make();
    let server = Server::start();
    let refused = run(migrate(server.folder(), &database.url));
    is_refused(&refused, "in use by another process");
}

#[test]
fn a_folder_without_a_store_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = migrate(folder.path(), "postgres://nobody@127.0.0.1:1/none");
    command.args(["--master-key", NEW_KEY]);
    is_refused(&run(command), "there is no store");
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 0, "nothing is made in it");
}

#[test]
fn secrets_that_do_not_open_stop_it_before_anything_is_moved() {
    let database = Database::make();
    let (_, folder) = with_a_project();
    std::fs::remove_file(folder.path().join("master.key")).expect("it was there");
    is_refused(
        &run(migrate(folder.path(), &database.url)),
        "there is no master key",
    );
    let mut command = migrate(folder.path(), &database.url);
    command.args(["--master-key", NEW_KEY]);
    is_refused(&run(command), "sealed under another master key");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.ask(tables), "0");
}

#[test]
fn a_server_in_between_makes_it_begin_again() {
    let database = Database::make();
    let (key, folder) = with_a_project();
    let done = run(migrate(folder.path(), &database.url));
    assert_eq!(done.code, 0, "{}", done.said);
    let show = format!("$(cat '{}')", folder.path().join("master.key").display());
    assert!(done.said.contains(&show), "{}", done.said);
    assert!(!done.said.contains(&key), "the key itself is not shown");
    let again = run(migrate(folder.path(), &database.url));
    assert_eq!(again.code, 0, "{}", again.said);
    assert!(again.said.contains("by an earlier run"), "{}", again.said);

    // As an interruption leaves it.
    database.ask("UPDATE meta SET value = 1 WHERE name = 'moved_state'");
    is_refused(
        &refused_to_serve(&database.url, &key),
        "it goes on where it stopped",
    );
    assert!(
        Server::start_in(folder.path(), &["--dev"])
            .stop()
            .0
            .success()
    );
    is_refused(
        &run(migrate(folder.path(), &database.url)),
        "before a server ran on it again",
    );
}

#[test]
fn rows_that_are_missing_are_named_and_nobody_serves() {
    let database = Database::make();
    let (key, folder) = with_a_project();
    assert_eq!(run(migrate(folder.path(), &database.url)).code, 0);
    database.ask("UPDATE meta SET value = 1 WHERE name = 'moved_state'");
    database.ask("DELETE FROM accounts");
    let differs = run(migrate(folder.path(), &database.url));
    assert_eq!(differs.code, 1, "{}", differs.said);
    assert!(
        differs
            .answer
            .contains("accounts                  1              0  DIFFERENT")
    );
    assert!(
        differs.said.contains("the rows of accounts differ"),
        "{}",
        differs.said
    );
    assert_eq!(refused_to_serve(&database.url, &key).code, 2);
}

/// The master key of a folder with a project and an endpoint in it.
fn with_a_project() -> (String, tempfile::TempDir) {
    let server = Server::start();
    let client = server.project("envoyou");
    let endpoint = serde_json::json!({"url": "http://127.0.0.1:9/nowhere"});
    client.post("/v1/endpoints", &endpoint).expect(201);
    let (_, folder) = server.stop();
    let folder = folder.expect("its own");
    let key = std::fs::read_to_string(folder.path().join("master.key"));
    (key.expect("a key"), folder)
}
