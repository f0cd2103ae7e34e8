//! The one send path: render, sign, connect or reuse, exchange, all within one deadline.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids;
use hookwright_core::outcome::{Outcome, Timing};
use hookwright_core::retry_after;
use hookwright_core::time::UnixMs;
use hookwright_store::{Attempt, Claimed};
use hookwright_wire::{Message, Rendered};

use crate::answer_head::Head;
use crate::connect::Connector;
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

    let outcome = match render(connector, target, claimed, started_at) {
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
        None => Outcome::Failed(ErrorClass::Timeout),
    }
}

fn render(
    connector: &Connector,
    target: &Target,
    claimed: &Claimed,
    attempt_at: UnixMs,
) -> Result<Rendered, ErrorClass> {
    let event = &claimed.event;
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
        endpoint_url: target.url.as_str(),
        livemode: target.livemode,
        attempt_ms: attempt_at.0,
        nonce: connector.world.random.bytes(),
    };
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(endpoint = target.endpoint.public_id, %error, "delivery not rendered");
        ErrorClass::Render
    };
    let mut rendered =
        hookwright_wire::render(profile, target.canonical, &message, &target.format.keys)
            .map_err(|error| failed(&error))?;
    if let Some(second) = &target.second {
        let beside =
            hookwright_wire::sign_headers(&second.profile, &message, &rendered.body, &second.keys)
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
    progress.record.borrow_mut().request_headers =
        record::request_lines(&rendered.headers, &target.headers);
    let request = request_bytes(&target.request_beginning, &target.headers, &rendered);
    // Connecting is boxed: its state, with TLS's, would be moved with every attempt that needs none.
    let mut connection = match idle.take(target, connector.world.clock.monotonic_us()) {
        Some(connection) => connection,
        None => match Box::pin(connector.connect(target, &progress.timing)).await {
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
                connection = match Box::pin(connector.connect(target, &progress.timing)).await {
                    Ok(connection) => connection,
                    Err(error) => return failed(target, error),
                };
            }
            Err(error) => return failed(target, error),
        }
    }
}

fn failed(target: &Target, error: crate::connect::NoConnection) -> Outcome {
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
    idle.give(target, connection);
}
