//! How does an axum handler get what was verified?

use axum_core::body::Body;
use axum_core::extract::{FromRequest, Request};
use axum_core::response::{IntoResponse, Response};
use bytes::Bytes;
use hookwright_wire::Verified;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A verified request: its raw body, and what its headers say. Refuses with 500 where no
/// [`VerifyLayer`](crate::VerifyLayer) is before the handler, so a forgotten layer lets nothing in.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The message's id and the attempt's time.
    pub verified: Verified,
    /// The body's bytes, as they were signed.
    pub body: Bytes,
}

/// A [`Delivery`] whose body is read as JSON. Refuses with 400 if it is of another shape.
#[derive(Clone, Debug)]
pub struct DeliveryJson<T> {
    /// The message's id and the attempt's time.
    pub verified: Verified,
    /// The body, read.
    pub body: T,
}

impl<S: Sync> FromRequest<S> for Delivery {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let verified = parts.extensions.get::<Verified>();
        let verified = verified.cloned().ok_or_else(Problem::layer_missing)?;
        // The layer has bounded it already.
        let body = body.collect().await;
        Ok(Self {
            verified,
            body: body.map_err(|_| Problem::body_unreadable())?.to_bytes(),
        })
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for DeliveryJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Delivery { verified, body } = Delivery::from_request(request, state).await?;
        let body = serde_json::from_slice(&body);
        Ok(Self {
            verified,
            body: body.map_err(|error| Problem::body_not_as_expected(&error))?,
        })
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        Self::into_response(self).map(Body::new)
    }
}
