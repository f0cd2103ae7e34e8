//! What is another's is not there: 404 at every route, for every kind of key, and in no list.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state, until};
use crate::support::sink::Sink;

#[path = "isolation/ended_keys.rs"]
mod ended_keys;
#[path = "isolation/escapes.rs"]
mod escapes;
#[path = "isolation/from_document.rs"]
mod from_document;
#[path = "isolation/lists.rs"]
mod lists;
#[path = "isolation/not_found.rs"]
mod not_found;

/// The paths of one and the same resource, beside the one that names the account.
const ENDPOINT_PATHS: [&str; 3] = ["/v1/endpoints", "/v1/webhooks", "/v1/webhooks/endpoints"];

/// A project's account with one of everything, each with its id.
struct Tenant {
    project: String,
    account: &'static str,
    project_key: String,
    account_key: String,
    endpoint: String,
    event: String,
    delivery: String,
    portal_token: String,
    /// A session of the account's key.
    session: String,
    /// A replay of the account; a broadcast and a purge of the project; a type of the project.
    replay: String,
    broadcast: String,
    purge: String,
    event_type: String,
    /// The project's own key, the account's key with the usual scopes, and with all of them.
    product: Client,
    customer: Client,
    almighty: Client,
    /// The root key, which names the project.
    root: Client,
}

/// Two accounts of one project, and one of another.
struct World {
    _server: Server,
    ann: Tenant,
    bob: Tenant,
    eve: Tenant,
}

fn id(object: &Value) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

fn key(client: &Client, made: &Value) -> Client {
    client.with_key(made["api_key"].as_str().expect("a key"))
}

fn all_scopes() -> Value {
    json!({"scopes": [
        "events:write", "events:read", "endpoints:read", "endpoints:write", "deliveries:read",
        "deliveries:write", "accounts:read", "accounts:write", "keys:write",
    ]})
}

/// The id of a job, once it is done.
fn finished(client: &Client, path: &str, query: &str, job: &Value) -> String {
    let id = id(job);
    until(&format!("{id} is finished"), || {
        let seen = client.get(&format!("{path}/{id}{query}")).expect(200);
        (seen["state"] == "finished").then(|| json!(null))
    });
    id
}

impl Tenant {
    fn new(server: &Server, project: &Value, account: &'static str, sink: &Sink) -> Self {
        let root = server.root();
        let product = key(&root, project);
        product
            .post("/v1/accounts", &json!({"id": account}))
            .expect(201);
        let keys = format!("/v1/accounts/{account}/keys");
        let usual = product.post(&keys, &json!({})).expect(201);
        let almighty = product.post(&keys, &all_scopes()).expect(201);
        let own = product.post("/v1/keys", &json!({})).expect(201);
        let (customer, almighty) = (key(&root, &usual), key(&root, &almighty));
        let endpoint = customer
            .post("/v1/endpoints", &json!({"url": sink.url}))
            .expect(201);
        let event = json!({"type": "a.b", "data": {}, "id": format!("evt_{account}")});
        let event = id(&almighty.post("/v1/events", &event).expect(202));
        sink.next();
        let delivery = id(&delivery_in_state(&customer, &event, "delivered"));
        let tokens = format!("/v1/accounts/{account}/portal-tokens");
        let asked = json!({"capabilities": ["endpoints:read"]});
        let portal_token = id(&product.post(&tokens, &asked).expect(201));
        let session = id(&customer.post("/v1/sessions", &json!({})).expect(201));
        let since = json!({"since": "2020-01-01T00:00:00Z"});
        let replay = id(&almighty.post("/v1/replays", &since).expect(202));
        let news = json!({"type": "a.b", "data": {}});
        let broadcast = product.post("/v1/events/broadcast", &news).expect(202);
        let broadcast = finished(&product, "/v1/broadcasts", "", &broadcast);
        let nobody = json!({"subject": format!("nobody of {account}")});
        let named = format!("?project_id={}", id(project));
        let purge = root
            .post(&format!("/v1/purges{named}"), &nobody)
            .expect(202);
        let purge = finished(&root, "/v1/purges", &named, &purge);
        let event_type = format!("only.{account}");
        let named = json!({"name": event_type});
        product.post("/v1/event-types", &named).expect(201);
        Self {
            project: id(project),
            account,
            project_key: id(&own),
            account_key: id(&usual),
            endpoint: id(&endpoint),
            event,
            delivery,
            portal_token,
            session,
            replay,
            broadcast,
            purge,
            event_type,
            product,
            customer,
            almighty,
            root,
        }
    }

    /// Everything of the account, as its project sees it.
    fn state(&self) -> Vec<Value> {
        // When a key was used last is written down at times of the server's own.
        let get = |path: String| {
            let mut answer = self.product.get(&path).expect(200);
            for thing in answer["data"].as_array_mut().into_iter().flatten() {
                if let Some(thing) = thing.as_object_mut() {
                    thing.remove("last_used_at");
                }
            }
            answer
        };
        vec![
            get(format!("/v1/projects/{}", self.project)),
            get(format!("/v1/accounts/{}", self.account)),
            get("/v1/keys".to_owned()),
            get(format!("/v1/accounts/{}/keys", self.account)),
            get(format!("/v1/endpoints?account_id={}", self.account)),
            get(format!("/v1/events?account_id={}", self.account)),
            get(format!("/v1/deliveries/{}", self.delivery)),
        ]
    }

    /// What must not be seen of it elsewhere.
    fn ids(&self) -> [&str; 6] {
        [
            &self.project_key,
            &self.account_key,
            &self.endpoint,
            &self.event,
            &self.delivery,
            self.account,
        ]
    }
}

impl World {
    fn new() -> Self {
        let server = Server::start();
        let sink = Sink::with_statuses(&[200]);
        let project = |name: &str| {
            let body = json!({"name": name, "profile": "authepy"});
            server.root().post("/v1/projects", &body).expect(201)
        };
        let (first, second) = (project("first"), project("second"));
        let ann = Tenant::new(&server, &first, "ann", &sink);
        let bob = Tenant::new(&server, &first, "bob", &sink);
        let eve = Tenant::new(&server, &second, "eve", &sink);
        Self {
            _server: server,
            ann,
            bob,
            eve,
        }
    }
}
