//! The OAuth 2.0 tokens that endpoints' requests carry: asked for once, kept until they run out.
//!
//! A token is fetched by the connector that deliveries use, and so under the same address rule,
//! and within the deadline of the attempt that needs it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::EndpointId;
use hookwright_core::limits::{TOKEN_LIFE_MS_DEFAULT, TOKEN_LIFE_MS_MAX, TOKEN_SPARE_MS};
use hookwright_core::outcome::Timing;
use http::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::authorization::{TokenSource, bearer};
use crate::connect::{Connector, NoConnection};
use crate::exchange::exchange;

/// The tokens of all endpoints that have any.
#[derive(Default)]
pub(crate) struct Tokens {
    slots: RefCell<HashMap<EndpointId, Rc<Slot>>>,
}

/// One endpoint's token.
struct Slot {
    source: Arc<TokenSource>,
    kept: RefCell<Option<Kept>>,
    /// One fetch at a time.
    turn: Mutex<()>,
    /// How many fetches have ended, and whether the last one failed.
    fetches: Cell<u64>,
    failed: Cell<bool>,
}

struct Kept {
    header: HeaderValue,
    /// Monotonic time from which on it is not used.
    until_us: u64,
}

impl Slot {
    fn new(source: &Arc<TokenSource>) -> Self {
        Self {
            source: Arc::clone(source),
            kept: RefCell::default(),
            turn: Mutex::default(),
            fetches: Cell::new(0),
            failed: Cell::new(false),
        }
    }

    fn fresh(&self, now_us: u64) -> Option<HeaderValue> {
        let kept = self.kept.borrow();
        let kept = kept.as_ref().filter(|kept| now_us < kept.until_us);
        kept.map(|kept| kept.header.clone())
    }
}

impl Tokens {
    /// The `authorization` header for an endpoint's next request.
    pub(crate) async fn header(
        &self,
        connector: &Connector,
        endpoint: EndpointId,
        source: &Arc<TokenSource>,
    ) -> Result<HeaderValue, NoConnection> {
        let clock = &connector.world.clock;
        let slot = self.slot(endpoint, source);
        let fetches = slot.fetches.get();
        if let Some(header) = slot.fresh(clock.monotonic_us()) {
            return Ok(header);
        }
        let _turn = slot.turn.lock().await;
        if let Some(header) = slot.fresh(clock.monotonic_us()) {
            return Ok(header);
        }
        // Who waited for a fetch that failed does not ask the same again.
        if slot.fetches.get() != fetches && slot.failed.get() {
            return Err(no_token("the fetch that was waited for failed"));
        }
        let fetched = fetch(connector, &slot.source).await;
        slot.fetches.set(slot.fetches.get() + 1);
        slot.failed.set(fetched.is_err());
        let (header, life_ms) = fetched?;
        let until_us = clock
            .monotonic_us()
            .saturating_add(life_ms.saturating_sub(TOKEN_SPARE_MS).saturating_mul(1_000));
        let kept = Kept {
            header: header.clone(),
            until_us,
        };
        *slot.kept.borrow_mut() = Some(kept);
        Ok(header)
    }

    /// The receiver refused this token: it is not used again.
    pub(crate) fn refused(&self, endpoint: EndpointId, header: &HeaderValue) {
        if let Some(slot) = self.slots.borrow().get(&endpoint) {
            let mut kept = slot.kept.borrow_mut();
            if kept.as_ref().is_some_and(|kept| kept.header == *header) {
                *kept = None;
            }
        }
    }

    /// Forgets the tokens of endpoints that have no use for them.
    pub(crate) fn keep(&self, wanted: impl Fn(EndpointId) -> bool) {
        self.slots.borrow_mut().retain(|id, _| wanted(*id));
    }

    fn slot(&self, endpoint: EndpointId, source: &Arc<TokenSource>) -> Rc<Slot> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots
            .entry(endpoint)
            .or_insert_with(|| Rc::new(Slot::new(source)));
        // A changed endpoint has no use for what its old settings were given.
        if !slot.source.is(source) {
            *slot = Rc::new(Slot::new(source));
        }
        Rc::clone(slot)
    }
}

/// Asks for a token: its header, and how long it lives.
async fn fetch(
    connector: &Connector,
    source: &TokenSource,
) -> Result<(HeaderValue, u64), NoConnection> {
    let timing = Cell::new(Timing::default());
    let as_auth =
        |error: NoConnection| no_token(&format!("{}: {}", error.class.as_str(), error.detail));
    let mut connection = connector
        .connect(&source.place, &timing)
        .await
        .map_err(as_auth)?;
    let world = &connector.world;
    let answer = exchange(&mut connection, &source.request, world, &timing)
        .await
        .map_err(as_auth)?;
    let status = answer.head.status;
    let (body, _) = answer.body(&mut connection, &*world.clock).await;
    token(status, &body).map_err(|detail| no_token(&detail))
}

fn no_token(detail: &str) -> NoConnection {
    NoConnection {
        class: ErrorClass::Auth,
        detail: detail.to_owned(),
    }
}

/// What an authorization server answers (RFC 6749, 5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    #[serde(default)]
    expires_in: Option<f64>,
}

fn token(status: u16, body: &[u8]) -> Result<(HeaderValue, u64), String> {
    if status != 200 {
        return Err(format!("the authorization server answered {status}"));
    }
    // What it says is not repeated: it may hold the token.
    let granted: Granted = serde_json::from_slice(body)
        .map_err(|_| "the authorization server's answer is no token".to_owned())?;
    if !granted.token_type.eq_ignore_ascii_case("bearer") {
        return Err("the token's type is not \"Bearer\"".to_owned());
    }
    let life_ms = granted.expires_in.map_or(TOKEN_LIFE_MS_DEFAULT, |seconds| {
        (seconds.max(0.0) * 1_000.0) as u64
    });
    Ok((
        bearer(&granted.access_token)?,
        life_ms.min(TOKEN_LIFE_MS_MAX),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_as_long_as_its_server_says() {
        let life = |expires: &str| {
            let body = format!(r#"{{"access_token":"t","token_type":"bearer"{expires}}}"#);
            token(200, body.as_bytes()).map(|(_, life_ms)| life_ms)
        };
        assert_eq!(life(""), Ok(TOKEN_LIFE_MS_DEFAULT));
        assert_eq!(life(r#","expires_in":3600"#), Ok(3_600_000));
        assert_eq!(life(r#","expires_in":-1"#), Ok(0));
        assert_eq!(life(r#","expires_in":1e300"#), Ok(TOKEN_LIFE_MS_MAX));
    }

    #[test]
    fn what_is_no_bearer_token_is_refused() {
        let whole = br#"{"access_token":"t","token_type":"Bearer"}"#;
        assert!(token(200, whole).is_ok());
        assert!(token(400, whole).is_err());
        for body in [
            &b""[..],
            b"{}",
            br#"{"access_token":"t"}"#,
            br#"{"access_token":"t","token_type":"mac"}"#,
            br#"{"access_token":"a\nb","token_type":"bearer"}"#,
        ] {
            assert!(token(200, body).is_err());
        }
    }
}
