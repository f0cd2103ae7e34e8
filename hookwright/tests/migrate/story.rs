//! What a server on a folder has lived through before it is moved.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::answers::all_answers;
use crate::support::client::Client;
use crate::support::receiver::{Language, Receiver};
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::Sink;

pub(crate) const FORMATS: [&str; 5] = ["authepy", "authpi", "authento", "envoyou", "reachscore"];
/// Longer than any test.
const LATER_MS: u64 = 60 * 60 * 1000;

/// A project with a delivery in every state.
pub(crate) struct Project {
    pub(crate) client: Client,
    pub(crate) account: Client,
    pub(crate) account_id: String,
    pub(crate) account_sink: Sink,
    /// Verifies by the vendor's own rules, with the endpoint's secret.
    pub(crate) receiver: Receiver,
    pub(crate) paused: String,
    /// What is sent there, once it is no longer paused.
    pub(crate) held_event: String,
    pub(crate) paused_sink: Sink,
    /// A delivery that an hour stands between its first attempt and its second.
    pub(crate) retrying: String,
    pub(crate) failing_sink: Sink,
    /// A published event's id as it was given, with its answer.
    pub(crate) given: (Value, Value),
    pub(crate) revoked_key: String,
    pub(crate) answers: BTreeMap<String, Value>,
    account_answers: BTreeMap<String, Value>,
}

/// Lives through it, once in each format, and ends in good order.
pub(crate) fn live_in(folder: &Path) -> Vec<Project> {
    let server = Server::start_in(folder, &["--dev"]);
    let projects = FORMATS.iter().map(|format| Project::live(&server, format));
    let projects = projects.collect();
    assert!(server.stop().0.success());
    projects
}

impl Project {
    fn live(server: &Server, format: &str) -> Self {
        let client = server.project(format);
        let (receiver, _) = receiver(&client, format);
        let paused_sink = Sink::with_statuses(&[200]);
        let paused = endpoint(&client, &paused_sink, json!({}));
        let path = format!("/v1/endpoints/{paused}");
        client
            .patch(&path, &json!({"status": "paused"}))
            .expect(200);
        // Answers with a failure, then well: a person's attempt, and one more.
        let failing_sink = Sink::with_statuses(&[500, 500, 200]);
        let policy = json!({"max_attempts": 3, "backoff_multiplier": 2, "initial_delay": LATER_MS});
        let failing = endpoint(&client, &failing_sink, json!({"retry_policy": policy}));
        let account_sink = Sink::with_statuses(&[200]);
        let gone_sink = Sink::with_statuses(&[410]);
        let gone = endpoint(&client, &gone_sink, json!({}));

        let given = event(Some(format!("evt_given-{format}")));
        let answer = client.post("/v1/events", &given).expect(202);
        assert_eq!(receiver.next()["verified"], true);
        let id = answer["id"].as_str().expect("an id").to_owned();
        let retrying = state_at(&client, &id, &failing, "retrying");
        let resend = format!("/v1/deliveries/{retrying}/resend");
        client.send("POST", &resend, &[], ()).expect(202);
        attempts_at(&client, &retrying, 2);
        state_at(&client, &id, &gone, "failed");
        client.delete(&format!("/v1/endpoints/{gone}")).expect(204);
        let (account, revoked_key) = account_and_keys(&client, &account_sink, format);
        Self {
            answers: all_answers(&client),
            account_answers: all_answers(&account),
            client,
            account,
            account_id: account_of(format),
            account_sink,
            receiver,
            paused,
            held_event: id,
            paused_sink,
            retrying,
            failing_sink,
            given: (given, answer),
            revoked_key,
        }
    }

    /// Everything is answered as it was, by another server.
    pub(crate) fn is_as_before(&self, base: &str) {
        for (client, before) in [
            (&self.client, &self.answers),
            (&self.account, &self.account_answers),
        ] {
            assert!(before.len() > 5, "{before:?}");
            let after = all_answers(&Client::new(base, &client.key));
            for (path, answer) in before {
                assert_eq!(Some(answer), after.get(path), "{path}");
            }
            assert_eq!(before.len(), after.len());
        }
    }
}

pub(crate) fn event(id: Option<String>) -> Value {
    let mut event = json!({
        "type": "user.created",
        "data": {"userId": "u-1", "text": "Ōtautahi 世界", "n": 1.5},
        "subject": {"tenant": "é"}, "trace": "trace-7",
    });
    if let Some(id) = id {
        event["id"] = json!(id);
    }
    event
}

fn endpoint(client: &Client, sink: &Sink, mut settings: Value) -> String {
    settings["url"] = json!(sink.url);
    let made = client.post("/v1/endpoints", &settings).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

/// A receiver that has the secret of its endpoint.
fn receiver(client: &Client, format: &str) -> (Receiver, String) {
    let endpoint = json!({"url": "http://127.0.0.1:9/not-yet"});
    let made = client.post("/v1/endpoints", &endpoint).expect(201);
    let secret = made["secret"].as_str().expect("a secret");
    let receiver = Receiver::start(Language::Node, format, &["--secret", secret]);
    let id = made["id"].as_str().expect("an id").to_owned();
    let url = json!({"url": receiver.url});
    client
        .patch(&format!("/v1/endpoints/{id}"), &url)
        .expect(200);
    (receiver, id)
}

/// The delivery of an event to an endpoint, once it is in a state.
fn state_at(client: &Client, event: &str, endpoint: &str, state: &str) -> String {
    let path = format!("/v1/deliveries?event_id={event}&endpoint_id={endpoint}");
    let found = crate::support::server::until(state, || {
        let list = client.get(&path).expect(200);
        let delivery = list["data"].as_array()?.first()?.clone();
        (delivery["state"] == state).then_some(delivery)
    });
    found["id"].as_str().expect("an id").to_owned()
}

pub(crate) fn attempts_at(client: &Client, delivery: &str, attempts: usize) {
    let path = format!("/v1/deliveries/{delivery}");
    crate::support::server::until("the attempts", || {
        let whole = client.get(&path).expect(200);
        (whole["attempts"] == attempts).then_some(whole)
    });
}

fn account_of(format: &str) -> String {
    format!("acc-{format}")
}

/// An account with an endpoint, an event and a key of its own; and a key that was revoked.
fn account_and_keys(client: &Client, sink: &Sink, format: &str) -> (Client, String) {
    let id = account_of(format);
    let body = json!({"id": id, "name": "Ä"});
    client.post("/v1/accounts", &body).expect(201);
    let key = |name: &str| {
        let path = format!("/v1/accounts/{id}/keys");
        client.post(&path, &json!({ "name": name })).expect(201)
    };
    let (kept, revoked) = (key("kept"), key("revoked"));
    let gone = revoked["id"].as_str().expect("an id");
    client
        .delete(&format!("/v1/accounts/{id}/keys/{gone}"))
        .expect(204);
    let account = client.with_key(kept["api_key"].as_str().expect("a key"));
    endpoint(&account, sink, json!({}));
    let mut event = event(None);
    event["account_id"] = json!(id);
    let accepted = client.post("/v1/events", &event).expect(202);
    let event = accepted["id"].as_str().expect("an id");
    delivery_in_state(&account, event, "delivered");
    let revoked = revoked["api_key"].as_str().expect("a key");
    (account, revoked.to_owned())
}
