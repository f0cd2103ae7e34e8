//! What the engine counts, for operators.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($field:ident $kind:literal $help:literal,)+) => {
        /// Counters and gauges of one node.
        #[derive(Default)]
        pub(crate) struct Metrics {
            $(pub(crate) $field: Count,)+
        }

        impl Metrics {
            /// Name, help, kind and value of each.
            pub(crate) fn all(&self) -> Vec<(&'static str, &'static str, &'static str, u64)> {
                vec![$((concat!("hookwright_", stringify!($field)), $help, $kind, self.$field.get()),)+]
            }
        }
    };
}

counters! {
    events_accepted_total "counter" "Events accepted.",
    deliveries_created_total "counter" "Deliveries made by accepted events.",
    attempts_total "counter" "Requests made.",
    deliveries_delivered_total "counter" "Deliveries acknowledged.",
    deliveries_failed_total "counter" "Deliveries given up.",
    deliveries_retried_total "counter" "Failed attempts that another one follows.",
    settlements_refused_total "counter" "Outcomes refused because the lease was lost.",
    breakers_opened_total "counter" "Times that an endpoint was left alone because it failed.",
    connections_opened_total "counter" "Connections opened to receivers.",
    deliveries_queued "gauge" "Deliveries waiting in memory.",
    requests_in_flight "gauge" "Requests under way.",
    lanes_owned "gauge" "Lanes that only this node works on.",
}

/// One number.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
