//! The one send path: render, sign, connect or reuse, exchange, all within one deadline.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids;
use hookwright_core::outcome::{Outcome, Timing};
use hookwright_core::retry_after;
use hookwright_core::time::UnixMs;
use hookwright_store::{Attempt, Claimed, EventToSend};
use hookwright_wire::{Message, Rendered};
use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::answer_head::Head;
use crate::authorization::TokenSource;
use crate::connect::{Connector, NoConnection};
use crate::connection::Connection;
use crate::exchange::exchange;
use crate::lane::IdleConnections;
use crate::record;
use crate::request_bytes::request_bytes;
use crate::target::Target;

/// What came of one attempt, for the rules and for the record.
pub(crate) struct Sent {
    pub(crate) outcome: Outcome,
    pub(crate) attempt: Attempt,
    /// The answer's status, where it acknowledges.
    pub(crate) acknowledged: bool,
    pub(crate) ended_at: UnixMs,
}

/// What has been learned so far; outlives a deadline that cuts the attempt short.
#[derive(Default)]
struct Progress {
    timing: Cell<Timing>,
    record: RefCell<Attempt>,
    retry_after: Cell<Option<UnixMs>>,
    /// It waits for a token.
    authorizing: Cell<bool>,
}

impl Progress {
    /// The status line has decided: keep it before the body is waited for.
    fn note(&self, head: &mut Head, now: UnixMs) {
        let asked = head.retry_after.as_deref();
        self.retry_after
            .set(asked.and_then(|asked| retry_after::parse(asked, now)));
        let mut record = self.record.borrow_mut();
        record.status = Some(head.status);
        record.response_headers = std::mem::take(&mut head.lines);
    }
}

/// Makes one attempt. Never fails: what goes wrong is the outcome.
pub(crate) async fn send(
    connector: &Connector,
    target: &Target,
    idle: &Rc<IdleConnections>,
    claimed: &Claimed,
    queue_wait_us: u64,
) -> Sent {
    let clock = &connector.world.clock;
    let started_at = clock.now();
    let started_us = clock.monotonic_us();
    let progress = Progress::default();
    let queue_wait_us = u32::try_from(queue_wait_us).unwrap_or(u32::MAX);
    progress.timing.set(Timing {
        queue_wait_us,
        ..Timing::default()
    });

    let outcome = match render(
        target,
        &claimed.event,
        started_at,
        connector.world.random.bytes(),
    ) {
        Err(class) => Outcome::Failed(class),
        Ok(rendered) => {
            let work = attempt(connector, target, idle, rendered, &progress);
            tokio::select! {
                biased;
                outcome = work => outcome,
                () = clock.sleep_ms(target.timeout_ms) => deadline(&progress),
            }
        }
    };
    let total_us = clock.monotonic_us().saturating_sub(started_us);
    let total_us = u32::try_from(total_us).unwrap_or(u32::MAX);
    let (status, acknowledged) = match outcome {
        Outcome::Answered { status, .. } => {
            (Some(status), target.format.profile.acknowledges(status))
        }
        Outcome::Failed(_) => (None, false),
    };
    let error = match outcome {
        _ if acknowledged => None,
        Outcome::Answered { status, .. } => Some(ErrorClass::of_status(status)),
        Outcome::Failed(class) => Some(class),
    };
    let attempt = Attempt {
        number: claimed.attempts + 1,
        manual: claimed.manual,
        started_at,
        timing: Timing {
            total_us,
            ..progress.timing.get()
        },
        status,
        error,
        ..progress.record.into_inner()
    };
    Sent {
        outcome,
        attempt,
        acknowledged,
        ended_at: clock.now(),
    }
}

/// The deadline passed. If the status line had arrived by then, it has decided already.
fn deadline(progress: &Progress) -> Outcome {
    match progress.record.borrow().status {
        Some(status) => Outcome::Answered {
            status,
            retry_after: progress.retry_after.get(),
        },
        None if progress.authorizing.get() => Outcome::Failed(ErrorClass::Auth),
        None => Outcome::Failed(ErrorClass::Timeout),
    }
}

