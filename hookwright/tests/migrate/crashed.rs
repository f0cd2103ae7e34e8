//! What a server that was killed had under way is sent again after the move.

use std::sync::mpsc;

use serde_json::json;

use crate::command::{migrate, run};
use crate::database::Database;
use crate::story::event;
use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::Sink;

#[test]
fn what_was_under_way_at_a_crash_is_sent_again() {
    let database = Database::make();
    let server = Server::start();
    let client = server.project("envoyou");
    let (arrived, first_request) = mpsc::channel();
    let (never, answer) = mpsc::channel::<()>();
    let mut waits = Some(answer);
    let sink = Sink::answering(move |_| {
        let _ = arrived.send(());
        if let Some(answer) = waits.take() {
            let _ = answer.recv();
        }
        200
    });
    client
        .post("/v1/endpoints", &json!({"url": sink.url}))
        .expect(201);
    let accepted = client.post("/v1/events", &event(None)).expect(202);
    first_request.recv().expect("it is under way");
    let folder = server.kill().expect("its own");
    drop(never);

    let done = run(migrate(folder.path(), &database.url));
    assert_eq!(done.code, 0, "{}", done.said);
    let key = std::fs::read_to_string(folder.path().join("master.key")).expect("a key");
    let arguments = [
        "--dev",
        "--database-url",
        &database.url,
        "--master-key",
        &key,
    ];
    let server = Server::start_in(folder.path(), &arguments);
    let client = Client::new(&server.base, &client.key);
    let id = accepted["id"].as_str().expect("an id");
    let delivery = delivery_in_state(&client, id, "delivered");
    assert_eq!(delivery["attempts"], 1, "nobody settled the first");
    first_request.recv().expect("it came again");
}
