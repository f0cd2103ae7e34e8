//! Lists as their users ask for them: filtered, and walked both ways.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state, until};
use crate::support::sink::Sink;

/// The ids of a list, walked page by page: forth by `next_cursor`, then back by `prev_cursor`.
#[track_caller]
fn walked(client: &Client, path: &str, name: &str) -> Vec<String> {
    let join = if path.contains('?') { '&' } else { '?' };
    let ids = |page: &Value| -> Vec<String> {
        let items = page["data"].as_array().expect("a page").iter();
        items
            .map(|item| item[name].as_str().expect("an id").to_owned())
            .collect()
    };
    let mut page = client.get(&format!("{path}{join}limit=2")).expect(200);
    assert_eq!(
        page["prev_cursor"],
        Value::Null,
        "nothing is before the first page"
    );
    let mut forth = vec![ids(&page)];
    while let Some(cursor) = page["next_cursor"].as_str() {
        page = client
            .get(&format!("{path}{join}limit=2&cursor={cursor}"))
            .expect(200);
        forth.push(ids(&page));
        assert!(forth.len() < 100, "a walk ends");
    }
    let mut back = vec![ids(&page)];
    while let Some(cursor) = page["prev_cursor"].as_str() {
        page = client
            .get(&format!("{path}{join}limit=2&cursor={cursor}"))
            .expect(200);
        back.insert(0, ids(&page));
        assert!(back.len() < 100, "a walk ends");
    }
    assert_eq!(back.concat(), forth.concat(), "{path}");
    forth.concat()
}

fn endpoint(client: &Client, url: &str, account: &str) -> String {
    let body = json!({"url": url, "account_id": account});
    let made = client.post("/v1/endpoints", &body).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

fn publish(client: &Client, event: Value) -> String {
    let accepted = client.post("/v1/events", &event).expect(202);
    accepted["id"].as_str().expect("an id").to_owned()
}

#[test]
fn events_are_found_by_what_was_said_of_them() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let ids = [
        json!({"type": "user.created", "data": {}, "channels": ["eu"], "account_id": "ann"}),
        json!({"type": "user.deleted", "data": {}, "subject": "user 7", "account_id": "ann"}),
        json!({"type": "order.paid", "data": {}, "id": "order-1", "account_id": "bob"}),
        json!({"type": "order.paid", "data": {}, "metadata": {"region": "eu"}, "account_id": "bob"}),
    ]
    .map(|event| publish(&client, event));
    let shown = client.get(&format!("/v1/events/{}", ids[0])).expect(200);
    let time = shown["created_at"].as_str().expect("a time");
    for (query, expected) in [
        (String::new(), vec![3, 2, 1, 0]),
        ("?type=order.paid".to_owned(), vec![3, 2]),
        ("?type=user.*".to_owned(), vec![1, 0]),
        ("?channel=eu".to_owned(), vec![0]),
        ("?subject=user%207".to_owned(), vec![1]),
        ("?account_id=ann".to_owned(), vec![1, 0]),
        ("?id=order-1".to_owned(), vec![2]),
        (format!("?id={}", ids[1]), vec![1]),
        ("?id=order-2".to_owned(), vec![]),
        ("?metadata[region]=eu".to_owned(), vec![3]),
        ("?metadata[region]=us".to_owned(), vec![]),
        (format!("?created_after={time}"), vec![3, 2, 1, 0]),
        (format!("?created_before={time}"), vec![]),
        ("?created_after=2999-01-01T00:00:00Z".to_owned(), vec![]),
        ("?type=order.paid&account_id=ann".to_owned(), vec![]),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|index: usize| ids[index].clone())
            .collect();
        assert_eq!(
            walked(&client, &format!("/v1/events{query}"), "id"),
            expected,
            "{query}"
        );
    }
}