/// The bytes of one attempt, to be made at this time.
pub(crate) fn render(
    target: &Target,
    event: &EventToSend,
    attempt_at: UnixMs,
    nonce: [u8; 16],
) -> Result<Rendered, ErrorClass> {
    let profile = &target.format.profile;
    // Retention has removed the payload: nothing can be sent any more.
    let data = event.payload.as_ref().ok_or(ErrorClass::Render)?;
    let made;
    let event_id = match &event.given_id {
        Some(given) => given,
        None => {
            made = ids::encode(&profile.ids.event, event.accepted_at, event.id.0);
            &made
        }
    };
    let message = Message {
        event_id,
        event_type: &event.event_type,
        event_time_ms: event.time.0,
        data,
        subject: event.subject.as_deref().map(str::as_bytes),
        trace: event.trace.as_deref(),
        endpoint_id: &target.endpoint.public_id,
        endpoint_url: target.place.url.as_str(),
        livemode: target.livemode,
        attempt_ms: attempt_at.0,
        nonce,
    };
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(endpoint = target.endpoint.public_id, %error, "delivery not rendered");
        ErrorClass::Render
    };
    let keys = target.format.keys_at(attempt_at);
    let mut rendered = hookwright_wire::render(profile, target.canonical, &message, keys)
        .map_err(|error| failed(&error))?;
    if let Some(second) = &target.second {
        let keys = second.keys_at(attempt_at);
        let beside = hookwright_wire::sign_headers(&second.profile, &message, &rendered.body, keys)
            .map_err(|error| failed(&error))?;
        rendered.headers.extend(beside);
    }
    Ok(rendered)
}

async fn attempt(
    connector: &Connector,
    target: &Target,
    idle: &Rc<IdleConnections>,
    rendered: Rendered,
    progress: &Progress,
) -> Outcome {
    let token = match &target.token_source {
        None => None,
        Some(source) => match Box::pin(token(connector, target, source, progress)).await {
            Ok(header) => Some(header),
            Err(error) => return failed(target, error),
        },
    };
    let headers = match &token {
        None => Cow::Borrowed(&target.headers),
        Some(token) => {
            let own = (AUTHORIZATION, token.clone());
            Cow::Owned(target.headers.iter().cloned().chain([own]).collect())
        }
    };
    progress.record.borrow_mut().request_headers =
        record::request_lines(&rendered.headers, &headers);
    let request = request_bytes(&target.request_beginning, &headers, &rendered);
    // Connecting is boxed: its state, with TLS's, would be moved with every attempt that needs none.
    let mut connection = match idle.take(&target.place, connector.world.clock.monotonic_us()) {
        Some(connection) => connection,
        None => match Box::pin(connector.connect(&target.place, &progress.timing)).await {
            Ok(connection) => connection,
            Err(error) => return failed(target, error),
        },
    };
    let world = &connector.world;
    loop {
        match exchange(&mut connection, &request, world, &progress.timing).await {
            Ok(mut answer) => {
                progress.note(&mut answer.head, world.clock.now());
                let status = answer.head.status;
                if let (401, Some(token)) = (status, &token) {
                    connector.tokens.refused(target.endpoint.id, token);
                }
                let (body, reusable) = answer.body(&mut connection, &*world.clock).await;
                progress.record.borrow_mut().response_body = body;
                if reusable {
                    give_back(idle, target, connection, world.clock.monotonic_us());
                }
                return Outcome::Answered {
                    status,
                    retry_after: progress.retry_after.get(),
                };
            }
            // A receiver may close an idle connection as we reuse it: that is no failed attempt.
            Err(error) if connection.may_be_closed && error.class == ErrorClass::Disconnected => {
                connection =
                    match Box::pin(connector.connect(&target.place, &progress.timing)).await {
                        Ok(connection) => connection,
                        Err(error) => return failed(target, error),
                    };
            }
            Err(error) => return failed(target, error),
        }
    }
}

/// The `authorization` header of an attempt, where it is a token.
async fn token(
    connector: &Connector,
    target: &Target,
    source: &Arc<TokenSource>,
    progress: &Progress,
) -> Result<HeaderValue, NoConnection> {
    progress.authorizing.set(true);
    let header = connector
        .tokens
        .header(connector, target.endpoint.id, source)
        .await;
    progress.authorizing.set(false);
    header
}

fn failed(target: &Target, error: NoConnection) -> Outcome {
    // The detail may name addresses inside the operator's network: the customer sees the class.
    tracing::debug!(
        endpoint = target.endpoint.public_id,
        class = error.class.as_str(),
        detail = error.detail,
        "attempt failed"
    );
    Outcome::Failed(error.class)
}

fn give_back(idle: &Rc<IdleConnections>, target: &Target, mut connection: Connection, now_us: u64) {
    connection.rest(now_us);
    idle.give(&target.place, connection);
}
