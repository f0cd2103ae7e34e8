//! Event types: described, imported, shown to everybody, and what is published held against them.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Server;

const TYPES: &str = "/v1/event-types";

fn user_created() -> Value {
    json!({
        "name": "user.created",
        "description": "Somebody signed up.",
        "group": "users",
        "versions": [{
            "schema": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "rows": {"items": {"type": "integer"}}},
            },
            "example": {"id": "u_1"},
        }],
    })
}

fn publish(client: &Client, event_type: &str, data: Value) -> crate::support::client::Answer {
    client.post("/v1/events", &json!({"type": event_type, "data": data}))
}

/// What the problem points at, when its code is this one.
#[track_caller]
fn pointer(answer: crate::support::client::Answer, code: &str) -> String {
    let document = answer.expect(422);
    assert_eq!(document["code"], code, "{document}");
    let pointer = document["errors"][0]["pointer"].as_str();
    pointer.expect("a pointer").to_owned()
}

fn names(page: &Value) -> Vec<String> {
    let types = page["data"].as_array().expect("a list").iter();
    types
        .map(|it| it["name"].as_str().expect("a name").to_owned())
        .collect()
}

fn settings(server: &Server, client: &Client, settings: Value) -> String {
    let own = client.get("/v1/keys/self").expect(200);
    let id = own["project_id"].as_str().expect("a project").to_owned();
    let change = json!({"settings": settings});
    let path = format!("/v1/projects/{id}");
    server.root().patch(&path, &change).expect(200);
    id
}

