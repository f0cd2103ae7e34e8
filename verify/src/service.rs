//! What happens to a request on its way to the service behind?

use std::error::Error;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Either, Full, LengthLimitError, Limited};
use tower_service::Service;

use crate::layer::VerifyLayer;
use crate::problem::Problem;
use crate::replays::{Claim, Replays, Seen};

/// The service's own response, or ours.
pub type ResponseBody<B> = Either<B, Full<Bytes>>;

/// Buffers a request's body, verifies it, and passes both on: the raw bytes, and a
/// [`Verified`](crate::Verified) in the request's extensions.
///
/// Answers in place of the service: 413 to a body over the limit, 401 to a request that does not
/// verify, 200 to a duplicate, 503 to a message whose first arrival is still being handled. A
/// message counts as handled once the service has answered 2xx; after anything else, and after a
/// connection that broke off, its next attempt is passed on again.
#[derive(Clone, Debug)]
pub struct VerifyService<S> {
    inner: S,
    layer: VerifyLayer,
}

impl<S> VerifyService<S> {
    pub(crate) fn new(inner: S, layer: VerifyLayer) -> Self {
        Self { inner, layer }
    }
}

impl<S, In, Out> Service<Request<In>> for VerifyService<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send,
    In: Body + Send + 'static,
    In::Data: Send,
    In::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<ResponseBody<Out>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        // The one that was polled ready is the one to call.
        let fresh = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, fresh);
        let layer = self.layer.clone();
        Box::pin(async move {
            let (request, held) = match admit(&layer, request).await {
                Ok(admitted) => admitted,
                Err(halt) => return Ok(halt.into_response().map(Either::Right)),
            };
            let response = inner.call(request).await?;
            if let Some(held) = held
                && response.status().is_success()
            {
                held.settle();
            }
            Ok(response.map(Either::Left))
        })
    }
}

/// What the service is called with.
type Admitted = (Request<Full<Bytes>>, Option<Held>);

/// Why it is not called.
enum Halt {
    Refused(Problem),
    Duplicate(StatusCode),
}

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl Halt {
    fn into_response(self) -> Response<Full<Bytes>> {
        match self {
            Self::Refused(problem) => problem.into_response(),
            Self::Duplicate(status) => {
                let mut response = Response::new(Full::default());
                *response.status_mut() = status;
                response
            }
        }
    }
}

async fn admit<In>(layer: &VerifyLayer, request: Request<In>) -> Result<Admitted, Halt>
where
    In: Body,
    In::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (mut parts, body) = request.into_parts();
    let body = read(layer.body_bytes_max, body).await?;
    let held = check(layer, &mut parts, &body)?;
    Ok((Request::from_parts(parts, Full::new(body)), held))
}

async fn read<In>(body_bytes_max: usize, body: In) -> Result<Bytes, Problem>
where
    In: Body,
    In::Error: Into<Box<dyn Error + Send + Sync>>,
{
    // A declared length that is too much is not waited for.
    let declared = body.size_hint().lower();
    if usize::try_from(declared).map_or(true, |declared| declared > body_bytes_max) {
        return Err(Problem::body_too_large(body_bytes_max));
    }
    match Limited::new(body, body_bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Problem::body_too_large(body_bytes_max))
        }
        Err(_) => Err(Problem::body_unreadable()),
    }
}

fn check(layer: &VerifyLayer, parts: &mut Parts, body: &[u8]) -> Result<Option<Held>, Halt> {
    let verifier = &layer.verifier;
    let verified = verifier
        .check(&parts.method, &parts.headers, body)
        .map_err(|error| Problem::unverified(&error))?;
    let held = match &layer.replays {
        None => None,
        Some(replays) => {
            let key = verifier.message_key(&verified, body);
            let seen = with(replays, |replays| replays.claim(key, verifier.now_s()));
            match seen {
                Seen::First(claim) => Some(Held::new(replays, claim)),
                Seen::InHand => return Err(Problem::in_hand().into()),
                Seen::Settled => return Err(Halt::Duplicate(verifier.acknowledgement())),
            }
        }
    };
    parts.extensions.insert(verified);
    Ok(held)
}

/// A claim that is released unless it is settled: also when the request is dropped midway.
struct Held {
    replays: Arc<Mutex<Replays>>,
    claim: Option<Claim>,
}

impl Held {
    fn new(replays: &Arc<Mutex<Replays>>, claim: Claim) -> Self {
        Self {
            replays: Arc::clone(replays),
            claim: Some(claim),
        }
    }

    fn settle(mut self) {
        if let Some(claim) = self.claim.take() {
            with(&self.replays, |replays| replays.settle(claim));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            with(&self.replays, |replays| replays.release(claim));
        }
    }
}

/// No panic can leave the maps half changed, so a poisoned lock is as good as any.
fn with<T>(replays: &Mutex<Replays>, act: impl FnOnce(&mut Replays) -> T) -> T {
    act(&mut replays.lock().unwrap_or_else(PoisonError::into_inner))
}
