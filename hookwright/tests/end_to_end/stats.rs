//! Statistics: counted, shown to whom they belong, and kept over a restart.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state, until};
use crate::support::sink::Sink;

fn endpoint(client: &Client, account: &str, url: &str) -> String {
    let once = json!({"max_attempts": 1, "backoff_multiplier": 1.0, "initial_delay": 1000});
    let body = json!({"url": url, "account_id": account, "retry_policy": once});
    let made = client.post("/v1/endpoints", &body).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

fn publish(client: &Client, account: &str, event_type: &str) -> String {
    let event = json!({"type": event_type, "account_id": account, "data": {"n": 1}});
    let accepted = client.post("/v1/events", &event).expect(202);
    accepted["id"].as_str().expect("an id").to_owned()
}

/// The statistics once so many deliveries have ended in them.
fn ended(client: &Client, query: &str, count: u64) -> Value {
    until(&format!("{count} ended in {query}"), || {
        let stats = client.get(&format!("/v1/stats?{query}")).expect(200);
        let number = |name: &str| stats["totals"][name].as_u64().expect("a number");
        (number("delivered") + number("failed") == count).then_some(stats)
    })
}

/// Two accounts of one project: one is delivered to, and one fails.
struct Arranged {
    server: Server,
    client: Client,
    well: String,
    failing: String,
}

fn arranged() -> Arranged {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let (ok, bad) = (Sink::with_statuses(&[200]), Sink::with_statuses(&[500]));
    let well = endpoint(&client, "acme", &ok.url);
    let failing = endpoint(&client, "globex", &bad.url);
    for event_type in ["user.created", "user.created", "user.deleted"] {
        let event = publish(&client, "acme", event_type);
        delivery_in_state(&client, &event, "delivered");
    }
    let event = publish(&client, "globex", "user.created");
    delivery_in_state(&client, &event, "failed");
    Arranged {
        server,
        client,
        well,
        failing,
    }
}

#[test]
fn what_happened_is_counted_for_each_subject_and_width() {
    let it = arranged();
    let all = ended(&it.client, "", 4);
    let totals = &all["totals"];
    assert_eq!(totals["accepted"], 4);
    assert_eq!(
        (&totals["delivered"], &totals["failed"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(totals["attempts"], 4);
    assert_eq!(totals["success_rate"], 0.75);
    assert_eq!(totals["errors"], json!({"server_error": 1}));
    let p50 = totals["latency_ms"]["p50"].as_f64().expect("a latency");
    let p99 = totals["latency_ms"]["p99"].as_f64().expect("a latency");
    assert!(p50 > 0.0 && p50 <= p99, "{totals}");
    assert!(totals["attempt_ms"]["total"]["p95"].is_f64(), "{totals}");
    assert!(totals["attempt_ms"]["connect"]["p95"].is_f64(), "{totals}");
    assert_eq!(totals["attempt_ms"]["tls"], Value::Null, "plain http");
    assert_eq!(
        (&all["backlog"], &all["backlog_is_exact"]),
        (&json!(0), &json!(true))
    );
    assert!(!all["points"].as_array().expect("points").is_empty());
    for (query, delivered, failed) in [
        ("width=hour", 3, 1),
        ("width=day", 3, 1),
        ("account_id=acme", 3, 0),
        ("account_id=globex&width=day", 0, 1),
        ("event_type=user.deleted", 1, 0),
        (&format!("endpoint_id={}", it.well), 3, 0),
        (&format!("endpoint_id={}&width=hour", it.failing), 0, 1),
    ] {
        let totals = ended(&it.client, query, delivered + failed)["totals"].clone();
        assert_eq!(totals["delivered"], delivered, "{query}");
    }
}

#[test]
fn the_endpoints_that_fail_are_listed() {
    let it = arranged();
    ended(
        &it.client,
        &format!("width=hour&endpoint_id={}", it.failing),
        1,
    );
    let list = it.client.get("/v1/stats/endpoints").expect(200);
    assert_eq!(list["is_complete"], true);
    let data = list["data"].as_array().expect("a list");
    assert_eq!(data.len(), 1, "{list}");
    assert_eq!(data[0]["endpoint_id"], json!(it.failing));
    assert_eq!(data[0]["account_id"], "globex");
    assert_eq!(
        (&data[0]["failures"], &data[0]["failed"]),
        (&json!(1), &json!(1))
    );
    let of_acme = it
        .client
        .get("/v1/stats/endpoints?account_id=acme")
        .expect(200);
    assert_eq!(of_acme["data"], json!([]));
}

#[test]
fn the_event_types_that_fail_are_listed() {
    let it = arranged();
    ended(&it.client, "width=hour&event_type=user.created", 3);
    let list = it.client.get("/v1/stats/event-types").expect(200);
    assert_eq!(list["is_complete"], true);
    let data = list["data"].as_array().expect("a list");
    assert_eq!(data.len(), 1, "what does not fail is left out: {list}");
    assert_eq!(data[0]["event_type"], "user.created");
    assert_eq!(data[0]["errors"], json!({"server_error": 1}));
    let number = |name: &str| data[0][name].as_u64().expect("a number");
    let numbers = ["failures", "attempts", "delivered", "failed"].map(number);
    assert_eq!(numbers, [1, 3, 2, 1]);
    let key = it
        .client
        .post("/v1/accounts/acme/keys", &json!({}))
        .expect(201);
    let acme = it.client.with_key(key["api_key"].as_str().expect("a key"));
    assert_eq!(acme.get("/v1/stats/event-types").problem(403), "forbidden");
    let other = it.server.project("standard-webhooks");
    let theirs = other.get("/v1/stats/event-types").expect(200);
    assert_eq!(theirs["data"], json!([]));
}

#[test]
fn an_accounts_key_sees_its_own_counts_only() {
    let it = arranged();
    let key = it
        .client
        .post("/v1/accounts/acme/keys", &json!({}))
        .expect(201);
    let acme = it.client.with_key(key["api_key"].as_str().expect("a key"));
    let own = ended(&acme, "", 3);
    assert_eq!(own["totals"]["failed"], 0);
    ended(&acme, &format!("endpoint_id={}", it.well), 3);
    let other = acme.get(&format!("/v1/stats?endpoint_id={}", it.failing));
    assert_eq!(other.problem(404), "not_found");
    assert_eq!(
        acme.get("/v1/stats?account_id=globex").problem(404),
        "not_found"
    );
    let of_type = acme.get("/v1/stats?event_type=user.created");
    assert_eq!(of_type.problem(400), "invalid_parameter");
    ended(
        &it.client,
        &format!("width=hour&endpoint_id={}", it.failing),
        1,
    );
    assert_eq!(
        acme.get("/v1/stats/endpoints").expect(200)["data"],
        json!([])
    );
}

#[test]
fn what_waits_is_the_backlog() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let id = endpoint(&client, "acme", &sink.url);
    let path = format!("/v1/endpoints/{id}");
    client
        .patch(&path, &json!({"status": "paused"}))
        .expect(200);
    let first = publish(&client, "acme", "user.created");
    publish(&client, "acme", "user.created");
    let held = delivery_in_state(&client, &first, "held");
    for query in ["", &format!("endpoint_id={id}"), "account_id=acme"] {
        let stats = client.get(&format!("/v1/stats?{query}")).expect(200);
        assert_eq!(
            (&stats["backlog"], &stats["backlog_is_exact"]),
            (&json!(2), &json!(true))
        );
        assert_eq!(stats["oldest_undelivered_at"], held["created_at"]);
    }
    client
        .patch(&path, &json!({"status": "active"}))
        .expect(200);
    let stats = ended(&client, "", 2);
    assert_eq!(stats["totals"]["delivered"], 2);
    until("nothing waits", || {
        let stats = client.get("/v1/stats").expect(200);
        (stats["backlog"] == 0 && stats["oldest_undelivered_at"].is_null()).then_some(stats)
    });
}

#[test]
fn a_stopped_server_has_written_its_counts_down() {
    let it = arranged();
    let key = it.client.key.clone();
    let (status, folder) = it.server.stop();
    assert!(status.success());
    let folder = folder.expect("its folder");
    let again = Server::start_in(folder.path(), &["--dev"]);
    let client = Client::new(&again.base, &key);
    let stats = client.get("/v1/stats?width=day").expect(200);
    assert_eq!(
        (&stats["totals"]["delivered"], &stats["totals"]["failed"]),
        (&json!(3), &json!(1))
    );
}

#[test]
fn times_and_widths_that_cannot_be_shown_are_refused() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    for query in [
        "width=week",
        "since=yesterday",
        "since=2020-01-01T00:00:00Z",
        "width=day&since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
        "unknown=1",
    ] {
        for path in ["/v1/stats", "/v1/stats/endpoints", "/v1/stats/event-types"] {
            let answer = client.get(&format!("{path}?{query}"));
            assert_eq!(answer.problem(400), "invalid_parameter", "{path}?{query}");
        }
    }
}

#[test]
fn a_point_may_count_several_minutes() {
    let it = arranged();
    ended(&it.client, "", 4);
    let stats = it
        .client
        .get("/v1/stats?width=minute&per_point=30")
        .expect(200);
    assert_eq!(stats["per_point"], 30);
    let points = stats["points"].as_array().expect("points");
    // The test may run over the end of one point.
    assert!((1..=2).contains(&points.len()), "{stats}");
    for point in points {
        let at = point["at"].as_str().expect("a time");
        assert!(at.ends_with(":00:00Z") || at.ends_with(":30:00Z"), "{at}");
    }
    assert_eq!(stats["totals"]["accepted"], 4);
    let refused = it.client.get("/v1/stats?per_point=0");
    assert_eq!(refused.problem(400), "invalid_parameter");
}

#[test]
fn an_endpoint_that_fails_is_listed_by_its_name() {
    let it = arranged();
    let id = &it.failing;
    let name = json!({"name": "CRM"});
    it.client
        .patch(&format!("/v1/endpoints/{id}"), &name)
        .expect(200);
    ended(&it.client, &format!("width=hour&endpoint_id={id}"), 1);
    let list = it.client.get("/v1/stats/endpoints").expect(200);
    assert_eq!(list["data"][0]["name"], "CRM");
    let url = list["data"][0]["url"].as_str().expect("a URL");
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
}

#[test]
fn the_endpoints_that_are_not_well_are_listed() {
    let it = arranged();
    let ids = |query: &str| -> Vec<Value> {
        let list = it.client.get(&format!("/v1/endpoints?{query}")).expect(200);
        let data = list["data"].as_array().expect("a list").clone();
        data.into_iter()
            .map(|endpoint| endpoint["id"].clone())
            .collect()
    };
    assert_eq!(ids("unwell=true"), [] as [Value; 0]);
    let path = format!("/v1/endpoints/{}/disable", it.failing);
    it.client.post(&path, &json!({"reason": "x"})).expect(200);
    until("the disabled one is listed", || {
        (ids("unwell=true") == [json!(it.failing)]).then_some(Value::Null)
    });
    assert_eq!(ids("unwell=true&account_id=acme"), [] as [Value; 0]);
    assert_eq!(ids("unwell=true&status=active"), [] as [Value; 0]);
    assert_eq!(ids("unwell=false").len(), 2);
    assert_eq!(
        it.client.get("/v1/endpoints?unwell=yes").problem(400),
        "invalid_parameter"
    );
    let key = it
        .client
        .post("/v1/accounts/acme/keys", &json!({}))
        .expect(201);
    let acme = it.client.with_key(key["api_key"].as_str().expect("a key"));
    let own = acme.get("/v1/endpoints?unwell=true").expect(200);
    assert_eq!(own["data"], json!([]));
    // A breaker that opens makes its endpoint unwell, and closing it makes it well again.
    let sink = Sink::with_statuses(&[500]);
    let breaker = json!({"min_attempts": 1, "window_seconds": 60, "open_seconds": 600});
    let body = json!({"url": sink.url, "account_id": "initech", "circuit_breaker": breaker});
    let made = it.client.post("/v1/endpoints", &body).expect(201);
    publish(&it.client, "initech", "user.created");
    until("the open one is listed", || {
        ids("unwell=true&account_id=initech")
            .contains(&made["id"])
            .then_some(Value::Null)
    });
    let first = it
        .client
        .get("/v1/endpoints?unwell=true&limit=1")
        .expect(200);
    assert_eq!(first["data"][0]["id"], made["id"], "the newest first");
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    assert_eq!(
        ids(&format!("unwell=true&limit=1&cursor={cursor}")),
        [json!(it.failing)]
    );
}

#[test]
fn endpoints_are_listed_with_their_last_day() {
    let it = arranged();
    let traffic = |id: &str| {
        let list = it.client.get("/v1/endpoints?traffic=true").expect(200);
        let data = list["data"].as_array().expect("a list").clone();
        let mut found = data.into_iter().filter(|endpoint| endpoint["id"] == *id);
        found.next().expect("listed")["traffic"].clone()
    };
    let well = until("what was delivered is listed", || {
        Some(traffic(&it.well)).filter(|traffic| traffic["delivered"] == 3)
    });
    assert_eq!(well["success_rate"], 1.0);
    assert_eq!(well["last_failed_hour"], Value::Null);
    let hours = well["hours"].as_array().expect("hours");
    assert_eq!(
        well["last_delivered_hour"],
        hours.last().expect("an hour")["at"]
    );
    let failing = until("what failed is listed", || {
        Some(traffic(&it.failing)).filter(|traffic| traffic["failed"] == 1)
    });
    assert_eq!(failing["success_rate"], 0.0);
    assert!(failing["last_failed_hour"].is_string(), "{failing}");
    let plain = it.client.get("/v1/endpoints").expect(200);
    assert_eq!(plain["data"][0].get("traffic"), None);
    let refused = it.client.get("/v1/endpoints?traffic=1");
    assert_eq!(refused.problem(400), "invalid_parameter");
    let scopes = json!({"scopes": ["endpoints:read"]});
    let key = it.client.post("/v1/keys", &scopes).expect(201);
    let poor = it.client.with_key(key["api_key"].as_str().expect("a key"));
    poor.get("/v1/endpoints").expect(200);
    let refused = poor.get("/v1/endpoints?traffic=true");
    assert_eq!(refused.problem(403), "missing_scope");
}
