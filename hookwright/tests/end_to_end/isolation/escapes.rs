//! An account's key cannot reach further by naming somebody else in a body or a query.

use serde_json::{Value, json};

use super::{ENDPOINT_PATHS, World, id};

const URL: &str = "https://a.example/";

#[test]
fn an_account_named_in_a_body_is_the_keys_own_or_not_found() {
    let World { ann, bob, eve, .. } = &World::new();
    let before = (bob.state(), eve.state());
    let paths = ENDPOINT_PATHS
        .into_iter()
        .chain(["/v1/accounts/ann/webhooks"]);
    for (path, client) in paths.flat_map(|path| [(path, &ann.customer), (path, &ann.almighty)]) {
        let object = format!("{path}/{}", ann.endpoint);
        for other in ["bob", "eve", "nobody", ""] {
            let body = json!({"url": URL, "account_id": other});
            assert_eq!(client.post(path, &body).problem(404), "not_found", "{path}");
            for method in ["PUT", "PATCH"] {
                let answer = client.call(method, &object, &body.to_string());
                assert_eq!(answer.problem(404), "not_found", "{method} {object}");
            }
        }
        let own = json!({"url": URL, "account_id": "ann"});
        assert_eq!(client.post(path, &own).expect(201)["account_id"], "ann");
        assert_eq!(client.patch(&object, &own).expect(200)["account_id"], "ann");
    }
    let event = |account: &str| json!({"type": "a.b", "data": {}, "account_id": account});
    let batch = json!([event("bob"), event("ann"), event("eve")]);
    let results = ann.almighty.post("/v1/events/batch", &batch).expect(202);
    assert_eq!(results["data"][0]["error"]["status"], 404, "{results}");
    assert!(results["data"][1]["id"].is_string(), "{results}");
    assert_eq!(results["data"][2]["error"]["status"], 404, "{results}");
    for other in ["bob", "eve"] {
        let answer = ann.almighty.post("/v1/events", &event(other));
        assert_eq!(answer.problem(404), "not_found");
    }
    assert_eq!((bob.state(), eve.state()), before);
}

#[test]
fn an_account_or_project_named_in_a_query_is_the_keys_own_or_not_found() {
    let World { ann, bob, eve, .. } = &World::new();
    let before = (bob.state(), eve.state());
    let endpoint = json!({"url": URL});
    let event = json!({"type": "a.b", "data": {}});
    let others = ["account_id=bob".to_owned(), "account_id=eve".to_owned()];
    let others = others
        .into_iter()
        .chain([format!("project_id={}", eve.project)]);
    for other in others {
        let refused = |method: &str, path: &str, body: &Value| {
            let path = format!("{path}?{other}");
            let answer = match body {
                Value::Null => ann.almighty.send(method, &path, &[], ()),
                body => ann.almighty.call(method, &path, &body.to_string()),
            };
            assert_eq!(answer.problem(404), "not_found", "{method} {path}");
        };
        for path in [&ENDPOINT_PATHS[..], &["/v1/accounts/ann/webhooks"]].concat() {
            refused("GET", path, &Value::Null);
            refused("POST", path, &endpoint);
            for method in ["GET", "DELETE"] {
                refused(method, &format!("{path}/{}", ann.endpoint), &Value::Null);
            }
            refused("PATCH", &format!("{path}/{}", ann.endpoint), &endpoint);
        }
        for path in ["/v1/events", "/v1/deliveries", "/v1/keys"] {
            refused("GET", path, &Value::Null);
        }
        refused("POST", "/v1/keys", &json!({}));
        refused(
            "DELETE",
            &format!("/v1/keys/{}", ann.account_key),
            &Value::Null,
        );
        refused("POST", "/v1/events", &event);
        refused("GET", &format!("/v1/events/{}", ann.event), &Value::Null);
        refused(
            "GET",
            &format!("/v1/deliveries/{}", ann.delivery),
            &Value::Null,
        );
        refused(
            "POST",
            &format!("/v1/deliveries/{}/resend", ann.delivery),
            &Value::Null,
        );
        let batch = format!("/v1/events/batch?{other}");
        let batch = ann.almighty.post(&batch, &json!([event]));
        assert!(batch.status == 404 || batch.json()["data"][0]["error"]["status"] == 404);
    }
    assert_eq!((bob.state(), eve.state()), before);
}

