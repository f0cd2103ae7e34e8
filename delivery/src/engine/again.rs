//! What was sent, made again; and what is planned. Bodies are not kept: they follow from the payload
//! and the format.

use hookwright_core::ids::EndpointId;
use hookwright_core::schedule::Schedule;
use hookwright_core::time::UnixMs;
use hookwright_store::{Delivery, Event, EventToSend};

use super::Engine;
use crate::send::render;

/// A request, made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestAgain {
    /// Where it goes.
    pub url: String,
    /// Its body.
    pub body: Vec<u8>,
    /// What the format puts into its head, in lower case: name and value.
    pub headers: Vec<(String, String)>,
}

/// Why a request cannot be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMadeAgain {
    /// The endpoint was deleted, and its format and secret with it.
    EndpointDeleted,
    /// Retention has removed the payload.
    PayloadGone,
    /// The format cannot carry it.
    Unfit,
}

impl Engine {
    /// The request of an attempt made at `at`, as the endpoint's settings are now.
    pub fn request_again(
        &self,
        endpoint: EndpointId,
        event: &Event,
        at: UnixMs,
    ) -> Result<RequestAgain, NotMadeAgain> {
        let target = self.shared.routing.target(endpoint);
        let target = target.ok_or(NotMadeAgain::EndpointDeleted)?;
        if event.payload.is_none() {
            return Err(NotMadeAgain::PayloadGone);
        }
        let event = EventToSend {
            id: event.id,
            project_id: event.project_id,
            given_id: event.given_id.clone(),
            accepted_at: event.accepted_at,
            time: event.time,
            event_type: event.event_type.as_str().into(),
            subject: event.subject.clone(),
            trace: event.trace.clone(),
            payload: event.payload.clone(),
        };
        let nonce = self.shared.world.random.bytes();
        let rendered = render(&target, &event, at, nonce).map_err(|_| NotMadeAgain::Unfit)?;
        let headers = rendered.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        Ok(RequestAgain {
            url: target.place.url.as_str().to_owned(),
            headers: headers.collect(),
            body: rendered.body,
        })
    }

    /// When the attempts to come are planned, the next one first, if each of them fails at once.
    #[must_use]
    pub fn planned_attempts(&self, delivery: &Delivery) -> Vec<UnixMs> {
        let target = self.shared.routing.target(delivery.endpoint_id);
        let next = delivery.next_attempt_at;
        match (target, next) {
            (Some(target), Some(next)) => planned(&target.schedule, delivery, next),
            _ => Vec::new(),
        }
    }
}

/// As early as the schedule can have them: chance may move them later.
fn planned(schedule: &Schedule, delivery: &Delivery, next: UnixMs) -> Vec<UnixMs> {
    let first_failed_at = delivery.first_failed_at.unwrap_or(next);
    let mut all = vec![next];
    let mut at = next;
    let failed = delivery.failed_attempts.saturating_add(1);
    for failed in failed..schedule.attempts_max() {
        let Some(then) = schedule.next(failed, first_failed_at, at, 0.0) else {
            break;
        };
        at = then;
        all.push(at);
    }
    all
}
