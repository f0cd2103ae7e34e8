//! Does a receiver want to be sent to? Asked as the `CloudEvents` webhook specification has it, by an
//! `OPTIONS` request, through the connector and under the address rule that deliveries go by.

use std::cell::Cell;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::outcome::Timing;
use hookwright_store::ValidationOutcome;
use http::{HeaderName, HeaderValue};

use crate::connect::{Connector, NoConnection};
use crate::exchange::exchange;
use crate::request_bytes::{beginning, line};
use crate::target::Target;

/// By which name a request asks.
pub(crate) const REQUEST_ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
/// How many requests per minute it asks for.
const REQUEST_RATE: HeaderName = HeaderName::from_static("webhook-request-rate");
/// What the answer allows; header lines are kept in lower case.
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
const ALLOWED_RATE: &str = "webhook-allowed-rate";

/// Asks a receiver. Never fails: what goes wrong is no consent.
pub(crate) async fn handshake(
    connector: &Connector,
    target: &Target,
    origin: &HeaderValue,
) -> ValidationOutcome {
    let clock = &connector.world.clock;
    let answered = tokio::select! {
        biased;
        answered = ask(connector, target) => answered,
        () = clock.sleep_ms(target.timeout_ms) => Err(NoConnection {
            class: ErrorClass::Timeout,
            detail: String::new(),
        }),
    };
    let consent = match answered {
        Ok(lines) => consent(&lines, origin.to_str().unwrap_or_default()),
        Err(error) => {
            // The detail may name addresses inside the operator's network.
            tracing::debug!(
                endpoint = target.endpoint.public_id,
                class = error.class.as_str(),
                detail = error.detail,
                "handshake failed"
            );
            Err(format!("there was no answer: {}", error.class.as_str()))
        }
    };
    let (allowed_per_minute, error) = match consent {
        Ok(rate) => (rate, None),
        Err(error) => (None, Some(error)),
    };
    ValidationOutcome {
        url: target.endpoint.settings.url.clone(),
        at: clock.now(),
        error,
        allowed_per_minute,
    }
}

/// The headers of the receiver's answer.
async fn ask(connector: &Connector, target: &Target) -> Result<String, NoConnection> {
    let timing = Cell::new(Timing::default());
    let mut connection = connector.connect(&target.place, &timing).await?;
    let request = request(target);
    let answer = exchange(&mut connection, &request, &connector.world, &timing).await?;
    Ok(answer.head.lines)
}

fn request(target: &Target) -> Vec<u8> {
    let url = &target.place.url;
    let mut request = beginning("OPTIONS", url.path_and_query(), url.authority());
    // The origin is among them.
    for header in &target.headers {
        line(&mut request, header);
    }
    if let Some(rate) = target.endpoint.settings.rate_limit {
        let per_minute = u64::from(rate) * 60;
        line(&mut request, &(REQUEST_RATE, HeaderValue::from(per_minute)));
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// What the receiver allows: it consents by headers, whatever its status.
fn consent(lines: &str, origin: &str) -> Result<Option<u32>, String> {
    let value = |name: &str| {
        let mut headers = lines.lines().filter_map(|line| line.split_once(": "));
        headers
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value.trim())
    };
    match value(ALLOWED_ORIGIN) {
        Some("*") => {}
        Some(allowed) if allowed.eq_ignore_ascii_case(origin) => {}
        Some(_) => {
            return Err(format!(
                "its {ALLOWED_ORIGIN} header names neither \"{origin}\" nor \"*\""
            ));
        }
        None => return Err(format!("its answer has no {ALLOWED_ORIGIN} header")),
    }
    match value(ALLOWED_RATE) {
        None | Some("*") => Ok(None),
        Some(rate) => match rate.parse::<u32>() {
            Ok(rate @ 1..) => Ok(Some(rate)),
            _ => Err(format!(
                "its {ALLOWED_RATE} header is neither \"*\" nor a number of requests per minute, 1 or more"
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origin: &str, rate: &str) -> Result<Option<u32>, String> {
        let lines = format!("allow: POST\n{ALLOWED_ORIGIN}: {origin}\n{ALLOWED_RATE}: {rate}\n");
        consent(&lines, "hooks.example.com")
    }

    #[test]
    fn a_receiver_consents_to_this_origin_or_to_all() {
        for origin in ["*", "hooks.example.com", "Hooks.Example.com"] {
            assert_eq!(allowed(origin, "*"), Ok(None));
            assert_eq!(allowed(origin, "120"), Ok(Some(120)));
        }
        assert_eq!(consent("webhook-allowed-origin: *\n", "x"), Ok(None));
    }

    #[test]
    fn anything_else_is_no_consent() {
        for origin in ["", "example.com", "hooks.example.com, x", "**"] {
            assert!(allowed(origin, "*").is_err(), "{origin}");
        }
        for rate in ["", "0", "-1", "1.5", "many", "99999999999"] {
            assert!(allowed("*", rate).is_err(), "{rate}");
        }
        assert!(consent("allow: POST\n", "x").is_err());
    }
}