#[test]
fn deliveries_and_attempts_are_found_by_how_they_went() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let (fine, gone) = (
        Sink::with_statuses(&[200]),
        Sink::with_statuses(&[500, 204]),
    );
    let retry = json!({"max_attempts": 3, "initial_delay": 1, "backoff_multiplier": 1});
    let good = endpoint(&client, &fine.url, "ann");
    let bad = json!({"url": gone.url, "account_id": "bob", "retry_policy": retry});
    let bad = client.post("/v1/endpoints", &bad).expect(201);
    let bad = bad["id"].as_str().expect("an id");
    let first = publish(
        &client,
        json!({"type": "user.created", "data": {}, "account_id": "ann"}),
    );
    let second = publish(
        &client,
        json!({"type": "order.paid", "data": {}, "account_id": "bob"}),
    );
    let at_once = delivery_in_state(&client, &first, "delivered")["id"].clone();
    let later = delivery_in_state(&client, &second, "delivered")["id"].clone();
    let at_once = at_once.as_str().expect("an id");
    let later = later.as_str().expect("an id");
    for (query, expected) in [
        ("".to_owned(), vec![later, at_once]),
        ("?state=delivered".to_owned(), vec![later, at_once]),
        (
            "?state=failed,retrying,pending,held,cancelled".to_owned(),
            vec![],
        ),
        (format!("?endpoint_id={good}"), vec![at_once]),
        (format!("?endpoint_id={bad}&state=delivered"), vec![later]),
        (format!("?event_id={second}"), vec![later]),
        ("?event_type=user.*".to_owned(), vec![at_once]),
        ("?status_class=2xx".to_owned(), vec![later, at_once]),
        ("?status_code=204".to_owned(), vec![later]),
        ("?status_class=5xx".to_owned(), vec![]),
        ("?error=server_error".to_owned(), vec![]),
        (
            "?error=server_error&state=delivered".to_owned(),
            vec![later],
        ),
        ("?account_id=ann".to_owned(), vec![at_once]),
    ] {
        let path = format!("/v1/deliveries{query}");
        assert_eq!(walked(&client, &path, "id"), expected, "{query}");
    }
    for (query, expected) in [
        ("".to_owned(), vec![later, later, at_once]),
        ("?status_class=5xx".to_owned(), vec![later]),
        ("?error=server_error".to_owned(), vec![later]),
        ("?status_code=200".to_owned(), vec![at_once]),
        (format!("?endpoint_id={bad}"), vec![later, later]),
    ] {
        let path = format!("/v1/attempts{query}");
        assert_eq!(walked(&client, &path, "delivery_id"), expected, "{query}");
    }
    let attempts = client
        .get(&format!("/v1/deliveries/{later}/attempts"))
        .expect(200);
    let statuses: Vec<_> = attempts["data"]
        .as_array()
        .expect("a page")
        .iter()
        .map(|it| it["status"].clone())
        .collect();
    assert_eq!(statuses, [204, 500]);
    let one = client
        .get(&format!("/v1/deliveries/{later}/attempts?limit=1"))
        .expect(200);
    let cursor = one["next_cursor"].as_str().expect("a cursor");
    let rest = client
        .get(&format!(
            "/v1/deliveries/{later}/attempts?limit=1&cursor={cursor}"
        ))
        .expect(200);
    assert_eq!(
        (
            rest["data"][0]["number"].clone(),
            rest["next_cursor"].clone()
        ),
        (json!(1), Value::Null)
    );
    let event = client.get(&format!("/v1/events/{second}")).expect(200);
    assert_eq!(event["delivery_states"], json!({"delivered": 1}));
}

#[test]
fn what_no_list_knows_is_refused() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    for path in [
        "/v1/events?cursor=c2o_",
        "/v1/events?cursor=evt_1",
        "/v1/deliveries?cursor=c2x_1",
        "/v1/attempts?cursor=%00",
        "/v1/events?limit=0",
        "/v1/events?limit=251",
        "/v1/events?state=failed",
        "/v1/events?type=a*",
        "/v1/events?created_after=today",
        "/v1/events?metadata=eu",
        "/v1/events?type=a&type=b",
        "/v1/deliveries?state=failed,asleep",
        "/v1/deliveries?status_class=9xx",
        "/v1/deliveries?status_code=1000",
        "/v1/deliveries?status_class=2xx&status_code=200",
        "/v1/deliveries?error=tired",
        "/v1/deliveries?channel=eu",
        "/v1/attempts?id=1",
    ] {
        assert_eq!(client.get(path).problem(400), "invalid_parameter", "{path}");
    }
}

#[test]
fn what_came_since_is_on_the_page_before() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    for _ in 0..3 {
        publish(&client, json!({"type": "user.created", "data": {}}));
    }
    let first = client.get("/v1/events?limit=2").expect(200);
    let next = first["next_cursor"].as_str().expect("a cursor");
    let second = client
        .get(&format!("/v1/events?limit=2&cursor={next}"))
        .expect(200);
    let back = second["prev_cursor"].as_str().expect("a cursor");
    let fresh = publish(&client, json!({"type": "user.created", "data": {}}));
    until("the newest event before what was the first page", || {
        let page = client
            .get(&format!("/v1/events?limit=9&cursor={back}"))
            .expect(200);
        (page["data"][0]["id"] == json!(fresh)).then_some(page)
    });
}
