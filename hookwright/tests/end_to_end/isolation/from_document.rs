//! Every operation of the served document, called for what is another's: 403 or 404. A new route is
//! covered by itself; a new kind of object must be made in [`Tenant::new`] and named here.

use serde_json::{Value, json};

use super::{Tenant, World};
use crate::support::client::{Answer, Client};

/// One operation of the document.
struct Operation {
    method: String,
    path: String,
    id: String,
    public: bool,
    query: Vec<String>,
    body: Option<Value>,
}

/// Who owns an object: a project sees all of its own, an account only its own.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Project,
    Account,
    /// Everybody's.
    Server,
}

/// Operations that make the account (or event type) that they name, where a project's key calls:
/// another project's of the same name is no matter to them.
const MAKE_THE_ACCOUNT: [&str; 8] = [
    "createAccountWebhook",
    "createEndpoint",
    "createWebhook",
    "createWebhookEndpoint",
    "publishEvent",
    "publishEvents",
    "dryRunEvent",
    "putEventType",
];

fn operations(client: &Client) -> Vec<Operation> {
    let document = client.get("/openapi.json").expect(200);
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, described) in item.as_object().expect("methods") {
            if method == "parameters" {
                continue;
            }
            let parameters = described["parameters"].as_array();
            let query = parameters.into_iter().flatten();
            let content = described["requestBody"]["content"]["application/json"].get("schema");
            found.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                id: described["operationId"].as_str().expect("an id").to_owned(),
                public: described["security"] == json!([]),
                query: query
                    .filter(|it| it["in"] == "query")
                    .map(|it| it["name"].as_str().expect("a name").to_owned())
                    .collect(),
                body: content.map(|schema| {
                    body_of(
                        &document,
                        schema,
                        described["operationId"].as_str().unwrap_or_default(),
                    )
                }),
            });
        }
    }
    assert!(found.len() > 20, "the document is whole");
    found
}

/// The smallest body that an operation takes: what is required only of some that share a schema is
/// named here.
fn body_of(document: &Value, schema: &Value, id: &str) -> Value {
    let mut body = sample(document, schema);
    if id == "createPurge" {
        body["subject"] = json!("nobody");
    }
    if id == "createReplay" {
        body["since"] = json!("2020-01-01T00:00:00Z");
    }
    if id.starts_with("create")
        && body.is_object()
        && (id.contains("ndpoint") || id.contains("ebhook"))
    {
        body["url"] = json!("https://receiver.example/hook");
    }
    body
}

/// The smallest value that a schema takes.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(named) = schema["$ref"].as_str() {
        let pointer = named.strip_prefix('#').expect("of this document");
        return sample(document, document.pointer(pointer).expect("it is there"));
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[word].as_array().and_then(|all| all.first()) {
            return sample(document, first);
        }
    }
    if let Some(value) = schema["enum"].as_array().and_then(|all| all.first()) {
        return value.clone();
    }
    if let Some(value) = schema.get("const").or_else(|| schema["examples"].get(0)) {
        return value.clone();
    }
    let kind = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str());
    match kind {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten();
            let fields = required.filter_map(Value::as_str);
            let field = |name: &str| {
                (
                    name.to_owned(),
                    sample(document, &schema["properties"][name]),
                )
            };
            fields.map(field).collect()
        }
        Some("array") => {
            let one = || sample(document, &schema["items"]);
            let count = schema["minItems"].as_u64().unwrap_or(0);
            (0..count).map(|_| one()).collect()
        }
        Some("string") => json!("x"),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        _ => json!({}),
    }
}

/// The id of a tenant's object that a path names, and who owns such objects.
fn object<'a>(tenant: &'a Tenant, before: &str, name: &str) -> (&'a str, Level) {
    let collection = before
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    match (collection, name) {
        ("projects" | "catalogue", _) | (_, "project_id") => (&tenant.project, Level::Project),
        ("accounts", _) | (_, "account_id") => (tenant.account, Level::Account),
        ("keys", _) if before.contains("{account_id}") => (&tenant.account_key, Level::Account),
        ("keys", _) => (&tenant.project_key, Level::Account),
        ("endpoints" | "webhooks", _) | (_, "endpoint_id") => (&tenant.endpoint, Level::Account),
        ("events", _) | (_, "event_id") => (&tenant.event, Level::Account),
        ("deliveries", _) => (&tenant.delivery, Level::Account),
        ("replays", _) => (&tenant.replay, Level::Account),
        ("broadcasts", _) => (&tenant.broadcast, Level::Project),
        ("purges", _) => (&tenant.purge, Level::Project),
        ("event-types", _) => (&tenant.event_type, Level::Project),
        ("sessions", _) => (&tenant.session, Level::Account),
        ("portal-tokens", _) => (&tenant.portal_token, Level::Account),
        // Root keys are nobody's: whoever has no root key may not even know of them.
        ("root-keys", _) => ("key_0000000000000000", Level::Server),
        ("profiles", _) => ("standard-webhooks", Level::Server),
        _ => panic!("whose is {{{name}}} of {before}? Make one in Tenant::new and name it here"),
    }
}

