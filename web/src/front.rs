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
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::Service;
use tower_service::Service as _;

use crate::app::App;
use crate::audit::Remote;
use crate::events;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The service of a connection.
#[derive(Clone)]
pub(crate) struct Front {
    app: App,
    router: Router,
    /// Who is connected.
    peer: Option<IpAddr>,
}

impl Front {
    /// The same for a connection from there.
    pub(crate) fn from(&self, peer: IpAddr) -> Self {
        Self {
            peer: Some(peer),
            ..self.clone()
        }
    }

    /// An application with all that it serves.
    pub(crate) const fn new(app: App, router: Router) -> Self {
        Self {
            router,
            app,
            peer: None,
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
                let response = events::publish(app, query, request).await;
                Ok(parting(response.into_response(), true))
            });
        }
        if let Some(peer) = self.peer {
            let said = request.headers().get_all(FORWARDED_FOR).iter();
            let said = said.map(HeaderValue::as_bytes);
            let remote = Remote(self.app.proxies.visitor(peer, said));
            request.extensions_mut().insert(remote);
        }
        let mut router = self.router.clone();
        let body = has_body(&request);
        Box::pin(async move {
            let response = router.call(request).await;
            response.map(|response| parting(response, body))
        })
    }
}

fn has_body(request: &Request<Body>) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    request.headers().contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|it| it != "0")
}

/// A body that nobody read is the end of its connection. Who is refused before it was read is told
/// so, and does not send the next request into a connection that closes.
fn parting(mut response: Response, body: bool) -> Response {
    let before_reading = matches!(
        response.status(),
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::TOO_MANY_REQUESTS
    );
    if body && before_reading {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}
