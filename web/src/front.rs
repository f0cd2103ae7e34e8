//! What each request meets first: the one call that must be fast goes straight to its handler.
//!
//! Publishing is nearly all of the traffic. Everything else, and every mistake, is routed.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{Method, Request};
use hyper::body::Incoming;
use hyper::service::Service;
use tower_service::Service as _;

use crate::app::{App, router};
use crate::audit::Remote;
use crate::events;

/// The service of a connection.
#[derive(Clone)]
pub(crate) struct Front {
    app: App,
    router: Router,
    remote: Option<Remote>,
}

impl Front {
    /// The same for a connection from there.
    pub(crate) fn from(&self, remote: IpAddr) -> Self {
        Self {
            remote: Some(Remote(remote)),
            ..self.clone()
        }
    }

    pub(crate) fn new(app: App) -> Self {
        Self {
            router: router(app.clone()),
            app,
            remote: None,
        }
    }
}

impl Service<Request<Incoming>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        if request.method() == Method::POST && request.uri().path() == "/v1/events" {
            let app = State(self.app.clone());
            let query = Query::try_from_uri(request.uri());
            return Box::pin(async move {
                Ok(events::publish(app, query, request).await.into_response())
            });
        }
        if let Some(remote) = self.remote {
            request.extensions_mut().insert(remote);
        }
        let mut router = self.router.clone();
        Box::pin(async move { router.call(request).await })
    }
}
