//! How much work one node holds in memory, all lanes together: a bound in number and in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hookwright_core::limits::{NODE_DELIVERIES_MAX, NODE_PAYLOAD_BYTES_MAX};

/// What is held.
#[derive(Default)]
pub(crate) struct NodeGauge {
    deliveries: AtomicUsize,
    /// Payloads, counted for each delivery that carries one.
    payload_bytes: AtomicUsize,
}

/// One delivery's share; given back when it is dropped.
pub(crate) struct Held {
    node: Arc<NodeGauge>,
    bytes: usize,
}

impl NodeGauge {
    /// Whether what comes now must wait in the store.
    pub(crate) fn is_full(&self) -> bool {
        self.deliveries.load(Ordering::Relaxed) >= NODE_DELIVERIES_MAX
            || self.payload_bytes.load(Ordering::Relaxed) >= NODE_PAYLOAD_BYTES_MAX
    }

    /// How many more deliveries fit.
    pub(crate) fn room(&self) -> usize {
        if self.is_full() {
            return 0;
        }
        NODE_DELIVERIES_MAX.saturating_sub(self.deliveries.load(Ordering::Relaxed))
    }

    /// Holds a delivery with a payload of so many bytes, full or not.
    pub(crate) fn hold(self: &Arc<Self>, bytes: usize) -> Held {
        self.deliveries.fetch_add(1, Ordering::Relaxed);
        self.payload_bytes.fetch_add(bytes, Ordering::Relaxed);
        Held {
            node: Arc::clone(self),
            bytes,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.node.deliveries.fetch_sub(1, Ordering::Relaxed);
        self.node
            .payload_bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_full_by_bytes_or_by_number_until_some_is_given_back() {
        let node = Arc::new(NodeGauge::default());
        let large = node.hold(NODE_PAYLOAD_BYTES_MAX);
        assert!(node.is_full());
        assert_eq!(node.room(), 0);
        drop(large);
        assert_eq!(node.room(), NODE_DELIVERIES_MAX);
        let many: Vec<Held> = (0..NODE_DELIVERIES_MAX).map(|_| node.hold(1)).collect();
        assert!(node.is_full());
        drop(many);
        assert!(!node.is_full());
    }
}