#[test]
fn a_body_cannot_name_a_project() {
    let World { ann, eve, .. } = &World::new();
    for client in [&ann.customer, &ann.almighty, &ann.product] {
        let body = json!({"url": URL, "project_id": eve.project});
        assert_eq!(
            client.post("/v1/endpoints", &body).problem(422),
            "invalid_field"
        );
    }
    let event = json!({"type": "a.b", "data": {}, "project_id": eve.project});
    assert_eq!(
        ann.product.post("/v1/events", &event).problem(422),
        "invalid_field"
    );
}

#[test]
fn an_accounts_key_makes_no_accounts_and_no_keys_but_its_own() {
    let World { ann, .. } = &World::new();
    let answer = ann.almighty.post("/v1/accounts", &json!({"id": "carol"}));
    assert_eq!(answer.problem(403), "forbidden");
    assert_eq!(
        ann.product.get("/v1/accounts/carol").problem(404),
        "not_found"
    );
    let made = ann.almighty.post("/v1/keys", &json!({})).expect(201);
    let keys = ann.product.get("/v1/accounts/ann/keys").text;
    assert!(keys.contains(&id(&made)), "{keys}");
    let projects = ann.product.get("/v1/keys").text;
    assert!(!projects.contains(&id(&made)), "{projects}");
    let more = json!({"scopes": ["projects:write"]});
    assert_eq!(
        ann.almighty.post("/v1/keys", &more).problem(403),
        "forbidden"
    );
    assert_eq!(
        ann.customer.post("/v1/keys", &json!({})).problem(403),
        "missing_scope"
    );
}

#[test]
fn path_query_and_body_name_one_account() {
    let World { ann, bob, .. } = &World::new();
    let before = (ann.state(), bob.state());
    let bobs = json!({"url": URL, "account_id": "bob"});
    let contradictions = [
        ("/v1/accounts/ann/webhooks", &bobs),
        ("/v1/endpoints?account_id=ann", &bobs),
        ("/v1/accounts/bob/webhooks?account_id=ann", &bobs),
    ];
    for (path, body) in contradictions {
        assert_eq!(
            ann.product.post(path, body).problem(422),
            "invalid_field",
            "{path}"
        );
    }
    let event = json!({"type": "a.b", "data": {}, "account_id": "bob"});
    let answer = ann.product.post("/v1/events?account_id=ann", &event);
    assert_eq!(answer.problem(422), "invalid_field");
    assert_eq!((ann.state(), bob.state()), before);
    let event = json!({"type": "a.b", "data": {}});
    let accepted = ann
        .product
        .post("/v1/events?account_id=bob", &event)
        .expect(202);
    let shown = ann
        .product
        .get(&format!("/v1/events/{}", id(&accepted)))
        .expect(200);
    assert_eq!(shown["account_id"], "bob");
}

#[test]
fn an_account_id_that_another_project_has_too_is_an_account_of_its_own() {
    let World { ann, eve, .. } = &World::new();
    let before = eve.state();
    let made = ann
        .product
        .post("/v1/accounts/eve/webhooks", &json!({"url": URL}))
        .expect(201);
    let event = json!({"type": "a.b", "data": {}, "account_id": "eve"});
    assert_eq!(
        ann.product.post("/v1/events", &event).expect(202)["deliveries"],
        1
    );
    let list = ann.product.get("/v1/accounts/eve/webhooks").expect(200);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    let path = format!("/v1/endpoints/{}", id(&made));
    assert_eq!(eve.product.get(&path).problem(404), "not_found");
    assert_eq!(eve.state(), before);
}