#[test]
fn a_type_is_described_changed_archived_and_taken_back() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let made = client.post(TYPES, &user_created()).expect(201);
    assert_eq!(
        (
            made["source"].as_str(),
            made["versions"][0]["version"].as_u64()
        ),
        (Some("project"), Some(1))
    );
    assert_eq!(
        client.post(TYPES, &user_created()).problem(409),
        "already_exists"
    );
    let one = "/v1/event-types/user.created";
    assert_eq!(client.get(one).expect(200), made);
    let changed = client
        .patch(one, &json!({"group": null, "deprecated": true}))
        .expect(200);
    assert_eq!(
        (&changed["group"], &changed["deprecated"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(
        (&changed["description"], &changed["versions"]),
        (&made["description"], &made["versions"])
    );
    client.patch(one, &json!({"archived": true})).expect(200);
    assert_eq!(
        pointer(
            publish(&client, "user.created", json!({"id": "u"})),
            "event_type_archived"
        ),
        "/type"
    );
    client.patch(one, &json!({"archived": false})).expect(200);
    publish(&client, "user.created", json!({"id": "u"})).expect(202);
    let put = client
        .call("PUT", one, r#"{"description": "Anew."}"#)
        .expect(200);
    assert_eq!(
        (&put["versions"], &put["deprecated"]),
        (&json!([]), &json!(false))
    );
    client
        .call("PUT", "/v1/event-types/order.paid", "{}")
        .expect(201);
    client.delete(one).expect(204);
    assert_eq!(client.get(one).problem(404), "not_found");
    assert_eq!(client.delete(one).problem(404), "not_found");
    assert_eq!(names(&client.get(TYPES).expect(200)), ["order.paid"]);
}

#[test]
fn what_the_profile_lists_shows_until_the_project_says_otherwise() {
    let server = Server::start();
    let client = server.project("envoyou");
    let listed = client.get(TYPES).expect(200);
    let name = names(&listed).first().expect("a type").clone();
    assert_eq!(listed["data"][0]["source"], "profile");
    let one = format!("/v1/event-types/{name}");
    let own = client.patch(&one, &json!({"archived": true})).expect(200);
    assert_eq!(
        (own["source"].as_str(), &own["archived"]),
        (Some("project"), &json!(true))
    );
    assert_eq!(own["description"], listed["data"][0]["description"]);
    assert_eq!(names(&client.get(TYPES).expect(200)), names(&listed));
    client.delete(&one).expect(204);
    assert_eq!(client.get(&one).expect(200)["source"], "profile");
}

#[test]
fn lists_are_walked_by_name_in_both_directions() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    for name in ["d", "a", "c", "e", "b"] {
        client.post(TYPES, &json!({"name": name})).expect(201);
    }
    let first = client.get("/v1/event-types?limit=2").expect(200);
    assert_eq!(names(&first), ["a", "b"]);
    let page = |cursor: &Value| {
        let cursor = cursor.as_str().expect("a cursor");
        client
            .get(&format!("/v1/event-types?limit=2&cursor={cursor}"))
            .expect(200)
    };
    let second = page(&first["next_cursor"]);
    let third = page(&second["next_cursor"]);
    assert_eq!(
        (names(&second), names(&third)),
        (vec!["c".to_owned(), "d".to_owned()], vec!["e".to_owned()])
    );
    assert_eq!(third["next_cursor"], Value::Null);
    assert_eq!(page(&third["prev_cursor"])["data"], second["data"]);
    let bad = client.get("/v1/event-types?cursor=c2o_1").problem(400);
    assert_eq!(bad, "invalid_parameter");
}

#[test]
fn a_payload_is_held_against_the_version_that_it_is_of() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    client.post(TYPES, &user_created()).expect(201);
    publish(&client, "user.created", json!({"id": "u_1"})).expect(202);
    let wrong = publish(
        &client,
        "user.created",
        json!({"id": "u_1", "rows": [1, "x"]}),
    );
    assert_eq!(pointer(wrong, "schema_mismatch"), "/data/rows/1");
    publish(&client, "user.other", json!([1])).expect(202);
    let versions =
        json!({"versions": [user_created()["versions"][0], {"schema": {"type": "integer"}}]});
    client
        .patch("/v1/event-types/user.created", &versions)
        .expect(200);
    publish(&client, "user.created", json!(7)).expect(202);
    let older = |version: u32| json!({"type": "user.created", "data": {"id": "u_1"}, "schema_version": version});
    client.post("/v1/events", &older(1)).expect(202);
    assert_eq!(
        pointer(client.post("/v1/events", &older(2)), "schema_mismatch"),
        "/data"
    );
    assert_eq!(
        pointer(client.post("/v1/events", &older(3)), "invalid_field"),
        "/schema_version"
    );
    let batch = json!([{"type": "user.created", "data": 1}, {"type": "user.created", "data": "x"}]);
    let results = client.post("/v1/events/batch", &batch).expect(202);
    assert!(results["data"][0]["id"].is_string());
    let error = &results["data"][1]["error"];
    assert_eq!(
        (error["code"].as_str(), error["pointer"].as_str()),
        (Some("schema_mismatch"), Some("/data"))
    );
}

#[test]
fn a_project_may_refuse_types_that_nobody_described() {
    let server = Server::start();
    let client = server.project("envoyou");
    publish(&client, "made.up", json!(1)).expect(202);
    settings(
        &server,
        &client,
        json!({"refuse_unknown_event_types": true}),
    );
    assert_eq!(
        pointer(publish(&client, "made.up", json!(1)), "unknown_event_type"),
        "/type"
    );
    let listed = names(&client.get(TYPES).expect(200));
    publish(&client, &listed[0], json!({})).expect(202);
    client.post(TYPES, &json!({"name": "made.up"})).expect(201);
    publish(&client, "made.up", json!(1)).expect(202);
}

#[test]
fn what_is_described_holds_after_a_restart() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    client.post(TYPES, &user_created()).expect(201);
    let (key, folder) = (client.key, server.kill().expect("a folder"));
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = server.root().with_key(&key);
    let wrong = publish(&client, "user.created", json!({}));
    assert_eq!(pointer(wrong, "schema_mismatch"), "/data");
}

#[test]
fn a_schema_that_cannot_be_used_is_refused_at_saving() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let save = |version: Value| client.post(TYPES, &json!({"name": "a", "versions": [version]}));
    for (version, at) in [
        (json!({"schema": {"type": "strang"}}), "/versions/0/schema"),
        (
            json!({"schema": {"$ref": "https://example.com/a.json"}}),
            "/versions/0/schema",
        ),
        (json!({"schema": {"$ref": "#"}}), "/versions/0/schema"),
        (
            json!({"schema": {"items": {"type": "string"}}, "example": ["a", 1]}),
            "/versions/0/example/1",
        ),
        (json!({"version": 0}), "/versions/0/version"),
    ] {
        assert_eq!(pointer(save(version), "invalid_field"), at);
    }
    assert_eq!(
        pointer(
            client.post(TYPES, &json!({"name": "import"})),
            "invalid_field"
        ),
        "/name"
    );
    assert_eq!(
        pointer(client.post(TYPES, &json!({"name": "a b"})), "invalid_field"),
        "/name"
    );
    assert_eq!(names(&client.get(TYPES).expect(200)), [""; 0]);
}