/// The ways to fill a path with at least one id of theirs: each parameter alone, and all of them.
/// Only objects of `level` or above it count as theirs.
fn paths(path: &str, own: &Tenant, theirs: &Tenant, levels: &[Level]) -> Vec<String> {
    let starts: Vec<usize> = path.match_indices('{').map(|(at, _)| at).collect();
    let mut filled = Vec::new();
    for which in 0..=starts.len() {
        let mut text = String::new();
        let mut rest = 0;
        let mut any = false;
        for (index, start) in starts.iter().enumerate() {
            let end = start + path[*start..].find('}').expect("it is closed");
            let (before, name) = (&path[..*start], &path[start + 1..end]);
            let level = object(own, before, name).1;
            let other = (which == index || which == starts.len()) && levels.contains(&level);
            any |= other;
            let tenant = if other { theirs } else { own };
            text.push_str(&path[rest..*start]);
            text.push_str(object(tenant, before, name).0);
            rest = end + 1;
        }
        text.push_str(&path[rest..]);
        if any && !filled.contains(&text) {
            filled.push(text);
        }
    }
    filled
}

fn call(client: &Client, operation: &Operation, path: &str) -> Answer {
    match &operation.body {
        Some(body) => client.call(&operation.method, path, &body.to_string()),
        None => client.send(&operation.method, path, &[], ()),
    }
}

/// A batch is answered as a whole and refused event by event.
fn each_refused(answer: &Answer) -> bool {
    let results = (answer.status == 202).then(|| answer.json()["data"].clone());
    let results = results.as_ref().and_then(Value::as_array);
    results.is_some_and(|all| {
        let refused =
            |it: &Value| [403, 404].contains(&it["error"]["status"].as_u64().unwrap_or(0));
        !all.is_empty() && all.iter().all(refused)
    })
}

/// Calls every operation for what is theirs. Answers how many calls were made.
#[track_caller]
fn refused(
    who: &str,
    client: &Client,
    query: &str,
    own: &Tenant,
    theirs: &Tenant,
    levels: &[Level],
) -> usize {
    let mut calls = 0;
    for operation in operations(client).iter().filter(|it| !it.public) {
        let makes = MAKE_THE_ACCOUNT.contains(&operation.id.as_str());
        if makes && !who.starts_with("account") {
            continue;
        }
        let mut urls: Vec<String> = paths(&operation.path, own, theirs, levels)
            .into_iter()
            .map(|path| format!("{path}{query}"))
            .collect();
        let own_path = paths_of(&operation.path, own);
        for name in &operation.query {
            let named =
                ["project_id", "account_id", "endpoint_id", "event_id"].contains(&name.as_str());
            if named {
                let (id, level) = object(theirs, "", name);
                let again = query.contains(&format!("{name}="));
                if levels.contains(&level) && !again {
                    let joint = if query.is_empty() { "?" } else { "&" };
                    urls.push(format!("{own_path}{query}{joint}{name}={id}"));
                }
            }
        }
        for url in urls {
            let answer = call(client, operation, &url);
            let fits = [403, 404].contains(&answer.status) || each_refused(&answer);
            assert!(
                fits,
                "{who}: {} {url} ({}): {} {}",
                operation.method, operation.id, answer.status, answer.text
            );
            calls += 1;
        }
    }
    calls
}

/// The path filled with the tenant's own ids.
fn paths_of(path: &str, own: &Tenant) -> String {
    let all = [Level::Project, Level::Account, Level::Server];
    paths(path, own, own, &all)
        .pop()
        .unwrap_or_else(|| path.to_owned())
}

#[test]
fn every_operation_refuses_what_is_another_projects() {
    let world = World::new();
    let (ann, eve) = (&world.ann, &world.eve);
    let before = eve.state();
    let both = [Level::Project, Level::Account];
    let root_query = format!("?project_id={}", ann.project);
    let mut calls = 0;
    calls += refused("root", &ann.root, &root_query, ann, eve, &[Level::Account]);
    calls += refused("project", &ann.product, "", ann, eve, &both);
    calls += refused("account", &ann.customer, "", ann, eve, &both);
    calls += refused("account of all scopes", &ann.almighty, "", ann, eve, &both);
    assert!(calls > 100, "{calls} calls");
    assert_eq!(eve.state(), before);
}

#[test]
fn every_operation_refuses_what_is_another_accounts() {
    let world = World::new();
    let (ann, bob) = (&world.ann, &world.bob);
    let before = bob.state();
    let accounts = [Level::Account];
    let mut calls = 0;
    calls += refused("account", &ann.customer, "", ann, bob, &accounts);
    calls += refused(
        "account of all scopes",
        &ann.almighty,
        "",
        ann,
        bob,
        &accounts,
    );
    assert!(calls > 50, "{calls} calls");
    assert_eq!(bob.state(), before);
}

#[test]
fn every_operation_that_is_not_public_needs_a_living_key() {
    let world = World::new();
    let ann = &world.ann;
    let made = ann.product.post("/v1/keys", &json!({})).expect(201);
    let revoked = super::key(&ann.root, &made);
    let path = format!("/v1/keys/{}", super::id(&made));
    ann.product.delete(&path).expect(204);
    let nobody = ann.root.with_key("");
    for operation in operations(&ann.root).iter().filter(|it| !it.public) {
        let url = paths_of(&operation.path, ann);
        for client in [&nobody, &revoked] {
            let answer = call(client, operation, &url);
            let what = format!("{} {url}: {}", operation.method, answer.text);
            assert_eq!(answer.status, 401, "{what}");
        }
    }
}
