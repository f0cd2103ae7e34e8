//! How are all deliveries that the filters take sent again? As a replay, a job of its own, where one
//! can say the filters; else each by itself, as many as are bounded.

use serde_json::{Value, json};

use super::Asked;
use super::asked::moment;

/// How it is done.
#[derive(Debug, PartialEq)]
pub(super) enum Plan {
    /// A replay of this.
    Replay(Value),
    /// One resend for each.
    OneByOne,
}

/// Before there was anything.
const EVER: &str = "1970-01-01T00:00:00Z";

/// The way for these filters. `until` is when they were looked at.
pub(super) fn plan(asked: &Asked, until: &str) -> Plan {
    let beyond = [&asked.event_id, &asked.status, &asked.error];
    let is_failed = asked.state == "failed,cancelled";
    let is_all = asked.state.is_empty() && !asked.endpoint_id.is_empty();
    if beyond.iter().any(|value| !value.is_empty()) || !(is_failed || is_all) {
        return Plan::OneByOne;
    }
    let or = |value: &str, otherwise: &str| match value.trim().is_empty() {
        true => otherwise.to_owned(),
        false => moment(value),
    };
    let mut replay = json!({
        "what": if is_failed { "failed" } else { "all" },
        "since": or(&asked.from, EVER),
        "until": or(&asked.to, until),
    });
    for (name, value) in [
        ("endpoint_id", &asked.endpoint_id),
        ("account_id", &asked.account_id),
    ] {
        if !value.is_empty() {
            replay[name] = Value::from(value.trim());
        }
    }
    if !asked.event_type.is_empty() {
        replay["event_types"] = json!([asked.event_type.trim()]);
    }
    Plan::Replay(replay)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-21T14:00:00Z";

    fn asked(state: &str, endpoint: &str, error: &str) -> Asked {
        Asked {
            state: state.to_owned(),
            endpoint_id: endpoint.to_owned(),
            error: error.to_owned(),
            ..Asked::default()
        }
    }

    #[test]
    fn what_a_replay_can_say_is_one_and_all_else_is_sent_one_by_one() {
        let failed = json!({"what": "failed", "since": EVER, "until": NOW, "endpoint_id": "ep_1"});
        assert_eq!(
            plan(&asked("failed,cancelled", "ep_1", ""), NOW),
            Plan::Replay(failed)
        );
        let all = json!({"what": "all", "since": EVER, "until": NOW, "endpoint_id": "ep_1"});
        assert_eq!(plan(&asked("", "ep_1", ""), NOW), Plan::Replay(all));
        // A replay of what failed takes up what was cancelled as well.
        for other in [
            asked("failed", "ep_1", ""),
            asked("failed,cancelled", "", "tls"),
            asked("", "", ""),
            asked("delivered", "ep_1", ""),
        ] {
            assert_eq!(plan(&other, NOW), Plan::OneByOne);
        }
    }

    #[test]
    fn times_and_types_are_passed_on() {
        let asked = Asked {
            from: "2026-11-20T10:00".to_owned(),
            to: "2026-11-21T10:00".to_owned(),
            event_type: "user.*".to_owned(),
            ..asked("failed,cancelled", "", "")
        };
        let replay = json!({"what": "failed", "since": "2026-11-20T10:00:00Z", "until": "2026-11-21T10:00:00Z", "event_types": ["user.*"]});
        assert_eq!(plan(&asked, NOW), Plan::Replay(replay));
    }
}