#[test]
fn types_are_imported_from_an_openapi_document() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let document = |schema: Value| {
        json!({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "webhooks": {
            "order.paid": {"post": {"summary": "Paid.", "requestBody": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Order"}, "example": {"id": "o_1"}}}}}},
            "order.lost": {"post": {"requestBody": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Missing"}}}}}},
        }, "components": {"schemas": {"Order": schema}}})
    };
    let order = json!({"type": "object", "properties": {"id": {"type": "string"}}});
    let import = |path: &str, schema: &Value| {
        let answer = client.post(path, &document(schema.clone())).expect(200);
        let results = answer["data"].as_array().expect("a list").clone();
        assert!(
            results[1]["reason"]
                .as_str()
                .is_some_and(|reason| reason.contains("Missing"))
        );
        (
            results[0]["outcome"].clone(),
            results[0]["version"].clone(),
            results[1]["outcome"].clone(),
        )
    };
    let path = "/v1/event-types/import";
    let done = |outcome: &str, version: u32| (json!(outcome), json!(version), json!("refused"));
    assert_eq!(
        import("/v1/event-types/import?dry_run=true", &order),
        done("created", 1)
    );
    assert_eq!(names(&client.get(TYPES).expect(200)), [""; 0]);
    assert_eq!(import(path, &order), done("created", 1));
    assert_eq!(import(path, &order), done("unchanged", 1));
    let other = json!({"type": "object", "required": ["id"]});
    assert_eq!(import(path, &other), done("updated", 2));
    let kept = client.get("/v1/event-types/order.paid").expect(200);
    assert_eq!(
        (
            kept["description"].as_str(),
            kept["versions"].as_array().map(Vec::len)
        ),
        (Some("Paid."), Some(2))
    );
    assert_eq!(
        pointer(publish(&client, "order.paid", json!({})), "schema_mismatch"),
        "/data"
    );
    assert_eq!(
        client.post(path, &json!({"openapi": "3.0.0"})).problem(422),
        "invalid_field"
    );
}

#[test]
fn the_catalogue_is_for_everybody_where_the_project_says_so() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    client.post(TYPES, &user_created()).expect(201);
    client
        .post(TYPES, &json!({"name": "old", "archived": true}))
        .expect(201);
    let id = settings(&server, &client, json!({}));
    let anybody = client.with_key("");
    let path = format!("/v1/catalogue/{id}");
    assert_eq!(anybody.get(&path).problem(404), "not_found");
    settings(&server, &client, json!({"public_catalogue": true}));
    let shown = anybody.get(&path).expect(200);
    assert_eq!(shown["project"]["id"], id.as_str());
    assert_eq!(names(&shown), ["user.created"]);
    assert_eq!(
        shown["data"][0]["versions"],
        client.get("/v1/event-types/user.created").expect(200)["versions"]
    );
}

#[test]
fn who_may_not_describe_types_may_still_read_them() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    client.post(TYPES, &user_created()).expect(201);
    client
        .post("/v1/accounts", &json!({"id": "c-1", "name": "C"}))
        .expect(201);
    let made = client.post("/v1/accounts/c-1/keys", &json!({})).expect(201);
    let account = client.with_key(made["api_key"].as_str().expect("a key"));
    assert_eq!(names(&account.get(TYPES).expect(200)), ["user.created"]);
    let one = "/v1/event-types/user.created";
    assert_eq!(
        account.post(TYPES, &json!({"name": "b"})).problem(403),
        "missing_scope"
    );
    assert_eq!(account.patch(one, &json!({})).problem(403), "missing_scope");
    assert_eq!(account.delete(one).problem(403), "missing_scope");
    let other = server.project("standard-webhooks");
    assert_eq!(other.get(one).problem(404), "not_found");
    assert_eq!(
        other.patch(one, &json!({"archived": true})).problem(404),
        "not_found"
    );
}
