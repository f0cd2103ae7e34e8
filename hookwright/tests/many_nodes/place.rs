//! Several nodes on one database with a receiver and load: where the facts about loss begin.

use serde_json::json;

use crate::load::Load;
use crate::node::Node;
use crate::receiver::{FLAKY, Receiver, STEADY};
use crate::support::client::Client;

const PUBLISHERS: usize = 6;
/// Every event goes to both.
pub(crate) const PATHS: [&str; 2] = [STEADY, FLAKY];

pub(crate) struct Place {
    url: String,
    pub(crate) nodes: Vec<Option<Node>>,
    pub(crate) receiver: Receiver,
    pub(crate) client: Client,
}

impl Place {
    /// So many nodes, and a project with an endpoint for each path.
    pub(crate) fn with_nodes(url: &str, count: usize) -> Self {
        let first = Node::start(url);
        let (client, receiver) = (first.project(), Receiver::start());
        for path in PATHS {
            let endpoint = json!({
                "url": format!("{}{path}", receiver.url),
                "retry_policy": {"max_attempts": 20, "backoff_multiplier": 1, "initial_delay": 100},
            });
            client.post("/v1/endpoints", &endpoint).expect(201);
        }
        // The others know the endpoints from the start.
        let others: Vec<_> = (1..count).map(|_| Node::begin(url)).collect();
        let others = others.into_iter().map(|node| Some(node.up()));
        let nodes = std::iter::once(Some(first)).chain(others).collect();
        Self {
            url: url.to_owned(),
            nodes,
            receiver,
            client,
        }
    }

    pub(crate) fn node(&self, index: usize) -> &Node {
        self.nodes[index].as_ref().expect("it runs")
    }

    /// Load on all nodes.
    pub(crate) fn load(&self) -> Load {
        let bases: Vec<&str> = self
            .nodes
            .iter()
            .flatten()
            .map(|it| it.base.as_str())
            .collect();
        Load::start(&bases, &self.client.key, PATHS.len(), PUBLISHERS)
    }

    /// Ends a node with SIGKILL and starts another in its place.
    pub(crate) fn kill_and_start_again(&mut self, index: usize, load: &Load) {
        if let Some(node) = self.nodes[index].take() {
            node.kill();
        }
        let node = Node::start(&self.url);
        load.moved(index, &node.base);
        if index == 0 {
            self.client = node.client_like(&self.client);
        }
        self.nodes[index] = Some(node);
    }
}
