//! How does a page ask the API? By a request in this process, with the visitor's key.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Extensions, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower_service::Service;

use crate::fault::{Fault, Problem};
use crate::guard::Reached;

/// An answer larger than this is not shown. The API's own largest is far below.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The API's router.
#[derive(Clone)]
pub(crate) struct Api(Router);

/// One question to the API.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// With its query.
    pub(crate) uri: String,
    pub(crate) body: Option<&'a Value>,
    /// The key, if the visitor has one.
    pub(crate) key: Option<&'a str>,
    /// What the server knows of the connection, for the audit log.
    pub(crate) extensions: Extensions,
}

impl Api {
    pub(crate) const fn new(router: Router) -> Self {
        Self(router)
    }

    /// The answer as it is, a refusal as well.
    pub(crate) async fn raw(&self, ask: Ask<'_>) -> Result<Response, Fault> {
        let mut request = Request::builder().method(ask.method).uri(ask.uri);
        if let Some(key) = ask.key {
            let mut value =
                HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| Fault::signed_out())?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        // For links that the API makes.
        if let Some(reached) = ask.extensions.get::<Reached>() {
            let named = [
                ("host", &reached.host),
                ("x-forwarded-proto", &reached.scheme),
            ];
            for (name, value) in named {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
        }
        let body = match ask.body {
            None => Body::empty(),
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
        };
        let mut request = request
            .body(body)
            .map_err(|error| Fault::internal(&error))?;
        *request.extensions_mut() = ask.extensions;
        let mut router = self.0.clone();
        match router.call(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }

    /// The answer, read; a refusal is a [`Fault`]. An answer without a body reads as JSON's null.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Fault> {
        let response = self.raw(ask).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        let bytes = body
            .collect()
            .await
            .map_err(|error| Fault::internal(&*error))?
            .to_bytes();
        if status.is_success() {
            let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
            return serde_json::from_slice(bytes).map_err(|error| Fault::internal(&error));
        }
        let problem: Problem =
            serde_json::from_slice(&bytes).map_err(|error| Fault::internal(&error))?;
        Err(Fault::from(problem))
    }
}
