//! The wire formats that there are to choose from, in words.

use serde::Deserialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::parts::list::ListOf;
use crate::parts::times::length;
use crate::visit::Visit;

/// A wire format.
#[derive(Deserialize)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) content_type: String,
    pub(super) ed25519: bool,
    pub(super) two_signatures: bool,
    timeout_ms: u32,
    acknowledged_by: Value,
    retry: Retry,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Retry {
    Gaps {
        gaps_ms: Vec<u64>,
    },
    Offsets {
        offsets_ms: Vec<u64>,
    },
    Exponential {
        initial_ms: u64,
        multiplier: f64,
        max_attempts: u32,
    },
}

pub(super) async fn load(visit: &Visit) -> Result<Vec<Profile>, Fault> {
    let list: ListOf<Profile> = visit.get("/v1/profiles", &[]).await?;
    Ok(list.data)
}

impl Profile {
    pub(super) fn acknowledged(&self) -> String {
        match &self.acknowledged_by {
            Value::String(class) => class.clone(),
            Value::Array(codes) => {
                let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
                codes.join(", ")
            }
            other => other.to_string(),
        }
    }

    pub(super) fn timeout(&self) -> String {
        length(f64::from(self.timeout_ms))
    }

    pub(super) fn retries(&self) -> String {
        let list = |all: &[u64]| {
            let all: Vec<String> = all.iter().map(|ms| length(*ms as f64)).collect();
            all.join(", ")
        };
        match &self.retry {
            Retry::Gaps { gaps_ms } if gaps_ms.is_empty() => "none".to_owned(),
            Retry::Gaps { gaps_ms } => format!("after {}", list(gaps_ms)),
            Retry::Offsets { offsets_ms } => {
                format!("{} after the first failure", list(offsets_ms))
            }
            Retry::Exponential {
                initial_ms,
                multiplier,
                max_attempts,
            } => {
                let first = length(*initial_ms as f64);
                format!("{max_attempts} attempts, from {first} on, times {multiplier}")
            }
        }
    }
}
