//! How are all deliveries that the filters take sent again? As a replay, a job of its own, wherever one
//! can take them up; else, as for what still waits, each by itself, as many as are bounded.

use serde_json::{Value, json};

use super::Asked;
use super::asked::{moment, status};

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

/// What a replay is about that takes up deliveries in these states; nothing where none does.
fn what(states: &[&str], is_bounded: bool) -> Option<&'static str> {
    let all = |known: &[&str]| states.iter().all(|state| known.contains(state));
    match states {
        [] if is_bounded => Some("all"),
        [] => None,
        _ if all(&["failed", "cancelled"]) => Some("failed"),
        _ if all(&["failed", "cancelled", "delivered"]) && is_bounded => Some("all"),
        _ => None,
    }
}

/// The way for these filters. `until` is when they were looked at.
pub(super) fn plan(asked: &Asked, until: &str) -> Plan {
    let states: Vec<&str> = asked.state.split(',').filter(|it| !it.is_empty()).collect();
    // Everything is sent again to one endpoint, or of one event, at a time.
    let is_bounded = !asked.endpoint_id.is_empty() || !asked.event_id.is_empty();
    let Some(what) = what(&states, is_bounded) else {
        return Plan::OneByOne;
    };
    let or = |value: &str, otherwise: &str| match value.trim().is_empty() {
        true => otherwise.to_owned(),
        false => moment(value),
    };
    let mut replay = json!({
        "what": what,
        "since": or(&asked.from, EVER),
        "until": or(&asked.to, until),
    });
    for (name, value) in [
        ("endpoint_id", &asked.endpoint_id),
        ("account_id", &asked.account_id),
        ("event_id", &asked.event_id),
        ("error_class", &asked.error),
    ] {
        if !value.is_empty() {
            replay[name] = Value::from(value.trim());
        }
    }
    if !asked.event_type.is_empty() {
        replay["event_types"] = json!([asked.event_type.trim()]);
    }
    if !states.is_empty() && asked.state != "failed,cancelled" {
        replay["states"] = json!(states);
    }
    let (name, typed) = status(&asked.status);
    if !typed.is_empty() {
        let code = typed.parse::<u16>().ok();
        replay[name] = code.map_or_else(|| json!(typed), |code| json!(code));
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
    fn what_has_ended_is_taken_up_by_a_replay_and_what_waits_one_by_one() {
        let replay = |asked: &Asked| match plan(asked, NOW) {
            Plan::Replay(replay) => replay,
            Plan::OneByOne => json!(null),
        };
        let to =
            |what: &str| json!({"what": what, "since": EVER, "until": NOW, "endpoint_id": "ep_1"});
        assert_eq!(replay(&asked("failed,cancelled", "ep_1", "")), to("failed"));
        assert_eq!(replay(&asked("", "ep_1", "")), to("all"));
        let mut failed = to("failed");
        failed["states"] = json!(["failed"]);
        assert_eq!(replay(&asked("failed", "ep_1", "")), failed);
        let mut delivered = to("all");
        delivered["states"] = json!(["delivered"]);
        assert_eq!(replay(&asked("delivered", "ep_1", "")), delivered);
        for other in [
            asked("", "", "tls"),
            asked("", "", ""),
            asked("delivered", "", ""),
            asked("retrying", "ep_1", ""),
            asked("pending,retrying,held", "", ""),
        ] {
            assert_eq!(plan(&other, NOW), Plan::OneByOne);
        }
    }

    #[test]
    fn why_they_failed_is_passed_on() {
        let of = |status: &str| {
            let asked = Asked {
                status: status.to_owned(),
                event_id: "evt_1".to_owned(),
                ..asked("failed,cancelled", "", "server_error")
            };
            let Plan::Replay(replay) = plan(&asked, NOW) else {
                panic!("a replay");
            };
            assert_eq!(
                (&replay["error_class"], &replay["event_id"]),
                (&json!("server_error"), &json!("evt_1"))
            );
            (
                replay["status_class"].clone(),
                replay["status_code"].clone(),
            )
        };
        assert_eq!(of("5xx"), (json!("5xx"), json!(null)));
        assert_eq!(of(" 503"), (json!(null), json!(503)));
        assert_eq!(of("many"), (json!(null), json!("many")));
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
