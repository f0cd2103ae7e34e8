//! Every route of every object, called for what is another's: 404, and nothing changes.

use serde_json::{Value, json};

use super::{ENDPOINT_PATHS, Tenant, World, key};
use crate::support::client::{Answer, Client};

/// A call on something of one id.
struct Call {
    method: &'static str,
    path: String,
    body: Value,
}

fn call(method: &'static str, path: String, body: Value) -> Call {
    Call { method, path, body }
}

impl Call {
    fn by(&self, client: &Client, query: &str) -> Answer {
        let path = format!("{}{query}", self.path);
        if self.body.is_null() {
            client.send(self.method, &path, &[], ())
        } else {
            client.call(self.method, &path, &self.body.to_string())
        }
    }
}

/// Every call on one object, where it is under `path`.
fn on_object(path: &str, body: &Value) -> Vec<Call> {
    let calls = ["GET", "PUT", "PATCH", "DELETE"].map(|method| {
        let body = if method.starts_with('P') {
            body.clone()
        } else {
            Value::Null
        };
        call(method, path.to_owned(), body)
    });
    calls.into()
}

/// Every call on an endpoint, an event and a delivery of theirs. `own` is the caller's account,
/// under whose path their endpoint is not either.
fn on_things(theirs: &Tenant, own: &str) -> Vec<Call> {
    let under_own = format!("/v1/accounts/{own}/webhooks");
    let paths = ENDPOINT_PATHS.into_iter().chain([under_own.as_str()]);
    let mut calls: Vec<_> = paths
        .flat_map(|path| {
            on_object(
                &format!("{path}/{}", theirs.endpoint),
                &json!({"name": "x"}),
            )
        })
        .collect();
    let Tenant {
        event,
        delivery,
        endpoint,
        ..
    } = theirs;
    calls.extend([
        call("GET", format!("/v1/events/{event}"), Value::Null),
        call("GET", format!("/v1/deliveries/{delivery}"), Value::Null),
        call(
            "GET",
            format!("/v1/deliveries/{delivery}/request"),
            Value::Null,
        ),
        call(
            "POST",
            format!("/v1/deliveries/{delivery}/resend"),
            Value::Null,
        ),
        call(
            "GET",
            format!("/v1/deliveries?endpoint_id={endpoint}"),
            Value::Null,
        ),
        call(
            "GET",
            format!("/v1/deliveries?event_id={event}"),
            Value::Null,
        ),
    ]);
    calls
}

/// Every call on their account, its keys and what is under its path.
fn on_account(theirs: &Tenant) -> Vec<Call> {
    let account = format!("/v1/accounts/{}", theirs.account);
    let webhooks = format!("{account}/webhooks");
    let mut calls = on_object(&account, &json!({"name": "x"}));
    calls.extend(on_object(
        &format!("{webhooks}/{}", theirs.endpoint),
        &json!({"name": "x"}),
    ));
    calls.extend([
        call("GET", webhooks, Value::Null),
        call("GET", format!("{account}/keys"), Value::Null),
        call("POST", format!("{account}/keys"), json!({})),
        call(
            "DELETE",
            format!("{account}/keys/{}", theirs.account_key),
            Value::Null,
        ),
    ]);
    calls
}

fn on_keys(theirs: &Tenant, own: &str) -> Vec<Call> {
    let Tenant {
        account_key,
        project_key,
        ..
    } = theirs;
    vec![
        call("DELETE", format!("/v1/keys/{account_key}"), Value::Null),
        call("DELETE", format!("/v1/keys/{project_key}"), Value::Null),
        call(
            "DELETE",
            format!("/v1/accounts/{own}/keys/{account_key}"),
            Value::Null,
        ),
        call(
            "DELETE",
            format!("/v1/accounts/{own}/keys/{project_key}"),
            Value::Null,
        ),
    ]
}

#[track_caller]
fn not_found(who: &str, client: &Client, query: &str, calls: &[Call]) {
    for call in calls {
        // The query of a path that has one already goes on with `&`.
        let query = if call.path.contains('?') {
            query.replace('?', "&")
        } else {
            query.into()
        };
        let answer = call.by(client, &query);
        let what = format!(
            "{who}: {} {}{query}: {}",
            call.method, call.path, answer.text
        );
        assert_eq!(answer.status, 404, "{what}");
        assert_eq!(answer.problem(404), "not_found", "{what}");
    }
}

#[test]
fn what_is_of_another_project_is_not_found_with_any_key() {
    let world = World::new();
    let (ann, eve) = (&world.ann, &world.eve);
    let before = eve.state();
    let root_query = format!("?project_id={}", ann.project);
    let things = on_things(eve, ann.account);
    not_found("root", &ann.root, &root_query, &things);
    not_found("project", &ann.product, "", &things);
    not_found("account", &ann.customer, "", &things);
    not_found("account of all scopes", &ann.almighty, "", &things);
    let mut owners = on_keys(eve, ann.account);
    owners.extend(on_account(eve));
    not_found("root", &ann.root, &root_query, &owners);
    not_found("project", &ann.product, "", &owners);
    not_found("account of all scopes", &ann.almighty, "", &owners);
    let project = on_object(
        &format!("/v1/projects/{}", eve.project),
        &json!({"name": "x"}),
    );
    for client in [&ann.product, &ann.customer, &ann.almighty] {
        not_found("project", client, "", &project);
    }
    assert_eq!(eve.state(), before);
}

#[test]
fn what_is_of_another_account_is_not_found_with_any_key() {
    let world = World::new();
    let (ann, bob) = (&world.ann, &world.bob);
    let before = bob.state();
    let things = on_things(bob, ann.account);
    not_found("account", &ann.customer, "", &things);
    not_found("account of all scopes", &ann.almighty, "", &things);
    // Who may see all accounts and names one sees that one.
    let named = "?account_id=ann";
    let root_query = format!("{named}&project_id={}", ann.project);
    not_found("project", &ann.product, named, &things);
    not_found("root", &ann.root, &root_query, &things);
    let mut owners = on_account(bob);
    owners.extend(on_keys(bob, ann.account));
    let endpoint = json!({"url": "https://a.example/"});
    owners.push(call("POST", "/v1/accounts/bob/webhooks".into(), endpoint));
    not_found("account of all scopes", &ann.almighty, "", &owners);
    assert_eq!(bob.state(), before);
}

#[test]
fn a_missing_scope_is_told_alike_of_what_exists_and_what_does_not() {
    let world = World::new();
    let reader = world
        .ann
        .product
        .post("/v1/keys", &json!({"scopes": ["events:read"]}));
    let reader = key(&world.ann.root, &reader.expect(201));
    for path in [
        "/v1/accounts/ID",
        "/v1/accounts/ID/keys",
        "/v1/accounts/ID/webhooks",
        "/v1/webhooks/ID",
        "/v1/deliveries/ID",
    ] {
        let told = |id: &str| reader.get(&path.replace("ID", id)).text;
        let nobody = told("nobody");
        assert!(nobody.contains("missing_scope"), "{path}: {nobody}");
        for tenant in [&world.ann, &world.bob, &world.eve] {
            for id in tenant.ids() {
                assert_eq!(told(id), nobody, "{path} {id}");
            }
        }
    }
}
