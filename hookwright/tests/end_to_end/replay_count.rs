//! How far a replay counts before it is made.

use serde_json::json;

use crate::support::server::Server;

#[test]
fn a_count_looks_no_further_than_it_is_told_to() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let endpoint = json!({"url": "http://127.0.0.1:9/hook"});
    let made = client.post("/v1/endpoints", &endpoint).expect(201);
    let id = made["id"].as_str().expect("an id");
    // To a disabled endpoint all fail at once.
    client
        .post(&format!("/v1/endpoints/{id}/disable"), &json!({}))
        .expect(200);
    let event = json!({"type": "user.created", "data": {}});
    for events in [1_000, 1] {
        let batch = json!(vec![event.clone(); events]);
        client.post("/v1/events/batch", &batch).expect(202);
    }
    client
        .post(&format!("/v1/endpoints/{id}/enable"), &json!({}))
        .expect(200);
    let count = |rows: usize| {
        let asked = json!({"since": "2020-01-01T00:00:00Z", "dry_run": true, "counted_rows": rows});
        client.post("/v1/replays", &asked)
    };
    let some = count(1_000).expect(200);
    assert_eq!(
        (&some["count"], &some["count_is_exact"]),
        (&json!(1_000), &json!(false))
    );
    let all = count(100_000).expect(200);
    assert_eq!(
        (&all["count"], &all["count_is_exact"]),
        (&json!(1_001), &json!(true))
    );
    for refused in [0, 100_001] {
        let answer = count(refused).expect(422);
        assert_eq!(answer["errors"][0]["pointer"], "/counted_rows");
    }
}
